//! A disk in memory that loses power. It keeps apart what was synced and what was not, of bytes and of names: of the bytes that
//! were not, any number from the front may be there, in any of their sectors what was before or what was written; of the names, any that the file had
//! since the last sync of names, each file on its own. It fails on demand, and after a failed sync the lost pages count as clean,
//! as on a real kernel: a second sync says yes and proves nothing.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};

use super::disk::{Append, Disk};
use super::lock;

/// What the journal asks of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Call {
    Create,
    Append,
    MakeSpace,
    Cut,
    Sync,
    Rename,
    Remove,
    SyncNames,
}

impl Call {
    pub(super) const ALL: [Self; 8] = [
        Self::Create,
        Self::Append,
        Self::MakeSpace,
        Self::Cut,
        Self::Sync,
        Self::Rename,
        Self::Remove,
        Self::SyncNames,
    ];
}

#[derive(Clone, Default)]
struct Inode {
    data: Vec<u8>,
    /// Where the next append goes.
    end: usize,
    /// What outlives a power cut.
    durable: Vec<u8>,
    /// Pages were lost in a failed sync: no later sync brings them back.
    spoilt: bool,
    /// Its names since the last sync of names, that one first, the present one last; `None` is none.
    names: Vec<Option<String>>,
}

impl Inode {
    fn write(&mut self, at: usize, bytes: &[u8]) {
        self.data.resize(self.data.len().max(at + bytes.len()), 0);
        self.data[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn name(&self) -> Option<&String> {
        self.names.last().and_then(Option::as_ref)
    }
}

/// Bytes that a disk writes all or not at all; small, because the tests' segments are.
pub(super) const SECTOR: usize = 32;

#[derive(Default)]
struct Inner {
    inodes: Vec<Inode>,
    failing: Vec<Call>,
    /// Power is cut before the call of this number.
    cut_at: Option<usize>,
    calls: usize,
    /// Calls that say yes and do nothing: a positive control.
    lying: Vec<Call>,
    /// There is room for names only.
    full: bool,
}

/// The disk. Clones are the same disk.
#[derive(Clone, Default)]
pub(super) struct ModelDisk(Arc<Mutex<Inner>>);

impl ModelDisk {
    /// A disk whose calls of these kinds, syncs, say yes and do nothing.
    pub(super) fn lying(about: &[Call]) -> Self {
        let disk = Self::default();
        lock(&disk.0).lying = about.to_vec();
        disk
    }

    /// Another disk with the same files, as a backup has them.
    pub(super) fn copy(&self) -> Self {
        let inodes = lock(&self.0).inodes.clone();
        let copy = Self(Arc::new(Mutex::new(Inner { inodes, ..Inner::default() })));
        copy.keep_names();
        copy
    }

    /// The next call of this kind fails.
    pub(super) fn fail_next(&self, call: Call) {
        lock(&self.0).failing.push(call);
    }

    /// Every call from the one of this number on does nothing and fails.
    pub(super) fn cut_power_at(&self, call: usize) {
        lock(&self.0).cut_at = Some(call);
    }

    /// From now on, or no longer, writes fail for lack of space.
    pub(super) fn set_full(&self, full: bool) {
        lock(&self.0).full = full;
    }

    /// Every name is durable as it is.
    pub(super) fn keep_names(&self) {
        for inode in &mut lock(&self.0).inodes {
            inode.names.drain(..inode.names.len() - 1);
        }
    }

    /// Whether these bytes would outlive a power cut, in a file that would too.
    #[cfg(feature = "loom")]
    pub(super) fn is_durable(&self, bytes: &[u8]) -> bool {
        let inner = lock(&self.0);
        let kept = inner.inodes.iter().filter(|inode| inode.names[0].is_some());
        kept.map(|inode| &inode.durable).any(|data| data.windows(bytes.len()).any(|at| at == bytes))
    }

    pub(super) fn calls(&self) -> usize {
        lock(&self.0).calls
    }

    /// What a machine finds after the power cut: `choose` decides the fate of what was not synced, a choice of so many at a time.
    /// Of unsynced bytes a multiple of `step` is kept, or all.
    pub(super) fn after_power_cut(&self, step: usize, mut choose: impl FnMut(usize) -> usize) -> Self {
        let inner = lock(&self.0);
        let mut after = Inner { lying: inner.lying.clone(), full: inner.full, ..Inner::default() };
        for inode in &inner.inodes {
            let mut inode = inode.clone();
            let (old, new) = (inode.durable.clone(), inode.data.clone());
            let (shorter, longer) = (old.len().min(new.len()), old.len().max(new.len()));
            let kept = shorter + (choose((longer - shorter).div_ceil(step) + 1) * step).min(longer - shorter);
            inode.data = (0..kept).map(|at| *new.get(at).unwrap_or(&0)).collect();
            for (sector, at) in inode.data.chunks_mut(SECTOR).zip((0..).step_by(SECTOR)) {
                let before: Vec<u8> = (at..at + sector.len()).map(|at| *old.get(at).unwrap_or(&0)).collect();
                if before != *sector && choose(2) == 1 {
                    sector.copy_from_slice(&before);
                }
            }
            let name = choose(inode.names.len());
            inode.names = vec![inode.names[name].clone()];
            inode.durable.clone_from(&inode.data);
            inode.spoilt = false;
            if inode.name().is_some() {
                after.inodes.push(inode);
            }
        }
        Self(Arc::new(Mutex::new(after)))
    }

    /// The file of this name, to be damaged.
    pub(super) fn damage<T>(&self, name: &str, change: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let mut inner = lock(&self.0);
        let inode = inner.find(name).unwrap();
        let changed = change(&mut inner.inodes[inode].data);
        let inode = &mut inner.inodes[inode];
        inode.durable.clone_from(&inode.data);
        changed
    }

    fn call<T>(&self, call: Call, work: impl FnOnce(&mut Inner) -> io::Result<T>) -> io::Result<T> {
        let mut inner = lock(&self.0);
        inner.enter(call)?;
        work(&mut inner)
    }
}

impl Inner {
    fn enter(&mut self, call: Call) -> io::Result<()> {
        if self.cut_at.is_some_and(|at| self.calls >= at) {
            return Err(io::Error::other("no power"));
        }
        self.calls += 1;
        if let Some(at) = self.failing.iter().position(|failing| *failing == call) {
            self.failing.remove(at);
            return Err(io::Error::other("failed as told"));
        }
        Ok(())
    }

    fn find(&self, name: &str) -> io::Result<usize> {
        let found = self.inodes.iter().position(|inode| inode.name().is_some_and(|own| own == name));
        found.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Disk for ModelDisk {
    fn names(&self) -> io::Result<Vec<String>> {
        let inner = lock(&self.0);
        Ok(inner
            .inodes
            .iter()
            .filter_map(|inode| inode.name().cloned())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Append>> {
        self.call(Call::Create, |inner| {
            if inner.find(name).is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            inner.inodes.push(Inode { names: vec![None, Some(name.to_owned())], ..Inode::default() });
            let file = ModelFile { disk: self.clone(), inode: inner.inodes.len() - 1 };
            Ok(Box::new(file) as Box<dyn Append>)
        })
    }

    fn read(&self, name: &str, limit: u64) -> io::Result<Vec<u8>> {
        let inner = lock(&self.0);
        let data = &inner.inodes[inner.find(name)?].data;
        Ok(data[..data.len().min(usize::try_from(limit).unwrap_or(usize::MAX))].to_vec())
    }

    fn length(&self, name: &str) -> io::Result<u64> {
        let inner = lock(&self.0);
        Ok(inner.inodes[inner.find(name)?].data.len() as u64)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.call(Call::Rename, |inner| {
            let inode = inner.find(from)?;
            inner.inodes[inode].names.push(Some(to.to_owned()));
            Ok(())
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.call(Call::Remove, |inner| {
            let inode = inner.find(name)?;
            inner.inodes[inode].names.push(None);
            Ok(())
        })
    }

    fn sync_names(&self) -> io::Result<()> {
        self.call(Call::SyncNames, |inner| {
            if !inner.lying.contains(&Call::SyncNames) {
                for inode in &mut inner.inodes {
                    inode.names.drain(..inode.names.len() - 1);
                }
            }
            Ok(())
        })
    }
}

struct ModelFile {
    disk: ModelDisk,
    inode: usize,
}

impl Append for ModelFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut inner = lock(&self.disk.0);
        let full = if inner.full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) };
        let entered = inner.enter(Call::Append).and(full);
        // A failed write has written a part.
        let written = if entered.is_ok() { bytes } else { &bytes[..bytes.len() / 2] };
        if inner.cut_at.is_none_or(|at| inner.calls < at) || entered.is_ok() {
            let inode = &mut inner.inodes[self.inode];
            inode.write(inode.end, written);
            if entered.is_ok() {
                inode.end += written.len();
            }
        }
        entered
    }

    fn make_space(&mut self, bytes: u64) -> io::Result<u64> {
        let mut inner = lock(&self.disk.0);
        let full = if inner.full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) };
        let entered = inner.enter(Call::MakeSpace).and(full);
        let zeros = vec![0; usize::try_from(bytes).unwrap()];
        let inode = &mut inner.inodes[self.inode];
        let length = inode.data.len();
        // A failed write has written a part.
        inode.write(length, if entered.is_ok() { &zeros } else { &zeros[..zeros.len() / 2] });
        entered.map(|()| inode.data.len() as u64)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        let mut inner = lock(&self.disk.0);
        inner.enter(Call::Cut)?;
        let inode = &mut inner.inodes[self.inode];
        inode.data.truncate(usize::try_from(length).unwrap());
        inode.end = inode.end.min(inode.data.len());
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut inner = lock(&self.disk.0);
        let entered = inner.enter(Call::Sync);
        let lying = inner.lying.contains(&Call::Sync);
        let inode = &mut inner.inodes[self.inode];
        match entered {
            Ok(()) if !inode.spoilt && !lying => inode.durable.clone_from(&inode.data),
            Ok(()) => {}
            Err(_) => inode.spoilt = true,
        }
        entered
    }
}
