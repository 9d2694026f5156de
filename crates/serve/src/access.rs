//! How a service reaches ClickHouse: the embedded engine, a server or a cluster look the same from here.

mod connection;

use std::fmt;

use clickhouse::Client;
pub use connection::{Authority, AuthorityError, Connection};

/// A secret that prints as `***`.
#[derive(Clone, Default)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The secret itself, for the one call that needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// One user's way into one database.
#[derive(Clone, Debug)]
pub struct ClickHouseAccess {
    /// `http://host:port` or `https://host:port`.
    pub url: String,
    /// Database that holds Sanaq's tables.
    pub database: String,
    /// User with no more rights than the service needs.
    pub user: String,
    /// That user's password.
    pub password: Secret,
    /// How connections come about.
    pub connection: Connection,
}

impl ClickHouseAccess {
    /// A client that enters this way, outside of any database.
    #[must_use]
    pub fn client(&self) -> Client {
        self.connection.client(&self.url).with_user(&self.user).with_password(self.password.reveal())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_prints_as_stars() {
        let access = ClickHouseAccess {
            url: "http://127.0.0.1:8123".into(),
            database: "sanaq".into(),
            user: "collector".into(),
            password: Secret::new("hunter2"),
            connection: Connection::default(),
        };
        assert!(!format!("{access:?}").contains("hunter2"));
    }
}
