//! What the journal asks of a file system, no more: so that tests can put one under it that loses power.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _, PermissionsExt};
use std::path::{Path, PathBuf};

/// One directory of files. A name given, changed or removed is on disk only after [`Disk::sync_names`].
pub trait Disk: Send + Sync + 'static {
    /// Names of the files there.
    ///
    /// # Errors
    /// As the system reports them.
    fn names(&self) -> io::Result<Vec<String>>;

    /// Creates a file that must not exist yet, for appending.
    ///
    /// # Errors
    /// As the system reports them.
    fn create(&self, name: &str) -> io::Result<Box<dyn Append>>;

    /// The first `limit` bytes of a file, or all if it has fewer.
    ///
    /// # Errors
    /// As the system reports them.
    fn read(&self, name: &str, limit: u64) -> io::Result<Vec<u8>>;

    /// How many bytes a file has.
    ///
    /// # Errors
    /// As the system reports them.
    fn length(&self, name: &str) -> io::Result<u64>;

    /// Renames a file.
    ///
    /// # Errors
    /// As the system reports them.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// As the system reports them.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes every change of a name durable.
    ///
    /// # Errors
    /// As the system reports them.
    fn sync_names(&self) -> io::Result<()>;
}

/// A file that only grows.
pub trait Append: Send {
    /// Appends all of `bytes`, into space made ready if there is some. After an error what stands behind the last append that
    /// succeeded is undefined.
    ///
    /// # Errors
    /// As the system reports them.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes space ready: puts so many zeros behind the end. A sync of what is appended into them has bytes to write only, and
    /// nothing of the file system's own. Gives the length the file has now.
    ///
    /// # Errors
    /// As the system reports them. What was appended stays as it is.
    fn make_space(&mut self, bytes: u64) -> io::Result<u64>;

    /// Cuts the file to this length.
    ///
    /// # Errors
    /// As the system reports them.
    fn cut(&mut self, length: u64) -> io::Result<()>;

    /// Makes everything appended durable. After an error nothing is known about what is on disk, and asking again on
    /// the same file proves nothing: the kernel may have marked the lost pages clean.
    ///
    /// # Errors
    /// As the system reports them.
    fn sync(&mut self) -> io::Result<()>;
}

/// A real directory: mode 0700, its files 0600, locked against a second process.
pub struct Directory {
    path: PathBuf,
    handle: File,
    _lock: File,
}

impl Directory {
    /// Opens the directory, creating it if need be, and locks it. `None` when another process holds it.
    ///
    /// # Errors
    /// When it can't be created or read.
    pub fn open(path: &Path) -> io::Result<Option<Self>> {
        let is_new = !path.exists();
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        let handle = File::open(path)?;
        handle.set_permissions(PermissionsExt::from_mode(0o700))?;
        if is_new && let Some(parent) = path.parent() {
            File::open(parent)?.sync_all()?;
        }
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
            Err(std::fs::TryLockError::Error(error)) => return Err(error),
        }
        let directory = Self { path: path.to_owned(), handle, _lock: lock };
        directory.close_to_others()?;
        Ok(Some(directory))
    }

    /// What came back from a backup may have come with other modes.
    fn close_to_others(&self) -> io::Result<()> {
        for entry in std::fs::read_dir(&self.path)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_file() && metadata.permissions().mode() & 0o777 != 0o600 {
                std::fs::set_permissions(entry.path(), PermissionsExt::from_mode(0o600))?;
            }
        }
        Ok(())
    }
}

impl Disk for Directory {
    fn names(&self) -> io::Result<Vec<String>> {
        let names = std::fs::read_dir(&self.path)?.map(|entry| entry.map(|entry| entry.file_name()));
        names.filter_map(|name| name.map(|name| name.into_string().ok()).transpose()).collect()
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Append>> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.path.join(name))?;
        Ok(Box::new(Growing { file, end: 0, length: 0 }))
    }

    fn read(&self, name: &str, limit: u64) -> io::Result<Vec<u8>> {
        let file = File::open(self.path.join(name))?;
        let size = file.metadata()?.len().min(limit);
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        file.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn length(&self, name: &str) -> io::Result<u64> {
        Ok(std::fs::metadata(self.path.join(name))?.len())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.path.join(name))
    }

    fn sync_names(&self) -> io::Result<()> {
        self.handle.sync_all()
    }
}

/// A file, where its content ends and where the zeros behind that end.
struct Growing {
    file: File,
    end: u64,
    length: u64,
}

/// Zeros are written so many at a time.
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

impl Append for Growing {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, self.end)?;
        self.end += bytes.len() as u64;
        self.length = self.length.max(self.end);
        Ok(())
    }

    fn make_space(&mut self, bytes: u64) -> io::Result<u64> {
        let length = self.length + bytes;
        while self.length < length {
            let left = usize::try_from(length - self.length).unwrap_or(usize::MAX);
            let zeros = &ZEROS[..left.min(ZEROS.len())];
            self.file.write_all_at(zeros, self.length)?;
            self.length += zeros.len() as u64;
        }
        Ok(length)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        (self.end, self.length) = (self.end.min(length), length);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_can_read_the_directory_or_its_files() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("journal");
        let directory = Directory::open(&path).unwrap().unwrap();
        directory.create("a").unwrap().append(b"x").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&path.join("a")), 0o600);
    }

    #[test]
    fn appends_go_into_space_made_ready_and_the_rest_of_it_can_be_cut_off() {
        let home = tempfile::tempdir().unwrap();
        let directory = Directory::open(home.path()).unwrap().unwrap();
        let mut file = directory.create("a").unwrap();
        file.append(b"one").unwrap();
        assert_eq!(file.make_space(100_000).unwrap(), 100_003);
        file.append(b"two").unwrap();
        let bytes = directory.read("a", u64::MAX).unwrap();
        assert_eq!((&bytes[..6], bytes.len()), (b"onetwo".as_slice(), 100_003));
        assert!(bytes[6..].iter().all(|byte| *byte == 0));
        file.cut(6).unwrap();
        file.append(b"three").unwrap();
        assert_eq!(directory.read("a", u64::MAX).unwrap(), b"onetwothree");
    }

    #[test]
    fn a_second_opener_is_told_that_it_is_taken() {
        let home = tempfile::tempdir().unwrap();
        let first = Directory::open(home.path()).unwrap();
        assert!(first.is_some());
        assert!(Directory::open(home.path()).unwrap().is_none());
        drop(first);
        assert!(Directory::open(home.path()).unwrap().is_some());
    }
}
