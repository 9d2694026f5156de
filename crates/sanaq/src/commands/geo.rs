//! `sanaq geo …`

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serve::clock::Clock;

use super::tell;
use crate::cli::Geo;
use crate::config::Config;
use crate::exit::Failure;

pub(super) fn run(command: Geo) -> Result<(), Failure> {
    let Geo::Build { installation, from, if_changed } = command;
    let (v4, v6) = (from.join("geoip"), from.join("geoip6"));
    let config = Config::load(&installation)?;
    config.make_data_directory()?;
    let target = config.default_country_database();
    if if_changed {
        if !v4.exists() || !v6.exists() {
            tell("sanaq: no address ranges here: the browser's time zone decides the country");
            return Ok(());
        }
        if is_newer(&target, &v4) && is_newer(&target, &v6) {
            return Ok(());
        }
    }
    tell("sanaq: building the country database from address ranges (CC BY-SA 4.0, IPFire via Tor)");
    let database =
        collector::geo::build::from_ranges(&v4, &v6, Clock::system().now()).map_err(Failure::usage)?;
    // Written beside it and renamed, so that a running collector never opens half a file.
    let fresh = target.with_extension("mmdb.new");
    fs::write(&fresh, database)
        .and_then(|()| fs::rename(&fresh, &target))
        .with_context(|| format!("can't write {}", target.display()))
        .map_err(Failure::unavailable)
}

fn is_newer(target: &Path, source: &Path) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    matches!((modified(target), modified(source)), (Some(target), Some(source)) if target >= source)
}
