//! `sanaq retention …`

use std::collections::HashMap;
use std::sync::Arc;

use aggregator::{Keep, Retention};
use events::SiteList;
use jiff::tz::TimeZone;
use serve::access::ClickHouseAccess;
use serve::clock::Clock;

use super::{control_plane, print, wait_for, with_clickhouse};
use crate::cli;
use crate::config::Config;
use crate::config::sections;
use crate::exit::Failure;

pub(super) fn run(command: cli::Retention) -> Result<(), Failure> {
    let cli::Retention::Plan { installation, until } = command;
    let config = Config::load(&installation)?;
    let sites = control_plane(&installation)?.site_list();
    let until = until.unwrap_or_else(|| Clock::system().now().to_zoned(TimeZone::UTC).date());
    wait_for(with_clickhouse(&config, async |owner| {
        let retention = retention(&owner, sites, &config.retention);
        let plan = retention.plan(until).await.map_err(Failure::unavailable)?;
        for going in &plan {
            let sites: Vec<_> = going.sites.iter().map(ToString::to_string).collect();
            let of =
                if sites.is_empty() { "all sites".to_owned() } else { format!("sites {}", sites.join(", ")) };
            let [first, last] = going.days;
            print(&format!("{}\t{}\t{first}..{last}\t{} rows\t{of}", going.on, going.table, going.rows))?;
        }
        if plan.is_empty() { print("nothing goes") } else { Ok(()) }
    }))
}

/// Retention as configured.
pub(crate) fn retention(
    owner: &ClickHouseAccess,
    sites: Arc<SiteList>,
    configured: &sections::Retention,
) -> Retention {
    let exceptions = configured.exceptions.iter().map(|of| (of.domain.clone(), of.keep));
    Retention::new(owner, sites, configured.everywhere, exceptions.collect::<HashMap<String, Keep>>())
}
