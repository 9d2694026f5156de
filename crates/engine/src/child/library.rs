//! The one call into `libchdb`: the only unsafe code of the workspace's services.
#![allow(unsafe_code, reason = "a C library can be loaded and called in no other way")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;

/// `chdb_result * chdb_query_cmdline(int argc, char ** argv)`: runs clickhouse-local until its last query ends.
type QueryCommandLine = unsafe extern "C" fn(c_int, *mut *mut c_char) -> *mut c_void;
/// `const char * chdb_result_error(chdb_result *)`: null when there was none.
type ResultError = unsafe extern "C" fn(*mut c_void) -> *const c_char;

/// The loaded library. It stays loaded: its threads outlive any call.
pub(super) struct Library {
    run: QueryCommandLine,
    error: ResultError,
}

impl Library {
    /// Loads the library and finds its functions.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        // SAFETY: loading runs the library's initialisers. They expect a process with no other engine in it and one whose
        // allocator is untouched; this process was made for this call and has done nothing else.
        let library = unsafe { libloading::Library::new(path) }.map_err(|error| reason(&error))?;
        // SAFETY: the type is that of the function in chdb.h of the pinned version.
        let run = unsafe { library.get::<QueryCommandLine>(b"chdb_query_cmdline\0") }.map(|symbol| *symbol);
        // SAFETY: as above.
        let error = unsafe { library.get::<ResultError>(b"chdb_result_error\0") }.map(|symbol| *symbol);
        let found = Self { run: run.map_err(|e| reason(&e))?, error: error.map_err(|e| reason(&e))? };
        // Never unloaded, so the two pointers stay valid to the end of the process.
        std::mem::forget(library);
        Ok(found)
    }

    /// Runs ClickHouse with this command line; gives the number of the error it ended with.
    pub(super) fn run(&self, command_line: &[CString]) -> Option<u32> {
        let mut arguments: Vec<*mut c_char> =
            command_line.iter().map(|arg| arg.as_ptr().cast_mut()).collect();
        let count = c_int::try_from(arguments.len()).ok()?;
        arguments.push(std::ptr::null_mut());
        // SAFETY: `arguments` holds `count` pointers to zero-terminated strings and a null, as main() gets them. They
        // outlive the call, and the library copies what it keeps and writes to none of them.
        let result = unsafe { (self.run)(count, arguments.as_mut_ptr()) };
        if result.is_null() {
            return None;
        }
        // SAFETY: `result` is what the library just returned, and has not been freed.
        let error = unsafe { (self.error)(result) };
        if error.is_null() {
            return None;
        }
        // SAFETY: a non-null error is a zero-terminated string owned by `result`, which lives to the end of the process.
        let text = unsafe { CStr::from_ptr(error) }.to_string_lossy();
        // The number only: the text may quote data.
        Some(number(&text).unwrap_or(0))
    }
}

fn number(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("Code: ")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn reason(error: &libloading::Error) -> String {
    use std::error::Error as _;
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}
