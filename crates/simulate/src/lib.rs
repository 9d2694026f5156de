//! Days of traffic that nobody caused, from a seed.
//!
//! A [`Traffic`] makes the [`Day`]s of one site: a daily and a weekly rhythm, pages by Zipf, sources, devices and countries of a
//! site in Kazakhstan, visits of several pages with engagement and goals, people who come back on the same day, people who
//! opted out, and robots. A day gives the rows that a collector would have stored ([`Day::rows`]), or the items of the batch
//! endpoint that make a collector store them ([`Day::items`]), and an [`Account`] that is kept while the visits are made up,
//! not counted from the rows: what a dashboard shows must equal it to the last integer.
//!
//! The same seed, site and date give the same day. Nothing here reads a clock, a file or a socket.
//!
//! | module | what it owns |
//! |---|---|
//! | `world` | places, devices, sources, goals, pages |
//! | `rhythm` | the week and the day |
//! | `plan` | people and their visits |
//! | `row`, `item` | a moment of a visit as a stored row, as a beacon |

mod item;
mod plan;
mod random;
mod rhythm;
mod row;
mod world;

use std::iter::Sum;
use std::ops::AddAssign;

use events::{EventRow, LocalDay, SiteId};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use plan::Plan;

/// Which collector the rows are of: no real one has this number.
pub const COLLECTOR: u16 = u16::MAX;

/// The traffic of one site.
#[derive(Clone, Debug)]
pub struct Traffic {
    /// Number of the site.
    pub site: SiteId,
    /// Its domain, which is also the host of every page.
    pub domain: String,
    /// The zone its days end in.
    pub zone: TimeZone,
    /// What the same days follow from.
    pub seed: u64,
    /// Rows of a mean day: page views, reports of engagement and vitals, and custom events. Robots come on top.
    pub rows_per_day: u64,
    /// Pages of the site; 501 at most.
    pub pages: usize,
}

/// One day of it.
pub struct Day {
    /// Which.
    pub local: LocalDay,
    /// What was made up.
    pub account: Account,
    site: SiteId,
    domain: String,
    paths: Vec<String>,
    plan: Plan,
    /// Places of the moments in the plan, in order of arrival.
    order: Vec<(usize, usize)>,
}

/// What a day, or several, must count for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Rows that a collector stores.
    pub rows: u64,
    /// People who did not opt out, by day.
    pub visitors: u64,
    /// Their visits.
    pub visits: u64,
    /// Page views, opt-outs included.
    pub pageviews: u64,
    /// Page views and custom events, opt-outs included.
    pub events: u64,
    /// Visits with one page view, no interactive event and under 10 s engaged.
    pub bounces: u64,
    /// Sum of the visits' durations.
    pub duration_s: u64,
    /// Sum of the engaged times.
    pub engaged_ms: u64,
    /// Page views of people who opted out.
    pub opted_out_pageviews: u64,
    /// Page views and custom events of people who opted out.
    pub opted_out_events: u64,
    /// Page views of robots, which no collector stores.
    pub robots: u64,
}

impl Traffic {
    /// The day of this date.
    ///
    /// # Errors
    /// Outside the calendar.
    pub fn day(&self, date: Date) -> Result<Day, jiff::Error> {
        self.day_until(date, i64::MAX)
    }

    /// What of that day has happened before `until` (Unix seconds): the same moments, no others.
    ///
    /// # Errors
    /// Outside the calendar.
    pub fn day_until(&self, date: Date, until: i64) -> Result<Day, jiff::Error> {
        let local = LocalDay::of(date, &self.zone)?;
        let pages = self.pages.clamp(1, world::MOST_PAGES);
        let (plan, account) = Plan::of(self, &local, pages, until);
        let order = plan.order();
        Ok(Day {
            local,
            account,
            site: self.site,
            domain: self.domain.clone(),
            paths: (0..pages).map(world::path).collect(),
            plan,
            order,
        })
    }
}

impl Day {
    /// The rows that a collector would have stored, in order of arrival.
    pub fn rows(&self) -> impl Iterator<Item = EventRow> {
        self.moments().filter_map(|moment| row::of(self, &moment))
    }

    /// Items of `POST /api/events` that say the same, robots included, in order of arrival.
    pub fn items(&self) -> impl Iterator<Item = Value> {
        self.moments().map(|moment| item::of(self, &moment))
    }

    fn moments(&self) -> impl Iterator<Item = plan::Seen<'_>> {
        self.order.iter().map(|(visit, moment)| self.plan.seen(*visit, *moment))
    }
}

impl AddAssign for Account {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.visitors += other.visitors;
        self.visits += other.visits;
        self.pageviews += other.pageviews;
        self.events += other.events;
        self.bounces += other.bounces;
        self.duration_s += other.duration_s;
        self.engaged_ms += other.engaged_ms;
        self.opted_out_pageviews += other.opted_out_pageviews;
        self.opted_out_events += other.opted_out_events;
        self.robots += other.robots;
    }
}

impl Sum for Account {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        let mut sum = Self::default();
        for one in all {
            sum += one;
        }
        sum
    }
}

#[cfg(test)]
mod tests;
