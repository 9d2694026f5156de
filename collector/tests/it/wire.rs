//! The connection to ClickHouse, breakable.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

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
    let mut inserting = false;
    loop {
        if faults.cut.load(Ordering::SeqCst) {
            return;
        }
        tokio::select! {
            read = client.read(&mut request) => {
                let Ok(read @ 1..) = read else { return };
                inserting |= request[..read].windows(6).any(|window| window == b"INSERT");
                if server.write_all(&request[..read]).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut reply) => {
                let Ok(read @ 1..) = read else { return };
                let take = |left: u32| left.checked_sub(1);
                let count = &faults.lost_replies;
                if inserting && count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok() {
                    faults.lost.fetch_add(1, Ordering::SeqCst);
                    return;
                }
                inserting = false;
                if client.write_all(&reply[..read]).await.is_err() {
                    return;
                }
            }
        }
    }
}
