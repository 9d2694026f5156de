//! Keys outlive a restart but not their day: not in the memory of the whole program, not on the raw disk below it.

mod handover;
mod hardening;
#[path = "../../collector/tests/identity/keys.rs"]
mod keys;
mod ledger;
mod midnight;
mod rotation;
#[path = "../../collector/tests/identity/scan.rs"]
mod scan;
mod volume;

use jiff::Timestamp;

/// A zone in which it is about noon, so that no test of the real clock runs over a midnight.
#[allow(clippy::disallowed_methods, reason = "the real program under test reads the real clock")]
fn zone_at_noon() -> String {
    let hour = Timestamp::now().as_second().rem_euclid(86_400) / 3_600;
    // These zones' signs are the wrong way round: Etc/GMT-5 is five hours ahead.
    match hour - 12 {
        0 => "Etc/GMT".into(),
        behind @ 1.. => format!("Etc/GMT+{behind}"),
        ahead => format!("Etc/GMT{ahead}"),
    }
}
