//! The engine's process for tests. Sanaq itself uses a hidden sub-command that calls the same function.
//!
//! `sanaq-engine hold <library> <data>` is a parent for crash tests: it starts an engine, writes the child's number, the
//! URL and the owner's password to standard output, and stops when its standard input ends.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use engine::{Engine, EngineConfig, Launcher, User};

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1).peekable();
    if args.next_if(|first| first == "hold").is_none() {
        return engine::child::main(args);
    }
    match hold(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn hold(mut args: impl Iterator<Item = OsString>) -> Result<(), Box<dyn std::error::Error>> {
    let config = EngineConfig {
        library: args.next().ok_or("no library given")?.into(),
        data: args.next().ok_or("no data directory given")?.into(),
        memory_bytes: 2 << 30,
        launcher: Launcher { program: std::env::current_exe()?, arguments: Vec::new() },
        database: "sanaq".into(),
        all_rights: false,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let engine = runtime.block_on(Engine::start(config))?;
    let mut out = io::stdout();
    let child = engine.process_id().ok_or("the engine has gone")?;
    writeln!(out, "{child} {} {}", engine.url(), engine.password(User::Owner))?;
    out.flush()?;
    while io::stdin().read(&mut [0; 64])? > 0 {}
    runtime.block_on(engine.stop());
    Ok(())
}
