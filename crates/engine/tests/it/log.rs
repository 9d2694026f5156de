//! What of ClickHouse's log reaches ours.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use engine::User;

use crate::client::ask;
use crate::{real, start, until};

/// A marker such as a visitor's address would be.
const MARKER: &str = "203.0.113.77";

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn an_error_in_clickhouse_is_told_by_its_number_and_quotes_no_row() {
    let captured = Captured::default();
    let writer = captured.clone();
    // For the whole binary: the log is read on a thread of the engine's own.
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let dir = tempfile::tempdir().unwrap();
    let engine = start(real(dir.path())).await;
    ask(&engine, User::Owner, "CREATE DATABASE sanaq").unwrap();
    ask(&engine, User::Owner, "CREATE TABLE sanaq.t (a UInt8) ENGINE = MergeTree ORDER BY a").unwrap();
    // CANNOT_PARSE_INPUT_ASSERTION_FAILED: ClickHouse quotes the row in its message and its log.
    let row = format!("INSERT INTO sanaq.t FORMAT TSV\n1{MARKER}\n");
    assert_eq!(ask(&engine, User::Owner, &row), Err(27));
    until("the error is told", || captured.text().contains("code=27")).await;
    // All of its log has been read when it has ended.
    engine.stop().await;
    let text = captured.text();
    assert!(text.contains("clickhouse reported an error"), "{text}");
    assert!(!text.contains(MARKER) && !text.contains("TSV"), "{text}");
}
