//! `sanaq journal …`
//!
//! Tells of segments, never of the rows in them. Reads the directories only: it may run beside a serving process, as whoever
//! may read the data directory.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use collector::journal::inspect::{Inspected, inspect};
use jiff::Timestamp;
use serde_json::{Value, json};
use serve::clock::Clock;

use super::print;
use crate::cli::Journal;
use crate::config::Config;
use crate::exit::Failure;

/// The journals of an installation: what they are for, and where below the data directory.
const JOURNALS: [(&str, &str); 2] = [("events", "journal"), ("drops", "drops")];

/// One journal as it was found.
struct Found {
    of: &'static str,
    directory: PathBuf,
    segments: Vec<Inspected>,
}

pub(super) fn run(command: Journal) -> Result<(), Failure> {
    let Journal::Inspect { installation, json } = command;
    let data = Config::load(&installation)?.data.directory;
    let mut found = Vec::new();
    for (of, directory) in JOURNALS {
        let directory = data.join(directory);
        match inspect(&directory) {
            Ok(segments) => found.push(Found { of, directory, segments }),
            // One that was never opened.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(&directory, &error)),
        }
    }
    if found.is_empty() {
        return Err(Failure::usage(anyhow!("{} holds no journal", data.display())));
    }
    let now = Clock::system().now();
    if json {
        return print(&as_json(&found, now).to_string());
    }
    found.iter().try_for_each(|journal| as_table(journal, now).iter().try_for_each(|line| print(line)))
}

fn unreadable(directory: &Path, error: &std::io::Error) -> Failure {
    Failure::unavailable(anyhow!("{} can't be read: {error}", directory.display()))
}

fn as_json(found: &[Found], now: Timestamp) -> Value {
    let journals = found.iter().map(|journal| {
        json!({
            "journal": journal.of,
            "directory": journal.directory,
            "segments": journal.segments.iter().map(|segment| segment_json(segment, now)).collect::<Vec<_>>(),
        })
    });
    journals.collect()
}

fn segment_json(segment: &Inspected, now: Timestamp) -> Value {
    json!({
        "state": segment.name.state.word(),
        "first_sequence": segment.name.first_sequence,
        "last_sequence": segment.last_sequence,
        "rows": segment.rows,
        "bytes": segment.bytes,
        "closes_at": segment.closes_at.iter().map(|closes_at| instant(*closes_at)).collect::<Vec<_>>(),
        "age_seconds": age(segment, now),
        "lost_rows": segment.lost_rows,
        "torn_bytes": segment.torn_bytes,
        "format": segment.format,
        "readable_format": segment.is_ours(),
        "file": segment.name.to_string(),
    })
}

/// A line about the whole, and one for each segment.
fn as_table(journal: &Found, now: Timestamp) -> Vec<String> {
    let Found { of, directory, segments } = journal;
    let rows: u64 = segments.iter().map(|segment| segment.rows).sum();
    let bytes: u64 = segments.iter().map(|segment| segment.bytes).sum();
    let mut lines = vec![
        format!("{of}: {} segments, {rows} rows, {bytes} bytes in {}", segments.len(), directory.display()),
        format!(
            "  {:8} {:>23} {:>8} {:>10} {:>9}  {:32} {}",
            "state", "sequence", "rows", "bytes", "age (s)", "days close at (UTC)", "damage"
        ),
    ];
    lines.extend(segments.iter().map(|segment| {
        let first = segment.name.first_sequence;
        let sequence =
            segment.last_sequence.map_or_else(|| format!("{first}–"), |last| format!("{first}–{last}"));
        format!(
            "  {:8} {sequence:>23} {:>8} {:>10} {:>9}  {:32} {}",
            segment.name.state.word(),
            segment.rows,
            segment.bytes,
            age(segment, now),
            days(segment),
            damage(segment)
        )
    }));
    lines
}

fn age(segment: &Inspected, now: Timestamp) -> i64 {
    now.as_second().saturating_sub(segment.since).max(0)
}

fn instant(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |instant| instant.to_string())
}

/// The first and the last day, and how many there are when more.
fn days(segment: &Inspected) -> String {
    let closes_at = &segment.closes_at;
    match (closes_at.first(), closes_at.last(), closes_at.len()) {
        (Some(first), Some(last), days @ 2..) => {
            let (first, last) = (instant(*first), instant(*last));
            // Up to the minute: days end on one.
            let short = |text: &str| text.get(..16).unwrap_or(text).to_owned();
            format!("{} … {} ({days})", short(&first), short(&last))
        }
        (Some(only), ..) => instant(*only),
        _ => "-".into(),
    }
}

fn damage(segment: &Inspected) -> String {
    let mut damage = Vec::new();
    if !segment.is_ours() {
        damage.push(format!("format {}: another version wrote it", segment.format.unwrap_or_default()));
    }
    if segment.lost_rows > 0 {
        damage.push(format!("{} rows can't be read", segment.lost_rows));
    }
    if segment.torn_bytes > 0 {
        damage.push(format!("{} bytes of an unfinished write", segment.torn_bytes));
    }
    if damage.is_empty() { "-".into() } else { damage.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Found {
        let segment = |name: &str, last_sequence, rows, closes_at: &[i64], lost_rows, torn_bytes| Inspected {
            name: name.parse().unwrap(),
            format: Some(1),
            rows,
            last_sequence,
            bytes: 4_096,
            closes_at: closes_at.iter().copied().collect(),
            since: 2_016_125_000,
            lost_rows,
            torn_bytes,
        };
        let (almaty, moscow) = (2_016_126_000, 2_016_133_200);
        let sealed = "00000000000000000001-0000000000000000000000000000000a.12.4096.2016126000.1.sealed";
        let open = "00000000000000000013-0000000000000000000000000000000b.open";
        Found {
            of: "events",
            directory: "data/journal".into(),
            segments: vec![
                segment(sealed, Some(12), 11, &[almaty, moscow], 1, 0),
                segment(open, None, 0, &[], 0, 7),
            ],
        }
    }

    fn now() -> Timestamp {
        Timestamp::from_second(2_016_125_090).unwrap()
    }

    #[test]
    fn the_table_tells_of_segments() {
        let lines = as_table(&found(), now());
        assert_eq!(lines[0], "events: 2 segments, 11 rows, 8192 bytes in data/journal");
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(
            words(&lines[2]),
            "sealed 1–12 11 4096 90 2033-11-20T19:00 … 2033-11-20T21:00 (2) 1 rows can't be read"
        );
        assert_eq!(words(&lines[3]), "open 13– 0 4096 90 - 7 bytes of an unfinished write");
        assert_eq!(lines.len(), 4);
    }

    #[test]
    fn the_json_has_the_same_for_scripts() {
        let found = as_json(&[found()], now());
        let first = &found[0]["segments"][0];
        assert_eq!(first["state"], "sealed");
        assert_eq!(first["closes_at"], json!(["2033-11-20T19:00:00Z", "2033-11-20T21:00:00Z"]));
        assert_eq!((&first["lost_rows"], &first["age_seconds"]), (&json!(1), &json!(90)));
        assert_eq!(found[0]["segments"][1]["last_sequence"], Value::Null);
    }
}
