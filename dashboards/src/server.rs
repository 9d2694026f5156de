//! The staff listener: what its requests share. Each group of addresses is a file of its own.
//!
//! | module | what it owns |
//! |---|---|
//! | `error` | from an error to status, code and sentence |
//! | `headers` | what every answer says about itself |
//! | `origin` | whether a change comes from our own pages |
//! | `authorise` | who is asking, and who may do what |
//! | `cookies`, `body` | reading and writing the two cookies; reading a JSON body |
//! | `start` | `/api/start`: session, sites and notes at once |
//! | `sign_in` | `/api/session`, `/api/setup` |
//! | `oidc` | `/api/oidc…`: through the identity provider |
//! | `client` | with what staff come, for the list of their sessions |
//! | `account`, `second_factor` | `/api/account…`: one's own password, sessions, second factor |
//! | `members`, `invitation` | `/api/sites/{domain}/members`, `…/invitations`, `/api/invitation…` |
//! | `users` | `/api/users…`, `/api/invitations…`, `/api/instance` |
//! | `keys` | `/api/sites/{domain}/keys…`, `/api/keys…` |
//! | `sites` | `/api/sites`, `/api/timezones` |
//! | `place` | what an address below `/api/sites` names |
//! | `settings` | changing and deleting a site |
//! | `goals`, `segments`, `links` | goals and funnels, segments and annotations, shared links |
//! | `shared` | `/api/shared/{slug}`, reading through a shared link |
//! | `export` | `/api/export`, `/api/sites/{domain}/export` |
//! | `sites_v1` | `/api/v1/sites…`, Plausible's Sites API |
//! | `questions` | `/api/questions`, `/api/v2/query` |
//! | `stats_v1` | `/api/v1/stats/…`, Plausible's first API |
//! | `openapi` | `/api/openapi.json` |
//! | `drops` | `/api/sites/{domain}/drops` |
//! | `live_view` | `/api/sites/{domain}/live` |

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, patch, post, put};
use events::SiteList;
use http::{HeaderMap, Method, Uri};
use serve::clock::Clock;
use serve::listener::{Drained, Listener, TowerToHyperService};
use serve::metrics::Registry;
use url::Url;

use crate::asker::Asker;
use crate::control::ControlPlane;
use crate::live::Live;
use crate::metrics::Metrics;
use crate::oidc::{ConfigError, OidcConfig, Provider};
use crate::quota::{QUESTIONS_PER_HOUR, Quota};
use crate::ui;

mod account;
mod analyses;
mod authorise;
mod body;
mod client;
mod cookies;
mod drops;
mod error;
mod export;
mod goals;
mod headers;
mod invitation;
mod keys;
mod links;
mod live_view;
mod members;
mod oidc;
mod openapi;
mod origin;
mod place;
mod questions;
mod second_factor;
mod segments;
mod settings;
mod shared;
mod sign_in;
mod sites;
mod sites_v1;
mod start;
mod stats_v1;
mod users;

pub use authorise::CSRF_HEADER;
pub(crate) use error::ApiError;
pub use headers::SECURITY_HEADERS;

use cookies::Cookies;
use sign_in::Desk;

/// An address of the API. The table below is what metrics label by and what the tests of all routes walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Method in capitals.
    pub method: &'static str,
    /// Pattern of the path.
    pub path: &'static str,
}

/// Every address of the API. A test compares it with what the router answers.
pub const ROUTES: &[Route] = &[
    Route { method: "GET", path: "/api/start" },
    Route { method: "GET", path: "/api/session" },
    Route { method: "POST", path: "/api/session" },
    Route { method: "PATCH", path: "/api/session" },
    Route { method: "DELETE", path: "/api/session" },
    Route { method: "POST", path: "/api/setup" },
    Route { method: "GET", path: "/api/oidc" },
    Route { method: "GET", path: "/api/oidc/start" },
    Route { method: "GET", path: "/api/oidc/callback" },
    Route { method: "GET", path: "/api/account" },
    Route { method: "POST", path: "/api/account/password" },
    Route { method: "DELETE", path: "/api/account/sessions" },
    Route { method: "DELETE", path: "/api/account/sessions/{session}" },
    Route { method: "POST", path: "/api/account/totp" },
    Route { method: "PUT", path: "/api/account/totp" },
    Route { method: "POST", path: "/api/account/totp/removal" },
    Route { method: "POST", path: "/api/account/recovery-codes" },
    Route { method: "POST", path: "/api/invitation" },
    Route { method: "POST", path: "/api/invitation/acceptance" },
    Route { method: "GET", path: "/api/users" },
    Route { method: "PATCH", path: "/api/users/{user}" },
    Route { method: "DELETE", path: "/api/users/{user}" },
    Route { method: "DELETE", path: "/api/users/{user}/totp" },
    Route { method: "POST", path: "/api/invitations" },
    Route { method: "DELETE", path: "/api/invitations/{invitation}" },
    Route { method: "GET", path: "/api/instance" },
    Route { method: "PATCH", path: "/api/instance" },
    Route { method: "GET", path: "/api/keys" },
    Route { method: "POST", path: "/api/keys" },
    Route { method: "DELETE", path: "/api/keys/{key}" },
    Route { method: "GET", path: "/api/sites/{domain}/members" },
    Route { method: "PUT", path: "/api/sites/{domain}/members/{user}" },
    Route { method: "DELETE", path: "/api/sites/{domain}/members/{user}" },
    Route { method: "POST", path: "/api/sites/{domain}/invitations" },
    Route { method: "DELETE", path: "/api/sites/{domain}/invitations/{invitation}" },
    Route { method: "GET", path: "/api/sites/{domain}/keys" },
    Route { method: "POST", path: "/api/sites/{domain}/keys" },
    Route { method: "DELETE", path: "/api/sites/{domain}/keys/{key}" },
    Route { method: "GET", path: "/api/sites" },
    Route { method: "POST", path: "/api/sites" },
    Route { method: "GET", path: "/api/sites/{domain}" },
    Route { method: "PATCH", path: "/api/sites/{domain}" },
    Route { method: "DELETE", path: "/api/sites/{domain}" },
    Route { method: "GET", path: "/api/sites/{domain}/deletion" },
    Route { method: "GET", path: "/api/sites/{domain}/goals" },
    Route { method: "POST", path: "/api/sites/{domain}/goals" },
    Route { method: "PUT", path: "/api/sites/{domain}/goals/{id}" },
    Route { method: "DELETE", path: "/api/sites/{domain}/goals/{id}" },
    Route { method: "GET", path: "/api/sites/{domain}/funnels" },
    Route { method: "POST", path: "/api/sites/{domain}/funnels" },
    Route { method: "PUT", path: "/api/sites/{domain}/funnels/{id}" },
    Route { method: "DELETE", path: "/api/sites/{domain}/funnels/{id}" },
    Route { method: "GET", path: "/api/sites/{domain}/segments" },
    Route { method: "POST", path: "/api/sites/{domain}/segments" },
    Route { method: "PUT", path: "/api/sites/{domain}/segments/{id}" },
    Route { method: "DELETE", path: "/api/sites/{domain}/segments/{id}" },
    Route { method: "GET", path: "/api/sites/{domain}/annotations" },
    Route { method: "POST", path: "/api/sites/{domain}/annotations" },
    Route { method: "DELETE", path: "/api/sites/{domain}/annotations/{id}" },
    Route { method: "GET", path: "/api/sites/{domain}/links" },
    Route { method: "POST", path: "/api/sites/{domain}/links" },
    Route { method: "DELETE", path: "/api/sites/{domain}/links/{id}" },
    Route { method: "GET", path: "/api/sites/{domain}/export" },
    Route { method: "POST", path: "/api/export" },
    Route { method: "GET", path: "/api/shared/{slug}" },
    Route { method: "POST", path: "/api/shared/{slug}/password" },
    Route { method: "POST", path: "/api/shared/{slug}/questions" },
    Route { method: "GET", path: "/api/sites/{domain}/live" },
    Route { method: "GET", path: "/api/sites/{domain}/drops" },
    Route { method: "GET", path: "/api/timezones" },
    Route { method: "POST", path: "/api/questions" },
    Route { method: "POST", path: "/api/v2/query" },
    Route { method: "GET", path: "/api/v1/stats/realtime/visitors" },
    Route { method: "GET", path: "/api/v1/stats/aggregate" },
    Route { method: "GET", path: "/api/v1/stats/timeseries" },
    Route { method: "GET", path: "/api/v1/stats/breakdown" },
    Route { method: "GET", path: "/api/v1/sites" },
    Route { method: "POST", path: "/api/v1/sites" },
    Route { method: "GET", path: "/api/v1/sites/{site_id}" },
    Route { method: "PUT", path: "/api/v1/sites/{site_id}" },
    Route { method: "DELETE", path: "/api/v1/sites/{site_id}" },
    Route { method: "PUT", path: "/api/v1/sites/shared-links" },
    Route { method: "GET", path: "/api/v1/sites/goals" },
    Route { method: "PUT", path: "/api/v1/sites/goals" },
    Route { method: "DELETE", path: "/api/v1/sites/goals/{goal_id}" },
    Route { method: "GET", path: "/api/v1/sites/guests" },
    Route { method: "PUT", path: "/api/v1/sites/guests" },
    Route { method: "DELETE", path: "/api/v1/sites/guests/{email}" },
    Route { method: "GET", path: "/api/openapi.json" },
];

/// How the staff server is reached.
#[derive(Clone, Debug)]
pub struct DashboardsConfig {
    /// Where staff open the dashboards in a browser (`https://stats.example.kz`). `https` makes cookies secure and bound to
    /// the host, and sends HSTS.
    pub staff_url: String,
    /// Where visitors' browsers reach the collector (`https://count.example.kz`); goes into the snippet.
    pub public_url: String,
    /// How many questions a program may ask in an hour, for each key.
    pub questions_per_hour: u32,
    /// The identity provider, where there is one.
    pub oidc: Option<OidcConfig>,
}

impl Default for DashboardsConfig {
    fn default() -> Self {
        Self {
            staff_url: "http://127.0.0.1:8081".into(),
            public_url: "http://127.0.0.1:8080".into(),
            questions_per_hour: QUESTIONS_PER_HOUR,
            oidc: None,
        }
    }
}

/// What the staff server is made of.
pub struct DashboardsParts<'a> {
    /// Sites, staff, sessions, keys. Somebody must run [`ControlPlane::run`].
    pub control: ControlPlane,
    /// The question engine.
    pub asker: Arc<dyn Asker>,
    /// The time of day.
    pub clock: Clock,
    /// Whether a text is an address or a network (`192.0.2.0/24`). Asked of the collector, the only one that may spell them.
    pub is_network: fn(&str) -> bool,
    /// Where its figures are shown.
    pub registry: &'a Registry,
}

/// Why the staff server could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Not an address a browser could open: `http(s)://host[:port]`, without path, query and credentials.
    #[error("{key} is not an address of the form https://host[:port]")]
    BadUrl {
        /// The configuration key.
        key: &'static str,
    },
    /// The identity provider can't be used.
    #[error(transparent)]
    Oidc(#[from] ConfigError),
    /// A metric of that name is there already.
    #[error("the metrics could not be registered")]
    Metrics(#[from] serve::metrics::Error),
}

/// The staff server, built and not yet listening.
pub struct Dashboards {
    router: Router,
    live: Live,
}

impl Dashboards {
    /// Constructs everything. Binds nothing and starts nothing.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn build(config: &DashboardsConfig, parts: DashboardsParts<'_>) -> Result<Self, BuildError> {
        let staff_origin = origin("staff_url", &config.staff_url)?;
        let public_origin = origin("public_url", &config.public_url)?;
        let live = Live::new(Arc::clone(&parts.asker));
        let oidc = config
            .oidc
            .as_ref()
            .map(|oidc| Provider::new(oidc, &staff_origin, parts.control.device_key(), parts.clock.clone()));
        let staff = Staff(Arc::new(Inner {
            cookies: Cookies { tls: staff_origin.starts_with("https://") },
            staff_origin,
            public_origin,
            sites: parts.control.site_list(),
            control: parts.control,
            asker: parts.asker,
            clock: parts.clock,
            is_network: parts.is_network,
            readers: shared::Readers::default(),
            metrics: Metrics::register(parts.registry)?,
            live: live.clone(),
            desk: Desk::default(),
            oidc: oidc.transpose()?,
            quota: Quota::new(config.questions_per_hour),
            first_beacons: sites::FirstBeacons::default(),
            live_views: live_view::limit(),
        }));
        Ok(Self { router: router(staff), live })
    }

    /// The service that answers one request: what HTTP tests call.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Serves until `stop`, ends the live views, and drains.
    pub async fn run(self, listener: Listener, stop: impl Future<Output = ()>) -> Drained {
        let Self { router, live } = self;
        let stop = async move {
            stop.await;
            live.end();
        };
        listener.run(move |_connection| TowerToHyperService::new(router.clone()), stop).await
    }
}

fn origin(key: &'static str, text: &str) -> Result<String, BuildError> {
    let url = Url::parse(text).map_err(|_| BuildError::BadUrl { key })?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if plain { Ok(url.origin().ascii_serialization()) } else { Err(BuildError::BadUrl { key }) }
}

/// What every handler gets. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Staff(Arc<Inner>);

struct Inner {
    cookies: Cookies,
    staff_origin: String,
    public_origin: String,
    sites: Arc<SiteList>,
    control: ControlPlane,
    asker: Arc<dyn Asker>,
    clock: Clock,
    is_network: fn(&str) -> bool,
    readers: shared::Readers,
    metrics: Metrics,
    live: Live,
    desk: Desk,
    oidc: Option<Provider>,
    quota: Quota,
    first_beacons: sites::FirstBeacons,
    live_views: Arc<tokio::sync::Semaphore>,
}

impl Staff {
    fn tls(&self) -> bool {
        self.0.cookies.tls
    }

    fn cookies(&self) -> Cookies {
        self.0.cookies
    }

    fn origin(&self) -> &str {
        &self.0.staff_origin
    }

    fn sites(&self) -> &SiteList {
        &self.0.sites
    }

    /// Asks the control plane, off the threads that answer requests.
    async fn control<T: Send + 'static, E: Into<ApiError> + Send + 'static>(
        &self,
        ask: impl FnOnce(&ControlPlane) -> Result<T, E> + Send + 'static,
    ) -> Result<T, ApiError> {
        let control = self.0.control.clone();
        match tokio::task::spawn_blocking(move || ask(&control)).await {
            Ok(answered) => answered.map_err(Into::into),
            Err(_panicked) => {
                tracing::error!(code = "control_plane_panicked", "a question to the control plane panicked");
                Err(ApiError::Internal)
            }
        }
    }
}

/// The addresses of accounts, members and keys.
fn accounts() -> Router<Staff> {
    Router::new()
        .route("/api/account", get(account::show))
        .route("/api/account/password", post(account::change_password))
        .route("/api/account/sessions", delete(account::end_others))
        .route("/api/account/sessions/{session}", delete(account::end))
        .route("/api/account/totp", post(second_factor::begin).put(second_factor::confirm))
        .route("/api/account/totp/removal", post(second_factor::end))
        .route("/api/account/recovery-codes", post(second_factor::renew))
        .route("/api/invitation", post(invitation::show))
        .route("/api/invitation/acceptance", post(invitation::accept))
        .route("/api/users", get(users::list))
        .route("/api/users/{user}", patch(users::set_role).delete(users::remove))
        .route("/api/users/{user}/totp", delete(users::drop_second_factor))
        .route("/api/invitations", post(users::invite))
        .route("/api/invitations/{invitation}", delete(users::withdraw))
        .route("/api/instance", get(users::show_instance).patch(users::set_instance))
        .route("/api/keys", get(keys::list_for_all).post(keys::make_for_all))
        .route("/api/keys/{key}", delete(keys::revoke_for_all))
        .route("/api/sites/{domain}/members", get(members::list))
        .route("/api/sites/{domain}/members/{user}", put(members::set).delete(members::remove))
        .route("/api/sites/{domain}/invitations", post(members::invite))
        .route("/api/sites/{domain}/invitations/{invitation}", delete(members::withdraw))
        .route("/api/sites/{domain}/keys", get(keys::list).post(keys::make))
        .route("/api/sites/{domain}/keys/{key}", delete(keys::revoke))
}

fn router(staff: Staff) -> Router {
    let pages = Router::new()
        .route(
            "/api/session",
            get(sign_in::show).post(sign_in::sign_in).patch(sign_in::change).delete(sign_in::sign_out),
        )
        .route("/api/start", get(start::show))
        .route("/api/setup", post(sign_in::set_up))
        .route("/api/oidc", get(oidc::show))
        .route("/api/oidc/start", get(oidc::start))
        .route("/api/oidc/callback", get(oidc::callback))
        .route("/api/sites", get(sites::list).post(sites::add))
        .route("/api/sites/{domain}", get(sites::show).patch(settings::change).delete(settings::delete))
        .route("/api/sites/{domain}/deletion", get(settings::deletion))
        .route("/api/sites/{domain}/goals", get(goals::goals).post(goals::add_goal))
        .route("/api/sites/{domain}/goals/{id}", put(goals::change_goal).delete(goals::delete_goal))
        .route("/api/sites/{domain}/funnels", get(goals::funnels).post(goals::add_funnel))
        .route("/api/sites/{domain}/funnels/{id}", put(goals::change_funnel).delete(goals::delete_funnel))
        .route("/api/sites/{domain}/segments", get(segments::segments).post(segments::add_segment))
        .route(
            "/api/sites/{domain}/segments/{id}",
            put(segments::change_segment).delete(segments::delete_segment),
        )
        .route("/api/sites/{domain}/annotations", get(segments::annotations).post(segments::add_annotation))
        .route("/api/sites/{domain}/annotations/{id}", delete(segments::delete_annotation))
        .route("/api/sites/{domain}/links", get(links::links).post(links::add_link))
        .route("/api/sites/{domain}/links/{id}", delete(links::revoke_link))
        .route("/api/sites/{domain}/export", get(export::site))
        .route("/api/export", post(export::panel))
        .route("/api/shared/{slug}", get(shared::show))
        .route("/api/shared/{slug}/password", post(shared::unlock))
        .route("/api/shared/{slug}/questions", post(shared::questions))
        .route("/api/sites/{domain}/live", get(live_view::stream))
        .route("/api/sites/{domain}/drops", get(drops::show))
        .route("/api/timezones", get(sites::timezones))
        .route("/api/questions", post(questions::batch))
        .merge(accounts())
        .layer(from_fn_with_state(staff.clone(), origin::same_origin));
    // Programs with a key have no cookie that another site's page could abuse.
    let programs = Router::new()
        .route("/api/v2/query", post(questions::query))
        .route("/api/v1/stats/realtime/visitors", get(stats_v1::realtime))
        .route("/api/v1/stats/aggregate", get(stats_v1::aggregate))
        .route("/api/v1/stats/timeseries", get(stats_v1::timeseries))
        .route("/api/v1/stats/breakdown", get(stats_v1::breakdown))
        .route("/api/v1/sites", get(sites_v1::list).post(sites_v1::add))
        .route("/api/v1/sites/{site_id}", get(sites_v1::show).put(sites_v1::change).delete(sites_v1::delete))
        .route("/api/v1/sites/shared-links", put(sites_v1::put_link))
        .route("/api/v1/sites/goals", get(sites_v1::goals).put(sites_v1::put_goal))
        .route("/api/v1/sites/goals/{goal_id}", delete(sites_v1::delete_goal))
        .route("/api/v1/sites/guests", get(sites_v1::guests).put(sites_v1::put_guest))
        .route("/api/v1/sites/guests/{email}", delete(sites_v1::delete_guest))
        .route("/api/openapi.json", get(openapi::show));
    pages
        .merge(programs)
        .fallback(fallback)
        .method_not_allowed_fallback(|| async { ApiError::MethodNotAllowed })
        .layer(from_fn_with_state(staff.clone(), count))
        .layer(from_fn_with_state(staff.clone(), headers::secure))
        .with_state(staff)
}

/// Everything that is not in the table: the interface, or nothing.
async fn fallback(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if is_below_api(uri.path()) {
        ApiError::UnknownRoute.into_response()
    } else if matches!(method, Method::GET | Method::HEAD) {
        ui::answer(uri.path(), &headers)
    } else {
        let mut response = ApiError::MethodNotAllowed.into_response();
        response.headers_mut().insert(http::header::ALLOW, http::HeaderValue::from_static("GET,HEAD"));
        response
    }
}

fn is_below_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

async fn count(
    State(staff): State<Staff>,
    matched: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let below_api = is_below_api(request.uri().path());
    let response = next.run(request).await;
    let matched = matched.as_ref().map(MatchedPath::as_str);
    staff.0.metrics.request(matched, below_api, response.status().as_u16());
    response
}
