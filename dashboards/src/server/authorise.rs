//! Who may do what: the one function that decides, and the extractors that say who is asking.

use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use events::{Site, SiteId};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, Method};

use super::Staff;
use super::error::ApiError;
use crate::control::{ApiKey, Role, Scope, Session};
use crate::token::Token;

/// Separates the CSRF token from other things that might one day follow from a session's token.
const CSRF_CONTEXT: &str = "sanaq 2026-11 staff csrf";
/// Where a change carries its CSRF token.
pub const CSRF_HEADER: &str = "x-sanaq-csrf";

/// Somebody who asks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Actor<'a> {
    User(&'a Session),
    Key(&'a ApiKey),
}

/// What they ask for. Whatever staff or a key can do is one of these.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    /// See which sites there are: of them, those they may see.
    ListSites,
    /// See a site, its goals, funnels, shared segments and annotations.
    SeeSite(SiteId),
    /// Ask for the statistics of a site.
    AskAbout(SiteId),
    /// Change a site's settings, goals, funnels, shared segments and annotations.
    EditSite(SiteId),
    /// Members, invitations, shared links and keys of a site, and its complete export.
    ManageSite(SiteId),
    /// Delete a site or hand it on.
    OwnSite(SiteId),
    /// Give or take this role at a site.
    GiveAtSite(SiteId, Role),
    /// Give or take this role on the instance.
    GiveOnInstance(Role),
    AddSite,
    /// Staff, their roles on the instance, and invitations to it.
    ManageStaff,
    /// What holds for the whole instance: keys for all sites, whether a second factor is required.
    OwnInstance,
}

/// Where a role is needed, and which at least.
enum Needed {
    Anywhere,
    AtSite(SiteId, Role),
    OnInstance(Role),
}

impl Action {
    fn needs(self) -> Needed {
        match self {
            Self::ListSites => Needed::Anywhere,
            Self::SeeSite(site) | Self::AskAbout(site) => Needed::AtSite(site, Role::Viewer),
            Self::EditSite(site) => Needed::AtSite(site, Role::Editor),
            Self::ManageSite(site) => Needed::AtSite(site, Role::Admin),
            Self::OwnSite(site) => Needed::AtSite(site, Role::Owner),
            Self::GiveAtSite(site, role) => Needed::AtSite(site, role.max(Role::Admin)),
            Self::GiveOnInstance(role) => Needed::OnInstance(role.max(Role::Admin)),
            Self::AddSite | Self::ManageStaff => Needed::OnInstance(Role::Admin),
            Self::OwnInstance => Needed::OnInstance(Role::Owner),
        }
    }
}

/// Whether they may.
///
/// # Errors
/// [`ApiError::Forbidden`] for staff; at a site they have nothing to do with [`ApiError::UnknownSite`], as if there were none;
/// [`ApiError::InvalidApiKey`] for a key, which is not told what it can't do.
pub(super) fn authorise(actor: Actor<'_>, action: Action) -> Result<(), ApiError> {
    match actor {
        Actor::User(session) => {
            let (has, needed, without) = match action.needs() {
                Needed::Anywhere => return Ok(()),
                Needed::AtSite(site, needed) => (session.role_at(site), needed, ApiError::UnknownSite),
                Needed::OnInstance(needed) => (session.user.role, needed, ApiError::Forbidden),
            };
            match has {
                None => Err(without),
                Some(has) if has < needed => Err(ApiError::Forbidden),
                Some(_) => Ok(()),
            }
        }
        Actor::Key(key) => {
            let may = match (key.scope, action) {
                (Scope::Stats, Action::AskAbout(site)) => key.site == Some(site),
                // It manages sites, and reads no figures.
                (Scope::Sites, Action::AskAbout(_)) => false,
                (Scope::Sites, Action::ListSites) => true,
                (Scope::Sites, Action::AddSite) => key.site.is_none(),
                (Scope::Sites, _) => match action.needs() {
                    // A key of one site is made by its admins, and can't do more than they.
                    Needed::AtSite(site, needed) => {
                        key.site.is_none_or(|own| own == site && needed <= Role::Admin)
                    }
                    Needed::Anywhere | Needed::OnInstance(_) => false,
                },
                (Scope::Stats | Scope::Events, _) => false,
            };
            if may { Ok(()) } else { Err(ApiError::InvalidApiKey) }
        }
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
        authorise(Actor::User(&self.session), action)
    }

    /// The site of this domain, if this user may see it.
    pub(super) fn site(&self, staff: &Staff, domain: &str) -> Result<Arc<Site>, ApiError> {
        self.site_to(staff, domain, Action::SeeSite)
    }

    /// The site of this domain, if this user may do such a thing there: `site_to(&staff, &domain, Action::EditSite)`.
    pub(super) fn site_to(
        &self,
        staff: &Staff,
        domain: &str,
        action: impl FnOnce(SiteId) -> Action,
    ) -> Result<Arc<Site>, ApiError> {
        let site = staff.sites().by_domain(domain).ok_or(ApiError::UnknownSite)?;
        self.may(action(site.id))?;
        Ok(site)
    }
}

/// A signed-in member of staff who only asks, whatever the method: a question is a POST because of its length.
#[derive(Clone, Debug)]
pub(super) struct Asking(pub(super) SignedIn);

/// Like [`SignedIn`], also somebody who still has to set up the second factor that everybody needs here.
#[derive(Clone, Debug)]
pub(super) struct Entering(pub(super) SignedIn);

async fn known(parts: &Parts, staff: &Staff) -> Result<SignedIn, ApiError> {
    let token = staff.cookies().session(&parts.headers).ok_or(ApiError::SignedOut)?;
    let looked_up = token.clone();
    let session = staff.control(move |control| control.session(&looked_up)).await?;
    let session = session.ok_or(ApiError::SignedOut)?;
    Ok(SignedIn { session, token })
}

fn enrolled(signed_in: SignedIn) -> Result<SignedIn, ApiError> {
    if signed_in.session.must_enrol { Err(ApiError::EnrolFirst) } else { Ok(signed_in) }
}

impl FromRequestParts<Staff> for Asking {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, staff: &Staff) -> Result<Self, ApiError> {
        enrolled(known(parts, staff).await?).map(Self)
    }
}

impl FromRequestParts<Staff> for Entering {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, staff: &Staff) -> Result<Self, ApiError> {
        let signed_in = known(parts, staff).await?;
        if matches!(parts.method, Method::GET | Method::HEAD) || carries_csrf(&parts.headers, &signed_in) {
            Ok(Self(signed_in))
        } else {
            Err(ApiError::Csrf)
        }
    }
}

impl OptionalFromRequestParts<Staff> for Entering {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, staff: &Staff) -> Result<Option<Self>, ApiError> {
        match <Self as FromRequestParts<Staff>>::from_request_parts(parts, staff).await {
            Ok(entering) => Ok(Some(entering)),
            Err(ApiError::SignedOut) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl FromRequestParts<Staff> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, staff: &Staff) -> Result<Self, ApiError> {
        let Entering(signed_in) =
            <Entering as FromRequestParts<Staff>>::from_request_parts(parts, staff).await?;
        enrolled(signed_in)
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
        let quota = &staff.0.quota;
        let used_up = |seconds| ApiError::QuotaUsedUp { seconds, per_hour: quota.per_hour() };
        quota.take(key.id, now_ms).map_err(used_up)?;
        Ok(Self(key))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
