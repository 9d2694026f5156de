//! Signing in through an identity provider (OpenID Connect): the authorisation code flow with PKCE.
//!
//! | module | what it owns |
//! |---|---|
//! | `provider` | one sign-in from its start to the person who came back |
//! | `started` | what a browser that left for the provider carries, and that it comes back once |
//! | `metadata` | the provider's description of itself and its keys, kept and fetched anew |
//! | `id_token` | whether an ID token is the provider's, for us, of now and of this sign-in |
//! | `jws` | signatures: RS256 and ES256, nothing else |
//! | `fetch` | HTTPS to the provider, with a time limit and a size limit |
//!
//! No account is opened here: who may come in is decided by [`crate::control::identities`]. Nothing of a code, a token or an
//! address is logged; an error is its code.

use std::fmt;

use serve::access::Secret;

#[cfg(not(feature = "oidc"))]
mod absent;
#[cfg(feature = "oidc")]
mod fetch;
#[cfg(feature = "oidc")]
mod id_token;
#[cfg(feature = "oidc")]
mod jws;
#[cfg(feature = "oidc")]
mod metadata;
#[cfg(feature = "oidc")]
mod provider;
#[cfg(feature = "oidc")]
mod started;

#[cfg(not(feature = "oidc"))]
pub(crate) use absent::Provider;
#[cfg(feature = "oidc")]
pub(crate) use provider::Provider;

/// Where the provider sends people back to, below the staff URL.
pub const CALLBACK: &str = "/api/oidc/callback";
/// A sign-in takes this long at most, from its start to its return.
pub(crate) const STARTED_SECONDS: i64 = 600;

/// The identity provider, as it is configured.
#[derive(Clone, Debug)]
pub struct OidcConfig {
    /// The issuer, exactly as its ID tokens spell it. `https`, or `http` on a loopback address.
    pub issuer: String,
    /// What Sanaq is called there.
    pub client_id: String,
    /// What Sanaq proves itself with there.
    pub client_secret: Secret,
    /// What staff call the provider; stands on the button.
    pub name: String,
}

/// Why the configured provider can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not an address that may be trusted with this.
    #[error("oidc.issuer must be an https address without query and fragment, or http on loopback")]
    Issuer,
    /// The program was built without it.
    #[error("this program was built without the feature `oidc`")]
    NotBuilt,
}

/// What a browser comes back with: the query of the callback.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
#[cfg_attr(not(feature = "oidc"), allow(dead_code, reason = "nobody comes back from a provider there isn't"))]
pub(crate) struct Returned {
    pub(crate) code: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) iss: Option<String>,
}

impl fmt::Debug for Returned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Returned(***)")
    }
}

/// A sign-in that begins.
#[cfg_attr(not(feature = "oidc"), allow(dead_code, reason = "none begins"))]
pub(crate) struct Beginning {
    /// Where the browser goes.
    pub(crate) address: String,
    /// What it carries meanwhile.
    pub(crate) cookie: String,
}

/// Whom the provider vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) email: String,
    /// The provider says that it has asked for more than one factor (`amr` has `mfa`, RFC 8176).
    pub(crate) with_second_factor: bool,
}

/// Why nobody is signed in. The codes are stable: the interface words some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "oidc"), allow(dead_code, reason = "none begins, so none fails"))]
pub(crate) enum OidcError {
    /// The browser doesn't carry what it left with.
    NoCookie,
    /// It does, but has been away for too long, or the cookie isn't ours.
    Stale,
    /// It comes back from another sign-in than the one it left for.
    WrongState,
    /// It has come back with this before.
    Used,
    /// The provider, or the person there, said no.
    Denied,
    /// Too many are coming back at once.
    Busy,
    /// The provider doesn't answer.
    Unreachable,
    /// It answers, with something that can't be meant.
    BadAnswer,
    /// The code is not taken.
    CodeRefused,
    /// The token is signed in a way that isn't taken, or not at all.
    BadAlgorithm,
    BadSignature,
    WrongIssuer,
    WrongAudience,
    Expired,
    WrongNonce,
    UnverifiedEmail,
    /// No account, and no open invitation.
    UnknownPerson,
    /// The account belongs to another person there.
    OtherSubject,
    /// A second factor is asked for, and the provider doesn't say that it has asked for one.
    SecondFactor,
    /// Ours.
    Internal,
}

impl OidcError {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::NoCookie => "oidc_no_cookie",
            Self::Stale => "oidc_stale",
            Self::WrongState => "oidc_wrong_state",
            Self::Used => "oidc_used",
            Self::Denied => "oidc_denied",
            Self::Busy => "oidc_busy",
            Self::Unreachable => "oidc_unreachable",
            Self::BadAnswer => "oidc_bad_answer",
            Self::CodeRefused => "oidc_code_refused",
            Self::BadAlgorithm => "oidc_bad_algorithm",
            Self::BadSignature => "oidc_bad_signature",
            Self::WrongIssuer => "oidc_wrong_issuer",
            Self::WrongAudience => "oidc_wrong_audience",
            Self::Expired => "oidc_expired",
            Self::WrongNonce => "oidc_wrong_nonce",
            Self::UnverifiedEmail => "oidc_unverified_email",
            Self::UnknownPerson => "oidc_unknown_person",
            Self::OtherSubject => "oidc_other_subject",
            Self::SecondFactor => "oidc_second_factor",
            Self::Internal => "oidc_internal",
        }
    }
}
