//! The public ledger of keys: when each root key was born and destroyed, and a commitment to it. Shows that past days' keys
//! are gone, to whoever kept an earlier copy of it.
//!
//! - Kept in `key-ledger.jsonl` in the data directory: one JSON line for each birth and each end, only ever appended, synced. Shown at
//!   `GET /.well-known/sanaq/keys`.
//! - One key serves all sites whose day closes at the same instant, so a site's day is found by the instant of its midnight.
//! - A birth is told to the hour: a key is born with the day's first visit, and when that was is the visitor's business.
//! - A crash between a birth and its line loses neither: a key that is found again without a line gets one (`found`). A key that ended
//!   while nobody watched (by the kernel's timeout, or with a process) gets its line when that is `noticed`, and not before its closing
//!   instant.
//! - The commitment is a hash of 256 random bits: it can't be inverted, and it is not what tags are made from.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::vault::{Born, COMMITMENT_CONTEXT, Destroyed, Vault};

const FILE: &str = "key-ledger.jsonl";
/// Keys shown, the latest: a year of them where all sites are in one zone.
const SHOWN: usize = 400;
const HOUR: i64 = 3600;

/// The ledger can't be opened.
#[derive(Debug, thiserror::Error)]
#[error("the file {FILE} in the data directory can't be read or written")]
pub struct LedgerError(#[source] io::Error);

/// The public ledger of keys.
pub struct Ledger(Mutex<Book>);

struct Book {
    file: File,
    keys: BTreeMap<(i64, String), Key>,
    /// Lines that could not be written yet.
    pending: Vec<Line>,
}

#[derive(Default)]
struct Key {
    born_at: Option<i64>,
    destroyed_at: Option<i64>,
    noticed: bool,
}

#[derive(Clone, Serialize, Deserialize)]
struct Line {
    event: Event,
    closes_at: Timestamp,
    at: Timestamp,
    commitment: String,
    /// Of a birth: the key was found, and had no line; it was born by then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    found: bool,
    /// Of an end: it was noticed afterwards; the key was gone by then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    noticed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Event {
    Born,
    Destroyed,
}

impl Ledger {
    /// The ledger in this directory, begun when there is none. A last line that a crash cut short is left where it is and not read.
    ///
    /// # Errors
    /// When the file can't be read or written.
    pub fn open(data: &Path) -> Result<Self, LedgerError> {
        Self::read(data).map_err(LedgerError)
    }

    fn read(data: &Path) -> io::Result<Self> {
        fs::create_dir_all(data)?;
        let path = data.join(FILE);
        let mut file = File::options().create(true).append(true).mode(0o600).open(&path)?;
        let text = fs::read(&path)?;
        if text.last().is_some_and(|last| *last != b'\n') {
            file.write_all(b"\n")?;
        }
        let mut keys = BTreeMap::new();
        for line in text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()) {
            note(&mut keys, &line);
        }
        Ok(Self(Mutex::new(Book { file, keys, pending: Vec::new() })))
    }

    /// Writes down what became of the vault's keys since the last call. What can't be written now is tried again with the next call.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn update(&self, vault: &Vault, destroyed: &[Destroyed], now: Timestamp) -> Result<(), LedgerError> {
        let mut book = self.book();
        let births = vault.take_births();
        book.births(&births);
        book.ends(destroyed, vault, now);
        book.write().map_err(LedgerError)
    }

    /// What the public may see, the latest key first.
    #[must_use]
    pub fn shown(&self) -> Value {
        let book = self.book();
        let time = |second: Option<i64>| second.and_then(|second| Timestamp::from_second(second).ok());
        let keys = book.keys.iter().rev().take(SHOWN);
        let keys = keys.map(|((closes_at, commitment), key)| {
            json!({
                "closes_at": time(Some(*closes_at)),
                "born_in_hour_of": time(key.born_at),
                "destroyed_at": time(key.destroyed_at),
                "end_noticed_afterwards": key.noticed,
                "commitment": commitment,
            })
        });
        json!({
            "commitment_is": format!("BLAKE3 derive_key(context = \"{COMMITMENT_CONTEXT}\", key material = root key), hexadecimal"),
            "keys": keys.collect::<Vec<_>>(),
        })
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn births(&mut self, births: &[Born]) {
        for born in births {
            let commitment: String = born.commitment.iter().map(|byte| format!("{byte:02x}")).collect();
            let known =
                self.keys.get(&(born.closes_at, commitment.clone())).is_some_and(|key| key.born_at.is_some());
            let at = born.at - born.at.rem_euclid(HOUR);
            if !known
                && let (Ok(closes_at), Ok(at)) =
                    (Timestamp::from_second(born.closes_at), Timestamp::from_second(at))
            {
                self.pending.push(Line {
                    event: Event::Born,
                    closes_at,
                    at,
                    commitment,
                    found: born.found,
                    noticed: false,
                });
            }
        }
        // A key may be born and destroyed between two calls.
        for line in &self.pending {
            note(&mut self.keys, line);
        }
    }

    fn ends(&mut self, destroyed: &[Destroyed], vault: &Vault, now: Timestamp) {
        for ((closes_at, commitment), key) in &mut self.keys {
            let by_us = destroyed.iter().any(|gone| gone.closes_at == *closes_at);
            let unwatched = *closes_at <= now.as_second() && !vault.holds(*closes_at);
            if key.destroyed_at.is_none()
                && (by_us || unwatched)
                && let Ok(closes_at) = Timestamp::from_second(*closes_at)
            {
                let line = Line {
                    event: Event::Destroyed,
                    closes_at,
                    at: now,
                    commitment: commitment.clone(),
                    found: false,
                    noticed: !by_us,
                };
                key.destroyed_at = Some(now.as_second());
                key.noticed = !by_us;
                self.pending.push(line);
            }
        }
    }

    fn write(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let mut text = Vec::new();
        for line in &self.pending {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
        }
        // In one call; half of it, on a full disk, is a line nobody reads and the whole is written again.
        self.file.write_all(&text).inspect_err(|_| drop(self.file.write_all(b"\n")))?;
        self.file.sync_data()?;
        self.pending.clear();
        while self.keys.len() > SHOWN {
            self.keys.pop_first();
        }
        Ok(())
    }
}

fn note(keys: &mut BTreeMap<(i64, String), Key>, line: &Line) {
    let key = keys.entry((line.closes_at.as_second(), line.commitment.clone())).or_default();
    let at = line.at.as_second();
    match line.event {
        Event::Born => {
            key.born_at.get_or_insert(at);
        }
        Event::Destroyed => {
            key.destroyed_at.get_or_insert(at);
            key.noticed = line.noticed;
        }
    }
}

#[cfg(test)]
mod tests;
