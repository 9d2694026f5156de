//! Reading a query string.

use percent_encoding::percent_decode_str;

/// The decoded value of the first of these parameters that is not blank.
#[must_use]
pub fn value(query: &str, names: &[&str]) -> Option<String> {
    names.iter().find_map(|wanted| {
        query.split('&').find_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if name != *wanted {
                return None;
            }
            let spaced = value.replace('+', " ");
            let decoded = percent_decode_str(&spaced).decode_utf8_lossy().trim().to_owned();
            (!decoded.is_empty()).then_some(decoded)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_that_has_a_value_counts() {
        assert_eq!(value("a=&b=x%20y+z&b=2", &["a", "b"]).as_deref(), Some("x y z"));
        assert_eq!(
            value("url=https%3A%2F%2Fa.kz%2F%3Fx%3D1", &["url"]).as_deref(),
            Some("https://a.kz/?x=1")
        );
        assert_eq!(value("ab=1", &["a"]), None);
        assert_eq!(value("", &["a"]), None);
    }
}
