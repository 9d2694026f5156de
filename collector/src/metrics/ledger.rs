//! Every beacon's one outcome (promise 4), so that the sum holds at every scrape:
//! `received = stored + dropped{reason} + refused{reason} + in flight`.
//!
//! All of it stands under one lock, and a scrape reads it under that lock. A [`Ticket`] is one beacon in flight; it is
//! settled once, and one that is lost on the way (a connection that broke, a bug) settles itself when dropped.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use events::{DropReason, Outcome, RefuseReason};
use prometheus::core::{Collector, Desc};
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};
use prometheus::{Error, Registry};

const OUTCOMES: usize = 1 + DropReason::ALL.len() + RefuseReason::ALL.len();

/// The one account of beacons.
pub struct Ledger {
    counts: Mutex<Counts>,
    descriptions: [Desc; 3],
}

#[derive(Clone, Copy)]
struct Counts {
    received: u64,
    settled: [u64; OUTCOMES],
}

impl Counts {
    fn in_flight(&self) -> u64 {
        self.received - self.settled.iter().sum::<u64>()
    }
}

impl Ledger {
    /// An empty account.
    ///
    /// # Errors
    /// Never, as the names are well formed.
    pub fn new() -> Result<Self, Error> {
        let describe = |name: &str, help: &str, labels: &[&str]| {
            let labels = labels.iter().map(|label| (*label).to_owned()).collect();
            Desc::new(name.to_owned(), help.to_owned(), labels, HashMap::new())
        };
        Ok(Self {
            counts: Mutex::new(Counts { received: 0, settled: [0; OUTCOMES] }),
            descriptions: [
                describe("sanaq_beacons_received_total", "Beacons that came in.", &[])?,
                describe("sanaq_beacons_total", "Beacons by their one outcome.", &["outcome", "reason"])?,
                describe("sanaq_beacons_in_flight", "Beacons that have no outcome yet.", &[])?,
            ],
        })
    }

    /// A beacon came in. `None` when `limit` beacons are in flight already: then it is refused as overload, and counted.
    #[must_use]
    pub fn receive(self: &Arc<Self>, limit: u64) -> Option<Ticket> {
        let mut counts = self.lock();
        let admitted = counts.in_flight() < limit;
        counts.received += 1;
        if !admitted {
            counts.settled[index(Outcome::Refused(RefuseReason::Overloaded))] += 1;
            return None;
        }
        drop(counts);
        Some(Ticket { ledger: Arc::clone(self), if_lost: Some(RefuseReason::BodyIncomplete) })
    }

    /// Beacons of this outcome so far.
    #[must_use]
    pub fn settled(&self, outcome: Outcome) -> u64 {
        self.lock().settled[index(outcome)]
    }

    /// Beacons that came in, and those of them without an outcome yet.
    #[must_use]
    pub fn received_and_in_flight(&self) -> (u64, u64) {
        let counts = self.lock();
        (counts.received, counts.in_flight())
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One beacon in flight.
pub struct Ticket {
    ledger: Arc<Ledger>,
    /// Its outcome should it be dropped; `None` once it is settled.
    if_lost: Option<RefuseReason>,
}

impl Ticket {
    /// The body is here: should the beacon be lost now, it was the journal that could not take it.
    pub fn body_arrived(&mut self) {
        self.if_lost = Some(RefuseReason::JournalUnavailable);
    }

    /// One more beacon in the same body.
    #[must_use]
    pub fn another(&self) -> Ticket {
        self.ledger.lock().received += 1;
        Ticket { ledger: Arc::clone(&self.ledger), if_lost: self.if_lost }
    }

    /// The beacon's outcome.
    pub fn settle(mut self, outcome: Outcome) {
        self.if_lost = None;
        self.ledger.lock().settled[index(outcome)] += 1;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(reason) = self.if_lost.take() {
            self.ledger.lock().settled[index(Outcome::Refused(reason))] += 1;
        }
    }
}

/// The place of an outcome in the order of [`Outcome::all`].
fn index(outcome: Outcome) -> usize {
    match outcome {
        Outcome::Stored => 0,
        Outcome::Dropped(reason) => 1 + reason as usize,
        Outcome::Refused(reason) => 1 + DropReason::ALL.len() + reason as usize,
    }
}

/// The ledger as the registry reads it.
pub(super) struct Families(pub(super) Arc<Ledger>);

impl Collector for Families {
    fn desc(&self) -> Vec<&Desc> {
        self.0.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let counts = *self.0.lock();
        let [received, total, in_flight] = &self.0.descriptions;
        let by_outcome = Outcome::all()
            .map(|outcome| {
                let labels = vec![label("outcome", outcome.label()), label("reason", outcome.reason())];
                count(Metric::from_label(labels), counts.settled[index(outcome)])
            })
            .collect();
        let mut gauge = Gauge::default();
        gauge.set_value(super::float(counts.in_flight()));
        vec![
            family(received, MetricType::COUNTER, vec![count(Metric::default(), counts.received)]),
            family(total, MetricType::COUNTER, by_outcome),
            family(in_flight, MetricType::GAUGE, vec![Metric::from_gauge(gauge)]),
        ]
    }
}

/// Registers a counter that is read from elsewhere when it is scraped.
pub(super) fn register_count(
    registry: &Registry,
    name: &str,
    help: &str,
    read: impl Fn() -> u64 + Send + Sync + 'static,
) -> Result<(), Error> {
    let description = Desc::new(name.to_owned(), help.to_owned(), Vec::new(), HashMap::new())?;
    registry.register(Box::new(Count { description, read }))
}

struct Count<F> {
    description: Desc,
    read: F,
}

impl<F: Fn() -> u64 + Send + Sync> Collector for Count<F> {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.description]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        vec![family(&self.description, MetricType::COUNTER, vec![count(Metric::default(), (self.read)())])]
    }
}

fn family(description: &Desc, kind: MetricType, metrics: Vec<Metric>) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(description.fq_name.clone());
    family.set_help(description.help.clone());
    family.set_field_type(kind);
    family.set_metric(metrics);
    family
}

fn count(mut metric: Metric, value: u64) -> Metric {
    let mut counter = Counter::default();
    counter.set_value(super::float(value));
    metric.set_counter(counter);
    metric
}

fn label(name: &str, value: &str) -> LabelPair {
    let mut pair = LabelPair::default();
    pair.set_name(name.to_owned());
    pair.set_value(value.to_owned());
    pair
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(ledger: &Ledger) -> u64 {
        Outcome::all().map(|outcome| ledger.settled(outcome)).sum()
    }

    #[test]
    fn every_outcome_has_a_place_of_its_own_in_the_order_of_all() {
        for (place, outcome) in Outcome::all().enumerate() {
            assert_eq!(index(outcome), place);
        }
        assert_eq!(Outcome::all().count(), OUTCOMES);
    }

    #[test]
    fn received_is_always_the_sum_of_outcomes_and_what_is_in_flight() {
        let ledger = Arc::new(Ledger::new().unwrap());
        let first = ledger.receive(2).unwrap();
        let second = ledger.receive(2).unwrap();
        assert!(ledger.receive(2).is_none());
        assert_eq!((ledger.received_and_in_flight(), sum(&ledger)), ((3, 2), 1));
        let twin = first.another();
        first.settle(Outcome::Stored);
        twin.settle(Outcome::Dropped(DropReason::UnknownSite));
        drop(second);
        assert_eq!((ledger.received_and_in_flight(), sum(&ledger)), ((4, 0), 4));
        assert_eq!(ledger.settled(Outcome::Refused(RefuseReason::BodyIncomplete)), 1);
    }

    #[test]
    fn a_beacon_lost_after_its_body_came_counts_against_the_journal() {
        let ledger = Arc::new(Ledger::new().unwrap());
        let mut ticket = ledger.receive(1).unwrap();
        ticket.body_arrived();
        drop(ticket);
        assert_eq!(ledger.settled(Outcome::Refused(RefuseReason::JournalUnavailable)), 1);
    }

    #[test]
    fn each_outcome_is_scraped_from_the_start() {
        let registry = Registry::new();
        registry.register(Box::new(Families(Arc::new(Ledger::new().unwrap())))).unwrap();
        let families = registry.gather();
        let total = families.iter().find(|family| family.name() == "sanaq_beacons_total").unwrap();
        assert_eq!(total.get_metric().len(), OUTCOMES);
    }
}
