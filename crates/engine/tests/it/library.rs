//! A library that can't be used is refused with a message that says what to do.

use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use engine::{Engine, EngineError};

use crate::real;

async fn refusal(library: &Path) -> EngineError {
    let dir = tempfile::tempdir().unwrap();
    let mut config = real(dir.path());
    config.library = library.to_owned();
    Engine::start(config).await.unwrap_err()
}

/// The beginning of the real library: its header tells a length that the file does not have.
fn beginning(of: &Path, bytes: u64, to: &Path) {
    let mut copied = Vec::new();
    fs::File::open(of).unwrap().take(bytes).read_to_end(&mut copied).unwrap();
    fs::write(to, copied).unwrap();
}

#[tokio::test]
async fn a_missing_library_says_which_command_installs_it() {
    let error = refusal(Path::new("/nonexistent/libchdb.so")).await;
    assert_eq!(error.code(), "engine_library_missing");
    let text = error.to_string();
    assert!(text.contains("/nonexistent/libchdb.so") && text.contains("npm ci"), "{text}");
}

#[tokio::test]
async fn a_library_outside_a_source_tree_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(engine::library::locate(None, dir.path()).unwrap_err().code(), "engine_library_missing");
}

#[tokio::test]
async fn a_truncated_library_is_corrupt() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("libchdb.so");
    beginning(&engine::testing::library(), 1 << 20, &path);
    let error = refusal(&path).await;
    assert_eq!(error.code(), "engine_library_corrupt");
    assert!(error.to_string().contains("truncated") && error.to_string().contains("npm ci"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_library_is_corrupt() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("libchdb.so");
    for bytes in [&b""[..], b"short", &[b'<'; 4096]] {
        fs::write(&path, bytes).unwrap();
        assert_eq!(refusal(&path).await.code(), "engine_library_corrupt");
    }
}

#[tokio::test]
async fn a_library_of_another_platform_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("libchdb.so");
    beginning(&engine::testing::library(), 4096, &path);
    let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    // The processor's number in the ELF header; 8 is MIPS.
    file.seek(SeekFrom::Start(18)).unwrap();
    file.write_all(&[8, 0]).unwrap();
    let error = refusal(&path).await;
    assert_eq!(error.code(), "engine_library_other_platform");
    assert!(error.to_string().contains("another platform"), "{error}");
}

#[tokio::test]
async fn a_library_that_is_spoilt_behind_its_header_is_corrupt() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("libchdb.so");
    // As long as its header says, but with nothing behind it.
    beginning(&engine::testing::library(), 4096, &path);
    let length = fs::metadata(engine::testing::library()).unwrap().len();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length).unwrap();
    let error = refusal(&path).await;
    assert_eq!(error.code(), "engine_library_corrupt");
    assert!(error.to_string().contains("npm ci"), "{error}");
}

#[tokio::test]
async fn a_library_that_is_another_one_is_unusable() {
    let other = some_other_library();
    let error = refusal(&other).await;
    assert_eq!(error.code(), "engine_library_unusable");
    assert!(error.to_string().contains("chdb_query_cmdline"), "{error}");
}

/// A shared library that every program here has loaded.
fn some_other_library() -> std::path::PathBuf {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let path =
        maps.lines().filter_map(|line| line.split_whitespace().nth(5)).find(|path| path.contains("libgcc_s"));
    path.expect("libgcc_s is loaded").into()
}
