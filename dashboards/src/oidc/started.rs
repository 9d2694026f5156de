//! What a browser that left for the provider carries: one random token. State, nonce and PKCE verifier follow from it one
//! way, so nothing is kept of sign-ins that were only begun, and nobody can fill a memory by beginning many.
//!
//! The cookie is the token, when it ends, and a keyed hash over both: one that another made is not taken. What has come back
//! once is remembered until the cookie has ended. When there are more of these than fit, the oldest is forgotten; the
//! provider takes a code once in any case.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::{OidcError, STARTED_SECONDS};
use crate::token::{NoEntropy, Token};

const MOST_USED: usize = 4096;
const KEY_CONTEXT: &str = "sanaq 2026-11 oidc cookie";
const STATE_CONTEXT: &str = "sanaq 2026-11 oidc state";
const NONCE_CONTEXT: &str = "sanaq 2026-11 oidc nonce";
const VERIFIER_CONTEXT: &str = "sanaq 2026-11 oidc verifier";

/// A sign-in that was begun.
pub(super) struct Started(Token);

impl Started {
    pub(super) fn state(&self) -> Token {
        self.0.derive(STATE_CONTEXT)
    }

    pub(super) fn nonce(&self) -> Token {
        self.0.derive(NONCE_CONTEXT)
    }

    /// 64 hexadecimal digits: within what RFC 7636 asks of a verifier.
    pub(super) fn verifier(&self) -> Token {
        self.0.derive(VERIFIER_CONTEXT)
    }
}

/// Makes cookies and takes each back once.
pub(super) struct Ledger {
    key: [u8; 32],
    /// What has come back, and when its cookie ends; oldest first.
    used: Mutex<VecDeque<([u8; 32], i64)>>,
}

impl Ledger {
    pub(super) fn new(device_key: &[u8; 32]) -> Self {
        Self { key: blake3::derive_key(KEY_CONTEXT, device_key), used: Mutex::default() }
    }

    /// A new sign-in and its cookie.
    pub(super) fn begin(&self, now: i64) -> Result<(Started, String), NoEntropy> {
        let token = Token::generate()?;
        let ends = now + STARTED_SECONDS;
        let cookie = format!("{}.{ends}.{}", token.reveal(), self.proof(&token, ends).reveal());
        Ok((Started(token), cookie))
    }

    /// The sign-in that this cookie and state belong to; once.
    pub(super) fn take(
        &self,
        now: i64,
        cookie: Option<&str>,
        state: Option<&str>,
    ) -> Result<Started, OidcError> {
        let cookie = cookie.filter(|cookie| !cookie.is_empty()).ok_or(OidcError::NoCookie)?;
        let (token, ends) = self.read(cookie).filter(|(_, ends)| *ends > now).ok_or(OidcError::Stale)?;
        let started = Started(token);
        if !started.state().is_spelt(state.unwrap_or_default()) {
            return Err(OidcError::WrongState);
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|(_, ends)| *ends > now);
        let hash = started.0.hash();
        if used.iter().any(|(seen, _)| *seen == hash) {
            return Err(OidcError::Used);
        }
        if used.len() == MOST_USED {
            used.pop_front();
        }
        used.push_back((hash, ends));
        Ok(started)
    }

    fn read(&self, cookie: &str) -> Option<(Token, i64)> {
        let mut parts = cookie.splitn(3, '.');
        let token = Token::parse(parts.next()?)?;
        let ends = parts.next()?.parse().ok()?;
        self.proof(&token, ends).is_spelt(parts.next()?).then_some((token, ends))
    }

    fn proof(&self, token: &Token, ends: i64) -> Token {
        // The token has a fixed length, so the two can't run into each other.
        let text = format!("{}{ends}", token.reveal());
        let proof = blake3::keyed_hash(&self.key, text.as_bytes());
        Token::parse(&proof.to_hex()).expect("a hash is 64 hexadecimal digits")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_taken_once_with_its_own_state_until_it_ends() {
        let ledger = Ledger::new(&[7; 32]);
        let (started, cookie) = ledger.begin(1000).unwrap();
        let (other, _) = ledger.begin(1000).unwrap();
        let state = started.state().reveal();
        let take = |now, cookie: Option<&str>, state: Option<&str>| ledger.take(now, cookie, state).err();
        assert_eq!(take(1001, None, Some(&state)), Some(OidcError::NoCookie));
        assert_eq!(take(1001, Some(&cookie), None), Some(OidcError::WrongState));
        assert_eq!(take(1001, Some(&cookie), Some(&other.state().reveal())), Some(OidcError::WrongState));
        assert_eq!(take(1000 + STARTED_SECONDS, Some(&cookie), Some(&state)), Some(OidcError::Stale));
        let later = cookie.replacen(".1600.", ".9600.", 1);
        assert_ne!(later, cookie);
        assert_eq!(take(1001, Some(&later), Some(&state)), Some(OidcError::Stale));
        let foreign = Ledger::new(&[8; 32]);
        assert_eq!(foreign.take(1001, Some(&cookie), Some(&state)).err(), Some(OidcError::Stale));
        assert_eq!(take(1001, Some(&cookie), Some(&state)), None);
        assert_eq!(take(1001, Some(&cookie), Some(&state)), Some(OidcError::Used));
    }

    #[test]
    fn what_travels_differs_and_does_not_spell_the_cookie() {
        let (started, cookie) = Ledger::new(&[7; 32]).begin(0).unwrap();
        let travels = [started.state().reveal(), started.nonce().reveal(), started.verifier().reveal()];
        for (n, text) in travels.iter().enumerate() {
            assert!(!cookie.contains(text.as_str()));
            assert!(!travels[..n].contains(text));
        }
    }
}
