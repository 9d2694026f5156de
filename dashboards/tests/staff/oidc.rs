//! Signing in through an identity provider: a small one on loopback, whose tokens a test bends.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use dashboards::OidcConfig;
use dashboards::control::{Author, Role};
use http::header::{AUTHORIZATION, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, Request, StatusCode};
use jiff::SignedDuration;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use serve::access::Secret;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use url::Url;

use crate::harness::{Harness, PASSWORD, Reply, request};

const CLIENT: &str = "sanaq";
const SECRET: &str = "kupia söz+/%";
const STAFF: &str = "https://stats.example.kz";
const CODE: &str = "code-of-one-use";

/// What the provider does to a token before it signs it.
type Bend = fn(&mut Value, &mut Value);

struct Inner {
    issuer: String,
    key: Mutex<(String, Arc<EcdsaKeyPair>)>,
    /// The key it publishes; another than it signs with, where a test wants that.
    published: Mutex<Value>,
    bend: Mutex<Bend>,
    /// Sent instead of a signed token.
    instead: Mutex<Option<String>>,
    now: Mutex<i64>,
    nonce: Mutex<String>,
    challenge: Mutex<String>,
    asked_for_keys: AtomicUsize,
}

struct Stub {
    inner: Arc<Inner>,
    _serving: JoinSet<()>,
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn new_key() -> Arc<EcdsaKeyPair> {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random);
    Arc::new(pair.unwrap())
}

fn public(id: &str, key: &EcdsaKeyPair) -> Value {
    let point = key.public_key().as_ref();
    json!({ "keys": [
        { "kty": "oct", "kid": id, "k": "AAAA" },
        { "kty": "EC", "crv": "P-256", "kid": id, "use": "sig",
          "x": encode(&point[1..33]), "y": encode(&point[33..]) },
    ] })
}

impl Inner {
    /// A token of now, as the test bends it.
    fn token(&self) -> String {
        let (id, key) = self.key.lock().unwrap().clone();
        let now = *self.now.lock().unwrap();
        let mut header = json!({ "alg": "ES256", "kid": id, "typ": "JWT" });
        let mut claims = json!({
            "iss": self.issuer, "sub": "person-1", "aud": CLIENT, "iat": now, "exp": now + 300,
            "nonce": *self.nonce.lock().unwrap(), "email": "Editor@a.kz", "email_verified": true,
        });
        self.bend.lock().unwrap()(&mut header, &mut claims);
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", encode(signature))
    }
}

async fn description(State(stub): State<Arc<Inner>>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", stub.issuer);
    Json(json!({ "issuer": stub.issuer, "authorization_endpoint": at("/authorize?tenant=a"),
        "token_endpoint": at("/token"), "jwks_uri": at("/keys") }))
}

async fn keys(State(stub): State<Arc<Inner>>) -> Json<Value> {
    stub.asked_for_keys.fetch_add(1, Ordering::SeqCst);
    Json(stub.published.lock().unwrap().clone())
}

/// Gives a token for what it has a right to, as a provider does: the code, the secret, the address and the verifier.
async fn token(
    State(stub): State<Arc<Inner>>,
    headers: HeaderMap,
    form: String,
) -> (StatusCode, Json<Value>) {
    let form: HashMap<_, _> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    let escaped: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    let secret = format!("Basic {}", BASE64_STANDARD.encode(format!("{CLIENT}:{escaped}")));
    let has = |name: &str, value: &str| form.get(name).is_some_and(|found| found == value);
    let verifier = form.get("code_verifier").cloned().unwrap_or_default();
    let rightful = headers.get(AUTHORIZATION).is_some_and(|found| found == &*secret)
        && has("grant_type", "authorization_code")
        && has("code", CODE)
        && has("redirect_uri", &format!("{STAFF}/api/oidc/callback"))
        && encode(digest(&SHA256, verifier.as_bytes())) == *stub.challenge.lock().unwrap();
    if !rightful {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" })));
    }
    let token = stub.instead.lock().unwrap().clone().unwrap_or_else(|| stub.token());
    (StatusCode::OK, Json(json!({ "access_token": "unused", "token_type": "Bearer", "id_token": token })))
}

impl Stub {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let key = new_key();
        let inner = Arc::new(Inner {
            issuer: format!("http://{}", listener.local_addr().unwrap()),
            published: Mutex::new(public("one", &key)),
            key: Mutex::new(("one".into(), key)),
            bend: Mutex::new(|_, _| ()),
            instead: Mutex::default(),
            now: Mutex::default(),
            nonce: Mutex::default(),
            challenge: Mutex::default(),
            asked_for_keys: AtomicUsize::new(0),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(description))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(inner.clone());
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { inner, _serving: serving }
    }

    fn bend(&self, bend: Bend) {
        *self.inner.bend.lock().unwrap() = bend;
    }
}

/// A staff server and its provider.
struct Place {
    harness: Harness,
    stub: Stub,
}

/// A browser that has left for the provider.
struct Left {
    cookie: String,
    state: String,
}

impl Place {
    async fn new() -> Self {
        let stub = Stub::new().await;
        let config = OidcConfig {
            issuer: stub.inner.issuer.clone(),
            client_id: CLIENT.into(),
            client_secret: Secret::new(SECRET),
            name: "Aqyl".into(),
        };
        let harness = Harness::with_provider(tempfile::tempdir().unwrap(), STAFF, Some(config));
        let control = &harness.control;
        control.add_site(Author::Console, "a.kz", "Asia/Almaty").unwrap();
        for role in [Role::Owner, Role::Editor] {
            let (email, password) = (format!("{role}@a.kz"), Secret::new(PASSWORD));
            control.add_user(Author::Console, &email, &password, role).unwrap();
        }
        Self { harness, stub }
    }

    async fn leave(&self) -> Left {
        let reply = self.harness.get("/api/oidc/start", None).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{reply:?}");
        let address = Url::parse(reply.headers[LOCATION].to_str().unwrap()).unwrap();
        let said: HashMap<_, _> = address.query_pairs().into_owned().collect();
        *self.stub.inner.now.lock().unwrap() = self.harness.now();
        self.stub.inner.nonce.lock().unwrap().clone_from(&said["nonce"]);
        self.stub.inner.challenge.lock().unwrap().clone_from(&said["code_challenge"]);
        Left { cookie: reply.cookie("__Host-sanaq-oidc").unwrap(), state: said["state"].clone() }
    }

    async fn back(&self, cookie: Option<&str>, query: &str) -> Reply {
        let path = format!("/api/oidc/callback?{query}");
        let mut request: Request<_> = request("GET", &path, None, None);
        request.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
        if let Some(cookie) = cookie {
            let cookie = format!("__Host-sanaq-oidc={cookie}");
            request.headers_mut().insert(COOKIE, cookie.parse().unwrap());
        }
        self.harness.send(request).await
    }

    async fn come_back(&self, left: &Left) -> Reply {
        self.back(Some(&left.cookie), &format!("code={CODE}&state={}", left.state)).await
    }

    /// There and back.
    async fn sign_in(&self) -> Reply {
        let left = self.leave().await;
        self.come_back(&left).await
    }

    fn actions(&self) -> Vec<String> {
        self.harness.control.audit_log(50).unwrap().into_iter().map(|entry| entry.action).collect()
    }

    async fn show(&self, reply: &Reply) -> Reply {
        let mut request = request("GET", "/api/session", None, None);
        let cookie = format!("__Host-sanaq={}", reply.cookie("__Host-sanaq").unwrap());
        request.headers_mut().insert(COOKIE, cookie.parse().unwrap());
        self.harness.send(request).await
    }
}

fn assert_in(reply: &Reply) {
    assert_eq!(
        (reply.status, &reply.headers[LOCATION]),
        (StatusCode::SEE_OTHER, &"/".parse().unwrap()),
        "{reply:?}"
    );
    assert_eq!(reply.cookie("__Host-sanaq").unwrap().len(), 64);
}

/// Sent back to the sign-in page with this code, and without a session.
fn assert_refused(reply: &Reply, code: &str) {
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{reply:?}");
    assert_eq!(reply.headers[LOCATION].to_str().unwrap(), format!("/?oidc={code}"));
    assert_eq!(reply.cookie("__Host-sanaq"), None, "{code}");
    assert_eq!(reply.cookie("__Host-sanaq-oidc").as_deref(), Some(""), "{code}: the cookie is done with");
}

#[tokio::test]
async fn somebody_with_an_account_comes_in_and_is_known_by_the_providers_name_for_them() {
    let place = Place::new().await;
    let reply = place.sign_in().await;
    assert_in(&reply);
    assert_eq!(place.show(&reply).await.json()["user"], json!({ "email": "editor@a.kz", "role": "editor" }));
    assert_eq!(place.actions()[..2], ["signed_in_by_provider", "identity_linked"]);

    // Their address there is another now; they are still who they are.
    place.stub.bend(|_, claims| claims["email"] = json!("new-name@a.kz"));
    let again = place.sign_in().await;
    assert_in(&again);
    assert_eq!(place.show(&again).await.json()["user"]["email"], "editor@a.kz");
    assert_ne!(again.cookie("__Host-sanaq"), reply.cookie("__Host-sanaq"));
    assert_eq!(place.actions()[..2], ["signed_in_by_provider", "signed_in_by_provider"]);

    // Their old address has passed to somebody else, who isn't them.
    place.stub.bend(|_, claims| claims["sub"] = json!("person-2"));
    assert_refused(&place.sign_in().await, "oidc_other_subject");
}

#[tokio::test]
async fn the_browser_leaves_with_what_the_flow_asks_for() {
    let place = Place::new().await;
    let reply = place.harness.get("/api/oidc/start", None).await;
    let address = Url::parse(reply.headers[LOCATION].to_str().unwrap()).unwrap();
    assert!(address.as_str().starts_with(&format!("{}/authorize?tenant=a&", place.stub.inner.issuer)));
    let said: HashMap<_, _> = address.query_pairs().into_owned().collect();
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", "https://stats.example.kz/api/oidc/callback"),
        ("scope", "openid email"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(said[name], value);
    }
    let cookie = reply.headers[SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-sanaq-oidc="), "{cookie}");
    for mark in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Max-Age=600", "; Secure"] {
        assert!(cookie.contains(mark), "{cookie}");
    }
    assert!(!address.as_str().contains(&reply.cookie("__Host-sanaq-oidc").unwrap()[..64]));
    assert_eq!(place.harness.get("/api/oidc", None).await.json(), json!({ "name": "Aqyl" }));
    assert_eq!(Harness::new().get("/api/oidc", None).await.json(), json!({ "name": null }));
}

#[tokio::test]
async fn a_token_that_is_not_for_this_sign_in_lets_nobody_in() {
    let place = Place::new().await;
    let bent: [(&str, Bend); 17] = [
        ("oidc_wrong_nonce", |_, claims| claims["nonce"] = json!("0".repeat(64))),
        ("oidc_wrong_nonce", |_, claims| claims["nonce"] = Value::Null),
        ("oidc_wrong_audience", |_, claims| claims["aud"] = json!("another")),
        ("oidc_wrong_audience", |_, claims| claims["aud"] = json!([CLIENT, "another"])),
        ("oidc_wrong_audience", |_, claims| claims["azp"] = json!("another")),
        ("oidc_wrong_issuer", |_, claims| claims["iss"] = json!("https://id.example.kz")),
        ("oidc_expired", |_, claims| claims["exp"] = json!(claims["iat"].as_i64().unwrap() - 60)),
        ("oidc_expired", |_, claims| claims["iat"] = json!(claims["iat"].as_i64().unwrap() - 600)),
        ("oidc_expired", |_, claims| claims["iat"] = json!(claims["iat"].as_i64().unwrap() + 61)),
        ("oidc_expired", |_, claims| claims["nbf"] = json!(claims["iat"].as_i64().unwrap() + 61)),
        ("oidc_bad_algorithm", |header, _| header["alg"] = json!("none")),
        ("oidc_bad_algorithm", |header, _| header["alg"] = json!("HS256")),
        ("oidc_bad_signature", |header, _| header["alg"] = json!("RS256")),
        ("oidc_unverified_email", |_, claims| claims["email_verified"] = json!(false)),
        ("oidc_unverified_email", |_, claims| claims["email_verified"] = Value::Null),
        ("oidc_unverified_email", |_, claims| claims["email"] = Value::Null),
        ("oidc_unknown_person", |_, claims| claims["email"] = json!("nobody@a.kz")),
    ];
    for (code, bend) in bent {
        place.stub.bend(bend);
        assert_refused(&place.sign_in().await, code);
    }
    // What was signed is what counts: without a signature, and changed after it.
    let whole = place.stub.inner.token();
    let (signed, signature) = whole.rsplit_once('.').unwrap();
    let (header, _) = signed.split_once('.').unwrap();
    for (token, code) in [
        (format!("{signed}."), "oidc_bad_signature"),
        (format!("{header}.{}.{signature}", encode("{}")), "oidc_bad_signature"),
        ("nonsense".into(), "oidc_bad_answer"),
    ] {
        *place.stub.inner.instead.lock().unwrap() = Some(token);
        assert_refused(&place.sign_in().await, code);
    }
    *place.stub.inner.instead.lock().unwrap() = None;
    assert!(!place.actions().iter().any(|action| action == "identity_linked"));
    assert_eq!(place.harness.control.list_users().unwrap().len(), 2);

    // Positive control: the same, not bent; and the ways a token may differ.
    let fine: [Bend; 3] = [
        |_, _| (),
        |_, claims| claims["aud"] = json!([CLIENT]),
        |header, _| drop(header.as_object_mut().unwrap().remove("kid")),
    ];
    for bend in fine {
        place.stub.bend(bend);
        assert_in(&place.sign_in().await);
    }
}

#[tokio::test]
async fn a_browser_comes_back_once_with_what_it_left_with() {
    let place = Place::new().await;
    let (left, other) = (place.leave().await, place.leave().await);
    let right = format!("code={CODE}&state={}", left.state);
    assert_refused(&place.back(None, &right).await, "oidc_no_cookie");
    assert_refused(&place.back(Some("nonsense"), &right).await, "oidc_stale");
    let cookie = Some(left.cookie.as_str());
    assert_refused(&place.back(cookie, &format!("code={CODE}")).await, "oidc_wrong_state");
    assert_refused(
        &place.back(cookie, &format!("code={CODE}&state={}", other.state)).await,
        "oidc_wrong_state",
    );
    assert_refused(&place.back(cookie, "").await, "oidc_wrong_state");

    let fresh = place.leave().await;
    assert_in(&place.come_back(&fresh).await);
    assert_refused(&place.come_back(&fresh).await, "oidc_used");

    let late = place.leave().await;
    place.harness.hand.advance(SignedDuration::from_secs(600));
    assert_refused(&place.come_back(&late).await, "oidc_stale");
}

#[tokio::test]
async fn what_the_provider_refuses_or_another_provider_gives_is_told_apart() {
    let place = Place::new().await;
    let left = place.leave().await;
    let query = format!("error=access_denied&state={}", left.state);
    assert_refused(&place.back(Some(&left.cookie), &query).await, "oidc_denied");
    let left = place.leave().await;
    let query = format!("code=another&state={}", left.state);
    assert_refused(&place.back(Some(&left.cookie), &query).await, "oidc_code_refused");
    let left = place.leave().await;
    let query = format!("code={CODE}&state={}&iss=https://id.example.kz", left.state);
    assert_refused(&place.back(Some(&left.cookie), &query).await, "oidc_wrong_issuer");
    // PKCE: the provider gives a token for the verifier of this very sign-in.
    let left = place.leave().await;
    place.stub.inner.challenge.lock().unwrap().clear();
    assert_refused(&place.come_back(&left).await, "oidc_code_refused");
}

#[tokio::test]
async fn a_new_key_is_fetched_once_a_minute_and_another_persons_key_is_not_taken() {
    let place = Place::new().await;
    assert_in(&place.sign_in().await);
    assert_in(&place.sign_in().await);
    let asked = || place.stub.inner.asked_for_keys.load(Ordering::SeqCst);
    assert_eq!(asked(), 1, "kept");

    // The provider has a new key and publishes it.
    let new = new_key();
    *place.stub.inner.published.lock().unwrap() = public("two", &new);
    *place.stub.inner.key.lock().unwrap() = ("two".into(), new);
    assert_refused(&place.sign_in().await, "oidc_bad_signature");
    assert_eq!(asked(), 1, "not within a minute");
    place.harness.hand.advance(SignedDuration::from_secs(60));
    assert_in(&place.sign_in().await);
    assert_eq!(asked(), 2);

    // Somebody signs with a key of their own, under the name of the provider's.
    *place.stub.inner.key.lock().unwrap() = ("two".into(), new_key());
    assert_refused(&place.sign_in().await, "oidc_bad_signature");
    assert_eq!(asked(), 2);
}

#[tokio::test]
async fn an_invitation_lets_in_whom_it_is_for() {
    let place = Place::new().await;
    let control = &place.harness.control;
    let site = control.site("a.kz").unwrap().id;
    place.stub.bend(|_, claims| claims["email"] = json!("New@a.kz"));
    assert_refused(&place.sign_in().await, "oidc_unknown_person");
    control.invite(Author::Console, "new@a.kz", Some(site), Role::Viewer).unwrap();
    let reply = place.sign_in().await;
    assert_in(&reply);
    assert_eq!(place.show(&reply).await.json()["user"], json!({ "email": "new@a.kz", "role": null }));
    let members = control.list_members(site).unwrap();
    assert_eq!(
        members.iter().map(|m| (m.email.as_str(), m.role)).collect::<Vec<_>>(),
        [("new@a.kz", Role::Viewer)]
    );
    assert!(control.list_invitations(Some(site)).unwrap().is_empty());
    // There is no password, so none is right.
    for password in ["", PASSWORD] {
        assert!(control.sign_in("new@a.kz", &Secret::new(password), None).is_err());
    }
}

#[tokio::test]
async fn where_a_second_factor_is_asked_for_the_provider_must_have_asked_for_it() {
    let place = Place::new().await;
    let control = &place.harness.control;
    let earlier = place.sign_in().await;
    assert_in(&earlier);
    control.require_second_factor(Author::Console, true).unwrap();
    assert_eq!(place.show(&earlier).await.code(), "signed_out", "a session from before ends");
    assert_refused(&place.sign_in().await, "oidc_second_factor");
    place.stub.bend(|_, claims| claims["amr"] = json!(["pwd"]));
    assert_refused(&place.sign_in().await, "oidc_second_factor");
    place.stub.bend(|_, claims| claims["amr"] = json!(["pwd", "otp", "mfa"]));
    let reply = place.sign_in().await;
    assert_in(&reply);
    assert_eq!(place.show(&reply).await.json()["must_enrol"], false);
    // Nobody new is let in without, nor is anything of theirs left behind.
    control.invite(Author::Console, "new@a.kz", None, Role::Viewer).unwrap();
    place.stub.bend(|_, claims| {
        claims["email"] = json!("new@a.kz");
        claims["sub"] = json!("person-3");
    });
    assert_refused(&place.sign_in().await, "oidc_second_factor");
    assert_eq!((control.list_users().unwrap().len(), control.list_invitations(None).unwrap().len()), (2, 1));
}

#[tokio::test]
async fn a_provider_that_is_away_or_says_to_be_another_begins_nothing() {
    let mut place = Place::new().await;
    let config = |issuer: String| OidcConfig {
        issuer,
        client_id: CLIENT.into(),
        client_secret: Secret::new(SECRET),
        name: "Aqyl".into(),
    };
    let with = |issuer| Harness::with_provider(tempfile::tempdir().unwrap(), STAFF, Some(config(issuer)));
    // The same machine under another name: its description names an issuer that isn't the configured one.
    let named = place.stub.inner.issuer.replace("127.0.0.1", "localhost");
    let reply = with(named).get("/api/oidc/start", None).await;
    assert_refused(&reply, "oidc_wrong_issuer");

    place.stub._serving.shutdown().await;
    assert_refused(&place.harness.get("/api/oidc/start", None).await, "oidc_unreachable");
}

#[tokio::test]
async fn whoever_is_signed_in_is_not_sent_away_and_a_session_says_how_it_began() {
    let place = Place::new().await;
    let reply = place.sign_in().await;
    let user =
        place.harness.control.list_users().unwrap().into_iter().find(|u| u.email == "editor@a.kz").unwrap();
    let sessions = place.harness.control.list_sessions(user.id).unwrap();
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0].way.code(), "oidc");
    let mut start = request("GET", "/api/oidc/start", None, None);
    let session = format!("__Host-sanaq={}", reply.cookie("__Host-sanaq").unwrap());
    start.headers_mut().insert(COOKIE, session.parse().unwrap());
    let sent = place.harness.send(start).await;
    assert_eq!(sent.headers[LOCATION], "/");
    assert_eq!(sent.cookie("__Host-sanaq-oidc"), None);

    // A session that is brought along ends when the new one begins.
    let left = place.leave().await;
    let mut back =
        request("GET", &format!("/api/oidc/callback?code={CODE}&state={}", left.state), None, None);
    let cookies = format!("{session}; __Host-sanaq-oidc={}", left.cookie);
    back.headers_mut().insert(COOKIE, cookies.parse().unwrap());
    assert_in(&place.harness.send(back).await);
    let after = place.harness.control.list_sessions(user.id).unwrap();
    assert_eq!(after.len(), 1);
    assert_ne!(after[0].id, sessions[0].id);
}
