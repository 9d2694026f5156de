//! Clock changes of the sites whose day ends at one instant, as SQL. Made of numbers alone.

use std::collections::BTreeMap;

use events::{LocalDay, SiteList};
use jiff::Timestamp;

use crate::answers::Shift;

/// Seconds to add to an event's time, by its site; `0` when no clock changes on that day.
pub(super) fn text(sites: &SiteList, closes_at: i64) -> String {
    let mut by_shift: BTreeMap<(i64, i64, i64), Vec<String>> = BTreeMap::new();
    for site in sites.all() {
        let day = Timestamp::from_second(closes_at - 1).and_then(|last| LocalDay::at(last, &site.zone));
        let Some(day) = day.ok().filter(|day| day.closes_at == closes_at) else {
            continue;
        };
        let shift = Shift::within(day.opens_at, day.closes_at, &site);
        if shift != Shift::default() {
            by_shift.entry((shift.from, shift.until, shift.by)).or_default().push(site.id.to_string());
        }
    }
    if by_shift.is_empty() {
        return "0".to_owned();
    }
    let at = "toInt64(toUnixTimestamp(time))";
    let cases: Vec<_> = by_shift
        .into_iter()
        .map(|((from, until, by), sites)| {
            format!("site IN ({}) AND {at} >= {from} AND {at} < {until}, toInt64({by})", sites.join(", "))
        })
        .collect();
    format!("multiIf({}, toInt64(0))", cases.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::{OptOutMode, Site, SiteId, SiteRules};
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    #[test]
    fn only_sites_whose_clock_changes_on_that_day_are_shifted() {
        let sites = SiteList::default();
        let zones = ["Europe/Berlin", "Africa/Lagos", "Asia/Almaty"].map(|zone| TimeZone::get(zone).unwrap());
        sites.replace(zones.iter().zip(1..).map(|(zone, id)| Site {
            id: SiteId(id),
            domain: format!("{id}.kz"),
            zone: zone.clone(),
            opt_out: OptOutMode::Tally,
            rules: SiteRules::default(),
            keys: Vec::new(),
        }));
        let end = |day| LocalDay::of(day, &zones[0]).unwrap().closes_at;
        assert_eq!(text(&sites, end(date(2033, 10, 29))), "0");
        let changed = text(&sites, end(date(2033, 10, 30)));
        assert!(changed.starts_with("multiIf(site IN (1) AND"), "{changed}");
        assert!(changed.ends_with(", toInt64(3600), toInt64(0))"), "{changed}");
    }
}
