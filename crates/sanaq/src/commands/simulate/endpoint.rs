//! The day that is open: sent to the public listener of a running program, as a site's own server would.
//!
//! The key for it is made for this run, and revoked after it.

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail, ensure};
use bytes::Bytes;
use dashboards::ControlPlane;
use dashboards::control::{Author, Scope};
use events::{DropReason, LocalDay};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Request, StatusCode};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use serve::body::read_capped;
use serve::clock::Clock;
use simulate::{Day, Traffic};
use tokio::time::Instant;

use super::tell;
use crate::cli::Installation;
use crate::commands::{control_plane, wait_for};
use crate::exit::Failure;

/// Items of a batch: as many as the endpoint takes.
const AT_ONCE: usize = 500;
/// A program that runs knows of a new site and key after a second.
const KNOWN_WITHIN: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(200);
/// An answer has a line for each item.
const LONGEST_ANSWER_BYTES: usize = 1 << 20;
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn run(installation: &Installation, traffic: &Traffic, url: &str) -> Result<(), Failure> {
    let control = control_plane(installation)?;
    let now = Clock::system().now();
    let today = LocalDay::at(now, &traffic.zone).map_err(Failure::usage)?;
    let day = traffic.day_until(today.date, now.as_second()).map_err(Failure::usage)?;
    let events_url = format!("{}/api/events", url.trim_end_matches('/'));
    if !url.starts_with("http://") {
        return Err(Failure::usage(anyhow!(
            "the endpoint is http://host:port, the program's public listener"
        )));
    }
    let key =
        control.create_api_key(Author::Console, &traffic.domain, Scope::Events).map_err(Failure::usage)?;
    let sent = wait_for(async {
        let door = Door {
            client: Client::builder(TokioExecutor::new()).build_http(),
            url: events_url,
            key: key.reveal(),
        };
        door.send_all(&day).await.map_err(Failure::unavailable)
    });
    revoke(&control, &key.key.prefix)?;
    sent?;
    tell(&day.local.date.to_string(), &day.account)
}

fn revoke(control: &ControlPlane, prefix: &str) -> Result<(), Failure> {
    control.revoke_api_key(Author::Console, prefix).map_err(Failure::unavailable)
}

struct Door {
    client: Client<HttpConnector, Full<Bytes>>,
    url: String,
    key: String,
}

impl Door {
    /// Sends what has happened of the day, and looks at what became of each item.
    async fn send_all(&self, day: &Day) -> anyhow::Result<()> {
        let (mut stored, mut robots) = (0, 0);
        let mut items = day.items().peekable();
        while items.peek().is_some() {
            let batch: Vec<Value> = items.by_ref().take(AT_ONCE).collect();
            for outcome in self.send(&batch).await? {
                match (outcome["outcome"].as_str(), outcome["reason"].as_str()) {
                    (Some("stored"), _) => stored += 1,
                    (Some("dropped"), Some(reason)) if reason == DropReason::Bot.code() => robots += 1,
                    _ => bail!("an item was not taken: {outcome}"),
                }
            }
        }
        ensure!(
            (stored, robots) == (day.account.rows, day.account.robots),
            "{stored} items were stored and {robots} dropped as a robot's, which are not the {} and {} that were sent",
            day.account.rows,
            day.account.robots
        );
        Ok(())
    }

    /// Sends a batch; the outcome of each item.
    async fn send(&self, batch: &[Value]) -> anyhow::Result<Vec<Value>> {
        let body = Bytes::from(serde_json::to_vec(batch)?);
        let deadline = Instant::now() + KNOWN_WITHIN;
        loop {
            let request = Request::post(&self.url)
                .header(AUTHORIZATION, format!("Bearer {}", self.key))
                .header(CONTENT_TYPE, "application/json")
                .body(Full::new(body.clone()))
                .context("the endpoint is no address")?;
            let answer = self.client.request(request).await.context("the endpoint does not answer")?;
            let status = answer.status();
            let answer = read_capped(answer.into_body(), LONGEST_ANSWER_BYTES, PATIENCE).await?;
            if status == StatusCode::OK {
                let Value::Array(items) = serde_json::from_slice::<Value>(&answer)?["items"].take() else {
                    bail!("the endpoint's answer has another form");
                };
                return Ok(items);
            }
            // Nothing of a batch that is refused as a whole was stored.
            let unknown_yet = status == StatusCode::UNAUTHORIZED && Instant::now() < deadline;
            ensure!(unknown_yet, "the endpoint answers {status}: {}", String::from_utf8_lossy(&answer));
            tokio::time::sleep(PAUSE).await;
        }
    }
}
