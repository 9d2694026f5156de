//! `sanaq key …`

use dashboards::control::{Author, Scope};

use super::{control_plane, print};
use crate::cli;
use crate::exit::Failure;

pub(super) fn run(command: cli::Key) -> Result<(), Failure> {
    match command {
        cli::Key::Add { installation, site, scope } => {
            let scope = match scope {
                cli::Scope::Stats => Scope::Stats,
                cli::Scope::Events => Scope::Events,
                cli::Scope::Sites => Scope::Sites,
            };
            let control = control_plane(&installation)?;
            let key = control.create_api_key(Author::Console, &site, scope).map_err(Failure::usage)?;
            print(&key.reveal())
        }
        cli::Key::List { installation } => {
            let keys = control_plane(&installation)?.list_api_keys().map_err(Failure::unavailable)?;
            keys.iter().try_for_each(|key| {
                let state = if key.revoked_at.is_some() { "revoked" } else { "live" };
                print(&format!(
                    "{}\t{}\t{}\t{state}",
                    key.prefix,
                    key.domain.as_deref().unwrap_or("*"),
                    key.scope
                ))
            })
        }
        cli::Key::Revoke { installation, prefix } => {
            let control = control_plane(&installation)?;
            control.revoke_api_key(Author::Console, &prefix).map_err(Failure::usage)
        }
    }
}
