//! Named probes behind `/readyz`. A part takes a probe when it is built, which makes the process unready until the part
//! says otherwise; when stopping, the process becomes unready first.
//!
//! Reasons are static texts, so that nothing a visitor sent can end up in an answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

type Probes = BTreeMap<&'static str, State>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ready,
    Unready(&'static str),
}

/// Whether the process can do its work, as the sum of its probes. Clones share them.
#[derive(Clone, Debug)]
pub struct Readiness(Arc<watch::Sender<Probes>>);

impl Default for Readiness {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Probes::new())))
    }
}

impl Readiness {
    /// The probe of this name, unready (`starting`) when it is new. Asking twice gives the same probe.
    #[must_use]
    pub fn probe(&self, name: &'static str) -> Probe {
        self.0.send_modify(|probes| {
            probes.entry(name).or_insert(State::Unready("starting"));
        });
        Probe { name, probes: Arc::clone(&self.0) }
    }

    /// Whether every probe is ready.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        all_ready(&self.0.borrow())
    }

    /// Waits until every probe is ready.
    pub async fn wait(&self) {
        let mut probes = self.0.subscribe();
        probes.wait_for(all_ready).await.expect("the sender lives in self");
    }

    /// Each probe with its state: `ready`, or the reason why not. By name.
    #[must_use]
    pub fn report(&self) -> Vec<(&'static str, &'static str)> {
        let word = |state: &State| match *state {
            State::Ready => "ready",
            State::Unready(reason) => reason,
        };
        self.0.borrow().iter().map(|(name, state)| (*name, word(state))).collect()
    }
}

fn all_ready(probes: &Probes) -> bool {
    probes.values().all(|state| *state == State::Ready)
}

/// One part's say in whether the process is ready.
#[derive(Clone, Debug)]
pub struct Probe {
    name: &'static str,
    probes: Arc<watch::Sender<Probes>>,
}

impl Probe {
    /// This part can do its work.
    pub fn set_ready(&self) {
        self.set(State::Ready);
    }

    /// This part can't do its work, and why: a short static text, as `/readyz` shows it.
    pub fn set_unready(&self, reason: &'static str) {
        self.set(State::Unready(reason));
    }

    fn set(&self, state: State) {
        self.probes.send_if_modified(|probes| probes.insert(self.name, state) != Some(state));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_unready_probe_makes_the_whole_unready() {
        let readiness = Readiness::default();
        assert!(readiness.is_ready());
        let journal = readiness.probe("journal");
        let clickhouse = readiness.probe("clickhouse");
        journal.set_ready();
        assert!(!readiness.is_ready());
        assert_eq!(readiness.report(), [("clickhouse", "starting"), ("journal", "ready")]);
        clickhouse.set_ready();
        assert!(readiness.is_ready());
        clickhouse.set_unready("unreachable");
        assert!(!readiness.is_ready());
        assert_eq!(readiness.report()[0], ("clickhouse", "unreachable"));
    }

    #[test]
    fn asking_twice_for_a_probe_does_not_reset_it() {
        let readiness = Readiness::default();
        readiness.probe("journal").set_ready();
        let _again = readiness.probe("journal");
        assert!(readiness.is_ready());
    }

    #[tokio::test]
    async fn waiting_ends_when_the_last_probe_is_ready() {
        let readiness = Readiness::default();
        let probe = readiness.probe("journal");
        let ((), ()) = tokio::join!(readiness.wait(), async { probe.set_ready() });
        assert!(readiness.is_ready());
    }
}
