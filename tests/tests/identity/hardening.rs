//! The real binary's memory is closed to other processes of the same user, and no crash writes it to a disk.

use std::process::{Command, Stdio};

use crate::harness::eventually;
use crate::harness::process::Installation;

/// Takes from root the power to look into everything, so that root is a user like others here.
const AS_A_USER: &[&str] = &["setpriv", "--inh-caps=-all", "--bounding-set=-sys_ptrace"];

/// Whether a process of this user may look into another one.
fn may_look_into(process: u32) -> bool {
    let mut look = Command::new(AS_A_USER[0]);
    // Opening its memory is what a debugger does; nothing of it is read.
    look.args(&AS_A_USER[1..]).args(["dd", &format!("if=/proc/{process}/mem"), "of=/dev/null", "count=0"]);
    look.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_may_look_into_the_program_and_no_crash_dumps_it() {
    let mut installation = Installation::new();
    installation.under = AS_A_USER;
    let process = installation.serve(&[]).await;
    let mut other = Command::new(AS_A_USER[0]);
    let mut other = other.args(&AS_A_USER[1..]).args(["sleep", "60"]).spawn().unwrap();
    eventually("the control: another program may be looked into", async || {
        may_look_into(other.id()).then_some(())
    })
    .await;
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(!may_look_into(process.id()));
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", process.id())).unwrap();
    let core: Vec<&str> = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap()
        .split_whitespace()
        .skip(4)
        .take(2)
        .collect();
    assert_eq!(core, ["0", "0"]);
}
