//! A moment as the row that a collector stores of it.

use events::row::{NO_SCROLL_DEPTH, UnixSeconds};
use events::{Channel, Device, EventRow, VisitorTag};

use crate::plan::{Deed, Kind, Seen};
use crate::world::CURRENCY;
use crate::{COLLECTOR, Day};

/// `None` for a robot.
pub(crate) fn of(day: &Day, seen: &Seen<'_>) -> Option<EventRow> {
    let Seen { person, origin, moment } = seen;
    let tag = match person.kind {
        Kind::Robot(_) => return None,
        Kind::OptedOut => None,
        Kind::Ordinary => Some(VisitorTag::new(person.tag)),
    };
    let text = String::new;
    let mut row = EventRow {
        site: day.site,
        day: day.local.date,
        closes_at: UnixSeconds::new(day.local.closes_at),
        tag,
        time: UnixSeconds::new(moment.time),
        name: text(),
        host: day.domain.clone(),
        path: day.paths[moment.page].clone(),
        source: text(),
        channel: Channel::Direct,
        referrer_host: text(),
        referrer_path: text(),
        utm_source: text(),
        utm_medium: text(),
        utm_campaign: text(),
        utm_content: text(),
        utm_term: text(),
        click_id: text(),
        country: person.place.country.to_owned(),
        region: text(),
        browser: text(),
        browser_version: text(),
        os: text(),
        os_version: text(),
        device: Device::Unknown,
        screen: text(),
        language: text(),
        interactive: true,
        engaged_ms: 0,
        scroll_depth: NO_SCROLL_DEPTH,
        revenue_milli: 0,
        currency: text(),
        props: Vec::new(),
        collector: COLLECTOR,
    };
    if tag.is_some() {
        let machine = person.machine;
        row.browser = machine.browser.to_owned();
        row.browser_version = machine.browser_version.to_owned();
        row.os = machine.os.to_owned();
        row.os_version = machine.os_version.to_owned();
        row.device = machine.device;
        row.screen = machine.screen.to_owned();
        row.language = person.language.to_owned();
    }
    match moment.deed {
        Deed::View => {
            row.name = "pageview".to_owned();
            if moment.first {
                row.source = origin.source.to_owned();
                row.channel = origin.channel;
                row.referrer_host = origin.referrer_host.to_owned();
                // Of an opt-out only the host is kept.
                if tag.is_some() {
                    row.referrer_path = origin.referrer_path.to_owned();
                }
                let [source, medium, campaign] = origin.campaign;
                row.utm_source = source.to_owned();
                row.utm_medium = medium.to_owned();
                row.utm_campaign = campaign.to_owned();
            }
        }
        Deed::Engagement { engaged_ms, scroll_depth } => {
            row.name = "engagement".to_owned();
            row.engaged_ms = engaged_ms;
            row.scroll_depth = scroll_depth;
        }
        Deed::Vitals { ttfb } => {
            row.name = "vitals".to_owned();
            row.interactive = false;
            row.props = vitals(ttfb).map(|(name, value)| (name.to_owned(), value.to_string())).to_vec();
        }
        Deed::Goal { goal, choice, paid_kzt } => {
            row.name = goal.name.to_owned();
            row.interactive = goal.interactive;
            if tag.is_some() {
                row.props = chosen(goal.prop, choice)
                    .map(|(name, value)| vec![(name.to_owned(), value.to_owned())])
                    .unwrap_or_default();
                if paid_kzt > 0 {
                    row.revenue_milli = i64::from(paid_kzt) * 1000;
                    row.currency = CURRENCY.to_owned();
                }
            }
        }
    }
    Some(row)
}

/// What the tracker measured of a page, in its units.
pub(crate) fn vitals(ttfb: u32) -> [(&'static str, u32); 4] {
    [("ttfb", ttfb), ("fcp", ttfb + 300), ("lcp", ttfb * 2 + 600), ("cls", ttfb % 200)]
}

/// The property of a goal, and which of its values.
pub(crate) fn chosen(
    prop: Option<(&'static str, &'static [&'static str])>,
    choice: u32,
) -> Option<(&'static str, &'static str)> {
    let (name, values) = prop?;
    let place = usize::try_from(choice).unwrap_or(0) % values.len();
    Some((name, values[place]))
}
