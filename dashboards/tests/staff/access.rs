//! Who may do what: every address for everybody, and what stands in the way of other sites' pages.

use std::collections::HashMap;
use std::path::Path;

use dashboards::control::segments::NewSegment;
use dashboards::control::{Author, KeyOrder, Role, Scope};
use dashboards::server::{CSRF_HEADER, ROUTES};
use http::StatusCode;
use http::header::AUTHORIZATION;
use jiff::SignedDuration;
use serde_json::{Value, json};
use serve::access::Secret;

use crate::harness::{Browser, Harness, PASSWORD, question, request};

/// Somebody at the door. The addresses of the table are asked about the site `a.kz`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Who {
    Anonymous,
    /// A member of another site alone: its owner.
    Outsider,
    /// A member of this site, without a role on the instance.
    Member(Role),
    /// Somebody with a role on the instance.
    Staff(Role),
    /// A program with a key of this site.
    Key(Scope),
    /// A program with a key for all sites.
    KeyToAll,
    /// A program with another site's key.
    OthersKey,
    /// A program with a key of this site that was revoked.
    RevokedKey,
    /// A program with a key of this site that has ended.
    EndedKey,
}

use Role::{Admin, Editor, Owner, Viewer};
use Who::*;

const EVERYBODY: [Who; 17] = [
    Anonymous,
    Outsider,
    Member(Viewer),
    Member(Editor),
    Member(Admin),
    Member(Owner),
    Staff(Viewer),
    Staff(Editor),
    Staff(Admin),
    Staff(Owner),
    Key(Scope::Stats),
    Key(Scope::Events),
    Key(Scope::Sites),
    KeyToAll,
    OthersKey,
    RevokedKey,
    EndedKey,
];

/// Who comes in, and the status they get then. Whoever has no session gets 401 at an address for staff, as does whoever has no
/// key at one for programs; a site one has nothing to do with is told to be unknown (404); a role too low is told so (403).
#[derive(Clone, Copy, Debug)]
enum Door {
    /// Everybody, the same for all.
    Open(u16),
    /// Whoever is signed in.
    SignedIn(u16),
    /// Members of the site and staff of the instance, from this role on.
    Site(Role, u16),
    /// Staff of the instance, from this role on.
    Instance(Role, u16),
    /// Programs with a key of the site in this scope.
    Program(Scope, u16),
    /// Programs with a key for all sites.
    ProgramForAll(u16),
}

use Door::*;

/// Every address, in the order of the router's table.
const MATRIX: &[(&str, &str, Door)] = &[
    ("GET", "/api/start", SignedIn(200)),
    ("GET", "/api/session", SignedIn(200)),
    ("POST", "/api/session", Open(200)),
    ("PATCH", "/api/session", SignedIn(200)),
    ("DELETE", "/api/session", SignedIn(204)),
    ("POST", "/api/setup", Open(410)),
    ("GET", "/api/oidc", Open(200)),
    // No provider is configured here; `oidc.rs` has one.
    ("GET", "/api/oidc/start", Open(404)),
    ("GET", "/api/oidc/callback", Open(404)),
    ("GET", "/api/account", SignedIn(200)),
    ("POST", "/api/account/password", SignedIn(200)),
    ("DELETE", "/api/account/sessions", SignedIn(204)),
    ("DELETE", "/api/account/sessions/{session}", SignedIn(204)),
    ("POST", "/api/account/totp", SignedIn(200)),
    ("PUT", "/api/account/totp", SignedIn(422)),
    ("POST", "/api/account/totp/removal", SignedIn(204)),
    ("POST", "/api/account/recovery-codes", SignedIn(422)),
    ("POST", "/api/invitation", Open(200)),
    ("POST", "/api/invitation/acceptance", Open(200)),
    ("GET", "/api/users", Instance(Admin, 200)),
    ("PATCH", "/api/users/{user}", Instance(Admin, 204)),
    ("DELETE", "/api/users/{user}", Instance(Admin, 204)),
    ("DELETE", "/api/users/{user}/totp", Instance(Admin, 204)),
    ("POST", "/api/invitations", Instance(Admin, 201)),
    ("DELETE", "/api/invitations/{invitation}", Instance(Admin, 204)),
    ("GET", "/api/instance", Instance(Admin, 200)),
    ("PATCH", "/api/instance", Instance(Owner, 200)),
    ("GET", "/api/keys", Instance(Owner, 200)),
    ("POST", "/api/keys", Instance(Owner, 201)),
    ("DELETE", "/api/keys/{key}", Instance(Owner, 204)),
    ("GET", "/api/sites/{domain}/members", Site(Admin, 200)),
    ("PUT", "/api/sites/{domain}/members/{user}", Site(Admin, 204)),
    ("DELETE", "/api/sites/{domain}/members/{user}", Site(Admin, 204)),
    ("POST", "/api/sites/{domain}/invitations", Site(Admin, 201)),
    ("DELETE", "/api/sites/{domain}/invitations/{invitation}", Site(Admin, 204)),
    ("GET", "/api/sites/{domain}/keys", Site(Admin, 200)),
    ("POST", "/api/sites/{domain}/keys", Site(Admin, 201)),
    ("DELETE", "/api/sites/{domain}/keys/{key}", Site(Admin, 204)),
    ("GET", "/api/sites", SignedIn(200)),
    ("POST", "/api/sites", Instance(Admin, 201)),
    ("GET", "/api/sites/{domain}", Site(Viewer, 200)),
    ("PATCH", "/api/sites/{domain}", Site(Editor, 200)),
    ("DELETE", "/api/sites/{domain}", Site(Owner, 204)),
    ("GET", "/api/sites/{domain}/deletion", Site(Owner, 200)),
    ("GET", "/api/sites/{domain}/goals", Site(Viewer, 200)),
    ("POST", "/api/sites/{domain}/goals", Site(Editor, 201)),
    ("PUT", "/api/sites/{domain}/goals/{id}", Site(Editor, 200)),
    ("DELETE", "/api/sites/{domain}/goals/{id}", Site(Editor, 204)),
    ("GET", "/api/sites/{domain}/funnels", Site(Viewer, 200)),
    ("POST", "/api/sites/{domain}/funnels", Site(Editor, 201)),
    ("PUT", "/api/sites/{domain}/funnels/{id}", Site(Editor, 200)),
    ("DELETE", "/api/sites/{domain}/funnels/{id}", Site(Editor, 204)),
    ("GET", "/api/sites/{domain}/segments", Site(Viewer, 200)),
    // One of one's own; the others are about a shared one.
    ("POST", "/api/sites/{domain}/segments", Site(Viewer, 201)),
    ("PUT", "/api/sites/{domain}/segments/{id}", Site(Editor, 200)),
    ("DELETE", "/api/sites/{domain}/segments/{id}", Site(Editor, 204)),
    ("GET", "/api/sites/{domain}/annotations", Site(Viewer, 200)),
    ("POST", "/api/sites/{domain}/annotations", Site(Editor, 201)),
    ("DELETE", "/api/sites/{domain}/annotations/{id}", Site(Editor, 204)),
    ("GET", "/api/sites/{domain}/links", Site(Admin, 200)),
    ("POST", "/api/sites/{domain}/links", Site(Admin, 201)),
    ("DELETE", "/api/sites/{domain}/links/{id}", Site(Admin, 204)),
    ("GET", "/api/sites/{domain}/export", Site(Admin, 200)),
    ("POST", "/api/export", Site(Viewer, 200)),
    ("GET", "/api/shared/{slug}", Open(200)),
    ("POST", "/api/shared/{slug}/password", Open(204)),
    ("POST", "/api/shared/{slug}/questions", Open(200)),
    ("GET", "/api/sites/{domain}/live", Site(Viewer, 200)),
    ("GET", "/api/sites/{domain}/drops", Site(Viewer, 200)),
    ("GET", "/api/timezones", SignedIn(200)),
    ("POST", "/api/questions", SignedIn(200)),
    ("POST", "/api/v2/query", Program(Scope::Stats, 200)),
    ("GET", "/api/v1/stats/realtime/visitors", Program(Scope::Stats, 200)),
    ("GET", "/api/v1/stats/aggregate", Program(Scope::Stats, 200)),
    ("GET", "/api/v1/stats/timeseries", Program(Scope::Stats, 200)),
    ("GET", "/api/v1/stats/breakdown", Program(Scope::Stats, 200)),
    ("GET", "/api/v1/sites", Program(Scope::Sites, 200)),
    ("POST", "/api/v1/sites", ProgramForAll(200)),
    ("GET", "/api/v1/sites/{site_id}", Program(Scope::Sites, 200)),
    ("PUT", "/api/v1/sites/{site_id}", Program(Scope::Sites, 200)),
    ("DELETE", "/api/v1/sites/{site_id}", ProgramForAll(200)),
    ("PUT", "/api/v1/sites/shared-links", Program(Scope::Sites, 200)),
    ("GET", "/api/v1/sites/goals", Program(Scope::Sites, 200)),
    ("PUT", "/api/v1/sites/goals", Program(Scope::Sites, 200)),
    ("DELETE", "/api/v1/sites/goals/{goal_id}", Program(Scope::Sites, 200)),
    ("GET", "/api/v1/sites/guests", Program(Scope::Sites, 200)),
    ("PUT", "/api/v1/sites/guests", Program(Scope::Sites, 200)),
    ("DELETE", "/api/v1/sites/guests/{email}", Program(Scope::Sites, 200)),
    ("GET", "/api/openapi.json", Open(200)),
];

/// What stands in the world of the matrix and what the addresses name.
struct World {
    harness: Harness,
    browsers: HashMap<Who, Browser>,
    keys: HashMap<Who, String>,
    names: HashMap<&'static str, String>,
}

fn expected(door: Door, who: Who) -> u16 {
    let role = |needed: Role, has: Role, status: u16| if has >= needed { status } else { 403 };
    match (door, who) {
        (Open(status), _) => status,
        (SignedIn(status), Outsider | Member(_) | Staff(_)) => status,
        (Site(_, _), Outsider) => 404,
        (Site(needed, status), Member(has) | Staff(has)) => role(needed, has, status),
        (Instance(_, _), Outsider | Member(_)) => 403,
        (Instance(needed, status), Staff(has)) => role(needed, has, status),
        (Program(scope, status), Key(has)) if has == scope => status,
        (Program(Scope::Sites, status) | ProgramForAll(status), KeyToAll) => status,
        (SignedIn(_) | Site(..) | Instance(..) | Program(..) | ProgramForAll(_), _) => 401,
    }
}

/// An acceptable body for an address that takes one.
fn body_for(method: &str, path: &str, names: &HashMap<&str, String>) -> Option<Value> {
    let token = |name| names.get(name).cloned().unwrap_or_default();
    match (method, path) {
        ("POST", "/api/session") => Some(json!({ "email": "viewer@a.kz", "password": PASSWORD })),
        ("PATCH", "/api/session") => Some(json!({ "language": "ru" })),
        ("POST", "/api/setup") => {
            Some(json!({ "token": "0".repeat(64), "email": "x@a.kz", "password": PASSWORD }))
        }
        ("POST", "/api/account/password") => Some(json!({ "current": PASSWORD, "new": "zhana-qupiya-2026" })),
        ("POST", "/api/account/totp" | "/api/account/totp/removal" | "/api/account/recovery-codes") => {
            Some(json!({ "password": PASSWORD }))
        }
        ("PUT", "/api/account/totp") => Some(json!({ "code": "000000" })),
        ("POST", "/api/invitation") => Some(json!({ "token": token("invitation's token") })),
        ("POST", "/api/invitation/acceptance") => {
            Some(json!({ "token": token("invitation's token"), "password": PASSWORD }))
        }
        ("PATCH", "/api/users/{user}") | ("PUT", "/api/sites/{domain}/members/{user}") => {
            Some(json!({ "role": "viewer" }))
        }
        ("POST", "/api/invitations" | "/api/sites/{domain}/invitations") => {
            Some(json!({ "email": "new@a.kz", "role": "viewer" }))
        }
        ("PATCH", "/api/instance") => Some(json!({ "require_second_factor": false })),
        ("POST", "/api/keys") => Some(json!({ "scope": "sites" })),
        ("POST", "/api/sites/{domain}/keys") => Some(json!({ "scope": "stats", "expires_in_days": 90 })),
        ("POST", "/api/sites") => Some(json!({ "domain": "new.kz", "timezone": "UTC" })),
        ("PATCH", "/api/sites/{domain}") => Some(json!({ "week_start": 7 })),
        ("POST" | "PUT", "/api/sites/{domain}/goals" | "/api/sites/{domain}/goals/{id}") => {
            Some(json!({ "name": "Joined", "kind": "event", "event": "Joined" }))
        }
        ("POST" | "PUT", "/api/sites/{domain}/funnels" | "/api/sites/{domain}/funnels/{id}") => {
            let steps: Vec<i64> = ["goal", "goal 2"].iter().filter_map(|n| token(n).parse().ok()).collect();
            Some(json!({ "name": format!("Join by {method}"), "steps": steps }))
        }
        ("POST" | "PUT", "/api/sites/{domain}/segments" | "/api/sites/{domain}/segments/{id}") => {
            Some(json!({
                "name": "Phones", "shared": method == "PUT", "filters": [["is", "visit:device", ["mobile"]]],
            }))
        }
        ("POST", "/api/sites/{domain}/annotations") => {
            Some(json!({ "date": "2026-11-01", "text": "new site" }))
        }
        ("POST", "/api/sites/{domain}/links") => Some(json!({ "name": "Board" })),
        ("POST", "/api/export") => Some(json!({ "question": question("a.kz"), "format": "csv" })),
        ("POST", "/api/shared/{slug}/password") => Some(json!({ "password": PASSWORD })),
        ("POST", "/api/shared/{slug}/questions") => Some(json!({ "questions": [question("a.kz")] })),
        ("POST", "/api/v1/sites") => Some(json!({ "domain": "new.kz" })),
        ("PUT", "/api/v1/sites/{site_id}") => Some(json!({ "timezone": "UTC" })),
        ("PUT", "/api/v1/sites/shared-links") => Some(json!({ "site_id": "a.kz", "name": "Board" })),
        ("PUT", "/api/v1/sites/goals") => {
            Some(json!({ "site_id": "a.kz", "goal_type": "event", "event_name": "Joined" }))
        }
        ("DELETE", "/api/v1/sites/goals/{goal_id}") => Some(json!({ "site_id": "a.kz" })),
        ("PUT", "/api/v1/sites/guests") => {
            Some(json!({ "site_id": "a.kz", "email": "new@a.kz", "role": "viewer" }))
        }
        ("POST", "/api/questions") => Some(json!({ "questions": [question("a.kz")] })),
        ("POST", "/api/v2/query") => Some(question("a.kz")),
        _ => None,
    }
}

/// The path with the names of this world.
fn path_for(pattern: &str, names: &HashMap<&str, String>) -> String {
    let of_site = pattern.starts_with("/api/sites/");
    let mut path = pattern
        .replace("{domain}", "a.kz")
        .replace("{site_id}", "a.kz")
        .replace("{email}", "guest@a.kz")
        .replace("{session}", "999");
    for entry in ["goal", "funnel", "segment", "annotation", "link"] {
        if path.contains(&format!("/{entry}s/{{id}}")) {
            path = path.replace(
                "{id}",
                names.get(if entry == "goal" { "free goal" } else { entry }).map_or("0", String::as_str),
            );
        }
    }
    for (part, own, general) in [
        ("{user}", "guest", "guest"),
        ("{goal_id}", "free goal", "free goal"),
        ("{slug}", "slug", "slug"),
        ("{key}", "key", "key to all"),
        ("{invitation}", "invitation", "invitation to all"),
    ] {
        let name = names.get(if of_site { own } else { general });
        path = path.replace(part, name.map_or("0", String::as_str));
    }
    if path.starts_with("/api/v1/stats/") {
        path.push_str("?site_id=a.kz&property=visit:source");
    } else if path.starts_with("/api/v1/sites/g") {
        path.push_str("?site_id=a.kz");
    } else if path.ends_with("/export") && of_site {
        path.push_str("?from=2026-11-20&to=2026-11-21");
    }
    path
}

/// A world with everybody in it. Each address and person gets a copy of it: nobody finds what another has left.
async fn world() -> World {
    let harness = Harness::furnished();
    let control = &harness.control;
    let site = |domain: &str| control.site(domain).unwrap().id;
    let add = |email: &str| {
        let user = control.add_user(Author::Console, email, &Secret::new(PASSWORD), Viewer).unwrap();
        control.set_role(Author::Console, user.id, None).unwrap();
        user.id
    };
    let mut browsers = HashMap::new();
    let outsider = add("outsider@b.kz");
    control.set_member(Author::Console, site("b.kz"), outsider, Owner).unwrap();
    browsers.insert(Outsider, harness.sign_in("outsider@b.kz").await);
    for role in Role::ALL {
        let email = format!("member-{role}@a.kz");
        let member = add(&email);
        control.set_member(Author::Console, site("a.kz"), member, *role).unwrap();
        browsers.insert(Member(*role), harness.sign_in(&email).await);
        browsers.insert(Staff(*role), harness.sign_in(&format!("{role}@a.kz")).await);
    }
    let guest = add("guest@a.kz");
    control.set_member(Author::Console, site("a.kz"), guest, Viewer).unwrap();

    let key = |domain: Option<&str>, scope, expires_at| {
        let order = KeyOrder { name: String::new(), domain: domain.map(str::to_owned), scope, expires_at };
        control.order_api_key(Author::Console, order).unwrap()
    };
    let mut keys: HashMap<Who, String> =
        Scope::ALL.iter().map(|scope| (Key(*scope), key(Some("a.kz"), *scope, None).reveal())).collect();
    let to_all = key(None, Scope::Sites, None);
    keys.insert(KeyToAll, to_all.reveal());
    keys.insert(OthersKey, key(Some("b.kz"), Scope::Stats, None).reveal());
    let revoked = key(Some("a.kz"), Scope::Stats, None);
    control.revoke_api_key(Author::Console, &revoked.key.prefix).unwrap();
    keys.insert(RevokedKey, revoked.reveal());
    let end = harness.now() + 1;
    keys.insert(EndedKey, key(Some("a.kz"), Scope::Stats, Some(end)).reveal());
    harness.hand.advance(SignedDuration::from_secs(1));

    let invite = |email, site| control.invite(Author::Console, email, site, Viewer).unwrap();
    let (token, invitation) = invite("invited@a.kz", Some(site("a.kz")));
    let (_, to_instance) = invite("invited@a.kz", None);
    let goal = |name: &str| {
        let goal = json!({ "event_name": name });
        control.put_goal(Author::Console, "a.kz", None, &goal, None).unwrap().id
    };
    let (first, second, free) = (goal("Signup"), goal("Paid"), goal("Read"));
    let funnel = control.put_funnel(Author::Console, "a.kz", None, "Way", &[first, second]).unwrap();
    let filters = json!([["is", "visit:device", ["mobile"]]]);
    let segment = NewSegment { name: "All phones".into(), shared: true, filters };
    let segment = control.put_segment(Author::Console, "a.kz", None, &segment).unwrap();
    let note = control.add_annotation(Author::Console, "a.kz", "2026-11-02", "moved").unwrap();
    let link = control.add_link(Author::Console, "a.kz", "Press", None, None).unwrap();
    let names = HashMap::from([
        ("goal", first.to_string()),
        ("goal 2", second.to_string()),
        ("free goal", free.to_string()),
        ("funnel", funnel.id.to_string()),
        ("segment", segment.id.to_string()),
        ("annotation", note.id.to_string()),
        ("link", link.id.to_string()),
        ("slug", link.slug.clone()),
        ("guest", guest.0.to_string()),
        ("key", key(Some("a.kz"), Scope::Stats, None).key.id.0.to_string()),
        ("key to all", to_all.key.id.0.to_string()),
        ("invitation", invitation.id.to_string()),
        ("invitation to all", to_instance.id.to_string()),
        ("invitation's token", token.reveal()),
    ]);
    World { harness, browsers, keys, names }
}

impl World {
    /// The same control plane in another file, as it was before anybody asked anything.
    fn copy(&self, template: &Path) -> Harness {
        let copy = Harness::over(template, "http://127.0.0.1:8081");
        copy.hand.advance(SignedDuration::from_secs(1));
        copy
    }

    fn request(&self, who: Who, method: &str, pattern: &str) -> http::Request<axum::body::Body> {
        let path = path_for(pattern, &self.names);
        let mut request =
            request(method, &path, self.browsers.get(&who), body_for(method, pattern, &self.names));
        if let Some(key) = self.keys.get(&who) {
            request.headers_mut().insert(AUTHORIZATION, format!("Bearer {key}").parse().unwrap());
        }
        request
    }
}

#[tokio::test]
async fn everybody_gets_what_their_role_allows_and_nothing_else() {
    let world = world().await;
    let template = world.harness.freeze();
    let mut wrong = Vec::new();
    for (method, pattern, door) in MATRIX {
        for who in EVERYBODY {
            let expected = expected(*door, who);
            let request = world.request(who, method, pattern);
            // What changes nothing is asked where everybody asks; a copy takes ten times as long.
            let reply = if *method == "GET" || matches!(expected, 401 | 403 | 404) {
                world.harness.send(request).await
            } else {
                world.copy(&template).send(request).await
            };
            let status = reply.status.as_u16();
            if status != expected {
                wrong.push(format!(
                    "{method} {pattern} for {who:?}: {status}, not {expected}: {}",
                    reply.text
                ));
            }
            if reply.status.is_client_error() && reply.code().is_empty() {
                wrong.push(format!("{method} {pattern} for {who:?} has no code"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_matrix_has_every_address() {
    let table: Vec<_> = ROUTES.iter().map(|route| (route.method, route.path)).collect();
    let matrix: Vec<_> = MATRIX.iter().map(|(method, path, _)| (*method, *path)).collect();
    assert_eq!(table, matrix);
}

/// Positive control: the same person gets another answer once their role is another, so that the answers above come from it.
#[tokio::test]
async fn a_role_that_changes_changes_the_answer_at_once() {
    let world = world().await;
    let control = &world.harness.control;
    let a_kz = control.site("a.kz").unwrap().id;
    let user = control.list_members(a_kz).unwrap().into_iter().find(|m| m.email == "member-viewer@a.kz");
    let user = user.unwrap().user;
    let ask = || world.harness.send(world.request(Member(Viewer), "GET", "/api/sites/{domain}/members"));
    assert_eq!(ask().await.status, StatusCode::FORBIDDEN);
    control.set_member(Author::Console, a_kz, user, Admin).unwrap();
    assert_eq!(ask().await.status, StatusCode::OK);
    control.remove_member(Author::Console, a_kz, user).unwrap();
    assert_eq!(ask().await.code(), "unknown_site");
    control.set_role(Author::Console, user, Some(Owner)).unwrap();
    assert_eq!(ask().await.status, StatusCode::OK);
}

#[tokio::test]
async fn staff_see_and_ask_about_the_sites_they_are_members_of_alone() {
    let world = world().await;
    let domains = |who: Who| {
        let browser = world.browsers[&who].clone();
        let harness = &world.harness;
        async move {
            let sites = harness.get("/api/sites", Some(&browser)).await.json()["sites"].clone();
            for domain in ["a.kz", "b.kz"] {
                let start = harness.get(&format!("/api/start?site={domain}"), Some(&browser)).await.json();
                let seen = sites.as_array().unwrap().iter().any(|site| site["domain"] == domain);
                assert_eq!((&start["sites"], start["annotations"].is_array()), (&sites, seen), "{domain}");
            }
            let domains: Vec<_> =
                sites.as_array().unwrap().iter().map(|s| s["domain"].as_str().unwrap().to_owned()).collect();
            let ask = json!({ "questions": [question("a.kz"), question("b.kz"), question("nowhere.kz")] });
            let answers = harness.post("/api/questions", Some(&browser), ask).await.json()["answers"].clone();
            let codes: Vec<_> = answers
                .as_array()
                .unwrap()
                .iter()
                .map(|answer| answer["code"].as_str().unwrap_or_default().to_owned())
                .collect();
            (domains, codes)
        }
    };
    let (known, unknown) = (String::new(), "unknown_site".to_owned());
    for (who, sites, codes) in [
        (Outsider, vec!["b.kz"], [&unknown, &known, &unknown]),
        (Member(Owner), vec!["a.kz"], [&known, &unknown, &unknown]),
        (Staff(Viewer), vec!["a.kz", "b.kz"], [&known, &known, &unknown]),
    ] {
        let got = domains(who).await;
        assert_eq!(got.0, sites, "{who:?}");
        assert_eq!(got.1.iter().collect::<Vec<_>>(), codes, "{who:?}");
    }
}

/// Every change that staff make in a browser; a question is none, whatever its method.
fn changes() -> impl Iterator<Item = (&'static str, &'static str)> {
    MATRIX
        .iter()
        .filter(|(method, path, door)| {
            *method != "GET"
                && !matches!(*path, "/api/questions" | "/api/export")
                && matches!(door, SignedIn(_) | Site(..) | Instance(..))
        })
        .map(|(method, path, _)| (*method, *path))
}

#[tokio::test]
async fn a_change_needs_the_token_of_its_own_session() {
    let world = world().await;
    let template = world.harness.freeze();
    let owner = world.browsers[&Staff(Owner)].clone();
    let other = world.harness.sign_in("owner@a.kz").await;
    for (method, path) in changes() {
        for wrong in [None, Some(""), Some("0"), Some(other.csrf.as_str()), Some(owner.session.as_str())] {
            let mut request = world.request(Staff(Owner), method, path);
            request.headers_mut().remove(CSRF_HEADER);
            if let Some(wrong) = wrong {
                request.headers_mut().insert(CSRF_HEADER, wrong.parse().unwrap());
            }
            let reply = world.harness.send(request).await;
            assert_eq!(
                (reply.status, reply.code().as_str()),
                (StatusCode::FORBIDDEN, "csrf"),
                "{method} {path}"
            );
        }
        // Positive control: with the right one it is looked at.
        let reply = world.copy(&template).send(world.request(Staff(Owner), method, path)).await;
        assert_ne!(reply.status, StatusCode::FORBIDDEN, "{method} {path}: {}", reply.text);
    }
}

#[tokio::test]
async fn what_another_sites_page_sends_is_refused_even_with_every_token() {
    let world = world().await;
    let foreign: [&[(&str, &str)]; 3] = [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example"), ("host", "127.0.0.1:8081")],
    ];
    let doors = [("POST", "/api/session"), ("POST", "/api/setup"), ("POST", "/api/invitation/acceptance")];
    for (method, path) in changes().chain(doors).chain([("POST", "/api/questions")]) {
        for headers in foreign {
            let mut request = world.request(Staff(Owner), method, path);
            request.headers_mut().remove("sec-fetch-site");
            for (name, value) in headers {
                request.headers_mut().insert(*name, value.parse().unwrap());
            }
            let reply = world.harness.send(request).await;
            assert_eq!(
                (reply.status, reply.code().as_str()),
                (StatusCode::FORBIDDEN, "cross_site"),
                "{method} {path} {headers:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_key_is_named_by_a_well_formed_header_or_missing() {
    let harness = Harness::furnished();
    let key = harness.key("a.kz");
    for (header, code) in [
        (None, "missing_api_key"),
        (Some(String::new()), "missing_api_key"),
        (Some(key.clone()), "missing_api_key"),
        (Some(format!("Basic {key}")), "missing_api_key"),
        (Some("Bearer ".into()), "missing_api_key"),
        (Some("Bearer nonsense".into()), "invalid_api_key"),
        (Some(format!("Bearer {key}0")), "invalid_api_key"),
        (Some(format!("bearer {key}")), ""),
    ] {
        let mut request = request("POST", "/api/v2/query", None, Some(question("a.kz")));
        if let Some(header) = &header {
            request.headers_mut().insert(AUTHORIZATION, header.parse().unwrap());
        }
        let reply = harness.send(request).await;
        assert_eq!(reply.code(), code, "{header:?}");
        if !code.is_empty() {
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
            assert_eq!(reply.headers["www-authenticate"], "Bearer");
        }
    }
}

#[tokio::test]
async fn a_key_cannot_tell_another_site_from_one_that_does_not_exist() {
    let harness = Harness::furnished();
    let key = harness.key("a.kz");
    let mut told = Vec::new();
    for site in ["b.kz", "nowhere.kz"] {
        let mut request = request("POST", "/api/v2/query", None, Some(question(site)));
        request.headers_mut().insert(AUTHORIZATION, format!("Bearer {key}").parse().unwrap());
        let reply = harness.send(request).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        told.push(reply.text);
    }
    assert_eq!(told[0], told[1]);
}
