//! Who a visitor is for one day of one site, and the keys whose end makes it impossible to tell afterwards.
//!
//! ```text
//! root key      256 random bits, one for each closing instant; lives in the vault's custody until that instant
//! site-day key  BLAKE3 derive_key(context, root ‖ site ‖ date)
//! VisitorTag    first 64 bits of BLAKE3 keyed(site-day key, len ‖ address, len ‖ agent)
//! ```
//!
//! - Lengths go before the fields, so that no two pairs of address and agent give the same input.
//! - All sites whose day closes at the same instant share a root key: one instant, one key, one destruction. Site and date go into
//!   the derivation, so neither two sites nor two days share a tag.
//! - Keys never reach a block device: the kernel keeps root keys in its keyring ([`Custody`]), with a timeout it enforces even
//!   if this process hangs; site-day keys exist in memory only. Both are overwritten when they go.
//! - Without a key there is no weaker pseudonym: the tag is random, and counted ([`Vault::failures`]).

mod custody;
mod keyring;
mod secret;
mod vault;

pub use custody::{Custody, CustodyError};
pub use vault::{Destroyed, Vault};
