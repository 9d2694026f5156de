//! Looking for needles.

use std::path::Path;

use memchr::memmem::Finder;

use super::needles::Needle;

/// The needles, ready to look for.
pub(super) struct Scan<'n> {
    finders: Vec<(Finder<'n>, &'n Needle)>,
    /// What was found where.
    pub(super) findings: Vec<String>,
    pub(super) files: usize,
}

impl<'n> Scan<'n> {
    pub(super) fn of(needles: &'n [Needle]) -> Self {
        let finders = needles.iter().map(|needle| (Finder::new(&needle.bytes), needle)).collect();
        Self { finders, findings: Vec::new(), files: 0 }
    }

    pub(super) fn bytes(&mut self, place: &str, haystack: &[u8]) {
        for (finder, needle) in &self.finders {
            if finder.find(haystack).is_some() {
                self.findings.push(format!("{} ({}) in {place}", needle.value, needle.form));
            }
        }
    }

    /// Every file below a folder.
    pub(super) fn folder(&mut self, when: &str, folder: &Path) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            // A file may go while we look: ClickHouse merges parts.
            let Ok(metadata) = std::fs::symlink_metadata(&path) else { continue };
            if metadata.is_dir() {
                self.folder(when, &path);
            } else if metadata.is_file()
                && let Ok(bytes) = std::fs::read(&path)
            {
                self.files += 1;
                self.bytes(&format!("{} {when}", path.display()), &bytes);
            }
        }
    }
}
