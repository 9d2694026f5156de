use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

static BOTS: LazyLock<Bots> = LazyLock::new(|| Bots::load().unwrap());

#[test]
fn the_patterns_that_look_around_are_those_written_by_hand() {
    let found: Vec<_> = lines(PATTERNS).filter(|pattern| looks_around(pattern)).collect();
    assert_eq!(
        found,
        [
            "(?:^|[^g])news(?!sapphire)",
            "(?<! channel/|google/)google(?!(?:wv|app|/google| pixel))",
            "(?<! cu)bots?(?:\\b|_)",
            "(?<!cam)scan",
            "(?<!lib)http",
            "java(?!;)",
        ]
    );
    assert_eq!(lines(PATTERNS).filter(|pattern| pattern.contains(REWRITTEN.0)).count(), 1);
    assert_eq!(BOTS.patterns.len() + WORDS.len(), lines(PATTERNS).count());
}

#[test]
fn robots_are_told_by_kind() {
    for (agent, class) in [
        ("", BotClass::NoAgent),
        ("  ", BotClass::NoAgent),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", BotClass::SearchEngine),
        ("Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", BotClass::SearchEngine),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
            BotClass::AiCrawler,
        ),
        ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", BotClass::Seo),
        ("TelegramBot (like TwitterBot)", BotClass::SocialPreview),
        (
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            BotClass::SocialPreview,
        ),
        ("curl/8.5.0", BotClass::Library),
        ("python-requests/2.32.0", BotClass::Library),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/148.0.0.0 Safari/537.36",
            BotClass::Automation,
        ),
        ("SomethingNew-bot/1.0", BotClass::Other),
    ] {
        assert_eq!(BOTS.class(agent), Some(class), "{agent}");
    }
}

#[test]
fn people_are_no_robots() {
    for agent in [
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 YaBrowser/26.6.0.0 Safari/537.36",
        "Mozilla/5.0 (Linux; arm_64; Android 14; SM-A546E) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 YaSearchBrowser/26.40 BroPP/1.0 Mobile Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 390.0.0.30.80 (iPhone14,5; iOS 18_6)",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) GSA/340.0.6 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Mobile Safari/537.36 Telegram-Android/11.14.1 (Samsung SM-S911B; Android 14; SDK 34; HIGH)",
        "Mozilla/5.0 (Linux; Android 9; CUBOT_X18_Plus) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UD1A) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
        "Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) 94.0.4606.31/7.0 TV Safari/537.36",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
        "Opera/9.80 (Android; Opera Mini/58.0/191.273; U; kk) Presto/2.12.423 Version/12.16",
        "VKAndroidApp/8.99-20000 (Android 14; SDK 34; arm64-v8a; samsung SM-S911B; ru; 2340x1080)",
    ] {
        assert_eq!(BOTS.class(agent), None, "{agent}");
    }
}

#[test]
fn what_stands_beside_a_word_can_make_it_innocent() {
    let by_word = |agent: &str| WORDS.iter().any(|word| word.is_in(agent));
    for innocent in [
        "gnews",
        "newssapphire",
        " channel/google",
        "googleapp",
        "google pixel",
        " cubot",
        "botanic",
        "camscan",
        "libhttp",
        "java;",
    ] {
        assert!(!by_word(innocent), "{innocent}");
    }
    for guilty in [
        "news",
        "google",
        "googlegoogleapp",
        "bot",
        "bots",
        "a_bot_b",
        "cubot",
        "scan",
        "http",
        "java",
        "libhttp http",
    ] {
        assert!(by_word(guilty), "{guilty}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read(agent in "\\PC{0,200}") {
        let _ = BOTS.class(&agent);
    }
}
