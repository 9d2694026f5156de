//! The one place where an error becomes a status, a stable code and a public sentence. The interface words errors from
//! the code in its own languages; the sentence is for people who read the API.

use aggregator::QuestionError;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};
use serve::body::BodyError;

use crate::control::{ControlError, EntryError, SignInError};
use crate::password::{MAX_BYTES, MIN_CHARACTERS, PasswordError};

/// Why a request was not done.
#[derive(Debug)]
pub(crate) enum ApiError {
    SignedOut,
    WrongCredentials,
    /// Too many attempts for this account; the next one is looked at in so many seconds.
    SlowDown {
        seconds: u64,
    },
    /// More people are signing in than the machine can hash passwords for.
    Busy,
    Csrf,
    CrossSite,
    Forbidden,
    SetupLinkUsed,
    LastOwner,
    UnknownUser,
    InvitationUsed,
    SignInToAccept,
    UnknownInvitation,
    TooManyInvitations,
    BadRole,
    /// The password is right; a code of the second factor is asked for.
    CodeNeeded,
    WrongCode,
    WrongPassword,
    SecondFactorOn,
    /// The instance asks everybody for a second factor, and this session's user has none yet.
    EnrolFirst,
    /// No identity provider is configured.
    NoProvider,
    PasswordTooShort,
    PasswordTooLong,
    BadEmail,
    EmailTaken,
    BadLanguage,
    BadDomain,
    BadTimezone,
    DomainTaken,
    BadRule,
    UmamiIdTaken,
    BadDropsRange,
    UnknownSite,
    UnknownKey,
    BadKey,
    MissingApiKey,
    /// Unknown, revoked, or not for this site: which of these is not said.
    InvalidApiKey,
    /// The key has used up its hour; the next question is taken in so many seconds.
    QuotaUsedUp {
        seconds: u64,
        per_hour: u32,
    },
    /// Parameters of the first stats API that can't be meant so; what is wrong, in English.
    BadStatsRequest(String),
    TooManyQuestions,
    TooManyWatchers,
    Question(QuestionError),
    UnknownRoute,
    UnknownAsset,
    MethodNotAllowed,
    UnsupportedMediaType,
    MalformedBody,
    Body(BodyError),
    /// A goal, funnel, segment, note, link or setting can't be as it was asked for.
    Entry(EntryError),
    /// Ours, not theirs. What happened is in the log, where it was noticed.
    Internal,
}

impl ApiError {
    /// Status, stable code, public sentence.
    fn public(&self) -> (StatusCode, &'static str, String) {
        use StatusCode as S;
        let fixed = |status, code, sentence: &str| (status, code, sentence.to_owned());
        match self {
            Self::SignedOut => fixed(S::UNAUTHORIZED, "signed_out", "Sign in first."),
            Self::WrongCredentials => {
                fixed(S::UNAUTHORIZED, "wrong_credentials", "Wrong e-mail address or password.")
            }
            Self::SlowDown { seconds } => {
                (S::TOO_MANY_REQUESTS, "slow_down", format!("Too many attempts. Try again in {seconds} s."))
            }
            Self::Busy => fixed(
                S::SERVICE_UNAVAILABLE,
                "busy",
                "Too many people are signing in. Try again in a moment.",
            ),
            Self::Csrf => {
                fixed(S::FORBIDDEN, "csrf", "The header x-sanaq-csrf is missing or not this session's.")
            }
            Self::CrossSite => {
                fixed(S::FORBIDDEN, "cross_site", "Changes are taken from this server's own pages only.")
            }
            Self::Forbidden => fixed(S::FORBIDDEN, "forbidden", "Your role doesn't allow this."),
            Self::SetupLinkUsed => {
                fixed(S::GONE, "setup_link_used", "This set-up link was used or has expired.")
            }
            Self::LastOwner => {
                fixed(S::CONFLICT, "last_owner", "The last owner stays owner: make somebody else one first.")
            }
            Self::InvitationUsed => {
                fixed(S::GONE, "invitation_used", "This invitation was used or withdrawn, or has expired.")
            }
            Self::SignInToAccept => fixed(
                S::CONFLICT,
                "sign_in_to_accept",
                "The invited address has an account: sign in to it, then follow the link again.",
            ),
            Self::UnknownInvitation => {
                fixed(S::NOT_FOUND, "unknown_invitation", "There is no such open invitation.")
            }
            Self::TooManyInvitations => fixed(
                S::CONFLICT,
                "too_many_invitations",
                "Too many invitations are open. Withdraw some, or wait until they expire.",
            ),
            Self::BadRole => {
                fixed(S::UNPROCESSABLE_ENTITY, "bad_role", "The roles are viewer, editor, admin and owner.")
            }
            Self::CodeNeeded => {
                fixed(S::UNAUTHORIZED, "code_needed", "Send the code of the second factor as well.")
            }
            Self::WrongCode => {
                fixed(S::UNPROCESSABLE_ENTITY, "wrong_code", "Not the code of now, or one that was used.")
            }
            Self::WrongPassword => {
                fixed(S::UNPROCESSABLE_ENTITY, "wrong_password", "This is not your password.")
            }
            Self::SecondFactorOn => fixed(S::CONFLICT, "second_factor_on", "A second factor is on already."),
            Self::EnrolFirst => fixed(
                S::FORBIDDEN,
                "second_factor_required",
                "Everybody needs a second factor here: set one up first.",
            ),
            Self::NoProvider => fixed(S::NOT_FOUND, "oidc_off", "No identity provider is configured."),
            Self::UnknownUser => fixed(S::NOT_FOUND, "unknown_user", "There is no such user."),
            Self::PasswordTooShort => (
                S::UNPROCESSABLE_ENTITY,
                "weak_password",
                format!("The password needs at least {MIN_CHARACTERS} characters."),
            ),
            Self::PasswordTooLong => (
                S::UNPROCESSABLE_ENTITY,
                "password_too_long",
                format!("The password has more than {MAX_BYTES} bytes."),
            ),
            Self::BadEmail => fixed(S::UNPROCESSABLE_ENTITY, "bad_email", "This is not an e-mail address."),
            Self::EmailTaken => {
                fixed(S::CONFLICT, "email_taken", "Somebody has this e-mail address already.")
            }
            Self::BadLanguage => {
                fixed(S::UNPROCESSABLE_ENTITY, "bad_language", "The languages are kk, ru and en.")
            }
            Self::BadDomain => {
                fixed(S::UNPROCESSABLE_ENTITY, "bad_domain", "This is not a domain a site can have.")
            }
            Self::BadTimezone => {
                fixed(S::UNPROCESSABLE_ENTITY, "bad_timezone", "This is not an IANA time zone.")
            }
            Self::DomainTaken => {
                fixed(S::CONFLICT, "domain_taken", "A site of this domain is registered already.")
            }
            Self::BadRule => {
                fixed(S::UNPROCESSABLE_ENTITY, "bad_rule", "A rule of the site can't be meant so.")
            }
            Self::UmamiIdTaken => {
                fixed(S::CONFLICT, "umami_id_taken", "Another site has this id of Umami's.")
            }
            Self::BadDropsRange => fixed(
                S::BAD_REQUEST,
                "bad_range",
                "Give from and to as dates (2026-11-22), at most 400 days apart.",
            ),
            Self::UnknownSite => fixed(S::NOT_FOUND, "unknown_site", "There is no such site."),
            Self::UnknownKey => fixed(S::NOT_FOUND, "unknown_key", "There is no such API key."),
            Self::BadKey => fixed(
                S::UNPROCESSABLE_ENTITY,
                "bad_key",
                "A key of all sites has scope sites, its end is to come, and its name has at most 100 characters.",
            ),
            Self::MissingApiKey => fixed(
                S::UNAUTHORIZED,
                "missing_api_key",
                "Missing API key. Send it as a Bearer token in the Authorization header.",
            ),
            Self::InvalidApiKey => fixed(
                S::UNAUTHORIZED,
                "invalid_api_key",
                "Invalid API key, or one without access to this site.",
            ),
            Self::QuotaUsedUp { per_hour, .. } => (
                S::TOO_MANY_REQUESTS,
                "too_many_requests",
                format!("Too many API requests. A key may ask {per_hour} an hour."),
            ),
            Self::BadStatsRequest(what) => (S::BAD_REQUEST, "bad_stats_request", what.clone()),
            Self::TooManyQuestions => {
                fixed(S::BAD_REQUEST, "too_many_questions", "At most 16 questions in one request.")
            }
            Self::TooManyWatchers => {
                fixed(S::SERVICE_UNAVAILABLE, "too_many_watchers", "Too many live views are open.")
            }
            Self::Question(error) => (
                S::from_u16(error.status()).unwrap_or(S::INTERNAL_SERVER_ERROR),
                error.code(),
                error.to_string(),
            ),
            Self::Entry(error) => (
                S::from_u16(error.status()).unwrap_or(S::INTERNAL_SERVER_ERROR),
                error.code(),
                error.to_string(),
            ),
            Self::UnknownRoute => fixed(S::NOT_FOUND, "unknown_route", "The API has no such address."),
            Self::UnknownAsset => fixed(S::NOT_FOUND, "unknown_asset", "There is no such file."),
            Self::MethodNotAllowed => {
                fixed(S::METHOD_NOT_ALLOWED, "method_not_allowed", "This address doesn't take this method.")
            }
            Self::UnsupportedMediaType => {
                fixed(S::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Send application/json.")
            }
            Self::MalformedBody => {
                fixed(S::BAD_REQUEST, "malformed_body", "The body is not the JSON this address takes.")
            }
            Self::Body(error) => (error.status(), error.code(), error.to_string()),
            Self::Internal => {
                fixed(S::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side.")
            }
        }
    }

    /// The body of the answer; also the place of one answer among several.
    pub(crate) fn body(&self) -> Value {
        let (_, code, error) = self.public();
        json!({ "error": error, "code": code })
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, ..) = self.public();
        let mut response = (status, Json(self.body())).into_response();
        let headers = response.headers_mut();
        if let Self::SlowDown { seconds } | Self::QuotaUsedUp { seconds, .. } = self {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        } else if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from(2));
        }
        if matches!(self, Self::MissingApiKey | Self::InvalidApiKey) {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<ControlError> for ApiError {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::BadDomain => Self::BadDomain,
            ControlError::BadTimezone => Self::BadTimezone,
            ControlError::DomainTaken => Self::DomainTaken,
            ControlError::UnknownSite => Self::UnknownSite,
            ControlError::BadRule(_) => Self::BadRule,
            ControlError::UmamiIdTaken => Self::UmamiIdTaken,
            ControlError::Entry(error) => Self::Entry(error),
            ControlError::BadEmail => Self::BadEmail,
            ControlError::EmailTaken => Self::EmailTaken,
            ControlError::LastOwner => Self::LastOwner,
            ControlError::UnknownUser => Self::UnknownUser,
            ControlError::InvitationUsed => Self::InvitationUsed,
            ControlError::SignInToAccept => Self::SignInToAccept,
            ControlError::UnknownInvitation => Self::UnknownInvitation,
            ControlError::TooManyInvitations => Self::TooManyInvitations,
            ControlError::SecondFactorOn => Self::SecondFactorOn,
            ControlError::WrongCode => Self::WrongCode,
            ControlError::UnknownKey => Self::UnknownKey,
            ControlError::BadKey => Self::BadKey,
            ControlError::SetupLinkUsed | ControlError::AlreadySetUp => Self::SetupLinkUsed,
            ControlError::Password(PasswordError::TooShort) => Self::PasswordTooShort,
            ControlError::Password(PasswordError::TooLong) => Self::PasswordTooLong,
            ControlError::Password(PasswordError::NotHashed) | ControlError::NoEntropy(_) => {
                tracing::error!(code = "no_entropy", "a secret could not be made");
                Self::Internal
            }
            ControlError::Storage(error) => {
                let sqlite = error.sqlite_error().map_or(0, |e| e.extended_code);
                tracing::error!(code = "control_plane_failed", sqlite, "the control plane's database failed");
                Self::Internal
            }
        }
    }
}

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::WrongCredentials => Self::WrongCredentials,
            SignInError::CodeNeeded => Self::CodeNeeded,
            SignInError::WrongCode => Self::WrongCode,
            SignInError::Control(error) => error.into(),
        }
    }
}

impl From<QuestionError> for ApiError {
    fn from(error: QuestionError) -> Self {
        Self::Question(error)
    }
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}
