//! Where root keys are kept while their day is open: in the kernel's keyring, else in the memory of this process.
//!
//! The keyring outlives the process, so visitors keep their tag over a restart; the kernel itself forgets each key at its
//! closing instant. Memory does not outlive anything: after a restart the visitors of that day count twice.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::keyring::Keyring;
use super::secret::Secret;

/// File in the data directory that says which keys in the keyring are ours. A random name, not a secret.
const INSTANCE_FILE: &str = "instance-id";

/// Where root keys are kept.
pub struct Custody(Place);

enum Place {
    Keyring(Keyring),
    Memory(BTreeMap<i64, Secret>),
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
}

/// A key could not be had. What to do is the same whatever the cause: fail closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoKey;

impl Custody {
    /// The best there is: the keyring, else memory.
    ///
    /// # Errors
    /// When the instance id in the directory `data` can be neither read nor made.
    pub fn best(data: &Path) -> Result<Self, CustodyError> {
        match Self::keyring(data) {
            Err(CustodyError::NoKeyring) => Ok(Self::memory()),
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

    /// The memory of this process.
    #[must_use]
    pub fn memory() -> Self {
        Self(Place::Memory(BTreeMap::new()))
    }

    /// `keyring` or `memory`, for metrics and the log.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match &self.0 {
            Place::Keyring(_) => "keyring",
            Place::Memory(_) => "memory",
        }
    }

    /// The root key of a closing instant; made when there is none. `seconds` are left until then.
    pub(super) fn root(&mut self, closes_at: i64, seconds: i64) -> Result<Root<'_>, NoKey> {
        match &mut self.0 {
            Place::Keyring(keyring) => keyring.root(closes_at, seconds).map(Root::Read),
            Place::Memory(roots) => match roots.entry(closes_at) {
                Entry::Occupied(root) => Ok(Root::Held(root.into_mut())),
                Entry::Vacant(free) => Ok(Root::Held(free.insert(Secret::random().ok_or(NoKey)?))),
            },
        }
    }

    /// Destroys the root key of a closing instant. True when none is left.
    pub(super) fn destroy(&mut self, closes_at: i64) -> bool {
        match &mut self.0 {
            Place::Keyring(keyring) => keyring.destroy(closes_at),
            Place::Memory(roots) => {
                roots.remove(&closes_at);
                true
            }
        }
    }

    /// The closing instants there are root keys for, those of an earlier process included.
    pub(super) fn closing_instants(&self) -> Vec<i64> {
        match &self.0 {
            Place::Keyring(keyring) => keyring.closing_instants(),
            Place::Memory(roots) => roots.keys().copied().collect(),
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
