//! Folding what would tell people apart into classes that do not.

/// Upper ends of the screen classes in CSS pixels, exclusive; wider ones are `xl`.
const SCREENS: [(u32, &str); 4] = [(576, "xs"), (768, "s"), (992, "m"), (1440, "l")];

/// The class of a screen's width; none for a width that no screen has.
pub(super) fn screen(width: u32) -> &'static str {
    if width == 0 {
        return "";
    }
    SCREENS.iter().find(|(end, _)| width < *end).map_or("xl", |(_, class)| class)
}

/// The primary subtag of the first language of an `Accept-Language`, in lower case; empty when there is none.
///
/// Browsers list their languages best first. Region and the rest of the list would make a fingerprint.
pub(super) fn language(header: &str) -> String {
    let end = header.find([',', ';', '-', '_']).unwrap_or(header.len());
    let subtag = header[..end].trim();
    if (2..=3).contains(&subtag.len()) && subtag.bytes().all(|b| b.is_ascii_alphabetic()) {
        subtag.to_ascii_lowercase()
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn screens_fall_into_five_classes() {
        for (width, class) in [
            (0, ""),
            (1, "xs"),
            (390, "xs"),
            (575, "xs"),
            (576, "s"),
            (767, "s"),
            (768, "m"),
            (991, "m"),
            (992, "l"),
            (1439, "l"),
            (1440, "xl"),
            (u32::MAX, "xl"),
        ] {
            assert_eq!(screen(width), class, "{width}");
        }
    }

    #[test]
    fn of_languages_only_the_first_primary_subtag_is_kept() {
        for (header, expected) in [
            ("kk-KZ,kk;q=0.9,ru;q=0.8", "kk"),
            ("RU", "ru"),
            ("en;q=0.5", "en"),
            (" kk ,ru", "kk"),
            ("kaz", "kaz"),
            ("zh-Hant-TW", "zh"),
            ("*", ""),
            ("", ""),
            ("x", ""),
            ("abcd", ""),
            ("қз", ""),
            ("-kk", ""),
            ("1234", ""),
        ] {
            assert_eq!(language(header), expected, "{header}");
        }
    }
}
