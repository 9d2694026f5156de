//! Exit rates, web vitals, minutes of today, shares, and a site's own thresholds: before sealing and after it.

use aggregator::Question;
use aggregator::suppress::Audience;
use events::{Site, SiteId, SiteRules, Thresholds};
use serde_json::{Value, json};

use crate::harness::{DAY, Event, Harness, at};

async fn told(h: &Harness, question: &Value, audience: Audience) -> Value {
    let question = Question::from_json(question).unwrap();
    serde_json::to_value(h.answers.answer_for(&question, audience).await.unwrap()).unwrap()
}

fn of_day(metrics: &[&str], dimensions: &[&str]) -> Value {
    json!({"site_id": "1.kz", "metrics": metrics, "date_range": [DAY, DAY], "dimensions": dimensions})
}

async fn seal(h: &Harness) {
    h.sealer().run_once(at("2033-05-23T12:00:00Z")).await.unwrap();
    assert_eq!(h.number("SELECT count() FROM events").await, 0, "the day is sealed");
}

#[tokio::test]
async fn the_exit_rate_of_a_page_is_its_exits_among_its_views() {
    let h = Harness::new("questions_exits", &["UTC"]).await;
    let view =
        |minute: u32, tag, path: &str| h.event(1, &format!("{DAY}T10:{minute:02}:00")).tag(tag).path(path);
    h.insert([
        view(0, 1, "/"),
        view(1, 1, "/a"),
        view(0, 2, "/"),
        view(2, 3, "/"),
        view(3, 3, "/a"),
        view(4, 3, "/"),
        view(4, 4, "/a"),
        // Nobody knows where an opt-out left.
        view(5, 9, "/").opted_out(),
        view(5, 9, "/quiet").opted_out(),
    ])
    .await;
    let mut by_page = of_day(&["exit_rate", "pageviews"], &["event:page"]);
    by_page["order_by"] = json!([["exit_rate", "desc"]]);
    let mut one = of_day(&["exit_rate"], &[]);
    one["filters"] = json!([["is", "event:page", ["/a"]]]);
    let mut detail = by_page.clone();
    detail["filters"] = json!([["is", "visit:country", ["KZ"]]]);
    for sealed in [false, true] {
        if sealed {
            seal(&h).await;
        }
        let rows = told(&h, &by_page, Audience::Staff).await["results"].clone();
        assert_eq!(rows[0], json!({"metrics": [66.7, 3], "dimensions": ["/a"]}), "{sealed}");
        assert_eq!(rows[1], json!({"metrics": [50.0, 5], "dimensions": ["/"]}), "{sealed}");
        assert_eq!(rows[2], json!({"metrics": [null, 1], "dimensions": ["/quiet"]}), "{sealed}");
        assert_eq!(told(&h, &one, Audience::Unprotected).await["results"][0]["metrics"], json!([66.7]));
        // From the detail alike.
        assert_eq!(told(&h, &detail, Audience::Unprotected).await["results"], rows, "{sealed}");
    }
    for (key, value) in [
        ("dimensions", json!(["event:hostname"])),
        ("dimensions", json!([])),
        ("filters", json!([["is", "event:name", ["Signup"]]])),
    ] {
        let mut question = by_page.clone();
        question["order_by"] = json!([]);
        question[key] = value;
        assert_eq!(Question::from_json(&question).unwrap_err().code(), "unsupported_combination");
    }
}

fn measured(h: &Harness, tag: u64, path: &str, vitals: &[(&str, &str)]) -> Vec<Event> {
    let at = |second: u32| format!("{DAY}T10:00:{second:02}");
    let mut report = h.event(1, &at(9)).tag(tag).path(path).custom("vitals").passive();
    for (name, value) in vitals {
        report = report.prop(name, value);
    }
    vec![h.event(1, &at(1)).tag(tag).path(path), report]
}

#[tokio::test]
async fn a_percentile_is_a_measurement_of_enough_visitors_and_the_seal_keeps_it() {
    let h = Harness::new("questions_vitals", &["UTC"]).await;
    let mut events = Vec::new();
    for n in 1..=6_u64 {
        events.extend(measured(
            &h,
            n,
            "/",
            &[("lcp", &(100 * n).to_string()), ("cls", &(40 + n).to_string())],
        ));
    }
    for n in 7..=10_u64 {
        events.extend(measured(&h, n, "/slow", &[("lcp", &(100 * n + 300).to_string()), ("who", "aigul")]));
    }
    // What is no number measures nothing, and an opt-out is not measured.
    events.extend(measured(&h, 1, "/", &[("lcp", "fast")]));
    events.extend(measured(&h, 11, "/", &[("lcp", "1")]).into_iter().map(Event::opted_out));
    h.insert(events).await;
    let mut by_page = of_day(&["lcp_p50", "lcp_p75", "lcp_p99", "cls_p75", "inp_p75"], &["event:page"]);
    by_page["order_by"] = json!([["lcp_p75", "desc"]]);
    for sealed in [false, true] {
        if sealed {
            seal(&h).await;
        }
        let rows = told(&h, &by_page, Audience::Staff).await["results"].clone();
        assert_eq!(
            rows,
            json!([
                {"metrics": [300, 500, 600, 0.045, null], "dimensions": ["/"]},
                {"metrics": [null, null, null, null, null], "dimensions": ["/slow"]},
            ]),
            "four visitors are too few ({sealed})"
        );
        let total = of_day(&["lcp_p75", "lcp_p90"], &[]);
        for audience in [Audience::Staff, Audience::Public] {
            assert_eq!(told(&h, &total, audience).await["results"][0]["metrics"], json!([1100, 1200]));
        }
        for dimension in ["time:day", "visit:device", "visit:country", "time:hour"] {
            let answer = told(&h, &of_day(&["lcp_p75"], &[dimension]), Audience::Staff).await;
            let rows = answer["results"].as_array().unwrap();
            assert!(rows.iter().any(|row| row["metrics"] == json!([1100])), "{dimension} {rows:?}");
        }
    }
    // What else such a report brings is a property like any other.
    assert_eq!(h.number("SELECT countIf(props['who'] = '(other)') FROM hits").await, 4);
    assert_eq!(h.number("SELECT countIf(props['lcp'] = '(other)') FROM hits").await, 1);
    let by_goal = json!({
        "site_id": "1.kz", "metrics": ["lcp_p75"], "date_range": [DAY, DAY], "filters": [["is", "event:name", ["a"]]],
    });
    assert_eq!(Question::from_json(&by_goal).unwrap_err().code(), "unsupported_combination");
    // Without detail there is nothing left to take a percentile of.
    h.execute("ALTER TABLE hits DROP PARTITION '203305'").await;
    let total = told(&h, &of_day(&["lcp_p75"], &[]), Audience::Staff).await;
    assert_eq!(total["results"][0]["metrics"], json!([null]));
}

fn minutes(metrics: &[&str], dimensions: &[&str]) -> Value {
    json!({"site_id": "1.kz", "metrics": metrics, "date_range": "realtime_30m", "dimensions": dimensions})
}

#[tokio::test]
async fn the_last_half_hour_is_told_by_minute_and_its_lists_are_folded() {
    let h = Harness::new("questions_minutes", &["Asia/Kathmandu"]).await;
    // 17:45:30 there.
    h.hand.set(at("2033-05-22T12:00:30Z"));
    let view = |time: &str, tag: u64, path: &str| h.event(1, &format!("{DAY}T{time}")).tag(tag).path(path);
    let mut events = vec![
        view("17:15:59", 30, "/before"),
        view("17:16:00", 1, "/"),
        view("17:16:59", 2, "/"),
        view("17:45:10", 1, "/"),
        view("17:45:12", 9, "/").opted_out(),
    ];
    events.extend((1..=5).map(|tag| view("17:40:00", tag, "/")));
    events.extend((1..=6).map(|tag| view("17:41:00", tag, "/news").source("Telegram")));
    events.extend((20..=21).map(|tag| view("17:42:00", tag, "/rare").source("Google")));
    h.insert(events).await;

    let mut series = minutes(&["visitors", "pageviews"], &["time:minute"]);
    series["include"] = json!({"time_labels": true});
    let answer = told(&h, &series, Audience::Staff).await;
    let rows = answer["results"].as_array().unwrap();
    assert_eq!(rows.len(), 30);
    assert_eq!(rows[0], json!({"metrics": [2, 2], "dimensions": ["2033-05-22 17:16:00"]}));
    assert_eq!(rows[1]["metrics"], json!([0, 0]));
    assert_eq!(rows[29], json!({"metrics": [1, 2], "dimensions": ["2033-05-22 17:45:00"]}));
    assert_eq!(answer["meta"]["time_labels"].as_array().unwrap().len(), 30);
    assert_eq!(answer["query"]["date_range"], "realtime_30m");
    let total = told(&h, &minutes(&["visitors", "pageviews", "events"], &[]), Audience::Staff).await;
    assert_eq!(total["results"][0]["metrics"], json!([8, 17, 17]));

    let pages = told(&h, &minutes(&["visitors", "pageviews"], &["event:page"]), Audience::Staff).await;
    assert_eq!(
        pages["results"],
        json!([
            {"metrics": [7, 11], "dimensions": ["(other)"]},
            {"metrics": [6, 6], "dimensions": ["/news"]},
        ]),
        "two on /rare are too few: the next larger page joins them, and what an opt-out viewed"
    );
    assert_eq!(pages["meta"]["folded_below"], 5);
    let sources = told(&h, &minutes(&["visitors"], &["visit:source"]), Audience::Staff).await;
    assert_eq!(sources["results"], json!([{"metrics": [8], "dimensions": ["(other)"]}]));

    // A day by minute: as many as have begun.
    let day = json!({"site_id": "1.kz", "metrics": ["pageviews"], "date_range": "day", "dimensions": ["time:minute"]});
    let answer = told(&h, &day, Audience::Staff).await;
    let rows = answer["results"].as_array().unwrap();
    assert_eq!(rows.len(), 17 * 60 + 46);
    assert_eq!(rows.iter().map(|row| row["metrics"][0].as_u64().unwrap()).sum::<u64>(), 18);

    // After midnight the minutes before it still count, until that day is sealed.
    h.hand.set(at("2033-05-22T18:20:00Z"));
    h.insert([view("23:59:00", 1, "/"), h.event(1, "2033-05-23T00:01:00").tag(2)]).await;
    let total = told(&h, &minutes(&["visitors"], &[]), Audience::Staff).await;
    assert_eq!(total["results"][0]["metrics"], json!([2]));
    h.sealer().run_once(at("2033-05-22T18:31:00Z")).await.unwrap();
    let total = told(&h, &minutes(&["visitors"], &[]), Audience::Staff).await;
    assert_eq!(total["results"][0]["metrics"], json!([1]));
}

#[tokio::test]
async fn minutes_are_refused_where_there_are_none() {
    let refused = |question: &Value| Question::from_json(question).unwrap_err().to_string();
    let gone = "#/date_range: \"time:minute\" goes with \"realtime_30m\" and \"day\": of sealed days the minutes are gone.";
    for range in [json!("7d"), json!([DAY, DAY]), json!("24h"), json!("all")] {
        let question = json!({"site_id": "1.kz", "metrics": ["visitors"], "date_range": range, "dimensions": ["time:minute"]});
        assert_eq!(refused(&question), gone);
    }
    let code = |question: &Value| Question::from_json(question).unwrap_err().code();
    for bad in [
        minutes(&["bounce_rate"], &[]),
        minutes(&["visitors"], &["visit:browser"]),
        minutes(&["visitors"], &["time:minute", "event:page"]),
        minutes(&["visitors"], &["time:day"]),
    ] {
        assert_eq!(code(&bad), "unsupported_combination", "{bad}");
    }
    let with = |key: &str, value: Value| {
        let mut question = minutes(&["visitors"], &[]);
        question[key] = value;
        question
    };
    assert_eq!(code(&with("filters", json!([["is", "event:page", ["/"]]]))), "unsupported_combination");
    assert_eq!(
        code(&with("include", json!({"comparisons": {"mode": "previous_period"}}))),
        "unsupported_combination"
    );
    assert_eq!(code(&with("include", json!({"shares": true}))), "unsupported_combination");
}

#[tokio::test]
async fn shares_say_what_an_answer_does_not_show() {
    let h = Harness::new("questions_shares", &["UTC"]).await;
    let mut events = Vec::new();
    for (region, visitors) in [("KZ-75", 9_u64), ("KZ-35", 6), ("KZ-10", 2), ("KZ-11", 1)] {
        for _ in 0..visitors {
            let tag = 1 + u64::try_from(events.len()).unwrap();
            events.push(h.event(1, &format!("{DAY}T10:00:00")).tag(tag).region(region));
        }
    }
    events.push(h.event(1, &format!("{DAY}T10:00:00")).opted_out());
    events.push(h.event(1, &format!("{DAY}T10:00:00")).opted_out().custom("Signup"));
    h.insert(events).await;
    h.execute(&format!(
        "INSERT INTO drops (site, day, closes_at, reason, count) VALUES (1, '{DAY}', '2033-05-23 00:00:00', 'bot', 3), \
         (1, '2033-05-21', '2033-05-22 00:00:00', 'bot', 50)"
    ))
    .await;
    let with = |dimensions: &[&str], filters: Value| {
        let mut question = of_day(&["visitors"], dimensions);
        question["filters"] = filters;
        question["include"] = json!({"shares": true});
        question
    };
    let shares = |folded: Value| json!({"opted_out": {"pageviews": 1, "of": 19}, "dropped": {"beacons": 3, "of": 23}, "folded": folded});
    for sealed in [false, true] {
        if sealed {
            seal(&h).await;
        }
        let regions = told(&h, &with(&["visit:region"], json!([])), Audience::Staff).await;
        assert_eq!(regions["meta"]["shares"], shares(json!({"visitors": 9, "of": 18})), "{sealed}");
        assert_eq!(regions["query"]["include"]["shares"], true);
        let pages = told(&h, &with(&["event:page"], json!([])), Audience::Staff).await;
        assert_eq!(pages["meta"]["shares"], shares(Value::Null));
        let some = with(&[], json!([["is", "visit:region", ["KZ-75"]]]));
        assert_eq!(told(&h, &some, Audience::Staff).await["meta"]["shares"], shares(Value::Null));
    }
}

#[tokio::test]
async fn a_sites_own_thresholds_hold_for_staff_and_the_public() {
    let h = Harness::new("questions_thresholds", &["UTC"]).await;
    let mut events = Vec::new();
    for (region, visitors) in [("KZ-75", 12_u64), ("KZ-35", 6), ("KZ-10", 4), ("KZ-11", 3)] {
        for _ in 0..visitors {
            let tag = 1 + u64::try_from(events.len()).unwrap();
            events.push(h.event(1, &format!("{DAY}T10:00:00")).tag(tag).region(region));
        }
    }
    h.insert(events).await;
    let rows = async |audience, staff, public| {
        let site = Site::clone(&h.sites.by_id(SiteId(1)).unwrap());
        let rules = SiteRules { thresholds: Thresholds { staff, public }, ..site.rules.clone() };
        h.sites.replace([Site { rules, ..site }]);
        let answer = told(&h, &of_day(&["visitors"], &["visit:region"]), audience).await;
        let regions: Vec<_> =
            answer["results"].as_array().unwrap().iter().map(|row| row["dimensions"][0].clone()).collect();
        (answer["meta"]["folded_below"].as_u64().unwrap(), json!(regions))
    };
    assert_eq!(rows(Audience::Staff, None, None).await, (5, json!(["KZ-75", "(other)", "KZ-35"])));
    assert_eq!(rows(Audience::Public, None, None).await, (10, json!(["(other)", "KZ-75"])));
    assert_eq!(rows(Audience::Staff, Some(1), None).await, (3, json!(["KZ-75", "KZ-35", "KZ-10", "KZ-11"])));
    assert_eq!(rows(Audience::Staff, Some(20), None).await, (20, json!(["(other)"])));
    assert_eq!(
        rows(Audience::Public, Some(20), Some(4)).await,
        (20, json!(["(other)"])),
        "no more than staff"
    );
    // What staff see as counted, the public sees folded.
    let by_page = told(&h, &of_day(&["visitors"], &["event:page"]), Audience::Public).await;
    assert_eq!(by_page["meta"]["folded_below"], 20);
}
