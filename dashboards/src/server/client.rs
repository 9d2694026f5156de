//! With what a member of staff comes, as far as the list of their own sessions tells: the families of browser and system.
//!
//! These are staff, who are to recognise their own sessions; nothing here is ever asked of a visitor.

use http::HeaderMap;
use http::header::USER_AGENT;

use crate::control::sessions::Client;

/// In this order: most browsers also name those they descend from.
const BROWSERS: &[(&str, &str)] = &[
    ("YaBrowser/", "yandex"),
    ("Edg", "edge"),
    ("OPR/", "opera"),
    ("SamsungBrowser/", "samsung"),
    ("Firefox/", "firefox"),
    ("FxiOS/", "firefox"),
    ("CriOS/", "chrome"),
    ("Chrome/", "chrome"),
    ("Safari/", "safari"),
];
const SYSTEMS: &[(&str, &str)] = &[
    ("Windows", "windows"),
    ("Android", "android"),
    ("iPhone", "ios"),
    ("iPad", "ios"),
    ("Mac OS X", "macos"),
    ("CrOS", "chromeos"),
    ("Linux", "linux"),
];

/// The families that the request's agent names.
pub(super) fn of(headers: &HeaderMap) -> Client {
    let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let family = |of: &[(&str, &'static str)]| {
        of.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, family)| *family)
    };
    Client { browser: family(BROWSERS), system: family(SYSTEMS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_families_are_told_and_nothing_else() {
        for (agent, browser, system) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
                Some("firefox"),
                Some("linux"),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0",
                Some("edge"),
                Some("windows"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 YaBrowser/26.1 Mobile Safari/537.36",
                Some("yandex"),
                Some("android"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
                Some("safari"),
                Some("ios"),
            ),
            ("canary", None, None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(USER_AGENT, agent.parse().unwrap());
            assert_eq!(of(&headers), Client { browser, system }, "{agent}");
        }
        assert_eq!(of(&HeaderMap::new()), Client::default());
    }
}
