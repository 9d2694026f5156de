//! The two requests that the supervisor makes of the engine: are you ready, and: end.
//!
//! By hand, over a blocking socket: a client library would need a runtime, and this must work while one is shutting down.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::child::SLEEP_BEGINS;
use crate::users::KEEPER;

/// The engine is on this machine, and both requests are answered from memory.
const WITHIN: Duration = Duration::from_secs(1);
/// More than the longest answer expected.
const ANSWER_BYTES: u64 = 4096;

/// Whether the listener answers and the query that the engine's life hangs on is running: from then on it stays.
pub(crate) fn is_ready(port: u16, password: &str) -> bool {
    let query = format!("SELECT count() FROM system.processes WHERE startsWith(query, '{SLEEP_BEGINS}')");
    ask(port, password, &query).is_ok_and(|answer| answer.trim() == "1")
}

/// Ends that query; the engine then shuts down in good order.
pub(crate) fn end(port: u16, password: &str) -> io::Result<()> {
    let query = format!("KILL QUERY WHERE startsWith(query, '{SLEEP_BEGINS}') ASYNC");
    ask(port, password, &query).map(|_| ())
}

fn ask(port: u16, password: &str, query: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(WITHIN))?;
    stream.set_write_timeout(Some(WITHIN))?;
    // HTTP/1.0: no chunks, and the end of the answer is the end of the connection.
    write!(
        stream,
        "POST / HTTP/1.0\r\nX-ClickHouse-User: {KEEPER}\r\nX-ClickHouse-Key: {password}\r\nContent-Length: {}\r\n\r\n{query}",
        query.len()
    )?;
    let mut text = String::new();
    stream.take(ANSWER_BYTES).read_to_string(&mut text)?;
    let (head, body) = text.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    match head.split_whitespace().nth(1) {
        Some("200") => Ok(body.to_owned()),
        _ => Err(io::Error::other("refused")),
    }
}
