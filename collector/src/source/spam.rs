//! Sites that advertise themselves in other people's statistics by naming themselves as referrers.
//!
//! The list that comes with the program (`data/spam.txt`) is short and hand-written; an operator's file with one host on each line
//! adds to it. A host stands for all below it.

use std::collections::HashSet;
use std::path::Path;

use crate::page::{Address, host, without_www};

/// The hosts, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpamHosts {
    hosts: HashSet<Box<str>>,
}

impl Default for SpamHosts {
    /// The list that comes with the program.
    fn default() -> Self {
        let mut list = Self { hosts: HashSet::new() };
        list.add(include_str!("../../data/spam.txt"));
        list
    }
}

impl SpamHosts {
    /// The list that comes with the program, and the hosts in this file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn with_file(file: &Path) -> std::io::Result<Self> {
        let mut list = Self::default();
        list.add(&std::fs::read_to_string(file)?);
        Ok(list)
    }

    fn add(&mut self, text: &str) {
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        let hosts = lines.filter(|line| !line.is_empty()).map(str::to_lowercase);
        self.hosts.extend(hosts.map(|host| Box::from(host::readable(without_www(&host)).as_ref())));
    }

    /// Whether this referrer is on a listed host.
    #[must_use]
    pub fn list(&self, referrer: &str) -> bool {
        let Some(address) = Address::parse(referrer) else { return false };
        let lower = address.host.to_lowercase();
        let host = host::readable(lower.trim_end_matches('.'));
        let mut rest = host.as_ref();
        loop {
            if self.hosts.contains(rest) {
                return true;
            }
            match rest.split_once('.') {
                Some((_, parent)) => rest = parent,
                None => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_listed_host_stands_for_all_below_it() {
        let list = SpamHosts::default();
        for spam in [
            "https://semalt.com/",
            "http://SEMALT.semalt.com/crawler.php?u=x",
            "https://www.buttons-for-website.com.",
            "http://site5.free-share-buttons.com",
        ] {
            assert!(list.list(spam), "{spam}");
        }
        for other in [
            "",
            "garbage",
            "https://com/",
            "https://notsemalt.com/",
            "https://semalt.com.other.kz/",
            "https://other.kz/semalt.com",
            "/semalt.com",
        ] {
            assert!(!list.list(other), "{other}");
        }
    }

    #[test]
    fn an_operators_file_adds_to_the_list() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "# ours\nWWW.Spam.example # why\n\nспам.қаз").unwrap();
        let list = SpamHosts::with_file(file.path()).unwrap();
        assert!(
            list.list("https://a.spam.example/x")
                && list.list("https://semalt.com/")
                && list.list("https://xn--80ayhh.xn--80ao21a/")
        );
        assert!(SpamHosts::with_file(Path::new("/nowhere/x")).is_err());
    }

    #[test]
    fn every_line_of_our_list_is_a_host() {
        for host in include_str!("../../data/spam.txt")
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
        {
            assert!(
                host.contains('.') && host == host.to_lowercase() && !host.contains([' ', '/', ':']),
                "{host}"
            );
        }
    }
}
