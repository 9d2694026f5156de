//! Regions by ISO 3166-2, where the operator asks for them.
//!
//! A nested database names the subdivision by its code; of the flat ones only Kazakhstan's names are known here, in the many
//! spellings those databases have for its 17 regions and three cities. Kazakhstan's codes became numbers in 2022; the letters before
//! them are read as the numbers they became, so that a figure does not break when a database is renewed.

use super::Country;

/// An ISO 3166-2 code: `KZ-75`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Region {
    text: [u8; 6],
    length: u8,
}

/// Code, the letters before 2022, and how names begin that stand for it: in small Latin letters, without `oblast`, `region` and the
/// like. Written from what the regions are called in Kazakh, Russian and English; the first name that fits decides.
const KAZAKHSTAN: [(&str, &str, &[&str]); 20] = [
    ("KZ-10", "", &["abai", "abay"]),
    ("KZ-11", "AKM", &["akmola", "aqmola", "akmolinsk"]),
    ("KZ-15", "AKT", &["aktobe", "aqtobe", "aktyubinsk", "aktubinsk", "aktiubinsk"]),
    ("KZ-19", "ALM", &["almatyoblast", "almatyregion", "almatinsk"]),
    ("KZ-23", "ATY", &["atyrau", "atirau", "guryev"]),
    (
        "KZ-27",
        "ZAP",
        &[
            "westkazakhstan",
            "batysqazaqstan",
            "batyskazakhstan",
            "batysqazaq",
            "zapadnokazakhstan",
            "zapadnokazak",
        ],
    ),
    ("KZ-31", "ZHA", &["zhambyl", "jambyl", "dzhambul", "zhambul", "jambil"]),
    ("KZ-33", "", &["jetis", "zhetis", "zhetys", "jetys"]),
    ("KZ-35", "KAR", &["karagand", "qaragand", "qaraghand", "karaghand"]),
    ("KZ-39", "KUS", &["kostanay", "kostanai", "qostanay", "qostanai", "kustanai", "kustanay"]),
    ("KZ-43", "KZY", &["kyzylorda", "qyzylorda", "kzylorda", "kizilorda", "qizilorda"]),
    ("KZ-47", "MAN", &["mangystau", "mangistau", "mangghystau", "mangghystay", "manghystau", "mangyshlak"]),
    ("KZ-55", "PAV", &["pavlodar"]),
    (
        "KZ-59",
        "SEV",
        &[
            "northkazakhstan",
            "soltustikqazaqstan",
            "soltustikkazakhstan",
            "soltustikqazaq",
            "severokazakhstan",
            "severokazak",
        ],
    ),
    (
        "KZ-61",
        "YUZ",
        &[
            "turkistan",
            "turkestan",
            "turkystan",
            "southkazakhstan",
            "ongtustikqazaqstan",
            "ontustikqazaqstan",
            "yuzhnokazakhstan",
        ],
    ),
    ("KZ-62", "", &["ulyta", "ulita"]),
    (
        "KZ-63",
        "VOS",
        &[
            "eastkazakhstan",
            "shygysqazaqstan",
            "shyghysqazaqstan",
            "shyghysqazaq",
            "vostochnokazakhstan",
            "vostochnokazak",
        ],
    ),
    ("KZ-71", "AST", &["astana", "nursultan", "akmolacity"]),
    ("KZ-75", "ALA", &["almaty", "almaata"]),
    ("KZ-79", "SHY", &["shymkent", "chimkent", "shimkent"]),
];

impl Region {
    /// The region of this code within its country; `None` when it can be none.
    pub(super) fn from_code(country: Country, code: &str) -> Option<Self> {
        let code = code.to_ascii_uppercase();
        let known =
            (country.as_str() == "KZ").then(|| KAZAKHSTAN.iter().find(|(_, letters, _)| *letters == code));
        if let Some((number, _, _)) = known.flatten().filter(|(_, letters, _)| !letters.is_empty()) {
            return Self::of(number);
        }
        let valid = (1..=3).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if valid { Self::of(&format!("{}-{code}", country.as_str())) } else { None }
    }

    /// The region of this name in Kazakhstan; `None` in another country, or for a name that is not known.
    pub(super) fn from_name(country: Country, name: &str) -> Option<Self> {
        if country.as_str() != "KZ" {
            return None;
        }
        let letters: String = name.chars().filter_map(plain).collect();
        let (code, ..) = KAZAKHSTAN.iter().find(|(_, _, names)| {
            names.iter().any(|name| {
                // The city and the region around it differ by what follows.
                if *name == "almatyoblast" { is_almaty_region(&letters) } else { letters.starts_with(name) }
            })
        })?;
        Self::of(code)
    }

    fn of(code: &str) -> Option<Self> {
        let mut text = [0; 6];
        text.get_mut(..code.len())?.copy_from_slice(code.as_bytes());
        Some(Self { text, length: u8::try_from(code.len()).ok()? })
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Made of ASCII only.
        std::str::from_utf8(&self.text[..usize::from(self.length)]).unwrap_or_default()
    }
}

fn is_almaty_region(letters: &str) -> bool {
    letters
        .strip_prefix("almaty")
        .is_some_and(|rest| ["obl", "region", "province"].iter().any(|kind| rest.starts_with(kind)))
}

/// A letter in lower case without what databases put on it; `None` for spaces, dashes and apostrophes.
fn plain(c: char) -> Option<char> {
    Some(match c {
        'Á' | 'á' | 'Ä' | 'ä' | 'Ā' | 'ā' => 'a',
        'Ó' | 'ó' | 'Ö' | 'ö' | 'Ō' | 'ō' => 'o',
        'Ú' | 'ú' | 'Ü' | 'ü' | 'Ū' | 'ū' => 'u',
        'Ń' | 'ń' | 'Ñ' | 'ñ' | 'Ŋ' | 'ŋ' => 'n',
        'Ǵ' | 'ǵ' | 'Ğ' | 'ğ' => 'g',
        'Ý' | 'ý' | 'Ÿ' | 'ÿ' => 'y',
        'İ' | 'ı' | 'Í' | 'í' | 'Ï' | 'ï' => 'i',
        'Ş' | 'ş' => return Some('s'),
        c if c.is_ascii_alphabetic() => c.to_ascii_lowercase(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kz() -> Country {
        Country::from_code("KZ").unwrap()
    }

    #[test]
    fn every_spelling_of_a_region_is_one_region() {
        for (names, code) in [
            (&["Almaty", "almaty", "Alma-Ata"][..], "KZ-75"),
            (&["Almaty Oblysy", "Almaty Region", "Almaty Oblast", "Almatinskaya Oblast’"], "KZ-19"),
            (&["Astana", "Nur-Sultan", "Nursultan"], "KZ-71"),
            (&["Shymkent", "Shymkent City"], "KZ-79"),
            (&["Karaganda", "Qaraghandy Oblysy", "Karagandinskaya Oblast’", "Qaraǵandy"], "KZ-35"),
            (&["Qostanay", "Kostanay", "Kostanai Oblast"], "KZ-39"),
            (&["Atyrau Oblisi", "Atyrau", "Atyraū"], "KZ-23"),
            (&["Aktobe", "Aqtobe", "Aqtöbe", "Aktyubinskaya Oblast’"], "KZ-15"),
            (&["Mangghystau", "Mangystau", "Mańǵystau"], "KZ-47"),
            (&["Jetisu Region", "Zhetysu Region", "Jetisý"], "KZ-33"),
            (&["Abai Region", "Abay"], "KZ-10"),
            (&["Ulytau Region", "Ulytaý"], "KZ-62"),
            (&["West Kazakhstan", "Batys Qazaqstan"], "KZ-27"),
            (&["East Kazakhstan", "Shyghys Qazaqstan"], "KZ-63"),
            (&["North Kazakhstan", "Soltüstik Qazaqstan"], "KZ-59"),
            (&["Turkistan", "Turkestan Region", "South Kazakhstan"], "KZ-61"),
            (&["Jambyl", "Zhambyl Oblysy"], "KZ-31"),
            (&["Kyzylorda", "Qyzylorda"], "KZ-43"),
            (&["Pavlodar"], "KZ-55"),
            (&["Aqmola", "Akmola"], "KZ-11"),
        ] {
            for name in names {
                let found = Region::from_name(kz(), name);
                assert_eq!(found.as_ref().map(Region::as_str), Some(code), "{name}");
            }
        }
        for none in ["", "Bishkek", "Oblast", "-"] {
            assert_eq!(Region::from_name(kz(), none), None, "{none}");
        }
        assert_eq!(Region::from_name(Country::from_code("KG").unwrap(), "Almaty"), None);
    }

    #[test]
    fn letters_are_read_as_the_numbers_they_became() {
        let code = |text| Region::from_code(kz(), text).map(|region| region.as_str().to_owned());
        assert_eq!(code("ALA").as_deref(), Some("KZ-75"));
        assert_eq!(code("75").as_deref(), Some("KZ-75"));
        for none in ["", "ABCD", "қз", "7-5"] {
            assert_eq!(code(none), None, "{none}");
        }
        let us = Country::from_code("US").unwrap();
        assert_eq!(Region::from_code(us, "ala").unwrap().as_str(), "US-ALA");
        let codes: std::collections::HashSet<_> = KAZAKHSTAN.iter().map(|(code, ..)| code).collect();
        assert_eq!(codes.len(), KAZAKHSTAN.len());
    }
}
