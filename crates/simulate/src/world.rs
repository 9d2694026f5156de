//! Who comes, from where, with what, to see and do what. Kazakhstan first.
//!
//! Paths and names hold no digits, so that nothing in them looks like an identifier to be scrubbed at the door.

use events::{Channel, Device};

/// Where somebody is.
pub(crate) struct Place {
    pub(crate) weight: u64,
    pub(crate) country: &'static str,
    pub(crate) zone: &'static str,
    /// Languages of browsers there, each as likely as the others.
    pub(crate) languages: &'static [&'static str],
}

/// What somebody has in their hands.
pub(crate) struct Machine {
    pub(crate) weight: u64,
    pub(crate) browser: &'static str,
    pub(crate) browser_version: &'static str,
    pub(crate) os: &'static str,
    pub(crate) os_version: &'static str,
    pub(crate) device: Device,
    pub(crate) screen: &'static str,
    pub(crate) width: u32,
    pub(crate) agent: &'static str,
}

/// Where a visit comes from.
pub(crate) struct Origin {
    pub(crate) weight: u64,
    pub(crate) source: &'static str,
    pub(crate) channel: Channel,
    pub(crate) referrer_host: &'static str,
    pub(crate) referrer_path: &'static str,
    /// `utm_source`, `utm_medium`, `utm_campaign`; empty for most.
    pub(crate) campaign: [&'static str; 3],
}

/// What somebody does beside looking.
pub(crate) struct Goal {
    pub(crate) weight: u64,
    pub(crate) name: &'static str,
    pub(crate) interactive: bool,
    pub(crate) prop: Option<(&'static str, &'static [&'static str])>,
    /// Most that is paid, in whole tenge; 0 for what costs nothing.
    pub(crate) most_kzt: u32,
}

pub(crate) const CURRENCY: &str = "KZT";

const fn place(
    weight: u64,
    country: &'static str,
    zone: &'static str,
    languages: &'static [&'static str],
) -> Place {
    Place { weight, country, zone, languages }
}

pub(crate) static PLACES: &[Place] = &[
    place(640, "KZ", "Asia/Almaty", &["ru", "ru", "kk"]),
    place(120, "KZ", "Asia/Aqtau", &["kk", "ru"]),
    place(72, "RU", "Europe/Moscow", &["ru"]),
    place(34, "UZ", "Asia/Tashkent", &["ru", "uz"]),
    place(28, "KG", "Asia/Bishkek", &["ru", "ky"]),
    place(20, "DE", "Europe/Berlin", &["de", "ru"]),
    place(18, "TR", "Europe/Istanbul", &["tr", "kk"]),
    place(18, "US", "America/New_York", &["en"]),
    place(14, "CN", "Asia/Shanghai", &["zh", "kk"]),
    place(9, "GB", "Europe/London", &["en"]),
    place(8, "PL", "Europe/Warsaw", &["pl", "ru"]),
    place(7, "AE", "Asia/Dubai", &["en", "ru"]),
    place(6, "KR", "Asia/Seoul", &["ko", "ru"]),
    place(6, "MN", "Asia/Ulaanbaatar", &["mn", "kk"]),
];

const fn machine(
    weight: u64,
    browser: [&'static str; 2],
    os: [&'static str; 2],
    device: Device,
    (screen, width): (&'static str, u32),
    agent: &'static str,
) -> Machine {
    let [browser, browser_version] = browser;
    let [os, os_version] = os;
    Machine { weight, browser, browser_version, os, os_version, device, screen, width, agent }
}

pub(crate) static MACHINES: &[Machine] = &[
    machine(
        330,
        ["Chrome", "142"],
        ["Android", "10"],
        Device::Mobile,
        ("xs", 412),
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
    ),
    machine(
        170,
        ["Safari", "26"],
        ["iOS", "18.6"],
        Device::Mobile,
        ("xs", 393),
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
    ),
    machine(
        230,
        ["Chrome", "142"],
        ["Windows", "10"],
        Device::Desktop,
        ("lg", 1536),
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    ),
    machine(
        80,
        ["Yandex Browser", "25"],
        ["Windows", "10"],
        Device::Desktop,
        ("xl", 1920),
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 YaBrowser/25.10.0.0 Safari/537.36",
    ),
    machine(
        50,
        ["Edge", "142"],
        ["Windows", "10"],
        Device::Desktop,
        ("xl", 1920),
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
    ),
    machine(
        60,
        ["Samsung Internet", "28"],
        ["Android", "10"],
        Device::Mobile,
        ("xs", 384),
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
    ),
    machine(
        40,
        ["Safari", "26"],
        ["macOS", ""],
        Device::Desktop,
        ("lg", 1440),
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
    ),
    machine(
        25,
        ["Firefox", "145"],
        ["Linux", ""],
        Device::Desktop,
        ("xl", 1920),
        "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    ),
    machine(
        15,
        ["Safari", "26"],
        ["iPadOS", "18.6"],
        Device::Tablet,
        ("md", 820),
        "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
    ),
];

/// Agents of robots; beacons of these are dropped at the door.
pub(crate) static ROBOTS: &[&str] = &[
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
];

const fn origin(
    weight: u64,
    source: &'static str,
    channel: Channel,
    [referrer_host, referrer_path]: [&'static str; 2],
    campaign: [&'static str; 3],
) -> Origin {
    Origin { weight, source, channel, referrer_host, referrer_path, campaign }
}

const NO_CAMPAIGN: [&str; 3] = ["", "", ""];

pub(crate) static ORIGINS: &[Origin] = &[
    origin(340, "", Channel::Direct, ["", ""], NO_CAMPAIGN),
    origin(240, "Google", Channel::OrganicSearch, ["google.com", ""], NO_CAMPAIGN),
    origin(110, "Yandex", Channel::OrganicSearch, ["yandex.kz", ""], NO_CAMPAIGN),
    origin(90, "Telegram", Channel::OrganicSocial, ["t.me", ""], NO_CAMPAIGN),
    origin(70, "Instagram", Channel::OrganicSocial, ["instagram.com", ""], NO_CAMPAIGN),
    origin(25, "VK", Channel::OrganicSocial, ["vk.com", ""], NO_CAMPAIGN),
    origin(20, "Facebook", Channel::OrganicSocial, ["facebook.com", ""], NO_CAMPAIGN),
    origin(15, "YouTube", Channel::OrganicVideo, ["youtube.com", ""], NO_CAMPAIGN),
    origin(15, "ChatGPT", Channel::AiAssistants, ["chatgpt.com", ""], NO_CAMPAIGN),
    origin(18, "news.partner.example", Channel::Referral, ["news.partner.example", "/kk/links"], NO_CAMPAIGN),
    origin(
        12,
        "union.partner.example",
        Channel::Referral,
        ["union.partner.example", "/members"],
        NO_CAMPAIGN,
    ),
    origin(25, "newsletter", Channel::Email, ["", ""], ["newsletter", "email", "nauryz"]),
    origin(20, "Telegram", Channel::OrganicSocial, ["", ""], ["telegram", "social", "open-day"]),
];

const fn goal(
    weight: u64,
    name: &'static str,
    interactive: bool,
    prop: Option<(&'static str, &'static [&'static str])>,
    most_kzt: u32,
) -> Goal {
    Goal { weight, name, interactive, prop, most_kzt }
}

pub(crate) static GOALS: &[Goal] = &[
    goal(40, "Signup", true, Some(("plan", &["person", "family", "organisation"])), 0),
    goal(30, "Download", true, Some(("file", &["report", "statute", "form"])), 0),
    goal(20, "Video", false, None, 0),
    goal(10, "Donation", true, Some(("purpose", &["school", "library"])), 50_000),
];

const LANGUAGES: [&str; 2] = ["/kk", "/ru"];
const SECTIONS: [&str; 10] =
    ["news", "events", "help", "library", "school", "projects", "people", "contacts", "reports", "gallery"];
const SUBJECTS: [&str; 25] = [
    "alma",
    "balbyrauyn",
    "dala",
    "elim",
    "funkcia",
    "gul",
    "halyk",
    "irbis",
    "jaz",
    "kitap",
    "lashyn",
    "meken",
    "nauryz",
    "orman",
    "paraq",
    "qus",
    "ruh",
    "samal",
    "tau",
    "ulys",
    "vesna",
    "yrys",
    "zaman",
    "shanyraq",
    "tumar",
];

/// Most pages a site can have.
pub(crate) const MOST_PAGES: usize = 1 + LANGUAGES.len() * SECTIONS.len() * SUBJECTS.len();

/// The path of the page of this rank; the home page is the first.
pub(crate) fn path(rank: usize) -> String {
    let Some(rank) = rank.checked_sub(1) else { return "/".to_owned() };
    let (language, rest) = (rank % LANGUAGES.len(), rank / LANGUAGES.len());
    let (section, rest) = (rest % SECTIONS.len(), rest / SECTIONS.len());
    format!("{}/{}/{}", LANGUAGES[language], SECTIONS[section], SUBJECTS[rest % SUBJECTS.len()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_page_has_a_path_of_its_own_without_digits() {
        let paths: HashSet<String> = (0..MOST_PAGES).map(path).collect();
        assert_eq!(paths.len(), MOST_PAGES);
        assert!(paths.iter().all(|path| !path.contains(|c: char| c.is_ascii_digit())));
    }

    #[test]
    fn most_people_are_in_kazakhstan() {
        let all: u64 = PLACES.iter().map(|place| place.weight).sum();
        let here: u64 = PLACES.iter().filter(|place| place.country == "KZ").map(|place| place.weight).sum();
        assert!(here * 10 > all * 7);
    }
}
