//! The dialects trackers speak. Each is one file that turns bytes into a [`events::Beacon`].
//!
//! The native one knows every field and every limit; the others translate into its words and leave the checking to it.

pub mod batch;
pub mod goatcounter;
pub mod native;
pub mod pixel;
pub mod query;
pub mod umami;

pub use native::ParseError;
