//! A client that sends any bytes it likes.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::SITE;
use crate::harness::beacon::{AGENT, pageview};
use crate::harness::process::Process;

/// Nothing here takes long; this only ends a test that would hang.
const PATIENCE: Duration = Duration::from_secs(20);

/// One answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Status line and headers, lower case.
    pub(super) head: String,
    pub(super) body: String,
}

/// A connection to the public listener.
pub(super) struct Raw {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Raw {
    pub(super) async fn connect(process: &Process) -> Self {
        Self::try_connect(process).await.expect("somebody listens")
    }

    pub(super) async fn try_connect(process: &Process) -> Option<Self> {
        let stream = TcpStream::connect(process.at.public.trim_start_matches("http://")).await.ok()?;
        stream.set_nodelay(true).ok()?;
        Some(Self { stream, unread: Vec::new() })
    }

    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        assert!(self.try_send(bytes).await, "the server does not take it");
    }

    /// Whether the server took all of it.
    pub(super) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Says that nothing more will come.
    pub(super) async fn half_close(&mut self) {
        self.stream.shutdown().await.expect("the connection stands");
    }

    pub(super) async fn answer(&mut self) -> Answer {
        self.try_answer().await.expect("an answer, not the end of the connection")
    }

    /// The next answer; `None` when the connection ends instead.
    pub(super) async fn try_answer(&mut self) -> Option<Answer> {
        tokio::time::timeout(PATIENCE, self.read_answer()).await.expect("an answer or the end in time")
    }

    async fn read_answer(&mut self) -> Option<Answer> {
        let end = loop {
            if let Some(at) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            self.read_more().await?;
        };
        let head = String::from_utf8_lossy(&self.unread[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().expect("a length"));
        while self.unread.len() < end + length {
            self.read_more().await?;
        }
        let body = String::from_utf8_lossy(&self.unread[end..end + length]).into_owned();
        self.unread.drain(..end + length);
        let status = head.split(' ').nth(1).expect("a status line").parse().expect("a status");
        Some(Answer { status, head, body })
    }

    async fn read_more(&mut self) -> Option<()> {
        let read = self.stream.read_buf(&mut self.unread).await.ok()?;
        (read > 0).then_some(())
    }

    /// Waits until the server ends the connection, without a further answer.
    pub(super) async fn closed(&mut self) {
        let answer = self.try_answer().await;
        assert!(answer.is_none(), "an answer instead of the end: {answer:?}");
    }
}

/// A whole beacon as a proxy passes it on for a visitor at this address.
pub(super) fn beacon(address: &str, path: &str) -> String {
    beacon_for(SITE, address, path)
}

/// The same for the site of this domain.
pub(super) fn beacon_for(site: &str, address: &str, path: &str) -> String {
    let body = pageview(site, path).to_string();
    format!("{}content-length: {}\r\n\r\n{body}", head(address), body.len())
}

/// The head of a beacon, without what says how long its body is, and without its end.
pub(super) fn head(address: &str) -> String {
    format!(
        "POST /api/event HTTP/1.1\r\nhost: stats.example.kz\r\ncontent-type: text/plain\r\nuser-agent: {AGENT}\r\n\
         x-forwarded-for: {address}\r\n"
    )
}
