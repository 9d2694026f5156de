//! Umami's tracker and clients: `POST /api/send` with `{"type", "payload"}`, `POST /api/batch` with an array of them.
//!
//! Page views and named events become beacons. What Umami's trackers report besides (who a visitor says to be, how fast the page
//! was; titles, tags, ids, a stated address, agent or time) is not what statistics of visits are for, or can't be believed
//! without a key: `identify` and `performance` are dropped as not covered, the rest is read over.

use events::Beacon;
use serde_json::{Map, Value};

use super::batch::object;
use super::native::{self, ParseError, fields};

/// What was sent.
pub enum Sent {
    /// A page view or a named event.
    Beacon(Beacon),
    /// Something that is not kept, for the site of this domain.
    NotCovered(String),
}

/// Reads one body. `domain_of` gives the domain of a website's id, if a site has that id.
///
/// # Errors
/// When it is no JSON object, or a field is missing or cannot be meant.
pub fn parse(body: &[u8], domain_of: impl Fn(&str) -> Option<String>) -> Result<Sent, ParseError> {
    of(serde_json::from_slice(body).map_err(|_| ParseError::MALFORMED)?, domain_of)
}

/// Reads the items of a batch.
///
/// # Errors
/// When it is no JSON array, or has too many items.
pub fn parse_batch(
    body: &[u8],
    domain_of: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Result<Sent, ParseError>>, ParseError> {
    let items: Vec<Value> = serde_json::from_slice(body)
        .map_err(|_| ParseError { message: "the body is not a JSON array", ..ParseError::MALFORMED })?;
    super::batch::counted(items.len())?;
    Ok(items.into_iter().map(|item| of(item, &domain_of)).collect())
}

fn of(body: Value, domain_of: impl Fn(&str) -> Option<String>) -> Result<Sent, ParseError> {
    let payload = body.get("payload").and_then(Value::as_object);
    let payload = payload.ok_or(ParseError::field("payload", "is required"))?;
    let website = fields::text(payload, "website").ok_or(ParseError::field("website", "is required"))?;
    let website = website.to_lowercase();
    // One that no site has stays as it is: no site has that domain either.
    let domain = domain_of(&website).unwrap_or(website);
    match body.get("type").and_then(Value::as_str) {
        Some("event") => beacon(payload, domain).map(Sent::Beacon),
        Some("identify" | "performance") => Ok(Sent::NotCovered(domain)),
        _ => Err(ParseError::field("type", "is invalid")),
    }
}

fn beacon(payload: &Map<String, Value>, domain: String) -> Result<Beacon, ParseError> {
    let text = |key| fields::text(payload, key).map(str::to_owned);
    let host = text("hostname").unwrap_or_else(|| domain.clone());
    let name = text("name").unwrap_or_else(|| "pageview".to_owned());
    let referrer = text("referrer").map(|referrer| absolute(&host, referrer));
    let mut body = object([
        ("n", Some(name)),
        // Clients on servers name an event without a page.
        ("u", Some(absolute(&host, text("url").unwrap_or_else(|| "/".to_owned())))),
        ("d", Some(domain)),
        ("r", referrer),
    ]);
    if let Some(data) = payload.get("data") {
        body.insert("p".to_owned(), data.clone());
    }
    let width =
        fields::text(payload, "screen").and_then(|screen| screen.split('x').next()?.parse::<u32>().ok());
    if let Some(width) = width {
        body.insert("w".to_owned(), width.into());
    }
    native::of(body)
}

/// Umami's tracker sends paths, its newer versions whole addresses.
fn absolute(host: &str, url: String) -> String {
    if url.starts_with('/') && !url.starts_with("//") { format!("https://{host}{url}") } else { url }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ID: &str = "94db1cb1-74f4-4a40-ad6c-962362670409";

    fn sent(body: &Value) -> Result<Sent, ParseError> {
        parse(body.to_string().as_bytes(), |id| (id == ID).then(|| "example.kz".to_owned()))
    }

    #[test]
    fn a_view_and_an_event_become_beacons_without_what_is_not_covered() {
        let payload = json!({"website": ID.to_uppercase(), "screen": "1920x1080", "language": "kk-KZ", "title": "SECRET",
            "hostname": "example.kz", "url": "/kk/bet?utm_source=tg", "referrer": "https://t.me/x", "ip": "203.0.113.9",
            "id": "SECRET", "tag": "SECRET", "userAgent": "SECRET"});
        let Ok(Sent::Beacon(view)) = sent(&json!({"type": "event", "payload": payload})) else {
            panic!("a beacon")
        };
        assert_eq!(
            (view.name.as_str(), view.url.as_str()),
            ("pageview", "https://example.kz/kk/bet?utm_source=tg")
        );
        assert_eq!((view.domains[0].as_str(), view.screen_width), ("example.kz", Some(1920)));
        assert_eq!((view.referrer.as_deref(), view.props.len()), (Some("https://t.me/x"), 0));

        let payload = json!({"website": ID, "hostname": "example.kz", "url": "https://example.kz/a", "name": "Signup",
            "data": {"plan": "pro", "n": 3, "deep": {"x": 1}}});
        let Ok(Sent::Beacon(event)) = sent(&json!({"type": "event", "payload": payload})) else {
            panic!("a beacon")
        };
        assert_eq!((event.name.as_str(), event.url.as_str()), ("Signup", "https://example.kz/a"));
        assert_eq!(event.props, [("plan".to_owned(), "pro".to_owned()), ("n".to_owned(), "3".to_owned())]);
    }

    #[test]
    fn who_somebody_is_and_how_fast_their_machine_was_is_not_taken() {
        for kind in ["identify", "performance"] {
            let body = json!({"type": kind, "payload": {"website": ID, "id": "SECRET", "lcp": 1200}});
            assert!(matches!(sent(&body), Ok(Sent::NotCovered(domain)) if domain == "example.kz"), "{kind}");
        }
    }

    #[test]
    fn a_body_that_can_not_be_meant_names_its_field() {
        for (body, field) in [
            (json!({"type": "event"}), "payload"),
            (json!({"type": "event", "payload": {"url": "/"}}), "website"),
            (json!({"type": "event", "payload": {"website": ID, "url": "not a url"}}), "url"),
            (json!({"type": "other", "payload": {"website": ID, "url": "/"}}), "type"),
            (json!([]), "payload"),
        ] {
            assert!(matches!(sent(&body), Err(error) if error.field == field), "{body}");
        }
        assert!(parse(b"{", |_| None).is_err());
        assert_eq!(parse_batch(b"[1,{}]", |_| None).map(|items| items.len()).ok(), Some(2));
    }
}
