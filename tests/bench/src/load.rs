//! The client: connections that send one prepared request after another, each when the one before was answered.
//!
//! It checks every answer: one that is not a 202 without a drop ends the measurement, as it would flatter the server.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};

use crate::beacons::{Beacons, COUNT};

/// What came of it.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    /// Answers.
    pub(crate) answers: u64,
    /// From the first request to the last answer.
    pub(crate) took: Duration,
    /// Time of each answer in microseconds, in order.
    latencies_us: Vec<u32>,
}

impl Done {
    /// The time below which this share of the answers came.
    pub(crate) fn quantile(&self, per_mille: usize) -> Duration {
        let at = (self.latencies_us.len() * per_mille / 1000).min(self.latencies_us.len().saturating_sub(1));
        Duration::from_micros(self.latencies_us.get(at).copied().unwrap_or(0).into())
    }

    /// Answers a second.
    pub(crate) fn rate(&self) -> f64 {
        f64::from(u32::try_from(self.answers).unwrap_or(u32::MAX)) / self.took.as_secs_f64()
    }
}

/// What the connections share.
struct Shared {
    next: Cell<usize>,
    begun: Instant,
    time: Duration,
    rate: Option<u64>,
}

impl Shared {
    /// The next request to send, and when; none when time is up.
    fn take(&self) -> Option<(usize, Duration)> {
        let number = self.next.get();
        self.next.set(number + 1);
        let due = match self.rate {
            None => Duration::ZERO,
            Some(rate) => Duration::from_nanos(number as u64 * 1_000_000_000 / rate),
        };
        (due < self.time && self.begun.elapsed() < self.time).then_some((number % COUNT, due))
    }
}

/// Sends for this long, as fast as answers come or at this rate.
pub(crate) fn run(
    address: &str,
    beacons: &Beacons,
    connections: usize,
    time: Duration,
    rate: Option<u64>,
) -> anyhow::Result<Done> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let wires: Rc<Vec<Vec<u8>>> = Rc::new(beacons.all.iter().map(|one| one.wire.clone()).collect());
    LocalSet::new().block_on(&runtime, async {
        let mut streams = Vec::new();
        for _ in 0..connections {
            let stream = TcpStream::connect(address).await.context("can't connect")?;
            stream.set_nodelay(true)?;
            streams.push(stream);
        }
        let begun = Instant::now();
        let shared = Rc::new(Shared { next: Cell::new(0), begun, time, rate });
        let mut all = JoinSet::new();
        for stream in streams {
            all.spawn_local(connection(stream, Rc::clone(&wires), Rc::clone(&shared)));
        }
        let mut latencies_us = Vec::new();
        while let Some(done) = all.join_next().await {
            latencies_us.extend(done??);
        }
        let took = begun.elapsed();
        latencies_us.sort_unstable();
        Ok(Done { answers: latencies_us.len() as u64, took, latencies_us })
    })
}

async fn connection(
    mut stream: TcpStream,
    wires: Rc<Vec<Vec<u8>>>,
    shared: Rc<Shared>,
) -> anyhow::Result<Vec<u32>> {
    let mut latencies = Vec::new();
    let mut buffer = [0; 4096];
    while let Some((number, due)) = shared.take() {
        tokio::time::sleep_until((shared.begun + due).into()).await;
        let sent = Instant::now();
        stream.write_all(&wires[number]).await?;
        let mut filled = 0;
        loop {
            let read = stream.read(&mut buffer[filled..]).await?;
            if read == 0 {
                bail!("the server closed a connection");
            }
            filled += read;
            if is_whole(&buffer[..filled])? {
                break;
            }
        }
        latencies.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    Ok(latencies)
}

/// Whether these bytes are the whole answer: a 202 that says `ok`.
fn is_whole(answer: &[u8]) -> anyhow::Result<bool> {
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(false) };
    if !answer.starts_with(b"HTTP/1.1 202 ") || contains(&answer[..head], b"x-sanaq-dropped:") {
        bail!("an answer is no plain 202: {}", String::from_utf8_lossy(&answer[..head]));
    }
    Ok(&answer[head + 4..] == b"ok")
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_202_without_a_drop_counts() {
        assert!(is_whole(b"HTTP/1.1 202 Accepted\r\na: b\r\n\r\nok").unwrap());
        assert!(!is_whole(b"HTTP/1.1 202 Accepted\r\na: b\r\n\r\no").unwrap());
        assert!(!is_whole(b"HTTP/1.1 202 Accepted\r\na").unwrap());
        assert!(is_whole(b"HTTP/1.1 202 Accepted\r\nx-sanaq-dropped: bot\r\n\r\nok").is_err());
        assert!(is_whole(b"HTTP/1.1 503 Service Unavailable\r\n\r\n").is_err());
    }
}
