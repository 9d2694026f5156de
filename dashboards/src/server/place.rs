//! What an address below `/api/sites` names: a site, or an entry of one. An address that can't be read names nothing.

use axum::extract::{FromRequestParts, Path};
use http::StatusCode;
use http::request::Parts;

use super::Staff;
use super::authorise::{Action, SignedIn};
use super::error::ApiError;
use crate::control::{Author, ControlError, ControlPlane, EntryError};

/// The domain in `/api/sites/{domain}/…`, as it was written.
pub(super) struct AtSite(pub(super) String);

/// Domain and number in `/api/sites/{domain}/goals/{id}`.
pub(super) struct Entry {
    pub(super) domain: String,
    pub(super) id: i64,
}

impl FromRequestParts<Staff> for AtSite {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, staff: &Staff) -> Result<Self, ApiError> {
        let read = Path::<String>::from_request_parts(parts, staff).await;
        read.map(|Path(domain)| Self(domain)).map_err(|_| ApiError::UnknownSite)
    }
}

impl FromRequestParts<Staff> for Entry {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, staff: &Staff) -> Result<Self, ApiError> {
        let read = Path::<(String, i64)>::from_request_parts(parts, staff).await;
        read.map(|Path((domain, id))| Self { domain, id }).map_err(|_| ApiError::UnknownRoute)
    }
}

impl Entry {
    /// Takes the entry away by `delete`, on behalf of somebody who may edit its site.
    pub(super) async fn take_away(
        self,
        staff: &Staff,
        signed_in: &SignedIn,
        delete: fn(&ControlPlane, Author, &str, i64) -> Result<(), ControlError>,
    ) -> Result<StatusCode, ApiError> {
        let site = signed_in.site_to(staff, &self.domain, Action::EditSite)?;
        let (by, id) = (signed_in.author(), self.id);
        staff.control(move |control| delete(control, by, &site.domain, id)).await?;
        Ok(StatusCode::NO_CONTENT)
    }
}

impl SignedIn {
    /// On whose behalf this session changes things.
    pub(super) fn author(&self) -> Author {
        Author::User(self.session.user.id)
    }
}

impl From<EntryError> for ApiError {
    fn from(error: EntryError) -> Self {
        Self::Entry(error)
    }
}
