//! Key material: one boxed copy, overwritten when dropped, that nothing can print.

use rand::TryRng;
use rand::rngs::SysRng;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// 256 bits that nobody may see. Boxed, so that moving it leaves no copy behind; no `Debug`, no `Clone`.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Secret(Box<[u8; 32]>);

impl Secret {
    /// All zero, to be filled in place.
    pub(super) fn blank() -> Self {
        Self(Box::new([0; 32]))
    }

    /// From the operating system's generator. `None` when that fails.
    pub(super) fn random() -> Option<Self> {
        let mut secret = Self::blank();
        SysRng.try_fill_bytes(&mut secret.0[..]).ok()?;
        Some(secret)
    }

    /// The bits, for the one call that needs them.
    pub(super) fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The bits, to be written in place.
    pub(super) fn expose_mut(&mut self) -> &mut [u8; 32] {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_secrets_differ_and_zeroize_overwrites_them() {
        let (mut one, other) = (Secret::random().unwrap(), Secret::random().unwrap());
        assert_ne!(one.expose(), other.expose());
        one.zeroize();
        assert_eq!(one.expose(), &[0; 32]);
    }
}
