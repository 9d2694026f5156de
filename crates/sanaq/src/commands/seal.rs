//! `sanaq seal`

use std::io::ErrorKind;

use aggregator::Sealer;
use anyhow::anyhow;
use collector::journal::inspect::inspect;
use events::Deliveries;
use events::delivery::NothingOutstanding;
use jiff::SignedDuration;
use serve::clock::Clock;
use std::sync::Arc;

use super::{control_plane, print, wait_for, with_clickhouse};
use crate::cli::Installation;
use crate::config::Config;
use crate::exit::Failure;

pub(super) fn run(installation: &Installation) -> Result<(), Failure> {
    let config = Config::load(installation)?;
    let sites = control_plane(installation)?.site_list();
    let deliveries = delivered(&config)?;
    let grace = SignedDuration::try_from(config.seal.grace).unwrap_or(SignedDuration::MAX);
    wait_for(with_clickhouse(&config, async |owner| {
        let sealer = Sealer::new(owner, sites, deliveries, grace);
        let days = sealer.run_once(Clock::system().now()).await.map_err(Failure::unavailable)?;
        for day in &days {
            let end = jiff::Timestamp::from_second(day.closes_at).map_err(Failure::unavailable)?;
            print(&format!("{end}\t{} sites\t{} events\trevision {}", day.sites, day.events, day.revision))?;
        }
        if days.is_empty() { print("nothing is due") } else { Ok(()) }
    }))
}

/// What the journal holds would be lost to the seal and become an addendum: `serve` delivers it first.
pub(super) fn delivered(config: &Config) -> Result<Arc<dyn Deliveries>, Failure> {
    let directory = config.data.directory.join("journal");
    let held = match inspect(&directory) {
        Ok(segments) => {
            segments.iter().any(|segment| segment.rows > 0 || segment.lost_rows > 0 || !segment.is_ours())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => return Err(Failure::unavailable(error)),
    };
    if held {
        return Err(Failure::unavailable(anyhow!(
            "the journal holds rows that ClickHouse does not have: run `sanaq serve`, which delivers them and then seals"
        )));
    }
    Ok(Arc::new(NothingOutstanding))
}
