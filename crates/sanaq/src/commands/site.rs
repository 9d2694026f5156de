//! `sanaq site …`

use dashboards::control::Author;

use super::{control_plane, print};
use crate::cli::Site;
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
        Site::Remove { installation, domain } => {
            let control = control_plane(&installation)?;
            control.remove_site(Author::Console, &domain).map_err(Failure::usage)?;
            Ok(())
        }
    }
}
