use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

static AGENTS: LazyLock<Agents> = LazyLock::new(|| Agents::load().unwrap());

/// uap-core's own cases: agent, family, then versions.
#[derive(Deserialize)]
struct Fixtures {
    user_agent: Vec<(String, String, Version, Version, Version)>,
    os: Vec<(String, String, Version, Version, Version, Version)>,
}

type Version = Option<String>;

#[test]
fn uap_cores_own_cases_all_pass() {
    let fixtures: Fixtures = serde_json::from_str(include_str!("../../data/uap-core/fixtures.json")).unwrap();
    assert!(fixtures.user_agent.len() > 1400 && fixtures.os.len() > 450);
    for (agent, family, major, minor, patch) in &fixtures.user_agent {
        let found = AGENTS.browsers.extract(agent);
        let found = found.map(|f| (f.family.into_owned(), f.major, f.minor, f.patch)).unwrap_or((
            "Other".into(),
            None,
            None,
            None,
        ));
        let wanted = (family.clone(), major.as_deref(), minor.as_deref(), patch.as_deref());
        assert_eq!(found, wanted, "{agent}");
    }
    for (agent, family, major, minor, patch, patch_minor) in &fixtures.os {
        let found = AGENTS.systems.extract(agent);
        let found = found
            .map(|f| {
                (
                    f.os.into_owned(),
                    [f.major, f.minor, f.patch, f.patch_minor].map(|v| v.map(|v| v.into_owned())),
                )
            })
            .unwrap_or(("Other".into(), [const { None }; 4]));
        assert_eq!(found, (family.clone(), [major, minor, patch, patch_minor].map(Clone::clone)), "{agent}");
    }
}

#[test]
fn common_agents_are_told_apart() {
    const WEBKIT: &str = "AppleWebKit/537.36 (KHTML, like Gecko)";
    const IOS: &str = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
    let cases = [
        (format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/148.0.0.0 Safari/537.36"), ["Chrome", "148", "Windows", "10"], Device::Desktop),
        (format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/148.0.0.0 Safari/537.36 Edg/148.0.0.0"), ["Edge", "148", "Windows", "10"], Device::Desktop),
        (format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/146.0.0.0 YaBrowser/26.6.0.0 Safari/537.36"), ["Yandex Browser", "26", "Windows", "10"], Device::Desktop),
        (format!("Mozilla/5.0 (Linux; arm_64; Android 14; SM-A546E) {WEBKIT} Chrome/146.0.0.0 YaSearchBrowser/26.40 BroPP/1.0 Mobile Safari/537.36"), ["Yandex Browser", "26", "Android", "14"], Device::Mobile),
        (format!("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {IOS} Version/26.0 Safari/605.1.15"), ["Safari", "26", "macOS", "10.15"], Device::Desktop),
        (format!("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {IOS} Version/26.0 Mobile/15E148 Safari/604.1"), ["Safari", "26", "iOS", "18.6"], Device::Mobile),
        (format!("Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) {IOS} Version/17.5 Mobile/15E148 Safari/604.1"), ["Safari", "17", "iOS", "17.5"], Device::Tablet),
        (format!("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {IOS} CriOS/148.0.7000.10 Mobile/15E148 Safari/604.1"), ["Chrome", "148", "iOS", "18.6"], Device::Mobile),
        (format!("Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/148.0.0.0 Mobile Safari/537.36"), ["Chrome", "148", "Android", "10"], Device::Mobile),
        (format!("Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/148.0.0.0 Safari/537.36"), ["Chrome", "148", "Android", "10"], Device::Tablet),
        (format!("Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S911B) {WEBKIT} SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36"), ["Samsung Internet", "29", "Android", "14"], Device::Mobile),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0".to_owned(), ["Firefox", "153", "Linux", ""], Device::Desktop),
        ("Mozilla/5.0 (Android 14; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0".to_owned(), ["Firefox", "153", "Android", "14"], Device::Mobile),
        (format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/148.0.0.0 Safari/537.36 OPR/130.0.0.0"), ["Opera", "130", "Windows", "10"], Device::Desktop),
        (format!("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/148.0.0.0 Safari/537.36"), ["Chrome", "148", "ChromeOS", ""], Device::Desktop),
        (format!("Mozilla/5.0 (Linux; Android 13; SM-A125F Build/TP1A; wv) {WEBKIT} Version/4.0 Chrome/148.0.0.0 Mobile Safari/537.36 Instagram 390.0.0.30.80 Android"), ["Instagram", "390", "Android", "13"], Device::Mobile),
        (format!("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {IOS} Mobile/15E148 Instagram 390.0.0.30.80 (iPhone14,5; iOS 18_6)"), ["Instagram", "390", "iOS", "18.6"], Device::Mobile),
        (format!("Mozilla/5.0 (Linux; Android 14; K) {WEBKIT} Chrome/148.0.0.0 Mobile Safari/537.36 Telegram-Android/11.14.1 (Samsung SM-S911B; Android 14; SDK 34; HIGH)"), ["Telegram", "11", "Android", "14"], Device::Mobile),
        ("VKAndroidApp/8.99-20000 (Android 14; SDK 34; arm64-v8a; samsung SM-S911B; ru; 2340x1080)".to_owned(), ["VK", "8", "Android", "14"], Device::Mobile),
        ("Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) 94.0.4606.31/7.0 TV Safari/537.36".to_owned(), ["Samsung Internet", "", "Tizen", ""], Device::Tv),
        (format!("Mozilla/5.0 (Web0S; Linux/SmartTV) {WEBKIT} Chrome/120.0.0.0 Safari/537.36 WebAppManager"), ["Chrome", "120", "webOS", ""], Device::Tv),
        (String::new(), ["", "", "", ""], Device::Unknown),
        ("curl/8.5.0".to_owned(), ["curl", "8", "", ""], Device::Unknown),
    ];
    for (agent, [browser, browser_version, os, os_version], device) in cases {
        let read = AGENTS.read(&agent, ClientHints::default());
        let found = [&read.browser, &read.browser_version, &read.os, &read.os_version].map(String::as_str);
        assert_eq!((found, read.device), ([browser, browser_version, os, os_version], device), "{agent}");
        assert_eq!(read.bot.is_some(), agent.is_empty() || agent.starts_with("curl"), "{agent}");
    }
}

#[test]
fn client_hints_are_believed_before_the_agent() {
    const ANDROID: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Mobile Safari/537.36";
    const MAC: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36";
    const LINUX: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36";
    let brave = "\"Brave\";v=\"147\", \"Chromium\";v=\"147\"";
    for (agent, brands, mobile, platform, expected, device) in [
        (MAC, brave, false, "\"macOS\"", ["Brave", "147", "macOS", ""], Device::Desktop),
        (ANDROID, brave, true, "\"Android\"", ["Brave", "147", "Android", ""], Device::Mobile),
        // A tablet that shows pages as a computer does.
        (LINUX, brave, false, "\"Android\"", ["Brave", "147", "Android", ""], Device::Tablet),
        (
            LINUX,
            "\"Unheard Of\";v=\"1\"",
            false,
            "\"Unheard\"",
            ["Chrome", "148", "Linux", ""],
            Device::Desktop,
        ),
    ] {
        let read = AGENTS.read(agent, ClientHints { brands, mobile: Some(mobile), platform });
        let found = [&read.browser, &read.browser_version, &read.os, &read.os_version].map(String::as_str);
        assert_eq!((found, read.device), (expected, device), "{agent} {platform}");
    }
    // The app counts, not the browser it is made of.
    let telegram = format!("{ANDROID} Telegram-Android/11.14.1 (x)");
    assert_eq!(
        AGENTS.read(&telegram, ClientHints { brands: brave, ..ClientHints::default() }).browser,
        "Telegram"
    );
    let headless = ClientHints { brands: "\"HeadlessChrome\";v=\"148\"", ..ClientHints::default() };
    assert_eq!(AGENTS.read(LINUX, headless).bot, Some(BotClass::Automation));
}

#[test]
fn the_mobile_hint_tells_a_phone_from_a_tablet() {
    let agent = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36";
    let hint = |mobile| ClientHints { mobile, ..ClientHints::default() };
    let device = |mobile| AGENTS.read(agent, hint(mobile)).device;
    assert_eq!(
        [device(None), device(Some(true)), device(Some(false))],
        [Device::Tablet, Device::Mobile, Device::Tablet]
    );
    let desktop = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36";
    assert_eq!(AGENTS.read(desktop, hint(Some(false))).device, Device::Desktop);
}

#[test]
fn the_memory_of_agents_is_bounded_and_holds_no_agent() {
    let agents = Agents::load().unwrap();
    for i in 0..(REMEMBERED * 2) {
        let _ = agents.read(&format!("curl/{i}"), ClientHints::default());
    }
    assert!(agents.seen.len() <= REMEMBERED);
    let one = agents.read("curl/8.1", ClientHints::default());
    assert!(Arc::ptr_eq(&one, &agents.read("curl/8.1", ClientHints::default())), "it is remembered at all");
}

#[test]
fn an_agent_longer_than_any_real_one_is_cut_at_a_character() {
    let read = AGENTS.read(&format!("{}Firefox/153.0", "ә".repeat(LONGEST_AGENT)), ClientHints::default());
    assert_eq!(read.browser, "");
}

proptest! {
    #[test]
    fn any_text_is_read(agent in "\\PC{0,200}", mobile: Option<bool>, brands in "\\PC{0,60}", platform in "\\PC{0,10}") {
        let read = AGENTS.read(&agent, ClientHints { brands: &brands, mobile, platform: &platform });
        prop_assert!(!read.browser.is_empty() || read.browser_version.is_empty());
        prop_assert!(!read.os.is_empty() || read.os_version.is_empty());
    }
}
