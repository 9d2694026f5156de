//! The users of the embedded ClickHouse: their passwords and their rights.
//!
//! `default` is the user of the child's own inner session. It has no password (one would stop the start) and answers to
//! anyone on this machine, so it may do nothing but open the listener and sleep: it sees no database, reads no file, and a quota
//! of exactly the two queries of the start refuses what comes over HTTP. Only constant expressions escape the quota
//! (`SELECT 1`); a small memory limit that it can't lift bounds those.

use std::fmt;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Who may talk to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// Owns the database: schema, seals, retention.
    Owner,
    /// Inserts into `events` and `drops`, and sees those tables' columns. Of the rows it sees which numbers are there, no more.
    Collector,
    /// Reads the database.
    Dashboards,
}

impl User {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Owner, Self::Collector, Self::Dashboards];

    /// The name to sign in with.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Collector => "collector",
            Self::Dashboards => "dashboards",
        }
    }

    fn grants(self, database: &str) -> Vec<String> {
        match self {
            // `TABLE ENGINE` and `system.*` have no narrower form; the latter shows parts, settings and processes.
            Self::Owner => vec![
                format!("GRANT ALL ON {database}.*"),
                "GRANT TABLE ENGINE ON *".into(),
                "GRANT SELECT ON system.*".into(),
                "GRANT CREATE TEMPORARY TABLE ON *.*".into(),
            ],
            Self::Collector => vec![
                format!("GRANT INSERT ON {database}.events"),
                format!("GRANT SHOW COLUMNS ON {database}.events"),
                // Before a batch that is refused is divided: whether an earlier try has brought it in after all.
                format!("GRANT SELECT(collector, sequence) ON {database}.events"),
                format!("GRANT INSERT ON {database}.drops"),
                format!("GRANT SHOW COLUMNS ON {database}.drops"),
            ],
            Self::Dashboards => vec![format!("GRANT SELECT ON {database}.*")],
        }
    }
}

/// Name of the user that ends the child's sleeping query: the supervisor's own.
pub(crate) const KEEPER: &str = "keeper";

const EVERYTHING: &str = "GRANT ALL ON *.* WITH GRANT OPTION";

/// A password for each user, made at each start.
pub(crate) struct Passwords {
    users: [String; User::ALL.len()],
    keeper: String,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Passwords {
    pub(crate) fn generate() -> Self {
        Self { users: std::array::from_fn(|_| random()), keeper: random() }
    }

    pub(crate) fn of(&self, user: User) -> &str {
        match user {
            User::Owner => &self.users[0],
            User::Collector => &self.users[1],
            User::Dashboards => &self.users[2],
        }
    }

    pub(crate) fn keeper(&self) -> &str {
        &self.keeper
    }
}

/// The users' part of the configuration, in ClickHouse's XML.
pub(crate) fn render(passwords: &Passwords, database: &str, all_rights: bool) -> String {
    let mut users = String::new();
    let start = ["GRANT SYSTEM LISTEN ON *.*", "GRANT CREATE TEMPORARY TABLE ON *.*"];
    user(&mut users, "default", "<password></password>", "inner", "inner", &start);
    for who in User::ALL {
        let grants = if all_rights { vec![EVERYTHING.to_owned()] } else { who.grants(database) };
        user(&mut users, who.name(), &hashed(passwords.of(who)), "default", "default", &grants);
    }
    let keeper = ["GRANT KILL QUERY ON *.*", "GRANT SELECT ON system.processes"];
    user(&mut users, KEEPER, &hashed(passwords.keeper()), "default", "default", &keeper);
    users
}

fn user(
    out: &mut String,
    name: &str,
    password: &str,
    profile: &str,
    quota: &str,
    grants: &[impl AsRef<str>],
) {
    let grants: String = grants.iter().map(|g| format!("<query>{}</query>", g.as_ref())).collect();
    let _ = writeln!(
        out,
        "    <{name}>{password}<networks><ip>127.0.0.1</ip></networks><profile>{profile}</profile>\
         <quota>{quota}</quota><access_management>0</access_management><grants>{grants}</grants></{name}>"
    );
}

fn hashed(password: &str) -> String {
    format!("<password_sha256_hex>{}</password_sha256_hex>", hex(&Sha256::digest(password.as_bytes())))
}

/// 256 bits from a generator seeded by the operating system, in hexadecimal.
fn random() -> String {
    hex(&rand::random::<[u8; 32]>())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_holds_hashes_and_no_password() {
        let passwords = Passwords::generate();
        let xml = render(&passwords, "sanaq", false);
        for who in User::ALL {
            assert!(!xml.contains(passwords.of(who)));
            assert!(xml.contains(&hex(&Sha256::digest(passwords.of(who).as_bytes()))));
        }
        assert!(!xml.contains(passwords.keeper()));
    }

    #[test]
    fn every_user_has_a_password_of_its_own() {
        let passwords = Passwords::generate();
        let mut all: Vec<&str> = User::ALL.iter().map(|who| passwords.of(*who)).collect();
        all.push(passwords.keeper());
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 4);
        assert!(all.iter().all(|password| password.len() == 64));
    }

    #[test]
    fn the_debug_form_hides_passwords() {
        assert_eq!(format!("{:?}", Passwords::generate()), "***");
    }

    #[test]
    fn all_rights_are_given_only_when_asked_for() {
        let passwords = Passwords::generate();
        assert!(!render(&passwords, "sanaq", false).contains("ON *.* WITH GRANT OPTION"));
        assert_eq!(render(&passwords, "sanaq", true).matches(EVERYTHING).count(), 3);
    }
}
