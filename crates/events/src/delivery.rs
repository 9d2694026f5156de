//! What the seal asks of the collectors before it drops a day.

/// How far the collectors have come with handing over what they acknowledged.
///
/// Dropping a partition forgets its deduplication tokens, so a journal segment that could still be sent must be gone first.
pub trait Deliveries: Send + Sync {
    /// True when every event of the days that close at or before `closes_at` (Unix seconds) is in ClickHouse, and no
    /// journal segment that held one of them is left on disk. Cheap; asked again until true.
    fn retired(&self, closes_at: i64) -> bool;
}

/// Deliveries that have nothing outstanding: for a process without a collector.
pub struct NothingOutstanding;

impl Deliveries for NothingOutstanding {
    fn retired(&self, _closes_at: i64) -> bool {
        true
    }
}
