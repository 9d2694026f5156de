//! Reading a request's body within bounds of size and time.
//!
//! A body that is too large is answered as soon as that is known, from `Content-Length` where there is one. What is
//! left of it is read and thrown away up to [`DISCARD_BYTES`], so that the sender gets to read the 413 and the
//! connection stays usable; a longer rest costs the connection, which closes after the answer.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body_util::BodyExt as _;
use hyper::body::Body;

/// As much of a too large body is read and thrown away to keep its connection usable.
pub const DISCARD_BYTES: usize = 256 * 1024;

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It has more bytes than the limit.
    #[error("the body is larger than the limit")]
    TooLarge,
    /// It didn't arrive in time.
    #[error("the body did not arrive in time")]
    TimedOut,
    /// It ended early or broke its framing.
    #[error("the body ended early or is malformed")]
    Incomplete,
}

impl BodyError {
    /// Stable code for answers and logs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "body_too_large",
            Self::TimedOut => "body_timed_out",
            Self::Incomplete => "body_incomplete",
        }
    }

    /// Status of the answer.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TimedOut => StatusCode::REQUEST_TIMEOUT,
            Self::Incomplete => StatusCode::BAD_REQUEST,
        }
    }
}

/// The whole body, if it has no more than `limit_bytes` and arrives within `timeout`. Trailers are ignored.
///
/// # Errors
/// [`BodyError`]; what arrived until then is dropped.
pub async fn read_capped<B>(mut body: B, limit_bytes: usize, timeout: Duration) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    // `timeout` touches the timer only if the body isn't there yet: most beacons come in one piece.
    match tokio::time::timeout(timeout, read(&mut body, limit_bytes)).await {
        Ok(result) => result,
        Err(_elapsed) => Err(BodyError::TimedOut),
    }
}

async fn read<B>(body: &mut B, limit_bytes: usize) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    if body.size_hint().lower() > limit_bytes as u64 {
        discard(body).await;
        return Err(BodyError::TooLarge);
    }
    let mut whole = Bytes::new();
    while let Some(data) = next(body).await? {
        if whole.len() + data.len() > limit_bytes {
            discard(body).await;
            return Err(BodyError::TooLarge);
        }
        whole = if whole.is_empty() { data } else { joined(whole, &data, limit_bytes) };
    }
    Ok(whole)
}

/// The next piece of data, `None` at the end.
async fn next<B>(body: &mut B) -> Result<Option<Bytes>, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|_broken| BodyError::Incomplete)?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// Appends in place when nobody shares the buffer, which is the case for all but the first two pieces.
fn joined(whole: Bytes, data: &[u8], limit_bytes: usize) -> Bytes {
    let mut buffer = whole.try_into_mut().unwrap_or_else(|shared| {
        let mut buffer = BytesMut::with_capacity(limit_bytes);
        buffer.extend_from_slice(&shared);
        buffer
    });
    buffer.extend_from_slice(data);
    buffer.freeze()
}

/// Reads and throws away what is left, unless that is more than [`DISCARD_BYTES`]. A body that breaks off is no
/// news: the answer is the same, and hyper closes the connection.
async fn discard<B>(body: &mut B)
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut left = DISCARD_BYTES;
    if body.size_hint().lower() > left as u64 {
        return;
    }
    while let Ok(Some(data)) = next(body).await {
        match left.checked_sub(data.len()) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use hyper::body::Frame;

    use super::*;

    /// A body in pieces; an `Err` breaks it off. Without pieces it stays silent.
    struct Pieces(VecDeque<Result<Frame<Bytes>, &'static str>>);

    impl Body for Pieces {
        type Data = Bytes;
        type Error = &'static str;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
            Poll::Ready(self.0.pop_front())
        }
    }

    fn data(piece: &'static str) -> Result<Frame<Bytes>, &'static str> {
        Ok(Frame::data(Bytes::from_static(piece.as_bytes())))
    }

    async fn read(
        pieces: impl IntoIterator<Item = Result<Frame<Bytes>, &'static str>>,
    ) -> Result<Bytes, BodyError> {
        read_capped(Pieces(pieces.into_iter().collect()), 8, Duration::from_secs(5)).await
    }

    #[tokio::test]
    async fn pieces_become_one_body_up_to_the_limit_exactly() {
        assert_eq!(read([]).await.unwrap(), "");
        assert_eq!(
            read([data("ab"), data(""), data("cd"), data("ef"), data("gh")]).await.unwrap(),
            "abcdefgh"
        );
        assert_eq!(read([data("abcd"), data("efgh"), data("i")]).await, Err(BodyError::TooLarge));
    }

    #[tokio::test]
    async fn trailers_are_no_part_of_it() {
        assert_eq!(read([data("ab"), Ok(Frame::trailers(http::HeaderMap::new()))]).await.unwrap(), "ab");
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_incomplete_unless_it_is_too_large_already() {
        assert_eq!(read([data("ab"), Err("reset")]).await, Err(BodyError::Incomplete));
        assert_eq!(read([data("abcdefghi"), Err("reset")]).await, Err(BodyError::TooLarge));
    }
}
