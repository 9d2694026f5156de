//! The child's side: becomes the engine.
//!
//! [`main`] ties its life to the parent's, takes the data directory, loads the library and runs ClickHouse with two queries:
//! one opens the HTTP listener, the other sleeps. The engine lives for as long as that second query does: the parent ends it
//! with `KILL QUERY`, and ClickHouse then shuts down in good order. (The other known way, a query that reads standard
//! input, would leave `default`, a user without a password, the right to read any file.)

mod library;

use std::ffi::{CString, OsString};
use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal};

use crate::log::OURS;
use crate::settings::Layout;
use library::Library;

/// The query the engine's life hangs on. It wakes five times a second, so an end is noticed at once.
const SLEEP: &str = "SELECT sleepEachRow(0.2) FROM numbers(9000000000000000000) FORMAT Null \
                     SETTINGS max_block_size = 1, max_threads = 1, function_sleep_max_microseconds_per_block = 0";
/// How that query begins; [`crate::keeper`] knows it by this.
pub(crate) const SLEEP_BEGINS: &str = "SELECT sleepEachRow(";

/// What the child says once the library is loaded.
pub(crate) const LOADED: &str = "loaded";

/// How long a child left over from a killed parent is waited for.
const LEFTOVER_GONE_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long an orderly end may take once the parent has closed the pipe.
const END_WITHIN: Duration = Duration::from_secs(3);

/// How the child ends, for the parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Usage = 64,
    Orphan = 80,
    DataInUse = 81,
    Load = 82,
    Engine = 83,
}

impl Exit {
    pub(crate) fn from_code(code: i32) -> Option<Self> {
        [Self::Usage, Self::Orphan, Self::DataInUse, Self::Load, Self::Engine]
            .into_iter()
            .find(|exit| i32::from(*exit as u8) == code)
    }
}

/// The arguments the parent gives; [`main`] takes them back.
pub(crate) fn arguments(library: &Path, layout: &Layout, port: u16) -> [OsString; 4] {
    [library.into(), layout.root().into(), port.to_string().into(), std::process::id().to_string().into()]
}

struct Arguments {
    library: PathBuf,
    layout: Layout,
    port: u16,
    parent: Pid,
}

impl Arguments {
    fn take(args: impl IntoIterator<Item = OsString>) -> Option<Self> {
        let mut args = args.into_iter();
        let (library, data) = (args.next()?.into(), PathBuf::from(args.next()?));
        let port = args.next()?.to_str()?.parse().ok()?;
        let parent = args.next()?.to_str()?.parse().ok().and_then(Pid::from_raw)?;
        args.next().is_none().then_some(Self { library, layout: Layout::existing(data), port, parent })
    }
}

/// Becomes the engine, until the parent ends it. `args` are what [`crate::Engine`] put behind [`crate::Launcher::arguments`].
///
/// Call it before any other thread is started.
#[must_use]
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let ended = match Arguments::take(args) {
        Some(arguments) => run(&arguments),
        None => Err((Exit::Usage, "this command is started by Sanaq itself".into())),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err((exit, why)) => {
            let _ = writeln!(io::stderr(), "{OURS}{why}");
            ExitCode::from(exit as u8)
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), (Exit, String)> {
    tie_to(arguments.parent).map_err(|why| (Exit::Orphan, why))?;
    // What the engine holds in memory must not be written to a disk when it crashes.
    let _ = rustix::process::setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    // Held to the end of the process.
    let _lock = take_data(&arguments.layout).map_err(|why| (Exit::DataInUse, why))?;
    let library = Library::open(&arguments.library).map_err(|why| (Exit::Load, why))?;
    let _ = writeln!(io::stderr(), "{OURS}{LOADED}");
    let command_line =
        command_line(arguments).map_err(|_| (Exit::Usage, "a path holds a zero byte".to_owned()))?;
    match library.run(&command_line) {
        // 394: the sleeping query was cancelled, which is how an orderly end looks.
        Some(394) => Ok(()),
        Some(code) => Err((Exit::Engine, format!("ended with ClickHouse error {code}"))),
        None => Err((Exit::Engine, "ended by itself".into())),
    }
}

/// Ends with the parent, however that ends.
fn tie_to(parent: Pid) -> Result<(), String> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| error.to_string())?;
    // The parent may have gone before the line above: then we have another one, and no signal will come.
    if rustix::process::getppid() != Some(parent) {
        return Err("the parent has gone".into());
    }
    // Only the parent holds the other end of the pipe. Where the kernel sends no signal this is what ends us.
    thread::Builder::new()
        .name("parent-watch".into())
        .spawn(|| {
            let mut end = [0; 64];
            while !matches!(io::stdin().read(&mut end), Ok(0) | Err(_)) {}
            thread::sleep(END_WITHIN);
            // A plain exit would run the library's destructors, and might hang in them.
            let _ = rustix::process::kill_process(rustix::process::getpid(), Signal::KILL);
        })
        .map(|_| ())
        .map_err(|error| error.to_string())
}

/// Waits until no other child uses the data: one whose parent was killed needs a moment to go.
fn take_data(layout: &Layout) -> Result<File, String> {
    let file = layout.open_child_lock().map_err(|error| error.to_string())?;
    let deadline = Instant::now() + LEFTOVER_GONE_WITHIN;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(LOOK_EVERY),
            Err(TryLockError::WouldBlock) => return Err("another engine uses the data directory".into()),
            Err(TryLockError::Error(error)) => return Err(error.to_string()),
        }
    }
}

fn command_line(arguments: &Arguments) -> Result<Vec<CString>, std::ffi::NulError> {
    let option = |name: &str, value: OsString| {
        let mut text = OsString::from(name);
        text.push(value);
        CString::new(text.into_vec())
    };
    Ok(vec![
        CString::new("clickhouse")?,
        option("--config-file=", arguments.layout.config().into())?,
        option("--path=", arguments.layout.store().into())?,
        // The line that tells the port is at this level; the parent passes on nothing below a warning.
        CString::new("--log-level=information")?,
        CString::new("--listen_host=127.0.0.1")?,
        CString::new(format!("--http_port={}", arguments.port))?,
        CString::new(format!("--query=SYSTEM START LISTEN HTTP; {SLEEP}"))?,
    ])
}
