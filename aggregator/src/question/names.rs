//! The words of the grammar: metrics, dimensions, directions. Closed lists, apart from the keys of custom properties, which
//! are only ever bound as values.

use std::borrow::Cow;
use std::fmt;

use super::vital::{Percentile, Vital};

/// Gives an enum its names in the grammar.
macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every variant.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its name in the grammar.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The variant of this name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }
    };
}

pub(super) use named;

macro_rules! metrics {
    ($($(#[$doc:meta])* $variant:ident = $code:literal,)+) => {
        /// What to count. Definitions: docs/questions.md.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Metric {
            $($(#[$doc])* $variant,)+
            /// A percentile of a web vital: `lcp_p75`.
            Vital(Vital, Percentile),
        }

        impl Metric {
            /// Every metric.
            pub const ALL: &'static [Self] = &[
                $(Self::$variant,)+
                Self::Vital(Vital::Ttfb, Percentile::P50), Self::Vital(Vital::Ttfb, Percentile::P75), Self::Vital(Vital::Ttfb, Percentile::P90), Self::Vital(Vital::Ttfb, Percentile::P99),
                Self::Vital(Vital::Fcp, Percentile::P50), Self::Vital(Vital::Fcp, Percentile::P75), Self::Vital(Vital::Fcp, Percentile::P90), Self::Vital(Vital::Fcp, Percentile::P99),
                Self::Vital(Vital::Lcp, Percentile::P50), Self::Vital(Vital::Lcp, Percentile::P75), Self::Vital(Vital::Lcp, Percentile::P90), Self::Vital(Vital::Lcp, Percentile::P99),
                Self::Vital(Vital::Cls, Percentile::P50), Self::Vital(Vital::Cls, Percentile::P75), Self::Vital(Vital::Cls, Percentile::P90), Self::Vital(Vital::Cls, Percentile::P99),
                Self::Vital(Vital::Inp, Percentile::P50), Self::Vital(Vital::Inp, Percentile::P75), Self::Vital(Vital::Inp, Percentile::P90), Self::Vital(Vital::Inp, Percentile::P99),
            ];

            /// Its name in the grammar.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                    Self::Vital(vital, percentile) => vital.metric(percentile),
                }
            }

            /// The metric of this name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }
    };
}

metrics! {
        /// Distinct visitors of a day; over several days the sum of the daily figures.
        Visitors = "visitors",
        /// Visits that began. Grouped by page, event or host: visits that touched it.
        Visits = "visits",
        /// Page views, those of visitors who opted out included.
        Pageviews = "pageviews",
        /// Page views and custom events; reports of engagement and of web vitals are none.
        Events = "events",
        /// Share of visits with one page view, no interactive custom event and under 10 s engaged; whole percent.
        BounceRate = "bounce_rate",
        /// Mean of last minus first event of a visit, in whole seconds.
        VisitDuration = "visit_duration",
        /// Mean number of page views of a visit, two decimals.
        ViewsPerVisit = "views_per_visit",
        /// Mean visible and focused time of a visit (of its part on that page, when grouped by page), in whole seconds.
        EngagedTime = "engaged_time",
        /// Mean of the furthest point of a page that its visits saw, in whole percent; by page only.
        ScrollDepth = "scroll_depth",
        /// Mean engaged time on a page of the visits that reported one, in whole seconds; by page only.
        TimeOnPage = "time_on_page",
        /// Visitors among all visitors of the question without its dimensions, percent with two decimals.
        Percentage = "percentage",
        /// Visitors among all visitors without the question's goals and properties, percent with two decimals.
        ConversionRate = "conversion_rate",
        /// The same within each group.
        GroupConversionRate = "group_conversion_rate",
        /// Sum of revenue; none when several currencies meet.
        TotalRevenue = "total_revenue",
        /// Mean revenue of an event that has any.
        AverageRevenue = "average_revenue",
        /// Page views of visitors who opted out among all page views, percent with two decimals.
        OptedOutRate = "opted_out_rate",
        /// Visits that left on a page among its page views, those of opt-outs apart; percent with one decimal.
        ExitRate = "exit_rate",
}

impl Metric {
    /// Whether it is an amount of money.
    #[must_use]
    pub const fn is_of_revenue(self) -> bool {
        matches!(self, Self::TotalRevenue | Self::AverageRevenue)
    }

    /// Whether it compares the visitors of a row with those of another question.
    #[must_use]
    pub const fn is_share(self) -> bool {
        matches!(self, Self::Percentage | Self::ConversionRate | Self::GroupConversionRate)
    }
}

/// Most bytes of the key of a property.
const KEY_BYTES: usize = 100;

/// The key of a custom property. A plain value, so that dimensions stay as cheap to pass around as the words they mostly are.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PropKey {
    bytes: [u8; KEY_BYTES],
    length: u8,
}

impl PropKey {
    /// A key of 1 to 100 bytes.
    #[must_use]
    pub fn new(key: &str) -> Option<Self> {
        let length = u8::try_from(key.len()).ok().filter(|length| *length > 0)?;
        let mut bytes = [0; KEY_BYTES];
        bytes.get_mut(..key.len())?.copy_from_slice(key.as_bytes());
        Some(Self { bytes, length })
    }

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let key = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(key).unwrap_or_default()
    }
}

impl fmt::Debug for PropKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

macro_rules! dimensions {
    ($($(#[$doc:meta])* $variant:ident = $code:literal,)+) => {
        /// What to group and to filter by.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Dimension {
            $($(#[$doc])* $variant,)+
            /// The value of a custom property: `event:props:plan`.
            Prop(PropKey),
        }

        impl Dimension {
            /// Every dimension but the custom properties, which have no end.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its name in the grammar.
            #[must_use]
            pub fn name(self) -> Cow<'static, str> {
                match self {
                    $(Self::$variant => Cow::Borrowed($code),)+
                    Self::Prop(key) => Cow::Owned(format!("event:props:{}", key.as_str())),
                }
            }
        }
    };
}

dimensions! {
    /// Time, in the unit that suits the range: hours up to 2 days, days up to 40, weeks up to 52, else months.
    Time = "time",
    /// Hours on the site's clock.
    TimeHour = "time:hour",
    /// Hours of the week on the site's clock, all weeks of the range together: `1 09` is Monday from 9 to 10.
    TimeHourOfWeek = "time:hour_of_week",
    /// Minutes on the site's clock; of today alone.
    TimeMinute = "time:minute",
    /// Days.
    TimeDay = "time:day",
    /// Weeks, from Monday.
    TimeWeek = "time:week",
    /// Months.
    TimeMonth = "time:month",
    /// Path of the page.
    Page = "event:page",
    /// Host of the page.
    Host = "event:hostname",
    /// `pageview` or the name of a custom event.
    EventName = "event:name",
    /// First page of the visit.
    EntryPage = "visit:entry_page",
    /// Last page of the visit.
    ExitPage = "visit:exit_page",
    /// Known name or host of where the visitor came from.
    Source = "visit:source",
    /// By which way the visit came: `Organic Search` and the like.
    Channel = "visit:channel",
    /// Host and path of the referrer.
    Referrer = "visit:referrer",
    /// `utm_source`.
    UtmSource = "visit:utm_source",
    /// `utm_medium`.
    UtmMedium = "visit:utm_medium",
    /// `utm_campaign`.
    UtmCampaign = "visit:utm_campaign",
    /// `utm_content`.
    UtmContent = "visit:utm_content",
    /// `utm_term`.
    UtmTerm = "visit:utm_term",
    /// ISO 3166-1 alpha-2 code.
    Country = "visit:country",
    /// ISO 3166-2 code; nothing unless the operator asks for regions.
    Region = "visit:region",
    /// Kind of device.
    Device = "visit:device",
    /// Browser family.
    Browser = "visit:browser",
    /// Operating system.
    Os = "visit:os",
    /// Goals of the question; a visitor counts for each goal reached.
    Goal = "event:goal",
    /// Host of the first page.
    EntryHost = "visit:entry_page_hostname",
    /// Major version of the browser.
    BrowserVersion = "visit:browser_version",
    /// Major and minor version of the operating system.
    OsVersion = "visit:os_version",
    /// Width class of the screen.
    Screen = "visit:screen",
    /// Primary language of the browser.
    Language = "visit:language",
}

impl Dimension {
    /// The dimension of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if let Some(key) = name.strip_prefix("event:props:") {
            return PropKey::new(key).map(Self::Prop);
        }
        Self::ALL.iter().copied().find(|one| one.name() == name)
    }

    /// Whether it groups by time.
    #[must_use]
    pub const fn is_time(self) -> bool {
        matches!(
            self,
            Self::Time
                | Self::TimeHour
                | Self::TimeHourOfWeek
                | Self::TimeMinute
                | Self::TimeDay
                | Self::TimeWeek
                | Self::TimeMonth
        )
    }

    /// Whether it groups by parts of days. `time` does in short ranges.
    #[must_use]
    pub const fn is_within_days(self) -> bool {
        matches!(self, Self::Time | Self::TimeHour | Self::TimeHourOfWeek | Self::TimeMinute)
    }

    /// Whether a filter may test it.
    #[must_use]
    pub const fn is_filtered(self) -> bool {
        !self.is_time()
    }

    /// Whether it tells what was done, beyond on which page.
    #[must_use]
    pub const fn is_deed(self) -> bool {
        matches!(self, Self::EventName | Self::Goal | Self::Prop(_))
    }

    /// Whether each event has its own value, rather than the visit as a whole.
    #[must_use]
    pub const fn is_of_event(self) -> bool {
        matches!(self, Self::Page | Self::Host | Self::EventName | Self::Goal | Self::Prop(_))
    }
}

named! {
    /// Which way.
    Direction {
        /// Smallest first.
        Ascending = "asc",
        /// Largest first.
        Descending = "desc",
    }
}
