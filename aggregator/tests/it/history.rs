//! Simulated days of the past are sealed like any other, and a dashboard shows what was made up, to the last integer.

use aggregator::History;
use events::drops::DropRow;
use events::row::UnixSeconds;
use events::{DropReason, SiteId};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use simulate::{Account, Traffic};

use crate::harness::{Harness, at, eventually};

/// A week, Monday to Sunday, long gone by ClickHouse's own clock: the backstop of `events` would take them.
const FIRST: Date = date(2026, 3, 2);
const DAYS: i64 = 7;

fn traffic(site: u32) -> Traffic {
    Traffic {
        site: SiteId(site),
        domain: format!("{site}.kz"),
        zone: TimeZone::get("Asia/Almaty").unwrap(),
        seed: 20_261_122,
        rows_per_day: 300,
        pages: 40,
    }
}

fn days() -> impl Iterator<Item = Date> {
    (0..DAYS).map(|days| FIRST.checked_add(jiff::Span::new().days(days)).unwrap())
}

#[tokio::test]
async fn the_dashboard_of_simulated_days_equals_the_account_of_who_made_them_up() {
    let harness = Harness::new("history", &["Asia/Almaty", "Asia/Almaty"]).await;
    let mut history = History::open(&harness.access).await.unwrap();
    assert_eq!(history.held(SiteId(1)).await.unwrap(), []);
    let mut accounts: Vec<Account> = Vec::new();
    for date in days() {
        let day = traffic(1).day(date).unwrap();
        assert_eq!(history.write(day.rows()).await.unwrap(), day.account.rows);
        let robots = DropRow {
            site: SiteId(1),
            day: date,
            closes_at: UnixSeconds::new(day.local.closes_at),
            reason: DropReason::Bot,
            count: day.account.robots,
        };
        history.write_drops(&[robots]).await.unwrap();
        accounts.push(day.account);
    }
    assert_eq!(history.held(SiteId(1)).await.unwrap(), days().collect::<Vec<_>>());
    assert_eq!(history.held(SiteId(2)).await.unwrap(), []);
    let sealed = harness.sealer().run_once(at("2026-06-01T00:00:00Z")).await.unwrap();
    history.close().await.unwrap();
    let rows: Vec<u64> = sealed.iter().map(|day| day.events).collect();
    assert_eq!(rows, accounts.iter().map(|account| account.rows).collect::<Vec<_>>());

    let range = json!([FIRST.to_string(), days().last().unwrap().to_string()]);
    let metrics = json!(["visitors", "visits", "pageviews", "events"]);
    let question = |dimensions: Value| json!({"site_id": "1.kz", "metrics": metrics, "date_range": range, "dimensions": dimensions});
    let counted =
        |account: &Account| vec![account.visitors, account.visits, account.pageviews, account.events];
    let whole: Account = accounts.iter().copied().sum();
    assert_eq!(harness.ask(question(json!([]))).await[0], json!(counted(&whole)));
    let by_day: Vec<Vec<Value>> =
        serde_json::from_value(harness.ask(question(json!(["time:day"]))).await).unwrap();
    let by_day: Vec<Value> = by_day.into_iter().map(|row| row[1..].into()).collect();
    assert_eq!(by_day, accounts.iter().map(|account| json!(counted(account))).collect::<Vec<_>>());
    // The week is to be seen: the quietest working day is busier than the busiest day off.
    let views = |days: std::ops::Range<usize>| accounts[days].iter().map(|account| account.pageviews);
    assert!(views(0..5).min() > views(5..7).max());
    // The finer sums, from the table itself.
    let sums = "SELECT sum({}) FROM stats_daily WHERE site = 1 AND dimension = 'total'";
    for (column, made_up) in [
        ("bounces", whole.bounces),
        ("duration_s", whole.duration_s),
        ("engaged_ms", whole.engaged_ms),
        ("opted_out_pageviews", whole.opted_out_pageviews),
        ("opted_out_events", whole.opted_out_events),
    ] {
        assert_eq!(harness.number(&sums.replace("{}", column)).await, made_up, "{column}");
    }
    let dropped = harness.answers.drops(SiteId(1), FIRST, days().last().unwrap()).await.unwrap();
    assert_eq!(dropped.iter().map(|dropped| dropped.count).sum::<u64>(), whole.robots);
}

/// The positive control: without holding the backstop up, a day of the past is gone before anybody seals it.
#[tokio::test]
async fn without_care_the_backstop_takes_a_day_of_the_past() {
    let harness = Harness::new("history_backstop", &["Asia/Almaty"]).await;
    let mut history = History::open(&harness.access).await.unwrap();
    let day = traffic(1).day(FIRST).unwrap();
    history.write(day.rows()).await.unwrap();
    assert_eq!(harness.number("SELECT count() FROM events").await, day.account.rows);
    history.close().await.unwrap();
    eventually("the backstop lets the day go", async || {
        (harness.number("SELECT count() FROM events").await == 0).then_some(())
    })
    .await;
}
