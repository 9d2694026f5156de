use events::{LocalDay, SiteId};
use jiff::civil::date;
use jiff::tz::TimeZone;

use super::*;
use crate::address::ClientAddress;
use crate::identity::{Custody, Inheritance};

fn noon() -> Timestamp {
    "2026-11-22T07:12:34Z".parse().unwrap()
}

fn midnight() -> Timestamp {
    Timestamp::from_second(today().closes_at).unwrap()
}

fn today() -> LocalDay {
    LocalDay::of(date(2026, 11, 22), &TimeZone::get("Asia/Almaty").unwrap()).unwrap()
}

fn visit(vault: &Vault) {
    vault.tag(SiteId(1), &today(), noon(), &ClientAddress::parse("203.0.113.9").unwrap(), "agent");
}

fn begun(data: &Path, custody: Custody, now: Timestamp) -> (Vault, Ledger) {
    let (vault, ledger) = (Vault::new(custody), Ledger::open(data).unwrap());
    vault.adopt(Inheritance::default(), now);
    ledger.update(&vault, &vault.expire(now), now).unwrap();
    (vault, ledger)
}

fn tick(vault: &Vault, ledger: &Ledger, now: Timestamp) {
    ledger.update(vault, &vault.expire(now), now).unwrap();
}

fn keys(ledger: &Ledger) -> Vec<Value> {
    ledger.shown()["keys"].as_array().unwrap().clone()
}

fn lines(data: &Path) -> usize {
    fs::read_to_string(data.join(FILE)).unwrap().lines().count()
}

#[test]
fn a_key_is_written_down_once_when_born_and_once_when_destroyed() {
    let data = tempfile::tempdir().unwrap();
    let (vault, ledger) = begun(data.path(), Custody::memory(), noon());
    assert_eq!(keys(&ledger).len(), 0);
    for _ in 0..3 {
        visit(&vault);
        tick(&vault, &ledger, noon());
    }
    let shown = keys(&ledger);
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0]["closes_at"], "2026-11-22T19:00:00Z");
    assert_eq!(shown[0]["born_in_hour_of"], "2026-11-22T07:00:00Z", "not when the first visitor came");
    assert_eq!(shown[0]["destroyed_at"], Value::Null);
    assert_eq!(shown[0]["commitment"].as_str().unwrap().len(), 64);
    tick(&vault, &ledger, midnight());
    tick(&vault, &ledger, midnight());
    assert_eq!(keys(&ledger)[0]["destroyed_at"], "2026-11-22T19:00:00Z");
    assert_eq!(keys(&ledger)[0]["end_noticed_afterwards"], false);
    assert_eq!(lines(data.path()), 2);
    // Read again, it is the same.
    assert_eq!(Ledger::open(data.path()).unwrap().shown(), ledger.shown());
}

#[test]
fn a_key_born_and_destroyed_between_two_looks_is_written_down_too() {
    let data = tempfile::tempdir().unwrap();
    let (vault, ledger) = begun(data.path(), Custody::memory(), noon());
    visit(&vault);
    tick(&vault, &ledger, midnight());
    assert_eq!(keys(&ledger)[0]["destroyed_at"], "2026-11-22T19:00:00Z");
}

#[test]
fn a_key_that_ended_unwatched_is_noticed_but_not_before_its_instant() {
    let data = tempfile::tempdir().unwrap();
    let (vault, ledger) = begun(data.path(), Custody::memory(), noon());
    visit(&vault);
    tick(&vault, &ledger, noon());
    drop((vault, ledger));
    // The next process doesn't have it. Somebody else might, until its day closes.
    let (vault, ledger) = begun(data.path(), Custody::memory(), noon());
    assert_eq!(keys(&ledger)[0]["destroyed_at"], Value::Null);
    visit(&vault);
    tick(&vault, &ledger, noon());
    assert_eq!(keys(&ledger).len(), 2, "another key for the same day has a line of its own");
    drop((vault, ledger));
    let later = midnight() + jiff::SignedDuration::from_hours(9);
    let (_, ledger) = begun(data.path(), Custody::memory(), later);
    for key in keys(&ledger) {
        assert_eq!(key["destroyed_at"], later.to_string());
        assert_eq!(key["end_noticed_afterwards"], true);
    }
}

#[test]
fn a_birth_whose_line_a_crash_took_is_written_when_the_key_is_found_again() {
    let data = tempfile::tempdir().unwrap();
    // Where the kernel has no keyring for us there is no key to be found again.
    let Ok(custody) = Custody::keyring(data.path()) else { return };
    let (vault, _) = begun(data.path(), custody, noon());
    visit(&vault);
    drop(vault);
    assert_eq!(lines(data.path()), 0, "killed before the line was written");
    fs::write(data.path().join(FILE), br#"{"event":"born","closes_at":"2026-"#).unwrap();
    let (vault, ledger) = begun(data.path(), Custody::keyring(data.path()).unwrap(), noon());
    assert_eq!(keys(&ledger).len(), 1);
    let text = fs::read_to_string(data.path().join(FILE)).unwrap();
    let line: Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
    assert_eq!(line["found"], true);
    // Found once more it is known: the commitment is the same.
    drop((vault, ledger));
    let (vault, ledger) = begun(data.path(), Custody::keyring(data.path()).unwrap(), noon());
    assert_eq!(keys(&ledger).len(), 1);
    tick(&vault, &ledger, midnight());
    assert_eq!(keys(&ledger)[0]["destroyed_at"], midnight().to_string());
}

#[test]
fn a_line_that_could_not_be_written_is_written_later() {
    let data = tempfile::tempdir().unwrap();
    let (vault, ledger) = begun(data.path(), Custody::memory(), noon());
    visit(&vault);
    ledger.book().file = File::open(data.path().join(FILE)).unwrap();
    assert!(ledger.update(&vault, &[], noon()).is_err());
    ledger.book().file = File::options().append(true).open(data.path().join(FILE)).unwrap();
    tick(&vault, &ledger, noon());
    assert_eq!(lines(data.path()), 1);
    assert_eq!(keys(&ledger).len(), 1);
}
