//! Invitations, members and staff: who may bring whom in, and who can't be put out.

use dashboards::control::{Author, Role};
use http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};
use serve::access::Secret;

use crate::harness::{Browser, Harness, PASSWORD, Reply, browser, request};

fn token_of(reply: &Reply) -> String {
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text);
    let link = reply.json()["link"].as_str().unwrap().to_owned();
    link.strip_prefix("http://127.0.0.1:8081/invitation#").unwrap().to_owned()
}

async fn invite(harness: &Harness, by: &Browser, path: &str, email: &str, role: &str) -> Reply {
    harness.post(path, Some(by), json!({ "email": email, "role": role })).await
}

async fn accept(harness: &Harness, by: Option<&Browser>, token: &str, password: Option<&str>) -> Reply {
    let mut body = json!({ "token": token });
    if let Some(password) = password {
        body["password"] = Value::from(password);
    }
    harness.post("/api/invitation/acceptance", by, body).await
}

/// Somebody who is a member of `a.kz` alone, signed in.
async fn member(harness: &Harness, email: &str, role: Role) -> (i64, Browser) {
    let user = harness.control.add_user(Author::Console, email, &Secret::new(PASSWORD), role).unwrap();
    let site = harness.control.site("a.kz").unwrap().id;
    harness.control.set_member(Author::Console, site, user.id, role).unwrap();
    harness.control.set_role(Author::Console, user.id, None).unwrap();
    (user.id.0, harness.sign_in(email).await)
}

#[tokio::test]
async fn somebody_new_chooses_a_password_and_sees_the_one_site() {
    let harness = Harness::furnished();
    let owner = harness.sign_in("owner@a.kz").await;
    let made = invite(&harness, &owner, "/api/sites/a.kz/invitations", " New@a.kz ", "editor").await;
    let token = token_of(&made);
    assert_eq!(made.json()["invitation"]["email"], "new@a.kz");
    let listed = harness.get("/api/sites/a.kz/members", Some(&owner)).await;
    assert_eq!(listed.json()["invitations"][0]["role"], "editor");
    assert!(!listed.text.contains(&token), "a link is shown once");

    let shown = harness.post("/api/invitation", None, json!({ "token": token })).await.json();
    assert_eq!((&shown["email"], &shown["domain"]), (&json!("new@a.kz"), &json!("a.kz")));
    assert_eq!((&shown["role"], &shown["has_account"]), (&json!("editor"), &json!(false)));

    assert_eq!(accept(&harness, None, &token, Some("short")).await.code(), "weak_password");
    assert_eq!(accept(&harness, None, &token, None).await.code(), "sign_in_to_accept");
    let taken = accept(&harness, None, &token, Some(PASSWORD)).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text);
    let new = browser(&taken);
    let sites = harness.get("/api/sites", Some(&new)).await.json();
    assert_eq!(sites["sites"].as_array().unwrap().len(), 1);
    assert_eq!(accept(&harness, None, &token, Some(PASSWORD)).await.code(), "invitation_used");
    let listed = harness.get("/api/sites/a.kz/members", Some(&owner)).await.json();
    assert_eq!(listed["invitations"], json!([]));
    assert_eq!(listed["members"][0]["email"], "new@a.kz");
}

#[tokio::test]
async fn a_link_opens_no_account_that_is_there_already() {
    let harness = Harness::furnished();
    let owner = harness.sign_in("owner@a.kz").await;
    let viewer = harness.sign_in("viewer@a.kz").await;
    let editor = harness.sign_in("editor@a.kz").await;
    let path = "/api/sites/a.kz/invitations";
    let token = token_of(&invite(&harness, &owner, path, "viewer@a.kz", "admin").await);
    for attempt in [
        accept(&harness, None, &token, Some(PASSWORD)).await,
        accept(&harness, None, &token, None).await,
        accept(&harness, Some(&editor), &token, None).await,
        accept(&harness, Some(&editor), &token, Some(PASSWORD)).await,
    ] {
        assert_eq!(attempt.code(), "sign_in_to_accept");
        assert!(attempt.headers.get("set-cookie").is_none());
    }
    assert_eq!(harness.get("/api/sites/a.kz/members", Some(&viewer)).await.code(), "forbidden");
    assert_eq!(accept(&harness, Some(&viewer), &token, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(harness.get("/api/sites/a.kz/members", Some(&viewer)).await.status, StatusCode::OK);
    assert_eq!(harness.get("/api/sites/b.kz/members", Some(&viewer)).await.code(), "forbidden");
    // A role that somebody has is never lowered by an invitation.
    let lower = token_of(&invite(&harness, &owner, path, "viewer@a.kz", "viewer").await);
    assert_eq!(accept(&harness, Some(&viewer), &lower, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(harness.get("/api/sites/a.kz/members", Some(&viewer)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_invitation_ends_after_a_week_when_withdrawn_replaced_or_its_author_leaves() {
    let harness = Harness::furnished();
    let owner = harness.sign_in("owner@a.kz").await;
    let path = "/api/sites/a.kz/invitations";
    let is_open = |token: String| {
        let harness = &harness;
        async move {
            let reply = harness.post("/api/invitation", None, json!({ "token": token })).await;
            assert!(reply.status == StatusCode::OK || reply.code() == "invitation_used");
            reply.status == StatusCode::OK
        }
    };
    let first = token_of(&invite(&harness, &owner, path, "x@a.kz", "viewer").await);
    assert!(is_open(first.clone()).await);
    let second = invite(&harness, &owner, path, "x@a.kz", "viewer").await;
    assert!(!is_open(first).await, "replaced");
    let withdraw = format!("{path}/{}", second.json()["invitation"]["id"]);
    let done = harness.send(request("DELETE", &withdraw, Some(&owner), None)).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT);
    assert!(!is_open(token_of(&second)).await, "withdrawn");
    let again = harness.send(request("DELETE", &withdraw, Some(&owner), None)).await;
    assert_eq!(again.code(), "unknown_invitation");

    let (id, admin) = member(&harness, "admin-of-a@a.kz", Role::Admin).await;
    let theirs = token_of(&invite(&harness, &admin, path, "y@a.kz", "viewer").await);
    assert!(is_open(theirs.clone()).await);
    let remove = request("DELETE", &format!("/api/sites/a.kz/members/{id}"), Some(&owner), None);
    assert_eq!(harness.send(remove).await.status, StatusCode::NO_CONTENT);
    assert!(!is_open(theirs).await, "its author left");

    let last = token_of(&invite(&harness, &owner, path, "z@a.kz", "viewer").await);
    harness.hand.advance(SignedDuration::from_hours(7 * 24) - SignedDuration::from_secs(1));
    assert!(is_open(last.clone()).await);
    harness.hand.advance(SignedDuration::from_secs(1));
    assert!(!is_open(last).await, "a week is over");
    assert!(!is_open("nonsense".into()).await && !is_open("0".repeat(64)).await);
}

#[tokio::test]
async fn nobody_gives_or_takes_a_role_above_their_own() {
    let harness = Harness::furnished();
    let (_, admin) = member(&harness, "admin-of-a@a.kz", Role::Admin).await;
    let (owner_id, owner) = member(&harness, "owner-of-a@a.kz", Role::Owner).await;
    let (viewer_id, viewer) = member(&harness, "viewer-of-a@a.kz", Role::Viewer).await;
    let path = "/api/sites/a.kz/invitations";
    assert_eq!(invite(&harness, &admin, path, "x@a.kz", "owner").await.code(), "forbidden");
    assert_eq!(invite(&harness, &admin, path, "x@a.kz", "king").await.code(), "bad_role");
    assert_eq!(invite(&harness, &admin, path, "x@a.kz", "admin").await.status, StatusCode::CREATED);
    assert_eq!(invite(&harness, &owner, path, "x@a.kz", "owner").await.status, StatusCode::CREATED);
    let set = |by: &Browser, id: i64, role: &str| {
        let path = format!("/api/sites/a.kz/members/{id}");
        harness.send(request("PUT", &path, Some(by), Some(json!({ "role": role }))))
    };
    let remove = |by: &Browser, id: i64| {
        harness.send(request("DELETE", &format!("/api/sites/a.kz/members/{id}"), Some(by), None))
    };
    assert_eq!(set(&admin, viewer_id, "owner").await.code(), "forbidden");
    assert_eq!(set(&admin, owner_id, "viewer").await.code(), "forbidden");
    assert_eq!(remove(&admin, owner_id).await.code(), "forbidden");
    assert_eq!(set(&owner, owner_id, "admin").await.code(), "last_owner");
    assert_eq!(remove(&owner, owner_id).await.code(), "last_owner");
    assert_eq!(set(&admin, viewer_id, "editor").await.status, StatusCode::NO_CONTENT);
    assert_eq!(set(&admin, 999, "editor").await.code(), "unknown_user");
    // Whoever wants to leave can.
    assert_eq!(remove(&viewer, viewer_id).await.status, StatusCode::NO_CONTENT);
    assert_eq!(harness.get("/api/sites/a.kz", Some(&viewer)).await.code(), "unknown_site");
}

#[tokio::test]
async fn the_instance_keeps_an_owner_and_admins_do_not_touch_owners() {
    let harness = Harness::furnished();
    let (owner, admin) = (harness.sign_in("owner@a.kz").await, harness.sign_in("admin@a.kz").await);
    let users = harness.get("/api/users", Some(&admin)).await.json();
    let id = |email: &str| {
        let users = users["users"].as_array().unwrap();
        users.iter().find(|user| user["email"] == email).unwrap()["id"].as_i64().unwrap()
    };
    let set = |by: &Browser, email: &str, role: Value| {
        let path = format!("/api/users/{}", id(email));
        harness.send(request("PATCH", &path, Some(by), Some(json!({ "role": role }))))
    };
    let remove = |by: &Browser, email: &str| {
        harness.send(request("DELETE", &format!("/api/users/{}", id(email)), Some(by), None))
    };
    assert_eq!(set(&admin, "owner@a.kz", json!("viewer")).await.code(), "forbidden");
    assert_eq!(set(&admin, "viewer@a.kz", json!("owner")).await.code(), "forbidden");
    assert_eq!(remove(&admin, "owner@a.kz").await.code(), "forbidden");
    assert_eq!(invite(&harness, &admin, "/api/invitations", "x@a.kz", "owner").await.code(), "forbidden");
    assert_eq!(remove(&owner, "owner@a.kz").await.code(), "last_owner");
    assert_eq!(set(&owner, "owner@a.kz", Value::Null).await.code(), "last_owner");

    assert_eq!(set(&admin, "viewer@a.kz", json!("editor")).await.status, StatusCode::NO_CONTENT);
    let viewer = harness.sign_in("viewer@a.kz").await;
    assert_eq!(remove(&admin, "viewer@a.kz").await.status, StatusCode::NO_CONTENT);
    assert_eq!(harness.get("/api/session", Some(&viewer)).await.code(), "signed_out");
    assert_eq!(remove(&admin, "viewer@a.kz").await.code(), "unknown_user");

    let token = token_of(&invite(&harness, &admin, "/api/invitations", "x@a.kz", "viewer").await);
    let new = browser(&accept(&harness, None, &token, Some(PASSWORD)).await);
    let sites = harness.get("/api/sites", Some(&new)).await.json();
    assert_eq!(sites["sites"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_key_is_shown_once_and_ends_when_it_was_to_end_or_is_revoked() {
    let harness = Harness::furnished();
    let (_, admin) = member(&harness, "admin-of-a@a.kz", Role::Admin).await;
    let make = |body: Value| harness.post("/api/sites/a.kz/keys", Some(&admin), body);
    assert_eq!(make(json!({ "scope": "everything" })).await.code(), "bad_key");
    assert_eq!(make(json!({ "scope": "stats", "expires_in_days": 0 })).await.code(), "bad_key");
    let made = make(json!({ "name": "Board", "scope": "stats", "expires_in_days": 30 })).await;
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    let listed = harness.get("/api/sites/a.kz/keys", Some(&admin)).await;
    assert_eq!(listed.json()["keys"][0]["name"], "Board");
    assert!(!listed.text.contains(&secret));
    let ask = |secret: &str| {
        let mut request = request("GET", "/api/v1/stats/realtime/visitors?site_id=a.kz", None, None);
        request.headers_mut().insert("authorization", format!("Bearer {secret}").parse().unwrap());
        harness.send(request)
    };
    assert_eq!(ask(&secret).await.status, StatusCode::OK);
    harness.hand.advance(SignedDuration::from_hours(30 * 24));
    assert_eq!(ask(&secret).await.code(), "invalid_api_key");

    let admin = harness.sign_in("admin-of-a@a.kz").await;
    let made = harness.post("/api/sites/a.kz/keys", Some(&admin), json!({ "scope": "stats" })).await.json();
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(ask(secret).await.status, StatusCode::OK);
    let path = |domain: &str| format!("/api/sites/{domain}/keys/{}", made["key"]["id"]);
    let owner = harness.sign_in("owner@a.kz").await;
    let elsewhere = harness.send(request("DELETE", &path("b.kz"), Some(&owner), None)).await;
    assert_eq!(elsewhere.code(), "unknown_key");
    let revoked = harness.send(request("DELETE", &path("a.kz"), Some(&admin), None)).await;
    assert_eq!(revoked.status, StatusCode::NO_CONTENT);
    assert_eq!(ask(secret).await.code(), "invalid_api_key");
}
