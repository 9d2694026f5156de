//! Arguments → configuration → telemetry → build → run → exit code. The work is in the library.

use std::process::ExitCode;

use clap::Parser;
use sanaq::cli::Cli;
use sanaq::{Exit, commands};

/// Beacons are many small allocations; the system's allocator takes several times as long over them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Clean };
            // Nobody is left to tell when this can't be printed.
            let _ = error.print();
            return exit.into();
        }
    };
    commands::run(cli.command)
}
