//! What the sealer counts.

use prometheus::{IntCounter, IntGauge, Registry};

use super::SealedDay;

/// Figures of the seal.
#[derive(Clone)]
pub struct SealMetrics {
    /// Days sealed since the start.
    pub(super) days: IntCounter,
    /// Attempts that failed since the start.
    pub(super) failures: IntCounter,
    /// Days whose events are still there and counted.
    pub(super) open_partitions: IntGauge,
    /// Seconds since the end of the oldest of them that has ended.
    pub(super) oldest_open_seconds: IntGauge,
    /// Events that arrived after their day was sealed, and were sealed as an addendum.
    pub(super) late_events: IntCounter,
}

impl SealMetrics {
    /// Metrics registered in `registry`.
    ///
    /// # Errors
    /// When one of the names is taken.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let metrics = Self::unregistered()?;
        registry.register(Box::new(metrics.days.clone()))?;
        registry.register(Box::new(metrics.failures.clone()))?;
        registry.register(Box::new(metrics.open_partitions.clone()))?;
        registry.register(Box::new(metrics.oldest_open_seconds.clone()))?;
        registry.register(Box::new(metrics.late_events.clone()))?;
        Ok(metrics)
    }

    fn unregistered() -> Result<Self, prometheus::Error> {
        Ok(Self {
            days: IntCounter::new("sanaq_seal_days_total", "Days sealed since the start.")?,
            failures: IntCounter::new("sanaq_seal_failures_total", "Attempts to seal a day that failed.")?,
            open_partitions: IntGauge::new(
                "sanaq_seal_open_partitions",
                "Days whose events are not sealed, those that have not ended included.",
            )?,
            oldest_open_seconds: IntGauge::new(
                "sanaq_seal_oldest_open_seconds",
                "Seconds since the end of the oldest day that has ended and is not sealed; 0 when there is none.",
            )?,
            late_events: IntCounter::new(
                "sanaq_seal_late_events_total",
                "Events that arrived after their day was sealed, and were sealed as an addendum.",
            )?,
        })
    }

    pub(super) fn count(&self, sealed: &[SealedDay]) {
        for day in sealed {
            if day.revision == 1 {
                self.days.inc();
            } else {
                self.late_events.inc_by(day.events);
            }
        }
    }
}

impl Default for SealMetrics {
    /// Metrics nobody scrapes.
    fn default() -> Self {
        Self::unregistered().expect("the names above are valid")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OpenDayMetrics;

    #[test]
    fn alerts_speak_of_metrics_that_there_are() {
        let registry = Registry::new();
        SealMetrics::register(&registry).unwrap();
        OpenDayMetrics::register(&registry).unwrap();
        let there: Vec<_> = registry.gather().iter().map(|family| family.name().to_owned()).collect();
        let rules = include_str!("../../../deploy/prometheus/seal.rules.yml");
        let words = rules.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let named: Vec<_> = words.filter(|word| word.starts_with("sanaq_")).collect();
        assert!(named.contains(&"sanaq_seal_oldest_open_seconds"));
        for name in named {
            assert!(there.iter().any(|metric| metric == name), "{name}");
        }
    }
}
