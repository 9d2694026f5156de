//! `/api/sites/{domain}/live`: the pulse of a site as server-sent events, at once and whenever it changes.
//!
//! A stream ends when the server stops, when the session behind it ends, or when the site is removed; the browser asks
//! again and is told why.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, HeaderName};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Interval, MissedTickBehavior};

use super::Staff;
use super::authorise::SignedIn;
use super::error::ApiError;
use crate::live::Figures;

/// A line without meaning, so that neither a proxy nor the listener takes the quiet for the end; the session is looked at
/// again each time.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Live views open at once: each keeps a connection.
const MOST: usize = 1000;

pub(super) fn limit() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(MOST))
}

/// One open live view.
struct View {
    staff: Staff,
    signed_in: SignedIn,
    domain: String,
    figures: Figures,
    stop: watch::Receiver<bool>,
    heartbeat: Interval,
    _place: OwnedSemaphorePermit,
}

/// Why an open view stirs.
enum Woken {
    ByNews,
    ByHeartbeat,
    ToEnd,
}

/// `GET /api/sites/{domain}/live`
pub(super) async fn stream(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    domain: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let Path(domain) = domain.map_err(|_| ApiError::UnknownSite)?;
    let site = signed_in.site(&staff, &domain)?;
    let place = Arc::clone(&staff.0.live_views).try_acquire_owned().map_err(|_| ApiError::TooManyWatchers)?;
    let mut figures = staff.0.live.watch(site.id);
    // What is known already is news to this watcher.
    figures.mark_changed();
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    heartbeat.reset();
    let stop = staff.0.live.stop();
    let view = View { staff, signed_in, domain, figures, stop, heartbeat, _place: place };

    let events = unfold(view, |mut view| async move {
        let event = view.next().await?;
        Some((Ok::<_, Infallible>(event), view))
    });
    let mut response = Sse::new(events).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would collect the events before passing them on.
    response
        .headers_mut()
        .insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

impl View {
    async fn next(&mut self) -> Option<Event> {
        loop {
            let woken = tokio::select! {
                biased;
                _ = self.stop.wait_for(|stop| *stop) => Woken::ToEnd,
                changed = self.figures.changed() => if changed.is_ok() { Woken::ByNews } else { Woken::ToEnd },
                _ = self.heartbeat.tick() => Woken::ByHeartbeat,
            };
            match woken {
                Woken::ToEnd => return None,
                Woken::ByNews => {
                    let now = *self.figures.borrow_and_update();
                    if let Some(now) = now {
                        return Event::default().event("pulse").json_data(now).ok();
                    }
                }
                Woken::ByHeartbeat if self.may_go_on().await => return Some(Event::default().comment("")),
                Woken::ByHeartbeat => return None,
            }
        }
    }

    /// Whether the session is still on and its site still there.
    async fn may_go_on(&self) -> bool {
        let token = self.signed_in.token.clone();
        let session = self.staff.control(move |control| control.session(&token)).await;
        let Ok(Some(session)) = session else { return false };
        // As they may see now, not as they might when the view was opened.
        let now = SignedIn { session, token: self.signed_in.token.clone() };
        now.site(&self.staff, &self.domain).is_ok()
    }
}
