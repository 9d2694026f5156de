use std::os::unix::fs::FileTypeExt;

use events::{LocalDay, SiteId, VisitorTag};
use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;
use tokio::task::JoinSet;

use super::*;
use crate::address::ClientAddress;
use crate::identity::Custody;

fn noon() -> Timestamp {
    "2026-11-22T07:00:00Z".parse().unwrap()
}

fn today() -> LocalDay {
    LocalDay::of(date(2026, 11, 22), &TimeZone::get("Asia/Almaty").unwrap()).unwrap()
}

fn seen(vault: &Vault) -> VisitorTag {
    vault.tag(SiteId(1), &today(), noon(), &ClientAddress::parse("203.0.113.9").unwrap(), "agent")
}

fn locked(data: &Path) -> Vault {
    Vault::new(Custody::locked(data).expect("locked memory and a socket"))
}

/// A successor that waits in the queue.
async fn successor(data: &Path) -> JoinSet<Inheritance> {
    let data = data.to_owned();
    let mut waiting = JoinSet::new();
    let (connected, is_connected) = tokio::sync::oneshot::channel();
    waiting.spawn(async move {
        let inherited = inherit(&data);
        tokio::pin!(inherited);
        // Polled once it has connected: on a Unix socket that needs nobody at the other end.
        let first = futures_util::poll!(&mut inherited);
        assert!(first.is_pending());
        connected.send(()).unwrap();
        inherited.await
    });
    is_connected.await.unwrap();
    waiting
}

#[tokio::test]
async fn a_waiting_successor_gives_the_same_tags() {
    let data = tempfile::tempdir().unwrap();
    let old = locked(data.path());
    let tag = seen(&old);
    let mut waiting = successor(data.path()).await;
    let farewell = old.hand_over().await.expect("somebody waits");
    assert_ne!(seen(&old), tag, "who has handed over makes no tag any more");
    assert_eq!(old.failures(), 1);
    assert!(waiting.try_join_next().is_none(), "the successor waits until the old process is gone");
    drop(farewell);
    let inherited = waiting.join_next().await.unwrap().unwrap();
    assert_eq!(inherited.len(), 1);

    let new = locked(data.path());
    new.adopt(inherited, noon());
    assert_eq!(seen(&new), tag);
    let births = new.take_births();
    assert_eq!(births.len(), 1);
    assert!(births[0].found);
}

#[tokio::test]
async fn without_a_successor_nothing_is_kept() {
    let data = tempfile::tempdir().unwrap();
    let old = locked(data.path());
    let tag = seen(&old);
    assert!(old.hand_over().await.is_none());
    assert!(inherit(data.path()).await.is_empty());
    assert_ne!(seen(&locked(data.path())), tag);
}

#[tokio::test]
async fn a_day_that_closed_on_the_way_is_not_taken_over() {
    let data = tempfile::tempdir().unwrap();
    let old = locked(data.path());
    seen(&old);
    let mut waiting = successor(data.path()).await;
    drop(old.hand_over().await);
    let inherited = waiting.join_next().await.unwrap().unwrap();
    let new = locked(data.path());
    new.adopt(inherited, Timestamp::from_second(today().closes_at).unwrap());
    assert!(!new.holds(today().closes_at));
    assert_eq!(new.take_births(), []);
}

#[tokio::test]
async fn who_does_not_speak_our_words_gets_nothing_and_does_not_stand_in_the_way() {
    let data = tempfile::tempdir().unwrap();
    let old = locked(data.path());
    seen(&old);
    let mut stranger = UnixStream::connect(data.path().join(SOCKET)).await.unwrap();
    stranger.write_all(b"give me!").await.unwrap();
    let mut waiting = successor(data.path()).await;
    drop(old.hand_over().await.expect("the one behind the stranger"));
    let mut got = Vec::new();
    let _ = stranger.read_to_end(&mut got).await;
    assert_eq!(got, b"");
    assert_eq!(waiting.join_next().await.unwrap().unwrap().len(), 1);
}

#[tokio::test]
async fn a_process_that_dies_leaves_an_empty_inheritance() {
    let data = tempfile::tempdir().unwrap();
    let old = locked(data.path());
    seen(&old);
    let mut waiting = successor(data.path()).await;
    drop(old);
    assert!(waiting.join_next().await.unwrap().unwrap().is_empty());
}

#[test]
fn the_socket_is_private_and_holds_nothing() {
    let data = tempfile::tempdir().unwrap();
    let vault = locked(data.path());
    assert_eq!(vault.custody(), "locked");
    let socket = fs::metadata(data.path().join(SOCKET)).unwrap();
    assert!(socket.file_type().is_socket());
    assert_eq!((socket.permissions().mode() & 0o777, socket.len()), (0o600, 0));
    // A path no socket can have: memory alone, and the name says so.
    let deep = data.path().join("d".repeat(120));
    assert!(Custody::locked(&deep).is_err());
}
