//! What a `vitals` event reports: how one page felt to load and to use, as measured by the web-vitals library.

use serde_json::Value;

use super::{ParseError, fields};

/// The event's name. It is ours: a site can't use it for something else.
pub(super) const NAME: &str = "vitals";

/// What is measured, with the greatest value that can be meant: ten minutes in ms, and for `cls` 1,000 in thousandths.
const MEASURES: [(&str, i64); 5] =
    [("ttfb", 600_000), ("fcp", 600_000), ("lcp", 600_000), ("cls", 1_000_000), ("inp", 600_000)];

/// The measurements as properties, in this order; what is not among them, or can't be meant, is read over.
///
/// # Errors
/// When nothing is left.
pub(super) fn of(props: Option<&Value>) -> Result<Vec<(String, String)>, ParseError> {
    let object = fields::object(props).unwrap_or_default();
    let kept: Vec<_> = MEASURES
        .iter()
        .filter_map(|(name, most)| {
            let value = fields::integer(object.get(*name)).filter(|value| (0..=*most).contains(value))?;
            Some(((*name).to_owned(), value.to_string()))
        })
        .collect();
    if kept.is_empty() {
        return Err(ParseError::field(
            "props",
            "a vitals event needs one of ttfb, fcp, lcp, cls, inp as an integer",
        ));
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_five_measurements_are_kept() {
        let kept =
            of(Some(&json!({"inp": 96, "cls": 43, "lcp": "1312", "who": "aigul", "fcp": -1, "ttfb": 1.5})))
                .unwrap();
        let expected = [("lcp", "1312"), ("cls", "43"), ("inp", "96")];
        assert_eq!(kept, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn an_event_without_a_measurement_is_refused() {
        for nothing in
            [json!(null), json!({}), json!({"lcp": 600_001}), json!({"who": 1}), json!("no json"), json!([1])]
        {
            assert_eq!(of(Some(&nothing)).unwrap_err().field, "props", "{nothing}");
        }
        assert!(of(None).is_err());
    }
}
