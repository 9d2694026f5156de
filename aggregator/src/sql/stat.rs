//! What statistics are counted by, and the SQL that finds each value. The enum of `stats_daily.dimension`.

use crate::question::Dimension;

/// Which of the two statements counts a dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// What belongs to a visit as a whole.
    Visit,
    /// What an event itself has.
    Hit,
}

macro_rules! stats {
    ($($variant:ident = $name:literal $family:ident,)+) => {
        /// What a row of `stats_daily` is counted by.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Stat { $($variant,)+ }

        impl Stat {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its name in the column `dimension`.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            pub(crate) const fn family(self) -> Family {
                match self { $(Self::$variant => Family::$family,)+ }
            }
        }
    };
}

stats! {
    Total = "total" Visit,
    Page = "page" Hit,
    Host = "host" Hit,
    Event = "event" Hit,
    EntryPage = "entry_page" Visit,
    ExitPage = "exit_page" Visit,
    Source = "source" Visit,
    Referrer = "referrer" Visit,
    UtmSource = "utm_source" Visit,
    UtmMedium = "utm_medium" Visit,
    UtmCampaign = "utm_campaign" Visit,
    UtmContent = "utm_content" Visit,
    UtmTerm = "utm_term" Visit,
    Country = "country" Visit,
    Browser = "browser" Visit,
    BrowserVersion = "browser_version" Visit,
    Os = "os" Visit,
    OsVersion = "os_version" Visit,
    Device = "device" Visit,
    Screen = "screen" Visit,
    Language = "language" Visit,
    Channel = "channel" Visit,
    Region = "region" Visit,
}

impl Stat {
    /// All of one family.
    pub(crate) fn of(family: Family) -> Vec<Self> {
        Self::ALL.iter().copied().filter(|stat| stat.family() == family).collect()
    }

    /// What counts a dimension of a question; the total for time; none where only the detail can.
    pub(crate) const fn counting(dimension: Dimension) -> Option<Self> {
        Some(match dimension {
            Dimension::Time
            | Dimension::TimeHour
            | Dimension::TimeHourOfWeek
            | Dimension::TimeMinute
            | Dimension::TimeDay
            | Dimension::TimeWeek
            | Dimension::TimeMonth => Self::Total,
            Dimension::Page => Self::Page,
            Dimension::Host => Self::Host,
            Dimension::EventName => Self::Event,
            Dimension::EntryPage => Self::EntryPage,
            Dimension::ExitPage => Self::ExitPage,
            Dimension::Source => Self::Source,
            Dimension::Channel => Self::Channel,
            Dimension::Referrer => Self::Referrer,
            Dimension::UtmSource => Self::UtmSource,
            Dimension::UtmMedium => Self::UtmMedium,
            Dimension::UtmCampaign => Self::UtmCampaign,
            Dimension::UtmContent => Self::UtmContent,
            Dimension::UtmTerm => Self::UtmTerm,
            Dimension::Country => Self::Country,
            Dimension::Region => Self::Region,
            Dimension::Browser => Self::Browser,
            Dimension::BrowserVersion => Self::BrowserVersion,
            Dimension::Os => Self::Os,
            Dimension::OsVersion => Self::OsVersion,
            Dimension::Device => Self::Device,
            Dimension::Screen => Self::Screen,
            Dimension::Language => Self::Language,
            Dimension::Goal | Dimension::EntryHost | Dimension::Prop(_) => return None,
        })
    }

    /// Where a visit has its value: the total has none, every other has a column of its name.
    pub(super) fn of_visit(self) -> Option<&'static str> {
        if self == Self::Total { Some("''") } else { (self.family() == Family::Visit).then(|| self.name()) }
    }

    /// Where an opt-out's event has its value: it enters and leaves nothing.
    pub(super) fn of_opt_out(self) -> Option<&'static str> {
        if matches!(self, Self::EntryPage | Self::ExitPage) { None } else { self.of_visit() }
    }

    /// Where an event has its value.
    pub(super) fn of_hit(self) -> Option<&'static str> {
        let columns = [(Self::Page, "path"), (Self::Host, "host"), (Self::Event, "name")];
        columns.into_iter().find(|(stat, _)| *stat == self).map(|(_, column)| column)
    }

    /// Where a visit has the value it began with.
    pub(super) fn of_entry(self) -> Option<&'static str> {
        let columns = [(Self::Page, "entry_page"), (Self::Host, "host")];
        columns.into_iter().find(|(stat, _)| *stat == self).map(|(_, column)| column)
    }
}

/// An array of (dimension, value) for those of `stats` that have a value there.
pub(super) fn pairs(stats: &[Stat], value: fn(Stat) -> Option<&'static str>) -> String {
    let pairs: Vec<_> = stats
        .iter()
        .filter_map(|stat| value(*stat).map(|column| format!("('{}', {column})", stat.name())))
        .collect();
    format!("CAST([{}], 'Array(Tuple(LowCardinality(String), String))')", pairs.join(", "))
}
