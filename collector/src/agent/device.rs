//! The device class: what the screen is, not whose make it is.

use events::Device;

/// Parts of agents of televisions and the boxes that feed them, consoles included. A few phones and computers name themselves like one of
/// these would, so each has the letters around it that make it sure.
const TELEVISIONS: &[&str] = &[
    "SmartTV",
    "SMART-TV",
    "Smart-TV",
    "Smart TV",
    "HbbTV",
    "AppleTV",
    "Apple TV",
    "GoogleTV",
    "Google TV",
    "Android TV",
    "AndroidTV",
    "Web0S",
    "webOS.TV",
    "NetCast",
    "BRAVIA",
    "CrKey",
    "Roku/",
    "Viera",
    "DTV",
    "PhilipsTV",
    "TiVo",
    "VIDAA",
    "; AFT",
    "MiTV",
    "MIBOX",
    "Large Screen",
    "Opera TV",
    "InettvBrowser",
    "TV Safari",
    "Yandex.TV",
    "YaTV",
    "YandexModule",
    "VidaaBrowser",
    "SmartHub",
    "SonyCEBrowser",
    "DuneHD",
    "PlayStation",
    "Xbox",
    "Nintendo",
];

/// Parts of agents of tablets.
const TABLETS: &[&str] = &[
    "iPad", "Tablet", "tablet", "PlayBook", "Kindle", "Silk/", "SM-T", "SM-X", "GT-P", "Nexus 7", "Nexus 10",
    "Pixel C",
];

/// Parts of agents of phones, but for the word `Mobi`, which nearly all have.
const PHONES: &[&str] = &[
    "Mobi",
    "iPhone",
    "iPod",
    "Windows Phone",
    "Opera Mini",
    "BlackBerry",
    "BB10",
    "UCWEB",
    "J2ME",
    "MIDP",
    "Symbian",
    "KAIOS",
    "VKAndroidApp",
    "CFNetwork",
];

/// Parts of agents of computers.
const DESKTOPS: &[&str] =
    &["Windows NT", "Windows; U", "Macintosh", "X11;", "CrOS", "Linux x86_64", "Linux i686", "Ubuntu"];

/// The class of the device. The client hint decides between phone and tablet where there is one: Android tablets have not
/// said "Tablet" since 2013, they only leave out "Mobile".
pub(super) fn class(agent: &str, mobile: Option<bool>, system: Option<&str>) -> Device {
    let has = |parts: &[&str]| parts.iter().any(|part| agent.contains(part));
    if has(TELEVISIONS) {
        return Device::Tv;
    }
    // The platform tells a tablet that asks for pages as for a computer.
    let android = agent.contains("Android") || system == Some("Android");
    match mobile {
        Some(true) => return Device::Mobile,
        Some(false) if android => return Device::Tablet,
        _ => {}
    }
    if has(TABLETS) && !agent.contains("Windows NT") {
        Device::Tablet
    } else if has(PHONES) {
        Device::Mobile
    } else if android {
        Device::Tablet
    } else if has(DESKTOPS) || mobile == Some(false) {
        Device::Desktop
    } else {
        Device::Unknown
    }
}
