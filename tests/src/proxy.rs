//! A proxy between the collector and ClickHouse that breaks on request.
//!
//! It takes each request whole before it passes it on, so that a fault happens at a known place: before ClickHouse has seen
//! anything, in the middle of a body, or after the rows are stored and before anybody knows. Faults are armed and strike the next
//! INSERT of the collector. It remembers the bytes that came with each token: a retry must be the
//! same. It can also be the liar of a positive control, and give each retry a new token.

mod request;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use request::Request;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

/// What becomes of one INSERT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection ends before ClickHouse has seen anything.
    Refuse,
    /// ClickHouse sees half of it, then both connections end.
    CutBody,
    /// ClickHouse stores it; the answer is lost.
    SwallowReply,
    /// Nothing happens for this long, then the connection ends.
    Stall(Duration),
    /// The connection ends at once, and ClickHouse gets the request after this time: perhaps after the retry.
    Late(Duration),
    /// ClickHouse gets it twice.
    Repeat,
}

/// A running proxy.
pub struct Proxy {
    address: String,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

struct Shared {
    upstream: String,
    /// Whether connections are let through; any change ends those there are.
    open: watch::Sender<bool>,
    armed: Mutex<VecDeque<Fault>>,
    applied: AtomicU64,
    /// The hash of the body that came with each token.
    tokens: Mutex<HashMap<Vec<u8>, u64>>,
    retries: AtomicU64,
    altered: AtomicU64,
    lies: AtomicBool,
}

impl Proxy {
    /// Starts one in front of this address.
    ///
    /// # Errors
    /// There is no port.
    pub fn start(runtime: &Handle, upstream: String) -> io::Result<Self> {
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?.to_string();
        let shared = Arc::new(Shared {
            upstream,
            open: watch::Sender::new(true),
            armed: Mutex::default(),
            applied: AtomicU64::new(0),
            tokens: Mutex::default(),
            retries: AtomicU64::new(0),
            altered: AtomicU64::new(0),
            lies: AtomicBool::new(false),
        });
        let accepting = runtime.spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, accepting })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next INSERT that has not been promised a fault gets this one.
    pub fn arm(&self, fault: Fault) {
        lock(&self.shared.armed).push_back(fault);
    }

    /// Faults that have struck so far.
    #[must_use]
    pub fn applied(&self) -> u64 {
        self.shared.applied.load(Ordering::Relaxed)
    }

    /// Ends all connections there are.
    pub fn cut(&self) {
        self.shared.open.send_modify(|_| {});
    }

    /// ClickHouse is away: connections end as soon as they are made.
    pub fn close(&self) {
        self.shared.open.send_replace(false);
    }

    /// ClickHouse is back.
    pub fn open(&self) {
        self.shared.open.send_replace(true);
    }

    /// From now on each retry gets a new token: what the control needs.
    pub fn lie(&self) {
        self.shared.lies.store(true, Ordering::Relaxed);
    }

    /// INSERTs whose token had come before.
    #[must_use]
    pub fn retries(&self) -> u64 {
        self.shared.retries.load(Ordering::Relaxed)
    }

    /// Of those, the ones that were not the same bytes.
    #[must_use]
    pub fn altered(&self) -> u64 {
        self.shared.altered.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    // An error of accepting is one of a client that has gone.
    loop {
        if let Ok((client, _)) = listener.accept().await {
            connections.spawn(serve(client, Arc::clone(&shared)));
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(client: TcpStream, shared: Arc<Shared>) {
    let mut open = shared.open.subscribe();
    if !*open.borrow_and_update() {
        return;
    }
    tokio::select! {
        _ = open.changed() => {}
        // However it ends, both sides see a connection that breaks.
        _ended = pass(client, &shared) => {}
    }
}

/// Passes requests and answers on until something ends.
async fn pass(mut client: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut server = TcpStream::connect(&shared.upstream).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let mut received = Vec::new();
    let mut reply = vec![0; 64 * 1024];
    loop {
        let length = loop {
            if let Some(length) = request::length(&received) {
                break length;
            }
            received.reserve(256 * 1024);
            tokio::select! {
                read = client.read_buf(&mut received) => if read? == 0 { return Ok(()) },
                read = server.read(&mut reply) => match read? {
                    0 => return Ok(()),
                    length => client.write_all(&reply[..length]).await?,
                },
            }
        };
        let mut wire: Vec<u8> = received.drain(..length).collect();
        let fault = shared.look_at(&mut wire);
        match fault {
            None => server.write_all(&wire).await?,
            Some(Fault::Refuse) => return Ok(()),
            Some(Fault::CutBody) => {
                server.write_all(&wire[..wire.len() / 2]).await?;
                return server.flush().await;
            }
            Some(Fault::SwallowReply) => {
                server.write_all(&wire).await?;
                return server.read(&mut reply).await.map(drop);
            }
            Some(Fault::Stall(time)) => {
                sleep(time).await;
                return Ok(());
            }
            Some(Fault::Late(time)) => {
                drop(client);
                sleep(time).await;
                server.write_all(&wire).await?;
                return server.read(&mut reply).await.map(drop);
            }
            Some(Fault::Repeat) => {
                let mut other = TcpStream::connect(&shared.upstream).await?;
                other.write_all(&wire).await?;
                let _first_bytes = other.read(&mut reply).await?;
                server.write_all(&wire).await?;
            }
        }
    }
}

impl Shared {
    /// Takes note of an INSERT, changes its token when told to lie, and says what becomes of it.
    fn look_at(&self, wire: &mut [u8]) -> Option<Fault> {
        let Request { token, body, .. } = request::read(wire)?;
        let token = token?;
        let mut tokens = lock(&self.tokens);
        match tokens.insert(wire[token.clone()].to_vec(), body) {
            None => {}
            Some(before) => {
                let retries = self.retries.fetch_add(1, Ordering::Relaxed);
                if before != body {
                    self.altered.fetch_add(1, Ordering::Relaxed);
                }
                if self.lies.load(Ordering::Relaxed) {
                    let new = format!("{retries:08x}");
                    let (from, to) = (new.as_bytes(), &mut wire[token]);
                    let length = from.len().min(to.len());
                    to[..length].copy_from_slice(&from[..length]);
                }
            }
        }
        let fault = lock(&self.armed).pop_front();
        if fault.is_some() {
            self.applied.fetch_add(1, Ordering::Relaxed);
        }
        fault
    }
}
