//! One load of a dashboard: the questions that the interface asks as one batch (`dashboards/web/src/questions.ts`), all at once,
//! each answered and written as JSON. The series of a year is asked by day, the finest there is; by itself the interface takes months.

use std::time::{Duration, Instant};

use aggregator::suppress::Audience;
use aggregator::{Answers, Question};
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::tally::Times;
use crate::report::say;

/// The panels' questions, and their names in the same order.
pub(crate) struct Panels {
    names: Vec<&'static str>,
    questions: Vec<Question>,
}

/// Rows of a list before it is unfolded.
pub(crate) const SHORT_LIST: u32 = 9;

/// The panels of a site over a range, in the interface's order.
pub(crate) fn panels(domain: &str, range: &Value, time: &str, filters: &Value) -> anyhow::Result<Panels> {
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
    let names = questions.iter().map(|(name, _)| *name).collect();
    let read = |(_, question)| Question::from_json(&base(question)).context("a question of the interface");
    Ok(Panels { names, questions: questions.into_iter().map(read).collect::<anyhow::Result<_>>()? })
}

/// How long loads took, and each panel asked by itself.
pub(crate) struct Loads {
    pub(crate) all: Times,
    pub(crate) single: Vec<(&'static str, Times)>,
}

impl Loads {
    pub(crate) fn of(panels: &Panels) -> Self {
        let single = panels.names.iter().map(|name| (*name, Times::default())).collect();
        Self { all: Times::default(), single }
    }

    /// One load, and one of each panel by itself.
    pub(crate) async fn add(&mut self, answers: &Answers, panels: &Panels) -> anyhow::Result<()> {
        self.all.add(load(answers, &panels.questions).await?);
        for (question, (_, times)) in panels.questions.iter().zip(&mut self.single) {
            times.add(load(answers, std::slice::from_ref(question)).await?);
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
pub(crate) async fn measure(answers: &Answers, panels: &Panels, loads: usize) -> anyhow::Result<Loads> {
    let cold = load(answers, &panels.questions).await?;
    say(&format!("          the first load, with cold caches: {:.1} ms", cold.as_secs_f64() * 1e3));
    for _ in 0..2 {
        load(answers, &panels.questions).await?;
    }
    let mut measured = Loads::of(panels);
    for _ in 0..loads {
        measured.add(answers, panels).await?;
    }
    Ok(measured)
}

/// A batch of questions, as the staff server answers it.
async fn load(answers: &Answers, questions: &[Question]) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    for answer in answers.answer_all(questions, Audience::Staff).await {
        let text = serde_json::to_vec(&answer.context("a question of the interface")?)?;
        ensure!(!text.is_empty(), "no answer");
    }
    Ok(begun.elapsed())
}
