//! What a day must be, whatever the seed.

use std::collections::{HashMap, HashSet};

use jiff::civil::date;

use super::*;

fn traffic(seed: u64) -> Traffic {
    Traffic {
        site: SiteId(7),
        domain: "demo.example".into(),
        zone: TimeZone::get("Asia/Almaty").unwrap(),
        seed,
        rows_per_day: 4000,
        pages: 200,
    }
}

fn day(seed: u64) -> Day {
    traffic(seed).day(date(2033, 5, 18)).unwrap()
}

#[test]
fn one_seed_gives_the_same_rows_and_another_gives_others() {
    let rows = |seed| day(seed).rows().collect::<Vec<_>>();
    assert_eq!(rows(1), rows(1));
    assert_ne!(rows(1), rows(2));
    let other_day = traffic(1).day(date(2033, 5, 19)).unwrap();
    let tags = |day: &Day| day.rows().filter_map(|row| row.tag).collect::<HashSet<_>>();
    assert!(tags(&day(1)).is_disjoint(&tags(&other_day)));
}

/// Counts from the rows alone what the account says of the plan.
#[test]
fn the_account_is_what_a_naive_count_of_the_rows_finds() {
    for seed in 0..6 {
        let day = day(seed);
        let mut counted = Account { robots: day.account.robots, ..Account::default() };
        let mut by_tag: HashMap<u64, Vec<EventRow>> = HashMap::new();
        for row in day.rows() {
            assert!((day.local.opens_at..day.local.closes_at).contains(&row.time.get()));
            let (view, report) =
                (row.name == "pageview", matches!(row.name.as_str(), "engagement" | "vitals"));
            counted.rows += 1;
            counted.pageviews += u64::from(view);
            counted.events += u64::from(!report);
            match row.tag {
                None => {
                    assert!(!report && row.browser.is_empty());
                    counted.opted_out_pageviews += u64::from(view);
                    counted.opted_out_events += 1;
                }
                Some(tag) => by_tag.entry(tag.bits()).or_default().push(row),
            }
        }
        counted.visitors = by_tag.len() as u64;
        for rows in by_tag.values() {
            let breaks: Vec<usize> = (1..rows.len())
                .filter(|at| rows[*at].time.get() - rows[at - 1].time.get() > 1800)
                .chain([rows.len()])
                .collect();
            let mut from = 0;
            for to in breaks {
                let visit = &rows[from..to];
                from = to;
                let views = visit.iter().filter(|row| row.name == "pageview").count();
                let engaged: u64 = visit.iter().map(|row| u64::from(row.engaged_ms)).sum();
                let converted = visit.iter().any(|row| {
                    row.interactive && !matches!(row.name.as_str(), "pageview" | "engagement" | "vitals")
                });
                counted.visits += 1;
                counted.bounces += u64::from(views == 1 && !converted && engaged < 10_000);
                counted.engaged_ms += engaged;
                counted.duration_s +=
                    (visit[visit.len() - 1].time.get() - visit[0].time.get()).unsigned_abs();
            }
        }
        assert_eq!(counted, day.account);
        assert!(day.account.visits > day.account.visitors, "somebody comes back");
        assert!(day.account.opted_out_pageviews > 0 && day.account.robots > 0);
    }
}

#[test]
fn a_week_has_its_rhythm_and_a_day_has_its_night() {
    let traffic = traffic(3);
    // Monday to Sunday.
    let rows: Vec<u64> = (16..=22).map(|day| traffic.day(date(2033, 5, day)).unwrap().account.rows).collect();
    let (least, most) = (rows[..5].iter().min().unwrap(), rows[5..].iter().max().unwrap());
    assert!(least * 10 > most * 11, "{rows:?}");
    let mean = rows.iter().sum::<u64>() / 7;
    assert!((3600..4400).contains(&mean), "{mean}");
    let day = day(3);
    let at =
        |hour: i64| day.rows().filter(|row| (row.time.get() - day.local.opens_at) / 3600 == hour).count();
    assert!(at(11) > at(3) * 4, "{} {}", at(11), at(3));
}

#[test]
fn the_first_page_is_seen_twice_as_often_as_the_second() {
    let day = day(5);
    let seen = |path: &str| day.rows().filter(|row| row.name == "pageview" && row.path == path).count();
    let (first, second) = (seen(&world::path(0)), seen(&world::path(1)));
    assert!(first * 2 > second * 3 && first < second * 3, "{first} {second}");
}

#[test]
fn a_day_until_noon_is_the_morning_of_the_whole() {
    let whole = day(4);
    let noon = whole.local.opens_at + 12 * 3600;
    let morning = traffic(4).day_until(date(2033, 5, 18), noon).unwrap();
    let mut before: Vec<_> = whole.rows().filter(|row| row.time.get() < noon).collect();
    let mut rows: Vec<_> = morning.rows().collect();
    // Of one second in any order.
    let key = |row: &EventRow| {
        let mut bytes = Vec::new();
        row.encode(&mut bytes);
        (row.time, bytes)
    };
    before.sort_by_key(key);
    rows.sort_by_key(key);
    assert_eq!(rows, before);
    assert!(morning.account.visits < whole.account.visits);
    let nothing = traffic(4).day_until(date(2033, 5, 18), 0).unwrap();
    assert_eq!((nothing.account, nothing.rows().count()), (Account::default(), 0));
}

#[test]
fn items_say_what_the_rows_say_and_robots_come_on_top() {
    let day = day(6);
    let items: Vec<_> = day.items().collect();
    assert_eq!(items.len() as u64, day.account.rows + day.account.robots);
    let views = items.iter().filter(|item| item["n"] == "pageview").count() as u64;
    assert_eq!(views, day.account.pageviews + day.account.robots);
    let people: HashSet<_> = items.iter().map(|item| item["ip"].as_str().unwrap().to_owned()).collect();
    assert!(people.iter().all(|address| address.starts_with("10.")));
    let opted_out = items.iter().filter(|item| item["o"] == true).count() as u64;
    assert_eq!(opted_out, day.account.opted_out_events);
}

#[test]
fn days_of_23_and_25_hours_and_a_site_without_traffic_are_days() {
    let berlin = Traffic { zone: TimeZone::get("Europe/Berlin").unwrap(), ..traffic(8) };
    for date in [date(2033, 3, 27), date(2033, 10, 30)] {
        let day = berlin.day(date).unwrap();
        assert!(day.account.rows > 2000);
        assert!(day.rows().all(|row| row.time.get() < day.local.closes_at));
    }
    let silent = Traffic { rows_per_day: 0, ..traffic(8) };
    assert_eq!(silent.day(date(2033, 5, 18)).unwrap().account, Account::default());
}
