//! A beacon as a tracker sent it, before anything was decided about it.
//!
//! Each dialect (the native one is Plausible's events API) is one parser that turns bytes into this. It holds what the
//! visitor's browser said and lives for one request: nothing here is stored as it stands.

/// A beacon as received. Holds raw URLs, so it has no `Debug` and no `Serialize`.
pub struct Beacon {
    /// Event name: `pageview`, `engagement`, or a custom event's. 1 to 120 characters.
    pub name: String,
    /// The page's address as the browser gave it, query and fragment included.
    pub url: String,
    /// Domains of the sites this beacon is for, lower case, without `www.`; at least one.
    pub domains: Vec<String>,
    /// The referrer as the browser gave it; at most 2,000 characters.
    pub referrer: Option<String>,
    /// Custom properties: at most 30, keys at most 300 bytes, values at most 2,000.
    pub props: Vec<(String, String)>,
    /// Revenue of a custom event.
    pub revenue: Option<Revenue>,
    /// Whether a custom event counts against a bounce. Default true.
    pub interactive: bool,
    /// Whether the fragment is part of the page's address (hash routing).
    pub hash_routing: bool,
    /// What an `engagement` event reports; `None` for every other event.
    pub engagement: Option<Engagement>,
    /// IANA time zone the browser reports; decides the country where no database does.
    pub time_zone: Option<String>,
    /// Width of the screen in CSS pixels, folded into a class before it is stored.
    pub screen_width: Option<u32>,
    /// The page saw `globalPrivacyControl` or `doNotTrack`.
    pub opted_out: bool,
    /// A server reports it without saying for whom: it is counted as a tally, whatever the site does with opt-outs.
    pub unattributed: bool,
    /// What the tracker saw of a program that drives the browser, as GoatCounter numbers it: 150 PhantomJS, 151 Nightmare, 152
    /// Selenium, 153 `navigator.webdriver`.
    pub automation: Option<u8>,
}

/// What an `engagement` event reports about the page it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Engagement {
    /// Furthest point seen, in percent of the page's height, 0 to 100.
    pub scroll_depth: Option<u8>,
    /// Time the page was visible and focused since the last report, in milliseconds.
    pub engaged_ms: Option<u32>,
}

/// An amount of money attached to a custom event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revenue {
    /// Thousandths of the currency's unit.
    pub amount_milli: i64,
    /// ISO 4217 code, three capital letters.
    pub currency: [u8; 3],
}
