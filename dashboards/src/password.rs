//! Passwords of staff: what is accepted, how they are hashed, and that an unknown e-mail address costs as much as a known one.
//!
//! argon2id with the parameters OWASP recommends (19 MiB, two passes, one lane), about 20 ms of one core. Both functions
//! block: async callers use `spawn_blocking`, bounded (`sign_in.rs` in `server`).

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use serve::access::Secret;

use crate::token::random;

/// Fewest characters of a password.
pub const MIN_CHARACTERS: usize = 12;
/// Most bytes of a password.
pub const MAX_BYTES: usize = 1024;

/// A well-formed hash with today's parameters that nobody knows a password for: what an unknown e-mail address is
/// checked against.
const DECOY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2FuYXEtZGVjb3ktc2FsdA$c2FuYXEtZGVjb3ktb3V0cHV0LW5vYm9keXMtcGFzc3c";

/// Why a password can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than [`MIN_CHARACTERS`].
    #[error("the password has fewer than {MIN_CHARACTERS} characters")]
    TooShort,
    /// More than [`MAX_BYTES`].
    #[error("the password is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// The hash function or the random generator failed.
    #[error("the password could not be hashed")]
    NotHashed,
}

/// Whether the password is acceptable. Length is the only rule: rules of composition make passwords worse.
///
/// # Errors
/// [`PasswordError::TooShort`] or [`PasswordError::TooLong`].
pub fn check(password: &Secret) -> Result<(), PasswordError> {
    let password = password.reveal();
    if password.len() > MAX_BYTES {
        Err(PasswordError::TooLong)
    } else if password.chars().count() < MIN_CHARACTERS {
        Err(PasswordError::TooShort)
    } else {
        Ok(())
    }
}

/// The PHC string to store for an acceptable password. Blocks.
///
/// # Errors
/// As [`check`], or when hashing fails.
pub fn hash(password: &Secret) -> Result<String, PasswordError> {
    check(password)?;
    let salt: [u8; 16] = random().map_err(|_| PasswordError::NotHashed)?;
    let hash: PasswordHash = hasher()
        .hash_password_with_salt(password.reveal().as_bytes(), &salt)
        .map_err(|_| PasswordError::NotHashed)?;
    Ok(hash.to_string())
}

/// Whether the password fits the stored hash; with none, does the same work and says no. Blocks.
#[must_use]
pub fn verify(password: &Secret, stored: Option<&str>) -> bool {
    // A longer one can't have been set, and would only cost time.
    let password = if password.reveal().len() > MAX_BYTES { "" } else { password.reveal() };
    let fits = hasher().verify_password(password.as_bytes(), stored.unwrap_or(DECOY)).is_ok();
    fits && stored.is_some()
}

fn hasher() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("constant parameters are within bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text)
    }

    #[test]
    fn a_password_fits_its_own_hash_only() {
        let stored = hash(&secret("dala-samaly-2026")).unwrap();
        assert!(verify(&secret("dala-samaly-2026"), Some(&stored)));
        assert!(!verify(&secret("dala-samaly-2027"), Some(&stored)));
        assert!(!verify(&secret("dala-samaly-2026"), None));
        assert!(!stored.contains("dala"));
    }

    #[test]
    fn the_decoy_costs_what_a_real_hash_costs() {
        let parameters = |phc: &str| phc.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(parameters(DECOY), parameters(&hash(&secret("dala-samaly-2026")).unwrap()));
        // Positive control that the decoy is a whole hash: the work is done, not refused as unreadable.
        assert!(PasswordHash::new(DECOY).unwrap().hash.is_some());
    }

    #[test]
    fn length_counts_characters_not_bytes() {
        assert_eq!(check(&secret("құпиясөз-он")), Err(PasswordError::TooShort));
        assert_eq!(check(&secret("құпиясөз-он1")), Ok(()));
        assert_eq!(check(&secret(&"a".repeat(MAX_BYTES + 1))), Err(PasswordError::TooLong));
    }
}
