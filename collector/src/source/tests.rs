use proptest::prelude::*;

use super::*;

/// Source name, referrer host and path of a view of example.kz with this query and referrer.
fn source(query: &str, referrer: &str) -> [String; 3] {
    let url = format!("https://example.kz/a{query}");
    let mut scrubbed = ScrubCounts::default();
    let page = Page::of(&Address::parse(&url).unwrap(), false, &mut scrubbed);
    let Source { name, referrer_host, referrer_path, .. } =
        Source::of(&page, Referrer::parse(referrer).as_ref(), &mut scrubbed);
    [name, referrer_host, referrer_path]
}

#[test]
fn the_referrer_names_the_source() {
    for (referrer, expected) in [
        ("https://t.me/channel/12", ["Telegram", "t.me", ""]),
        ("https://www.google.kz/search?q=secret", ["Google", "google.kz", ""]),
        ("https://yandex.kz/search/?text=secret", ["Yandex", "yandex.kz", ""]),
        ("https://ok.ru/group/1", ["Odnoklassniki", "ok.ru", ""]),
        ("https://VK.com/wall-1_2", ["VK", "vk.com", ""]),
        ("https://vk.ru/wall-1_2", ["VK", "vk.ru", ""]),
        ("https://wa.me/77010000000", ["WhatsApp", "wa.me", ""]),
        ("https://2gis.kz/almaty/firm/7", ["2GIS", "2gis.kz", ""]),
        ("https://dzen.ru/a/x", ["Dzen", "dzen.ru", ""]),
        ("https://web.max.ru/-1", ["MAX", "web.max.ru", ""]),
        ("https://mail.google.com/mail/u/0/#inbox", ["Gmail", "mail.google.com", ""]),
        ("https://chatgpt.com/c/1", ["ChatGPT", "chatgpt.com", ""]),
        ("android-app://org.telegram.messenger/", ["Telegram", "org.telegram.messenger", ""]),
        ("android-app://com.google.android.gm", ["Gmail", "com.google.android.gm", ""]),
        ("android-app://kz.example.app/x", ["kz.example.app", "kz.example.app", "/x"]),
        ("https://www.Tengrinews.kz/news/%D0%B0?id=5#c", ["Tengrinews", "tengrinews.kz", "/news/а"]),
        ("https://kk.wikipedia.org/wiki/Sanaq", ["Wikipedia", "kk.wikipedia.org", "/wiki/Sanaq"]),
        ("https://user:pw@other.kz:444", ["other.kz", "other.kz", "/"]),
        ("https://other.kz./", ["other.kz", "other.kz", "/"]),
        ("https://other.kz/u/aigul%40mail.kz", ["other.kz", "other.kz", "/u/:email"]),
        ("https://xn--80awbu3c.xn--80ao21a/", ["мысал.қаз", "мысал.қаз", "/"]),
        ("https://kaspi.kz/shop/p/x", ["Kaspi", "kaspi.kz", ""]),
    ] {
        assert_eq!(source("", referrer), expected, "{referrer}");
    }
}

#[test]
fn what_is_here_or_nowhere_is_no_referrer() {
    for referrer in [
        "",
        "https://example.kz/b",
        "https://WWW.example.kz/",
        "http://localhost:3000/",
        "http://app.localhost/",
        "http://127.0.0.1/",
        "http://192.168.1.1/admin",
        "http://[::1]/",
        "http://router/",
        "http://printer.local/",
        "about:blank",
        "ftp://other.kz/",
        "chrome-extension://abc/x",
        "file:///home/x",
        "garbage",
        "https://",
        "/relative",
    ] {
        assert_eq!(source("", referrer), ["", "", ""], "{referrer}");
    }
    assert_eq!(source("", "https://blog.example.kz/")[0], "blog.example.kz", "a subdomain is another site");
}

#[test]
fn the_address_speaks_before_the_referrer() {
    for (query, expected) in [
        ("?utm_source=telegram", "Telegram"),
        ("?utm_source=TG", "Telegram"),
        ("?utm_source=t.me", "Telegram"),
        ("?utm_source=www.instagram.com", "Instagram"),
        ("?utm_source=ig", "Instagram"),
        ("?utm_source=Yandex-Direct", "Yandex"),
        ("?utm_source=vk_ads", "VK"),
        ("?utm_source=2gis", "2GIS"),
        ("?utm_source=Jańa+Sayasat", "Jańa Sayasat"),
        ("?source=newsletter", "newsletter"),
        ("?ref=producthunt", "producthunt"),
        ("?utm_source=&ref=fb", "Facebook"),
        ("?utm_source=chatgpt.com", "ChatGPT"),
        ("?utm_medium=cpc", "other.kz"),
    ] {
        assert_eq!(source(query, "https://other.kz/x"), [expected, "other.kz", "/x"], "{query}");
    }
    assert_eq!(source("?utm_source=tg", ""), ["Telegram", "", ""]);
}

proptest! {
    #[test]
    fn any_referrer_is_read_and_its_query_is_not(start in "\\PC{0,30}", secret in "[A-Z]{10}") {
        for referrer in [start.clone(), format!("https://a.kz/{start}?q={secret}"), format!("https://google.com/{start}#{secret}")] {
            let kept = source("", &referrer).concat();
            prop_assert!(!kept.contains(&secret), "{}", kept);
        }
    }
}
