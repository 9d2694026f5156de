//! The event as stored while its day is open, and its RowBinary encoding.
//!
//! The journal keeps the very bytes that will be sent, so that a retry is identical under the same deduplication token.
//! [`columns!`] names each column once: the struct, the column list of the INSERT and the encoding come from it, and the
//! aggregator compares [`COLUMNS`] with the real table at start. PRIVACY.md says of each what it is for.

use jiff::civil::{Date, date};

use crate::{Channel, SiteId, VisitorTag};

/// What kind of device showed the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(i8)]
pub enum Device {
    /// The agent did not say.
    #[default]
    Unknown = 0,
    /// A computer.
    Desktop = 1,
    /// A phone.
    Mobile = 2,
    /// A tablet.
    Tablet = 3,
    /// A television.
    Tv = 4,
}

/// `scroll_depth` of an event that reports none.
pub const NO_SCROLL_DEPTH: u8 = 255;

/// How a field becomes RowBinary. <https://clickhouse.com/docs/interfaces/formats/RowBinary>
pub(crate) trait Encode {
    fn encode(&self, out: &mut Vec<u8>);
}

/// A column's value for people to read.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown<'a> {
    /// Text, a date, or the name of a class.
    Text(std::borrow::Cow<'a, str>),
    /// A number; instants as Unix seconds.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// Names and values.
    Pairs(&'a [(String, String)]),
}

/// How a field reads. `None` for what nobody is to read.
trait Show {
    fn show(&self) -> Option<Shown<'_>>;
}

macro_rules! columns {
    ($($(#[$doc:meta])* $field:ident : $rust:ty => $sql:literal,)+) => {
        /// One event of an open day. The journal adds the last column, `sequence`, when it takes the row.
        #[derive(Clone, Debug, PartialEq)]
        pub struct EventRow { $($(#[$doc])* pub $field: $rust,)+ }

        /// Name and ClickHouse type of each column, in the order of the encoding; `sequence`, which the journal appends, is last.
        pub const COLUMNS: &[(&str, &str)] = &[$((stringify!($field), $sql),)+ ("sequence", "UInt64")];

        impl EventRow {
            /// Appends the row in RowBinary without its last column: the journal adds `sequence` (UInt64, little endian).
            pub fn encode(&self, out: &mut Vec<u8>) {
                $(self.$field.encode(out);)+
            }

            /// Tells `tell` the name and the value of each column, as somebody may read what is kept of their own visit.
            /// The tag is left out.
            pub fn show<'a>(&'a self, mut tell: impl FnMut(&'static str, Shown<'a>)) {
                $(if let Some(shown) = self.$field.show() { tell(stringify!($field), shown); })+
            }
        }
    };
}

columns! {
    /// Whose event it is.
    site: SiteId => "UInt32",
    /// The site's local day.
    day: Date => "Date",
    /// The UTC instant at which that day ends, in Unix seconds.
    closes_at: UnixSeconds => "DateTime('UTC')",
    /// The day's pseudonym; none for a visitor who opted out (0 in the table).
    tag: Option<VisitorTag> => "UInt64",
    /// When the beacon arrived, in Unix seconds: finer times are a fingerprint.
    time: UnixSeconds => "DateTime('UTC')",
    /// `pageview`, `engagement` or the name of a custom event.
    name: String => "LowCardinality(String)",
    /// Host of the page, without `www.`.
    host: String => "LowCardinality(String)",
    /// Path of the page, without query; with the fragment where the site uses hash routing.
    path: String => "String",
    /// Where the visitor came from: a known name (`Telegram`) or the referrer's host; empty when direct.
    source: String => "LowCardinality(String)",
    /// By which way the visitor came: the code of a [`Channel`].
    channel: Channel => "LowCardinality(String)",
    /// Host of the referrer, without `www.`; empty when there is none or it is the page's own.
    referrer_host: String => "LowCardinality(String)",
    /// Path of the referrer; empty for search engines, social networks and opt-outs.
    referrer_path: String => "String",
    /// `utm_source` of the page's address.
    utm_source: String => "LowCardinality(String)",
    /// `utm_medium` of the page's address.
    utm_medium: String => "LowCardinality(String)",
    /// `utm_campaign` of the page's address.
    utm_campaign: String => "LowCardinality(String)",
    /// `utm_content` of the page's address.
    utm_content: String => "LowCardinality(String)",
    /// `utm_term` of the page's address.
    utm_term: String => "LowCardinality(String)",
    /// Name of the click-id parameter seen (`gclid`), never its value.
    click_id: String => "LowCardinality(String)",
    /// ISO 3166-1 alpha-2 code; empty when unknown.
    country: String => "LowCardinality(String)",
    /// ISO 3166-2 code; empty unless the operator asks for regions, and for opt-outs.
    region: String => "LowCardinality(String)",
    /// Browser family; empty when unknown.
    browser: String => "LowCardinality(String)",
    /// Major version of the browser.
    browser_version: String => "LowCardinality(String)",
    /// Operating system; empty when unknown.
    os: String => "LowCardinality(String)",
    /// Version of the operating system, major and minor at most.
    os_version: String => "LowCardinality(String)",
    /// Kind of device.
    device: Device => "Enum8('Unknown' = 0, 'Desktop' = 1, 'Mobile' = 2, 'Tablet' = 3, 'TV' = 4)",
    /// Width class of the screen (`xs` to `xl`); empty when the tracker did not say.
    screen: String => "LowCardinality(String)",
    /// Primary language of the browser (`kk`), without region; empty when unknown.
    language: String => "LowCardinality(String)",
    /// Whether the event counts against a bounce.
    interactive: bool => "Bool",
    /// Time visible and focused that an engagement event reports, in milliseconds.
    engaged_ms: u32 => "UInt32",
    /// Furthest point seen in percent; [`NO_SCROLL_DEPTH`] for none.
    scroll_depth: u8 => "UInt8",
    /// Revenue in thousandths of `currency`.
    revenue_milli: i64 => "Int64",
    /// ISO 4217 code; empty when there is no revenue.
    currency: String => "LowCardinality(String)",
    /// Custom properties, at most 30.
    props: Vec<(String, String)> => "Map(LowCardinality(String), String)",
    /// Which collector took it.
    collector: u16 => "UInt16",
}

/// Seconds since 1970 in UTC, as a `DateTime` column holds them (until 2106).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixSeconds(u32);

impl UnixSeconds {
    /// From signed seconds, clamped to what the column can hold.
    #[must_use]
    pub fn new(seconds: i64) -> Self {
        Self(u32::try_from(seconds.max(0)).unwrap_or(u32::MAX))
    }

    /// As signed seconds.
    #[must_use]
    pub fn get(self) -> i64 {
        i64::from(self.0)
    }
}

impl Encode for UnixSeconds {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_le_bytes());
    }
}

impl Encode for SiteId {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_le_bytes());
    }
}

impl Encode for Option<VisitorTag> {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.map_or(0, VisitorTag::bits).to_le_bytes());
    }
}

impl Encode for Date {
    /// Days since 1970, clamped to what the column can hold (1970 to 2149).
    fn encode(&self, out: &mut Vec<u8>) {
        let days = self.duration_since(date(1970, 1, 1)).as_hours() / 24;
        out.extend_from_slice(&u16::try_from(days.max(0)).unwrap_or(u16::MAX).to_le_bytes());
    }
}

impl Encode for Device {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(*self as i8).to_le_bytes());
    }
}

impl Encode for Channel {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_length(self.code().len(), out);
        out.extend_from_slice(self.code().as_bytes());
    }
}

impl Encode for bool {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

impl Encode for u8 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }
}

impl Encode for u16 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }
}

impl Encode for u32 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }
}

impl Encode for i64 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }
}

impl Encode for String {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_length(self.len(), out);
        out.extend_from_slice(self.as_bytes());
    }
}

impl Encode for Vec<(String, String)> {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_length(self.len(), out);
        for (key, value) in self {
            key.encode(out);
            value.encode(out);
        }
    }
}

macro_rules! shown_as_number {
    ($($rust:ty: $get:expr,)+) => {$(
        impl Show for $rust {
            fn show(&self) -> Option<Shown<'_>> {
                let get: fn(&$rust) -> i64 = $get;
                Some(Shown::Number(get(self)))
            }
        }
    )+};
}

shown_as_number! {
    UnixSeconds: |at| at.get(),
    SiteId: |site| i64::from(site.0),
    u8: |n| i64::from(*n),
    u16: |n| i64::from(*n),
    u32: |n| i64::from(*n),
    i64: |n| *n,
}

impl Show for Option<VisitorTag> {
    fn show(&self) -> Option<Shown<'_>> {
        None
    }
}

impl Show for Date {
    fn show(&self) -> Option<Shown<'_>> {
        Some(Shown::Text(self.to_string().into()))
    }
}

impl Show for Device {
    fn show(&self) -> Option<Shown<'_>> {
        Some(Shown::Text(format!("{self:?}").into()))
    }
}

impl Show for Channel {
    fn show(&self) -> Option<Shown<'_>> {
        Some(Shown::Text(self.code().into()))
    }
}

impl Show for bool {
    fn show(&self) -> Option<Shown<'_>> {
        Some(Shown::Flag(*self))
    }
}

impl Show for String {
    fn show(&self) -> Option<Shown<'_>> {
        Some(Shown::Text(self.as_str().into()))
    }
}

impl Show for Vec<(String, String)> {
    fn show(&self) -> Option<Shown<'_>> {
        Some(Shown::Pairs(self))
    }
}

/// Unsigned LEB128, as ClickHouse writes lengths.
fn encode_length(mut length: usize, out: &mut Vec<u8>) {
    loop {
        let low = length.to_le_bytes()[0] & 0x7F;
        length >>= 7;
        if length == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(value: &impl Encode) -> Vec<u8> {
        let mut out = Vec::new();
        value.encode(&mut out);
        out
    }

    #[test]
    fn lengths_from_128_on_take_two_bytes() {
        assert_eq!(encoded(&"a".repeat(127)).len(), 1 + 127);
        assert_eq!(encoded(&"a".repeat(128))[..2], [0x80, 0x01]);
    }

    #[test]
    fn a_date_is_days_since_1970() {
        assert_eq!(encoded(&date(1970, 1, 2)), [1, 0]);
        assert_eq!(encoded(&date(2026, 11, 22)), 20_779_u16.to_le_bytes());
    }

    #[test]
    fn no_tag_is_zero_and_no_tag_alone() {
        assert_eq!(encoded(&None::<VisitorTag>), [0; 8]);
        assert_eq!(encoded(&Some(VisitorTag::new(0))), 1_u64.to_le_bytes());
    }

    #[test]
    fn the_sequence_is_the_last_column() {
        assert_eq!(COLUMNS.last(), Some(&("sequence", "UInt64")));
    }
}
