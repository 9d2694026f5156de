//! ClickHouse goes away and comes back: meanwhile beacons are taken, and none is lost.

use end_to_end::scenario::outage::Outage;

use crate::harness::scenario;

#[test]
fn beacons_are_taken_while_clickhouse_is_away_and_delivered_when_it_is_back() {
    let report = scenario(|scene| Outage::FAST.run(scene));
    assert!(report.kept(), "{report}");
}
