//! Signatures of JSON web tokens, of the two kinds that providers use: RS256 and ES256. Anything else is refused by its
//! name, before a key is looked for: no `none`, and no HS256, whose key would be one that others know.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::Value;

use super::OidcError;

/// Keys of one provider that are looked at.
const MOST_KEYS: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rs256,
    Es256,
}

/// A token taken apart, its signature not looked at yet.
pub(super) struct Parts<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) key_id: Option<String>,
    signed: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

pub(super) fn bytes_of(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

impl<'a> Parts<'a> {
    /// Takes a token apart.
    pub(super) fn of(token: &'a str) -> Result<Self, OidcError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(OidcError::BadAnswer)?;
        let (header, payload) = signed.split_once('.').ok_or(OidcError::BadAnswer)?;
        let header = bytes_of(header).ok_or(OidcError::BadAnswer)?;
        let header: Header = serde_json::from_slice(&header).map_err(|_| OidcError::BadAnswer)?;
        let algorithm = match header.alg.as_str() {
            "RS256" => Algorithm::Rs256,
            "ES256" => Algorithm::Es256,
            _ => return Err(OidcError::BadAlgorithm),
        };
        // Something that must be understood, and isn't.
        if header.crit.is_some() {
            return Err(OidcError::BadAlgorithm);
        }
        let signature = bytes_of(signature).ok_or(OidcError::BadSignature)?;
        Ok(Self { algorithm, key_id: header.kid, signed, payload, signature })
    }

    /// What it says, when one of these keys has signed it.
    pub(super) fn verified<'k>(&self, mut keys: impl Iterator<Item = &'k Key>) -> Result<Vec<u8>, OidcError> {
        if !keys.any(|key| key.has_signed(self.signed.as_bytes(), &self.signature)) {
            return Err(OidcError::BadSignature);
        }
        bytes_of(self.payload).ok_or(OidcError::BadAnswer)
    }
}

/// A key of the provider that this program can use.
pub(super) struct Key {
    id: Option<String>,
    material: Material,
}

enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Key {
    /// Those keys of a set that can be used; providers publish others beside them.
    pub(super) fn of_set(set: &Value) -> Option<Vec<Self>> {
        let keys = set.get("keys")?.as_array()?;
        Some(keys.iter().take(MOST_KEYS).filter_map(Self::of).collect())
    }

    fn of(jwk: &Value) -> Option<Self> {
        let jwk = Jwk::deserialize(jwk).ok()?;
        if jwk.usage.is_some_and(|usage| usage != "sig") {
            return None;
        }
        let part = |text: Option<String>| bytes_of(&text?);
        let (material, algorithm) = match jwk.kty.as_str() {
            "RSA" => (Material::Rsa { n: part(jwk.n)?, e: part(jwk.e)? }, "RS256"),
            "EC" if jwk.crv.as_deref() == Some("P-256") => {
                let (x, y) = (part(jwk.x)?, part(jwk.y)?);
                if x.len() != 32 || y.len() != 32 {
                    return None;
                }
                (Material::P256([&[4], x.as_slice(), y.as_slice()].concat()), "ES256")
            }
            _ => return None,
        };
        if jwk.alg.is_some_and(|alg| alg != algorithm) {
            return None;
        }
        Some(Self { id: jwk.kid, material })
    }

    /// Whether a token that names this key, or none, and this algorithm may be signed with it.
    pub(super) fn is_for(&self, parts: &Parts<'_>) -> bool {
        let kind = matches!(
            (&self.material, parts.algorithm),
            (Material::Rsa { .. }, Algorithm::Rs256) | (Material::P256(_), Algorithm::Es256)
        );
        kind && (parts.key_id.is_none() || parts.key_id == self.id)
    }

    fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Rsa { n, e } => RsaPublicKeyComponents { n, e }
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok(),
            Material::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
            }
        }
    }
}

#[cfg(test)]
mod tests;
