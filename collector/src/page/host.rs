//! International host names: kept as people read them.
//!
//! A browser reports `xn--80aaa0a6awh12ed.xn--80ao21a` for `қазақстан.қаз`. Hosts are decoded before they are stored, so that figures
//! show the name that stands on the poster. A host that is no valid international name stays as it is.

use std::borrow::Cow;

/// The host with its international labels as people read them. Expects lower case.
#[must_use]
pub fn readable(host: &str) -> Cow<'_, str> {
    if !host.contains("xn--") {
        return Cow::Borrowed(host);
    }
    match idna::domain_to_unicode(host) {
        (readable, Ok(())) => Cow::Owned(readable),
        _ => Cow::Borrowed(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As a browser writes it.
    fn ascii(host: &str) -> Option<String> {
        url::Url::parse(&format!("https://{host}/")).ok()?.host_str().map(str::to_owned)
    }

    #[test]
    fn international_hosts_are_shown_as_people_read_them() {
        for host in ["қазақстан.қаз", "президент.рф", "алматы.kz", "münchen.de", "例え.jp", "ąę.example"]
        {
            let coded = ascii(host).unwrap();
            assert!(coded.contains("xn--"), "{coded}");
            assert_eq!(readable(&coded), host);
        }
    }

    #[test]
    fn what_is_no_punycode_stays_as_it_is() {
        for host in ["", "example.kz", "xn--.kz", "xn--99999999.kz", "xn--abc-.kz", "axn--80ao21a"] {
            assert_eq!(readable(host), host);
        }
    }

    proptest! {
        #[test]
        fn any_host_is_read(host in "(xn--)?[a-z0-9-]{0,70}(\\.xn--[a-z0-9-]{0,20})?") {
            let _ = readable(&host);
        }

        #[test]
        fn what_a_browser_encodes_is_decoded(host in "[а-яәғқңөұүһі]{1,20}\\.(қаз|рф|kz)") {
            prop_assume!(ascii(&host).is_some());
            let coded = ascii(&host).unwrap();
            prop_assert_eq!(readable(&coded), host);
        }
    }
}
