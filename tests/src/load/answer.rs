//! What an answer says, as far as the client cares.

/// A whole answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The beacon was not kept, and that was said.
    pub(super) dropped: bool,
    /// The connection ends with it.
    pub(super) closes: bool,
}

/// The answer in these bytes; `None` while it is not whole.
pub(super) fn read(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, body) = (&bytes[..end], &bytes[end + 4..]);
    let length: usize = header(head, b"content-length").and_then(number).unwrap_or(0);
    if body.len() < length {
        return None;
    }
    let status = head.get(9..12).and_then(number).and_then(|status| u16::try_from(status).ok())?;
    let closes = header(head, b"connection").is_some_and(|value| value.eq_ignore_ascii_case(b"close"));
    Some(Answer { status, dropped: header(head, b"x-sanaq-dropped").is_some(), closes })
}

fn header<'a>(head: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    head.split(|byte| *byte == b'\n').find_map(|line| {
        let (said, value) = line.split_at_checked(name.len())?;
        let value = value.strip_prefix(b":")?;
        said.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
    })
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_when_it_is_whole() {
        let whole = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok";
        assert_eq!(read(whole), Some(Answer { status: 202, dropped: false, closes: false }));
        for cut in 0..whole.len() {
            assert_eq!(read(&whole[..cut]), None, "{cut}");
        }
    }

    #[test]
    fn a_drop_and_an_end_are_seen() {
        let dropped = b"HTTP/1.1 202 Accepted\r\nx-sanaq-dropped: bot\r\ncontent-length: 0\r\n\r\n";
        assert!(read(dropped).unwrap().dropped);
        let last = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(read(last), Some(Answer { status: 503, dropped: false, closes: true }));
    }
}
