//! How root keys outlive a process that keeps them in memory: handed over to the next one, through a socket, never through a file.
//!
//! Both processes want the same ports and the same data directory, so they can't serve side by side. They overlap like this:
//!
//! 1. The old process listens on `keys.sock` in the data directory (0700; the socket 0600). It does nothing with it yet.
//! 2. The new one starts, finds the socket answered ([`inherit`]), and waits there before it binds or opens anything.
//! 3. The old one is told to stop (`SIGTERM`). It drains, closes its journal, makes no more tags, and then, as the last thing it does
//!    with its keys, looks whether somebody of its own user waits; if so it sends the open days' root keys. If not, they end with it.
//! 4. The new one waits until the old one is gone (the kernel closes the connection) and starts in the usual way.
//!
//! Nobody lingers: without a waiting successor the old process ends at once. A successor whom nobody makes room for gives up after
//! [`PATIENCE`] and then fails to bind, as it would have without waiting. A process that crashes hands over nothing.
//!
//! The bytes go from one protected cell through the kernel's socket buffer into another.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener as StdListener;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

use super::Vault;
use super::secret::Secret;

/// The socket's name in the data directory.
const SOCKET: &str = "keys.sock";
/// What a successor says, with the version of what it understands.
const HELLO: &[u8; 8] = b"sanaq k1";
/// How long a successor waits for the running process to stop.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the old process may take to end after it has handed over.
const GONE_WITHIN: Duration = Duration::from_secs(30);
/// How long a stopping process looks for a successor: one that waits is in the queue already.
const LOOK: Duration = Duration::from_millis(50);
/// How long it deals with one successor.
const DEAL: Duration = Duration::from_secs(1);
/// More root keys than any process has.
const MOST_ROOTS: u16 = 4096;

/// Root keys from the process before. Empty when there was none, or it had nothing to give.
#[derive(Default)]
pub struct Inheritance(Vec<(i64, Secret)>);

impl Inheritance {
    /// How many keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_roots(self) -> Vec<(i64, Secret)> {
        self.0
    }
}

/// The old process's side: a socket at which successors queue.
pub(super) struct Host(StdListener);

impl Host {
    /// `None` when there can be no such socket: a path too long, a file system without sockets.
    pub(super) fn bind(data: &Path) -> Option<Self> {
        let path = data.join(SOCKET);
        fs::create_dir_all(data).ok()?;
        // One that is left from a process that is gone. Of one that still runs we have waited for the end.
        let _ = fs::remove_file(&path);
        let listener = StdListener::bind(&path).ok()?;
        fs::set_permissions(&path, Permissions::from_mode(0o600)).ok()?;
        listener.set_nonblocking(true).ok()?;
        Some(Self(listener))
    }
}

/// Says goodbye when it is dropped: the successor then takes the old process for gone. To be kept until the process ends.
pub struct Farewell(#[allow(dead_code, reason = "held for what its end says")] UnixStream);

impl Vault {
    /// Hands the open days' root keys over to a successor, if one waits. The vault gives no tag from a key after this.
    pub async fn hand_over(&self) -> Option<Farewell> {
        let (host, roots) = self.surrender();
        let listener = UnixListener::from_std(host?.0).ok()?;
        while let Ok(Ok((mut successor, _))) = timeout(LOOK, listener.accept()).await {
            if is_ours(&successor) && matches!(timeout(DEAL, give(&mut successor, &roots)).await, Ok(Ok(())))
            {
                tracing::info!(
                    code = "keys_handed_over",
                    keys = roots.len(),
                    "the next process has the open days' keys"
                );
                return Some(Farewell(successor));
            }
        }
        None
    }
}

/// Asks the process that serves this data directory for its keys, and waits until it has ended. Returns at once when there is none,
/// or when it keeps its keys in the kernel.
pub async fn inherit(data: &Path) -> Inheritance {
    let Ok(mut predecessor) = UnixStream::connect(data.join(SOCKET)).await else {
        return Inheritance::default();
    };
    if !is_ours(&predecessor) {
        return Inheritance::default();
    }
    tracing::info!(
        code = "waiting_for_predecessor",
        "another process serves this data directory: waiting for it to stop"
    );
    let Ok(Ok(roots)) = timeout(PATIENCE, receive(&mut predecessor)).await else {
        return Inheritance::default();
    };
    let gone = timeout(GONE_WITHIN, predecessor.read_u8()).await;
    tracing::info!(
        code = "keys_inherited",
        keys = roots.len(),
        gone = gone.is_ok(),
        "took over the open days' keys"
    );
    Inheritance(roots)
}

/// Whether the other end is a process of our own user.
fn is_ours(stream: &UnixStream) -> bool {
    stream.peer_cred().is_ok_and(|peer| peer.uid() == rustix::process::geteuid().as_raw())
}

async fn give(successor: &mut UnixStream, roots: &BTreeMap<i64, Secret>) -> io::Result<()> {
    let mut hello = [0; HELLO.len()];
    successor.read_exact(&mut hello).await?;
    if hello != *HELLO {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let count = u16::try_from(roots.len()).map_err(io::Error::other)?;
    successor.write_u16(count).await?;
    for (closes_at, root) in roots {
        successor.write_i64(*closes_at).await?;
        successor.write_all(root.expose()).await?;
    }
    // Answered only by one who has them all: so nobody is told of a hand-over that did not happen.
    successor.read_u8().await.map(drop)
}

async fn receive(predecessor: &mut UnixStream) -> io::Result<Vec<(i64, Secret)>> {
    predecessor.write_all(HELLO).await?;
    let count = predecessor.read_u16().await?;
    if count > MOST_ROOTS {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut roots = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let closes_at = predecessor.read_i64().await?;
        let mut root = Secret::blank();
        predecessor.read_exact(root.expose_mut()).await?;
        roots.push((closes_at, root));
    }
    predecessor.write_u8(1).await?;
    Ok(roots)
}

#[cfg(test)]
mod tests;
