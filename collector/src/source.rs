//! Where a visitor came from.
//!
//! The source is what the page's address says (`utm_source`, else `source`, else `ref`), else the referrer's known name, else
//! its host. The referrer's query and fragment are never kept, and its path only where it is another site's page: the path of a
//! search engine, a network or a mailbox says nothing about the page and much about the person.

mod known;

use crate::page::{Address, Page};

use known::{Kind, Known};

/// Where a visitor came from; all empty when they came directly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// A known name (`Telegram`), else what the address says, else the referrer's host.
    pub name: String,
    /// Host of the referrer, lower case, without `www.`.
    pub referrer_host: String,
    /// Path of the referrer, decoded.
    pub referrer_path: String,
}

impl Source {
    /// The source of a view of this page.
    #[must_use]
    pub fn of(page: &Page, referrer: Option<&str>) -> Self {
        let mut source = referrer.and_then(|referrer| Self::of_referrer(page, referrer)).unwrap_or_default();
        let said =
            if page.campaign.source.is_empty() { &page.campaign.referral } else { &page.campaign.source };
        if !said.is_empty() {
            source.name = known::by_said(said).map_or_else(|| said.clone(), |known| known.name.to_owned());
        }
        source
    }

    /// The source that a referrer gives; `None` for one of this site, of this machine, or of another scheme.
    fn of_referrer(page: &Page, referrer: &str) -> Option<Self> {
        let address = Address::parse(referrer)?;
        let app = address.scheme.eq_ignore_ascii_case("android-app");
        let web = address.scheme.eq_ignore_ascii_case("https") || address.scheme.eq_ignore_ascii_case("http");
        let host = address.host.to_lowercase();
        let host = host.trim_end_matches('.');
        if host.is_empty() || host == page.host || !(app || (web && !is_local(host))) {
            return None;
        }
        let known: Option<&Known> = if app { known::by_name_of_host(host) } else { known::by_host(host) };
        Some(Self {
            name: known.map_or(host, |known| known.name).to_owned(),
            referrer_path: match known {
                None | Some(Known { kind: Kind::Site, .. }) => address.path_decoded(false),
                Some(_) => String::new(),
            },
            referrer_host: host.to_owned(),
        })
    }
}

/// Hosts without a public name: this machine, the network behind the same router, bare addresses.
fn is_local(host: &str) -> bool {
    let address = host.starts_with('[') || host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    address
        || !host.contains('.')
        || [".localhost", ".local", ".internal", ".lan"].iter().any(|end| host.ends_with(end))
}

#[cfg(test)]
mod tests;
