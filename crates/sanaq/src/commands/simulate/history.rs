//! Days that are over: written as a collector would have, and sealed.

use aggregator::{History, Sealer};
use anyhow::anyhow;
use events::drops::DropRow;
use events::row::UnixSeconds;
use events::{DropReason, LocalDay};
use jiff::civil::Date;
use jiff::{SignedDuration, Span, Timestamp};
use serve::clock::Clock;
use simulate::{Account, Day, Traffic};

use super::tell;
use crate::cli::Installation;
use crate::commands::{control_plane, seal, wait_for, with_clickhouse};
use crate::config::Config;
use crate::exit::Failure;

pub(super) fn run(installation: &Installation, traffic: &Traffic, days: u16) -> Result<(), Failure> {
    let config = Config::load(installation)?;
    let sites = control_plane(installation)?.site_list();
    // A seal takes every day that is due, real ones too: what the journal holds of these would come too late.
    let deliveries = seal::delivered(&config)?;
    let grace = SignedDuration::try_from(config.seal.grace).unwrap_or(SignedDuration::MAX);
    let now = Clock::system().now();
    let dates = dates(traffic, days, now, grace)?;
    wait_for(with_clickhouse(&config, async |owner| {
        let sealer = Sealer::new(owner.clone(), sites, deliveries, grace);
        let mut history = History::open(&owner).await.map_err(Failure::unavailable)?;
        let done = fill(&mut history, &sealer, traffic, &dates, now).await;
        let closed = history.close().await.map_err(Failure::unavailable);
        done.and(closed)
    }))
}

/// So many days, oldest first, of which the last may be sealed now.
fn dates(traffic: &Traffic, days: u16, now: Timestamp, grace: SignedDuration) -> Result<Vec<Date>, Failure> {
    let settled = now.checked_sub(grace).map_err(Failure::usage)?;
    let today = LocalDay::at(settled, &traffic.zone).map_err(Failure::usage)?.date;
    let before = |count: u16| today.checked_sub(Span::new().days(count)).map_err(Failure::usage);
    (1..=days).rev().map(before).collect()
}

async fn fill(
    history: &mut History,
    sealer: &Sealer,
    traffic: &Traffic,
    dates: &[Date],
    now: Timestamp,
) -> Result<(), Failure> {
    let held = history.held(traffic.site).await.map_err(Failure::unavailable)?;
    if let Some(taken) = dates.iter().find(|date| held.contains(date)) {
        return Err(Failure::usage(anyhow!(
            "{} has data of {taken} already, and a simulation writes over nothing",
            traffic.domain
        )));
    }
    let mut whole = Account::default();
    for date in dates {
        let day = traffic.day(*date).map_err(Failure::usage)?;
        write(history, traffic, &day).await?;
        let sealed = sealer.run_once(now).await.map_err(Failure::unavailable)?;
        // Others' events of the same day may have been due too.
        let ours = sealed.iter().find(|sealed| sealed.closes_at == day.local.closes_at);
        if ours.map_or(0, |sealed| sealed.events) < day.account.rows {
            return Err(Failure::unavailable(anyhow!("{date} was not sealed: does something else seal?")));
        }
        tell(&date.to_string(), &day.account)?;
        whole += day.account;
    }
    tell("in all", &whole)
}

async fn write(history: &mut History, traffic: &Traffic, day: &Day) -> Result<(), Failure> {
    let robots = DropRow {
        site: traffic.site,
        day: day.local.date,
        closes_at: UnixSeconds::new(day.local.closes_at),
        reason: DropReason::Bot,
        count: day.account.robots,
    };
    history.write(day.rows()).await.map_err(Failure::unavailable)?;
    history.write_drops(&[robots]).await.map_err(Failure::unavailable)
}
