//! Secrets that we hand out once and recognise later: session cookies, set-up links, API keys.
//!
//! A token is 256 random bits, so its plain BLAKE3 hash is all that needs storing: there is nothing to guess.

use std::fmt;

use rand::TryRng;
use rand::rngs::SysRng;

/// The generator of the operating system failed. Nothing can be handed out.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random numbers")]
pub struct NoEntropy;

/// 256 random bits; printed as 64 hexadecimal digits by [`Token::reveal`] alone, as `***` otherwise.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

impl Token {
    /// A new one from the operating system's generator.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn generate() -> Result<Self, NoEntropy> {
        random().map(Self)
    }

    /// Reads 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !lower {
            return None;
        }
        blake3::Hash::from_hex(text).ok().map(|hash| Self(*hash.as_bytes()))
    }

    /// The token itself, for the one place that hands it out.
    #[must_use]
    pub fn reveal(&self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        *blake3::hash(&self.0).as_bytes()
    }

    /// Another secret that follows from this one and does not give it away; `context` separates uses.
    #[must_use]
    pub fn derive(&self, context: &str) -> Self {
        Self(blake3::derive_key(context, &self.0))
    }

    /// Whether `text` spells this token; takes as long whatever it differs in.
    #[must_use]
    pub fn is_spelt(&self, text: &str) -> bool {
        // `blake3::Hash` compares in constant time.
        Self::parse(text)
            .is_some_and(|other| blake3::Hash::from_bytes(other.0) == blake3::Hash::from_bytes(self.0))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

/// Random bytes from the operating system's generator.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], NoEntropy> {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).map_err(|_| NoEntropy)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_what_it_spells_and_nothing_else() {
        let token = Token::generate().unwrap();
        let text = token.reveal();
        assert_eq!(text.len(), 64);
        assert_eq!(Token::parse(&text), Some(token.clone()));
        assert!(token.is_spelt(&text));
        assert!(!token.is_spelt(&Token::generate().unwrap().reveal()));
        for bad in ["", "00", &text.to_uppercase().replace(|c: char| c.is_ascii_digit(), "A"), &text[1..]] {
            assert_eq!(Token::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn neither_debug_output_nor_what_is_stored_spells_the_token() {
        let token = Token::generate().unwrap();
        assert_eq!(format!("{token:?}"), "Token(***)");
        assert_ne!(token.hash(), token.0);
        assert_ne!(token.derive("a"), token.derive("b"));
        assert_ne!(token.derive("a"), token);
    }
}
