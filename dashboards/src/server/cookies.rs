//! The three cookies of staff. Visitors of the counted sites never get one.
//!
//! | cookie | holds | for |
//! |---|---|---|
//! | `__Host-sanaq` | an opaque token | the session |
//! | `__Host-sanaq-device` | a random number and a keyed hash over it and the e-mail address | telling somebody who has signed in from this browser before from a guesser (`sign_in.rs`) |
//! | `__Host-sanaq-oidc` | a random token, when it ends, and a keyed hash | coming back from the identity provider, within ten minutes |
//!
//! Without TLS browsers refuse the `__Host-` prefix, so on a plain `server` staff URL the names are `sanaq_session`,
//! `sanaq_device` and `sanaq_oidc`. `SameSite=Strict` costs nothing here: the page itself needs no cookie, and its own requests
//! are same-site. The third is `Lax`, since it must come along from the provider's site.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::control::sessions::ABSOLUTE_SECONDS;
use crate::oidc::STARTED_SECONDS;
use crate::token::Token;

/// As long as browsers keep one at most.
const DEVICE_SECONDS: i64 = 400 * 24 * 3600;

/// How cookies are named and marked, which depends on whether staff come over TLS.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cookies {
    pub(super) tls: bool,
}

impl Cookies {
    fn session_name(self) -> &'static str {
        if self.tls { "__Host-sanaq" } else { "sanaq_session" }
    }

    fn device_name(self) -> &'static str {
        if self.tls { "__Host-sanaq-device" } else { "sanaq_device" }
    }

    /// The token that the request brought.
    pub(super) fn session(self, headers: &HeaderMap) -> Option<Token> {
        find(headers, self.session_name()).and_then(Token::parse)
    }

    pub(super) fn set_session(self, token: &Token) -> HeaderValue {
        self.set(self.session_name(), &token.reveal(), ABSOLUTE_SECONDS)
    }

    pub(super) fn clear_session(self) -> HeaderValue {
        self.set(self.session_name(), "", 0)
    }

    /// The number of this browser, if it is one that `email` has signed in from.
    pub(super) fn device(self, headers: &HeaderMap, key: &[u8; 32], email: &str) -> Option<Token> {
        let (number, proof) = find(headers, self.device_name())?.split_once('.')?;
        let number = Token::parse(number)?;
        device_proof(key, &number, email).is_spelt(proof).then_some(number)
    }

    pub(super) fn set_device(self, key: &[u8; 32], number: &Token, email: &str) -> HeaderValue {
        let value = format!("{}.{}", number.reveal(), device_proof(key, number, email).reveal());
        self.set(self.device_name(), &value, DEVICE_SECONDS)
    }

    fn started_name(self) -> &'static str {
        if self.tls { "__Host-sanaq-oidc" } else { "sanaq_oidc" }
    }

    /// What a browser brings that comes back from the identity provider.
    pub(super) fn started(self, headers: &HeaderMap) -> Option<&str> {
        find(headers, self.started_name())
    }

    pub(super) fn set_started(self, value: &str) -> HeaderValue {
        self.set_for(self.started_name(), value, STARTED_SECONDS, "Lax")
    }

    pub(super) fn clear_started(self) -> HeaderValue {
        self.set_for(self.started_name(), "", 0, "Lax")
    }

    fn set(self, name: &str, value: &str, seconds: i64) -> HeaderValue {
        self.set_for(name, value, seconds, "Strict")
    }

    fn set_for(self, name: &str, value: &str, seconds: i64, same_site: &str) -> HeaderValue {
        let secure = if self.tls { "; Secure" } else { "" };
        let text =
            format!("{name}={value}; Path=/; HttpOnly; SameSite={same_site}; Max-Age={seconds}{secure}");
        let mut header = HeaderValue::try_from(text).expect("names, digits and full stops are visible ASCII");
        header.set_sensitive(true);
        header
    }
}

fn device_proof(key: &[u8; 32], number: &Token, email: &str) -> Token {
    let mut text = number.reveal();
    text.push_str(email);
    // The number has a fixed length, so the two can't run into each other.
    let proof = blake3::keyed_hash(key, text.as_bytes());
    Token::parse(&proof.to_hex()).expect("a hash is 64 hexadecimal digits")
}

fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brought(cookie: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, format!("a=b; {cookie}; c=d").parse().unwrap());
        headers
    }

    /// What a browser would send back.
    fn pair(header: &HeaderValue) -> &str {
        header.to_str().unwrap().split(';').next().unwrap()
    }

    #[test]
    fn over_tls_the_session_cookie_is_bound_to_this_host() {
        let token = Token::generate().unwrap();
        let tls = Cookies { tls: true }.set_session(&token);
        let text = tls.to_str().unwrap();
        assert!(text.starts_with("__Host-sanaq=") && text.ends_with("; Secure"), "{text}");
        for mark in ["Path=/", "HttpOnly", "SameSite=Strict"] {
            assert!(text.contains(mark), "{mark}");
        }
        let plain = Cookies { tls: false }.set_session(&token);
        assert!(plain.to_str().unwrap().starts_with("sanaq_session="));
        assert!(!plain.to_str().unwrap().contains("Secure"));
        assert!(tls.is_sensitive());
        assert_eq!(Cookies { tls: true }.session(&brought(pair(&tls))), Some(token));
        assert_eq!(Cookies { tls: true }.session(&brought(pair(&plain))), None);
    }

    #[test]
    fn a_device_cookie_is_good_for_its_own_address_only() {
        let (cookies, key) = (Cookies { tls: false }, [7; 32]);
        let number = Token::generate().unwrap();
        let headers = brought(pair(&cookies.set_device(&key, &number, "a@b.kz")));
        assert_eq!(cookies.device(&headers, &key, "a@b.kz"), Some(number));
        assert_eq!(cookies.device(&headers, &key, "c@b.kz"), None);
        assert_eq!(cookies.device(&headers, &[8; 32], "a@b.kz"), None);
        assert_eq!(cookies.device(&brought("sanaq_device=x.y"), &key, "a@b.kz"), None);
    }
}
