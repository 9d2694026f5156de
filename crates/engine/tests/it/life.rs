//! Starting, stopping, and what lies on the disk between.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use engine::{Engine, Launcher, State, User};
use rustix::process::Signal;

use crate::client::ask;
use crate::{real, runs, signal, start, until};

#[tokio::test]
async fn an_orderly_stop_keeps_the_data_and_ends_the_child_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let engine = start(real(dir.path())).await;
    ask(&engine, User::Owner, "CREATE DATABASE sanaq").unwrap();
    ask(&engine, User::Owner, "CREATE TABLE sanaq.t (a Int8) ENGINE = MergeTree ORDER BY a").unwrap();
    ask(&engine, User::Owner, "INSERT INTO sanaq.t VALUES (7)").unwrap();
    let (child, old_password) = (engine.process_id().unwrap(), engine.password(User::Owner));
    let mut state = engine.watch();
    assert_eq!(*state.borrow_and_update(), State::Up);

    let begun = Instant::now();
    engine.stop().await;
    // Killing it would take the full three seconds.
    assert!(begun.elapsed() < Duration::from_secs(3), "it did not end by itself: {:?}", begun.elapsed());
    assert!(!runs(child));
    assert_eq!(*state.borrow_and_update(), State::Stopped);

    let engine = start(real(dir.path())).await;
    assert_eq!(ask(&engine, User::Owner, "SELECT a FROM sanaq.t"), Ok("7".into()));
    assert_ne!(engine.password(User::Owner), old_password);
    engine.stop().await;
}

#[tokio::test]
async fn a_child_that_does_not_end_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let engine = start(real(dir.path())).await;
    let child = engine.process_id().unwrap();
    signal(child, Signal::STOP);
    let begun = Instant::now();
    engine.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "Ctrl-C has five seconds for everything");
    assert!(!runs(child));
}

#[tokio::test]
async fn dropping_an_engine_ends_its_child() {
    let dir = tempfile::tempdir().unwrap();
    let engine = start(real(dir.path())).await;
    let child = engine.process_id().unwrap();
    drop(engine);
    until("the child has gone", || !runs(child)).await;
    start(real(dir.path())).await.stop().await;
}

#[tokio::test]
async fn a_second_engine_on_the_same_data_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let engine = start(real(dir.path())).await;
    let refused = Engine::start(real(dir.path())).await.unwrap_err();
    assert_eq!(refused.code(), "engine_data_in_use");
    assert!(refused.to_string().contains("another Sanaq is using"));
    assert_eq!(ask(&engine, User::Owner, "SELECT 1"), Ok("1".into()), "the first one is not disturbed");
    engine.stop().await;
}

#[tokio::test]
async fn no_system_log_table_is_ever_made() {
    let dir = tempfile::tempdir().unwrap();
    let engine = start(engine::testing::config(dir.path())).await;
    let owner = |sql: &str| ask(&engine, User::Owner, sql);
    // Queries that work, fail, insert and merge: each kind has a log of its own.
    owner("CREATE DATABASE sanaq").unwrap();
    owner("CREATE TABLE sanaq.t (a Int8) ENGINE = MergeTree ORDER BY a").unwrap();
    owner("INSERT INTO sanaq.t VALUES (1)").unwrap();
    owner("OPTIMIZE TABLE sanaq.t FINAL").unwrap();
    owner("SELECT throwIf(1)").unwrap_err();
    owner("SYSTEM FLUSH LOGS").unwrap();
    let logs = "SELECT count() FROM system.tables WHERE database = 'system' AND name LIKE '%\\_log%'";
    assert_eq!(owner(logs), Ok("0".into()));
    let kept = "SELECT arraySort(groupArray(concat(database, '.', name))) FROM system.tables WHERE engine LIKE '%MergeTree'";
    assert_eq!(owner(kept), Ok("['sanaq.t']".into()), "nothing but what was made here is stored");
    engine.stop().await;
}

#[tokio::test]
async fn the_settings_reach_the_server() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = real(dir.path());
    config.memory_bytes = 700 << 20;
    let engine = start(config).await;
    let setting = |name: &str| {
        let sql = format!("SELECT value FROM system.server_settings WHERE name = '{name}'");
        ask(&engine, User::Owner, &sql).unwrap()
    };
    assert_eq!(setting("max_server_memory_usage"), (700 << 20).to_string());
    assert_eq!(setting("mark_cache_size"), ((700 << 20) / 16).to_string());
    assert_eq!(ask(&engine, User::Owner, "SELECT serverTimezone()"), Ok("UTC".into()));
    let greedy = ask(&engine, User::Owner, "SELECT length(groupArray(number)) FROM numbers(200000000)");
    assert_eq!(greedy, Err(241), "the memory limit holds");
    engine.stop().await;
}

#[tokio::test]
async fn passwords_are_in_no_command_line_no_environment_and_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let engine = start(real(dir.path())).await;
    let child = engine.process_id().unwrap();
    let mut seen: Vec<Vec<u8>> =
        ["cmdline", "environ"].map(|file| std::fs::read(format!("/proc/{child}/{file}")).unwrap()).into();
    assert!(!seen[0].is_empty());
    for file in ["config.xml", "users.xml"] {
        let path = dir.path().join(file);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
        seen.push(std::fs::read(path).unwrap());
    }
    for user in User::ALL {
        let password = engine.password(user);
        for bytes in &seen {
            assert!(!String::from_utf8_lossy(bytes).contains(&password));
        }
    }
    engine.stop().await;
}

#[tokio::test]
async fn the_listener_is_on_the_loopback_interface_only() {
    let dir = tempfile::tempdir().unwrap();
    let engine = start(real(dir.path())).await;
    let child = engine.process_id().unwrap();
    let listening = listeners(child);
    let port: u16 = engine.url().rsplit_once(':').unwrap().1.parse().unwrap();
    assert_eq!(listening, [format!("0100007F:{port:04X}")], "one socket, 127.0.0.1");
    engine.stop().await;
}

/// The listening TCP sockets of a process, as the kernel writes them.
fn listeners(process: u32) -> Vec<String> {
    let sockets: Vec<String> = std::fs::read_dir(format!("/proc/{process}/fd"))
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok()?.into_os_string().into_string().ok())
        .filter_map(|link| Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let mut found = Vec::new();
    for table in ["tcp", "tcp6"] {
        for line in std::fs::read_to_string(format!("/proc/{process}/net/{table}")).unwrap().lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            if fields[3] == "0A" && sockets.iter().any(|inode| inode == fields[9]) {
                found.push(fields[1].to_owned());
            }
        }
    }
    found
}

#[tokio::test]
async fn a_child_that_ends_at_once_is_told_with_its_status() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = real(dir.path());
    config.launcher = Launcher { program: "/bin/false".into(), arguments: Vec::new() };
    let error = Engine::start(config).await.unwrap_err();
    assert_eq!(error.code(), "engine_exited_early");
    assert!(error.to_string().contains("exit status: 1"), "{error}");
}

#[tokio::test]
async fn a_launcher_that_is_not_there_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = real(dir.path());
    config.launcher.program = dir.path().join("none");
    assert_eq!(Engine::start(config).await.unwrap_err().code(), "engine_launch_failed");
}
