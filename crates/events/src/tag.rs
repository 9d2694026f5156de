//! The day's pseudonym of a visitor.

use std::fmt;
use std::num::NonZeroU64;

/// A visitor of one site on one local day: the first 64 bits of a keyed BLAKE3 hash, never zero.
///
/// It exists in memory, in the journal and in the open day's `events`, and nowhere else: it has no `Serialize`,
/// and its `Debug` hides the value, so that neither a log nor an error text can carry it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct VisitorTag(NonZeroU64);

impl VisitorTag {
    /// The tag of these 64 bits. Zero, which the column keeps for "no tag", becomes one: a collision of 1 in 2^64.
    #[must_use]
    pub fn new(bits: u64) -> Self {
        Self(NonZeroU64::new(bits).unwrap_or(NonZeroU64::MIN))
    }

    /// The bits as the `tag` column holds them.
    #[must_use]
    pub fn bits(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Debug for VisitorTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VisitorTag(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_the_value() {
        assert_eq!(format!("{:?}", VisitorTag::new(0xDEAD_BEEF)), "VisitorTag(***)");
    }

    #[test]
    fn zero_is_kept_for_no_tag() {
        assert_eq!(VisitorTag::new(0).bits(), 1);
    }
}
