//! Names of browsers and systems: our own rules first, and uap-core's names folded to those that people know.

/// Browsers that uap-core takes for another or does not know, by the product in front of their version. In order: an app's
/// page view also says the browser it is made of.
const OWN_BROWSERS: &[(&str, &str)] = &[
    ("YaSearchBrowser/", "Yandex Browser"),
    ("YaBrowser/", "Yandex Browser"),
    ("YaApp_Android/", "Yandex Browser"),
    ("YaApp_iOS/", "Yandex Browser"),
    ("Yowser/", "Yandex Browser"),
    ("Telegram-Android/", "Telegram"),
    ("TelegramBot-Webview/", "Telegram"),
    ("Telegram/", "Telegram"),
    ("Instagram ", "Instagram"),
    ("VKAndroidApp/", "VK"),
    ("VKClient/", "VK"),
    ("com.vk.vkclient/", "VK"),
    ("musical_ly_", "TikTok"),
    ("BytedanceWebview/", "TikTok"),
    ("trill_", "TikTok"),
    ("MessengerForiOS;FBAV/", "Messenger"),
    ("Orca-Android;FBAV/", "Messenger"),
    ("FBAV/", "Facebook"),
    ("Barcelona ", "Threads"),
    ("WhatsApp/", "WhatsApp"),
    ("Viber/", "Viber"),
    ("OKApp/", "Odnoklassniki"),
    ("OKAndroid/", "Odnoklassniki"),
    ("Snapchat/", "Snapchat"),
    ("[Pinterest/", "Pinterest"),
    ("[LinkedInApp]", "LinkedIn"),
    ("TwitterAndroid/", "X"),
    ("Twitter for iPhone/", "X"),
    ("MicroMessenger/", "WeChat"),
    ("KAKAOTALK ", "KakaoTalk"),
    ("Line/", "LINE"),
    ("GSA/", "Google"),
    ("VidaaBrowser/", "Vidaa"),
    ("NetCast", "LG Browser"),
    ("SmartHub", "Samsung Internet"),
];

/// Whether the agent tells the version of Android or macOS that Chromium tells everywhere.
pub(super) fn is_frozen(agent: &str) -> bool {
    agent.contains("Android 10; K)") || agent.contains("Mac OS X 10_15_7")
}

/// The browser by our own rules, and its major version.
pub(super) fn own_browser(agent: &str) -> Option<(&'static str, &str)> {
    // Samsung's televisions leave out the product's name and with it the version.
    if agent.contains("Tizen") && agent.contains("TV Safari") {
        return Some(("Samsung Internet", ""));
    }
    OWN_BROWSERS.iter().find_map(|(product, family)| {
        let (_, rest) = agent.split_once(product)?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        Some((*family, &rest[..digits]))
    })
}

/// Systems that uap-core takes for the one they are made from.
pub(super) fn own_system(agent: &str) -> Option<&'static str> {
    if agent.contains("HarmonyOS") || agent.contains("OpenHarmony") {
        return Some("HarmonyOS");
    }
    if agent.contains("Web0S") || agent.contains("webOS.TV") {
        return Some("webOS");
    }
    agent.contains("Tizen").then_some("Tizen")
}

/// uap-core's family under the name people know: the same browser on phone and computer is one browser.
pub(super) fn browser(family: &str) -> &str {
    match family {
        "Other" => "",
        "Chrome Mobile" | "Chrome Mobile iOS" | "Chrome WebView" => "Chrome",
        "Chrome Mobile WebView" | "Android" => "Android WebView",
        "Mobile Safari" => "Safari",
        "Mobile Safari UI/WKWebView" => "iOS WebView",
        "Firefox Mobile" | "Firefox iOS" | "Firefox (Focus)" => "Firefox",
        "Edge Mobile" => "Edge",
        "Opera Mobile" | "Opera Touch" => "Opera",
        "Opera GX Mobile" => "Opera GX",
        "IE Mobile" => "IE",
        "MiuiBrowser" => "Mi Browser",
        "UC Browser Mobile" => "UC Browser",
        "DuckDuckGo Mobile" => "DuckDuckGo",
        "Brave Mobile" => "Brave",
        "Ecosia iOS" | "Ecosia Android" => "Ecosia",
        "QQ Browser Mobile" => "QQ Browser",
        "Huawei Browser Mobile" | "HuaweiBrowser" => "Huawei Browser",
        family => family,
    }
}

/// The system under the name people know.
pub(super) fn system(family: &str) -> &str {
    match family {
        "Other" => "",
        "Mac OS X" | "Mac OS" => "macOS",
        "Chrome OS" => "ChromeOS",
        family => family,
    }
}

/// A system's version: two numbers where both mean something to people.
pub(super) fn version(family: &str, major: Option<&str>, minor: Option<&str>) -> String {
    match (major, minor) {
        (None, _) => String::new(),
        // The build number of a platform that nobody sees.
        _ if family == "ChromeOS" => String::new(),
        // "Vista", "XP" and the like are versions of their own; 10.0 is only ever called 10.
        (Some(major), Some(minor)) if family != "Windows" && minor != "0" => format!("{major}.{minor}"),
        (Some(major), _) => major.to_owned(),
    }
}
