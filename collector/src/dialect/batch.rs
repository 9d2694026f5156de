//! A batch from a server: a JSON array, or one JSON object per line.
//!
//! Each item is a native beacon ([`super::native`]) with three keys more, which are believed because a site key came along:
//!
//! | key | meaning |
//! |---|---|
//! | `address`, `ip` | the visitor's address; the server's own when missing |
//! | `agent`, `user_agent` | the visitor's `User-Agent`; the server's own when missing |
//! | `time`, `timestamp` | when it happened: Unix seconds or RFC 3339; now when missing |

use events::{Beacon, RefuseReason};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::native::{self, ParseError, fields};
use crate::address::ClientAddress;

/// Items a batch may have.
pub const MOST_ITEMS: usize = 500;

/// One item: a beacon, and what the server says of its visitor.
pub struct Item {
    /// The beacon.
    pub beacon: Beacon,
    /// The visitor's address, if told.
    pub address: Option<ClientAddress>,
    /// The visitor's agent, if told.
    pub agent: Option<String>,
    /// When it happened, if told.
    pub time: Option<Timestamp>,
}

/// Reads a batch for the site of this domain, which items need not repeat.
///
/// # Errors
/// When the whole is no batch. What is wrong with one item is that item's error.
pub fn parse(body: &[u8], domain: &str) -> Result<Vec<Result<Item, ParseError>>, ParseError> {
    let items: Vec<Result<Value, ParseError>> = if body.trim_ascii_start().starts_with(b"[") {
        let items: Vec<Value> = serde_json::from_slice(body).map_err(|_| ParseError {
            message: "the body is neither a JSON array nor JSON lines",
            ..ParseError::MALFORMED
        })?;
        items.into_iter().map(Ok).collect()
    } else {
        let lines = body.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
        // One more than may be is enough to know.
        lines
            .take(MOST_ITEMS + 1)
            .map(|line| serde_json::from_slice(line).map_err(|_| ParseError::MALFORMED))
            .collect()
    };
    counted(items.len())?;
    Ok(items.into_iter().map(|item| self::item(item?, domain)).collect())
}

/// Whether a batch may have so many items.
pub(super) fn counted(items: usize) -> Result<(), ParseError> {
    match items {
        0 => Err(ParseError { message: "the batch is empty", ..ParseError::MALFORMED }),
        1..=MOST_ITEMS => Ok(()),
        _ => Err(ParseError {
            reason: RefuseReason::TooManyItems,
            field: "request",
            message: "a batch has at most 500 items",
        }),
    }
}

fn item(item: Value, domain: &str) -> Result<Item, ParseError> {
    let Value::Object(mut body) = item else { return Err(ParseError::MALFORMED) };
    let address = match fields::first(&body, &["address", "ip"]) {
        None => None,
        Some(address) => Some(self::address(address)?),
    };
    let agent = match fields::first(&body, &["agent", "user_agent"]) {
        None => None,
        Some(Value::String(agent)) => Some(agent.clone()),
        Some(_) => return Err(ParseError::field("agent", "must be a string")),
    };
    let time = match fields::first(&body, &["time", "timestamp"]) {
        None => None,
        Some(time) => Some(self::time(time)?),
    };
    if fields::first(&body, &["d", "domain"]).is_none() {
        body.insert("d".to_owned(), Value::String(domain.to_owned()));
    }
    Ok(Item { beacon: native::of(body)?, address, agent, time })
}

pub(super) fn address(value: &Value) -> Result<ClientAddress, ParseError> {
    let address = value.as_str().and_then(|text| ClientAddress::parse(text.trim()));
    address.ok_or(ParseError::field("address", "must be an IP address"))
}

pub(super) fn time(value: &Value) -> Result<Timestamp, ParseError> {
    let time = match value {
        Value::Number(number) => number.as_i64().and_then(|seconds| Timestamp::from_second(seconds).ok()),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    time.ok_or(ParseError::field("time", "must be Unix seconds or a time such as 2026-11-22T12:00:00+05:00"))
}

/// An object of these texts, for dialects that translate.
pub(super) fn object<const N: usize>(pairs: [(&str, Option<String>); N]) -> Map<String, Value> {
    pairs.into_iter().filter_map(|(key, value)| Some((key.to_owned(), Value::String(value?)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(body: &str) -> Vec<Result<Item, ParseError>> {
        parse(body.as_bytes(), "example.kz").unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn an_array_and_lines_say_the_same() {
        let one = r#"{"n":"pageview","u":"https://example.kz/a","ip":"203.0.113.9","agent":"A/1","time":1795348800}"#;
        let two =
            r#"{"n":"Buy","u":"https://example.kz/b","d":"other.kz","time":"2026-11-22T12:00:00+05:00"}"#;
        for body in [format!("[{one},{two}]"), format!("{one}\n\r\n  {two}\n")] {
            let items: Vec<Item> =
                items(&body).into_iter().map(|item| item.unwrap_or_else(|e| panic!("{e}"))).collect();
            assert_eq!(items.len(), 2);
            assert_eq!(
                (items[0].beacon.domains[0].as_str(), items[0].agent.as_deref()),
                ("example.kz", Some("A/1"))
            );
            assert!(items[0].address.is_some() && items[1].address.is_none());
            assert_eq!(items[0].time.unwrap().as_second(), 1_795_348_800);
            assert_eq!(items[1].time.unwrap().to_string(), "2026-11-22T07:00:00Z");
            assert_eq!(items[1].beacon.domains, ["other.kz"]);
        }
    }

    #[test]
    fn one_bad_item_is_its_own_fault() {
        let bad = [
            (r#"{"u":"https://example.kz/"}"#, "event_name"),
            (r#"{"n":"a","u":"https://example.kz/","ip":"not one"}"#, "address"),
            (r#"{"n":"a","u":"https://example.kz/","time":"yesterday"}"#, "time"),
            (r#"{"n":"a","u":"https://example.kz/","agent":7}"#, "agent"),
            ("7", "request"),
        ];
        for (line, field) in bad {
            let items = items(&format!("{line}\n{{\"n\":\"ok\",\"u\":\"https://example.kz/\"}}"));
            assert!(matches!(&items[0], Err(error) if error.field == field), "{line}");
            assert!(items[1].is_ok());
        }
    }

    #[test]
    fn a_batch_has_one_to_five_hundred_items() {
        let line = "{\"n\":\"a\",\"u\":\"https://example.kz/\"}\n";
        let reason = |body: &str| parse(body.as_bytes(), "example.kz").err().map(|error| error.reason);
        assert_eq!(reason(""), Some(RefuseReason::MalformedBody));
        assert_eq!(reason("[]"), Some(RefuseReason::MalformedBody));
        assert_eq!(reason("[1,"), Some(RefuseReason::MalformedBody));
        assert_eq!(reason(&line.repeat(500)), None);
        assert_eq!(reason(&line.repeat(501)), Some(RefuseReason::TooManyItems));
    }
}
