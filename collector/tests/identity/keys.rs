//! The published construction of keys and tags, written a second time, and a root key that the test knows.
//!
//! The tests know a root key without any hook in the program: they make one and hand it over, as a stopping process does.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use jiff::civil::Date;

/// A root key, and the key of one site and day derived from it.
pub(crate) struct Keys {
    pub(crate) root: [u8; 32],
    pub(crate) site_day: [u8; 32],
}

impl Keys {
    /// A random root, for this site and day.
    pub(crate) fn random(site: u32, day: Date) -> Self {
        let mut root = [0; 32];
        std::fs::File::open("/dev/urandom").unwrap().read_exact(&mut root).unwrap();
        Self { root, site_day: site_day(&root, site, day) }
    }

    /// Quarters of both: a copy that is not whole is one too.
    pub(crate) fn pieces(&self) -> Vec<(&'static str, [u8; 8])> {
        let quarters = |name, key: &[u8; 32]| {
            let quarters = key.chunks_exact(8).map(|quarter| quarter.try_into().unwrap());
            quarters.map(|quarter| (name, quarter)).collect::<Vec<_>>()
        };
        [quarters("root key", &self.root), quarters("site-day key", &self.site_day)].concat()
    }
}

pub(crate) fn site_day(root: &[u8; 32], site: u32, day: Date) -> [u8; 32] {
    let mut hasher =
        blake3::Hasher::new_derive_key("sanaq 2026-11 site-day key from root key, site and date");
    hasher.update(root).update(&site.to_le_bytes()).update(&day.year().to_le_bytes());
    hasher.update(&[day.month().cast_unsigned(), day.day().cast_unsigned()]);
    *hasher.finalize().as_bytes()
}

pub(crate) fn tag(site_day: &[u8; 32], address: [u8; 4], agent: &str) -> u64 {
    let mut input = Vec::new();
    for field in [&address[..], agent.as_bytes()] {
        input.extend_from_slice(&(field.len() as u64).to_le_bytes());
        input.extend_from_slice(field);
    }
    u64::from_le_bytes(blake3::keyed_hash(site_day, &input).as_bytes()[..8].try_into().unwrap())
}

/// A process that is about to stop, with root keys for whoever comes.
pub(crate) struct Predecessor(UnixListener);

impl Predecessor {
    pub(crate) fn at(data: &Path) -> Self {
        std::fs::create_dir_all(data).unwrap();
        Self(UnixListener::bind(data.join("keys.sock")).unwrap())
    }

    /// Hands these over to the next one who asks, and is gone.
    pub(crate) fn give(self, roots: &[(i64, [u8; 32])]) {
        let (mut successor, _): (UnixStream, _) = self.0.accept().unwrap();
        successor.read_exact(&mut [0; 8]).unwrap();
        successor.write_all(&u16::try_from(roots.len()).unwrap().to_be_bytes()).unwrap();
        for (closes_at, root) in roots {
            successor.write_all(&closes_at.to_be_bytes()).unwrap();
            successor.write_all(root).unwrap();
        }
        successor.read_exact(&mut [0; 1]).unwrap();
    }
}
