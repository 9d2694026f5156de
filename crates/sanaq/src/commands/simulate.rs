//! `sanaq simulate`: traffic that nobody caused, told apart from real traffic by the name of its site.

mod endpoint;
mod history;

use std::sync::Arc;

use anyhow::anyhow;
use dashboards::control::{Author, ControlError};
use events::Site;
use simulate::{Account, Traffic};

use super::{control_plane, print};
use crate::cli::Simulate;
use crate::exit::Failure;

/// Pages of a simulated site.
const PAGES: usize = 200;

/// Top-level domains that are kept free for ever (RFC 2606, RFC 6761): no site on the internet has such a name, so nobody who
/// reads it takes the figures for a real site's.
const NOBODYS: [&str; 4] = ["example", "test", "invalid", "localhost"];

pub(super) fn run(options: &Simulate) -> Result<(), Failure> {
    let site = site(options)?;
    let traffic = Traffic {
        site: site.id,
        domain: site.domain.clone(),
        zone: site.zone.clone(),
        seed: options.seed,
        rows_per_day: options.events_per_day,
        pages: PAGES,
    };
    match &options.endpoint {
        Some(url) => endpoint::run(&options.installation, &traffic, url),
        None => history::run(&options.installation, &traffic, options.days),
    }
}

/// The site, registered if it isn't yet; none but one of nobody's.
fn site(options: &Simulate) -> Result<Arc<Site>, Failure> {
    let last = options.site.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    if !NOBODYS.contains(&last.to_ascii_lowercase().as_str()) {
        return Err(Failure::usage(anyhow!(
            "a simulated site has a name that no real site has: below .{}",
            NOBODYS.join(", .")
        )));
    }
    let control = control_plane(&options.installation)?;
    let record = match control.site(&options.site) {
        Err(ControlError::UnknownSite) => {
            control.add_site(Author::Console, &options.site, &options.timezone).map_err(Failure::usage)?
        }
        found => found.map_err(Failure::usage)?,
    };
    let listed = control.site_list().by_domain(&record.domain);
    listed.ok_or_else(|| Failure::unavailable(anyhow!("{} was removed meanwhile", record.domain)))
}

/// A line about what was made up: the dashboard of those days must say the same.
fn tell(of: &str, account: &Account) -> Result<(), Failure> {
    let Account { rows, visitors, visits, pageviews, events, robots, .. } = account;
    print(&format!(
        "{of}\t{visitors} visitors\t{visits} visits\t{pageviews} pageviews\t{events} events\t{rows} rows\t{robots} of robots"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Installation;

    #[test]
    fn a_name_that_a_real_site_can_have_is_refused() {
        let directory = std::env::temp_dir().join("sanaq-simulate-never-made");
        for site in ["example.kz", "example.com", "test.org", "kz", ""] {
            let options = Simulate {
                installation: Installation { data: Some(directory.clone()), ..Installation::default() },
                site: site.into(),
                days: 1,
                events_per_day: 1,
                seed: 1,
                timezone: "Asia/Almaty".into(),
                endpoint: None,
            };
            let refused = run(&options).unwrap_err();
            assert!(refused.error.to_string().contains("no real site has"), "{site}");
        }
        assert!(!directory.exists(), "nothing was made");
    }
}
