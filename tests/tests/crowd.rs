//! Many connections, busy ones and such that only stand in the way: each beacon has an answer, and it is true.

use end_to_end::scenario::connections::Connections;
use end_to_end::scenario::crowd::Hostile;

use crate::harness::scenario;

#[test]
fn on_two_hundred_busy_connections_what_is_accepted_is_stored() {
    let report = scenario(|scene| Connections::FAST.run(scene));
    assert!(report.kept(), "{report}");
}

#[test]
fn good_clients_are_served_among_silent_and_slow_ones() {
    let report = scenario(|scene| Hostile::FAST.run(scene));
    assert!(report.kept(), "{report}");
}
