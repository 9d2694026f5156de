//! Low-entropy client hints: what Chromium says of itself on every request, without being asked.
//!
//! They are believed before the agent, which Chromium has frozen in part. Only brands and platforms known here count, as a header
//! is whatever a client makes of it. <https://wicg.github.io/ua-client-hints/>

/// The hints of one request, as they came; empty and `None` when missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ClientHints<'a> {
    /// `Sec-CH-UA`: brands with their major versions.
    pub brands: &'a str,
    /// `Sec-CH-UA-Mobile`: `?1` is true, `?0` false.
    pub mobile: Option<bool>,
    /// `Sec-CH-UA-Platform`, in its quotes.
    pub platform: &'a str,
}

/// Brands and the browsers they stand for. `Chromium` stands beside most of them, so it comes last.
const BRANDS: &[(&str, &str)] = &[
    ("YaBrowser", "Yandex Browser"),
    ("Yandex", "Yandex Browser"),
    ("Microsoft Edge", "Edge"),
    ("Microsoft Edge WebView2", "Edge"),
    ("Opera", "Opera"),
    ("Opera GX", "Opera GX"),
    ("OperaMobile", "Opera"),
    ("Brave", "Brave"),
    ("Vivaldi", "Vivaldi"),
    ("Samsung Internet", "Samsung Internet"),
    ("DuckDuckGo", "DuckDuckGo"),
    ("Ecosia", "Ecosia"),
    ("Atom", "Atom"),
    ("Huawei Browser", "Huawei Browser"),
    ("HuaweiBrowser", "Huawei Browser"),
    ("Android WebView", "Android WebView"),
    ("Google Chrome", "Chrome"),
    ("Chromium", "Chromium"),
];

/// Platforms and the systems they stand for.
const PLATFORMS: &[(&str, &str)] = &[
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("macOS", "macOS"),
    ("Linux", "Linux"),
    ("Chrome OS", "ChromeOS"),
    ("Chromium OS", "ChromeOS"),
    ("iOS", "iOS"),
];

/// Bytes of the list that are looked at.
const LONGEST_BRANDS: usize = 512;

impl<'a> ClientHints<'a> {
    /// The browser and its major version, when one of the brands is known.
    pub(super) fn browser(&self) -> Option<(&'static str, &'a str)> {
        let brands = &self.brands[..self.brands.floor_char_boundary(LONGEST_BRANDS)];
        let listed = || brands.split(',').filter_map(brand);
        BRANDS.iter().find_map(|(name, browser)| {
            let (_, version) = listed().find(|(listed, _)| listed == name)?;
            Some((*browser, version))
        })
    }

    /// The system, when the platform is known.
    pub(super) fn system(&self) -> Option<&'static str> {
        let platform = self.platform.trim().trim_matches('"');
        PLATFORMS.iter().find(|(name, _)| *name == platform).map(|(_, system)| *system)
    }

    /// Whether a program drives the browser.
    pub(super) fn headless(&self) -> bool {
        self.brands.contains("Headless")
    }
}

/// Name and major version of one entry, `"Google Chrome";v="148"`.
fn brand(entry: &str) -> Option<(&str, &str)> {
    let (name, version) = entry.split_once(';')?;
    let version = version.trim().strip_prefix("v=")?.trim_matches('"');
    let digits = version.bytes().take_while(u8::is_ascii_digit).count();
    // No browser has had a version of five digits; longer ones would be a way to be told apart.
    (digits <= 4).then(|| (name.trim().trim_matches('"'), &version[..digits]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn browser(brands: &str) -> Option<(&'static str, &str)> {
        ClientHints { brands, ..ClientHints::default() }.browser()
    }

    #[test]
    fn the_brand_that_says_most_is_the_browser() {
        for (brands, expected) in [
            (
                "\"Chromium\";v=\"148\", \"Google Chrome\";v=\"148\", \"Not?A_Brand\";v=\"99\"",
                Some(("Chrome", "148")),
            ),
            (
                "\"Not/A)Brand\";v=\"8\", \"Chromium\";v=\"148\", \"Microsoft Edge\";v=\"147\"",
                Some(("Edge", "147")),
            ),
            (
                "\"Chromium\";v=\"146\", \"Not_A Brand\";v=\"24\", \"YaBrowser\";v=\"26.6\", \"Yowser\";v=\"2.5\"",
                Some(("Yandex Browser", "26")),
            ),
            ("\"Chromium\";v=\"148\", \"Not?A_Brand\";v=\"99\"", Some(("Chromium", "148"))),
            ("\"Opera GX\";v=\"130\", \"Chromium\";v=\"148\"", Some(("Opera GX", "130"))),
            ("\"Somebody's\";v=\"1\"", None),
            ("\"Google Chrome\";v=\"1234567\"", None),
            ("garbage", None),
            ("", None),
        ] {
            assert_eq!(browser(brands), expected, "{brands}");
        }
    }

    #[test]
    fn only_known_platforms_count() {
        let system = |platform| ClientHints { platform, ..ClientHints::default() }.system();
        assert_eq!(system("\"Chrome OS\""), Some("ChromeOS"));
        assert_eq!(system("\"Android\""), Some("Android"));
        assert_eq!((system("\"Canary OS\""), system("")), (None, None));
    }
}
