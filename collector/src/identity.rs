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
//!   if this process hangs; site-day keys exist in protected memory only ([`Protection`]). Both are overwritten when they go, and
//!   so is the stack that hashing used.
//! - A day is what [`events::LocalDay`] says: 23, 24 or 25 hours, with an offset of any quarter of an hour. A site that changes its
//!   zone gets another day at once, with another closing instant and so another root key; the old day's keys still end at the
//!   old day's own closing instant. Visitors seen on both sides of the change count twice that day: nothing may link the two.
//! - Time is the wall clock's. Set ahead past a closing instant, it destroys the key; set back again, that day stays without one
//!   and its tags are random until it closes. A machine that slept over midnight destroys its keys within half a second of waking,
//!   and uses none of them before: every use compares the time.
//! - Without a key there is no weaker pseudonym: the tag is random, and counted ([`Vault::failures`]).
//! - When a key was born and destroyed stands in a public [`Ledger`], with a commitment to it.

mod custody;
mod handover;
mod keyring;
mod ledger;
mod memory;
mod secret;
mod vault;

pub use custody::{Custody, CustodyError};
pub use handover::{Farewell, Inheritance, inherit};
pub use ledger::{Ledger, LedgerError};
pub use memory::Protection;
pub use vault::{Born, Commitment, Destroyed, Vault};
