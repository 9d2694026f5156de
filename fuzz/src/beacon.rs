//! The native dialect: what is accepted is within its limits, and means the same when it is written and read again.

use collector::dialect::native::{self, ParseError};
use collector::page::{Address, LONGEST_URL};
use events::Beacon;
use serde_json::{Map, Value, json};

/// Any bytes as a body.
pub fn run(bytes: &[u8]) {
    match native::parse(bytes) {
        Ok(beacon) => {
            within_limits(&beacon);
            let again = native::parse(written(&beacon).to_string().as_bytes());
            let again = again.unwrap_or_else(|error| unreadable(&error));
            same(&beacon, &again);
        }
        Err(error) => told(&error),
    }
}

/// What every dialect promises of a beacon.
pub(crate) fn within_limits(beacon: &Beacon) {
    let Beacon { name, url, domains, referrer, props, engagement, time_zone, .. } = beacon;
    assert!((1..=120).contains(&name.chars().count()), "length of the name");
    assert!(url.len() <= LONGEST_URL && Address::parse(url).is_some(), "the address of the page is one");
    assert!((1..=20).contains(&domains.len()), "number of domains");
    for (at, domain) in domains.iter().enumerate() {
        assert!(!domain.is_empty() && !domain.contains(','), "a domain is one");
        assert!(!domains[..at].contains(domain), "no site twice");
    }
    assert!(
        referrer.as_ref().is_none_or(|text| (1..=2000).contains(&text.chars().count())),
        "length of the referrer"
    );
    assert!(props.len() <= 30, "number of properties");
    // The path of the page, which some events get, is as long as an address may be.
    assert!(
        props.iter().all(|(name, value)| name.len() <= 300 && value.len() <= 3 * LONGEST_URL),
        "length of properties"
    );
    assert_eq!(engagement.is_some(), name == "engagement");
    assert!(
        engagement.is_none_or(|e| e.scroll_depth.is_none_or(|depth| depth <= 100)),
        "a scroll depth is a percentage"
    );
    assert!(time_zone.as_ref().is_none_or(|zone| zone.len() <= 64), "length of the time zone");
}

/// A refusal names a field and says what is wrong.
pub(crate) fn told(error: &ParseError) {
    assert!(!error.field.is_empty() && !error.message.is_empty());
}

fn unreadable(error: &ParseError) -> Beacon {
    unreachable!("what was accepted is refused when written anew: {error}")
}

/// A beacon in its own dialect.
fn written(beacon: &Beacon) -> Value {
    // One `www.` is taken off each domain.
    let domains: Vec<String> = beacon.domains.iter().map(|domain| format!("www.{domain}")).collect();
    let props: Map<String, Value> =
        beacon.props.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    let mut body = json!({
        "n": beacon.name,
        "u": beacon.url,
        "d": domains.join(","),
        "r": beacon.referrer,
        "p": props,
        "i": beacon.interactive,
        "h": u8::from(beacon.hash_routing),
        "z": beacon.time_zone,
        "w": beacon.screen_width,
        "o": u8::from(beacon.opted_out),
    });
    if let Some(engagement) = beacon.engagement {
        body["sd"] = json!(engagement.scroll_depth);
        body["e"] = json!(engagement.engaged_ms);
    }
    if let Some(revenue) = &beacon.revenue {
        let sign = if revenue.amount_milli < 0 { "-" } else { "" };
        let milli = revenue.amount_milli.unsigned_abs();
        let currency = String::from_utf8_lossy(&revenue.currency);
        body["$"] =
            json!({ "amount": format!("{sign}{}.{:03}", milli / 1000, milli % 1000), "currency": currency });
    }
    body
}

fn same(one: &Beacon, other: &Beacon) {
    // Cut off in the middle of white space, a referrer loses that the next time.
    let referrer = |beacon: &Beacon| beacon.referrer.as_ref().map(|text| text.trim_end().to_owned());
    assert_eq!((&one.name, &one.url, &one.domains), (&other.name, &other.url, &other.domains));
    assert_eq!(referrer(one), referrer(other));
    assert_eq!((&one.props, &one.revenue), (&other.props, &other.revenue));
    assert_eq!((one.interactive, one.hash_routing), (other.interactive, other.hash_routing));
    assert_eq!((one.engagement, &one.time_zone), (other.engagement, &other.time_zone));
    assert_eq!((one.screen_width, one.opted_out), (other.screen_width, other.opted_out));
}
