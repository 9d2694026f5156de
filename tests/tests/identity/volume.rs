//! A file system of its own in an image file, so that everything on it can be read below the files: free space and journal too.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

const BYTES: u64 = 768 << 20;

pub(super) struct Volume {
    image: PathBuf,
    mounted: Option<PathBuf>,
    #[allow(dead_code, reason = "its end removes the image")]
    directory: TempDir,
}

fn run(program: &str, arguments: &[&Path]) -> Result<(), String> {
    let output =
        Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if output.status.success() { Ok(()) } else { Err(format!("{program}: {said}")) }
}

impl Volume {
    /// An ext4 on a loop device; the error says what this machine doesn't allow.
    pub(super) fn mount() -> Result<Self, String> {
        let directory = tempfile::Builder::new().prefix("sanaq-volume-").tempdir().unwrap();
        let (image, at) = (directory.path().join("image"), directory.path().join("mounted"));
        std::fs::File::create(&image).unwrap().set_len(BYTES).unwrap();
        std::fs::create_dir(&at).unwrap();
        run("mkfs.ext4", &["-q".as_ref(), "-F".as_ref(), &image])?;
        run("mount", &["-o".as_ref(), "loop".as_ref(), &image, &at])?;
        Ok(Self { image, mounted: Some(at), directory })
    }

    pub(super) fn path(&self) -> &Path {
        self.mounted.as_deref().unwrap()
    }

    /// Unmounts it and gives every byte of the device.
    pub(super) fn bytes(mut self) -> Vec<u8> {
        run("umount", &[&self.mounted.take().unwrap()]).unwrap();
        std::fs::read(&self.image).unwrap()
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        if let Some(mounted) = &self.mounted {
            // Also while something still has a file open there: a failed test must not leave a mount.
            let _ = run("umount", &["--lazy".as_ref(), mounted]);
        }
    }
}
