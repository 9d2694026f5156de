//! What the tick counts.

use prometheus::{Histogram, HistogramOpts, IntCounter, Registry};

/// Figures of the open day's statistics.
#[derive(Clone)]
pub struct OpenDayMetrics {
    /// How long a step took.
    pub(super) seconds: Histogram,
    /// Ticks that failed since the start.
    pub(super) failures: IntCounter,
}

impl OpenDayMetrics {
    /// Metrics registered in `registry`.
    ///
    /// # Errors
    /// When one of the names is taken.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let metrics = Self::unregistered()?;
        registry.register(Box::new(metrics.seconds.clone()))?;
        registry.register(Box::new(metrics.failures.clone()))?;
        Ok(metrics)
    }

    fn unregistered() -> Result<Self, prometheus::Error> {
        let buckets = vec![0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
        Ok(Self {
            seconds: Histogram::with_opts(
                HistogramOpts::new(
                    "sanaq_open_day_step_seconds",
                    "How long it took to count what is new of an open day.",
                )
                .buckets(buckets),
            )?,
            failures: IntCounter::new(
                "sanaq_open_day_failures_total",
                "Attempts to count what is new of the open days that failed.",
            )?,
        })
    }
}

impl Default for OpenDayMetrics {
    /// Metrics nobody scrapes.
    fn default() -> Self {
        Self::unregistered().expect("the names above are valid")
    }
}
