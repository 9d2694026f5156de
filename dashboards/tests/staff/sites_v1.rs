//! Plausible's Sites API, as its clients speak it.

use dashboards::control::{Author, KeyOrder, Scope};
use http::header::AUTHORIZATION;
use serde_json::{Value, json};

use crate::harness::{Harness, request};

struct Program<'a> {
    harness: &'a Harness,
    key: String,
}

impl<'a> Program<'a> {
    fn new(harness: &'a Harness, domain: Option<&str>) -> Self {
        let order = KeyOrder {
            name: String::new(),
            domain: domain.map(str::to_owned),
            scope: Scope::Sites,
            expires_at: None,
        };
        let key = harness.control.order_api_key(Author::Console, order).unwrap().reveal();
        Self { harness, key }
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = request(method, &format!("/api/v1/sites{path}"), None, body);
        request.headers_mut().insert(AUTHORIZATION, format!("Bearer {}", self.key).parse().unwrap());
        let reply = self.harness.send(request).await;
        (reply.status.as_u16(), reply.json())
    }
}

#[tokio::test]
async fn a_script_provisions_a_site() {
    let harness = Harness::furnished();
    let program = Program::new(&harness, None);
    let (status, added) =
        program.send("POST", "", Some(json!({ "domain": "test.kz", "timezone": "Asia/Almaty" }))).await;
    assert_eq!(
        (status, &added["domain"], &added["timezone"]),
        (200, &json!("test.kz"), &json!("Asia/Almaty"))
    );
    assert_eq!(program.send("POST", "", Some(json!({ "domain": "test.kz" }))).await.0, 409);
    assert_eq!(program.send("GET", "/test.kz", None).await.1, added);

    // Laid down once, however often a script runs.
    let goal = json!({ "site_id": "test.kz", "goal_type": "event", "event_name": "Signup", "custom_props": { "plan": "pro" } });
    let (_, first) = program.send("PUT", "/goals", Some(goal.clone())).await;
    assert_eq!(program.send("PUT", "/goals", Some(goal)).await.1, first);
    assert_eq!(
        (&first["goal_type"], &first["display_name"], &first["domain"]),
        (&json!("event"), &json!("Signup"), &json!("test.kz"))
    );
    let (_, goals) = program.send("GET", "/goals?site_id=test.kz", None).await;
    assert_eq!(goals["goals"].as_array().unwrap().len(), 1);
    assert_eq!(goals["goals"][0]["custom_props"], json!({ "plan": "pro" }));
    let link = json!({ "site_id": "test.kz", "name": "Board" });
    let (_, link_one) = program.send("PUT", "/shared-links", Some(link.clone())).await;
    assert_eq!(program.send("PUT", "/shared-links", Some(link)).await.1, link_one);
    assert!(link_one["url"].as_str().unwrap().starts_with("http://127.0.0.1:8081/share/"));

    let guest = json!({ "site_id": "test.kz", "email": "Guest@test.kz", "role": "viewer" });
    let (_, invited) = program.send("PUT", "/guests", Some(guest)).await;
    assert_eq!((&invited["email"], &invited["status"]), (&json!("guest@test.kz"), &json!("invited")));
    let (_, guests) = program.send("GET", "/guests?site_id=test.kz", None).await;
    assert_eq!(
        guests["guests"],
        json!([{ "email": "guest@test.kz", "role": "viewer", "status": "invited" }])
    );
    let owner = json!({ "site_id": "test.kz", "email": "x@test.kz", "role": "owner" });
    assert_eq!(program.send("PUT", "/guests", Some(owner)).await.0, 400);
    assert_eq!(
        program.send("DELETE", "/guests/guest@test.kz?site_id=test.kz", None).await.1,
        json!({ "deleted": true })
    );
    assert_eq!(program.send("GET", "/guests?site_id=test.kz", None).await.1["guests"], json!([]));

    let id = first["id"].as_str().unwrap();
    let of = Some(json!({ "site_id": "test.kz" }));
    assert_eq!(program.send("DELETE", &format!("/goals/{id}"), of).await.1, json!({ "deleted": true }));
    assert_eq!(program.send("PUT", "/test.kz", Some(json!({ "domain": "other.kz" }))).await.0, 400);
    assert_eq!(program.send("DELETE", "/test.kz", None).await.1, json!({ "deleted": true }));
    let (status, gone) = program.send("GET", "/test.kz", None).await;
    assert_eq!((status, gone["code"].as_str(), gone["error"].is_string()), (404, Some("unknown_site"), true));
}

#[tokio::test]
async fn sites_are_listed_page_by_page() {
    let harness = Harness::furnished();
    let program = Program::new(&harness, None);
    let (_, first) = program.send("GET", "?limit=1", None).await;
    assert_eq!(first["sites"], json!([{ "domain": "a.kz", "timezone": "Asia/Almaty" }]));
    assert_eq!(first["meta"], json!({ "after": "a.kz", "before": null, "limit": 1 }));
    let (_, second) = program.send("GET", "?limit=1&after=a.kz", None).await;
    assert_eq!((&second["sites"][0]["domain"], &second["meta"]["after"]), (&json!("b.kz"), &Value::Null));
    assert_eq!(program.send("GET", "?limit=0", None).await.0, 400);
}

#[tokio::test]
async fn a_key_of_one_site_reaches_no_other_and_can_not_end_its_own() {
    let harness = Harness::furnished();
    let program = Program::new(&harness, Some("a.kz"));
    let (_, listed) = program.send("GET", "", None).await;
    assert_eq!(listed["sites"].as_array().unwrap().len(), 1);
    for (method, path, body) in [
        ("GET", "/b.kz", None),
        ("GET", "/nowhere.kz", None),
        ("GET", "/goals?site_id=b.kz", None),
        ("PUT", "/shared-links", Some(json!({ "site_id": "b.kz", "name": "x" }))),
        ("POST", "", Some(json!({ "domain": "c.kz" }))),
        ("DELETE", "/a.kz", None),
    ] {
        let (status, told) = program.send(method, path, body).await;
        assert_eq!((status, told["code"].as_str()), (401, Some("invalid_api_key")), "{method} {path}");
    }
}
