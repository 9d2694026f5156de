//! What the grammar can say beyond counting: goals, conversion, revenue, comparison, parts of days, folding.

use aggregator::Question;
use aggregator::suppress::Audience;
use serde_json::{Value, json};

use crate::harness::{DAY, Event, Harness, at};

fn whole(extra: &Value) -> Value {
    let mut question = json!({"site_id": "1.kz", "metrics": ["visitors"], "date_range": [DAY, DAY]});
    for (key, value) in extra.as_object().unwrap() {
        question[key] = value.clone();
    }
    question
}

async fn told(h: &Harness, extra: Value) -> Value {
    let question = Question::from_json(&whole(&extra)).unwrap();
    serde_json::to_value(h.answers.answer(&question).await.unwrap()).unwrap()
}

/// As nobody sees it: for the arithmetic of small days.
async fn exact(h: &Harness, extra: Value) -> Value {
    let question = Question::from_json(&whole(&extra)).unwrap();
    let answer = h.answers.answer_for(&question, Audience::Unprotected).await.unwrap();
    let rows = answer.results.iter().map(|row| {
        let dimensions = row.dimensions.iter().map(|text| json!(text));
        Value::Array(dimensions.chain(row.metrics.iter().map(|figure| json!(figure))).collect())
    });
    Value::Array(rows.collect())
}

#[tokio::test]
async fn goals_convert_the_visitors_who_reach_them() {
    let h = Harness::new("questions_goals", &["UTC"]).await;
    let event = |tag| h.event(1, &format!("{DAY}T10:00:00")).tag(tag);
    let paid = |tag, milli, currency: &str| {
        let mut sale = event(tag).custom("Purchase").prop("plan", "paid");
        (sale.0.revenue_milli, sale.0.currency) = (milli, currency.into());
        sale
    };
    h.insert([
        event(1).path("/docs/a"),
        event(2).path("/docs/deep/er").source("Google"),
        event(3),
        event(4),
        event(1).custom("Signup"),
        paid(2, 1_500, "KZT"),
        paid(2, 500, "KZT"),
        event(3).path("/docs/a").engagement(1_000, 80),
    ])
    .await;
    let goals = json!([
        {"event_name": "Signup"}, {"display_name": "Docs", "page_path": "/docs/*"},
        {"display_name": "All docs", "page_path": "/docs/**"}, {"display_name": "Read", "page_path": "/docs/*", "scroll_threshold": 75},
        {"display_name": "Paid", "event_name": "Purchase", "custom_props": {"plan": "paid"}},
        {"display_name": "Free", "event_name": "Purchase", "custom_props": {"plan": "free"}},
    ]);
    let by_goal = exact(
        &h,
        json!({
            "goals": goals, "dimensions": ["event:goal"], "metrics": ["visitors", "events", "conversion_rate"],
            "order_by": [["event:goal", "asc"]],
        }),
    );
    assert_eq!(
        by_goal.await,
        json!([
            ["All docs", 2, 2, 50.0],
            ["Docs", 1, 1, 25.0],
            ["Paid", 1, 2, 25.0],
            ["Read", 1, 0, 25.0],
            ["Signup", 1, 1, 25.0],
        ])
    );
    let paid = json!([["is", "event:goal", ["Paid"]]]);
    let metrics = ["visitors", "conversion_rate", "total_revenue", "average_revenue"];
    let money = |value: f64| json!({"value": value, "currency": "KZT"});
    assert_eq!(
        exact(&h, json!({"goals": goals, "filters": paid, "metrics": metrics})).await,
        json!([[1, 25.0, money(2.0), money(1.0)]])
    );
    let by_source = json!({
        "goals": goals, "filters": paid, "dimensions": ["visit:source"], "metrics": ["visitors", "group_conversion_rate"],
    });
    assert_eq!(exact(&h, by_source).await, json!([["Google", 1, 100.0]]));
    let shares = json!({"dimensions": ["visit:source"], "metrics": ["visitors", "percentage"]});
    assert_eq!(exact(&h, shares).await, json!([["Direct / None", 3, 75.0], ["Google", 1, 25.0]]));
    h.insert([paid_in(&event(4), "USD")]).await;
    let mixed = exact(&h, json!({"metrics": ["total_revenue"]})).await;
    assert_eq!(mixed, json!([[null]]), "two currencies have no sum");
}

fn paid_in(event: &Event, currency: &str) -> Event {
    let mut sale = event.clone().custom("Purchase");
    (sale.0.revenue_milli, sale.0.currency) = (1, currency.into());
    sale
}

#[tokio::test]
async fn a_period_is_compared_with_the_one_before_the_year_before_or_any() {
    let h = Harness::new("questions_compared", &["UTC"]).await;
    let on = |day: &str, tag| h.event(1, &format!("{day}T10:00:00")).tag(tag);
    h.insert([
        on("2033-05-22", 1),
        on("2033-05-22", 2),
        on("2033-05-22", 3).source("Google"),
        on("2033-05-21", 1),
        on("2033-05-15", 1),
    ])
    .await;
    let compared = async |comparisons: Value, dimensions: Value| {
        let include = json!({"comparisons": comparisons});
        told(
            &h,
            json!({"metrics": ["visitors", "bounce_rate"], "include": include, "dimensions": dimensions}),
        )
        .await
    };
    let previous = compared(json!({"mode": "previous_period"}), json!([])).await;
    assert_eq!(
        previous["results"][0]["comparison"],
        json!({"change": [200.0, 0.0], "dimensions": [], "metrics": [1, 100]})
    );
    assert_eq!(previous["query"]["include"]["comparisons"]["date_range"][0], "2033-05-21T00:00:00+00:00");
    let weekday = compared(json!({"mode": "previous_period", "match_day_of_week": true}), json!([])).await;
    assert_eq!(weekday["query"]["include"]["comparisons"]["date_range"][0], "2033-05-15T00:00:00+00:00");
    let year = compared(json!({"mode": "year_over_year"}), json!([])).await;
    assert_eq!(year["results"][0]["comparison"]["change"][0], 100.0);
    let by_source = compared(
        json!({"mode": "custom", "date_range": ["2033-05-21", "2033-05-21"]}),
        json!(["visit:source"]),
    )
    .await;
    let rows = by_source["results"].as_array().unwrap();
    assert_eq!(
        rows[0]["comparison"],
        json!({"change": [100.0, 0.0], "dimensions": ["Direct / None"], "metrics": [1, 100]})
    );
    assert_eq!(rows[1]["comparison"]["metrics"], json!([0, 0]));
    let again = told(&h, by_source["query"].clone()).await;
    assert_eq!(again, by_source, "the query can be asked again");
}

#[tokio::test]
async fn parts_of_days_go_by_hours_of_the_sites_clock() {
    let h = Harness::new("questions_hours", &["Asia/Kathmandu"]).await;
    let view = |time: &str, tag| h.event(1, time).tag(tag);
    h.insert([
        view("2033-05-21T17:59:00", 1),
        view("2033-05-21T18:00:00", 2),
        view("2033-05-22T02:30:00", 2),
        view("2033-05-22T03:00:00", 3),
    ])
    .await;
    let range = json!(["2033-05-21T18:00:00+05:45", "2033-05-22T02:59:59+05:45"]);
    let answer = told(&h, json!({"metrics": ["visitors", "visits", "pageviews"], "date_range": range})).await;
    assert_eq!(answer["results"][0]["metrics"], json!([2, 2, 2]));
    assert_eq!(answer["query"]["date_range"], range);
    // 12:00 UTC is 17:45 there: from 18:00 of the day before on.
    h.hand.set(at("2033-05-22T12:00:00Z"));
    let series =
        told(&h, json!({"metrics": ["pageviews"], "date_range": "24h", "dimensions": ["time:hour"]})).await;
    let rows = series["results"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["dimensions"][0]), (24, &json!("2033-05-21 18:00:00")));
    assert_eq!(rows.iter().map(|row| row["metrics"][0].as_u64().unwrap()).sum::<u64>(), 3);
}

#[tokio::test]
async fn small_groups_of_quasi_identifying_dimensions_are_told_together() {
    let h = Harness::new("questions_folded", &["UTC"]).await;
    let mut events = Vec::new();
    for (region, visitors) in [("KZ-75", 9_u64), ("KZ-35", 6), ("KZ-10", 2), ("KZ-11", 1)] {
        for _ in 0..visitors {
            let tag = 1 + u64::try_from(events.len()).unwrap();
            events.push(h.event(1, &format!("{DAY}T10:00:00")).tag(tag).region(region));
        }
    }
    h.insert(events).await;
    // 2 + 1 are fewer than 5: the next larger group joins them.
    let regions = told(&h, json!({"dimensions": ["visit:region"]})).await;
    assert_eq!(
        regions["results"],
        json!([{"metrics": [9], "dimensions": ["(other)"]}, {"metrics": [9], "dimensions": ["KZ-75"]}])
    );
    assert_eq!(regions["meta"], json!({"folded_below": 5}));
    let only = async |op: &str, region: &str| {
        told(&h, json!({"filters": [[op, "visit:region", [region]]]})).await["results"][0]["metrics"][0]
            .clone()
    };
    assert_eq!(only("is", "KZ-75").await, 9);
    assert_eq!(only("is", "KZ-35").await, Value::Null, "folded, and told nowhere by itself");
    assert_eq!(only("is", "KZ-10").await, Value::Null);
    assert_eq!(only("is", "nowhere").await, Value::Null, "nobody is told like few");
    assert_eq!(only("is_not", "KZ-75").await, Value::Null, "all that is left is folded");
}

#[tokio::test]
async fn a_filter_that_describes_few_or_all_but_few_is_not_answered() {
    let h = Harness::new("questions_sized", &["UTC"]).await;
    let view = |tag, path: &str| h.event(1, &format!("{DAY}T10:00:00")).tag(tag).path(path);
    let mut events: Vec<Event> = (1..=10).map(|tag| view(tag, "/")).collect();
    events.extend((1..=4).map(|tag| view(tag, "/rare")));
    events.extend((11..=12).map(|tag| view(tag, "/only")));
    events.extend((1..=6).map(|tag| view(tag, "/half")));
    h.insert(events).await;
    let only = async |path: &str| {
        told(&h, json!({"metrics": ["visitors", "pageviews"], "filters": [["is", "event:page", [path]]]}))
            .await["results"][0]["metrics"]
            .clone()
    };
    assert_eq!(only("/half").await, json!([6, 6]));
    assert_eq!(only("/rare").await, json!([null, null]));
    assert_eq!(only("/").await, json!([null, null]), "all but two");
    // The list of pages is open: each row is shown, as counted.
    assert_eq!(told(&h, json!({"dimensions": ["event:page"]})).await["results"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn a_pattern_that_is_none_is_refused_and_values_are_only_values() {
    let h = Harness::new("questions_patterns", &["UTC"]).await;
    h.insert([h.event(1, &format!("{DAY}T10:00:00"))]).await;
    let question = whole(&json!({"filters": [["matches", "event:page", ["("]]]}));
    let refused = h.answers.answer(&Question::from_json(&question).unwrap()).await.unwrap_err();
    assert_eq!((refused.status(), refused.code()), (400, "invalid_filter"));
    let hostile = ["'); DROP TABLE events --", "{site:UInt32}", "a?b", "\\", "%", "\n\t\u{1F600}"];
    for op in ["is", "contains", "is_not"] {
        let rows = exact(&h, json!({"filters": [[op, "visit:source", hostile]]})).await;
        assert_eq!(rows, json!([[i32::from(op == "is_not")]]), "{op}");
    }
    assert_eq!(h.number("SELECT count() FROM events").await, 1);
}
