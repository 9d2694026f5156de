//! What a visit is, on hand-made days. Each scenario has a site of its own.

use serde_json::json;

use crate::harness::{DAY, Event, Harness};

const ALMATY: &[&str] = &["Asia/Almaty"; 12];

fn clock(time: &str) -> String {
    format!("{DAY}T{time}")
}

#[tokio::test]
async fn a_gap_of_30_minutes_continues_a_visit_and_a_longer_one_ends_it() {
    let h = Harness::new("visits_gap", ALMATY).await;
    let view = |site, time: &str| h.event(site, &clock(time));
    h.insert([
        view(1, "10:00:00"),
        view(1, "10:30:00"),
        view(2, "10:00:00"),
        view(2, "10:30:01"),
        // Other tags between them change nothing.
        view(1, "10:10:00").tag(2),
        view(2, "10:10:00").tag(2),
    ])
    .await;
    let metrics = ["visitors", "visits", "pageviews", "visit_duration"];
    assert_eq!(h.totals(1, &metrics).await, json!([2, 2, 3, 900]));
    assert_eq!(h.totals(2, &metrics).await, json!([2, 3, 3, 0]));
}

#[tokio::test]
async fn a_visit_ends_at_midnight() {
    let h = Harness::new("visits_midnight", ALMATY).await;
    h.insert([
        h.event(1, "2033-05-21T23:59:00"),
        h.event(1, "2033-05-22T00:01:00"),
        h.event(1, "2033-05-22T00:02:00"),
    ])
    .await;
    let question = |first: &str, last: &str| {
        json!({
            "site_id": "1.kz", "metrics": ["visitors", "visits", "pageviews"], "date_range": [first, last],
        })
    };
    assert_eq!(h.ask(question("2033-05-22", "2033-05-22")).await, json!([[1, 1, 2]]));
    // Visitors of several days are the sum of the days'.
    assert_eq!(h.ask(question("2033-05-21", "2033-05-22")).await, json!([[2, 2, 3]]));
}

#[tokio::test]
async fn order_is_by_time_then_by_arrival_whatever_order_events_are_stored_in() {
    let h = Harness::new("visits_order", ALMATY).await;
    let view = |time: &str, path: &str| h.event(1, &clock(time)).path(path);
    h.insert([view("10:09:00", "/last").source("Google"), view("10:05:00", "/middle")]).await;
    h.insert([view("10:00:00", "/first").source("Telegram")]).await;
    // Of two in one second the one that arrived first comes first.
    h.insert([view("10:09:00", "/very-last")]).await;
    assert_eq!(h.by(1, "visit:entry_page", &["visits"]).await, json!([["/first", 1]]));
    assert_eq!(h.by(1, "visit:exit_page", &["visits"]).await, json!([["/very-last", 1]]));
    assert_eq!(h.by(1, "visit:source", &["visits", "pageviews"]).await, json!([["Telegram", 1, 4]]));
}

#[tokio::test]
async fn an_engagement_that_overtakes_its_page_view_hides_nothing_of_the_visit() {
    let h = Harness::new("visits_engagement_first", ALMATY).await;
    h.insert([
        h.event(1, &clock("10:00:00")).path("/landing").engagement(4_000, 70),
        h.event(1, &clock("10:00:00")).path("/landing").source("Telegram"),
    ])
    .await;
    assert_eq!(h.by(1, "visit:source", &["visits"]).await, json!([["Telegram", 1]]));
    assert_eq!(h.by(1, "visit:entry_page", &["visits"]).await, json!([["/landing", 1]]));
    assert_eq!(h.totals(1, &["visits", "events", "engaged_time"]).await, json!([1, 1, 4]));
}

#[tokio::test]
async fn engagement_alone_is_no_visit_and_no_visitor() {
    let h = Harness::new("visits_engagement_alone", ALMATY).await;
    h.insert([
        h.event(1, &clock("10:00:00")),
        // 31 minutes later the page is left.
        h.event(1, &clock("10:31:00")).engagement(60_000, 100),
        h.event(2, &clock("10:00:00")).engagement(60_000, 100),
    ])
    .await;
    let metrics = ["visitors", "visits", "events", "visit_duration", "engaged_time"];
    assert_eq!(h.totals(1, &metrics).await, json!([1, 1, 1, 0, 0]));
    assert_eq!(h.totals(2, &metrics).await, json!([0, 0, 0, 0, 0]));
    assert_eq!(h.by(2, "event:page", &["visitors"]).await, json!([]));
}

#[tokio::test]
async fn web_vitals_are_no_event_and_no_visit_and_end_no_bounce() {
    let h = Harness::new("visits_vitals", ALMATY).await;
    let vitals = |site| h.event(site, &clock("10:00:20")).custom("vitals").prop("lcp", "1200");
    h.insert([h.event(1, &clock("10:00:00")), vitals(1), vitals(2)]).await;
    let metrics = ["visitors", "visits", "pageviews", "events", "bounce_rate"];
    assert_eq!(h.totals(1, &metrics).await, json!([1, 1, 1, 1, 100]));
    assert_eq!(h.totals(2, &metrics).await, json!([0, 0, 0, 0, 0]));
    assert_eq!(h.by(1, "event:name", &["events"]).await, json!([["pageview", 1]]));
}

#[tokio::test]
async fn a_bounce_is_one_page_view_without_interaction_and_under_10_seconds() {
    let h = Harness::new("visits_bounce", ALMATY).await;
    let view = |site| h.event(site, &clock("10:00:00"));
    let then = |site| h.event(site, &clock("10:01:00"));
    h.insert([
        view(1),
        view(2),
        then(2).engagement(9_999, 50),
        view(3),
        then(3).engagement(10_000, 50),
        view(4),
        then(4).custom("Signup"),
        view(5),
        then(5).custom("Autoplay").passive(),
        view(6),
        then(6),
        // Nothing was viewed: nothing to bounce off.
        view(7).custom("Signup").passive(),
    ])
    .await;
    for (site, percent) in [(1, 100), (2, 100), (3, 0), (4, 0), (5, 100), (6, 0), (7, 0)] {
        assert_eq!(h.totals(site, &["visits", "bounce_rate"]).await, json!([1, percent]), "site {site}");
    }
}

#[tokio::test]
async fn opt_outs_count_as_views_and_in_no_visit() {
    let h = Harness::new("visits_opt_out", ALMATY).await;
    let view = |path: &str| h.event(1, &clock("10:00:00")).path(path);
    h.insert([
        view("/a").source("Google"),
        view("/a").opted_out().source("Google"),
        view("/b").opted_out().source("Telegram"),
        view("/b").opted_out().engagement(50_000, 100),
        h.event(1, &clock("10:00:00")).custom("Signup").opted_out(),
    ])
    .await;
    let metrics = ["visitors", "visits", "pageviews", "events", "views_per_visit", "engaged_time"];
    assert_eq!(h.totals(1, &metrics).await, json!([1, 1, 3, 4, 1.0, 0]));
    let metrics = ["visitors", "visits", "pageviews"];
    assert_eq!(
        h.by(1, "event:page", &metrics).await,
        json!([["/a", 1, 1, 2], ["/", 0, 0, 0], ["/b", 0, 0, 1]])
    );
    let sources = json!([["Google", 1, 1, 2], ["Direct / None", 0, 0, 0], ["Telegram", 0, 0, 1]]);
    assert_eq!(h.by(1, "visit:source", &metrics).await, sources);
    assert_eq!(h.by(1, "visit:entry_page", &metrics).await, json!([["/a", 1, 1, 1]]));
}

#[tokio::test]
async fn a_page_has_the_bounces_of_the_visits_that_entered_there() {
    let h = Harness::new("visits_pages", ALMATY).await;
    let view = |tag, time: &str, path: &str| h.event(1, &clock(time)).tag(tag).path(path);
    h.insert([
        view(1, "10:00:00", "/a"),
        view(1, "10:01:00", "/b"),
        view(2, "10:00:00", "/b"),
        view(3, "10:00:00", "/a"),
        view(3, "10:00:20", "/a").engagement(20_000, 40),
        view(3, "10:00:40", "/a").engagement(5_000, 90),
    ])
    .await;
    let metrics = ["visitors", "visits", "pageviews", "bounce_rate", "visit_duration", "engaged_time"];
    assert_eq!(
        h.by(1, "event:page", &metrics).await,
        json!([["/a", 2, 2, 2, 0, 50, 13], ["/b", 2, 2, 2, 100, 0, 0]])
    );
}

#[tokio::test]
async fn hours_are_those_of_the_sites_clock_also_when_it_changes() {
    let h = Harness::new("visits_hours", &["Asia/Kathmandu", "Europe/Berlin"]).await;
    let hours = |site: &str, day: &str| {
        json!({
            "site_id": site, "metrics": ["visitors", "visits", "pageviews"], "date_range": [day, day],
            "dimensions": ["time:hour"], "order_by": [["pageviews", "desc"]], "pagination": {"limit": 2},
        })
    };
    h.hand.set(crate::harness::at("2033-12-01T00:00:00Z"));
    h.insert([h.event(1, "2033-05-22T10:59:00"), h.event(1, "2033-05-22T11:00:00")]).await;
    assert_eq!(
        h.ask(hours("1.kz", "2033-05-22")).await,
        json!([["2033-05-22 10:00:00", 1, 1, 1], ["2033-05-22 11:00:00", 1, 0, 1]])
    );
    // Berlin, 30 October 2033: 01:30 once, 02:30 twice, 03:30 once.
    let night = |utc: &str, tag| h.event(2, &format!("2033-10-{utc}Z")).tag(tag);
    let events: Vec<Event> = vec![
        night("29T23:30:00", 1),
        night("30T00:30:00", 2),
        night("30T01:30:00", 3),
        night("30T02:30:00", 4),
    ];
    h.insert(events).await;
    assert_eq!(
        h.ask(hours("2.kz", "2033-10-30")).await,
        json!([["2033-10-30 02:00:00", 2, 2, 2], ["2033-10-30 01:00:00", 1, 1, 1]])
    );
}
