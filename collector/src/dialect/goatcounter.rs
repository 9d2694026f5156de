//! GoatCounter's script and API: `/count?p=…` by `GET` or `POST`, and `POST /api/v0/count` with up to 500 hits.
//!
//! | parameter | hit | becomes |
//! |---|---|---|
//! | `p` | `path` | the page's path; of an event, its name |
//! | `e` | `event` | whether it is an event |
//! | `r` | `ref` | referrer |
//! | `q` | `query` | the page's query |
//! | `s` | `size` | width of the screen |
//! | `b` | `bot` | 150 and more: the script saw a machine |
//! | `t` | `title` | read over |
//! | | `ip`, `user_agent`, `created_at` | believed, as a key came along |
//! | | `no_sessions`, `session` | counted as a tally: without an address there is no visitor to count |

use events::{Beacon, RefuseReason};
use serde_json::{Map, Value};

use super::batch::{self, Item, object};
use super::native::{self, ParseError, fields};
use super::query;

/// Longest path GoatCounter takes, in bytes.
const LONGEST_PATH: usize = 2048;

/// What a script sent.
pub enum Sent {
    /// A page view or an event.
    Beacon(Box<Beacon>),
    /// The script runs in a machine, it says; for the site of this domain.
    Bot,
}

/// Reads one request of the script for the site of this domain. `host` is the host of the page, as far as it is known.
///
/// # Errors
/// When a parameter is missing or cannot be meant.
pub fn parse(query: &str, domain: &str, host: &str) -> Result<Sent, ParseError> {
    let path = query::value(query, &["p"]).ok_or(ParseError::field("p", "is required"))?;
    match query::value(query, &["b"]).map(|bot| bot.parse::<u32>()) {
        None | Some(Ok(0)) => {}
        Some(Ok(150..)) => return Ok(Sent::Bot),
        Some(_) => return Err(ParseError::field("b", "is invalid")),
    }
    let hit = Hit {
        path,
        is_event: query::value(query, &["e"]).is_some_and(|e| matches!(e.as_str(), "true" | "1" | "on")),
        referrer: query::value(query, &["r"]),
        query: query::value(query, &["q"]),
        width: query::value(query, &["s"]).and_then(|size| width(&size)),
    };
    hit.beacon(domain, host).map(|beacon| Sent::Beacon(Box::new(beacon)))
}

/// Reads the hits of the API for the site of this domain.
///
/// # Errors
/// When the whole is not what the API takes. What is wrong with one hit is that hit's error.
pub fn parse_hits(body: &[u8], domain: &str) -> Result<Vec<Result<Item, ParseError>>, ParseError> {
    let body: Map<String, Value> = serde_json::from_slice(body).map_err(|_| ParseError::MALFORMED)?;
    let hits = body.get("hits").and_then(Value::as_array).ok_or(ParseError::field("hits", "is required"))?;
    batch::counted(hits.len())?;
    let no_sessions = fields::flag(body.get("no_sessions"));
    Ok(hits.iter().map(|hit| item(hit, domain, no_sessions)).collect())
}

fn item(hit: &Value, domain: &str, no_sessions: bool) -> Result<Item, ParseError> {
    let Value::Object(body) = hit else { return Err(ParseError::MALFORMED) };
    let text = |key| fields::text(body, key).map(str::to_owned);
    let address = body.get("ip").filter(|ip| !ip.is_null() && ip.as_str() != Some(""));
    let address = address.map(batch::address).transpose()?;
    let time = body.get("created_at").filter(|time| !time.is_null()).map(batch::time).transpose()?;
    let size = match body.get("size") {
        Some(Value::String(size)) => width(size),
        Some(Value::Array(sizes)) => {
            sizes.first().and_then(Value::as_u64).and_then(|w| u32::try_from(w).ok())
        }
        _ => None,
    };
    let hit = Hit {
        path: text("path").ok_or(ParseError::field("path", "is required"))?,
        is_event: fields::flag(body.get("event")),
        referrer: text("ref"),
        query: text("query"),
        width: size,
    };
    let mut beacon = hit.beacon(domain, domain)?;
    // Whom to count is not said, or not to be asked: the server's own address would stand for everybody.
    beacon.unattributed = no_sessions || address.is_none();
    Ok(Item { beacon, address, agent: text("user_agent"), time })
}

struct Hit {
    path: String,
    is_event: bool,
    referrer: Option<String>,
    query: Option<String>,
    width: Option<u32>,
}

impl Hit {
    fn beacon(self, domain: &str, host: &str) -> Result<Beacon, ParseError> {
        if self.path.len() > LONGEST_PATH {
            return Err(ParseError {
                reason: RefuseReason::InvalidField,
                field: "p",
                message: "is too long",
            });
        }
        let (name, path) = if self.is_event {
            (self.path, "/".to_owned())
        } else {
            let slash = if self.path.starts_with('/') { "" } else { "/" };
            ("pageview".to_owned(), format!("{slash}{}", self.path))
        };
        // The script's paths have the query with them, and it is told again.
        let query = self
            .query
            .filter(|_| !path.contains('?'))
            .map_or_else(String::new, |query| format!("?{}", query.trim_start_matches('?')));
        let mut body = object([
            ("n", Some(name)),
            ("u", Some(format!("https://{host}{path}{query}"))),
            ("d", Some(domain.to_owned())),
            ("r", self.referrer),
        ]);
        if let Some(width) = self.width {
            body.insert("w".to_owned(), width.into());
        }
        native::of(body)
    }
}

/// The width in `1920,1080,1`.
fn width(size: &str) -> Option<u32> {
    size.split(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn beacon(query: &str) -> Beacon {
        match parse(query, "example.kz", "example.kz") {
            Ok(Sent::Beacon(beacon)) => *beacon,
            _ => panic!("no beacon: {query}"),
        }
    }

    #[test]
    fn a_view_and_an_event_become_beacons() {
        let view = beacon(
            "p=%2Fkk%2Fbet&t=SECRET&r=https%3A%2F%2Ft.me%2Fx&s=390,844,3&q=%3Futm_source%3Dtg&rnd=abc&b=0&e=false",
        );
        assert_eq!(
            (view.name.as_str(), view.url.as_str()),
            ("pageview", "https://example.kz/kk/bet?utm_source=tg")
        );
        assert_eq!((view.referrer.as_deref(), view.screen_width), (Some("https://t.me/x"), Some(390)));
        let twice = beacon("p=%2Fa%3Futm_source%3Dtg&q=%3Futm_source%3Dtg");
        assert_eq!(twice.url, "https://example.kz/a?utm_source=tg");
        let event = beacon("p=Sign+up&e=true");
        assert_eq!((event.name.as_str(), event.url.as_str()), ("Sign up", "https://example.kz/"));
    }

    #[test]
    fn machines_are_told_apart_and_nonsense_is_refused() {
        assert!(matches!(parse("p=/&b=150", "a.kz", "a.kz"), Ok(Sent::Bot)));
        for (query, field) in [("", "p"), ("p=/&b=7", "b"), ("p=/&b=x", "b")] {
            assert!(matches!(parse(query, "a.kz", "a.kz"), Err(error) if error.field == field), "{query}");
        }
        let long = format!("p=/{}", "a".repeat(2048));
        assert!(matches!(parse(&long, "a.kz", "a.kz"), Err(error) if error.field == "p"));
    }

    #[test]
    fn hits_of_the_api_carry_whom_to_count_or_are_tallied() {
        let body = json!({"hits": [
            {"path": "/a", "ip": "203.0.113.9", "user_agent": "A/1", "created_at": "2026-11-22T12:00:00Z", "size": [390, 844, 3]},
            {"path": "Buy", "event": true, "session": "SECRET"},
            {"title": "no path"},
        ]});
        let hits =
            parse_hits(body.to_string().as_bytes(), "example.kz").unwrap_or_else(|error| panic!("{error}"));
        let first = hits[0].as_ref().unwrap_or_else(|error| panic!("{error}"));
        assert!(first.address.is_some() && first.time.is_some() && !first.beacon.unattributed);
        assert_eq!((first.agent.as_deref(), first.beacon.screen_width), (Some("A/1"), Some(390)));
        let second = hits[1].as_ref().unwrap_or_else(|error| panic!("{error}"));
        assert!(second.beacon.unattributed && second.beacon.name == "Buy");
        assert!(matches!(&hits[2], Err(error) if error.field == "path"));
        let none = json!({"no_sessions": true, "hits": [{"path": "/a", "ip": "203.0.113.9"}]}).to_string();
        let none = parse_hits(none.as_bytes(), "example.kz").unwrap_or_else(|error| panic!("{error}"));
        assert!(none[0].as_ref().is_ok_and(|item| item.beacon.unattributed));
        assert!(parse_hits(b"{}", "example.kz").is_err());
    }
}
