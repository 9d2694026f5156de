//! Sites that advertise themselves in other people's statistics by naming themselves as referrers.
//!
//! The list that comes with the program (`data/spam.txt`) is short and hand-written; an operator's file with one host on each line
//! adds to it. A host stands for all below it.

use std::collections::HashSet;
use std::path::Path;

use foldhash::fast::RandomState;

use crate::page::{host, without_www};

/// The hosts, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpamHosts {
    hosts: HashSet<Box<str>, RandomState>,
}

impl Default for SpamHosts {
    /// The list that comes with the program.
    fn default() -> Self {
        let mut list = Self { hosts: HashSet::default() };
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

    /// Whether a referrer's host, as [`super::Referrer`] has it, is listed.
    #[must_use]
    pub fn list(&self, host: &str) -> bool {
        let mut rest = host;
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
    use crate::source::Referrer;
    use std::io::Write;

    fn lists(list: &SpamHosts, referrer: &str) -> bool {
        Referrer::parse(referrer).is_some_and(|referrer| list.list(&referrer.host))
    }

    #[test]
    fn a_listed_host_stands_for_all_below_it() {
        let list = SpamHosts::default();
        for spam in [
            "https://semalt.com/",
            "http://SEMALT.semalt.com/crawler.php?u=x",
            "https://www.buttons-for-website.com.",
            "http://site5.free-share-buttons.com",
        ] {
            assert!(lists(&list, spam), "{spam}");
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
            assert!(!lists(&list, other), "{other}");
        }
    }

    #[test]
    fn an_operators_file_adds_to_the_list() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "# ours\nWWW.Spam.example # why\n\nспам.қаз").unwrap();
        let list = SpamHosts::with_file(file.path()).unwrap();
        assert!(
            lists(&list, "https://a.spam.example/x")
                && lists(&list, "https://semalt.com/")
                && lists(&list, "https://xn--80ayhh.xn--80ao21a/")
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
