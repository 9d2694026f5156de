//! The planner's answers beside a naive recount of the raw events, over random questions. Both must be equal to the last
//! integer, for sealed days and open ones. `SANAQ_QUESTIONS=long` asks thousands of a longer year.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use aggregator::Question;
use aggregator::question::{DateRange, Dimension, Filter, Metric, Op, Test};
use aggregator::suppress::Audience;
use events::{Channel, Device, EventRow};
use jiff::civil::{Date, Weekday};
use jiff::{Span, Timestamp};
use serde_json::{Value, json};

use crate::harness::{Event, Harness, at};

const ZONE: &str = "Asia/Kathmandu";

/// A small random number generator: the same questions every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides).unwrap()).unwrap()
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

const PATHS: &[&str] = &["/", "/kk", "/docs/a", "/docs/b.html", "/қазақша", "/it's"];
const HOSTS: &[&str] = &["1.kz", "blog.1.kz"];
const SOURCES: &[&str] = &["", "Google", "Telegram", "o'brien\\\\ \t\"x\""];
const COUNTRIES: &[&str] = &["KZ", "KZ", "RU", ""];
const REGIONS: &[&str] = &["KZ-75", "KZ-35", ""];
const BROWSERS: &[&str] = &["Firefox", "Chrome", ""];
const LANGUAGES: &[&str] = &["kk", "ru", "en"];
const PLANS: &[&str] = &["free", "paid", "Paid"];
const CHANNELS: &[Channel] = &[Channel::Direct, Channel::OrganicSocial, Channel::Email];
const DEVICES: &[Device] = &[Device::Desktop, Device::Mobile, Device::Unknown];

fn traffic(h: &Harness, first: Date, days: usize, dice: &mut Dice) -> Vec<EventRow> {
    let mut rows = Vec::new();
    for day in 0..days {
        let day = first.checked_add(Span::new().days(i64::try_from(day).unwrap())).unwrap();
        for _ in 0..30 {
            let seconds = dice.below(6 * 3600);
            let (hour, minute, second) = (8 + seconds / 3600, seconds / 60 % 60, seconds % 60);
            let tag = u64::try_from(dice.below(8)).unwrap();
            let mut event = h.event(1, &format!("{day}T{hour:02}:{minute:02}:{second:02}"));
            let row = &mut event.0;
            row.path = dice.one(PATHS).into();
            row.host = dice.one(HOSTS).into();
            row.source = dice.one(SOURCES).into();
            row.channel = CHANNELS[dice.below(3)];
            row.country = dice.one(COUNTRIES).into();
            row.region = dice.one(REGIONS).into();
            row.browser = dice.one(BROWSERS).into();
            row.language = dice.one(LANGUAGES).into();
            row.device = DEVICES[dice.below(3)];
            row.interactive = dice.below(2) == 0;
            if dice.below(2) == 0 {
                row.props.push(("plan".into(), dice.one(PLANS).into()));
            }
            match dice.below(10) {
                0..=4 => {}
                5..=6 => {
                    row.name = "engagement".into();
                    row.engaged_ms = u32::try_from(dice.below(20_000)).unwrap();
                    row.scroll_depth = [255, 10, 60, 100][dice.below(4)];
                }
                7 => row.name = "Signup".into(),
                _ => {
                    row.name = "Purchase".into();
                    row.revenue_milli = i64::try_from(dice.below(9_000)).unwrap();
                    row.currency = "KZT".into();
                }
            }
            event = if tag == 7 { event.opted_out() } else { event.tag(tag + 1) };
            rows.push(event.0);
        }
    }
    rows
}

/// One event with what belongs to its visit, or a visit.
#[derive(Clone)]
struct Seen {
    row: EventRow,
    hour: i64,
    /// Number of the visit in the whole history; 0 for an opt-out.
    visit: usize,
    entry_page: String,
    exit_page: String,
    entry_host: String,
}

#[derive(Clone)]
struct Visit {
    seen: Seen,
    pageviews: u64,
    events: u64,
    bounced: bool,
    duration_s: u64,
    engaged_ms: u64,
}

struct World {
    hits: Vec<Seen>,
    visits: Vec<Visit>,
}

impl World {
    /// `open` days keep their rare property values; sealed ones have folded them.
    fn new(rows: &[EventRow], open: &[Date], zone: &jiff::tz::TimeZone) -> Self {
        let mut rows = rows.to_vec();
        let mut wearers: HashMap<(Date, String, String), HashSet<u64>> = HashMap::new();
        for row in rows.iter().filter(|row| row.tag.is_some()) {
            for (key, value) in &row.props {
                wearers.entry((row.day, key.clone(), value.clone())).or_default().insert(tag(row));
            }
        }
        for row in rows.iter_mut().filter(|row| !open.contains(&row.day)) {
            let day = row.day;
            for (key, value) in &mut row.props {
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
            for run in runs.into_iter().filter(|run| run.iter().any(|row| row.name != "engagement")) {
                number += 1;
                world.visit(&run, number, &seen, hour(&run[0]));
            }
        }
        world
    }

    fn visit(&mut self, run: &[EventRow], number: usize, seen: &dyn Fn(&EventRow, usize) -> Seen, hour: i64) {
        let views: Vec<_> = run.iter().filter(|row| row.name == "pageview").collect();
        let origin = run.iter().find(|row| row.name != "engagement").unwrap();
        let page = |row: Option<&&EventRow>| row.map_or(String::new(), |row| row.path.clone());
        let mut whole = seen(origin, number);
        (whole.hour, whole.entry_host) = (hour, origin.host.clone());
        (whole.entry_page, whole.exit_page) = (page(views.first()), page(views.last()));
        let engaged_ms = run.iter().map(|row| u64::from(row.engaged_ms)).sum();
        let acted =
            run.iter().any(|row| row.interactive && !["pageview", "engagement"].contains(&row.name.as_str()));
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
            events: u64::try_from(run.iter().filter(|row| row.name != "engagement").count()).unwrap(),
            bounced: views.len() == 1 && !acted && engaged_ms < 10_000,
            duration_s: u64::try_from(run.last().unwrap().time.get() - run[0].time.get()).unwrap(),
            engaged_ms,
        });
    }
}

fn tag(row: &EventRow) -> u64 {
    row.tag.map_or(0, |tag| tag.bits())
}

/// What a row has: an event, or a visit by the page it began with.
fn value(dimension: Dimension, seen: &Seen, of_visit: bool) -> String {
    let row = &seen.row;
    let text = match dimension {
        Dimension::Page if of_visit => &seen.entry_page,
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
        | Dimension::TimeDay
        | Dimension::TimeWeek
        | Dimension::TimeMonth => return String::new(),
    };
    text.clone()
}

fn holds(filter: &Filter, seen: &Seen, of_visit: bool, world: &World) -> bool {
    match filter {
        Filter::And(parts) => parts.iter().all(|part| holds(part, seen, of_visit, world)),
        Filter::Or(parts) => parts.iter().any(|part| holds(part, seen, of_visit, world)),
        Filter::Not(part) => !holds(part, seen, of_visit, world),
        Filter::Test(test) => passes(test, &value(test.dimension, seen, of_visit)),
        Filter::HasDone(done) => seen.visit != 0 && did(done, seen.visit, world),
        Filter::HasNotDone(done) => seen.visit != 0 && !did(done, seen.visit, world),
    }
}

fn did(done: &Filter, visit: usize, world: &World) -> bool {
    world.hits.iter().any(|hit| hit.visit == visit && holds(done, hit, false, world))
}

fn name_of_nothing(dimension: Dimension) -> &'static str {
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

#[derive(Default)]
struct Sum {
    visitors: BTreeSet<(Date, u64)>,
    visits: u64,
    pageviews: u64,
    events: u64,
    entries: u64,
    visit_pageviews: u64,
    bounces: u64,
    duration_s: u64,
    engaged_ms: u64,
    scroll: (u64, u64),
    engaged_visits: u64,
    revenue: (i64, u64),
    opted_out: u64,
}

type Key = (i64, Vec<String>);

/// The naive recount. Reads every event for every question.
fn recount(question: &Question, world: &World, first: Date, last: Date) -> BTreeMap<Key, Sum> {
    let dimensions: Vec<_> = question.dimensions.iter().copied().filter(|d| !d.is_time()).collect();
    let tested = question.filters.iter().flat_map(Filter::tests).filter(|_| true);
    let mut involved = dimensions.clone();
    involved.extend(tested.map(|test| test.dimension));
    let deeds: Vec<&Filter> =
        question.filters.iter().filter(|f| matches!(f, Filter::HasDone(_) | Filter::HasNotDone(_))).collect();
    let own: Vec<Dimension> = question
        .filters
        .iter()
        .filter(|filter| !deeds.contains(filter))
        .flat_map(Filter::tests)
        .map(|test| test.dimension)
        .chain(dimensions.iter().copied())
        .collect();
    let of_week = question.dimensions.contains(&Dimension::TimeHourOfWeek);
    let by_hour = of_week || question.dimensions.contains(&Dimension::TimeHour);
    let of_events = own.iter().any(|d| d.is_of_event());
    let in_range = |day: Date| first <= day && day <= last;
    let bucket = |day: Date, hour: i64| {
        let begin = match question.dimensions.iter().find(|d| d.is_time()) {
            None => return 0,
            Some(Dimension::TimeWeek) => {
                day.checked_sub(Span::new().days(i64::from(day.weekday().since(Weekday::Monday)))).unwrap()
            }
            Some(Dimension::TimeMonth) => day.first_of_month(),
            Some(Dimension::TimeHourOfWeek) => {
                return i64::from(day.weekday().to_monday_zero_offset()) * 24 + hour;
            }
            Some(_) => day,
        };
        let number = i64::from((begin.max(first) - Date::constant(1970, 1, 1)).get_days());
        if by_hour { number * 24 + hour } else { number }
    };
    let key = |seen: &Seen, of_visit: bool| -> Key {
        let values = dimensions.iter().map(|dimension| value(*dimension, seen, of_visit)).collect();
        (bucket(seen.row.day, seen.hour), values)
    };
    let ends =
        own.iter().any(|d| matches!(d, Dimension::EntryPage | Dimension::ExitPage | Dimension::EntryHost));
    let all = |seen: &Seen, of_visit: bool| question.filters.iter().all(|f| holds(f, seen, of_visit, world));
    let mut sums: BTreeMap<Key, Sum> = BTreeMap::new();
    let hits = world.hits.iter().filter(|hit| in_range(hit.row.day));
    let visits = world.visits.iter().filter(|visit| in_range(visit.seen.row.day));
    let entered = |sum: &mut Sum, visit: &Visit| {
        sum.entries += 1;
        sum.visit_pageviews += visit.pageviews;
        sum.bounces += u64::from(visit.bounced);
        sum.duration_s += visit.duration_s;
    };
    let revenue = question.metrics.iter().any(|metric| metric.is_of_revenue());
    if !of_events && !by_hour && !revenue {
        for visit in visits.filter(|visit| all(&visit.seen, true)) {
            let sum = sums.entry(key(&visit.seen, true)).or_default();
            entered(sum, visit);
            sum.visitors.insert((visit.seen.row.day, tag(&visit.seen.row)));
            sum.visits += 1;
            sum.pageviews += visit.pageviews;
            sum.events += visit.events;
            sum.engaged_ms += visit.engaged_ms;
        }
        for hit in
            hits.filter(|hit| hit.visit == 0 && hit.row.name != "engagement" && !ends && all(hit, false))
        {
            let sum = sums.entry(key(hit, false)).or_default();
            sum.pageviews += u64::from(hit.row.name == "pageview");
            sum.opted_out += u64::from(hit.row.name == "pageview");
            sum.events += 1;
        }
        return sums;
    }
    let names = own.contains(&Dimension::EventName);
    let began = by_hour && !of_events;
    let mut touches: BTreeMap<(Key, usize), Vec<&Seen>> = BTreeMap::new();
    for hit in hits.filter(|hit| all(hit, false)) {
        let engagement = hit.row.name == "engagement";
        if (hit.visit == 0 && (engagement || ends)) || (names && engagement) {
            continue;
        }
        touches.entry((key(hit, false), hit.visit)).or_default().push(hit);
    }
    for ((key, visit), hits) in &touches {
        let sum = sums.entry(key.clone()).or_default();
        let count =
            |name: fn(&Seen) -> bool| u64::try_from(hits.iter().filter(|hit| name(hit)).count()).unwrap();
        let views = count(|hit| hit.row.name == "pageview");
        sum.pageviews += views;
        sum.events += count(|hit| hit.row.name != "engagement");
        sum.revenue.0 += hits.iter().map(|hit| hit.row.revenue_milli).sum::<i64>();
        sum.revenue.1 += count(|hit| !hit.row.currency.is_empty());
        if *visit == 0 {
            sum.opted_out += views;
            continue;
        }
        if began || count(|hit| hit.row.name != "engagement") > 0 {
            sum.visitors.insert((hits[0].row.day, tag(&hits[0].row)));
            sum.visits += u64::from(!began);
        }
        if !began {
            sum.engaged_ms += hits.iter().map(|hit| u64::from(hit.row.engaged_ms)).sum::<u64>();
        }
        sum.engaged_visits += u64::from(hits.iter().any(|hit| hit.row.engaged_ms > 0));
        let depths = hits.iter().filter(|hit| hit.row.scroll_depth <= 100);
        if let Some(deepest) = depths.map(|hit| u64::from(hit.row.scroll_depth)).max() {
            sum.scroll = (sum.scroll.0 + deepest, sum.scroll.1 + 1);
        }
    }
    if dimensions.iter().any(|d| d.is_deed()) {
        return sums;
    }
    let touched: HashSet<usize> = touches.keys().map(|(_, visit)| *visit).collect();
    let paged = own.iter().any(|d| matches!(d, Dimension::Page | Dimension::Host));
    let deed = own.iter().any(|d| d.is_deed());
    for visit in visits.filter(|visit| !paged || visit.pageviews > 0) {
        let is_deed = |filter: &&Filter| {
            !deeds.contains(filter) && filter.tests().iter().any(|t| t.dimension.is_deed())
        };
        let began_there =
            question.filters.iter().filter(|f| !is_deed(f)).all(|f| holds(f, &visit.seen, true, world));
        if began_there && (!deed || touched.contains(&visit.seen.visit)) {
            let sum = sums.entry(key(&visit.seen, true)).or_default();
            entered(sum, visit);
            if began {
                sum.visits += 1;
                sum.engaged_ms += visit.engaged_ms;
            }
        }
    }
    sums
}

fn rounded(sum: u64, count: u64) -> u64 {
    (2 * sum + count) / (2 * count.max(1))
}

fn figure(metric: Metric, sum: &Sum) -> Value {
    let hundredths = |whole: u64| json!(f64::from(u32::try_from(whole).unwrap()) / 100.0);
    let money = |milli: i64| {
        if sum.revenue.1 == 0 {
            return Value::Null;
        }
        json!({"value": f64::from(i32::try_from(milli).unwrap()) / 1000.0, "currency": "KZT"})
    };
    match metric {
        Metric::Visitors => json!(sum.visitors.len()),
        Metric::Visits => json!(sum.visits),
        Metric::Pageviews => json!(sum.pageviews),
        Metric::Events => json!(sum.events),
        Metric::BounceRate => json!(rounded(100 * sum.bounces, sum.entries)),
        Metric::VisitDuration => json!(rounded(sum.duration_s, sum.entries)),
        Metric::ViewsPerVisit => hundredths(rounded(100 * sum.visit_pageviews, sum.entries)),
        Metric::EngagedTime => json!((sum.engaged_ms + 500 * sum.visits) / (1000 * sum.visits.max(1))),
        Metric::ScrollDepth if sum.scroll.1 == 0 => Value::Null,
        Metric::ScrollDepth => json!(rounded(sum.scroll.0, sum.scroll.1)),
        Metric::TimeOnPage if sum.engaged_visits == 0 => Value::Null,
        Metric::TimeOnPage => {
            json!((sum.engaged_ms + 500 * sum.engaged_visits) / (1000 * sum.engaged_visits))
        }
        Metric::OptedOutRate => hundredths(rounded(10_000 * sum.opted_out, sum.pageviews)),
        Metric::TotalRevenue => money(sum.revenue.0),
        Metric::AverageRevenue => money(sum.revenue.0 / i64::try_from(sum.revenue.1.max(1)).unwrap()),
        Metric::Percentage | Metric::ConversionRate | Metric::GroupConversionRate => Value::Null,
    }
}

const DIMENSIONS: &[&str] = &[
    "event:page",
    "event:hostname",
    "event:name",
    "event:props:plan",
    "visit:entry_page",
    "visit:exit_page",
    "visit:entry_page_hostname",
    "visit:source",
    "visit:channel",
    "visit:country",
    "visit:region",
    "visit:device",
    "visit:browser",
    "visit:language",
];

fn pool(dimension: &str) -> &'static [&'static str] {
    match dimension {
        "event:page" | "visit:entry_page" | "visit:exit_page" => PATHS,
        "event:hostname" | "visit:entry_page_hostname" => HOSTS,
        "event:name" => &["pageview", "Signup", "Purchase", "signup"],
        "event:props:plan" => &["free", "paid", "(none)", "(other)"],
        "visit:source" => &["Direct / None", "Google", "google", "o'brien\\\\ \t\"x\""],
        "visit:country" => &["KZ", "RU", "(not set)"],
        "visit:region" => REGIONS,
        "visit:device" => &["Desktop", "Mobile", "(not set)"],
        "visit:browser" => BROWSERS,
        "visit:channel" => &["Direct", "Email"],
        _ => LANGUAGES,
    }
}

fn test(dice: &mut Dice, of_event: bool) -> Value {
    let dimension = DIMENSIONS[dice.below(if of_event { 4 } else { DIMENSIONS.len() })];
    let values = pool(dimension);
    let one = dice.one(values);
    match dice.below(6) {
        0 | 1 => json!(["is", dimension, [one]]),
        2 => json!(["is_not", dimension, [one, dice.one(values)]]),
        3 => json!(["is", dimension, [one, dice.one(values)], {"case_sensitive": false}]),
        4 => json!([dice.one(&["contains", "contains_not"]), dimension, [dice.one(&["o", "e", "/", "ақ"])]]),
        _ => json!([dice.one(&["matches", "matches_not"]), dimension, [dice.one(&["^/", "^K", "e$", "a$"])]]),
    }
}

fn filter(dice: &mut Dice) -> Value {
    match dice.below(8) {
        0 => json!(["or", [test(dice, false), test(dice, false)]]),
        1 => json!(["not", ["and", [test(dice, false), test(dice, false)]]]),
        2 => json!([dice.one(&["has_done", "has_not_done"]), test(dice, true)]),
        _ => test(dice, false),
    }
}

fn random_question(dice: &mut Dice, first: Date, days: usize) -> Value {
    let mut dimensions: Vec<&str> = Vec::new();
    let others = dice.below(3);
    for _ in 0..others {
        dimensions.push(DIMENSIONS[dice.below(DIMENSIONS.len())]);
    }
    match dice.below(7) {
        6 => dimensions.insert(0, "time:hour_of_week"),
        0 => dimensions.insert(0, "time:day"),
        1 => dimensions.insert(0, "time:week"),
        2 => dimensions.insert(0, "time:month"),
        3 => dimensions.insert(0, "time:hour"),
        _ => {}
    }
    let filters: Vec<Value> = (0..dice.below(3)).map(|_| filter(dice)).collect();
    let (a, b) = (dice.below(days), dice.below(days));
    let day = |n: usize| first.checked_add(Span::new().days(i64::try_from(n).unwrap())).unwrap().to_string();
    let mut metrics: Vec<&str> = Vec::new();
    for metric in Metric::ALL.iter().filter(|metric| !metric.is_share()) {
        if dice.below(2) == 0 {
            metrics.push(metric.name());
        }
    }
    json!({
        "site_id": "1.kz", "metrics": metrics, "date_range": [day(a.min(b)), day(a.max(b))],
        "dimensions": dimensions, "filters": filters,
    })
}

/// The question without the metrics that do not go with it; none when nothing is left of it.
fn fitting(mut question: Value) -> Option<Question> {
    for _ in 0..20 {
        match Question::from_json(&question) {
            Ok(question) => return Some(question),
            Err(error) => {
                let text = error.to_string();
                let index: usize = text.strip_prefix("#/metrics/")?.split(':').next()?.parse().ok()?;
                question["metrics"].as_array_mut()?.remove(index);
            }
        }
    }
    None
}

#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "how long a test asks is no configuration of the program")]
async fn the_planner_answers_as_a_naive_recount_does() {
    let long = std::env::var("SANAQ_QUESTIONS").is_ok_and(|mode| mode == "long");
    let (days, questions, seed) = if long { (400, 3_000, 7) } else { (12, 250, 41) };
    let h = Harness::new("questions_recount", &[ZONE]).await;
    let last = Date::constant(2033, 5, 22);
    let first = last.checked_sub(Span::new().days(i64::try_from(days).unwrap() - 1)).unwrap();
    h.hand.set(at("2033-05-22T12:00:00Z"));
    let mut dice = Dice(88_172_645_463_325_252 + seed);
    let rows = traffic(&h, first, days, &mut dice);
    h.insert(rows.iter().cloned().map(Event)).await;
    // The last two days stay open.
    h.sealer().run_once(at("2033-05-20T23:00:00Z")).await.unwrap();
    let zone = jiff::tz::TimeZone::get(ZONE).unwrap();
    let world = World::new(&rows, &[last, last.yesterday().unwrap()], &zone);
    let mut asked = 0;
    while asked < questions {
        let Some(question) = fitting(random_question(&mut dice, first, days)) else { continue };
        let DateRange::Dates(from, to) = question.date_range else { unreachable!("dates were asked") };
        let expected = recount(&question, &world, from, to);
        let answer = h.answers.answer_for(&question, Audience::Unprotected).await.unwrap();
        compare(&question, &expected, &serde_json::to_value(answer).unwrap());
        asked += 1;
    }
}

fn compare(question: &Question, expected: &BTreeMap<Key, Sum>, answer: &Value) {
    let shown = |dimension: &Dimension, value: &str| {
        if value.is_empty() { name_of_nothing(*dimension).to_owned() } else { value.to_owned() }
    };
    let others: Vec<_> = question.dimensions.iter().filter(|d| !d.is_time()).collect();
    let time = question.dimensions.iter().position(|d| d.is_time());
    let mut rows: BTreeMap<(String, Vec<String>), Vec<Value>> = BTreeMap::new();
    for (key, sum) in expected {
        let Sum { visits, pageviews, events, entries, .. } = sum;
        if visits + pageviews + events + entries + u64::try_from(sum.visitors.len()).unwrap() == 0 {
            continue;
        }
        let date = |number: i64| Date::constant(1970, 1, 1).checked_add(Span::new().days(number)).unwrap();
        let label = match time.map(|at| question.dimensions[at]) {
            None => String::new(),
            Some(Dimension::TimeHour) => format!("{} {:02}:00:00", date(key.0 / 24), key.0 % 24),
            Some(Dimension::TimeHourOfWeek) => format!("{} {:02}", key.0 / 24 + 1, key.0 % 24),
            Some(_) => date(key.0).to_string(),
        };
        let values = others.iter().zip(&key.1).map(|(dimension, value)| shown(dimension, value)).collect();
        rows.insert((label, values), question.metrics.iter().map(|metric| figure(*metric, sum)).collect());
    }
    let nothing: Vec<Value> =
        question.metrics.iter().map(|metric| figure(*metric, &Sum::default())).collect();
    let mut seen = 0;
    for row in answer["results"].as_array().unwrap() {
        let mut dimensions: Vec<String> = serde_json::from_value(row["dimensions"].clone()).unwrap();
        let label = time.map_or(String::new(), |at| dimensions.remove(at));
        let found = row["metrics"].as_array().unwrap();
        let counted = rows.get(&(label.clone(), dimensions.clone()));
        seen += usize::from(counted.is_some());
        // A series shows zeros, and a question without dimensions one row of them.
        assert!(
            counted.is_some() || others.is_empty(),
            "a row too many: {label} {dimensions:?}\n{question:?}"
        );
        assert_eq!(found, counted.unwrap_or(&nothing), "{label} {dimensions:?}\n{question:?}");
    }
    assert_eq!(seen, rows.len(), "rows are missing: {:?}\n{question:?}", rows.keys());
}
