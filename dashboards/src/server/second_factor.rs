//! `/api/account/totp` and `/api/account/recovery-codes`: one's own second factor.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use qrcodegen::{QrCode, QrCodeEcc};
use serde::Deserialize;
use serde_json::{Value, json};
use serve::access::Secret;
use url::Url;

use super::Staff;
use super::authorise::{Entering, SignedIn};
use super::body::{JsonBody, secret};
use super::error::ApiError;
use super::sign_in::{prove, watched_code};
use crate::control::Author;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Password {
    #[serde(deserialize_with = "secret")]
    password: Secret,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Code {
    #[serde(deserialize_with = "secret")]
    code: Secret,
}

/// `POST /api/account/totp`: a new secret, worth nothing until it is confirmed.
pub(super) async fn begin(
    State(staff): State<Staff>,
    Entering(signed_in): Entering,
    JsonBody(Password { password }): JsonBody<Password>,
) -> Result<Json<Value>, ApiError> {
    prove(&staff, &signed_in, password).await?;
    let user = signed_in.session.user;
    let begun = staff.control(move |control| control.begin_second_factor(user.id)).await?;
    let host = Url::parse(staff.origin()).ok().and_then(|url| url.host_str().map(str::to_owned));
    let address = begun.address(&host.unwrap_or_default(), &user.email);
    Ok(Json(json!({ "secret": begun.spelt(), "address": address, "qr": picture(&address) })))
}

/// `PUT /api/account/totp`: confirms it with a code of the app.
pub(super) async fn confirm(
    State(staff): State<Staff>,
    Entering(signed_in): Entering,
    JsonBody(Code { code }): JsonBody<Code>,
) -> Result<Json<Value>, ApiError> {
    let user = signed_in.session.user.id;
    let work = staff.control(move |control| control.confirm_second_factor(user, &code));
    let codes = watched_code(&staff, &signed_in, work).await?;
    Ok(Json(json!({ "recovery_codes": codes })))
}

/// `POST /api/account/totp/removal`
pub(super) async fn end(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    JsonBody(Password { password }): JsonBody<Password>,
) -> Result<StatusCode, ApiError> {
    prove(&staff, &signed_in, password).await?;
    let user = signed_in.session.user.id;
    staff.control(move |control| control.drop_second_factor(Author::User(user), user)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/account/recovery-codes`: new ones instead of the old.
pub(super) async fn renew(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    JsonBody(Password { password }): JsonBody<Password>,
) -> Result<Json<Value>, ApiError> {
    prove(&staff, &signed_in, password).await?;
    let user = signed_in.session.user.id;
    let codes = staff.control(move |control| control.renew_recovery_codes(user)).await?;
    Ok(Json(json!({ "recovery_codes": codes })))
}

/// A QR code as the path of an SVG, with the side of its square: made here, as no third party may see the secret. An address too
/// long for one has none; the secret can be typed.
fn picture(address: &str) -> Value {
    let Ok(code) = QrCode::encode_text(address, QrCodeEcc::Medium) else { return Value::Null };
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            path.push_str(&format!("M{x} {y}h1v1h-1z"));
        }
    }
    json!({ "side": code.size(), "path": path })
}
