//! `sanaq user …`

use dashboards::control::{Author, Role};

use super::{control_plane, print, read_password};
use crate::cli;
use crate::exit::Failure;

pub(super) fn run(command: cli::User) -> Result<(), Failure> {
    match command {
        cli::User::Add { installation, email, role } => {
            let control = control_plane(&installation)?;
            let password = read_password()?;
            let role = role_of(role);
            let user = control.add_user(Author::Console, &email, &password, role).map_err(Failure::usage)?;
            print(&format!("{}\t{}", user.email, role))
        }
        cli::User::List { installation } => {
            let users = control_plane(&installation)?.list_users().map_err(Failure::unavailable)?;
            users.iter().try_for_each(|user| {
                let role = user.role.map_or("-", Role::code);
                print(&format!("{}\t{role}", user.email))
            })
        }
        cli::User::Passwd { installation, email } => {
            let control = control_plane(&installation)?;
            let password = read_password()?;
            control.set_password(Author::Console, &email, &password).map_err(Failure::usage)
        }
    }
}

fn role_of(role: cli::Role) -> Role {
    match role {
        cli::Role::Owner => Role::Owner,
        cli::Role::Admin => Role::Admin,
        cli::Role::Editor => Role::Editor,
        cli::Role::Viewer => Role::Viewer,
    }
}
