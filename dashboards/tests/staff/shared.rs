//! Reading through shared links: what they pin, whom they let in, and where they may be framed.

use aggregator::suppress::Audience;
use dashboards::control::Author;
use dashboards::control::segments::NewSegment;
use http::StatusCode;
use http::header::{COOKIE, SET_COOKIE};
use serde_json::{Value, json};
use serve::access::Secret;

use crate::harness::{Harness, Reply, question, request};

const BY: Author = Author::Console;
const LINK_PASSWORD: &str = "kerek-qupiya-soz";

fn link(harness: &Harness, domain: &str, password: Option<&str>, segment: Option<i64>) -> String {
    let password = password.map(Secret::new);
    harness.control.add_link(BY, domain, "Board", password.as_ref(), segment).unwrap().slug
}

async fn ask(harness: &Harness, slug: &str, questions: Value) -> Reply {
    let body = json!({ "questions": questions });
    harness.post(&format!("/api/shared/{slug}/questions"), None, body).await
}

#[tokio::test]
async fn questions_are_answered_as_for_the_public_and_of_the_links_site_alone() {
    let harness = Harness::furnished();
    let slug = link(&harness, "a.kz", None, None);
    let shown = harness.get(&format!("/api/shared/{slug}"), None).await.json();
    assert_eq!((&shown["locked"], &shown["domain"]), (&json!(false), &json!("a.kz")));
    let without_site = json!({ "metrics": ["visitors"], "date_range": "7d" });
    let reply = ask(&harness, &slug, json!([question("a.kz"), question("b.kz"), without_site])).await;
    let answers = reply.json()["answers"].clone();
    assert_eq!(answers[0]["results"][0]["metrics"], json!([1]));
    assert_eq!(answers[1]["code"], "unknown_site");
    let asked = harness.asker.asked.lock().unwrap();
    assert_eq!(asked.len(), 2);
    for (question, audience) in asked.iter() {
        assert_eq!((question.site_id.as_str(), *audience), ("a.kz", Audience::Public));
    }
}

#[tokio::test]
async fn a_funnel_is_answered_as_for_the_public_of_goals_that_staff_have_laid_down() {
    let harness = Harness::furnished();
    let control = &harness.control;
    for (name, event) in [("Signup", "Signup"), ("Order", "Order")] {
        let goal = json!({ "display_name": name, "event_name": event });
        control.put_goal(BY, "a.kz", None, &goal, None).unwrap();
    }
    let filters = json!([["is", "visit:country", ["KZ"]]]);
    let segment = NewSegment { name: "KZ".into(), shared: true, filters };
    let segment = control.put_segment(BY, "a.kz", None, &segment).unwrap();
    let slug = link(&harness, "a.kz", None, Some(segment.id));
    let funnel = |site: &str, step: Value| {
        let steps = json!([{ "display_name": "Signup", "event_name": "Free" }, step]);
        json!({ "kind": "funnel", "site_id": site, "date_range": "7d", "steps": steps })
    };
    let ids: Vec<i64> = control.goals("a.kz").unwrap().iter().map(|goal| goal.id).collect();
    control.put_funnel(BY, "a.kz", None, "To an order", &ids).unwrap();
    let shown = harness.get(&format!("/api/shared/{slug}"), None).await.json();
    assert_eq!(
        (&shown["funnels"][0]["name"], &shown["funnels"][0]["steps"]),
        (&json!("To an order"), &json!(ids))
    );
    let order = json!({ "display_name": "Order" });
    let free = json!({ "page_path": "/a*" });
    let journeys = json!({ "kind": "journeys", "date_range": "7d", "page": "/" });
    let questions =
        json!([funnel("a.kz", order.clone()), funnel("a.kz", free), funnel("b.kz", order), journeys]);
    let answers = ask(&harness, &slug, questions).await.json()["answers"].clone();
    for answer in [&answers[0], &answers[3]] {
        assert_eq!(
            (&answer["meta"]["folded_below"], &answer["query"]["site_id"]),
            (&json!(10), &json!("a.kz"))
        );
        assert!(answer["query"]["as_read"].as_str().unwrap().contains("\"KZ\""), "{answer}");
    }
    assert!(!answers[0]["query"]["as_read"].as_str().unwrap().contains("Free"), "a goal is staff's");
    assert_eq!(answers[1]["code"], "invalid_steps");
    assert_eq!(answers[2]["code"], "unknown_site");
}

#[tokio::test]
async fn staff_are_answered_as_staff() {
    // Positive control of the test above: the same question behind a login has the other audience.
    let harness = Harness::furnished();
    let viewer = harness.sign_in("viewer@a.kz").await;
    harness.post("/api/questions", Some(&viewer), json!({ "questions": [question("a.kz")] })).await;
    assert_eq!(harness.asker.asked.lock().unwrap()[0].1, Audience::Staff);
}

#[tokio::test]
async fn no_question_gets_out_of_the_links_segment() {
    let harness = Harness::furnished();
    let control = &harness.control;
    for (name, event) in [("Signup", "Signup"), ("Order", "Order")] {
        let goal = json!({ "display_name": name, "event_name": event });
        control.put_goal(BY, "a.kz", None, &goal, None).unwrap();
    }
    let pinned = json!([["is", "visit:country", ["KZ"]], ["is", "event:goal", ["Signup"]]]);
    let segment = NewSegment { name: "KZ".into(), shared: true, filters: pinned.clone() };
    let segment = control.put_segment(BY, "a.kz", None, &segment).unwrap();
    let slug = link(&harness, "a.kz", None, Some(segment.id));
    let with = |key: &str, value: Value| {
        let mut question = question("a.kz");
        question[key] = value;
        question
    };
    let reply = ask(
        &harness,
        &slug,
        json!([
            question("a.kz"),
            with("filters", json!([])),
            with("filters", json!([["is_not", "visit:country", ["KZ"]]])),
            with(
                "filters",
                json!([["or", [["is", "visit:country", ["RU"]], ["is", "visit:device", ["Mobile"]]]]])
            ),
            // A goal of the same name that everybody reaches.
            with("goals", json!([{ "display_name": "Signup", "page_path": "/**" }])),
            with("filters", json!("none")),
            with("filters", Value::Null),
        ]),
    )
    .await;
    let answers = reply.json()["answers"].clone();
    assert_eq!(answers[5]["code"], "invalid_filter");
    assert_eq!(answers[6]["code"], "invalid_filter");
    let asked = harness.asker.asked.lock().unwrap();
    assert_eq!(asked.len(), 5);
    for (question, audience) in asked.iter() {
        let filters: Vec<Value> =
            question.filters.iter().map(aggregator::question::Filter::to_json).collect();
        for filter in pinned.as_array().unwrap() {
            assert!(filters.contains(filter), "{filters:?}");
        }
        let goals: Vec<Value> = question.goals.iter().map(aggregator::question::Goal::to_json).collect();
        assert!(goals.contains(&json!({ "display_name": "Signup", "event_name": "Signup" })), "{goals:?}");
        assert!(goals.iter().all(|goal| goal.get("page_path").is_none()), "{goals:?}");
        assert_eq!(*audience, Audience::Public);
    }
}

#[tokio::test]
async fn a_link_with_a_password_says_nothing_until_it_is_told_it() {
    let harness = Harness::furnished();
    let slug = link(&harness, "a.kz", Some(LINK_PASSWORD), None);
    let path = format!("/api/shared/{slug}");
    let unlock = async |password: &str| {
        harness.post(&format!("{path}/password"), None, json!({ "password": password })).await
    };
    assert_eq!(harness.get(&path, None).await.json(), json!({ "locked": true }));
    let refused = ask(&harness, &slug, json!([question("a.kz")])).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (401, "link_locked"));
    let wrong = unlock("basqa-qupiya-soz").await;
    assert_eq!((wrong.status.as_u16(), wrong.code().as_str()), (401, "wrong_link_password"));
    assert!(!wrong.headers.contains_key(SET_COOKIE));

    let right = unlock(LINK_PASSWORD).await;
    assert_eq!(right.status, StatusCode::NO_CONTENT);
    let cookies: Vec<_> = right.headers.get_all(SET_COOKIE).iter().map(|c| c.to_str().unwrap()).collect();
    assert_eq!(cookies.len(), 1);
    assert!(
        cookies[0].contains(&format!("Path={path};")) && cookies[0].contains("HttpOnly"),
        "{}",
        cookies[0]
    );
    let value = right.cookie("sanaq_shared").unwrap();
    let with = |slug: &str, value: &str| {
        let mut request = request("GET", &format!("/api/shared/{slug}"), None, None);
        request.headers_mut().insert(COOKIE, format!("sanaq_shared={value}").parse().unwrap());
        harness.send(request)
    };
    assert_eq!(with(&slug, &value).await.json()["domain"], "a.kz");
    // It opens this link alone, for thirty days, and not when it was changed.
    let other =
        harness.control.add_link(BY, "a.kz", "Other", Some(&Secret::new(LINK_PASSWORD)), None).unwrap();
    assert_eq!(with(&other.slug, &value).await.json(), json!({ "locked": true }));
    let (ends_at, proof) = value.split_once('.').unwrap();
    let later = format!("{}.{proof}", ends_at.parse::<i64>().unwrap() + 1);
    assert_eq!(with(&slug, &later).await.json(), json!({ "locked": true }));
    harness.hand.advance(jiff::SignedDuration::from_hours(30 * 24));
    assert_eq!(with(&slug, &value).await.json(), json!({ "locked": true }));
}

#[tokio::test]
async fn guessing_a_links_password_is_slowed_down() {
    let harness = Harness::furnished();
    let slug = link(&harness, "a.kz", Some(LINK_PASSWORD), None);
    let unlock = async |password: &str| {
        let path = format!("/api/shared/{slug}/password");
        harness.post(&path, None, json!({ "password": password })).await
    };
    for _ in 0..5 {
        assert_eq!(unlock("basqa-qupiya-soz").await.code(), "wrong_link_password");
    }
    let slowed = unlock(LINK_PASSWORD).await;
    assert_eq!((slowed.status.as_u16(), slowed.code().as_str()), (429, "slow_down"));
    assert!(slowed.headers.contains_key("retry-after"));
    harness.hand.advance(jiff::SignedDuration::from_secs(60));
    assert_eq!(unlock(LINK_PASSWORD).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_revoked_link_opens_nothing_and_no_cookie_is_set_by_an_open_one() {
    let harness = Harness::furnished();
    let slug = link(&harness, "a.kz", None, None);
    let open = harness.get(&format!("/api/shared/{slug}"), None).await;
    assert!(!open.headers.contains_key(SET_COOKIE));
    let id = harness.control.links("a.kz").unwrap()[0].id;
    harness.control.revoke_link(BY, "a.kz", id).unwrap();
    for slug in [slug.as_str(), "0", "%FF"] {
        let reply = harness.get(&format!("/api/shared/{slug}"), None).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{slug}");
        assert_eq!(ask(&harness, slug, json!([])).await.status, StatusCode::NOT_FOUND, "{slug}");
    }
}

#[tokio::test]
async fn only_the_page_of_a_link_that_asks_for_it_may_be_framed() {
    let harness = Harness::furnished();
    let slug = link(&harness, "a.kz", None, None);
    let framed_by = async |path: String| {
        let reply = harness.get(&path, None).await;
        let policy = reply.headers["content-security-policy"].to_str().unwrap().to_owned();
        let (_, after) = policy.split_once("frame-ancestors ").unwrap();
        after.split(';').next().unwrap().to_owned()
    };
    assert_eq!(framed_by(format!("/share/{slug}?embed=true&theme=dark")).await, "*");
    for path in [
        format!("/share/{slug}"),
        format!("/share/{slug}?embed=false"),
        format!("/share/{slug}?xembed=true"),
        "/?embed=true".to_owned(),
        "/a.kz/settings?embed=true".to_owned(),
        "/a.kz/share/x?embed=true".to_owned(),
        format!("/api/shared/{slug}?embed=true"),
    ] {
        assert_eq!(framed_by(path.clone()).await, "'none'", "{path}");
    }
}
