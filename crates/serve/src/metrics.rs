//! Registering metrics without repeating ourselves. There is no global registry: it is passed in, so that tests don't
//! share one. Names are `sanaq_<noun>_<unit>[_total]`; label values come from enums, never from visitors.

use prometheus::core::Collector;
use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts};

pub use prometheus::{Error, Registry};

/// Registers a collector and gives it back.
///
/// # Errors
/// The name is taken or malformed.
pub fn register<C: Collector + Clone + 'static>(registry: &Registry, collector: C) -> Result<C, Error> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

/// A counter.
///
/// # Errors
/// The name is taken or malformed.
pub fn counter(registry: &Registry, name: &str, help: &str) -> Result<IntCounter, Error> {
    register(registry, IntCounter::new(name, help)?)
}

/// A gauge.
///
/// # Errors
/// The name is taken or malformed.
pub fn gauge(registry: &Registry, name: &str, help: &str) -> Result<IntGauge, Error> {
    register(registry, IntGauge::new(name, help)?)
}

/// A histogram with these upper bounds.
///
/// # Errors
/// The name is taken or malformed, or the bounds don't rise.
pub fn histogram(registry: &Registry, name: &str, help: &str, bounds: &[f64]) -> Result<Histogram, Error> {
    register(registry, Histogram::with_opts(HistogramOpts::new(name, help).buckets(bounds.to_vec()))?)
}

/// Counters by label, each combination of `values` starting at 0: a rate over a counter that appears with its first
/// event misses that event.
///
/// # Errors
/// The name is taken or malformed.
pub fn counters<const N: usize>(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: [&str; N],
    values: impl IntoIterator<Item = [&'static str; N]>,
) -> Result<IntCounterVec, Error> {
    let counters = register(registry, IntCounterVec::new(Opts::new(name, help), &labels)?)?;
    for combination in values {
        counters.get_metric_with_label_values(&combination)?;
    }
    Ok(counters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_value_is_there_before_it_happens() {
        let registry = Registry::new();
        let values = ["stored", "dropped", "refused"].map(|outcome| [outcome]);
        let _counters = counters(&registry, "sanaq_beacons_total", "Beacons.", ["outcome"], values).unwrap();
        let family = &registry.gather()[0];
        assert_eq!(family.get_metric().len(), 3);
        assert!(family.get_metric().iter().all(|metric| metric.get_counter().get_value() == 0.0));
    }

    #[test]
    fn a_taken_name_is_an_error() {
        let registry = Registry::new();
        let _first = counter(&registry, "sanaq_x_total", "X.").unwrap();
        assert!(counter(&registry, "sanaq_x_total", "X.").is_err());
    }
}
