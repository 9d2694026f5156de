//! `sanaq site …`

use dashboards::control::{Author, SiteRecord};
use events::{OptOutMode, SiteRules};
use serde_json::json;

use super::{control_plane, print};
use crate::cli::{OptOut, Rules, Site};
use crate::exit::Failure;

pub(super) fn run(command: Site) -> Result<(), Failure> {
    match command {
        Site::Add { installation, domain, timezone } => {
            let control = control_plane(&installation)?;
            let site = control.add_site(Author::Console, &domain, &timezone).map_err(Failure::usage)?;
            print(&format!("{}\t{}", site.domain, site.timezone))
        }
        Site::List { installation } => {
            let sites = control_plane(&installation)?.list_sites().map_err(Failure::unavailable)?;
            sites.iter().try_for_each(|site| print(&format!("{}\t{}", site.domain, site.timezone)))
        }
        Site::Show { installation, domain } => {
            let site = control_plane(&installation)?.site(&domain).map_err(Failure::usage)?;
            print(&shown(&site))
        }
        Site::Set { installation, domain, opt_out, rules } => {
            let control = control_plane(&installation)?;
            let mut wanted = control.site(&domain).map_err(Failure::usage)?.rules;
            put(rules.clone(), &mut wanted);
            // Blank entries only clear a list.
            let addresses: Vec<&str> = wanted
                .shield_addresses
                .iter()
                .map(|entry| entry.trim())
                .filter(|entry| !entry.is_empty())
                .collect();
            collector::address::Networks::parse(&addresses).map_err(|errors| {
                let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
                Failure::usage(anyhow::anyhow!(errors.join("; ")))
            })?;
            if let Some(mode) = opt_out {
                control.set_opt_out(Author::Console, &domain, mode.into()).map_err(Failure::usage)?;
            }
            let site = control
                .change_rules(Author::Console, &domain, |now| put(rules, now))
                .map_err(Failure::usage)?;
            print(&shown(&site))
        }
        Site::Remove { installation, domain } => {
            let control = control_plane(&installation)?;
            control.remove_site(Author::Console, &domain).map_err(Failure::usage)?;
            Ok(())
        }
    }
}

impl From<OptOut> for OptOutMode {
    fn from(given: OptOut) -> Self {
        match given {
            OptOut::Tally => Self::Tally,
            OptOut::Drop => Self::Drop,
            OptOut::Ignore => Self::Ignore,
        }
    }
}

/// Puts what was given over what is there.
fn put(given: Rules, rules: &mut SiteRules) {
    for (given, list) in [
        (given.allow_host, &mut rules.allow_hosts),
        (given.shield_address, &mut rules.shield_addresses),
        (given.shield_country, &mut rules.shield_countries),
        (given.shield_page, &mut rules.shield_pages),
        (given.shield_host, &mut rules.shield_hosts),
        (given.keep_param, &mut rules.keep_params),
        (given.allow_prop, &mut rules.allow_props),
    ] {
        if let Some(given) = given {
            *list = given;
        }
    }
    if let Some(id) = given.umami_id {
        rules.umami_id = Some(id);
    }
}

fn shown(site: &SiteRecord) -> String {
    let rules = &site.rules;
    json!({
        "opt_out": site.opt_out.name(),
        "allow_host": rules.allow_hosts,
        "shield_address": rules.shield_addresses,
        "shield_country": rules.shield_countries,
        "shield_page": rules.shield_pages,
        "shield_host": rules.shield_hosts,
        "keep_param": rules.keep_params,
        "allow_prop": rules.allow_props,
        "umami_id": rules.umami_id,
    })
    .to_string()
}
