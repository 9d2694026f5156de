//! A year of sealed days of a large site among small ones, and its dashboard.

use aggregator::{History, Question};
use anyhow::ensure;
use end_to_end::program::Program;
use jiff::Span;
use jiff::civil::Date;
use serde_json::{Value, json};
use simulate::{Account, Traffic};
use std::time::Instant;

use super::board::{self, Loads, Panels};
use super::scene::{Ground, Scene, twelve_months};
use super::tally::Tally;
use super::{Options, Part, peer};
use crate::report::say;

/// Days that are made and sealed; the others repeat them. Whole weeks, so that the rhythm goes on.
const MADE_DAYS: i64 = 28;

/// A database that holds a year.
pub(crate) struct Year {
    pub(crate) scene: Scene,
    pub(crate) first: Date,
    pub(crate) days: i64,
}

pub(crate) async fn measure(
    options: &Options,
    program: &Program,
    seed: u64,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let ground = Ground::start(program).await?;
    let year = Year::build(&ground, "year", options.events, options.small_sites, seed).await?;
    let plain = panels(&json!([]))?;
    let filters = json!([["is", "visit:country", ["KZ"]], ["is", "visit:device", ["Mobile"]]]);
    let filtered = panels(&filters)?;

    say(&format!("year      12 months of the large site, {} loads, unfiltered", options.loads));
    let ours = board::measure(&year.scene.answers, &plain, options.loads).await?;
    ours.tell("year");
    tally.at_most("all panels of 12 months, p95", ours.all.p95(), "ms", 100.0);
    for (name, times) in &ours.single {
        tally.at_most(&format!("unfiltered panel '{name}', p95"), times.p95(), "ms", 10.0);
    }
    say("filtered  the same, filtered by country and device");
    let ours_filtered = board::measure(&year.scene.answers, &filtered, options.loads.div_ceil(4)).await?;
    ours_filtered.tell("filtered");

    if options.asks(Part::Peer) {
        peer::measure(&year, options, [&ours, &ours_filtered], tally).await?;
    }
    if options.asks(Part::Growth) {
        let tenth = Year::build(&ground, "tenth", options.events / 10, options.small_sites, seed).await?;
        growth(&year, &tenth, &plain, options.loads, tally).await?;
    }
    ground.stop().await;
    Ok(())
}

/// Both in turns: the machine's own speed changes from minute to minute.
async fn growth(
    year: &Year,
    tenth: &Year,
    panels: &Panels,
    loads: usize,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let (mut large, mut small) = (Loads::of(panels), Loads::of(panels));
    for at in 0..loads + 3 {
        if at == 3 {
            (large, small) = (Loads::of(panels), Loads::of(panels));
        }
        large.add(&year.scene.answers, panels).await?;
        small.add(&tenth.scene.answers, panels).await?;
    }
    large.tell("all");
    small.tell("a tenth");
    tally.at_most("ten times the data, all panels, p50", large.all.p50() / small.all.p50(), "×", 1.3);
    for ((name, large), (_, small)) in large.single.iter().zip(&small.single) {
        tally.at_most(
            &format!("ten times the data, panel '{name}', p50"),
            large.p50() / small.p50(),
            "×",
            1.3,
        );
    }
    Ok(())
}

fn panels(filters: &Value) -> anyhow::Result<Panels> {
    board::panels("1.example", &json!("12mo"), "time:day", filters)
}

impl Year {
    async fn build(
        ground: &Ground,
        name: &str,
        events: u64,
        small_sites: u32,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let begun = Instant::now();
        let scene = ground.scene(name, small_sites + 1).await?;
        let (first, days) = twelve_months(&scene.zone)?;
        let year = Self { scene, first, days };
        let made = year.make(events, small_sites, seed).await?;
        year.repeat().await?;
        year.scene.merge(&["stats_daily", "stats_hourly"]).await?;
        year.scene.settle().await?;
        year.must_be(&made).await?;
        let count = async |table: &str| {
            year.scene
                .number(&format!(
                    "SELECT sum(rows) FROM system.parts WHERE database = '{name}' AND table = '{table}' AND active"
                ))
                .await
        };
        say(&format!(
            "{name:<9} {} hits, {} visits, {} daily statistics of {} sites over {days} days, in {:.0} s",
            count("hits").await?,
            count("visits").await?,
            count("stats_daily").await?,
            small_sites + 1,
            begun.elapsed().as_secs_f64()
        ));
        Ok(year)
    }

    /// Makes and seals the first weeks; what the large site's days must count for.
    async fn make(&self, events: u64, small_sites: u32, seed: u64) -> anyhow::Result<Vec<Account>> {
        let days = u64::try_from(self.days)?;
        let large = events / 2 / days;
        let small = events / 2 / days / u64::from(small_sites.max(1));
        let traffics: Vec<Traffic> = (1..=small_sites + 1)
            .map(|site| self.scene.traffic(site, seed, if site == 1 { large } else { small }))
            .collect();
        let mut history = History::open(&self.scene.access).await?;
        let (mut made, mut rows, begun) = (Vec::new(), 0, Instant::now());
        for at in 0..MADE_DAYS {
            let date = self.first.checked_add(Span::new().days(at))?;
            let accounts = self.scene.write(&mut history, date, &traffics).await?;
            let written = accounts.iter().map(|account| account.rows).sum();
            self.scene.seal(date, written).await?;
            rows += written;
            made.extend(accounts.first());
        }
        history.close().await?;
        say(&format!(
            "          {rows} events of {MADE_DAYS} days made and sealed in {:.0} s",
            begun.elapsed().as_secs_f64()
        ));
        Ok(made)
    }

    /// Copies the first weeks over the rest of the year, in every table of sealed days.
    async fn repeat(&self) -> anyhow::Result<()> {
        let tables: Vec<String> = self
            .scene
            .rows(
                "SELECT table FROM system.columns
                 WHERE database = currentDatabase() AND table NOT IN ('events', 'open_stats', 'erased_tags', 'drops')
                 GROUP BY table HAVING countIf(name = 'day') > 0 AND countIf(name = 'closes_at') > 0 ORDER BY table",
            )
            .await?;
        let (first, made_until) = (self.first, self.first.checked_add(Span::new().days(MADE_DAYS))?);
        let end = self.first.checked_add(Span::new().days(self.days))?;
        for shift in (MADE_DAYS..self.days).step_by(usize::try_from(MADE_DAYS)?) {
            for table in &tables {
                let copy = format!(
                    "INSERT INTO {table} SELECT * REPLACE (toDate(day + {shift}) AS day, closes_at + toIntervalDay({shift}) AS closes_at)
                     FROM {table} AS made
                     WHERE made.day >= '{first}' AND made.day < '{made_until}' AND made.day + {shift} < '{end}'"
                );
                self.scene.execute(&copy).await?;
            }
        }
        Ok(())
    }

    /// The dashboard must say what was made up, or the rest is worth nothing.
    async fn must_be(&self, made: &[Account]) -> anyhow::Result<()> {
        let whole: Account = made.iter().cycle().take(usize::try_from(self.days)?).copied().sum();
        let question = json!({
            "site_id": "1.example", "date_range": "12mo", "metrics": ["visitors", "visits", "pageviews", "events"],
        });
        let answer = self.scene.answers.answer(&Question::from_json(&question)?).await?;
        let said = serde_json::to_value(&answer)?["results"][0]["metrics"].take();
        let expected = json!([whole.visitors, whole.visits, whole.pageviews, whole.events]);
        ensure!(said == expected, "the dashboard says {said} of what was made up as {expected}");
        Ok(())
    }
}
