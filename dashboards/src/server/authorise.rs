//! Who may do what: the one function that decides, and the extractors that say who is asking.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use events::{Site, SiteId};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, Method};

use super::Staff;
use super::error::ApiError;
use crate::control::{ApiKey, Role, Scope, Session, User};
use crate::token::Token;

/// Separates the CSRF token from other things that might one day follow from a session's token.
const CSRF_CONTEXT: &str = "sanaq 2026-11 staff csrf";
/// Where a change carries its CSRF token.
pub const CSRF_HEADER: &str = "x-sanaq-csrf";

/// Somebody who asks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Actor<'a> {
    User(&'a User),
    Key(&'a ApiKey),
}

/// What they ask for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    /// See which sites there are.
    ListSites,
    /// See a site and its statistics.
    SeeSite(SiteId),
    AddSite,
}

/// Whether they may.
///
/// # Errors
/// [`ApiError::Forbidden`] for staff; [`ApiError::InvalidApiKey`] for a key, which is not told what it can't do.
pub(super) fn authorise(actor: Actor<'_>, action: Action) -> Result<(), ApiError> {
    match actor {
        Actor::User(user) => {
            let needed = match action {
                // Everybody sees every site until roles are given per site.
                Action::ListSites | Action::SeeSite(_) => Role::Viewer,
                Action::AddSite => Role::Admin,
            };
            if user.role >= needed { Ok(()) } else { Err(ApiError::Forbidden) }
        }
        Actor::Key(key) => match (key.scope, action) {
            (Scope::Stats, Action::SeeSite(site)) if site == key.site => Ok(()),
            (Scope::Stats | Scope::Events, Action::SeeSite(_) | Action::ListSites | Action::AddSite) => {
                Err(ApiError::InvalidApiKey)
            }
        },
    }
}

/// A signed-in member of staff. On a method that changes something, with the CSRF token of their session.
#[derive(Clone, Debug)]
pub(super) struct SignedIn {
    pub(super) session: Session,
    pub(super) token: Token,
}

impl SignedIn {
    /// The token that this session's changes carry. Follows from the cookie's, which scripts can't read, one way.
    pub(super) fn csrf(&self) -> Token {
        self.token.derive(CSRF_CONTEXT)
    }

    pub(super) fn may(&self, action: Action) -> Result<(), ApiError> {
        authorise(Actor::User(&self.session.user), action)
    }

    /// The site of this domain, if this user may see it.
    pub(super) fn site(&self, staff: &Staff, domain: &str) -> Result<Arc<Site>, ApiError> {
        let site = staff.sites().by_domain(domain).ok_or(ApiError::UnknownSite)?;
        self.may(Action::SeeSite(site.id))?;
        Ok(site)
    }
}

/// A signed-in member of staff who only asks, whatever the method: a question is a POST because of its length.
#[derive(Clone, Debug)]
pub(super) struct Asking(pub(super) SignedIn);

impl FromRequestParts<Staff> for Asking {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, staff: &Staff) -> Result<Self, ApiError> {
        let token = staff.cookies().session(&parts.headers).ok_or(ApiError::SignedOut)?;
        let looked_up = token.clone();
        let session = staff.control(move |control| control.session(&looked_up)).await?;
        let session = session.ok_or(ApiError::SignedOut)?;
        Ok(Self(SignedIn { session, token }))
    }
}

impl FromRequestParts<Staff> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, staff: &Staff) -> Result<Self, ApiError> {
        let Asking(signed_in) = Asking::from_request_parts(parts, staff).await?;
        if matches!(parts.method, Method::GET | Method::HEAD) || carries_csrf(&parts.headers, &signed_in) {
            Ok(signed_in)
        } else {
            Err(ApiError::Csrf)
        }
    }
}

fn carries_csrf(headers: &HeaderMap, signed_in: &SignedIn) -> bool {
    let carried = headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok());
    carried.is_some_and(|carried| signed_in.csrf().is_spelt(carried))
}

/// Somebody with an API key, and a question left of its hour.
#[derive(Clone, Debug)]
pub(super) struct WithKey(pub(super) ApiKey);

impl FromRequestParts<Staff> for WithKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, staff: &Staff) -> Result<Self, ApiError> {
        let spelt = bearer(&parts.headers).ok_or(ApiError::MissingApiKey)?.to_owned();
        let key = staff.control(move |control| control.find_api_key(&spelt)).await?;
        let key = key.ok_or(ApiError::InvalidApiKey)?;
        let now_ms = staff.0.clock.now().as_millisecond();
        staff.0.quota.take(key.id, now_ms).map_err(|seconds| ApiError::QuotaUsedUp { seconds })?;
        Ok(Self(key))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
