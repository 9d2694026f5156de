//! How soon a beacon that was acknowledged stands on the dashboard: the real binary, asked again and again over its API.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use end_to_end::beacons::SITE;
use end_to_end::http;
use end_to_end::program::{Program, Running};
use serde_json::json;

use super::Options;
use super::tally::{Tally, Times};
use crate::report::say;

const AGENT: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);
/// Longest that one is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// Questions that a key may ask at once, with some to spare.
const QUESTIONS_OF_A_KEY: usize = 550;

pub(crate) fn measure(options: &Options, program: &Program, tally: &mut Tally) -> anyhow::Result<()> {
    let installation = program.install()?;
    // Two seconds of looks for each beacon, at most.
    let keys = (options.beacons * 100).div_ceil(QUESTIONS_OF_A_KEY);
    let keys: Vec<String> = (0..keys).map(|_| installation.add_key()).collect::<anyhow::Result<_>>()?;
    let running = installation.start()?;
    let mut viewer = Viewer { running: &running, keys, asked: 0 };
    let before = viewer.pageviews()?;
    let mut times = Times::default();
    for number in 0..options.beacons {
        send(&running, number)?;
        let acknowledged = Instant::now();
        let expected = before + number as u64 + 1;
        while viewer.pageviews()? < expected {
            ensure!(acknowledged.elapsed() < PATIENCE, "a beacon is not seen");
            thread::sleep(PAUSE);
        }
        times.add(acknowledged.elapsed());
        // Not in step with the program's own rhythm.
        thread::sleep(Duration::from_millis(7 * (number as u64 % 31)));
    }
    running.stop()?;
    say(&format!(
        "fresh     {} beacons, from the answer to the dashboard: p50 {:.0} ms, p95 {:.0} ms, at most {:.0} ms",
        options.beacons,
        times.p50(),
        times.p95(),
        times.quantile(1000)
    ));
    tally.at_most("acknowledged to visible, p95", times.p95(), "ms", 2000.0);
    Ok(())
}

fn send(running: &Running, number: usize) -> anyhow::Result<()> {
    let body = json!({ "n": "pageview", "u": format!("https://{SITE}/"), "d": SITE }).to_string();
    let headers = [
        ("user-agent", AGENT.to_owned()),
        ("content-type", "text/plain".to_owned()),
        ("x-forwarded-for", format!("198.51.{}.{}", 100 + number / 250, 1 + number % 250)),
    ];
    let reply = http::post(running.address(), "/api/event", &headers, &body)?;
    ensure!(reply.status == 202, "{}: {}", reply.status, reply.body);
    Ok(())
}

struct Viewer<'a> {
    running: &'a Running,
    keys: Vec<String>,
    asked: usize,
}

impl Viewer<'_> {
    fn pageviews(&mut self) -> anyhow::Result<u64> {
        let key = self.keys.get(self.asked / QUESTIONS_OF_A_KEY).context("every key has asked its share")?;
        self.asked += 1;
        let question = json!({ "site_id": SITE, "metrics": ["pageviews"], "date_range": "day" });
        let answer = self.running.query(key, &question)?;
        answer["results"][0]["metrics"][0].as_u64().context("an answer without a figure")
    }
}
