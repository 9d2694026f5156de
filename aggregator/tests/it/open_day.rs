//! The open day's statistics: equal to a count from scratch, whatever order events come in.

use aggregator::OpenDay;
use events::{LocalDay, SiteId, VisitorTag};
use serde_json::json;

use crate::harness::{DAY, Harness, at, traffic};

const DAYS: &[&str] = &["2033-05-21", DAY];

/// All figures of the open days, summed up.
async fn figures(h: &Harness) -> Vec<String> {
    h.rows(
        "SELECT toJSONString(tuple(site, dimension, hour, day, value, closes_at, sum(visitors) AS a, sum(visits) AS b,
            sum(pageviews) AS c, sum(events) AS d, sum(entries) AS e, sum(visit_pageviews) AS f, sum(bounces) AS g,
            sum(duration_s) AS i, sum(engaged_ms) AS j, sum(scroll_sum) AS k, sum(scroll_visits) AS l,
            sum(opted_out_pageviews) AS m, sum(opted_out_events) AS n))
        FROM open_stats WHERE site != 0
        GROUP BY site, dimension, hour, day, value, closes_at
        HAVING bitOr(bitOr(bitOr(a, b), bitOr(c, d)), bitOr(bitOr(e, f), bitOr(g, i))) != 0
            OR bitOr(bitOr(j, k), bitOr(l, bitOr(m, n))) != 0
        ORDER BY ALL",
    )
    .await
}

#[tokio::test]
async fn counted_bit_by_bit_is_counted_at_once() {
    // Lord Howe changes its clock by half an hour on 2 October 2033; Kathmandu is 45 minutes off.
    let zones = ["Asia/Almaty", "Asia/Kathmandu", "Australia/Lord_Howe"];
    let days: [&[&str]; 3] = [DAYS, DAYS, &["2033-10-02"]];
    let bits = Harness::new("open_bits", &zones).await;
    let once = Harness::new("open_once", &zones).await;
    let mut all = Vec::new();
    for (site, days) in (1..).zip(days) {
        all.extend(traffic(&bits, site, days, 7));
    }
    // Late, early, in tiny batches, from two collectors.
    for (at, event) in all.iter_mut().enumerate() {
        event.0.collector = u16::try_from(at % 2).unwrap();
    }
    let mut shuffled: Vec<_> = all.iter().cloned().enumerate().collect();
    shuffled.sort_by_key(|(at, _)| (at * 7919) % 1009);
    for batch in shuffled.chunks(100) {
        bits.insert(batch.iter().map(|(_, event)| event.clone())).await;
    }
    once.insert(shuffled.into_iter().map(|(_, event)| event)).await;
    let (bits, once) = (figures(&bits).await, figures(&once).await);
    assert!(once.len() > 200, "{}", once.len());
    assert_eq!(bits, once);
}

#[tokio::test]
async fn two_ticks_at_once_count_once() {
    let h = Harness::new("open_race", &["Asia/Almaty"]).await;
    h.insert(traffic(&h, 1, DAYS, 7)).await;
    let expected = figures(&h).await;
    // Behind the harness's back: nothing of it is counted yet.
    h.execute("TRUNCATE TABLE open_stats").await;
    let ticks: Vec<OpenDay> = (0..4).map(|_| h.open_day()).collect();
    let (a, b, c, d) =
        tokio::join!(ticks[0].run_once(), ticks[1].run_once(), ticks[2].run_once(), ticks[3].run_once());
    for tick in [a, b, c, d] {
        tick.unwrap();
    }
    assert_eq!(figures(&h).await, expected);
    assert_eq!(h.open_day().run_once().await.unwrap(), 0, "nothing is left to count");
}

#[tokio::test]
async fn merges_make_nothing_new_and_nothing_old() {
    let h = Harness::new("open_merges", &["Asia/Almaty"]).await;
    for _ in 0..3 {
        h.insert(traffic(&h, 1, DAYS, 7)).await;
    }
    let before = figures(&h).await;
    for table in ["events", "open_stats"] {
        h.execute(&format!("OPTIMIZE TABLE {table} FINAL")).await;
    }
    assert_eq!(h.open_day().run_once().await.unwrap(), 0);
    assert_eq!(figures(&h).await, before);
    h.insert([h.event(1, &format!("{DAY}T10:00:00")).tag(77)]).await;
    assert_ne!(figures(&h).await, before);
}

#[tokio::test]
async fn an_erased_visitor_is_in_no_answer_nor_in_the_seal() {
    let h = Harness::new("open_erased", &["Asia/Almaty"]).await;
    let without = Harness::new("open_never_there", &["Asia/Almaty"]).await;
    let (me, other) = (4711, 12);
    let view = |h: &Harness, tag, time: &str| h.event(1, &format!("{DAY}T{time}")).tag(tag);
    h.insert([view(&h, me, "10:00:00").source("Telegram"), view(&h, other, "10:00:00")]).await;
    h.insert([view(&h, me, "10:01:00").path("/mine")]).await;
    without.insert([view(&without, other, "10:00:00")]).await;
    assert_eq!(h.totals(1, &["visitors", "pageviews"]).await, json!([2, 3]));

    let day = LocalDay::at(at(&format!("{DAY}T05:00:00Z")), &h.sites.by_id(SiteId(1)).unwrap().zone).unwrap();
    h.open_day().erase(SiteId(1), day.closes_at, VisitorTag::new(me)).await.unwrap();
    assert_eq!(figures(&h).await, figures(&without).await);
    // What comes afterwards is not counted either; what others do is.
    h.insert([view(&h, me, "10:02:00"), view(&h, other, "10:02:00")]).await;
    without.insert([view(&without, other, "10:02:00")]).await;
    assert_eq!(figures(&h).await, figures(&without).await);
    assert_eq!(h.by(1, "event:page", &["visitors"]).await, json!([["/", 1]]));

    let now = at("2033-05-24T00:00:00Z");
    for h in [&h, &without] {
        assert_eq!(h.sealer().run_once(now).await.unwrap().len(), 1);
    }
    let sealed = async |h: &Harness, table: &str| -> Vec<String> {
        h.rows(&format!("SELECT toJSONString(tuple(*)) FROM {table} ORDER BY ALL")).await
    };
    for table in ["visits", "hits", "stats_daily", "stats_hourly"] {
        assert_eq!(sealed(&h, table).await, sealed(&without, table).await, "{table}");
    }
    let ledger: Vec<String> = h
        .rows("SELECT received || ' ' || erased || ' ' || unattributed || ' ' || visitors FROM sealed_days WHERE phase = 'published'")
        .await;
    assert_eq!(ledger, ["5 3 0 1"]);
    for table in ["events", "open_stats", "erased_tags"] {
        assert_eq!(h.number(&format!("SELECT count() FROM {table}")).await, 0, "{table}");
    }
}

#[tokio::test]
async fn what_a_tick_writes_after_the_drop_is_swept_away() {
    let h = Harness::new("open_swept", &["Asia/Almaty"]).await;
    h.insert(traffic(&h, 1, &[DAYS[0]], 7)).await;
    let now = at("2033-05-24T00:00:00Z");
    h.sealer().run_once(now).await.unwrap();
    h.execute(
        "INSERT INTO open_stats (site, closes_at, visitors) SELECT 1, closes_at, 1 FROM sealed_days LIMIT 1",
    )
    .await;
    h.sealer().run_once(now).await.unwrap();
    assert_eq!(h.number("SELECT count() FROM open_stats").await, 0);
}
