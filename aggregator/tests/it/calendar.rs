//! Days that are not like others: two of one date, half of one, none at all, and seven at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aggregator::{SealMetrics, Sealer};
use events::{Deliveries, LocalDay, SiteId};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use prometheus::Registry;
use serde_json::{Value, json};

use crate::harness::{DAY, Harness, at, traffic};

const METRICS: [&str; 4] = ["visitors", "visits", "pageviews", "events"];

/// Moves the first site to another zone.
fn move_to(h: &Harness, zone: &str) {
    let mut site = (*h.sites.by_id(SiteId(1)).unwrap()).clone();
    site.zone = TimeZone::get(zone).unwrap();
    h.sites.replace([site]);
}

/// The days of which anything is shown, with their figures: the others stand in a series as zeros.
async fn by_day(h: &Harness) -> Value {
    let question = json!({
        "site_id": "1.kz", "metrics": METRICS, "dimensions": ["time:day"], "date_range": ["2033-05-20", "2033-05-23"],
    });
    let rows = h.ask(question).await;
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 4, "{rows:?}");
    Value::from(rows.iter().filter(|row| row[3] != 0).cloned().collect::<Vec<_>>())
}

/// What a site keeps of its figures when its clock is set to another zone's in the middle of a day.
#[tokio::test]
async fn a_date_that_a_site_has_twice_is_the_sum_of_both_days() {
    let h = Harness::new("calendar_twice", &["Asia/Almaty"]).await;
    h.hand.set(at("2033-05-23T12:00:00Z"));
    // The 22nd by Almaty's clock is over; by that of St John's, two and a half hours behind Greenwich, it is afternoon.
    h.insert([h.event(1, "2033-05-22T10:00:00Z"), h.event(1, "2033-05-22T10:01:00Z").path("/first")]).await;
    let first = h.event(1, "2033-05-22T10:00:00Z").0.closes_at;
    move_to(&h, "America/St_Johns");
    h.insert([h.event(1, "2033-05-22T20:00:00Z").tag(2).path("/second")]).await;
    let second = h.event(1, "2033-05-22T20:00:00Z").0.closes_at;
    assert_ne!(first, second);
    // One person on both sides of the change counts twice: nothing may link the two days.
    let expected = json!([["2033-05-22", 2, 2, 3, 3]]);
    assert_eq!(by_day(&h).await, expected);

    // Between the two ends, and after both.
    assert_eq!(h.sealer().run_once(at("2033-05-22T21:00:00Z")).await.unwrap().len(), 1);
    assert_eq!(by_day(&h).await, expected, "half sealed, half open");
    assert_eq!(h.sealer().run_once(at("2033-05-23T03:00:00Z")).await.unwrap().len(), 1);
    assert_eq!(by_day(&h).await, expected);
    // Nobody of the one day has the number of somebody of the other: detail is told apart by date and number.
    assert_eq!(h.number("SELECT uniqExact(day, visitor) FROM visits").await, 2);
    assert_eq!(h.number("SELECT uniqExact(day, visitor, visit) FROM hits").await, 2);
    assert_eq!(h.number("SELECT count() FROM sealed_days WHERE phase = 'dropped'").await, 2);
    assert_eq!(h.number("SELECT count() FROM events").await, 0);
}

#[tokio::test]
async fn a_date_cut_short_by_a_change_of_zone_loses_no_event() {
    let h = Harness::new("calendar_short", &["America/St_Johns"]).await;
    h.hand.set(at("2033-05-23T12:00:00Z"));
    h.insert([h.event(1, "2033-05-22T19:30:00Z")]).await;
    // It is the evening of the 22nd here and the first hour of the 23rd there.
    move_to(&h, "Asia/Almaty");
    h.insert([h.event(1, "2033-05-22T19:40:00Z"), h.event(1, "2033-05-23T05:00:00Z")]).await;
    let expected = json!([["2033-05-22", 1, 1, 1, 1], ["2033-05-23", 1, 2, 2, 2]]);
    assert_eq!(by_day(&h).await, expected);
    // The cut day ends when it would have ended: at the midnight of the clock it began by.
    assert_eq!(h.sealer().run_once(at("2033-05-23T02:36:00Z")).await.unwrap().len(), 1);
    assert_eq!(h.sealer().run_once(at("2033-05-23T19:06:00Z")).await.unwrap().len(), 1);
    assert_eq!(by_day(&h).await, expected);
}

#[tokio::test]
async fn a_day_without_events_is_zero_and_nothing_is_sealed_for_it() {
    let h = Harness::new("calendar_empty", &["Asia/Almaty"]).await;
    h.hand.set(at("2033-05-23T12:00:00Z"));
    h.insert([h.event(1, "2033-05-21T10:00:00"), h.event(1, "2033-05-23T10:00:00")]).await;
    let sealed = h.sealer().run_once(at("2033-05-24T00:00:00Z")).await.unwrap();
    assert_eq!(sealed.iter().map(|day| day.events).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(h.totals(1, &METRICS).await, json!([0, 0, 0, 0]));
    assert_eq!(by_day(&h).await, json!([["2033-05-21", 1, 1, 1, 1], ["2033-05-23", 1, 1, 1, 1]]));
    let lines = format!("SELECT count() FROM sealed_days WHERE day = '{DAY}'");
    assert_eq!(h.number(&lines).await, 0);
}

struct Away(AtomicBool);

impl Deliveries for Away {
    fn retired(&self, _closes_at: i64) -> bool {
        !self.0.load(Ordering::SeqCst)
    }
}

/// What Prometheus would read, and the bound the alert compares it with.
fn figure(registry: &Registry, name: &str) -> i64 {
    let text = prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
    let line = text.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

fn bound() -> i64 {
    let rules = include_str!("../../../deploy/prometheus/seal.rules.yml");
    let expression =
        rules.lines().find(|line| line.contains("expr: sanaq_seal_oldest_open_seconds >")).unwrap();
    let hours = expression.rsplit('>').next().unwrap().trim().strip_suffix(" * 3600").unwrap();
    hours.parse::<i64>().unwrap() * 3600
}

#[tokio::test]
async fn a_machine_that_was_off_for_a_week_seals_what_it_missed_and_told_of_it_meanwhile() {
    let h = Harness::new("calendar_week", &["Asia/Almaty", "Asia/Kathmandu"]).await;
    let days: Vec<String> = (16..=22).map(|day| format!("2033-05-{day}")).collect();
    let days: Vec<&str> = days.iter().map(String::as_str).collect();
    for site in 1..=2 {
        h.insert(traffic(&h, site, &days, 7)).await;
    }
    let range = json!([days[0], days[6]]);
    let week = async || {
        let mut answers = Vec::new();
        for site in ["1.kz", "2.kz"] {
            answers.push(
                h.ask(json!({ "site_id": site, "metrics": METRICS, "dimensions": ["time:day"], "date_range": range })).await,
            );
        }
        answers
    };
    let registry = Registry::new();
    let away = Arc::new(Away(AtomicBool::new(true)));
    let deliveries: Arc<dyn Deliveries> = Arc::clone(&away) as _;
    let sealer =
        Sealer::new(h.access.clone(), Arc::clone(&h.sites), deliveries, SignedDuration::from_mins(5))
            .with_metrics(SealMetrics::register(&registry).unwrap());

    // Up again on the 29th: the journal comes first, and the metric says how long the oldest day has been waiting.
    let now = at("2033-05-29T12:00:00Z");
    h.hand.set(now);
    let before = week().await;
    assert_eq!(sealer.run_once(now).await.unwrap(), []);
    let zone = h.sites.by_id(SiteId(2)).unwrap().zone.clone();
    let oldest = [h.sites.by_id(SiteId(1)).unwrap().zone.clone(), zone]
        .map(|zone| LocalDay::of(days[0].parse().unwrap(), &zone).unwrap().closes_at)
        .into_iter()
        .min()
        .unwrap();
    assert_eq!(figure(&registry, "sanaq_seal_oldest_open_seconds"), now.as_second() - oldest);
    assert!(figure(&registry, "sanaq_seal_oldest_open_seconds") > bound(), "the alert sees it");
    assert_eq!(figure(&registry, "sanaq_seal_open_partitions"), 14);

    away.0.store(false, Ordering::SeqCst);
    let sealed = sealer.run_once(now).await.unwrap();
    assert_eq!(sealed.len(), 14);
    assert!(sealed.windows(2).all(|pair| pair[0].closes_at < pair[1].closes_at), "the oldest first");
    assert_eq!(h.number("SELECT count() FROM events").await, 0);
    assert_eq!(week().await, before);
    assert_eq!(figure(&registry, "sanaq_seal_oldest_open_seconds"), 0);
    assert_eq!(figure(&registry, "sanaq_seal_open_partitions"), 0);
}

#[tokio::test]
async fn a_day_that_ended_a_minute_ago_raises_no_alert() {
    let h = Harness::new("calendar_fresh", &["America/St_Johns"]).await;
    h.insert([h.event(1, "2033-05-22T10:00:00")]).await;
    let registry = Registry::new();
    let sealer = h.sealer().with_metrics(SealMetrics::register(&registry).unwrap());
    sealer.run_once(at("2033-05-23T02:31:00Z")).await.unwrap();
    assert_eq!(figure(&registry, "sanaq_seal_oldest_open_seconds"), 60);
    assert!(figure(&registry, "sanaq_seal_oldest_open_seconds") < bound());
}
