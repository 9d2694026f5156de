//! What a process that holds keys does first: nobody may look into its memory, and no crash writes it to a disk.

use rustix::process::{Resource, Rlimit, setrlimit};

/// Makes this process leave no core dump, and closes its memory to other processes of the same user (`ptrace`, `/proc/…/mem`).
/// Root may still look: it could also have changed the program.
///
/// # Errors
/// When the kernel refuses.
pub fn process() -> std::io::Result<()> {
    // The limit is inherited, so the embedded engine leaves no core dump either.
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}
