//! What may be told of the child's log: levels and numbers, never text.
//!
//! A ClickHouse message may quote the row or the query it is about. A line is read here, and only its level, its error
//! number and the listener's port leave this module.

use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, Instant};

/// What a line says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// The listener's port, when the line says that it is open.
    pub(crate) port: Option<u16>,
    /// The line is about an address that somebody else uses.
    pub(crate) address_in_use: bool,
    /// ClickHouse's error number.
    pub(crate) code: Option<u32>,
    /// Warning or worse.
    pub(crate) severity: Option<Severity>,
    /// What our own side of the child says; not ClickHouse's text.
    pub(crate) ours: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    Warning,
    Error,
    Fatal,
}

/// Begins a line that [`crate::child`] wrote itself.
pub(crate) const OURS: &str = "sanaq-engine-child: ";

/// A line longer than this is cut: only its beginning is looked at.
const LINE_BYTES: u64 = 4096;

impl Line {
    pub(crate) fn read(text: &str) -> Self {
        if let Some(ours) = text.strip_prefix(OURS) {
            let code = number_after(ours, "error ");
            return Self { ours: Some(ours.to_owned()), code, ..Self::default() };
        }
        // `2026.11.22 15:29:15.619536 [ 10350 ] {query id} <Information> Application: Listening for http://127.0.0.1:38669`
        let severity = match text.split_once('<').and_then(|(_, rest)| rest.split_once('>')) {
            Some(("Warning", _)) => Some(Severity::Warning),
            Some(("Error", _)) => Some(Severity::Error),
            Some(("Fatal" | "Critical", _)) => Some(Severity::Fatal),
            _ => None,
        };
        let port = text
            .split_once("<Information> Application: Listening for http://127.0.0.1:")
            .and_then(|(_, port)| port.trim().parse().ok());
        Self {
            port,
            address_in_use: text.contains("Address already in use"),
            code: number_after(text, "Code: "),
            severity,
            ours: None,
        }
    }
}

fn number_after(text: &str, mark: &str) -> Option<u32> {
    let (_, rest) = text.split_once(mark)?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..digits)?.parse().ok()
}

/// Reads lines to the end, each cut to a bound.
pub(crate) fn each_line(from: impl Read, mut take: impl FnMut(Line)) {
    let mut from = BufReader::new(from);
    let mut bytes = Vec::new();
    let mut continued = false;
    loop {
        bytes.clear();
        match from.by_ref().take(LINE_BYTES).read_until(b'\n', &mut bytes) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let whole = bytes.ends_with(b"\n");
        if !continued {
            take(Line::read(String::from_utf8_lossy(&bytes).trim_end()));
        }
        continued = !whole;
    }
}

/// Passes on warnings and errors as events of ours, at most so many in a while: a client could cause one per query.
pub(crate) struct Reporter {
    since: Instant,
    told: u32,
    withheld: u32,
}

const PERIOD: Duration = Duration::from_secs(10);
const MOST: u32 = 20;

impl Reporter {
    pub(crate) fn new() -> Self {
        Self { since: Instant::now(), told: 0, withheld: 0 }
    }

    pub(crate) fn report(&mut self, line: &Line) {
        let Some(severity) = line.severity else { return };
        if self.since.elapsed() >= PERIOD {
            if self.withheld > 0 {
                tracing::warn!(count = self.withheld, "clickhouse reported more, withheld");
            }
            *self = Self::new();
        }
        if self.told >= MOST {
            self.withheld += 1;
            return;
        }
        self.told += 1;
        let code = line.code.unwrap_or(0);
        match severity {
            Severity::Warning => tracing::debug!(code, "clickhouse reported a warning"),
            Severity::Error => tracing::warn!(code, "clickhouse reported an error"),
            Severity::Fatal => tracing::error!(code, "clickhouse reported a fatal error"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: &str = "2026.11.22 15:29:15.619536 [ 10350 ] {}";

    #[test]
    fn the_listener_tells_its_port() {
        let line =
            Line::read(&format!("{STAMP} <Information> Application: Listening for http://127.0.0.1:38669"));
        assert_eq!(line, Line { port: Some(38669), ..Line::default() });
    }

    #[test]
    fn an_error_gives_its_number_and_level_and_no_text() {
        let line = Line::read(&format!("{STAMP} <Error> executeQuery: Code: 27. DB::Exception: 203.0.113.9"));
        assert_eq!(line, Line { code: Some(27), severity: Some(Severity::Error), ..Line::default() });
    }

    #[test]
    fn a_query_cannot_pose_as_the_listener() {
        let line = Line::read(&format!(
            "{STAMP} <Error> executeQuery: Code: 62. Listening for http://127.0.0.1:1 (in query: Listening)"
        ));
        assert_eq!(line.port, None);
    }

    #[test]
    fn only_the_beginning_of_a_long_line_is_looked_at() {
        let mut text = "x".repeat(10_000);
        text.push_str("<Fatal> Code: 1.\nCode: 2. y\n");
        let mut lines = Vec::new();
        each_line(text.as_bytes(), |line| lines.push(line));
        assert_eq!(lines.len(), 2);
        assert_eq!((lines[0].code, lines[1].code), (None, Some(2)));
    }

    #[test]
    fn our_own_line_is_told_apart() {
        let line = Line::read("sanaq-engine-child: ended with ClickHouse error 76");
        assert_eq!(line.ours.as_deref(), Some("ended with ClickHouse error 76"));
        assert_eq!(line.code, Some(76));
    }
}
