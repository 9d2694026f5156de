//! The connection to ClickHouse, breakable.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What the wire does to those who use it.
#[derive(Default)]
pub(crate) struct Faults {
    /// Every connection is cut as soon as it is there.
    pub(crate) cut: AtomicBool,
    /// So many replies to an INSERT are lost, after ClickHouse has done it.
    pub(crate) lost_replies: AtomicU32,
    /// Replies lost so far.
    pub(crate) lost: AtomicU32,
    /// The first lost reply cuts everything.
    pub(crate) cut_with_loss: AtomicBool,
    /// Everything is cut when so many INSERTs more have come; 0 for never.
    pub(crate) cut_after: AtomicU32,
    /// Replies to so many INSERTs are held back, as long as `holding` is true.
    pub(crate) held_replies: AtomicU32,
    /// A reply is being held back. Turning it false lets it go.
    pub(crate) holding: AtomicBool,
    /// The heads of the INSERTs so far.
    pub(crate) inserts: Mutex<Vec<String>>,
    /// INSERTs without a reply.
    flying: AtomicU32,
    /// At most at once.
    pub(crate) flown_at_once: AtomicU32,
}

impl Faults {
    /// An INSERT begins; whether it may.
    fn begin(&self, request: &[u8]) -> bool {
        let head = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
        self.inserts.lock().unwrap().push(String::from_utf8_lossy(head).into_owned());
        let flying = self.flying.fetch_add(1, Ordering::SeqCst) + 1;
        self.flown_at_once.fetch_max(flying, Ordering::SeqCst);
        if self.cut_after.load(Ordering::SeqCst) > 0 && self.cut_after.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.cut.store(true, Ordering::SeqCst);
        }
        !self.cut.load(Ordering::SeqCst)
    }
}

/// An INSERT without a reply, as long as this lives.
struct Flying(Arc<Faults>);

impl Drop for Flying {
    fn drop(&mut self) {
        self.0.flying.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A TCP proxy that lives as long as this.
pub(crate) struct Wire {
    pub(crate) url: String,
    pub(crate) faults: Arc<Faults>,
    _tasks: JoinSet<()>,
}

impl Wire {
    /// To the server at this URL.
    pub(crate) async fn to(url: &str) -> Self {
        let target = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let faults = Arc::new(Faults::default());
        let mut tasks = JoinSet::new();
        let seen = Arc::clone(&faults);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                connections.spawn(relay(client, target.clone(), Arc::clone(&seen)));
            }
        });
        Self { url, faults, _tasks: tasks }
    }
}

async fn relay(mut client: TcpStream, target: String, faults: Arc<Faults>) {
    let Ok(mut server) = TcpStream::connect(&target).await else { return };
    let (mut request, mut reply) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let mut inserting = None;
    loop {
        if faults.cut.load(Ordering::SeqCst) {
            return;
        }
        tokio::select! {
            read = client.read(&mut request) => {
                let Ok(read @ 1..) = read else { return };
                if inserting.is_none() && request[..read].windows(6).any(|window| window == b"INSERT") {
                    inserting = Some(Flying(Arc::clone(&faults)));
                    if !faults.begin(&request[..read]) {
                        return;
                    }
                }
                if server.write_all(&request[..read]).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut reply) => {
                let Ok(read @ 1..) = read else { return };
                if inserting.is_some() && !may_reply(&faults).await {
                    return;
                }
                inserting = None;
                if client.write_all(&reply[..read]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Waits until a reply to an INSERT may go on; whether it may.
async fn may_reply(faults: &Faults) -> bool {
    let take = |left: u32| left.checked_sub(1);
    if faults.lost_replies.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok() {
        faults.lost.fetch_add(1, Ordering::SeqCst);
        if faults.cut_with_loss.load(Ordering::SeqCst) {
            faults.cut.store(true, Ordering::SeqCst);
        }
        return false;
    }
    if faults.held_replies.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok() {
        faults.holding.store(true, Ordering::SeqCst);
        while faults.holding.load(Ordering::SeqCst) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
    true
}
