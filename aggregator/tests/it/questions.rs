//! Questions and answers over hand-made days.

mod adversary;
mod grammar;
mod measures;
mod recount;
mod together;

use aggregator::question::{Dimension, Metric};
use aggregator::{Question, QuestionError};
use events::{Channel, Device, SiteId};
use serde_json::{Value, json};

use crate::harness::{DAY, Harness, at, traffic};

fn refused(question: &Value) -> (String, &'static str) {
    let error = Question::from_json(question).unwrap_err();
    (error.to_string(), error.code())
}

#[tokio::test]
async fn what_is_not_understood_is_refused_with_its_place_and_a_stable_code() {
    let with = |key: &str, value: Value| {
        let mut question = json!({"site_id": "1.kz", "metrics": ["visitors"], "date_range": "day"});
        question[key] = value;
        question
    };
    let cases = [
        (json!([]), "#: Expected an object.", "invalid_question"),
        (json!({"site_id": "a"}), "#: Required property metrics is missing.", "missing_key"),
        (
            with("metrics", json!(["visitors", "baa"])),
            "#/metrics/1: Invalid metric \"baa\"",
            "invalid_metric",
        ),
        (
            with("metrics", json!(["visits", "visits"])),
            "#/metrics/1: Duplicate metric \"visits\"",
            "invalid_metric",
        ),
        (with("metrics", json!([])), "#/metrics: Expected at least one metric.", "invalid_metric"),
        (
            with("dimensions", json!(["tag"])),
            "#/dimensions/0: Invalid dimension \"tag\"",
            "invalid_dimension",
        ),
        (with("date_range", json!("0d")), "#/date_range: Invalid date range \"0d\"", "invalid_date_range"),
        (
            with("date_range", json!(["2033-05-22", "2033-05-21"])),
            "#/date_range: The first day is after the last.",
            "invalid_date_range",
        ),
        (
            with("filters", json!([["is", "time:day", ["x"]]])),
            "#/filters/0/1: Invalid dimension \"time:day\"",
            "invalid_filter",
        ),
        (
            with("filters", json!([["like", "event:page", ["/"]]])),
            "#/filters/0: Invalid filter [\"like\",\"event:page\",[\"/\"]]",
            "invalid_filter",
        ),
        (
            with("filters", json!([["is", "event:goal", ["Signup"]]])),
            "#/filters/0: No goal of the question is named \"Signup\"",
            "invalid_filter",
        ),
        (
            with("include", json!({"comparisons": {"mode": "sideways"}})),
            "#/include/comparisons: Invalid comparison {\"mode\":\"sideways\"}",
            "invalid_include",
        ),
        (
            with("pagination", json!({"limit": 0})),
            "#/pagination/limit: Expected a whole number from 1 to 10000.",
            "invalid_pagination",
        ),
        (
            with("include", json!({"total_rows": 1})),
            "#/include/total_rows: Expected true or false.",
            "invalid_include",
        ),
        (
            with("order_by", json!([["visits", "desc"]])),
            "#/order_by/0: Order only by a metric or dimension of the question.",
            "invalid_order_by",
        ),
        (with("date_range", json!("realtime")), "", ""),
    ];
    for (question, sentence, code) in cases {
        if code.is_empty() {
            Question::from_json(&question).unwrap();
        } else {
            assert_eq!(refused(&question), (sentence.to_owned(), code), "{question}");
        }
    }
    assert_eq!(refused(&with("sites", json!(1))).1, "unknown_key");
    assert_eq!(refused(&with("dimensions", json!(["visit:os", "time:hour"]))).1, "unsupported_combination");
    let five = json!(["visit:os", "visit:browser", "visit:country", "visit:device", "event:page"]);
    assert_eq!(refused(&with("dimensions", five)).1, "too_many_dimensions");
    let mut page = with("dimensions", json!(["event:page"]));
    page["metrics"] = json!(["views_per_visit"]);
    assert_eq!(refused(&page).1, "unsupported_combination");
    assert_eq!(Question::from_slice(b"{").unwrap_err().code(), "invalid_json");
}

#[tokio::test]
async fn an_unknown_site_is_not_found() {
    let h = Harness::new("questions_unknown", &["UTC"]).await;
    let question = json!({"site_id": "9.kz", "metrics": ["visitors"], "date_range": "day"});
    let answer = h.answers.answer(&Question::from_json(&question).unwrap()).await;
    assert_eq!(answer.unwrap_err(), QuestionError::UnknownSite);
}

#[tokio::test]
async fn a_database_that_is_away_is_unavailable_and_says_nothing_else() {
    let h = Harness::new("questions_away", &["UTC"]).await;
    h.execute("DROP TABLE events").await;
    let question = json!({"site_id": "1.kz", "metrics": ["visitors"], "date_range": "day"});
    let error = h.answers.answer(&Question::from_json(&question).unwrap()).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (503, "statistics_unavailable"));
    assert_eq!(error.to_string(), "The statistics are not available at the moment.");
}

#[tokio::test]
async fn the_answer_has_the_shape_of_the_v2_api_and_its_query_can_be_asked_again() {
    let h = Harness::new("questions_shape", &["Asia/Almaty"]).await;
    h.insert([h.event(1, &format!("{DAY}T10:00:00")).source("Telegram")]).await;
    let question = json!({
        "site_id": "1.kz", "metrics": ["visitors", "views_per_visit"], "date_range": "day",
        "dimensions": ["visit:source"], "include": {"total_rows": true},
    });
    let ask = async |question: &Value| {
        let answer = h.answers.answer(&Question::from_json(question).unwrap()).await.unwrap();
        serde_json::to_value(answer).unwrap()
    };
    let answer = ask(&question).await;
    let expected = json!({
        "results": [{"metrics": [1, 1.0], "dimensions": ["Telegram"]}],
        "meta": {"total_rows": 1},
        "query": {
            "site_id": "1.kz",
            "metrics": ["visitors", "views_per_visit"],
            "date_range": ["2033-05-22T00:00:00+05:00", "2033-05-22T23:59:59+05:00"],
            "filters": [],
            "dimensions": ["visit:source"],
            "order_by": [["visitors", "desc"]],
            "include": {"time_labels": false, "total_rows": true},
            "pagination": {"limit": 10000, "offset": 0},
        },
    });
    assert_eq!(answer.to_string(), expected.to_string(), "the order of keys is part of the shape");
    assert_eq!(ask(&answer["query"]).await, answer);
}

#[tokio::test]
async fn a_time_series_has_zeros_up_to_now_and_labels_to_the_end() {
    let h = Harness::new("questions_series", &["Asia/Almaty"]).await;
    h.insert([h.event(1, "2033-05-20T10:00:00"), h.event(1, "2033-05-22T01:00:00").tag(2)]).await;
    let series = json!({
        "site_id": "1.kz", "metrics": ["visitors"], "date_range": ["2033-05-19", "2033-05-23"],
        "dimensions": ["time"], "include": {"time_labels": true, "total_rows": true},
    });
    let answer = h.answers.answer(&Question::from_json(&series).unwrap()).await.unwrap();
    let days = ["2033-05-19", "2033-05-20", "2033-05-21", "2033-05-22", "2033-05-23"];
    assert_eq!(answer.meta.time_labels.unwrap(), days);
    assert_eq!(answer.meta.total_rows, Some(4));
    assert_eq!(
        h.ask(series).await,
        json!([["2033-05-19", 0], ["2033-05-20", 1], ["2033-05-21", 0], ["2033-05-22", 1]])
    );
    // 12:00 UTC is 17:00 in Almaty: 18 hours have begun.
    let hours =
        json!({"site_id": "1.kz", "metrics": ["pageviews"], "date_range": "day", "dimensions": ["time"]});
    let hours = h.ask(hours).await;
    assert_eq!(hours.as_array().unwrap().len(), 18);
    assert_eq!(hours[1], json!(["2033-05-22 01:00:00", 1]));
}

#[tokio::test]
async fn rows_are_ordered_and_paged_without_overlap() {
    let h = Harness::new("questions_pages", &["UTC"]).await;
    let view = |path: &str, tag| h.event(1, &format!("{DAY}T10:00:00")).path(path).tag(tag);
    h.insert([view("/b", 1), view("/a", 1), view("/c", 1), view("/c", 2)]).await;
    let page = |offset: u32, order: Value| {
        json!({
            "site_id": "1.kz", "metrics": ["visitors"], "date_range": "day", "dimensions": ["event:page"],
            "order_by": order, "pagination": {"limit": 2, "offset": offset}, "include": {"total_rows": true},
        })
    };
    assert_eq!(h.ask(page(0, json!([]))).await, json!([["/c", 2], ["/a", 1]]));
    assert_eq!(h.ask(page(2, json!([]))).await, json!([["/b", 1]]));
    assert_eq!(h.ask(page(0, json!([["event:page", "desc"]]))).await, json!([["/c", 2], ["/b", 1]]));
    let question = Question::from_json(&page(7, json!([]))).unwrap();
    let answer = h.answers.answer(&question).await.unwrap();
    assert_eq!((answer.results.len(), answer.meta.total_rows), (0, Some(3)));
}

#[tokio::test]
async fn every_dimension_goes_with_every_metric_it_is_allowed_with() {
    let h = Harness::new("questions_all", &["Asia/Almaty"]).await;
    h.insert(traffic(&h, 1, &["2033-05-20", "2033-05-21", DAY], 1)).await;
    h.sealer().run_once(at("2033-05-21T00:00:00Z")).await.unwrap();
    let mut asked = 0;
    // Sealed alone, open alone, both.
    for range in [["2033-05-20", "2033-05-20"], [DAY, DAY], ["2033-05-20", DAY]] {
        for (dimension, with_day) in Dimension::ALL.iter().flat_map(|d| [(d, false), (d, true)]) {
            // One reading of both sides is enough by day.
            if with_day && range[0] == range[1] {
                continue;
            }
            let mut dimensions = vec![dimension.name().into_owned()];
            if with_day {
                dimensions.insert(0, "time:day".into());
            }
            let question = |metrics: &[&str]| {
                let order: Vec<_> = metrics.iter().map(|metric| json!([metric, "asc"])).collect();
                json!({
                    "site_id": "1.kz", "metrics": metrics, "date_range": range, "dimensions": dimensions,
                    "goals": [{"event_name": "Signup"}, {"page_path": "/ru/**"}], "order_by": order, "include": {"time_labels": true, "total_rows": true},
                })
            };
            let allowed: Vec<_> = Metric::ALL
                .iter()
                .map(|metric| metric.name())
                .filter(|metric| match Question::from_json(&question(&[metric])) {
                    Ok(_) => true,
                    Err(error) => {
                        assert!(
                            ["unsupported_combination", "invalid_dimension", "invalid_order_by"]
                                .contains(&error.code())
                        );
                        false
                    }
                })
                .collect();
            if allowed.is_empty() {
                continue;
            }
            let answer = h.answers.answer(&Question::from_json(&question(&allowed)).unwrap()).await;
            let answer = answer.unwrap();
            assert!(!answer.results.is_empty(), "{dimensions:?} {range:?}");
            asked += allowed.len();
        }
    }
    assert!(asked > 700, "{asked} combinations were asked");
}

#[tokio::test]
async fn names_of_devices_and_unknown_values_are_those_people_know() {
    let h = Harness::new("questions_names", &["UTC"]).await;
    let view = |tag| h.event(1, &format!("{DAY}T10:00:00")).tag(tag);
    h.insert([
        view(1).device(Device::Tv).country(""),
        view(2).device(Device::Tv).channel(Channel::OrganicSearch),
        view(3).device(Device::Unknown),
    ])
    .await;
    assert_eq!(h.by(1, "visit:device", &["visitors"]).await, json!([["TV", 2], ["(not set)", 1]]));
    assert_eq!(h.by(1, "visit:country", &["visitors"]).await, json!([["KZ", 2], ["(not set)", 1]]));
    assert_eq!(h.by(1, "visit:source", &["visitors"]).await, json!([["Direct / None", 3]]));
    assert_eq!(h.by(1, "visit:channel", &["visitors"]).await, json!([["Direct", 2], ["Organic Search", 1]]));
}

#[tokio::test]
async fn the_pulse_counts_visitors_of_five_minutes_and_events_of_the_local_day() {
    let h = Harness::new("questions_pulse", &["Asia/Almaty", "UTC"]).await;
    h.hand.set(at("2033-05-21T19:03:00Z"));
    h.insert([
        // Before midnight in Almaty (19:00 UTC), but within five minutes.
        h.event(1, "2033-05-21T18:59:00Z").tag(1),
        h.event(1, "2033-05-21T19:01:00Z").tag(2),
        h.event(1, "2033-05-21T19:01:30Z").tag(2).custom("Signup"),
        h.event(1, "2033-05-21T19:02:00Z").tag(3).engagement(1, 1),
        h.event(1, "2033-05-21T19:02:00Z").opted_out(),
        h.event(1, "2033-05-21T18:50:00Z").tag(4),
        h.event(2, "2033-05-21T19:02:00Z").tag(5),
    ])
    .await;
    let pulse = h.answers.pulse(SiteId(1)).await.unwrap();
    assert_eq!((pulse.current_visitors, pulse.events_today, pulse.beacons_today), (2, 3, 4));
    assert_eq!(h.answers.current_visitors(SiteId(2)).await.unwrap(), 1);
    let question = json!({"site_id": "1.kz", "metrics": ["visitors"], "date_range": "realtime"});
    assert_eq!(h.ask(question).await, json!([[2]]));
    assert_eq!(h.answers.first_event(SiteId(1)).await.unwrap(), Some(at("2033-05-21T18:50:00Z").as_second()));
    assert_eq!(h.answers.first_event(SiteId(3)).await.unwrap(), None);
}
