//! Whole requests from a connection: the proxy decides about one when it has all of it.

use std::hash::{DefaultHasher, Hasher as _};
use std::ops::Range;

/// A whole request at the start of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// How long it is.
    pub(super) length: usize,
    /// Where its deduplication token stands, if it is an INSERT of the collector.
    pub(super) token: Option<Range<usize>>,
    /// A hash of the body, however it was cut into chunks.
    pub(super) body: u64,
}

const TOKEN: &[u8] = b"insert_deduplication_token=";
/// What the collector's INSERTs say of themselves (`log_comment`); others have tokens too, and are none of its promises.
const COLLECTOR: [&[u8]; 2] = [b"collector%2Fdeliver", b"collector/deliver"];

/// How long the request at the start of these bytes is; `None` while it is not whole.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    walk(bytes, |_| {})
}

/// The request at the start of these bytes; `None` while it is not whole.
pub(super) fn read(bytes: &[u8]) -> Option<Request> {
    let mut hasher = DefaultHasher::new();
    let length = walk(bytes, |piece| hasher.write(piece))?;
    let line = find(bytes, b"\r\n")?;
    let is_collectors = COLLECTOR.iter().any(|name| find(&bytes[..line], name).is_some());
    let token = find(&bytes[..line], TOKEN).filter(|_| is_collectors).map(|at| {
        let start = at + TOKEN.len();
        let rest = &bytes[start..line];
        start..start + rest.iter().position(|byte| matches!(byte, b'&' | b' ')).unwrap_or(rest.len())
    });
    Some(Request { length, token, body: hasher.finish() })
}

/// Goes over the pieces of the body up to the end of the request.
fn walk(bytes: &[u8], mut piece: impl FnMut(&[u8])) -> Option<usize> {
    let head = find(bytes, b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let header = |name: &str| text.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()));
    if header("transfer-encoding:").is_none_or(|value| value != "chunked") {
        let length: usize = header("content-length:").and_then(|value| value.parse().ok()).unwrap_or(0);
        piece(bytes.get(head..head + length)?);
        return Some(head + length);
    }
    let mut at = head;
    loop {
        let line = find(bytes.get(at..)?, b"\r\n")?;
        let size = std::str::from_utf8(&bytes[at..at + line]).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        let chunk = at + line + 2;
        at = chunk + size + 2;
        if bytes.len() < at {
            return None;
        }
        piece(&bytes[chunk..chunk + size]);
        if size == 0 {
            return Some(at);
        }
    }
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "POST /?query=INSERT&insert_deduplication_token=abc&log_comment=collector%2Fdeliver HTTP/1.1\r\nhost: a\r\n";

    #[test]
    fn a_request_in_chunks_ends_with_the_empty_one() {
        let whole = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\n0\r\n\r\n2\r\nde\r\n0\r\n\r\n");
        for cut in 0..whole.len() {
            assert_eq!(read(&whole.as_bytes()[..cut]), None, "{cut}");
        }
        let request = read(format!("{whole}POST").as_bytes()).unwrap();
        assert_eq!(request.length, whole.len());
        assert_eq!(&whole[request.token.unwrap()], "abc");
    }

    #[test]
    fn the_same_body_has_the_same_hash_however_it_is_cut() {
        let body = |chunks: &str| {
            read(format!("{HEAD}transfer-encoding: chunked\r\n\r\n{chunks}").as_bytes()).unwrap().body
        };
        assert_eq!(body("2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"), body("4\r\nabcd\r\n0\r\n\r\n"));
        assert_ne!(body("4\r\nabcd\r\n0\r\n\r\n"), body("4\r\nabce\r\n0\r\n\r\n"));
    }

    #[test]
    fn the_token_of_somebody_else_is_none() {
        let request = HEAD.replace("collector", "aggregator") + "\r\n";
        assert_eq!(read(request.as_bytes()).unwrap().token, None);
    }

    #[test]
    fn a_request_without_a_body_or_a_token_is_read_too() {
        let request = read(b"GET /ping HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
        assert_eq!((request.length, request.token), (31, None));
    }
}
