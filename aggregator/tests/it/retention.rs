//! What is too old goes, by partition where it can; and the plan says so beforehand.

use std::collections::HashMap;
use std::sync::Arc;

use aggregator::{Keep, Retention};
use events::SiteId;

use crate::harness::{Harness, at, traffic};

/// The first and last days of two months, sealed.
const DAYS: &[&str] = &["2033-01-01", "2033-01-31", "2033-02-01", "2033-02-28"];

async fn sealed(name: &str) -> Harness {
    let h = Harness::new(name, &["Asia/Almaty", "Asia/Almaty"]).await;
    for site in 1..=2 {
        h.deliver(traffic(&h, site, DAYS, 7)).await;
    }
    h.sealer().run_once(at("2033-03-02T00:00:00Z")).await.unwrap();
    h
}

fn retention(h: &Harness, everywhere: Keep, of_the_first: Option<Keep>) -> Retention {
    let exceptions: HashMap<_, _> = of_the_first.map(|keep| ("1.kz".to_owned(), keep)).into_iter().collect();
    Retention::new(&h.access, Arc::clone(&h.sites), everywhere, exceptions)
}

/// How many days of each site a table has.
async fn days(h: &Harness, table: &str) -> Vec<(u32, u64)> {
    h.rows(&format!("SELECT site, uniqExact(day) FROM {table} GROUP BY site ORDER BY site")).await
}

async fn mutations(h: &Harness) -> u64 {
    h.number(
        "SELECT count() FROM system.mutations WHERE database = currentDatabase() AND command LIKE '%DELETE%'",
    )
    .await
}

#[tokio::test]
async fn a_month_of_detail_goes_when_its_first_day_reaches_the_limit_and_by_its_partition() {
    let h = sealed("retention_detail").await;
    let retention = retention(&h, Keep::default(), None);
    // In the last hour before it is the first of February on the easternmost clock.
    assert_eq!(retention.run_once(at("2034-01-31T09:00:00Z")).await.unwrap(), []);
    assert_eq!(days(&h, "visits").await, [(1, 4), (2, 4)]);
    let gone = retention.run_once(at("2034-01-31T10:00:00Z")).await.unwrap();
    let told: Vec<_> = gone.iter().map(|going| (going.table, &*going.partition, going.sites.len())).collect();
    assert_eq!(told, [("hits", "203301", 0), ("visits", "203301", 0)]);
    for table in ["visits", "hits"] {
        assert_eq!(days(&h, table).await, [(1, 2), (2, 2)], "{table}");
        let parts = format!(
            "SELECT count() FROM system.parts WHERE database = currentDatabase() AND table = '{table}' AND active AND partition = '203301'"
        );
        assert_eq!(h.number(&parts).await, 0);
    }
    assert_eq!(days(&h, "stats_daily").await, [(1, 4), (2, 4)], "statistics have no limit");
    assert_eq!(mutations(&h).await, 0, "no partition was written anew");
    assert_eq!(retention.run_once(at("2034-01-31T10:00:00Z")).await.unwrap(), []);
}

#[tokio::test]
async fn the_plan_says_what_goes_and_when_and_changes_nothing() {
    let h = sealed("retention_plan").await;
    let plan = retention(&h, Keep::default(), None).plan("2034-12-31".parse().unwrap()).await.unwrap();
    let told: Vec<_> = plan
        .iter()
        .map(|going| {
            format!("{} {} {} {}..{}", going.on, going.table, going.partition, going.days[0], going.days[1])
        })
        .collect();
    assert_eq!(
        told,
        [
            "2034-02-01 hits 203301 2033-01-01..2033-01-31",
            "2034-02-01 visits 203301 2033-01-01..2033-01-31",
            "2034-03-01 hits 203302 2033-02-01..2033-02-28",
            "2034-03-01 visits 203302 2033-02-01..2033-02-28",
        ]
    );
    assert_eq!(plan[1].rows, h.number("SELECT count() FROM visits WHERE toYYYYMM(day) = 203301").await);
    assert_eq!(days(&h, "visits").await, [(1, 4), (2, 4)]);
}

#[tokio::test]
async fn a_site_may_keep_less_or_more_than_the_others() {
    let h = sealed("retention_sites").await;
    let now = at("2033-03-15T00:00:00Z");
    // Statistics only.
    let none = Keep { detail_months: 0, statistics_months: None };
    let gone = retention(&h, Keep::default(), Some(none)).run_once(now).await.unwrap();
    assert!(gone.iter().all(|going| going.sites == [1]), "{gone:?}");
    assert_eq!(days(&h, "visits").await, [(2, 4)]);
    assert_eq!(days(&h, "hits").await, [(2, 4)]);
    assert_eq!(days(&h, "stats_daily").await, [(1, 4), (2, 4)]);
    // Site 1 keeps its statistics; the other one only those of two months.
    let two = Keep { detail_months: 0, statistics_months: Some(2) };
    retention(&h, two, Some(none)).run_once(now).await.unwrap();
    assert_eq!(days(&h, "visits").await, []);
    for table in ["stats_daily", "stats_hourly"] {
        assert_eq!(days(&h, table).await, [(1, 4), (2, 2)], "{table}");
    }
    assert_eq!(
        h.number("SELECT count() FROM sealed_days WHERE phase = 'dropped'").await,
        8,
        "the ledger stays"
    );
}

#[tokio::test]
async fn nothing_goes_while_a_day_is_sealed() {
    let h = sealed("retention_lease").await;
    h.execute("CREATE TABLE seal_lease (nothing UInt8) ENGINE = Memory COMMENT 'the sealer'").await;
    let retention = retention(&h, Keep { detail_months: 0, statistics_months: None }, None);
    assert_eq!(retention.run_once(at("2033-03-15T00:00:00Z")).await.unwrap(), []);
    assert_eq!(days(&h, "visits").await, [(1, 4), (2, 4)]);
    h.execute("DROP TABLE seal_lease").await;
    assert_eq!(retention.run_once(at("2033-03-15T00:00:00Z")).await.unwrap().len(), 4);
    assert_eq!(days(&h, "visits").await, []);
}

#[tokio::test]
async fn a_deleted_site_leaves_nothing_behind_and_the_others_keep_theirs() {
    let h = sealed("retention_erase_site").await;
    let retention = retention(&h, Keep::default(), None);
    let rows = |site: u32| {
        let tables = ["events", "open_stats", "visits", "hits", "stats_daily", "stats_hourly", "drops"];
        let counts = tables.map(|table| format!("SELECT count() AS held FROM {table} WHERE site = {site}"));
        format!("SELECT sum(held) FROM ({})", counts.join(" UNION ALL "))
    };
    let (first, second) = (h.number(&rows(1)).await, h.number(&rows(2)).await);
    assert!(first > 0 && second > 0);
    assert_eq!(retention.erase_site(SiteId(1)).await.unwrap(), Some(first));
    assert_eq!((h.number(&rows(1)).await, h.number(&rows(2)).await), (0, second));
    assert_eq!(retention.erase_site(SiteId(1)).await.unwrap(), Some(0));
}
