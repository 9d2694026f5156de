//! The list of known sources, from `data/sources/*.tsv`.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;

use crate::page::without_www;

/// What a known source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A search engine, a map, a directory.
    Search,
    /// An AI assistant.
    Assistant,
    /// A social network, a forum, a place to read what others posted.
    Social,
    /// A program for messages between people.
    Messenger,
    /// A mailbox on the web, or a program for one.
    Mail,
    /// A place to watch videos.
    Video,
    /// A shop, a marketplace, classified advertisements.
    Shopping,
    /// A site like any other, that merely has a name.
    Site,
}

#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

/// The lists are ours, so nobody can fill them with texts that collide.
type Texts<K> = HashMap<K, &'static Known, RandomState>;

#[derive(Default)]
struct List {
    hosts: Texts<&'static str>,
    /// `google` for google under any public suffix.
    labels: Texts<&'static str>,
    /// By what people write into `utm_source`, in lower case: names and aliases.
    said: Texts<String>,
}

/// The overlay comes last: its lines replace those of the world.
const FILES: [&str; 2] =
    [include_str!("../../data/sources/world.tsv"), include_str!("../../data/sources/kazakhstan.tsv")];

static LIST: LazyLock<List> = LazyLock::new(|| {
    let mut list = List::default();
    for line in FILES.iter().flat_map(|file| file.lines()) {
        let Some((known, hosts, aliases)) = parse(line) else { continue };
        // Lives as long as the program, as the text it points into does.
        let known: &'static Known = Box::leak(Box::new(known));
        for host in hosts.split_ascii_whitespace() {
            match host.strip_suffix(".*") {
                Some(label) => list.labels.insert(label, known),
                None => list.hosts.insert(host, known),
            };
        }
        list.said.insert(known.name.to_lowercase(), known);
        list.said.extend(aliases.split_ascii_whitespace().map(|alias| (alias.to_owned(), known)));
    }
    list
});

/// One line: name, kind, hosts, aliases. `None` for a comment; a test reads every other line.
fn parse(line: &'static str) -> Option<(Known, &'static str, &'static str)> {
    let mut columns = line.split('\t');
    let name = columns.next().filter(|name| !name.is_empty() && !name.starts_with('#'))?;
    let kind = match columns.next()? {
        "search" => Kind::Search,
        "assistant" => Kind::Assistant,
        "social" => Kind::Social,
        "messenger" => Kind::Messenger,
        "mail" => Kind::Mail,
        "video" => Kind::Video,
        "shopping" => Kind::Shopping,
        "site" => Kind::Site,
        _ => return None,
    };
    Some((Known { name, kind }, columns.next()?, columns.next().unwrap_or_default()))
}

/// The source of exactly this host: for packages of apps, whose dots mean nothing.
pub(super) fn by_name_of_host(host: &str) -> Option<&'static Known> {
    LIST.hosts.get(host).copied()
}

/// The source of a host or of the nearest host above it. The host is in lower case.
pub(super) fn by_host(host: &str) -> Option<&'static Known> {
    // Only suffixes of registries: on a suffix of a hoster (`github.io`) anybody may be called google.
    let suffix = psl::suffix(host.as_bytes()).filter(|suffix| suffix.typ() == Some(psl::Type::Icann));
    let suffix = suffix.and_then(|suffix| std::str::from_utf8(suffix.as_bytes()).ok());
    let mut rest = host;
    loop {
        if let Some(known) = by_name_of_host(rest) {
            return Some(known);
        }
        let label = suffix.and_then(|suffix| rest.strip_suffix(suffix)?.strip_suffix('.'));
        if let Some(known) = label.and_then(|label| LIST.labels.get(label).copied()) {
            return Some(known);
        }
        rest = rest.split_once('.')?.1;
    }
}

/// The source that `utm_source`, `source` or `ref` names: by name, alias or host, whatever the case.
pub(super) fn by_said(said: &str) -> Option<&'static Known> {
    let said = said.to_lowercase();
    LIST.said
        .get(said.as_str())
        .copied()
        .or_else(|| if said.contains('.') { by_host(without_www(&said)) } else { None })
}

/// Whether a known source's alias is that of its advertising system: `googleads`, `vk_ads`, `adwords`, `yandex-direct`.
pub(super) fn says_paid(said: &str) -> bool {
    let said = said.to_lowercase();
    ["ads", "adwords", "_ad", "-ad", "direct"].iter().any(|end| said.ends_with(end))
        || said.starts_with("direct.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_line_is_a_source_and_no_host_or_alias_stands_twice_in_a_file() {
        for file in FILES {
            let (mut hosts, mut said) = (HashSet::new(), HashSet::new());
            for line in file.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
                let (known, own_hosts, aliases) = parse(line).unwrap_or_else(|| panic!("{line}"));
                assert!(!own_hosts.is_empty(), "{line}");
                for host in own_hosts.split_ascii_whitespace() {
                    assert!(
                        host == host.to_lowercase() && host.contains('.') && !host.starts_with("www."),
                        "{host}"
                    );
                    assert!(hosts.insert(host), "{host}");
                }
                for alias in
                    aliases.split_ascii_whitespace().map(str::to_owned).chain([known.name.to_lowercase()])
                {
                    assert!(alias == alias.to_lowercase() && said.insert(alias.clone()), "{alias}");
                }
            }
        }
    }

    #[test]
    fn a_host_is_known_by_itself_its_parents_or_its_name_under_any_suffix() {
        let name = |host: &str| by_host(host).map(|known| known.name);
        for (host, expected) in [
            ("google.com", "Google"),
            ("google.kz", "Google"),
            ("google.co.uk", "Google"),
            ("docs.google.com", "Google Docs"),
            ("lens.google.com", "Google"),
            ("mail.google.com", "Gmail"),
            ("news.google.kz", "Google News"),
            ("yandex.kz", "Yandex"),
            ("ya.ru", "Yandex"),
            ("mail.yandex.kz", "Yandex Mail"),
            ("m.vk.com", "VK"),
            ("away.vk.com", "VK"),
            ("lm.facebook.com", "Facebook"),
            ("l.instagram.com", "Instagram"),
            ("kk.wikipedia.org", "Wikipedia"),
            ("e.mail.ru", "Mail.ru Mail"),
            ("go.mail.ru", "Mail.ru"),
            ("t.co", "X"),
            ("dzen.ru", "Dzen"),
            ("search.yahoo.co.jp", "Yahoo!"),
        ] {
            assert_eq!(name(host), Some(expected), "{host}");
        }
        for host in [
            "google.github.io",
            "notgoogle.com",
            "google.com.evil.kz",
            "t.me.evil.kz",
            "com",
            "",
            "example.kz",
            "gle.com",
        ] {
            assert_eq!(name(host), None, "{host}");
        }
    }
}
