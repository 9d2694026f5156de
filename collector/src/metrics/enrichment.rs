//! What was found in beacons besides their outcome: what was scrubbed, which robots came, how old the country database is.

use std::sync::Arc;

use prometheus::core::Collector;
use prometheus::{Error, IntCounterVec, PullingGauge, Registry};
use serve::metrics::counters;

use super::ledger::register_count;
use crate::admit::Admission;
use crate::bot::BotClass;
use crate::geo::Geo;
use crate::scrub::Class;

/// Figures of what was found.
pub struct Enrichment {
    scrubbed: IntCounterVec,
    bots: IntCounterVec,
}

impl Enrichment {
    pub(super) fn register(registry: &Registry) -> Result<Self, Error> {
        Ok(Self {
            scrubbed: counters(
                registry,
                "sanaq_scrubbed_total",
                "Pieces of beacons that were kept which named a person and were replaced, by class.",
                ["class"],
                Class::ALL.map(|class| [class.code()]),
            )?,
            bots: counters(
                registry,
                "sanaq_bots_total",
                "Beacons dropped because a robot sent them, by kind.",
                ["class"],
                BotClass::ALL.iter().map(|class| [class.code()]),
            )?,
        })
    }

    /// Counts what was found in a beacon.
    pub fn count(&self, admission: &Admission) {
        if let Some(class) = admission.bot {
            self.bots.with_label_values(&[class.code()]).inc();
        }
        if !admission.scrubbed.is_empty() {
            for class in Class::ALL {
                self.scrubbed.with_label_values(&[class.code()]).inc_by(admission.scrubbed.of(class).into());
            }
        }
    }
}

/// Figures of the country database, read when they are scraped.
///
/// # Errors
/// When a name is registered already.
pub fn geo_figures(registry: &Registry, geo: &Arc<Geo>) -> Result<(), Error> {
    let read = Arc::downgrade(geo);
    let built_at = move || read.upgrade().and_then(|geo| geo.built_at()).map_or(0.0, super::float);
    registry.register(Box::new(PullingGauge::new(
        "sanaq_geo_database_build_timestamp_seconds",
        "When the country database in use was built, in Unix seconds; 0 without one.",
        Box::new(built_at),
    )?) as Box<dyn Collector>)?;
    let read = Arc::downgrade(geo);
    register_count(
        registry,
        "sanaq_geo_reload_errors_total",
        "Replaced country databases that could not be used; the one before goes on.",
        move || read.upgrade().map_or(0, |geo| geo.failures()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrub::{ScrubCounts, scrub};
    use events::DropReason;

    #[test]
    fn what_is_found_is_counted_by_class() {
        let registry = Registry::new();
        let figures = Enrichment::register(&registry).unwrap();
        geo_figures(&registry, &Arc::new(Geo::time_zone_only())).unwrap();
        let mut scrubbed = ScrubCounts::default();
        let _ = scrub("a@b.kz c@d.kz 87011234567", &mut scrubbed);
        for bot in [None, Some(BotClass::Seo)] {
            figures.count(&Admission { site: None, decision: Err(DropReason::Bot), bot, scrubbed });
        }
        let value = |name: &str, class: &str| {
            let families = registry.gather();
            let family = families.iter().find(|family| family.name() == name).unwrap();
            let metric =
                family.get_metric().iter().find(|metric| metric.get_label()[0].value() == class).unwrap();
            metric.get_counter().get_value()
        };
        assert_eq!(
            [value("sanaq_scrubbed_total", "email"), value("sanaq_scrubbed_total", "phone")],
            [4.0, 2.0]
        );
        assert_eq!([value("sanaq_bots_total", "seo"), value("sanaq_bots_total", "other")], [1.0, 0.0]);
        assert_eq!(registry.gather().len(), 4);
    }
}
