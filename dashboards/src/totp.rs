//! Time-based one-time passwords as authenticator apps make them (RFC 6238 with SHA-1, 30 seconds, six digits: what all of
//! them understand), and the recovery codes for the day the telephone is lost.

use ring::hmac;
use serve::access::Secret;

use crate::token::{NoEntropy, random};

/// Bytes of a secret: as long as the hash, as RFC 4226 advises.
pub(crate) const SECRET_BYTES: usize = 20;
/// Seconds a code stands for.
const STEP_SECONDS: i64 = 30;
/// Steps a telephone's clock may be ahead or behind.
const DRIFT: i64 = 1;
const DIGITS: usize = 6;
/// Recovery codes handed out at once.
pub(crate) const RECOVERY_CODES: usize = 10;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The secret that a telephone and this server share.
#[derive(Clone)]
pub(crate) struct SharedSecret([u8; SECRET_BYTES]);

impl SharedSecret {
    pub(crate) fn generate() -> Result<Self, NoEntropy> {
        random().map(Self)
    }

    pub(crate) fn of(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }

    /// As people type it into an app.
    pub(crate) fn spelt(&self) -> String {
        base32(&self.0)
    }

    /// As apps read it from a QR code.
    pub(crate) fn address(&self, host: &str, email: &str) -> String {
        let label: String = url::form_urlencoded::byte_serialize(email.as_bytes()).collect();
        let issuer: String = url::form_urlencoded::byte_serialize(host.as_bytes()).collect();
        let (label, issuer) = (label.replace('+', "%20"), issuer.replace('+', "%20"));
        format!("otpauth://totp/Sanaq%20{issuer}:{label}?secret={}&issuer=Sanaq%20{issuer}", self.spelt())
    }

    /// The step that `code` belongs to, if it is one around now and later than `last_step`.
    pub(crate) fn step_of(&self, code: &str, now: i64, last_step: i64) -> Option<i64> {
        let current = now.div_euclid(STEP_SECONDS);
        (current - DRIFT..=current + DRIFT).find(|step| *step > last_step && self.code(*step) == code)
    }

    fn code(&self, step: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        // Dynamic truncation: the last half-byte says where to read.
        let offset = usize::from(tag[tag.len() - 1] & 0x0f);
        let number =
            tag[offset..offset + 4].iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        format!("{:0DIGITS$}", (number & 0x7fff_ffff) % 1_000_000)
    }
}

/// What somebody typed as their second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// Six digits of an app.
    Code(String),
    /// A recovery code: what is stored of it.
    Recovery([u8; 32]),
}

impl Typed {
    /// Spaces and hyphens don't count, nor does upper or lower case.
    pub(crate) fn read(text: &Secret) -> Self {
        let plain: String = text
            .reveal()
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_uppercase())
            .take(64)
            .collect();
        if plain.len() == DIGITS && plain.bytes().all(|b| b.is_ascii_digit()) {
            Self::Code(plain)
        } else {
            Self::Recovery(*blake3::hash(plain.as_bytes()).as_bytes())
        }
    }
}

/// A new recovery code, `ABCD-EFGH-IJKL-MNOP`: 80 random bits, so that its plain hash gives nothing away.
pub(crate) fn recovery_code() -> Result<(String, [u8; 32]), NoEntropy> {
    let plain = base32(&random::<10>()?);
    let hash = *blake3::hash(plain.as_bytes()).as_bytes();
    let grouped: Vec<&str> = [0, 4, 8, 12].iter().filter_map(|at| plain.get(*at..*at + 4)).collect();
    Ok((grouped.join("-"), hash))
}

/// RFC 4648 without padding: both lengths used here are multiples of five bytes.
fn base32(bytes: &[u8]) -> String {
    bytes
        .chunks(5)
        .flat_map(|chunk| {
            let number = chunk.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
            (0..8).rev().map(move |place| (number >> (5 * place) & 31) as usize)
        })
        .map(|index| char::from(ALPHABET[index]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238, appendix B.
    fn rfc() -> SharedSecret {
        SharedSecret::of(*b"12345678901234567890")
    }

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        // The RFC prints eight digits; six are their end.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(rfc().code(seconds / 30), code, "{seconds}");
            assert_eq!(rfc().step_of(code, seconds, 0), Some(seconds / 30));
        }
    }

    #[test]
    fn a_code_is_good_one_step_around_its_own_and_never_twice() {
        let (secret, step) = (rfc(), 40_000_000);
        let code = secret.code(step);
        for (away, good) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            assert_eq!(secret.step_of(&code, (step + away) * 30, 0).is_some(), good, "{away}");
        }
        assert_eq!(secret.step_of(&code, step * 30, step), None);
        assert_eq!(secret.step_of(&secret.code(step - 1), step * 30, step), None);
        assert_eq!(secret.step_of(&secret.code(step + 1), step * 30, step), Some(step + 1));
        assert_eq!(secret.step_of("", step * 30, 0), None);
    }

    #[test]
    fn secrets_are_spelt_as_apps_read_them() {
        assert_eq!(rfc().spelt(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            rfc().address("stats.example.kz", "a+b@c.kz"),
            "otpauth://totp/Sanaq%20stats.example.kz:a%2Bb%40c.kz?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Sanaq%20stats.example.kz"
        );
    }

    #[test]
    fn what_is_typed_is_read_however_it_is_grouped() {
        assert_eq!(Typed::read(&Secret::new(" 123 456")), Typed::Code("123456".into()));
        let (code, hash) = recovery_code().unwrap();
        assert_eq!((code.len(), code.matches('-').count()), (19, 3));
        assert_eq!(Typed::read(&Secret::new(code.to_lowercase())), Typed::Recovery(hash));
        assert_eq!(Typed::read(&Secret::new(code.replace('-', " "))), Typed::Recovery(hash));
        assert_ne!(recovery_code().unwrap().1, hash);
    }
}
