//! What an ID token says, once its signature is known to be the provider's: whether it is for us, of now, and of this very
//! sign-in.

use serde::Deserialize;

use super::{OidcError, Person};
use crate::token::Token;

/// How far the two clocks may be apart, in seconds.
const LEEWAY: i64 = 60;
/// A token is used at once: one made longer ago is from another sign-in.
const MOST_AGE: i64 = 600;
const MOST_SUBJECT_BYTES: usize = 255;

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
    nonce: Option<String>,
    email: Option<String>,
    #[serde(default)]
    email_verified: Option<bool>,
    #[serde(default)]
    amr: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    /// Whether the token is for this client, and given to no other.
    fn is(&self, client: &str, given_to: Option<&str>) -> bool {
        match self {
            Self::One(one) => one == client && given_to.is_none_or(|to| to == client),
            Self::Many(many) => {
                many.iter().any(|one| one == client) && given_to.map_or(many.len() == 1, |to| to == client)
            }
        }
    }
}

/// Whom these claims vouch for.
pub(super) fn person(
    claims: &[u8],
    issuer: &str,
    client: &str,
    nonce: &Token,
    now: i64,
) -> Result<Person, OidcError> {
    let claims: Claims = serde_json::from_slice(claims).map_err(|_| OidcError::BadAnswer)?;
    if claims.iss != issuer {
        return Err(OidcError::WrongIssuer);
    }
    if !claims.aud.is(client, claims.azp.as_deref()) {
        return Err(OidcError::WrongAudience);
    }
    let at = |seconds: i64| {
        #[allow(clippy::cast_precision_loss, reason = "seconds of this era are far below 2^53")]
        let at = seconds as f64;
        at
    };
    let in_time = claims.exp > at(now - LEEWAY)
        && claims.iat <= at(now + LEEWAY)
        && claims.iat > at(now - MOST_AGE)
        && claims.nbf.is_none_or(|from| from <= at(now + LEEWAY));
    if !in_time {
        return Err(OidcError::Expired);
    }
    if !nonce.is_spelt(claims.nonce.as_deref().unwrap_or_default()) {
        return Err(OidcError::WrongNonce);
    }
    if claims.sub.is_empty() || claims.sub.len() > MOST_SUBJECT_BYTES {
        return Err(OidcError::BadAnswer);
    }
    let email = claims.email.filter(|_| claims.email_verified == Some(true));
    Ok(Person {
        issuer: claims.iss,
        subject: claims.sub,
        email: email.ok_or(OidcError::UnverifiedEmail)?,
        with_second_factor: claims.amr.iter().any(|way| way == "mfa"),
    })
}
