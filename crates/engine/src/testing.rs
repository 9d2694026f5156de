//! One engine for the tests of a crate.
//!
//! [`shared`] starts it at the first call and gives the same one to every test of the binary, whatever runtime each has; a test
//! makes a database of its own, named after it, as [`User::Owner`](crate::User::Owner). The engine ends with the test binary,
//! also when that is killed, and then its directory is removed.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tokio::sync::OnceCell;

use crate::{Engine, EngineConfig, Launcher, library};

static SHARED: OnceCell<(Engine, Sweeper)> = OnceCell::const_new();

/// The engine of this test binary. Every user may do everything in it.
///
/// # Panics
/// With a message that says what to do, when it can't be started.
pub async fn shared() -> &'static Engine {
    let (engine, _) = SHARED
        .get_or_init(|| async {
            let data = tempfile::Builder::new().prefix("sanaq-engine-").tempdir();
            let data = data.expect("the system's temporary directory can be written").keep();
            let sweeper = Sweeper::start(&data);
            let engine = Engine::start(config(&data)).await;
            (engine.unwrap_or_else(|error| panic_with(&error.to_string())), sweeper)
        })
        .await;
    engine
}

/// A configuration for tests: all rights, 2 GiB, the library from the source tree.
///
/// # Panics
/// When the library or the launcher is missing.
#[must_use]
pub fn config(data: &Path) -> EngineConfig {
    EngineConfig {
        library: library(),
        data: data.to_owned(),
        memory_bytes: 2 << 30,
        launcher: launcher(),
        database: "sanaq".into(),
        all_rights: true,
    }
}

/// The library, found from the directory the tests run in.
///
/// # Panics
/// When it is missing; the message says how to get it.
#[must_use]
pub fn library() -> PathBuf {
    let here = std::env::current_dir().expect("the tests' directory exists");
    library::locate(None, &here).unwrap_or_else(|error| panic_with(&error.to_string()))
}

/// The `sanaq-engine` program beside this test binary (`target/<profile>/deps/..`).
///
/// # Panics
/// When it has not been built.
#[must_use]
pub fn launcher() -> Launcher {
    let test = std::env::current_exe().expect("a running program has a path");
    let program = test.ancestors().skip(1).take(2).map(|dir| dir.join("sanaq-engine")).find(|p| p.is_file());
    let program =
        program.unwrap_or_else(|| panic_with("there is no sanaq-engine: run `cargo build -p engine` first"));
    Launcher { program, arguments: Vec::new() }
}

/// Removes a directory once this process has ended, however it ends: statics are never dropped.
#[derive(Debug)]
struct Sweeper {
    /// Waits for the end of its standard input, of which only this process holds the other side.
    _process: Child,
}

impl Sweeper {
    fn start(dir: &Path) -> Self {
        // The engine may still be going down: until then a removal can fail.
        let script = r#"cat >/dev/null; for i in 1 2 3 4 5 6 7 8 9; do rm -rf "$1" && exit; sleep 0.3; done"#;
        let process = Command::new("/bin/sh")
            .args(["-c", script, "sweep"])
            .arg(dir)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("there is a shell");
        Self { _process: process }
    }
}

#[allow(clippy::panic, reason = "used by tests only; the message tells what to do")]
fn panic_with(message: &str) -> ! {
    panic!("{message}")
}
