//! The native dialect: Plausible's events API (`POST /api/event`), with three keys of our own.
//!
//! | key | | meaning |
//! |---|---|---|
//! | `name` | `n` | event name; a number is taken as text |
//! | `url` | `u` | address of the page |
//! | `domain` | `d` | the site's domain; several with commas; the URL's host when missing |
//! | `referrer` | `r` | referrer |
//! | `props`, `meta` | `p`, `m` | properties: an object, or one as a JSON string |
//! | `revenue` | `$` | `{amount, currency}`, or one as a JSON string |
//! | `interactive` | `i` | false: the event does not count against a bounce |
//! | `hashMode` | `h` | 1: the fragment is part of the page's address |
//! | | `sd`, `e` | of an `engagement`: scroll depth in percent, engaged time in ms |
//! | | `v` | version of the tracker; read over |
//! | `screen_width` | `w` | screen width in px, as older clients and ours send it |
//! | | `z`, `o` | ours: IANA time zone, 1 when the visitor opted out |
//! | | `b` | ours, numbered as by GoatCounter: 150 to 153 when the tracker saw that a program drives the browser |
//!
//! An event named `vitals` reports web vitals in its properties (`vitals`): only those are kept, and it is never interactive.
//!
//! Unknown keys are read over. What is malformed is refused with the name of the field, a static sentence and a reason; no
//! error repeats what was sent.

mod body;
pub(super) mod fields;
mod money;
mod vitals;

use events::{Beacon, Engagement, RefuseReason};
use serde_json::{Map, Value};

use crate::page::{Address, LONGEST_URL, without_www};
use body::{Body, Field};

/// Longest event name, in characters.
const LONGEST_NAME: usize = 120;
/// Longest referrer kept, in characters; the rest is cut off.
const LONGEST_REFERRER: usize = 2000;
/// Sites one beacon may name. Plausible has no limit; without one a single request costs thousands of rows.
const MOST_DOMAINS: usize = 20;
/// An engaged time from here on, in ms, cannot be meant: 30 days.
const NO_ENGAGED_MS: u32 = 30 * 24 * 3600 * 1000;
/// Longest time zone name taken; the longest there is has 32.
const LONGEST_TIME_ZONE: usize = 64;
/// What `b` says of a browser that a program drives. Other numbers are read over.
const AUTOMATION: std::ops::RangeInclusive<u8> = 150..=153;
/// Events whose `path` property is the page's path unless the sender gives one.
const WITH_PATH: [&str; 3] = ["404", "WP Form Completions", "Form: Submission"];

/// Why a body is no beacon. Static texts only: nothing of what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct ParseError {
    /// The stable code.
    pub reason: RefuseReason,
    /// The field that is wrong, by its long name; `request` when it is the body as a whole.
    pub field: &'static str,
    /// What is wrong with it, for people.
    pub message: &'static str,
}

impl ParseError {
    /// The body is no JSON object.
    pub(super) const MALFORMED: Self = Self {
        reason: RefuseReason::MalformedBody,
        field: "request",
        message: "the body is not a JSON object",
    };

    pub(super) const fn field(field: &'static str, message: &'static str) -> Self {
        Self { reason: RefuseReason::InvalidField, field, message }
    }
}

/// Reads one beacon.
///
/// # Errors
/// [`RefuseReason::MalformedBody`] when the body is no JSON object, [`RefuseReason::InvalidField`] when a field is missing or
/// cannot be meant.
pub fn parse(body: &[u8]) -> Result<Beacon, ParseError> {
    beacon(serde_json::from_slice(body).map_err(|_| ParseError::MALFORMED)?)
}

/// The beacon of a body that was read already.
///
/// # Errors
/// [`RefuseReason::InvalidField`] when a field is missing or cannot be meant.
pub fn of(body: Map<String, Value>) -> Result<Beacon, ParseError> {
    beacon(body.into())
}

fn beacon(mut body: Body) -> Result<Beacon, ParseError> {
    let name = name(&body)?;
    let url = url(&mut body)?;
    let address = Address::parse(&url).ok_or(ParseError::field("url", "must be a valid url"))?;
    let domains = domains(&body, &address)?;
    let engagement = if name == "engagement" { Some(engagement(&body)?) } else { None };
    let hash_routing = fields::flag(body.get(Field::HashMode));

    let measured = name == vitals::NAME;
    let mut props = if measured {
        fields::Props { kept: vitals::of(body.get(Field::Props))?, has_path: false }
    } else {
        fields::props(body.get(Field::Props))?
    };
    if WITH_PATH.contains(&name.as_str()) && !props.has_path {
        props.kept.insert(0, ("path".to_owned(), address.path_decoded(hash_routing)));
        props.kept.truncate(fields::MOST_PROPS);
    }

    Ok(Beacon {
        domains,
        referrer: referrer(&body),
        props: props.kept,
        revenue: money::revenue(body.get(Field::Revenue)),
        // Not `i || interactive`: that would lose a `false`.
        interactive: !measured && body.get(Field::Interactive).and_then(Value::as_bool).unwrap_or(true),
        hash_routing,
        engagement,
        time_zone: time_zone(&body),
        screen_width: body
            .get(Field::Width)
            .and_then(Value::as_u64)
            .and_then(|width| u32::try_from(width).ok()),
        opted_out: fields::flag(body.get(Field::OptedOut)),
        unattributed: false,
        automation: fields::integer(body.get(Field::Automation))
            .and_then(|b| u8::try_from(b).ok())
            .filter(|b| AUTOMATION.contains(b)),
        name,
        url,
    })
}

fn name(body: &Body) -> Result<String, ParseError> {
    let name = match body.get(Field::Name) {
        None => return Err(ParseError::field("event_name", "can't be blank")),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) if number.is_i64() || number.is_u64() => number.to_string(),
        Some(_) => return Err(ParseError::field("event_name", "is invalid")),
    };
    if name.is_empty() {
        return Err(ParseError::field("event_name", "can't be blank"));
    }
    if name.chars().nth(LONGEST_NAME).is_some() {
        return Err(ParseError::field("event_name", "should be at most 120 character(s)"));
    }
    Ok(name)
}

fn url(body: &mut Body) -> Result<String, ParseError> {
    let url = match body.take(Field::Url) {
        Some(Value::String(url)) => url,
        None => return Err(ParseError::field("url", "is required")),
        Some(_) => return Err(ParseError::field("url", "must be a string")),
    };
    if url.trim().is_empty() {
        return Err(ParseError::field("url", "is required"));
    }
    if url.len() > LONGEST_URL {
        return Err(ParseError::field("url", "must be a valid url"));
    }
    let has_scheme = |scheme: &str| {
        url.trim_start().split_once(':').is_some_and(|(found, _)| found.eq_ignore_ascii_case(scheme))
    };
    // What follows these is content or code, not the address of a page.
    if has_scheme("data") || has_scheme("javascript") || has_scheme("blob") {
        return Err(ParseError::field("url", "scheme is not allowed"));
    }
    Ok(url)
}

fn domains(body: &Body, address: &Address<'_>) -> Result<Vec<String>, ParseError> {
    let list = match body.get(Field::Domain) {
        None => address.host,
        Some(Value::String(list)) => list,
        Some(_) => return Err(ParseError::field("domain", "is invalid")),
    };
    let mut domains: Vec<String> = Vec::with_capacity(1);
    for domain in list.split(',') {
        // A dot at the end names the same host, in whatever alphabet.
        let domain =
            domain.trim_end_matches(|c: char| c.is_whitespace() || ".。．｡".contains(c)).trim_start();
        let domain = crate::rules::ascii_host(without_www(domain)).into_owned();
        // Twice the same site would count the view twice.
        if !domain.is_empty() && !domains.contains(&domain) {
            domains.push(domain);
        }
        if domains.len() > MOST_DOMAINS {
            return Err(ParseError::field("domain", "should name at most 20 sites"));
        }
    }
    if domains.is_empty() { Err(ParseError::field("domain", "can't be blank")) } else { Ok(domains) }
}

fn time_zone(body: &Body) -> Option<String> {
    let zone = body.get(Field::TimeZone)?.as_str()?.trim();
    (1..=LONGEST_TIME_ZONE).contains(&zone.len()).then(|| zone.to_owned())
}

fn referrer(body: &Body) -> Option<String> {
    let referrer = body.get(Field::Referrer)?.as_str()?.trim();
    // No more bytes than that are no more characters either.
    let end = match referrer.len() {
        length @ ..=LONGEST_REFERRER => length,
        length => referrer.char_indices().nth(LONGEST_REFERRER).map_or(length, |(at, _)| at),
    };
    (end > 0).then(|| referrer[..end].to_owned())
}

/// A document without height reports a scroll depth of `null`, which means none.
fn engagement(body: &Body) -> Result<Engagement, ParseError> {
    let scroll_depth =
        fields::integer(body.get(Field::ScrollDepth)).and_then(|percent| u8::try_from(percent.min(100)).ok());
    let engaged_ms = fields::integer(body.get(Field::Engaged))
        .and_then(|ms| u32::try_from(ms).ok())
        .filter(|ms| *ms < NO_ENGAGED_MS);
    if scroll_depth.is_none() && engaged_ms.is_none() {
        return Err(ParseError::field(
            "event_name",
            "engagement event requires a valid integer value for at least one of 'sd' or 'e' fields",
        ));
    }
    Ok(Engagement { scroll_depth, engaged_ms })
}

#[cfg(test)]
mod tests;
