//! Nothing is stored twice and nothing is lost, whatever breaks between the collector and ClickHouse, and when the disk is full.

use std::io::Write as _;

use end_to_end::scenario::disk::{FullDisk, may_mount};
use end_to_end::scenario::faults::Faults;

use crate::harness::scenario;

#[test]
fn kills_cuts_stalls_repetitions_and_lost_answers_leave_each_beacon_once() {
    let report = scenario(|scene| Faults::FAST.run(scene));
    assert!(report.kept(), "{report}");
}

/// The control: were a retry to come with a new token, it would be counted twice, and that is noticed.
#[test]
fn a_retry_under_a_new_token_shows_as_a_beacon_stored_twice() {
    let report = scenario(|scene| Faults { with_new_tokens: true, ..Faults::FAST }.run(scene));
    let stored = report.figures.iter().find(|figure| figure.what == "acknowledged and stored").unwrap();
    assert!(!stored.met, "{report}");
    assert!(
        stored.measured.starts_with("0 lost, ") && !stored.measured.starts_with("0 lost, 0 twice"),
        "{report}"
    );
}

#[test]
fn a_full_disk_is_said_with_503_and_passes_without_loss() {
    if !may_mount() {
        #[allow(clippy::disallowed_methods, reason = "tells where the test runs; no configuration")]
        let in_ci = std::env::var_os("CI").is_some();
        assert!(!(in_ci && rustix::process::geteuid().is_root()), "root in CI must be able to mount");
        // Past the test's own capture of output: it must be seen that this was not shown.
        let _unsaid =
            writeln!(std::io::stderr(), "NOT RUN: the full disk, as file systems can't be mounted here");
        return;
    }
    let report = scenario(|scene| FullDisk::FAST.run(scene));
    assert!(report.kept(), "{report}");
}
