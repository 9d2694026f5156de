//! Where a visitor came from.
//!
//! The source is what the page's address says (`utm_source`, else `source`, else `ref`), else the referrer's known name, else
//! its host. The referrer's query and fragment are never kept, and its path only where it is another site's page: the path of a
//! search engine, a network or a mailbox says nothing about the page and much about the person.

mod known;
pub mod spam;

use std::borrow::Cow;

use crate::page::{Address, Page, host, scrub_owned};
use crate::scrub::ScrubCounts;

pub use known::Kind;
use known::Known;

/// Where a visitor came from; all empty when they came directly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// A known name (`Telegram`), else what the address says, else the referrer's host.
    pub name: String,
    /// Host of the referrer, lower case, without `www.`; international names as people read them.
    pub referrer_host: String,
    /// Path of the referrer, decoded and scrubbed.
    pub referrer_path: String,
    /// What the named source is; `None` when it is not listed.
    pub kind: Option<Kind>,
    /// The address names the source by its advertising system (`googleads`).
    pub paid: bool,
}

/// A referrer taken apart, once for all that look at it.
pub struct Referrer<'a> {
    address: Address<'a>,
    /// Its host, lower case, without `www.`; international names as people read them.
    pub host: Cow<'a, str>,
}

impl<'a> Referrer<'a> {
    /// Takes a referrer apart. `None` when it is no address.
    #[must_use]
    pub fn parse(referrer: &'a str) -> Option<Self> {
        let address = Address::parse(referrer)?;
        let plain = address.host.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase());
        let host = if plain && !address.host.contains("xn--") {
            Cow::Borrowed(address.host.trim_end_matches('.'))
        } else {
            let lower = address.host.to_lowercase();
            Cow::Owned(host::readable(lower.trim_end_matches('.')).into_owned())
        };
        Some(Self { address, host })
    }
}

impl Source {
    /// The source of a view of this page.
    #[must_use]
    pub fn of(page: &Page, referrer: Option<&Referrer<'_>>, scrubbed: &mut ScrubCounts) -> Self {
        let mut source =
            referrer.and_then(|referrer| Self::of_referrer(page, referrer, scrubbed)).unwrap_or_default();
        let said =
            if page.campaign.source.is_empty() { &page.campaign.referral } else { &page.campaign.source };
        if !said.is_empty() {
            let known = known::by_said(said);
            source.name = known.map_or_else(|| said.clone(), |known| known.name.to_owned());
            source.kind = known.map(|known| known.kind);
            source.paid = known.is_some() && known::says_paid(said);
        }
        source
    }

    /// The source that a referrer gives; `None` for one of this site, of this machine, or of another scheme.
    fn of_referrer(page: &Page, referrer: &Referrer<'_>, scrubbed: &mut ScrubCounts) -> Option<Self> {
        let Referrer { address, host } = referrer;
        let app = address.scheme.eq_ignore_ascii_case("android-app");
        let web = address.scheme.eq_ignore_ascii_case("https") || address.scheme.eq_ignore_ascii_case("http");
        let host = host.as_ref();
        if host.is_empty() || host == page.host || !(app || (web && !is_local(host))) {
            return None;
        }
        let known: Option<&Known> = if app { known::by_name_of_host(host) } else { known::by_host(host) };
        Some(Self {
            name: known.map_or(host, |known| known.name).to_owned(),
            referrer_path: match known {
                None | Some(Known { kind: Kind::Site, .. }) => {
                    scrub_owned(address.path_decoded(false), scrubbed)
                }
                Some(_) => String::new(),
            },
            kind: known.map(|known| known.kind),
            paid: false,
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
