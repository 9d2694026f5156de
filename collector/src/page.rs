//! The page's address, without what may not be kept.
//!
//! [`Address`] takes a URL apart without copying; it is our own because the two URLs of a beacon are on the hot path and
//! need neither normalisation nor a base. A test holds it against the `url` crate. [`Page`] is what of it is kept:
//! host and path, scrubbed. Of the query only UTM fields, `ref` and `source` are read, and of click ids the *name* alone.

pub mod host;

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::scrub::{ScrubCounts, scrub};

/// Host of an address that has none, as Plausible names it.
pub const NO_HOST: &str = "(none)";

/// Longest URL taken, in bytes.
pub const LONGEST_URL: usize = 2000;

/// Parameters that advertisers add to tell single clicks apart. Their values identify people and are never read.
const CLICK_IDS: &[&str] = &[
    "gclid",
    "gbraid",
    "wbraid",
    "dclid",
    "msclkid",
    "fbclid",
    "yclid",
    "ysclid",
    "ttclid",
    "twclid",
    "li_fat_id",
    "igshid",
    "vk_clid",
    "rb_clickid",
    "epik",
    "sccid",
    "rdt_cid",
];

/// A URL taken apart. Borrows from it; nothing is decoded yet.
#[derive(Clone, Copy)]
pub struct Address<'a> {
    /// Scheme as written, without the colon; empty for an address relative to a host.
    pub scheme: &'a str,
    /// Host as written, without user, port and one leading `www.`; empty when there is none.
    pub host: &'a str,
    /// Path as written.
    pub path: &'a str,
    /// Query as written, without the question mark.
    pub query: &'a str,
    /// Fragment as written, without the hash.
    pub fragment: &'a str,
}

impl<'a> Address<'a> {
    /// Takes a URL apart. `None` when it is neither absolute nor a path, or when its host cannot be one.
    #[must_use]
    pub fn parse(url: &'a str) -> Option<Self> {
        let url = url.trim();
        let (scheme, rest) = match scheme(url) {
            Some(length) => (&url[..length], &url[length + 1..]),
            None if url.starts_with('/') => ("", url),
            None => return None,
        };
        let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, path) = match rest.strip_prefix("//") {
            Some(rest) => {
                let end = rest.find(['/', '\\']).unwrap_or(rest.len());
                (host_of(&rest[..end])?, &rest[end..])
            }
            None => ("", rest),
        };
        Some(Self { scheme, host, path, query, fragment })
    }

    /// The host as it is stored: lower case, international names as people read them, [`NO_HOST`] for none.
    #[must_use]
    pub fn host_readable(&self) -> String {
        if self.host.is_empty() {
            return NO_HOST.to_owned();
        }
        let lower = self.host.to_lowercase();
        match host::readable(&lower) {
            Cow::Borrowed(_) => lower,
            Cow::Owned(readable) => readable,
        }
    }

    /// The path as it is stored: decoded where that gives UTF-8, without white space at its end, `/` for none; with
    /// the fragment where the site uses hash routing.
    #[must_use]
    pub fn path_decoded(&self, hash_routing: bool) -> String {
        let mut path = decoded(self.path).trim_end().to_owned();
        if path.is_empty() {
            path.push('/');
        }
        let route = if hash_routing { route(self.fragment) } else { "" };
        if !route.is_empty() {
            path.push('#');
            path.push_str(decoded(route).trim_end());
        }
        path
    }
}

/// The route in a fragment: without a query of its own, and nothing of one that is itself a list of values, as sign-in
/// services hand back tokens (`#access_token=…&state=…`).
fn route(fragment: &str) -> &str {
    let route = fragment.split_once('?').map_or(fragment, |(route, _query)| route);
    if route.contains(['=', '&']) { "" } else { route }
}

/// Length of the scheme, when there is one.
fn scheme(url: &str) -> Option<usize> {
    let length = url.find(':')?;
    let mut bytes = url[..length].bytes();
    let valid = bytes.next()?.is_ascii_alphabetic()
        && bytes.all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b));
    valid.then_some(length)
}

/// The host of an authority. `None` when it cannot be one.
fn host_of(authority: &str) -> Option<&str> {
    let authority = authority.rsplit_once('@').map_or(authority, |(_user, host)| host);
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            if !port.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            host
        }
        _ => authority,
    };
    let inside = match host.strip_prefix('[') {
        Some(v6) => v6.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    let possible = inside.bytes().all(|byte| HOST_BYTES[usize::from(byte)])
        && (inside.is_ascii() || !inside.contains(|c: char| c.is_whitespace() || c.is_control()));
    possible.then(|| without_www(host))
}

/// The bytes a host may have: what is ASCII and no delimiter, white space or control; the rest is looked at as characters.
const HOST_BYTES: [bool; 256] = {
    let mut allowed = [true; 256];
    let mut byte = 0;
    while byte <= b' ' as usize {
        allowed[byte] = false;
        byte += 1;
    }
    let never = b"\"#%/<>?@[\\]^`{|}\x7f";
    let mut at = 0;
    while at < never.len() {
        allowed[never[at] as usize] = false;
        at += 1;
    }
    allowed
};

/// A host without one leading `www.`.
#[must_use]
pub fn without_www(host: &str) -> &str {
    match host.split_at_checked(4) {
        Some((www, rest)) if www.eq_ignore_ascii_case("www.") && !rest.is_empty() => rest,
        _ => host,
    }
}

/// Percent-decoded, or as written when that is no UTF-8.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    percent_decode_str(text).decode_utf8().unwrap_or(Cow::Borrowed(text))
}

/// What of the page's address is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Host, lower case, without `www.`.
    pub host: String,
    /// Path, decoded and scrubbed.
    pub path: String,
    /// The campaign fields of the query, scrubbed.
    pub campaign: Campaign,
    /// Name of the first click id in the query; never its value.
    pub click_id: &'static str,
}

/// The campaign fields of a query, decoded; empty when missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Campaign {
    /// `utm_source`.
    pub source: String,
    /// `utm_medium`.
    pub medium: String,
    /// `utm_campaign`.
    pub campaign: String,
    /// `utm_content`.
    pub content: String,
    /// `utm_term`.
    pub term: String,
    /// `source`, else `ref`: names a source where `utm_source` does not. Not stored itself.
    pub referral: String,
}

impl Page {
    /// The page of this address.
    #[must_use]
    pub fn of(address: &Address<'_>, hash_routing: bool, scrubbed: &mut ScrubCounts) -> Self {
        let (campaign, click_id) = read_query(address.query, scrubbed);
        let path = scrub_owned(address.path_decoded(hash_routing), scrubbed);
        Self { host: address.host_readable(), path, campaign, click_id }
    }
}

/// The text scrubbed, without a copy where nothing was found.
pub(crate) fn scrub_owned(text: String, scrubbed: &mut ScrubCounts) -> String {
    match scrub(&text, scrubbed) {
        Cow::Borrowed(_) => text,
        Cow::Owned(scrubbed) => scrubbed,
    }
}

fn read_query(query: &str, scrubbed: &mut ScrubCounts) -> (Campaign, &'static str) {
    let mut campaign = Campaign::default();
    let (mut source, mut referral, mut click_id) = (String::new(), String::new(), "");
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let field = match name {
            name if is(name, "utm_source") => &mut campaign.source,
            name if is(name, "utm_medium") => &mut campaign.medium,
            name if is(name, "utm_campaign") => &mut campaign.campaign,
            name if is(name, "utm_content") => &mut campaign.content,
            name if is(name, "utm_term") => &mut campaign.term,
            name if is(name, "source") => &mut source,
            name if is(name, "ref") => &mut referral,
            name => {
                if click_id.is_empty() {
                    click_id = CLICK_IDS.iter().copied().find(|id| is(name, id)).unwrap_or("");
                }
                continue;
            }
        };
        // The first of several counts, as browsers' `URLSearchParams.get` has it.
        if field.is_empty() {
            *field = scrub_owned(parameter(value), scrubbed);
        }
    }
    campaign.referral = if source.is_empty() { referral } else { source };
    (campaign, click_id)
}

fn is(name: &str, expected: &str) -> bool {
    name.eq_ignore_ascii_case(expected)
}

/// A parameter's value: plus is a space, white space around it goes.
fn parameter(value: &str) -> String {
    let spaced = if value.contains('+') { Cow::Owned(value.replace('+', " ")) } else { Cow::Borrowed(value) };
    decoded(&spaced).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn page(url: &str) -> Page {
        Page::of(&Address::parse(url).unwrap(), false, &mut ScrubCounts::default())
    }

    #[test]
    fn host_and_path_are_what_is_left_of_a_url() {
        let cases = [
            ("https://example.kz", "example.kz", "/"),
            ("https://WWW.Example.kz/", "example.kz", "/"),
            ("https://www.www.kz/a", "www.kz", "/a"),
            ("https://user:secret@example.kz:8443/a/b?x=1#y", "example.kz", "/a/b"),
            ("https://example.kz?x=/", "example.kz", "/"),
            ("https://example.kz/a%20b%20", "example.kz", "/a b"),
            ("https://example.kz/%D0%B1%D0%B5%D1%82", "example.kz", "/бет"),
            ("https://example.kz/100%", "example.kz", "/100%"),
            ("https://example.kz/%FF", "example.kz", "/%FF"),
            ("https://қазақстан.қаз/бет", "қазақстан.қаз", "/бет"),
            ("https://www.xn--80aaa0a6awh12ed.xn--80ao21a/a", "қазақстан.қаз", "/a"),
            ("https://example.kz/u/aigul%40mail.kz", "example.kz", "/u/:email"),
            ("http://[2001:db8::1]:8080/a", "[2001:db8::1]", "/a"),
            ("file:///home/x/index.html", NO_HOST, "/home/x/index.html"),
            ("app://localhost/start", "localhost", "/start"),
            ("/relative?x=1", NO_HOST, "/relative"),
            ("https://example.kz/a#/hash", "example.kz", "/a"),
        ];
        for (url, host, path) in cases {
            let page = page(url);
            assert_eq!((page.host.as_str(), page.path.as_str()), (host, path), "{url}");
        }
    }

    #[test]
    fn the_fragment_counts_only_with_hash_routing() {
        let address = Address::parse("https://example.kz/app?x=1#/%D0%B0/b ").unwrap();
        assert_eq!(address.path_decoded(true), "/app#/а/b");
        assert_eq!(address.path_decoded(false), "/app");
        let path = |url: &str| Address::parse(url).unwrap().path_decoded(true);
        assert_eq!(path("https://example.kz/#"), "/");
        assert_eq!(path("https://example.kz/#/login?token=SECRET"), "/#/login");
        assert_eq!(path("https://example.kz/back#access_token=SECRET&state=1"), "/back");
        assert_eq!(path("https://example.kz/#!/bet"), "/#!/bet");
    }

    #[test]
    fn what_has_no_scheme_or_no_possible_host_is_refused() {
        for url in [
            "",
            "example",
            "example.kz/a",
            "ht tp://a",
            "https://a b/",
            "https://a:b/",
            "https://[::1/",
            "1a:b",
            "https://a:b:c/",
        ] {
            assert!(Address::parse(url).is_none(), "{url}");
        }
    }

    #[test]
    fn campaign_fields_are_read_and_the_rest_of_the_query_is_not() {
        let url = "https://example.kz/?UTM_Source=News+letter&utm_medium=e%2Dmail&utm_campaign=%D0%B6%D0%B0%D0%B7\
                   &utm_content=a&utm_term=b&utm_term=c&token=secret&email=a@b.kz&ref=friend";
        let page = page(url);
        assert_eq!(page.campaign.source, "News letter");
        assert_eq!(page.campaign.medium, "e-mail");
        assert_eq!(page.campaign.campaign, "жаз");
        assert_eq!((page.campaign.content.as_str(), page.campaign.term.as_str()), ("a", "b"));
        assert_eq!(page.campaign.referral, "friend");
        let kept = format!("{page:?}");
        assert!(!kept.contains("secret") && !kept.contains("a@b.kz"), "{kept}");
    }

    #[test]
    fn source_counts_before_ref() {
        assert_eq!(page("https://a.kz/?ref=x&source=y").campaign.referral, "y");
    }

    #[test]
    fn a_click_id_is_noticed_by_name_and_its_value_never_kept() {
        for id in CLICK_IDS {
            let page = page(&format!("https://example.kz/?a=b&{id}=CjwKCAjw"));
            assert_eq!(page.click_id, *id);
            assert!(!format!("{page:?}").contains("CjwKCAjw"));
        }
        assert_eq!(page("https://example.kz/?notgclid=1").click_id, "");
    }

    proptest! {
        #[test]
        fn any_text_is_taken_apart_or_refused(url in "\\PC{0,80}") {
            if let Some(address) = Address::parse(&url) {
                let _ = Page::of(&address, true, &mut ScrubCounts::default());
            }
        }

        #[test]
        fn we_agree_with_the_url_crate(
            user in "([a-z]{1,5}(:[a-z]{1,5})?@)?", host in "[a-z]{1,8}(\\.[a-z]{2,5}){1,2}", port in "(:[1-9][0-9]{3})?",
            path in "(/[a-zA-Z0-9_-]{0,6}){0,4}", query in "(\\?[a-z0-9=&/:@]{0,12})?", fragment in "(#[a-z0-9/?=]{0,8})?",
        ) {
            let url = format!("https://{user}{host}{port}{path}{query}{fragment}");
            let theirs = url::Url::parse(&url).unwrap();
            let ours = Address::parse(&url).unwrap();
            prop_assert_eq!(without_www(theirs.host_str().unwrap()), ours.host);
            prop_assert_eq!(theirs.path(), if ours.path.is_empty() { "/" } else { ours.path });
            prop_assert_eq!(theirs.query().unwrap_or(""), ours.query);
            prop_assert_eq!(theirs.fragment().unwrap_or(""), ours.fragment);
        }

        #[test]
        fn no_query_is_ever_in_the_page(path in "(/[a-z]{0,6}){0,3}", secret in "[A-Z]{12}") {
            let page = page(&format!("https://example.kz{path}?token={secret}&gclid={secret}#{secret}"));
            let kept = format!("{page:?}");
            prop_assert!(!kept.contains(&secret));
        }
    }
}
