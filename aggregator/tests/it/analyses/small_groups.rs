//! What funnels and journeys tell of small groups: everything that may be asked of a few days is asked, and held against the
//! truth. No group below k is told, none is what is left of a line whose sum may be known, and ranges, filters and
//! directions only choose among what is told of each day. With the guard off the same look finds plenty.

use std::collections::{BTreeMap, BTreeSet};

use aggregator::suppress::Audience;
use events::{Device, EventRow};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::recount::{Dice, Visit, device_name};
use super::told;
use crate::harness::{Event, Harness, at};

const PAGES: [&str; 6] = ["/", "/news", "/docs", "/prices", "/join", "/rare"];
const DEVICES: [Device; 2] = [Device::Desktop, Device::Mobile];
const FUNNELS: [&[&str]; 4] =
    [&["/", "/docs"], &["/news", "/news"], &["/", "/prices", "/join"], &["/news", "/docs", "/", "/rare"]];

type Way = (String, String);
type People = BTreeSet<u64>;
type Ways = BTreeMap<Way, People>;

/// One day as asked by somebody.
struct Look<'a> {
    h: &'a Harness,
    visits: &'a [Visit],
    audience: Audience,
    least: usize,
    /// Where visits began and ended is told as counted.
    ends_known: bool,
    found: Vec<String>,
    figures: usize,
}

fn traffic(h: &Harness, days: &[Date], dice: &mut Dice) -> Vec<EventRow> {
    let mut rows = Vec::new();
    for day in days {
        for tag in 1..=90_u64 {
            let device = DEVICES[usize::from(tag % 3 == 0)];
            for visit in 0..=dice.below(2) {
                let mut page = dice.below(3);
                for minute in 0..=dice.below(4) {
                    let mut event = h.event(1, &format!("{day}T{:02}:{minute:02}:00", 9 + visit)).tag(tag);
                    (event.0.path, event.0.device) = (PAGES[page].into(), device);
                    rows.push(event.0);
                    // Mostly the common ones; the last is rare.
                    page = [0, 1, 2, 1, 2, 3, 3, 4, 0, 5][dice.below(if tag % 11 == 0 { 10 } else { 9 })];
                }
            }
        }
    }
    rows
}

impl Look<'_> {
    fn of(&self, day: Date, device: Option<Device>) -> impl Iterator<Item = &Visit> {
        self.visits
            .iter()
            .filter(move |visit| visit.day == day && device.is_none_or(|device| visit.device() == device))
    }

    /// Who went which way.
    fn truth(&self, day: Date, device: Option<Device>) -> Ways {
        let mut truth = Ways::new();
        for visit in self.of(day, device) {
            for way in visit.ways() {
                truth.entry(way).or_default().insert(visit.tag);
            }
        }
        truth
    }

    fn few(&self, people: &People) -> bool {
        !people.is_empty() && people.len() < self.least
    }

    fn is_known(&self, way: &Way, device: Option<Device>) -> bool {
        self.ends_known && device.is_none() && (way.0.is_empty() || way.1.is_empty())
    }

    async fn ask(&self, mut request: Value, day: Date, device: Option<Device>) -> Value {
        let of_device = |device| json!(["is", "visit:device", [device_name(device)]]);
        request["site_id"] = json!("1.kz");
        request["date_range"] = json!([day.to_string(), day.to_string()]);
        request["filters"] = device.map(of_device).into_iter().collect();
        told(self.h, &request, self.audience).await
    }

    /// The ways told one by one of a day and a filter, whichever way they are asked for.
    async fn journeys(&mut self, day: Date, device: Option<Device>) -> BTreeSet<Way> {
        let truth = self.truth(day, device);
        let mut ways: [BTreeSet<Way>; 2] = [BTreeSet::new(), BTreeSet::new()];
        for (side, direction) in ["next", "previous"].into_iter().enumerate() {
            for page in PAGES.into_iter().map(Some).chain([None]) {
                let request = json!({"kind": "journeys", "page": page, "direction": direction});
                let answer = self.ask(request, day, device).await;
                for row in answer["results"].as_array().unwrap() {
                    self.figures += 1;
                    let visitors = usize::try_from(row["visitors"].as_u64().unwrap()).unwrap();
                    if row["kind"] == "other" {
                        if visitors < self.least {
                            self.found.push(format!("{day} {device:?} others of {page:?}: {visitors}"));
                        }
                        continue;
                    }
                    let (here, there) = (page.unwrap_or(""), row["page"].as_str().unwrap_or(""));
                    let way = if side == 0 { (here, there) } else { (there, here) };
                    let way = (way.0.to_owned(), way.1.to_owned());
                    let people = &truth[&way];
                    assert_eq!(visitors, people.len(), "{day} {device:?} {way:?}");
                    if self.few(people) && !self.is_known(&way, device) {
                        self.found.push(format!("{day} {device:?} {way:?}: {visitors}"));
                    }
                    ways[side].insert(way);
                }
            }
        }
        let [next, previous] = ways;
        assert_eq!(next, previous, "{day} {device:?}");
        next
    }

    /// What is left of a line when what is told of it is taken away.
    fn line<'t>(&mut self, what: &str, cells: impl Iterator<Item = (&'t People, bool)>) {
        let (mut told, mut left) = (0, People::new());
        for (people, is_told) in cells {
            if is_told { told += 1 } else { left.extend(people) }
        }
        if told > 0 && self.few(&left) {
            self.found.push(format!("what is left of {what}: {}", left.len()));
        }
    }

    async fn ways(&mut self, day: Date) {
        let mut all: Vec<(Option<Device>, Ways, BTreeSet<Way>)> = Vec::new();
        for device in [None, Some(DEVICES[0]), Some(DEVICES[1])] {
            let told = self.journeys(day, device).await;
            all.push((device, self.truth(day, device), told));
        }
        for (device, truth, told) in &all {
            for page in PAGES.into_iter().chain([""]) {
                for side in [0, 1] {
                    let here = |way: &Way| if side == 0 { way.0 == page } else { way.1 == page };
                    let open: BTreeSet<&Way> =
                        truth.keys().filter(|way| here(way) && !self.is_known(way, *device)).collect();
                    let cells = open.into_iter().map(|way| (&truth[way], told.contains(way)));
                    self.line(&format!("{day} {device:?} {page} {side}"), cells);
                }
            }
        }
        for way in all[0].1.keys() {
            let cells = all[1..]
                .iter()
                .filter_map(|(_, truth, told)| truth.get(way).map(|people| (people, told.contains(way))));
            let cells: Vec<_> = cells.collect();
            self.line(&format!("{day} {way:?} by device"), cells.into_iter());
        }
    }

    async fn funnel(&mut self, day: Date, pages: &[&str]) {
        let steps: Vec<Value> = pages.iter().map(|page| json!({"page_path": page})).collect();
        let mut by_device: Vec<(Vec<People>, bool)> = Vec::new();
        for device in [Some(DEVICES[0]), Some(DEVICES[1]), None] {
            // Who stopped where in some visit, and in their best one.
            let mut stopped = vec![People::new(); steps.len() + 1];
            let mut best: BTreeMap<u64, usize> = BTreeMap::new();
            for visit in self.of(day, device) {
                let depth = visit.depth(&steps);
                stopped[depth].insert(visit.tag);
                let so_far = best.entry(visit.tag).or_default();
                *so_far = depth.max(*so_far);
            }
            for depth in 0..=steps.len() {
                stopped.push(best.iter().filter(|(_, at)| **at == depth).map(|(tag, _)| *tag).collect());
            }
            let request = json!({"kind": "funnel", "steps": steps});
            let answer = self.ask(request, day, device).await;
            let is_told = !answer["meta"]["visits"].is_null();
            assert_eq!(is_told, answer["meta"]["days_told"] == 1);
            assert!(
                answer["results"].as_array().unwrap().iter().all(|row| row["visits"].is_null() != is_told)
            );
            if is_told {
                self.figures += 1;
                let few: Vec<_> = stopped.iter().filter(|people| self.few(people)).map(People::len).collect();
                if !few.is_empty() {
                    self.found.push(format!("{day} {device:?} {pages:?}: {few:?}"));
                }
            }
            if device.is_some() {
                by_device.push((stopped, is_told));
            }
        }
        for place in 0..2 * (steps.len() + 1) {
            let cells: Vec<_> = by_device
                .iter()
                .filter(|(stopped, _)| !stopped[place].is_empty())
                .map(|(stopped, is_told)| (stopped[place].clone(), *is_told))
                .collect();
            let cells = cells.iter().map(|(people, is_told)| (people, *is_told));
            self.line(&format!("{day} {pages:?} {place} by device"), cells);
        }
    }

    async fn look(mut self, days: &[Date]) -> (Vec<String>, usize) {
        for day in days {
            self.ways(*day).await;
            for pages in FUNNELS {
                self.funnel(*day, pages).await;
            }
        }
        (self.found, self.figures)
    }
}

#[tokio::test]
async fn no_small_group_is_told_and_plenty_would_be_without_the_guard() {
    let h = Harness::new("analyses_small", &["UTC"]).await;
    let days: Vec<Date> = (19..21).map(|day| Date::constant(2033, 5, day)).collect();
    let rows = traffic(&h, &days, &mut Dice(88_172_645_463_325_252));
    h.insert(rows.iter().cloned().map(Event)).await;
    h.sealer().run_once(at("2033-05-20T01:00:00Z")).await.unwrap();
    let visits = Visit::all(&rows);
    let look = |audience, least, ends_known| Look {
        h: &h,
        visits: &visits,
        audience,
        least,
        ends_known,
        found: Vec::new(),
        figures: 0,
    };
    let (found, figures) = look(Audience::Staff, 5, true).look(&days).await;
    assert_eq!(found, Vec::<String>::new());
    assert!(figures > 60, "staff are told something: {figures} figures");
    let (found, figures) = look(Audience::Public, 10, false).look(&days[..1]).await;
    assert_eq!(found, Vec::<String>::new());
    assert!(figures > 8, "the public is told something: {figures} figures");
    let (found, _) = look(Audience::Unprotected, 5, false).look(&days[..1]).await;
    assert!(found.len() > 20, "{found:?}");
}

#[tokio::test]
async fn a_range_adds_up_what_is_told_of_its_days() {
    let h = Harness::new("analyses_range", &["UTC"]).await;
    let days: Vec<Date> = (18..22).map(|day| Date::constant(2033, 5, day)).collect();
    let rows = traffic(&h, &days, &mut Dice(7_046_029_254_386_353));
    h.insert(rows.into_iter().map(Event)).await;
    let ask = async |mut request: Value, first: Date, last: Date| {
        request["site_id"] = json!("1.kz");
        request["date_range"] = json!([first.to_string(), last.to_string()]);
        told(&h, &request, Audience::Staff).await
    };
    let of = |row: &Value, key: &str| row[key].as_u64().unwrap_or(0);
    let (mut told_days, mut untold_days) = (0, 0);
    for pages in FUNNELS {
        let steps: Vec<Value> = pages.iter().map(|page| json!({"page_path": page})).collect();
        let request = json!({"kind": "funnel", "steps": steps});
        let whole = ask(request.clone(), days[0], days[3]).await;
        let mut sums = vec![0; steps.len() * 2 + 2];
        for day in &days {
            let answer = ask(request.clone(), *day, *day).await;
            let rows = answer["results"].as_array().unwrap();
            for (place, row) in rows.iter().chain([&answer["meta"]]).enumerate() {
                sums[2 * place] += of(row, "visits");
                sums[2 * place + 1] += of(row, "visitors");
            }
        }
        told_days += of(&whole["meta"], "days_told");
        untold_days += of(&whole["meta"], "days_untold");
        let rows = whole["results"].as_array().unwrap();
        let figures: Vec<u64> = rows
            .iter()
            .chain([&whole["meta"]])
            .flat_map(|row| [of(row, "visits"), of(row, "visitors")])
            .collect();
        assert_eq!(figures, sums, "{pages:?}");
    }
    assert!(told_days > 0 && untold_days > 0, "{told_days} days are told, {untold_days} are not");
    for page in PAGES {
        let request = json!({"kind": "journeys", "page": page});
        let mut sums: BTreeMap<String, u64> = BTreeMap::new();
        let whole = ask(request.clone(), days[0], days[3]).await;
        let name = |row: &Value| format!("{} {}", row["kind"], row["page"]);
        for day in &days {
            for row in ask(request.clone(), *day, *day).await["results"].as_array().unwrap() {
                *sums.entry(name(row)).or_default() += of(row, "pageviews");
            }
        }
        let rows = whole["results"].as_array().unwrap();
        let figures: BTreeMap<String, u64> =
            rows.iter().map(|row| (name(row), of(row, "pageviews"))).collect();
        assert_eq!(figures, sums, "{page}");
    }
}
