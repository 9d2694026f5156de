//! One load of a dashboard: the questions that the interface asks as one batch (`dashboards/web/src/questions.ts`), all at once,
//! each answered and written as JSON. The series of a year is asked by day, the finest there is; by itself the interface takes months.

use std::time::{Duration, Instant};

use aggregator::{Answers, Question};
use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
use serde_json::{Value, json};

use super::tally::Times;
use crate::report::say;

/// One panel's name and question.
pub(crate) struct Panel {
    pub(crate) name: &'static str,
    pub(crate) question: Question,
}

/// Rows of a list before it is unfolded.
pub(crate) const SHORT_LIST: u32 = 9;

/// The panels of a site over a range, in the interface's order.
pub(crate) fn panels(domain: &str, range: &Value, time: &str, filters: &Value) -> anyhow::Result<Vec<Panel>> {
    let metrics = ["visitors", "visits", "pageviews", "bounce_rate", "visit_duration", "engaged_time"];
    let base = |mut more: Value| {
        more["site_id"] = json!(domain);
        more["date_range"] = range.clone();
        more["filters"] = filters.clone();
        more
    };
    let list = |dimension: &str| {
        json!({ "metrics": ["visitors"], "dimensions": [dimension], "pagination": { "limit": SHORT_LIST },
                "include": { "total_rows": true } })
    };
    let mut all = metrics.to_vec();
    all.push("events");
    let questions = [
        ("totals", json!({ "metrics": all, "include": { "shares": true } })),
        ("by day", json!({ "metrics": metrics, "dimensions": [time], "include": { "time_labels": true } })),
        ("pages", list("event:page")),
        ("sources", list("visit:source")),
        ("countries", list("visit:country")),
        ("devices", list("visit:device")),
    ];
    let panel = |(name, question)| {
        let question = Question::from_json(&base(question)).context("a question of the interface")?;
        Ok(Panel { name, question })
    };
    questions.into_iter().map(panel).collect()
}

/// How long loads took, and each panel asked by itself.
pub(crate) struct Loads {
    pub(crate) all: Times,
    pub(crate) single: Vec<(&'static str, Times)>,
}

impl Loads {
    pub(crate) fn of(panels: &[Panel]) -> Self {
        let single = panels.iter().map(|panel| (panel.name, Times::default())).collect();
        Self { all: Times::default(), single }
    }

    /// One load, and one of each panel by itself.
    pub(crate) async fn add(&mut self, answers: &Answers, panels: &[Panel]) -> anyhow::Result<()> {
        self.all.add(load(answers, panels).await?);
        for (panel, (_, times)) in panels.iter().zip(&mut self.single) {
            let begun = Instant::now();
            answer(answers, panel).await?;
            times.add(begun.elapsed());
        }
        Ok(())
    }

    /// Prints medians and 95th percentiles.
    pub(crate) fn tell(&self, of: &str) {
        say(&format!(
            "{of:<9} all panels at once: p50 {:.1} ms, p95 {:.1} ms",
            self.all.p50(),
            self.all.p95()
        ));
        for (name, times) in &self.single {
            say(&format!("          {name:<10} alone: p50 {:.1} ms, p95 {:.1} ms", times.p50(), times.p95()));
        }
    }
}

/// Loads measured, after some that warm the caches.
pub(crate) async fn measure(answers: &Answers, panels: &[Panel], loads: usize) -> anyhow::Result<Loads> {
    let begun = Instant::now();
    load(answers, panels).await?;
    say(&format!(
        "          the first load, with cold caches: {:.1} ms",
        begun.elapsed().as_secs_f64() * 1e3
    ));
    for _ in 0..2 {
        load(answers, panels).await?;
    }
    let mut measured = Loads::of(panels);
    for _ in 0..loads {
        measured.add(answers, panels).await?;
    }
    Ok(measured)
}

/// All panels at once.
pub(crate) async fn load(answers: &Answers, panels: &[Panel]) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    try_join_all(panels.iter().map(|panel| answer(answers, panel))).await?;
    Ok(begun.elapsed())
}

async fn answer(answers: &Answers, panel: &Panel) -> anyhow::Result<()> {
    let answer = answers.answer(&panel.question).await.context(panel.name)?;
    let text = serde_json::to_vec(&answer)?;
    ensure!(!text.is_empty(), "{}: no answer", panel.name);
    Ok(())
}
