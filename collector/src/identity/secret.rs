//! Key material: one copy in protected memory, overwritten when dropped, that nothing can print.

use rand::TryRng;
use rand::rngs::SysRng;

use super::memory::Cell;

/// 256 bits that nobody may see. Its bytes stay in their cell, so that moving it leaves no copy behind; no `Debug`, no `Clone`.
pub(super) struct Secret(Cell);

impl Secret {
    /// All zero, to be filled in place.
    pub(super) fn blank() -> Self {
        Self(Cell::blank())
    }

    /// From the operating system's generator. `None` when that fails.
    pub(super) fn random() -> Option<Self> {
        let mut secret = Self::blank();
        SysRng.try_fill_bytes(&mut secret.expose_mut()[..]).ok()?;
        Some(secret)
    }

    /// The bits, for the one call that needs them.
    pub(super) fn expose(&self) -> &[u8; 32] {
        self.0.bytes()
    }

    /// The bits, to be written in place.
    pub(super) fn expose_mut(&mut self) -> &mut [u8; 32] {
        self.0.bytes_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_secrets_differ() {
        let (one, other) = (Secret::random().unwrap(), Secret::random().unwrap());
        assert_ne!(one.expose(), other.expose());
    }
}
