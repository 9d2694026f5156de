//! An HTTP client that can misbehave: bytes in, answers out.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Nothing here takes long; this only ends a test that would hang.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A whole request, kept alive.
pub(crate) const GET: &str = "GET / HTTP/1.1\r\nhost: sanaq.test\r\n\r\n";

/// Waits for the condition, at most for [`PATIENCE`].
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| unreachable!("never: {what}"));
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Status line and headers, lower case.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: &str) -> Self {
        Self { stream: TcpStream::connect(address).await.expect("somebody listens"), unread: Vec::new() }
    }

    pub(crate) fn local_port(&self) -> u16 {
        self.stream.local_addr().expect("a connected socket").port()
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.expect("the server takes it");
    }

    /// Sends as far as the server takes it; whether it took all.
    pub(crate) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Says that nothing more will come.
    pub(crate) async fn half_close(&mut self) {
        self.stream.shutdown().await.expect("the connection stands");
    }

    /// The next answer.
    pub(crate) async fn answer(&mut self) -> Answer {
        tokio::time::timeout(PATIENCE, self.read_answer()).await.expect("an answer in time")
    }

    pub(crate) async fn get(&mut self) -> Answer {
        self.send(GET).await;
        self.answer().await
    }

    async fn read_answer(&mut self) -> Answer {
        let end = loop {
            if let Some(at) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            assert!(
                self.read_more().await,
                "closed before an answer: {:?}",
                String::from_utf8_lossy(&self.unread)
            );
        };
        let head = String::from_utf8_lossy(&self.unread[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().expect("a length"));
        while self.unread.len() < end + length {
            assert!(self.read_more().await, "closed within an answer");
        }
        let body = self.unread[end..end + length].to_vec();
        self.unread.drain(..end + length);
        let status = head.split(' ').nth(1).expect("a status line").parse().expect("a status");
        Answer { status, head, body }
    }

    /// Reads some bytes and forgets them; how many.
    pub(crate) async fn swallow(&mut self, buffer: &mut [u8]) -> usize {
        tokio::time::timeout(PATIENCE, self.stream.read(buffer)).await.expect("bytes in time").expect("bytes")
    }

    async fn read_more(&mut self) -> bool {
        self.stream.read_buf(&mut self.unread).await.is_ok_and(|read| read > 0)
    }

    /// Whether anything has arrived that wasn't asked for yet.
    pub(crate) fn has_heard(&self) -> bool {
        !self.unread.is_empty() || self.stream.try_read(&mut [0; 1]).is_ok()
    }

    /// Waits until the server closes or resets the connection, without a further answer.
    pub(crate) async fn closed(&mut self) {
        let _either = self.end().await;
    }

    /// Waits until the server closes the connection in good order. A reset may take an answer with it that the client
    /// has not read yet.
    pub(crate) async fn closed_without_reset(&mut self) {
        self.end().await.expect("no reset");
    }

    async fn end(&mut self) -> std::io::Result<()> {
        let read = tokio::time::timeout(PATIENCE, self.stream.read_buf(&mut self.unread)).await;
        let read = read.expect("closed in time")?;
        assert_eq!(read, 0, "an answer instead: {:?}", String::from_utf8_lossy(&self.unread));
        Ok(())
    }
}
