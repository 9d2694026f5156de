//! What the tests of this module share, and the test that no secret is in the file.

use jiff::Timestamp;
use serve::access::Secret;
use serve::clock::ManualClock;
use tempfile::TempDir;

use super::*;
use crate::token::Token;

/// A plane in a directory of its own, with a clock that stands still.
pub(super) fn plane() -> (ControlPlane, TempDir, ManualClock) {
    let directory = tempfile::tempdir().unwrap();
    let (clock, hand) = Clock::manual("2026-11-22T06:00:00Z".parse::<Timestamp>().unwrap());
    let plane = ControlPlane::open(&directory.path().join("control.sqlite"), clock).unwrap();
    (plane, directory, hand)
}

/// The same file as another process would open it.
pub(super) fn reopen(directory: &TempDir) -> ControlPlane {
    ControlPlane::open(&directory.path().join("control.sqlite"), Clock::system()).unwrap()
}

/// Whether any file below the directory contains these bytes.
fn holds(directory: &TempDir, needle: &[u8]) -> bool {
    std::fs::read_dir(directory.path()).unwrap().any(|entry| {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle)
    })
}

#[test]
fn no_secret_is_in_the_file() {
    let (plane, directory, _hand) = plane();
    let password = Secret::new("dala-samaly-2026-zhel");
    let link = plane.create_setup_link().unwrap();
    let first = plane.redeem_setup_link(&link, "canary@example.kz", &password).unwrap();
    let second = plane.sign_in("canary@example.kz", &password, Some(&first.token)).unwrap();
    plane.add_site(Author::Console, "example.kz", "Asia/Almaty").unwrap();
    let key = plane.create_api_key(Author::Console, "example.kz", Scope::Stats).unwrap();

    for secret in [&link, &first.token, &second.token, &Token::parse(&key.reveal()[6..]).unwrap()] {
        let spelt = secret.reveal();
        let raw = *blake3::Hash::from_hex(&spelt).unwrap().as_bytes();
        assert!(!holds(&directory, spelt.as_bytes()));
        assert!(!holds(&directory, &raw));
        assert!(!holds(&directory, secret.derive("sanaq staff csrf").reveal().as_bytes()));
        // Positive control: the scan finds what is stored of each, the revoked ones' in the write-ahead log.
        assert!(holds(&directory, &secret.hash()), "the scan is blind");
    }
    assert!(!holds(&directory, password.reveal().as_bytes()));
    assert!(holds(&directory, b"canary@example.kz"), "the scan is blind");
    assert!(holds(&directory, b"$argon2id$v=19$m=19456,t=2,p=1$"), "the scan is blind");
    assert!(holds(&directory, key.key.prefix.as_bytes()), "the scan is blind");
}

#[tokio::test]
async fn a_running_plane_follows_another_process_until_it_is_stopped() {
    let (here, directory, _hand) = plane();
    let there = reopen(&directory);
    let list = here.site_list();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let run = here.run(async move {
        let _ = stopped.await;
    });
    let changed = async {
        there.add_site(Author::Console, "a.kz", "UTC").unwrap();
        let seen = async {
            while list.by_domain("a.kz").is_none() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), seen).await.unwrap();
        stop.send(()).unwrap();
    };
    tokio::join!(run, changed);
}
