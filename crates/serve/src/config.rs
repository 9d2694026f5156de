//! Settings: a TOML file, `SANAQ_…` variables over it, and the reference page made from the same source.
//!
//! Each part says in one place what it can be told: a [`Settings`] type whose `read` asks [`Keys`] for each of its keys,
//! with default, bounds and the sentence for the reference page. Reading never stops at a mistake: the default takes the
//! place of a bad value, and [`Document::finish`] tells all mistakes at once. What nobody asked for is a mistake too.
//!
//! `[section] key` in the file is `SANAQ_SECTION_KEY` in the environment, which wins. This is the only module that reads
//! the environment. Secrets come from the file that a `…_file` key names, or from the environment; never from the
//! settings themselves.
//!
//! ```
//! use std::time::Duration;
//! use serve::config::{Document, Environment, Keys, MIB, Settings, reference};
//!
//! struct Journal {
//!     max_bytes: u64,
//!     commit_every: Duration,
//! }
//!
//! impl Settings for Journal {
//!     const SECTION: &'static str = "journal";
//!     const DOC: &'static str = "Where beacons wait for ClickHouse.";
//!
//!     fn read(keys: &mut Keys<'_>) -> Self {
//!         let second = Duration::from_secs(1);
//!         Self {
//!             max_bytes: keys.size("max_size", 2048 * MIB, MIB..=1024 * 1024 * MIB, "Beyond it beacons are refused."),
//!             commit_every: keys.duration("commit_every", second, second / 1000..=second, "Longest wait for a sync."),
//!         }
//!     }
//! }
//!
//! let environment = Environment::of([("SANAQ_JOURNAL_COMMIT_EVERY", "5ms")]);
//! let mut document = Document::parse("[journal]\nmax_size = '64MiB'", environment);
//! let journal: Journal = document.section();
//! let read = document.finish().unwrap();
//! assert_eq!(journal.max_bytes, 64 * MIB);
//! assert_eq!(journal.commit_every, Duration::from_millis(5));
//! assert!(reference(&read.sections).contains("SANAQ_JOURNAL_MAX_SIZE"));
//!
//! let mut document = Document::parse("[journal]\nmax_size = '64'\nmin_size = '1MiB'", Environment::default());
//! let _journal: Journal = document.section();
//! let mistakes = document.finish().unwrap_err();
//! assert_eq!(mistakes.codes(), [("journal.max_size", "bad_size"), ("journal.min_size", "unknown_key")]);
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use toml::{Table, Value};

pub use keys::Keys;
pub use reference::{effective, reference};

mod keys;
mod quantity;
mod raw;
mod reference;
#[cfg(test)]
mod tests;

/// Bytes in a KiB.
pub const KIB: u64 = 1024;
/// Bytes in a MiB.
pub const MIB: u64 = 1024 * KIB;
/// Bytes in a GiB.
pub const GIB: u64 = 1024 * MIB;

/// What one part can be told.
pub trait Settings: Sized {
    /// Name of its table in the file.
    const SECTION: &'static str;
    /// What the section is about, for the reference page.
    const DOC: &'static str;

    /// Asks for each key.
    fn read(keys: &mut Keys<'_>) -> Self;
}

/// The `SANAQ_…` variables, as they were when the program started.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Those of this process.
    #[must_use]
    pub fn process() -> Self {
        Self::of(std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
        }))
    }

    /// These, as far as they begin with `SANAQ_`.
    pub fn of<N: Into<String>, V: Into<String>>(variables: impl IntoIterator<Item = (N, V)>) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self(variables.filter(|(name, _)| name.starts_with("SANAQ_")).collect())
    }

    fn take(&mut self, variable: &str) -> Option<String> {
        self.0.remove(variable)
    }
}

/// A mistake in the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// `section.key`, a section, or empty when it concerns the file as a whole.
    pub path: String,
    /// What kind of mistake, for programs.
    pub code: &'static str,
    /// What is wrong and what would be right, for people.
    pub message: String,
}

/// Every mistake there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl Mistakes {
    /// Path and code of each.
    #[must_use]
    pub fn codes(&self) -> Vec<(&str, &'static str)> {
        self.0.iter().map(|mistake| (mistake.path.as_str(), mistake.code)).collect()
    }
}

impl std::error::Error for Mistakes {}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(f, "{count} mistake{} in the configuration:", if count == 1 { "" } else { "s" })?;
        for Mistake { path, code, message } in &self.0 {
            let path = if path.is_empty() { String::new() } else { format!("{path}: ") };
            write!(f, "\n  {path}{message} [{code}]")?;
        }
        Ok(())
    }
}

/// One key, as it was declared and as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name within the section.
    pub name: String,
    /// What values it takes.
    pub kind: String,
    /// Its value when nothing is said; `None` if that means "not set".
    pub default: Option<String>,
    /// What it is for and why the default is what it is.
    pub doc: &'static str,
    /// Its value now; `***` for a secret.
    pub value: Option<String>,
    /// Who says so.
    pub origin: Origin,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// The file.
    File,
    /// A `SANAQ_…` variable.
    Environment,
}

/// One section, as it was declared and as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Name of its table.
    pub name: &'static str,
    /// What it is about.
    pub doc: &'static str,
    /// Its keys, in the order they were asked for.
    pub keys: Vec<Key>,
}

/// What was read, when there was no mistake.
#[derive(Clone, Debug)]
pub struct Reading {
    /// All sections, in the order they were asked for.
    pub sections: Vec<Section>,
    /// `SANAQ_…` variables that mean nothing. Worth a warning, not a refusal: Kubernetes sets such ones by itself.
    pub ignored_variables: Vec<String>,
}

/// The settings before they are asked for.
#[derive(Debug)]
pub struct Document {
    tables: Table,
    environment: Environment,
    sections: Vec<Section>,
    mistakes: Vec<Mistake>,
}

impl Document {
    /// From a file, or from the environment alone.
    #[must_use]
    pub fn load(file: Option<&Path>, environment: Environment) -> Self {
        let Some(file) = file else { return Self::parse("", environment) };
        match std::fs::read_to_string(file) {
            Ok(text) => Self::parse(&text, environment),
            Err(error) => {
                let message = format!("cannot read {}: {error}", file.display());
                Self::broken("unreadable_file", message, environment)
            }
        }
    }

    /// From TOML text.
    #[must_use]
    pub fn parse(text: &str, environment: Environment) -> Self {
        match text.parse() {
            Ok(tables) => Self { tables, environment, sections: Vec::new(), mistakes: Vec::new() },
            Err(error) => Self::broken("bad_syntax", error.to_string().trim_end().to_owned(), environment),
        }
    }

    fn broken(code: &'static str, message: String, environment: Environment) -> Self {
        let mistake = Mistake { path: String::new(), code, message };
        Self { tables: Table::new(), environment, sections: Vec::new(), mistakes: vec![mistake] }
    }

    /// Reads one section, with defaults in place of what is missing or mistaken.
    pub fn section<S: Settings>(&mut self) -> S {
        let table = match self.tables.remove(S::SECTION) {
            None => Table::new(),
            Some(Value::Table(table)) => table,
            Some(_) => {
                let message = format!("is a section: write [{}] on a line of its own", S::SECTION);
                self.mistakes.push(Mistake { path: S::SECTION.into(), code: "wrong_type", message });
                Table::new()
            }
        };
        let mut keys = Keys::new(S::SECTION, table, &mut self.environment, &mut self.mistakes);
        let settings = S::read(&mut keys);
        let keys = keys.finish();
        self.sections.push(Section { name: S::SECTION, doc: S::DOC, keys });
        settings
    }

    /// To be called once every section has been asked for.
    ///
    /// # Errors
    /// All [`Mistakes`].
    pub fn finish(mut self) -> Result<Reading, Mistakes> {
        let known: Vec<_> = self.sections.iter().map(|section| section.name).collect();
        for (name, value) in &self.tables {
            let code = if value.is_table() { "unknown_section" } else { "unknown_key" };
            let message = format!("does not exist; the sections are {}", known.join(", "));
            self.mistakes.push(Mistake { path: name.clone(), code, message });
        }
        if !self.mistakes.is_empty() {
            return Err(Mistakes(self.mistakes));
        }
        Ok(Reading { sections: self.sections, ignored_variables: self.environment.0.into_keys().collect() })
    }
}
