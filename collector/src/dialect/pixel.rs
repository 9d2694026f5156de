//! The pixel for pages without scripts: `GET /api/pixel.gif?site=example.kz&url=https%3A%2F%2Fexample.kz%2Fbet`.
//!
//! | parameter | meaning |
//! |---|---|
//! | `site`, `d` | the site's domain; the URL's host when missing |
//! | `url`, `u` | address of the page; the `Referer` of the request when missing |
//! | `r` | referrer of the page, which a template may know |
//! | `n` | event name; `pageview` when missing |

use events::Beacon;
use serde_json::{Map, Value};

use super::native::{self, ParseError};
use super::query::value;

/// Reads one beacon. `page` is the `Referer` of the request for the picture: the page that shows it.
///
/// # Errors
/// As [`native::of`].
pub fn parse(query: &str, page: Option<&str>) -> Result<Beacon, ParseError> {
    let mut body = Map::new();
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            body.insert(key.to_owned(), Value::String(value));
        }
    };
    put("n", Some(value(query, &["n"]).unwrap_or_else(|| "pageview".to_owned())));
    put("u", value(query, &["url", "u"]).or_else(|| page.map(str::to_owned)));
    put("d", value(query, &["site", "d"]));
    put("r", value(query, &["r"]));
    native::of(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_named_or_the_one_that_shows_the_picture() {
        let named =
            parse("site=www.example.kz&url=https%3A%2F%2Fexample.kz%2Fbet", Some("https://other.kz/"))
                .unwrap();
        assert_eq!((named.name.as_str(), named.url.as_str()), ("pageview", "https://example.kz/bet"));
        assert_eq!(named.domains, ["example.kz"]);
        let shown = parse("", Some("https://example.kz/kk")).unwrap();
        assert_eq!((shown.url.as_str(), shown.domains[0].as_str()), ("https://example.kz/kk", "example.kz"));
        assert!(parse("site=example.kz", None).is_err_and(|error| error.field == "url"));
    }
}
