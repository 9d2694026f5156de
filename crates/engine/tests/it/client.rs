//! As little of an HTTP client as these tests need.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use engine::{Engine, User};

/// What the engine answered: the result, or ClickHouse's error number.
pub(crate) type Answer = Result<String, u32>;

pub(crate) fn ask(engine: &Engine, user: User, sql: &str) -> Answer {
    ask_at(&engine.url(), user.name(), &engine.password(user), sql).expect("the engine answers")
}

/// `default` has no password: whoever can connect may be it.
pub(crate) fn ask_as_default(engine: &Engine, sql: &str) -> Answer {
    ask_at(&engine.url(), "default", "", sql).expect("the engine answers")
}

pub(crate) fn ask_at(url: &str, user: &str, password: &str, sql: &str) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap())?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    // HTTP/1.0: no chunks, and the end of the answer is the end of the connection.
    write!(
        stream,
        "POST / HTTP/1.0\r\nX-ClickHouse-User: {user}\r\nX-ClickHouse-Key: {password}\r\nContent-Length: {}\r\n\r\n{sql}",
        sql.len()
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let (head, body) = text.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    if head.starts_with("HTTP/1.0 200") || head.starts_with("HTTP/1.1 200") {
        return Ok(Ok(body.trim_end().to_owned()));
    }
    let code = body.split_once("Code: ").and_then(|(_, rest)| rest.split('.').next()?.parse().ok());
    Ok(Err(code.unwrap_or_else(|| panic!("no ClickHouse error: {head}"))))
}
