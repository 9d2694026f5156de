//! What the raw events say: visits, and events with what belongs to their visit.

use std::collections::{BTreeMap, HashMap, HashSet};

use aggregator::question::{Dimension, Filter, Op, Test};
use events::EventRow;
use jiff::Timestamp;
use jiff::civil::Date;

/// One event with what belongs to its visit, or a visit.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) row: EventRow,
    pub(super) hour: i64,
    /// Number of the visit in the whole history; 0 for an opt-out.
    pub(super) visit: usize,
    pub(super) entry_page: String,
    pub(super) exit_page: String,
    pub(super) entry_host: String,
}

#[derive(Clone)]
pub(super) struct Visit {
    pub(super) seen: Seen,
    pub(super) pageviews: u64,
    pub(super) events: u64,
    pub(super) bounced: bool,
    pub(super) duration_s: u64,
    pub(super) engaged_ms: u64,
}

pub(super) struct World {
    pub(super) hits: Vec<Seen>,
    pub(super) visits: Vec<Visit>,
}

impl World {
    /// `open` days keep their rare property values; sealed ones have folded them.
    pub(super) fn new(rows: &[EventRow], open: &[Date], zone: &jiff::tz::TimeZone) -> Self {
        let mut rows = rows.to_vec();
        let mut wearers: HashMap<(Date, String, String), HashSet<u64>> = HashMap::new();
        for row in rows.iter().filter(|row| row.tag.is_some()) {
            for (key, value) in &row.props {
                wearers.entry((row.day, key.clone(), value.clone())).or_default().insert(tag(row));
            }
        }
        for row in rows.iter_mut().filter(|row| !open.contains(&row.day)) {
            let day = row.day;
            let measured = row.name == "vitals";
            for (key, value) in &mut row.props {
                if measured && ["lcp", "cls"].contains(&key.as_str()) {
                    continue;
                }
                if wearers.get(&(day, key.clone(), value.clone())).is_none_or(|tags| tags.len() < 5) {
                    *value = "(other)".into();
                }
            }
        }
        let hour = |row: &EventRow| {
            let at = Timestamp::from_second(row.time.get()).unwrap();
            i64::from(at.to_zoned(zone.clone()).hour())
        };
        let seen = |row: &EventRow, visit| Seen {
            row: row.clone(),
            hour: hour(row),
            visit,
            entry_page: String::new(),
            exit_page: String::new(),
            entry_host: String::new(),
        };
        let mut world = Self { hits: Vec::new(), visits: Vec::new() };
        let mut of_tags: BTreeMap<(Date, u64), Vec<EventRow>> = BTreeMap::new();
        for row in rows {
            match row.tag {
                None => world.hits.push(seen(&row, 0)),
                Some(_) => of_tags.entry((row.day, tag(&row))).or_default().push(row),
            }
        }
        let mut number = 0;
        for mut events in of_tags.into_values() {
            events.sort_by_key(|row| row.time.get());
            let mut runs: Vec<Vec<EventRow>> = Vec::new();
            for row in events {
                match runs.last_mut() {
                    Some(run) if row.time.get() - run.last().unwrap().time.get() <= 1800 => run.push(row),
                    _ => runs.push(vec![row]),
                }
            }
            for run in runs.into_iter().filter(|run| run.iter().any(|row| !is_report(row))) {
                number += 1;
                world.visit(&run, number, &seen, hour(&run[0]));
            }
        }
        world
    }

    fn visit(&mut self, run: &[EventRow], number: usize, seen: &dyn Fn(&EventRow, usize) -> Seen, hour: i64) {
        let views: Vec<_> = run.iter().filter(|row| row.name == "pageview").collect();
        let origin = run.iter().find(|row| !is_report(row)).unwrap();
        let page = |row: Option<&&EventRow>| row.map_or(String::new(), |row| row.path.clone());
        let mut whole = seen(origin, number);
        (whole.hour, whole.entry_host) = (hour, origin.host.clone());
        (whole.entry_page, whole.exit_page) = (page(views.first()), page(views.last()));
        let engaged_ms = run.iter().map(|row| u64::from(row.engaged_ms)).sum();
        let acted = run.iter().any(|row| row.interactive && row.name != "pageview" && !is_report(row));
        for row in run {
            let mut hit = seen(row, number);
            // What belongs to the visit is that of its first event.
            let own = hit.row.clone();
            hit.row = origin.clone();
            hit.row.time = own.time;
            (hit.row.name, hit.row.host, hit.row.path) = (own.name, own.host, own.path);
            (hit.row.engaged_ms, hit.row.scroll_depth) = (own.engaged_ms, own.scroll_depth);
            (hit.row.revenue_milli, hit.row.currency, hit.row.props) =
                (own.revenue_milli, own.currency, own.props);
            (hit.entry_page, hit.exit_page) = (whole.entry_page.clone(), whole.exit_page.clone());
            hit.entry_host = whole.entry_host.clone();
            self.hits.push(hit);
        }
        self.visits.push(Visit {
            seen: whole,
            pageviews: u64::try_from(views.len()).unwrap(),
            events: u64::try_from(run.iter().filter(|row| !is_report(row)).count()).unwrap(),
            bounced: views.len() == 1 && !acted && engaged_ms < 10_000,
            duration_s: u64::try_from(run.last().unwrap().time.get() - run[0].time.get()).unwrap(),
            engaged_ms,
        });
    }
}

pub(super) fn tag(row: &EventRow) -> u64 {
    row.tag.map_or(0, |tag| tag.bits())
}

/// What a row has: an event, or a visit by the page it began with.
pub(super) fn value(dimension: Dimension, seen: &Seen, at: At) -> String {
    let row = &seen.row;
    let text = match dimension {
        Dimension::Page if at == At::Entry => &seen.entry_page,
        Dimension::Page if at == At::Exit => &seen.exit_page,
        Dimension::Page => &row.path,
        Dimension::Host => &row.host,
        Dimension::EventName => &row.name,
        Dimension::EntryPage => &seen.entry_page,
        Dimension::ExitPage => &seen.exit_page,
        Dimension::EntryHost => &seen.entry_host,
        Dimension::Source => &row.source,
        Dimension::Country => &row.country,
        Dimension::Region => &row.region,
        Dimension::Browser => &row.browser,
        Dimension::Language => &row.language,
        Dimension::Channel => return row.channel.code().to_owned(),
        Dimension::Device => {
            return ["", "Desktop", "Mobile"][usize::try_from(row.device as i8).unwrap()].to_owned();
        }
        Dimension::Prop(key) => {
            let has = row.props.iter().find(|(name, _)| name == key.as_str());
            return has.map_or(String::new(), |(_, value)| value.clone());
        }
        Dimension::Referrer => return format!("{}{}", row.referrer_host, row.referrer_path),
        Dimension::UtmSource => &row.utm_source,
        Dimension::UtmMedium => &row.utm_medium,
        Dimension::UtmCampaign => &row.utm_campaign,
        Dimension::UtmContent => &row.utm_content,
        Dimension::UtmTerm => &row.utm_term,
        Dimension::Os => &row.os,
        Dimension::BrowserVersion => &row.browser_version,
        Dimension::OsVersion => &row.os_version,
        Dimension::Screen => &row.screen,
        // Goals are counted in tests of their own.
        Dimension::Goal
        | Dimension::Time
        | Dimension::TimeHour
        | Dimension::TimeHourOfWeek
        | Dimension::TimeMinute
        | Dimension::TimeDay
        | Dimension::TimeWeek
        | Dimension::TimeMonth => return String::new(),
    };
    text.clone()
}

pub(super) fn holds(filter: &Filter, seen: &Seen, at: At, world: &World) -> bool {
    match filter {
        Filter::And(parts) => parts.iter().all(|part| holds(part, seen, at, world)),
        Filter::Or(parts) => parts.iter().any(|part| holds(part, seen, at, world)),
        Filter::Not(part) => !holds(part, seen, at, world),
        Filter::Test(test) => passes(test, &value(test.dimension, seen, at)),
        Filter::HasDone(done) => seen.visit != 0 && did(done, seen.visit, world),
        Filter::HasNotDone(done) => seen.visit != 0 && !did(done, seen.visit, world),
    }
}

fn did(done: &Filter, visit: usize, world: &World) -> bool {
    world.hits.iter().any(|hit| hit.visit == visit && holds(done, hit, At::Event, world))
}

pub(super) fn name_of_nothing(dimension: Dimension) -> &'static str {
    if matches!(dimension, Dimension::Source | Dimension::Referrer) {
        "Direct / None"
    } else if matches!(dimension, Dimension::Prop(_)) {
        "(none)"
    } else {
        "(not set)"
    }
}

fn passes(test: &Test, value: &str) -> bool {
    let fold = |text: &str| if test.case_sensitive { text.to_owned() } else { text.to_lowercase() };
    let unknown = name_of_nothing(test.dimension);
    let value = fold(value);
    let any = test.values.iter().any(|asked| match test.op {
        Op::Is | Op::IsNot => value == if asked == unknown { String::new() } else { fold(asked) },
        Op::Contains | Op::ContainsNot => value.contains(&fold(asked)),
        // The patterns asked for: begins with, ends with.
        Op::Matches | Op::MatchesNot => match asked.strip_prefix('^') {
            Some(begin) => value.starts_with(begin),
            None => value.ends_with(asked.trim_end_matches('$')),
        },
    });
    any != test.op.is_negative()
}

/// Whether it says how a view went on, rather than that something was done.
pub(super) fn is_report(row: &EventRow) -> bool {
    ["engagement", "vitals"].contains(&row.name.as_str())
}

/// What a condition is about: an event, or a visit by the page it began or ended with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    Event,
    Entry,
    Exit,
}
