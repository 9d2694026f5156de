//! Sealing: nothing an answer says changes, nothing of the events stays, and every crash is made good.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aggregator::seal::{SealError, SealMetrics, Step};
use aggregator::{Question, Sealer};
use events::{Deliveries, LocalDay, SiteId};
use jiff::{SignedDuration, Timestamp};
use prometheus::Registry;
use serde_json::{Value, json};

use crate::harness::{DAY, Harness, at, eventually, traffic};

const DAYS: &[&str] = &["2033-05-21", DAY];

/// Questions that together ask for every figure there is.
async fn battery(h: &Harness, sites: u32) -> Vec<(String, Value)> {
    ask_all(h, sites, usize::MAX).await
}

/// The first few of them: one for each statement.
async fn few(h: &Harness) -> Vec<(String, Value)> {
    ask_all(h, 1, 5).await
}

async fn ask_all(h: &Harness, sites: u32, most: usize) -> Vec<(String, Value)> {
    let common = ["visitors", "visits", "pageviews", "events"];
    let every = [
        "visitors",
        "visits",
        "pageviews",
        "events",
        "bounce_rate",
        "visit_duration",
        "views_per_visit",
        "engaged_time",
    ];
    let of_page =
        ["visitors", "visits", "pageviews", "events", "bounce_rate", "visit_duration", "engaged_time"];
    let shapes: [(&[&str], &[&str]); 19] = [
        (&[], &every),
        (&["time:hour"], &every),
        (&["time:day", "visit:country"], &every),
        (&["event:page"], &of_page),
        (&["time:day"], &every),
        (&["time:month"], &every),
        (&["event:hostname"], &of_page),
        (&["time:day", "event:page"], &of_page),
        (&["event:name"], &common),
        (&["visit:entry_page"], &every),
        (&["visit:exit_page"], &every),
        (&["visit:source"], &every),
        (&["time:week", "visit:source"], &every),
        (&["visit:referrer"], &every),
        (&["visit:utm_source"], &every),
        (&["visit:device"], &every),
        (&["visit:browser"], &every),
        (&["visit:os"], &every),
        (&["visit:country"], &every),
    ];
    let mut answers = Vec::new();
    for site in 1..=sites {
        for (dimensions, metrics) in shapes.iter().take(most) {
            let question = json!({
                "site_id": format!("{site}.kz"), "metrics": metrics, "dimensions": dimensions,
                "date_range": ["2033-05-18", "2033-05-24"], "include": {"total_rows": true, "time_labels": true},
            });
            let answer = h.answers.answer(&Question::from_json(&question).unwrap()).await.unwrap();
            answers.push((question.to_string(), serde_json::to_value(answer).unwrap()));
        }
    }
    answers
}

fn same(before: &[(String, Value)], after: &[(String, Value)]) {
    assert!(before.iter().any(|(_, answer)| answer["results"][0]["metrics"][0].as_u64() > Some(0)));
    for ((question, before), (_, after)) in before.iter().zip(after) {
        assert_eq!(before, after, "{question}");
    }
}

fn closes_at(h: &Harness, site: u32, day: &str) -> i64 {
    let zone = &h.sites.by_id(SiteId(site)).unwrap().zone;
    LocalDay::of(day.parse().unwrap(), zone).unwrap().closes_at
}

/// Everything the sealed tables hold of the days, in the order of their keys.
async fn sealed_rows(h: &Harness) -> Vec<String> {
    let mut rows = Vec::new();
    for table in ["visits", "hits", "stats_daily", "stats_hourly"] {
        let sql = format!("SELECT '{table} ' || toJSONString(tuple(*)) FROM {table} ORDER BY ALL");
        rows.extend(h.rows::<String>(&sql).await);
    }
    rows
}

#[tokio::test]
async fn sealing_changes_no_answer_and_leaves_no_event() {
    // Three zones, of which two share their midnight, on a day when nothing special happens.
    let h = Harness::new("seal_equal", &["Asia/Almaty", "Asia/Tashkent", "Asia/Kathmandu"]).await;
    h.hand.set(at("2033-05-23T12:00:00Z"));
    for site in 1..=3 {
        h.insert(traffic(&h, site, DAYS, 7)).await;
    }
    let before = battery(&h, 3).await;
    let registry = Registry::new();
    let sealer = h.sealer().with_metrics(SealMetrics::register(&registry).unwrap());

    let first = sealer.run_once(at("2033-05-21T19:30:00Z")).await.unwrap();
    assert_eq!(first.len(), 2, "Almaty with Tashkent, and Kathmandu");
    same(&before, &battery(&h, 3).await);
    assert_eq!(h.number("SELECT uniqExact(closes_at) FROM events").await, 2);

    let second = sealer.run_once(at("2033-05-23T00:00:00Z")).await.unwrap();
    assert_eq!(second.iter().map(|day| (day.sites, day.events)).collect::<Vec<_>>(), [(1, 160), (2, 320)]);
    same(&before, &battery(&h, 3).await);
    assert_eq!(h.number("SELECT count() FROM events").await, 0);
    assert_eq!(sealer.run_once(at("2033-05-23T00:00:00Z")).await.unwrap(), []);

    let figures = prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
    assert!(figures.contains("sanaq_seal_days_total 4"), "{figures}");
    assert!(figures.contains("sanaq_seal_failures_total 0"));
    assert!(figures.contains("sanaq_seal_oldest_open_seconds 0"));
    let first = h.answers.first_event(SiteId(1)).await.unwrap().unwrap();
    assert_eq!(first % 3600, 0, "the hour alone is kept");
}

#[tokio::test]
async fn nothing_of_a_sealed_day_is_left_in_clickhouse_or_on_disk() {
    let h = Harness::new("seal_gone", &["Asia/Almaty"]).await;
    // Several parts, some of them merged away just before.
    for _ in 0..3 {
        h.insert(traffic(&h, 1, DAYS, 7)).await;
    }
    h.execute("OPTIMIZE TABLE events FINAL").await;
    let paths: Vec<String> =
        h.rows("SELECT arrayJoin(data_paths) FROM system.tables WHERE database = currentDatabase() AND name = 'events'").await;
    let partition = closes_at(&h, 1, DAYS[0]).to_string();
    let on_disk = || {
        let entries = std::fs::read_dir(Path::new(&paths[0])).unwrap();
        entries
            .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains(&partition))
            .count()
    };
    assert!(on_disk() > 0, "the test looks at the right directory");
    h.sealer().run_once(at("2033-05-21T20:00:00Z")).await.unwrap();
    assert_eq!(on_disk(), 0);
    let parts = format!(
        "SELECT count() FROM system.parts WHERE database = currentDatabase() AND table = 'events' AND partition_id = '{partition}'"
    );
    assert_eq!(h.number(&parts).await, 0);
    assert_eq!(h.number("SELECT uniqExact(closes_at) FROM events").await, 1, "the other day stays");
    let phases: Vec<String> = h.rows("SELECT toString(phase) FROM sealed_days ORDER BY phase").await;
    assert_eq!(phases, ["published", "dropped"]);
}

#[tokio::test]
async fn the_same_traffic_under_other_tags_gives_the_same_sealed_rows() {
    let mut sealed = Vec::new();
    for (name, key) in [("seal_key_a", 3), ("seal_key_b", 200)] {
        let h = Harness::new(name, &["Asia/Almaty", "Asia/Tashkent"]).await;
        for site in 1..=2 {
            h.insert(traffic(&h, site, DAYS, key)).await;
        }
        let tags: Vec<u64> = h.rows("SELECT DISTINCT tag FROM events ORDER BY tag").await;
        h.sealer().run_once(at("2033-05-24T00:00:00Z")).await.unwrap();
        sealed.push((tags, sealed_rows(&h).await));
    }
    assert_ne!(sealed[0].0, sealed[1].0, "the tags differ");
    assert!(sealed[0].1.len() > 500);
    assert_eq!(sealed[0].1, sealed[1].1);
}

#[tokio::test]
async fn a_day_written_in_many_parts_is_the_same_day() {
    let mut sealed = Vec::new();
    // The second site's clock changes on that day, so that sites are written apart, too.
    let zones = ["Africa/Lagos", "Europe/Berlin"];
    for (name, at_once) in [("seal_parts_one", 1_000_000_u64), ("seal_parts_many", 30)] {
        let h = Harness::new(name, &zones).await;
        for site in 1..=2 {
            h.deliver(traffic(&h, site, &["2033-10-30"], 7)).await;
        }
        let sealer = h.sealer().writing_at_once(at_once.try_into().unwrap());
        sealer.run_once(at("2033-11-02T00:00:00Z")).await.unwrap();
        sealed.push(sealed_rows(&h).await);
    }
    assert!(sealed[0].len() > 300);
    assert_eq!(sealed[0], sealed[1]);
}

#[tokio::test]
async fn a_crash_after_any_step_is_made_good_by_the_next_run() {
    let whole = {
        let h = Harness::new("seal_crash_none", &["Asia/Almaty"]).await;
        h.insert(traffic(&h, 1, DAYS, 7)).await;
        h.sealer().run_once(at("2033-05-24T00:00:00Z")).await.unwrap();
        sealed_rows(&h).await
    };
    for step in Step::ALL {
        let name = format!("seal_crash_{step:?}").to_lowercase();
        let h = Harness::new(&name, &["Asia/Almaty"]).await;
        h.hand.set(at("2033-05-23T12:00:00Z"));
        h.insert(traffic(&h, 1, DAYS, 7)).await;
        let before = few(&h).await;
        let crashed = h.sealer().stopping_after(step).run_once(at("2033-05-24T00:00:00Z")).await;
        assert!(matches!(crashed, Err(SealError::Stopped(at)) if at == step), "{step:?}: {crashed:?}");
        same(&before, &few(&h).await);
        let completed = h.sealer().run_once(at("2033-05-24T00:00:00Z")).await.unwrap();
        assert_eq!(completed.len(), if step == Step::Ledger { 1 } else { 2 }, "{step:?}");
        same(&before, &few(&h).await);
        assert_eq!(sealed_rows(&h).await, whole, "{step:?}");
        assert_eq!(h.number("SELECT count() FROM events").await, 0, "{step:?}");
        assert_eq!(h.number("SELECT count() FROM sealed_days").await, 4, "{step:?}");
    }
}

#[tokio::test]
async fn answers_asked_while_a_day_is_sealed_are_whole() {
    let h = Harness::new("seal_meanwhile", &["Asia/Almaty"]).await;
    h.hand.set(at("2033-05-23T12:00:00Z"));
    h.insert(traffic(&h, 1, DAYS, 7)).await;
    let question = json!({
        "site_id": "1.kz", "metrics": ["visitors", "visits", "pageviews", "events"], "dimensions": ["time:day"],
        "date_range": DAYS,
    });
    let expected = h.ask(question.clone()).await;
    let done = AtomicBool::new(false);
    let asking = async {
        let mut asked = 0;
        while !done.load(Ordering::SeqCst) {
            assert_eq!(h.ask(question.clone()).await, expected);
            asked += 1;
        }
        asked
    };
    let sealing = async {
        let sealed = h.sealer().run_once(at("2033-05-24T00:00:00Z")).await;
        done.store(true, Ordering::SeqCst);
        sealed.unwrap()
    };
    let (asked, sealed) = tokio::join!(asking, sealing);
    assert_eq!(sealed.len(), 2);
    assert!(asked > 3, "{asked} answers while sealing");
    assert_eq!(h.ask(question).await, expected);
}

/// Something that happens to the data at the end of an attempt's writing, before it is counted again.
async fn spoilt(name: &str, spoil: &str) -> SealError {
    let h = Harness::new(name, &["Asia/Almaty"]).await;
    h.insert(traffic(&h, 1, &[DAYS[0]], 7)).await;
    h.execute(&format!("CREATE MATERIALIZED VIEW spoil {spoil}")).await;
    let now = at("2033-05-24T00:00:00Z");
    let refused = h.sealer().run_once(now).await.unwrap_err();
    assert_eq!(h.number("SELECT count() FROM sealed_days").await, 0);
    assert!(h.number("SELECT count() FROM events").await >= 160);
    // Once the cause is gone the day is sealed.
    h.execute("DROP TABLE spoil").await;
    assert_eq!(h.sealer().run_once(now).await.unwrap().len(), 1);
    refused
}

#[tokio::test]
async fn a_row_too_many_in_the_statistics_stops_the_seal() {
    let view =
        "TO stats_daily AS SELECT site, 'page' AS dimension, day, '/forged' AS value, closes_at, revision,
        1 AS visitors, 1 AS visits FROM stats_hourly LIMIT 1";
    let refused = spoilt("seal_differs_daily", view).await;
    assert!(matches!(refused, SealError::Differs { what: "recount_daily", rows: 1, .. }), "{refused:?}");
}

#[tokio::test]
async fn an_hour_counted_twice_stops_the_seal() {
    let view =
        "TO stats_hourly AS SELECT site, day, toUInt8(3) AS hour, closes_at, revision, visitors, visits
        FROM stats_daily WHERE dimension = 'total'";
    let refused = spoilt("seal_differs_hourly", view).await;
    assert!(matches!(refused, SealError::Differs { what: "recount_hourly", .. }), "{refused:?}");
}

#[tokio::test]
async fn an_event_that_arrives_while_its_day_is_sealed_is_not_lost() {
    // An engagement report of nobody: no figure shows it, only the number of events does.
    let view = "TO events AS SELECT site, day, closes_at, toUInt64(4711) AS tag, closes_at - 60 AS time,
        'engagement' AS name FROM stats_hourly LIMIT 1";
    let refused = spoilt("seal_moving", view).await;
    assert!(matches!(refused, SealError::Moving { .. }), "{refused:?}");
}

struct Outstanding(AtomicBool);

impl Deliveries for Outstanding {
    fn retired(&self, _closes_at: i64) -> bool {
        !self.0.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_day_waits_for_its_end_its_grace_and_the_collectors() {
    let h = Harness::new("seal_waits", &["Asia/Almaty"]).await;
    h.insert(traffic(&h, 1, &[DAYS[0]], 7)).await;
    let outstanding = Arc::new(Outstanding(AtomicBool::new(true)));
    let deliveries: Arc<dyn Deliveries> = Arc::clone(&outstanding) as _;
    let grace = SignedDuration::from_mins(5);
    let sealer = Sealer::new(h.access.clone(), Arc::clone(&h.sites), deliveries, grace);
    let end = Timestamp::from_second(closes_at(&h, 1, DAYS[0])).unwrap();
    for (minutes, held, sealed) in
        [(-60, false, 0), (4, false, 0), (5, true, 0), (600, true, 0), (5, false, 1)]
    {
        outstanding.0.store(held, Ordering::SeqCst);
        let found = sealer.run_once(end + SignedDuration::from_mins(minutes)).await.unwrap();
        assert_eq!(found.len(), sealed, "{minutes} minutes after, held: {held}");
    }
}

#[tokio::test]
async fn events_that_come_after_the_seal_become_an_addendum() {
    let h = Harness::new("seal_late", &["Asia/Almaty"]).await;
    h.hand.set(at("2033-05-23T12:00:00Z"));
    h.insert(traffic(&h, 1, DAYS, 7)).await;
    let registry = Registry::new();
    let sealer = h.sealer().with_metrics(SealMetrics::register(&registry).unwrap());
    let now = at("2033-05-24T00:00:00Z");
    sealer.run_once(now).await.unwrap();
    let before = few(&h).await;
    let totals = async || h.totals(1, &["visitors", "visits", "pageviews", "events"]).await;
    let sealed = totals().await;
    let rows = sealed_rows(&h).await;

    let late = |tag, time: &str| h.event(1, &format!("{DAY}T{time}")).tag(tag);
    h.insert([late(1, "10:00:00"), late(1, "10:01:00"), late(2, "10:00:00").opted_out()]).await;
    same(&before, &few(&h).await);
    let addendum = sealer.run_once(now).await.unwrap();
    assert_eq!(addendum.iter().map(|day| (day.revision, day.events)).collect::<Vec<_>>(), [(2, 3)]);
    let more: Vec<u64> = [1, 1, 3, 3].to_vec();
    let expected: Vec<u64> =
        sealed.as_array().unwrap().iter().zip(&more).map(|(n, more)| n.as_u64().unwrap() + more).collect();
    assert_eq!(totals().await, json!(expected));
    assert_eq!(h.number("SELECT count() FROM events").await, 0);
    // What was sealed before is not touched, and the ledger tells of both.
    let first: Vec<String> = sealed_rows(&h).await.into_iter().filter(|row| rows.contains(row)).collect();
    assert_eq!(first.len(), rows.len());
    let lines: Vec<String> = h
        .rows(&format!("SELECT revision || ' ' || phase || ' ' || received FROM sealed_days WHERE day = '{DAY}' ORDER BY revision, phase"))
        .await;
    assert_eq!(lines, ["1 published 160", "1 dropped 160", "2 published 3", "2 dropped 3"]);
    // No number is given twice.
    assert_eq!(h.number("SELECT toUInt64(count() - uniqExact(day, visitor, visit)) FROM visits").await, 0);
    assert_eq!(
        h.number("SELECT toUInt64(uniqExact(revision) - 1) FROM visits GROUP BY day, visitor ORDER BY 1 DESC LIMIT 1").await,
        0
    );
    // Nothing new: nothing happens, however often it is asked.
    assert_eq!(sealer.run_once(now).await.unwrap(), []);
    let figures = prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
    assert!(figures.contains("sanaq_seal_late_events_total 3"), "{figures}");
    assert!(figures.contains("sanaq_seal_days_total 2"), "{figures}");
}

#[tokio::test]
async fn events_between_publishing_and_the_drop_become_an_addendum_too() {
    let h = Harness::new("seal_late_drop", &["Asia/Almaty"]).await;
    h.insert(traffic(&h, 1, &[DAYS[0]], 7)).await;
    let now = at("2033-05-24T00:00:00Z");
    h.sealer().stopping_after(Step::Publish).run_once(now).await.unwrap_err();
    let counted = h.number("SELECT sum(events) FROM stats_daily WHERE dimension = 'total'").await;
    h.insert([h.event(1, "2033-05-21T10:00:00")]).await;
    let sealed = h.sealer().run_once(now).await.unwrap();
    assert_eq!(sealed.iter().map(|day| (day.revision, day.events)).collect::<Vec<_>>(), [(2, 161)]);
    assert_eq!(h.number("SELECT count() FROM events").await, 0);
    assert_eq!(h.number("SELECT sum(events) FROM stats_daily WHERE dimension = 'total'").await, counted + 1);
    assert_eq!(h.number("SELECT count() FROM sealed_days WHERE phase = 'dropped'").await, 2);
}

#[tokio::test]
async fn a_crash_in_an_addendum_is_made_good_by_the_next_run() {
    let now = at("2033-05-24T00:00:00Z");
    let mut whole = None;
    for step in [None, Some(Step::WriteHits), Some(Step::WriteDaily), Some(Step::Publish), Some(Step::Drop)] {
        let name = format!("seal_late_crash_{}", step.map_or(0, |step| step as u8 + 1));
        let h = Harness::new(&name, &["Asia/Almaty"]).await;
        h.insert(traffic(&h, 1, &[DAYS[0]], 7)).await;
        h.sealer().run_once(now).await.unwrap();
        h.insert([h.event(1, "2033-05-21T10:00:00"), h.event(1, "2033-05-21T10:00:01").tag(2)]).await;
        if let Some(step) = step {
            h.sealer().stopping_after(step).run_once(now).await.unwrap_err();
        }
        assert_eq!(h.sealer().run_once(now).await.unwrap().len(), 1, "{step:?}");
        let rows = sealed_rows(&h).await;
        assert_eq!(whole.get_or_insert_with(|| rows.clone()), &rows, "{step:?}");
        assert_eq!(h.number("SELECT count() FROM sealed_days").await, 4, "{step:?}");
    }
}

#[tokio::test]
async fn while_one_process_seals_another_keeps_away_and_takes_over_when_it_is_gone() {
    let h = Harness::new("seal_lease", &["Asia/Almaty"]).await;
    h.insert(traffic(&h, 1, &[DAYS[0]], 7)).await;
    let now = at("2033-05-24T00:00:00Z");
    h.execute("CREATE TABLE seal_lease (nothing UInt8) ENGINE = Memory COMMENT 'another'").await;
    assert_eq!(h.sealer().run_once(now).await.unwrap(), []);
    assert_eq!(h.number("SELECT count() FROM events").await, 160);
    // The other one never renews it.
    let stale = std::time::Duration::from_secs(1);
    eventually("the lease is broken", async || {
        let sealed = h.sealer().with_stale_lease(stale).run_once(now).await.unwrap();
        (sealed.len() == 1).then_some(())
    })
    .await;
    let leases =
        "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name LIKE 'seal_lease%'";
    assert_eq!(h.number(leases).await, 0);
}

#[tokio::test]
async fn a_sealer_whose_lease_was_taken_over_stops_before_it_publishes() {
    let h = Harness::new("seal_lease_lost", &["Asia/Almaty"]).await;
    h.insert(traffic(&h, 1, &[DAYS[0]], 7)).await;
    let now = at("2033-05-24T00:00:00Z");
    // A materialised view cannot change a comment: so the thief is a thread that waits for the first rows.
    let robbed = async {
        eventually("the sealer writes", async || {
            (h.number("SELECT count() FROM visits").await > 0).then_some(())
        })
        .await;
        h.execute("ALTER TABLE seal_lease MODIFY COMMENT 'thief'").await;
    };
    let sealer = h.sealer();
    let (sealed, ()) = tokio::join!(sealer.run_once(now), robbed);
    assert!(matches!(sealed, Err(SealError::Elsewhere)), "{sealed:?}");
    assert_eq!(h.number("SELECT count() FROM sealed_days").await, 0);
    h.execute("DROP TABLE seal_lease").await;
    assert_eq!(h.sealer().run_once(now).await.unwrap().len(), 1);
}

#[tokio::test]
async fn days_of_23_and_25_hours_and_sites_of_one_midnight_with_other_clocks_are_sealed_alike() {
    // Berlin goes back an hour on 30 October 2033; Lagos has the same midnight after it and no change.
    let h = Harness::new("seal_clocks", &["Europe/Berlin", "Africa/Lagos", "Australia/Lord_Howe"]).await;
    h.hand.set(at("2033-11-02T00:00:00Z"));
    let days = ["2033-10-02", "2033-10-30"];
    for site in 1..=3 {
        h.insert(traffic(&h, site, &days, 7)).await;
    }
    assert_eq!(closes_at(&h, 1, days[1]), closes_at(&h, 2, days[1]));
    let hours = async |h: &Harness| {
        let mut answers = Vec::new();
        for (site, day) in [(1, days[0]), (1, days[1]), (2, days[1]), (3, days[0])] {
            let question = json!({
                "site_id": format!("{site}.kz"), "metrics": ["visitors", "visits", "pageviews", "bounce_rate"],
                "dimensions": ["time:hour"], "date_range": [day, day],
            });
            answers.push(h.ask(question).await);
        }
        answers
    };
    let before = hours(&h).await;
    assert!(before.iter().flat_map(|a| a.as_array().unwrap()).any(|row| row[1].as_u64() > Some(0)));
    h.sealer().run_once(at("2033-11-02T00:00:00Z")).await.unwrap();
    assert_eq!(h.number("SELECT count() FROM events").await, 0);
    assert_eq!(hours(&h).await, before);
}

#[tokio::test]
async fn rare_property_values_are_folded_and_common_ones_kept() {
    let h = Harness::new("seal_props", &["Asia/Almaty"]).await;
    let signup = |tag, ticket: &str| {
        h.event(1, "2033-05-21T10:00:00")
            .tag(tag)
            .custom("Signup")
            .prop("plan", "paid")
            .prop("ticket", ticket)
    };
    h.insert((1..=5).map(|tag| signup(tag, &format!("T{tag}")))).await;
    h.sealer().run_once(at("2033-05-24T00:00:00Z")).await.unwrap();
    let kept: Vec<String> = h.rows("SELECT DISTINCT toString(props) FROM hits").await;
    assert_eq!(kept, ["{'plan':'paid','ticket':'(other)'}"]);
}
