//! Funnels, journeys and the heat map, over open and sealed days.

mod recount;
mod small_groups;

use aggregator::Question;
use aggregator::analyses::{Analysis, AnalysisAnswer};
use aggregator::suppress::Audience;
use events::{Device, EventRow};
use serde_json::{Value, json};

use crate::harness::{DAY, Harness, at, traffic};

/// The answer as it goes out.
async fn told(h: &Harness, request: &Value, audience: Audience) -> Value {
    let answer: AnalysisAnswer =
        h.answers.analyse(&Analysis::from_json(request).unwrap(), audience).await.unwrap();
    serde_json::to_value(answer).unwrap()
}

/// Figures of a funnel's steps: visits and visitors, those of all visits first.
async fn funnel(h: &Harness, steps: Value) -> Vec<(u64, u64)> {
    let request = json!({"kind": "funnel", "site_id": "1.kz", "date_range": [DAY, DAY], "steps": steps});
    let answer = told(h, &request, Audience::Unprotected).await;
    let pair = |of: &Value| (of["visits"].as_u64().unwrap(), of["visitors"].as_u64().unwrap());
    let steps = answer["results"].as_array().unwrap().iter().map(pair);
    std::iter::once(pair(&answer["meta"])).chain(steps).collect()
}

/// Rows of journeys as (kind or page, visits, visitors, page views).
async fn journeys(h: &Harness, page: Value, direction: &str) -> Vec<(String, u64, u64, u64)> {
    let request = json!({
        "kind": "journeys", "site_id": "1.kz", "date_range": [DAY, DAY], "page": page, "direction": direction,
    });
    let answer = told(h, &request, Audience::Unprotected).await;
    let rows = answer["results"].as_array().unwrap().iter().map(|row| {
        let name = row["page"].as_str().unwrap_or(row["kind"].as_str().unwrap()).to_owned();
        let figure = |key: &str| row[key].as_u64().unwrap();
        (name, figure("visits"), figure("visitors"), figure("pageviews"))
    });
    rows.collect()
}

/// Asks before the day is sealed and after it.
async fn sealed(h: &Harness) {
    h.hand.set(at("2033-05-23T12:00:00Z"));
    h.sealer().run_once(at("2033-05-23T12:00:00Z")).await.unwrap();
    assert_eq!(h.number("SELECT count() FROM events").await, 0);
}

#[tokio::test]
async fn steps_are_taken_in_order_and_other_things_may_happen_in_between() {
    let h = Harness::new("analyses_order", &["Asia/Almaty"]).await;
    let view =
        |minute: u32, tag, path: &str| h.event(1, &format!("{DAY}T10:{minute:02}:00")).tag(tag).path(path);
    h.insert([
        // Straight through, with a detour.
        view(0, 1, "/"),
        view(1, 1, "/news"),
        view(2, 1, "/docs/a"),
        view(3, 1, "/docs/a").custom("Signup").prop("plan", "paid"),
        // The wrong way round.
        view(0, 2, "/docs/a"),
        view(1, 2, "/"),
        view(2, 2, "/").custom("Signup").prop("plan", "paid"),
        // In two visits.
        view(0, 3, "/"),
        view(40, 3, "/docs/b"),
        // The same visitor a second time, further.
        view(41, 3, "/"),
        view(42, 3, "/docs/deep/er"),
        // Nobody's visit.
        view(1, 9, "/").opted_out(),
    ])
    .await;
    let home = json!({"page_path": "/"});
    let docs = json!({"page_path": "/docs/*"});
    let all_docs = json!({"page_path": "/docs/**"});
    let signup = json!({"event_name": "Signup", "custom_props": {"plan": "paid"}});
    for again in [false, true] {
        assert_eq!(funnel(&h, json!([home, docs])).await, [(4, 3), (4, 3), (1, 1)]);
        assert_eq!(funnel(&h, json!([home, all_docs])).await, [(4, 3), (4, 3), (2, 2)]);
        assert_eq!(funnel(&h, json!([docs, home])).await, [(4, 3), (3, 3), (2, 2)]);
        assert_eq!(funnel(&h, json!([home, home])).await, [(4, 3), (4, 3), (0, 0)], "the same page twice");
        if !again {
            // Two visitors have this value: it is folded with the seal.
            assert_eq!(funnel(&h, json!([home, docs, signup])).await, [(4, 3), (4, 3), (1, 1), (1, 1)]);
            sealed(&h).await;
        }
    }
}

#[tokio::test]
async fn a_scroll_stands_with_the_view_it_belongs_to() {
    let h = Harness::new("analyses_scroll", &["UTC"]).await;
    let event =
        |second: u32, tag, path: &str| h.event(1, &format!("{DAY}T10:00:{second:02}")).tag(tag).path(path);
    h.insert([
        // The report of /a comes after the view of /b, as it does.
        event(0, 1, "/a"),
        event(5, 1, "/b"),
        event(6, 1, "/a").engagement(4_000, 80),
        // The report overtook its view.
        event(0, 2, "/a").engagement(4_000, 30),
        event(1, 2, "/a"),
        event(2, 2, "/b"),
        // Scrolled on the second page only.
        event(0, 3, "/b"),
        event(9, 3, "/a"),
        event(12, 3, "/a").engagement(3_000, 100),
        // Nothing measured.
        event(0, 4, "/a"),
        event(1, 4, "/a").engagement(3_000, 255),
        event(2, 4, "/b"),
    ])
    .await;
    let page = |path: &str| json!({"page_path": path});
    let scroll = |percent: u8| json!({"page_path": "/a", "scroll_threshold": percent});
    for again in [false, true] {
        let visits = async |steps: Value| -> Vec<u64> {
            funnel(&h, steps).await.into_iter().map(|(visits, _)| visits).collect()
        };
        assert_eq!(visits(json!([page("/a"), scroll(25), page("/b")])).await, [4, 4, 3, 2]);
        assert_eq!(visits(json!([scroll(25), scroll(50), scroll(75), scroll(100)])).await, [4, 3, 2, 2, 1]);
        assert_eq!(visits(json!([page("/b"), scroll(50)])).await, [4, 4, 1]);
        if !again {
            sealed(&h).await;
        }
    }
}

#[tokio::test]
async fn a_journey_tells_what_came_next_and_before_and_where_visits_began_and_ended() {
    let h = Harness::new("analyses_journeys", &["Asia/Kathmandu"]).await;
    let view =
        |minute: u32, tag, path: &str| h.event(1, &format!("{DAY}T10:{minute:02}:00")).tag(tag).path(path);
    h.insert([
        view(0, 1, "/"),
        view(1, 1, "/a"),
        view(1, 1, "/a").custom("Signup"),
        view(2, 1, "/"),
        view(3, 1, "/a"),
        view(4, 1, "/a"),
        view(0, 2, "/"),
        view(1, 2, "/a"),
        view(0, 3, "/b"),
        view(1, 3, "/").engagement(900, 10),
        view(2, 3, "/"),
        view(0, 9, "/").opted_out(),
    ])
    .await;
    for again in [false, true] {
        let row = |name: &str, visits, visitors, views| (name.to_owned(), visits, visitors, views);
        assert_eq!(
            journeys(&h, json!("/"), "next").await,
            [row("/a", 2, 2, 3), row("left", 1, 1, 1)],
            "views of / in visits: four"
        );
        assert_eq!(
            journeys(&h, json!("/"), "previous").await,
            [row("came_in", 2, 2, 2), row("/a", 1, 1, 1), row("/b", 1, 1, 1)]
        );
        assert_eq!(
            journeys(&h, json!("/a"), "next").await,
            [row("left", 2, 2, 2), row("/", 1, 1, 1), row("/a", 1, 1, 1)],
            "loaded again, it follows itself"
        );
        assert_eq!(journeys(&h, Value::Null, "next").await, [row("/", 2, 2, 2), row("/b", 1, 1, 1)]);
        assert_eq!(journeys(&h, Value::Null, "previous").await, [row("/a", 2, 2, 2), row("/", 1, 1, 1)]);
        assert_eq!(journeys(&h, json!("/nowhere"), "next").await, []);
        if !again {
            sealed(&h).await;
        }
    }
}

#[tokio::test]
async fn journeys_are_ordered_and_paged_without_overlap_and_can_be_asked_again() {
    let h = Harness::new("analyses_pages", &["UTC"]).await;
    let view =
        |second: u32, tag, path: &str| h.event(1, &format!("{DAY}T10:00:{second:02}")).tag(tag).path(path);
    let mut events = Vec::new();
    for (tag, next) in [(1, "/c"), (2, "/c"), (3, "/b"), (4, "/a"), (5, "/a"), (5, "/a")] {
        let second = u32::try_from(events.len()).unwrap();
        events.extend([view(second, tag, "/"), view(second, tag, next)]);
    }
    h.insert(events).await;
    let page = |offset: u32, by: &str| {
        json!({
            "kind": "journeys", "site_id": "1.kz", "date_range": [DAY, DAY], "page": "/", "by": by,
            "pagination": {"limit": 2, "offset": offset},
        })
    };
    let pages = async |offset, by: &str| {
        let answer = told(&h, &page(offset, by), Audience::Unprotected).await;
        let rows = answer["results"].as_array().unwrap();
        let names: Vec<Value> = rows.iter().map(|row| row["page"].clone()).collect();
        (json!(names), answer["meta"].clone())
    };
    let meta = json!({"total_rows": 3, "pageviews": 6});
    assert_eq!(pages(0, "visits").await, (json!(["/a", "/c"]), meta.clone()));
    assert_eq!(pages(2, "visits").await, (json!(["/b"]), meta.clone()));
    assert_eq!(pages(9, "visits").await, (json!([]), meta.clone()));
    assert_eq!(pages(0, "pageviews").await, (json!(["/a", "/c"]), meta));
    let answer = told(&h, &page(0, "pageviews"), Audience::Unprotected).await;
    assert_eq!(answer["results"][0]["percentage"], 50.0);
    assert_eq!(answer["query"]["date_range"][0], "2033-05-22T00:00:00+00:00");
    assert_eq!(told(&h, &answer["query"], Audience::Unprotected).await, answer, "it can be asked again");
}

#[tokio::test]
async fn a_site_without_visits_has_zeros_and_an_unknown_one_is_not_found() {
    let h = Harness::new("analyses_empty", &["UTC"]).await;
    let steps = json!([{"page_path": "/"}, {"event_name": "Signup"}]);
    let mut request = json!({"kind": "funnel", "site_id": "1.kz", "date_range": "7d", "steps": steps});
    let answer = told(&h, &request, Audience::Staff).await;
    assert_eq!(answer["results"][1]["visits"], 0);
    assert_eq!(
        answer["meta"],
        json!({"visits": 0, "visitors": 0, "days_told": 0, "days_untold": 0, "folded_below": 5})
    );
    assert_eq!(answer["query"]["steps"][1], json!({"display_name": "Signup", "event_name": "Signup"}));
    request["site_id"] = json!("9.kz");
    let error = h.answers.analyse(&Analysis::from_json(&request).unwrap(), Audience::Staff).await;
    assert_eq!(error.unwrap_err().code(), "unknown_site");
}

#[tokio::test]
async fn goals_properties_and_ends_of_visits_read_the_same_before_and_after_the_seal() {
    let h = Harness::new("analyses_goals", &["Asia/Almaty"]).await;
    let sales = (1..=6).map(|tag| {
        let mut sale =
            h.event(1, &format!("{DAY}T12:00:00")).tag(tag).custom("Purchase").prop("plan", "paid");
        (sale.0.revenue_milli, sale.0.currency) = (1_500, "KZT".into());
        sale
    });
    h.insert(traffic(&h, 1, &[DAY], 1).into_iter().chain(sales)).await;
    let goals = json!([
        {"event_name": "Signup"}, {"display_name": "Ru", "page_path": "/ru/*"}, {"display_name": "All", "page_path": "/**"},
        {"display_name": "Read", "page_path": "/**", "scroll_threshold": 30},
        {"display_name": "Paid", "event_name": "Purchase", "custom_props": {"plan": "paid"}},
        {"display_name": "Free", "event_name": "Purchase", "custom_props": {"plan": "free"}},
    ]);
    let ask = async |dimensions: Value, filters: Value, metrics: &[&str]| {
        let question = json!({
            "site_id": "1.kz", "date_range": [DAY, DAY], "goals": goals, "metrics": metrics, "dimensions": dimensions,
            "filters": filters,
        });
        let question = Question::from_json(&question).unwrap();
        let answer = h.answers.answer_for(&question, Audience::Unprotected).await.unwrap();
        serde_json::to_value(answer.results).unwrap()
    };
    let all = async || {
        let money = ["visitors", "conversion_rate", "total_revenue", "average_revenue"];
        let read = json!([["is", "event:goal", ["Read"]]]);
        [
            ask(
                json!(["event:goal"]),
                json!([]),
                &["visitors", "events", "conversion_rate", "total_revenue"],
            )
            .await,
            ask(json!([]), json!([["is", "event:goal", ["Paid"]]]), &money).await,
            ask(json!(["visit:source"]), read.clone(), &["visitors", "group_conversion_rate"]).await,
            ask(json!(["event:props:plan"]), json!([]), &["visitors", "events", "percentage"]).await,
            ask(json!(["event:props:plan"]), json!([["is", "event:name", ["Signup"]]]), &["visitors"]).await,
            ask(json!(["visit:entry_page"]), read.clone(), &["visitors", "visits"]).await,
            ask(json!(["visit:exit_page"]), json!([]), &["visitors", "visits", "bounce_rate"]).await,
            ask(json!(["event:page"]), read, &["visitors", "scroll_depth"]).await,
        ]
    };
    let open = all().await;
    let goal = |name: &str| {
        let row = open[0].as_array().unwrap().iter().find(|row| row["dimensions"] == json!([name]));
        row.map(|row| row["metrics"].clone())
    };
    for reached in ["Signup", "Ru", "All", "Read", "Paid"] {
        assert!(goal(reached).unwrap()[0].as_u64().unwrap() > 0, "{reached}");
    }
    assert_eq!(goal("Free"), None);
    assert_eq!(goal("Paid").unwrap()[3], json!({"value": 9.0, "currency": "KZT"}));
    assert_eq!(open[1][0]["metrics"][3], json!({"value": 1.5, "currency": "KZT"}));
    assert!(open.iter().all(|rows| !rows.as_array().unwrap().is_empty()), "{open:?}");
    sealed(&h).await;
    assert_eq!(all().await, open);
}

#[tokio::test]
async fn the_heat_map_goes_by_the_sites_clock_on_days_of_23_and_25_hours() {
    let h = Harness::new("analyses_heat", &["Europe/Berlin"]).await;
    let view = |time: &str, tag| h.event(1, time).tag(tag);
    let mut phone = view("2033-10-30T02:15:00", 4);
    let EventRow { device, .. } = &mut phone.0;
    *device = Device::Mobile;
    // 27 March has no hour 2, 30 October has it twice: at 00:30 and at 01:30 UTC. Both are Sundays.
    h.insert([
        view("2033-03-20T02:30:00", 1),
        view("2033-03-27T01:30:00", 1),
        view("2033-03-27T03:30:00", 1),
        view("2033-03-28T09:00:00", 1),
        view("2033-10-30T00:30:00Z", 2),
        view("2033-10-30T01:30:00Z", 2),
        view("2033-10-30T01:40:00Z", 3),
        phone,
        view("2033-10-30T22:00:00Z", 2),
    ])
    .await;
    let ask = async |filters: Value| {
        let range = ["2033-03-14", "2033-11-06"];
        h.ask(json!({
            "site_id": "1.kz", "metrics": ["visitors", "pageviews"], "date_range": range,
            "dimensions": ["time:hour_of_week"], "filters": filters,
        }))
        .await
    };
    h.hand.set(at("2033-11-07T12:00:00Z"));
    for again in [false, true] {
        let all = ask(json!([])).await;
        let rows = all.as_array().unwrap();
        assert_eq!(rows.len(), 168);
        assert_eq!((&rows[0][0], &rows[167][0]), (&json!("1 00"), &json!("7 23")));
        let seen: Vec<&Value> = rows.iter().filter(|row| row[2] != 0).collect();
        let expected =
            json!([["1 09", 1, 1], ["7 01", 1, 1], ["7 02", 4, 5], ["7 03", 1, 1], ["7 23", 1, 1]]);
        assert_eq!(json!(seen), expected);
        let phones = ask(json!([["is", "visit:device", ["Mobile"]]])).await;
        assert!(phones.as_array().unwrap().iter().all(|row| row[1].is_null()), "one visitor is too few");
        if !again {
            h.sealer().run_once(at("2033-11-07T12:00:00Z")).await.unwrap();
            assert_eq!(h.number("SELECT count() FROM events").await, 0);
        }
    }
}
