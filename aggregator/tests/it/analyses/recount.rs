//! Answers beside a naive recount of the raw events, over random questions, with days open, half of them sealed, all sealed.

use std::collections::{BTreeMap, BTreeSet};

use aggregator::question::page_pattern;
use aggregator::suppress::Audience;
use events::{Device, EventRow};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::told;
use crate::harness::{Event, Harness, at};

/// A small random number generator: the same questions every time.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides).unwrap()).unwrap()
    }

    pub(super) fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// One visit, counted by hand: its events in order.
pub(super) struct Visit {
    pub(super) day: Date,
    pub(super) tag: u64,
    rows: Vec<EventRow>,
}

impl Visit {
    /// Every visit of these events, which are in order of arrival.
    pub(super) fn all(rows: &[EventRow]) -> Vec<Self> {
        let mut of_tags: BTreeMap<(Date, u64), Vec<EventRow>> = BTreeMap::new();
        for row in rows {
            if let Some(tag) = row.tag {
                of_tags.entry((row.day, tag.bits())).or_default().push(row.clone());
            }
        }
        let mut visits: Vec<Self> = Vec::new();
        for ((day, tag), mut rows) in of_tags {
            rows.sort_by_key(|row| row.time.get());
            let mut last = i64::MIN;
            for row in rows {
                let time = row.time.get();
                if last.saturating_add(1800) < time {
                    visits.push(Self { day, tag, rows: Vec::new() });
                }
                last = time;
                visits.last_mut().unwrap().rows.push(row);
            }
        }
        visits.retain(|visit| visit.rows.iter().any(counts));
        visits
    }

    /// What belongs to the visit is that of its first event.
    fn origin(&self) -> &EventRow {
        self.rows.iter().find(|row| counts(row)).unwrap()
    }

    pub(super) fn device(&self) -> Device {
        self.origin().device
    }

    pub(super) fn pages(&self) -> Vec<&str> {
        let views = self.rows.iter().filter(|row| row.name == "pageview");
        views.map(|row| row.path.as_str()).collect()
    }

    /// From which page to which; nothing before the first and after the last.
    pub(super) fn ways(&self) -> Vec<(String, String)> {
        let pages = self.pages();
        let mut ways: Vec<(String, String)> = Vec::new();
        let mut before = "";
        for page in pages.iter().copied().chain([""]) {
            if !(before.is_empty() && page.is_empty()) {
                ways.push((before.to_owned(), page.to_owned()));
            }
            before = page;
        }
        ways
    }

    /// The events in the order a funnel sees them: a scroll report after the view it belongs to.
    fn moments(&self) -> Vec<&EventRow> {
        let view = |index: usize, row: &EventRow| {
            let is = |at: &usize| self.rows[*at].name == "pageview" && self.rows[*at].path == row.path;
            (0..=index).rev().find(is).or_else(|| (index..self.rows.len()).find(is))
        };
        let mut placed: Vec<(usize, bool, usize)> = self
            .rows
            .iter()
            .enumerate()
            .map(|(index, row)| match view(index, row) {
                Some(at) if row.name == "engagement" => (at, true, index),
                _ => (index, false, index),
            })
            .collect();
        placed.sort_unstable();
        placed.into_iter().map(|(_, _, index)| &self.rows[index]).collect()
    }

    /// How many steps it came through, trying every way to do it.
    pub(super) fn depth(&self, steps: &[Value]) -> usize {
        fn further(moments: &[&EventRow], steps: &[Value]) -> usize {
            let Some((step, rest)) = steps.split_first() else { return 0 };
            let taken = moments.iter().enumerate().filter(|(_, row)| reaches(row, step));
            taken
                .map(|(index, row)| {
                    // One report of a depth can be several steps.
                    let from = if row.name == "engagement" { index } else { index + 1 };
                    1 + further(&moments[from..], rest)
                })
                .max()
                .unwrap_or(0)
        }
        further(&self.moments(), steps)
    }

    fn passes(&self, filter: &Value) -> bool {
        let (op, dimension, value) = (filter[0].as_str().unwrap(), &filter[1], filter[2][0].as_str());
        let any = |is: &dyn Fn(&EventRow) -> bool| self.rows.iter().any(is);
        match (op, dimension.as_str()) {
            ("and", _) => filter[1].as_array().unwrap().iter().all(|part| self.passes(part)),
            ("or", _) => filter[1].as_array().unwrap().iter().any(|part| self.passes(part)),
            ("not", _) => !self.passes(&filter[1]),
            ("has_done", _) => self.passes(&filter[1]),
            ("has_not_done", _) => !self.passes(&filter[1]),
            ("is_not", Some("visit:country")) => self.origin().country != value.unwrap(),
            ("is", Some("visit:country")) => self.origin().country == value.unwrap(),
            ("is", Some("visit:device")) => device_name(self.device()) == value.unwrap(),
            ("is", Some("visit:exit_page")) => self.pages().last().copied() == value,
            ("is", Some("event:page")) => any(&|row| row.path == value.unwrap()),
            ("is", Some("event:name")) => any(&|row| row.name == value.unwrap()),
            ("is", Some("event:props:plan")) => any(&|row| has(row, "plan", value.unwrap())),
            ("is", Some("event:goal")) => any(&|row| reaches(row, &goals()[0])),
            other => unreachable!("the recount does not know {other:?}"),
        }
    }
}

fn counts(row: &EventRow) -> bool {
    !["engagement", "vitals"].contains(&row.name.as_str())
}

fn has(row: &EventRow, key: &str, value: &str) -> bool {
    row.props.iter().any(|(name, is)| name == key && is == value)
}

pub(super) fn device_name(device: Device) -> &'static str {
    if device == Device::Mobile { "Mobile" } else { "Desktop" }
}

fn reaches(row: &EventRow, goal: &Value) -> bool {
    let page = |pattern: &str| match pattern {
        "/docs/*" => row.path.strip_prefix("/docs/").is_some_and(|rest| !rest.contains('/')),
        "/docs/**" => row.path.starts_with("/docs/"),
        "/**" => true,
        plain => {
            assert!(!page_pattern(plain).contains(".*"), "a pattern the recount does not know");
            row.path == plain
        }
    };
    let conditions = goal["custom_props"].as_object().into_iter().flatten();
    conditions.into_iter().all(|(key, value)| has(row, key, value.as_str().unwrap()))
        && match (goal["event_name"].as_str(), goal["page_path"].as_str(), goal["scroll_threshold"].as_u64())
        {
            (Some(name), _, _) => row.name == name,
            (_, Some(path), None) => row.name == "pageview" && page(path),
            (_, Some(path), Some(percent)) => {
                let depth = u64::from(row.scroll_depth);
                row.name == "engagement" && page(path) && (percent..=100).contains(&depth)
            }
            _ => unreachable!("a goal has a name or a page"),
        }
}

fn goals() -> Vec<Value> {
    vec![
        json!({"display_name": "Signup", "event_name": "Signup"}),
        json!({"page_path": "/"}),
        json!({"page_path": "/docs/*"}),
        json!({"page_path": "/docs/**"}),
        json!({"page_path": "/**"}),
        json!({"page_path": "/", "scroll_threshold": 50}),
        json!({"page_path": "/docs/**", "scroll_threshold": 10}),
        json!({"page_path": "/", "scroll_threshold": 90}),
        json!({"event_name": "Buy", "custom_props": {"plan": "paid"}}),
        json!({"page_path": "/қазақша", "custom_props": {"plan": "free"}}),
    ]
}

const PATHS: &[&str] = &["/", "/docs/a", "/docs/b/c", "/қазақша", "/it's"];

fn traffic(h: &Harness, days: &[Date], dice: &mut Dice) -> Vec<EventRow> {
    let mut rows = Vec::new();
    for day in days {
        for _ in 0..130 {
            let seconds = dice.below(5 * 3600);
            let (hour, minute, second) = (9 + seconds / 3600, seconds / 60 % 60, seconds % 60);
            let tag = u64::try_from(dice.below(14)).unwrap();
            let mut event = h.event(1, &format!("{day}T{hour:02}:{minute:02}:{second:02}"));
            let row = &mut event.0;
            row.path = (*dice.one(PATHS)).into();
            row.country = (*dice.one(&["KZ", "KZ", "RU"])).into();
            row.device = *dice.one(&[Device::Desktop, Device::Mobile]);
            row.props.push(("plan".into(), (*dice.one(&["free", "paid"])).into()));
            match dice.below(10) {
                0..=4 => {}
                5 => row.name = "vitals".into(),
                6 | 7 => {
                    row.name = "engagement".into();
                    row.scroll_depth = *dice.one(&[255, 10, 60, 100]);
                }
                8 => row.name = "Signup".into(),
                _ => row.name = "Buy".into(),
            }
            rows.push(if tag == 13 { event.opted_out().0 } else { event.tag(tag + 1).0 });
        }
    }
    rows
}

fn filter(dice: &mut Dice) -> Value {
    let single = [
        json!(["is", "visit:country", ["KZ"]]),
        json!(["is_not", "visit:country", ["KZ"]]),
        json!(["is", "visit:device", ["Mobile"]]),
        json!(["is", "visit:exit_page", ["/"]]),
        json!(["is", "event:page", [dice.one(PATHS)]]),
        json!(["is", "event:name", ["Buy"]]),
        json!(["is", "event:props:plan", ["paid"]]),
        json!(["is", "event:goal", ["Signup"]]),
        json!(["has_done", ["is", "event:page", [dice.one(PATHS)]]]),
        json!(["has_not_done", ["is", "event:name", ["Buy"]]]),
        json!(["or", [["is", "visit:device", ["Mobile"]], ["is", "event:page", ["/"]]]]),
        json!(["not", ["is", "visit:country", ["RU"]]]),
        json!(["and", [["is", "visit:country", ["KZ"]], ["is", "visit:device", ["Desktop"]]]]),
    ];
    dice.one(&single).clone()
}

/// Who took a way: visits, visitors of days, and how often.
type Taken = (BTreeSet<usize>, BTreeSet<(Date, u64)>, u64);

/// A request, and its answer counted by hand.
fn random(dice: &mut Dice, days: &[Date], visits: &[Visit]) -> (Value, Value) {
    let (a, b) = (dice.below(days.len()), dice.below(days.len()));
    let (first, last) = (days[a.min(b)], days[a.max(b)]);
    let filters: Vec<Value> = (0..dice.below(2)).map(|_| filter(dice)).collect();
    let mut request = json!({
        "site_id": "1.kz", "date_range": [first.to_string(), last.to_string()], "filters": filters, "goals": [goals()[0]],
    });
    let asked: Vec<&Visit> = visits
        .iter()
        .filter(|visit| first <= visit.day && visit.day <= last)
        .filter(|visit| filters.iter().all(|filter| visit.passes(filter)))
        .collect();
    if dice.below(2) == 0 {
        let steps: Vec<Value> = (0..2 + dice.below(4)).map(|_| dice.one(&goals()).clone()).collect();
        request["kind"] = json!("funnel");
        request["steps"] = json!(steps);
        let depths: Vec<usize> = asked.iter().map(|visit| visit.depth(&steps)).collect();
        let at = |step: usize| {
            let came = || asked.iter().zip(&depths).filter(move |(_, depth)| **depth >= step);
            let visitors: BTreeSet<_> = came().map(|(visit, _)| (visit.day, visit.tag)).collect();
            json!([came().count(), visitors.len()])
        };
        return (request, (0..=steps.len()).map(at).collect());
    }
    let page = [json!("/"), json!("/docs/a"), Value::Null][dice.below(3)].clone();
    let next = dice.below(2) == 0;
    request["kind"] = json!("journeys");
    request["page"] = page.clone();
    request["direction"] = json!(if next { "next" } else { "previous" });
    let mut rows: BTreeMap<String, Taken> = BTreeMap::new();
    for (index, visit) in asked.iter().enumerate() {
        for (from, to) in visit.ways() {
            let (here, there) = if next { (from, to) } else { (to, from) };
            if here == page.as_str().unwrap_or_default() {
                let end = if next { "left" } else { "came_in" };
                let row = rows.entry(if there.is_empty() { end.into() } else { there }).or_default();
                row.0.insert(index);
                row.1.insert((visit.day, visit.tag));
                row.2 += 1;
            }
        }
    }
    let rows = rows
        .into_iter()
        .map(|(name, (visits, visitors, views))| json!([name, visits.len(), visitors.len(), views]));
    (request, rows.collect())
}

/// An answer in the form of the recount.
fn figures(answer: &Value) -> Value {
    let rows = answer["results"].as_array().unwrap();
    if answer["kind"] == "funnel" {
        let pair = |of: &Value| json!([of["visits"], of["visitors"]]);
        return std::iter::once(pair(&answer["meta"])).chain(rows.iter().map(pair)).collect();
    }
    let mut rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            let name = if row["page"].is_null() { &row["kind"] } else { &row["page"] };
            json!([name, row["visits"], row["visitors"], row["pageviews"]])
        })
        .collect();
    rows.sort_by_key(|row| row[0].as_str().unwrap().to_owned());
    json!(rows)
}

#[tokio::test]
async fn analyses_answer_as_a_naive_recount_does_and_sealing_changes_nothing() {
    let h = Harness::new("analyses_recount", &["Europe/Berlin"]).await;
    // The second day has 23 hours.
    let days: Vec<Date> = (26..30).map(|day| Date::constant(2033, 3, day)).collect();
    h.hand.set(at("2033-03-29T20:00:00Z"));
    let mut dice = Dice(88_172_645_463_325_252);
    let rows = traffic(&h, &days, &mut dice);
    h.insert(rows.iter().cloned().map(Event)).await;
    let visits = Visit::all(&rows);
    let questions: Vec<(Value, Value)> = (0..20).map(|_| random(&mut dice, &days, &visits)).collect();
    let told_something = |answer: &Value| answer.as_array().is_some_and(|rows| !rows.is_empty());
    assert!(questions.iter().filter(|(_, answer)| told_something(answer)).count() > 15);
    let mut as_staff: Vec<Value> = Vec::new();
    for seal in [None, Some("2033-03-27T23:00:00Z"), Some("2033-03-30T12:00:00Z")] {
        if let Some(until) = seal {
            h.sealer().run_once(at(until)).await.unwrap();
        }
        for (index, (request, expected)) in questions.iter().enumerate() {
            let answer = told(&h, request, Audience::Unprotected).await;
            assert_eq!(&figures(&answer), expected, "{seal:?} {request}");
            let staff = told(&h, request, Audience::Staff).await;
            match as_staff.get(index) {
                None => as_staff.push(staff),
                Some(before) => assert_eq!(&staff, before, "{seal:?} {request}"),
            }
        }
    }
    assert_eq!(h.number("SELECT count() FROM events").await, 0);
}
