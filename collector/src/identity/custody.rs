//! Where root keys are kept while their day is open. The best of three that the machine allows:
//!
//! | custody | survives a restart | ends by itself |
//! |---|---|---|
//! | `keyring` | yes, also `kill -9` | yes: the kernel forgets each key at its closing instant |
//! | `locked` | yes, if the successor waits when this process stops ([`super::handover`]) | with the process |
//! | `memory` | no: the visitors of that day count twice | with the process |
//!
//! In none of them is a key on a disk. The kernel counts a key's timeout on the wall clock, so that of a machine that slept over
//! midnight is gone when it wakes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::handover::Host;
use super::keyring::Keyring;
use super::memory::Protection;
use super::secret::Secret;

/// File in the data directory that says which keys in the keyring are ours. A random name, not a secret.
const INSTANCE_FILE: &str = "instance-id";

/// Where root keys are kept.
pub struct Custody(Place);

enum Place {
    Keyring(Keyring),
    Memory { roots: BTreeMap<i64, Secret>, host: Option<Host> },
}

/// Why no place for keys could be made.
#[derive(Debug, thiserror::Error)]
pub enum CustodyError {
    /// Without its instance id a restart could not find its keys again.
    #[error("the file {INSTANCE_FILE} in the data directory can't be read or written")]
    InstanceId(#[source] io::Error),
    /// The kernel has no keyring for us, or a sandbox hides it.
    #[error("the kernel's keyring can't be used here")]
    NoKeyring,
    /// Memory can't be locked, or the socket for handing keys over can't be made.
    #[error("keys can't be kept in locked memory and handed over here")]
    NoHandover,
}

/// A key could not be had. What to do is the same whatever the cause: fail closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoKey;

impl Custody {
    /// The best there is: the keyring, else locked memory with hand-over, else memory alone.
    ///
    /// # Errors
    /// When the instance id in the directory `data` can be neither read nor made.
    pub fn best(data: &Path) -> Result<Self, CustodyError> {
        match Self::keyring(data) {
            Err(CustodyError::NoKeyring) => Ok(Self::locked(data).unwrap_or_else(|_| Self::memory())),
            result => result,
        }
    }

    /// The kernel's keyring.
    ///
    /// # Errors
    /// When the kernel refuses, or the instance id in the directory `data` can be neither read nor made.
    pub fn keyring(data: &Path) -> Result<Self, CustodyError> {
        let instance = instance_id(data).map_err(CustodyError::InstanceId)?;
        Ok(Self(Place::Keyring(Keyring::open(&instance).ok_or(CustodyError::NoKeyring)?)))
    }

    /// Locked memory of this process, handed over to the next one through a socket in the directory `data`.
    ///
    /// # Errors
    /// When pages can't be locked, or the socket can't be made.
    pub fn locked(data: &Path) -> Result<Self, CustodyError> {
        if Protection::of_keys() == Protection::Plain {
            return Err(CustodyError::NoHandover);
        }
        let host = Host::bind(data).ok_or(CustodyError::NoHandover)?;
        Ok(Self(Place::Memory { roots: BTreeMap::new(), host: Some(host) }))
    }

    /// The memory of this process.
    #[must_use]
    pub fn memory() -> Self {
        Self(Place::Memory { roots: BTreeMap::new(), host: None })
    }

    /// `keyring`, `locked` or `memory`, for metrics and the log.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match &self.0 {
            Place::Keyring(_) => "keyring",
            Place::Memory { host: Some(_), .. } => "locked",
            Place::Memory { host: None, .. } => "memory",
        }
    }

    /// The root key of a closing instant; made when there is none. `seconds` are left until then.
    pub(super) fn root(&mut self, closes_at: i64, seconds: i64) -> Result<Root<'_>, NoKey> {
        match &mut self.0 {
            Place::Keyring(keyring) => keyring.root(closes_at, seconds).map(Root::Read),
            Place::Memory { roots, .. } => match roots.entry(closes_at) {
                Entry::Occupied(root) => Ok(Root::Held(root.into_mut())),
                Entry::Vacant(free) => Ok(Root::Held(free.insert(Secret::random().ok_or(NoKey)?))),
            },
        }
    }

    /// The root key of a closing instant, if there is one.
    pub(super) fn held(&self, closes_at: i64) -> Option<Root<'_>> {
        match &self.0 {
            Place::Keyring(keyring) => keyring.held(closes_at).map(Root::Read),
            Place::Memory { roots, .. } => roots.get(&closes_at).map(Root::Held),
        }
    }

    /// Takes over a root key from an earlier process. One that is here already stays.
    pub(super) fn adopt(&mut self, closes_at: i64, seconds: i64, root: Secret) -> Result<(), NoKey> {
        match &mut self.0 {
            Place::Keyring(keyring) => keyring.adopt(closes_at, seconds, root),
            Place::Memory { roots, .. } => {
                roots.entry(closes_at).or_insert(root);
                Ok(())
            }
        }
    }

    /// Gives up what only this process has, for its successor. A keyring has nothing to give: the successor finds it.
    pub(super) fn surrender(&mut self) -> (Option<Host>, BTreeMap<i64, Secret>) {
        match &mut self.0 {
            Place::Keyring(_) => (None, BTreeMap::new()),
            Place::Memory { roots, host } => (host.take(), std::mem::take(roots)),
        }
    }

    /// Destroys the root key of a closing instant. True when none is left.
    pub(super) fn destroy(&mut self, closes_at: i64) -> bool {
        match &mut self.0 {
            Place::Keyring(keyring) => keyring.destroy(closes_at),
            Place::Memory { roots, .. } => {
                roots.remove(&closes_at);
                true
            }
        }
    }

    /// The closing instants there are root keys for, those of an earlier process included.
    pub(super) fn closing_instants(&self) -> Vec<i64> {
        match &self.0 {
            Place::Keyring(keyring) => keyring.closing_instants(),
            Place::Memory { roots, .. } => roots.keys().copied().collect(),
        }
    }
}

/// A root key, for one derivation.
pub(super) enum Root<'a> {
    /// A copy read from the kernel, overwritten when this goes.
    Read(Secret),
    /// The one in memory.
    Held(&'a Secret),
}

impl Root<'_> {
    pub(super) fn expose(&self) -> &[u8; 32] {
        match self {
            Self::Read(secret) => secret.expose(),
            Self::Held(secret) => secret.expose(),
        }
    }
}

/// Reads the instance id, or makes one: 32 hexadecimal digits.
fn instance_id(data: &Path) -> io::Result<String> {
    let path = data.join(INSTANCE_FILE);
    match fs::read_to_string(&path) {
        Ok(text) if text.trim().len() == 32 && text.trim().bytes().all(|b| b.is_ascii_hexdigit()) => {
            return Ok(text.trim().to_owned());
        }
        // A file cut short by a crash is made anew; its keys then end by the kernel's timeout.
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let random = Secret::random().ok_or_else(|| io::Error::other("no random numbers"))?;
    let id: String = random.expose()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    fs::create_dir_all(data)?;
    let fresh = data.join(format!("{INSTANCE_FILE}.new"));
    let mut file = fs::File::create(&fresh)?;
    file.write_all(id.as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, &path)?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_keeps_its_id_and_a_broken_one_is_made_anew() {
        let data = tempfile::tempdir().unwrap();
        let id = instance_id(data.path()).unwrap();
        assert_eq!(instance_id(data.path()).unwrap(), id);
        fs::write(data.path().join(INSTANCE_FILE), "short").unwrap();
        let fresh = instance_id(data.path()).unwrap();
        assert_ne!(fresh, id);
        assert_eq!(instance_id(data.path()).unwrap(), fresh);
    }

    #[test]
    fn a_data_directory_that_is_a_file_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(Custody::best(file.path()), Err(CustodyError::InstanceId(_))));
    }
}
