//! The staff server: the control plane, sign-in, the JSON API, and the user interface it serves.
//!
//! | module | what it owns |
//! |---|---|
//! | [`control`] | sites, staff, sessions, API keys and the audit log, in SQLite |
//! | [`server`] | the staff listener: addresses, who may do what, errors, headers, cookies |
//! | [`asker`] | what it needs of the question engine |
//! | [`domain`] | domains and time zones as typed and as stored |
//! | [`password`] | what a password must be, and its hash |
//! | [`token`] | secrets handed out once and recognised later |
//! | [`oidc`] | signing in through an identity provider (feature `oidc`) |
//! | `totp` | codes of authenticator apps, and recovery codes |
//! | `throttle` | slowing down whoever guesses passwords |
//! | `live` | one ticking task per watched site |
//! | `ui` | the embedded files of the user interface |
//! | `metrics` | what operators see |

pub mod asker;
pub mod control;
pub mod domain;
pub mod oidc;
pub mod password;
pub mod server;
pub mod token;

mod live;
mod metrics;
mod quota;
mod throttle;
mod totp;
mod ui;

pub use asker::Asker;
pub use control::{ControlPlane, OpenError};
pub use oidc::OidcConfig;
pub use server::{BuildError, Dashboards, DashboardsConfig, DashboardsParts};
