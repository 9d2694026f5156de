//! What is left after somebody was killed.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use engine::{State, User};

use crate::client::{ask, ask_at};
use crate::{kill, real, runs, start, until};

#[tokio::test]
async fn a_killed_child_comes_back_on_the_same_url_with_its_data() {
    let dir = tempfile::tempdir().unwrap();
    let engine = start(real(dir.path())).await;
    ask(&engine, User::Owner, "CREATE DATABASE sanaq").unwrap();
    ask(&engine, User::Owner, "CREATE TABLE sanaq.t (a Int8) ENGINE = MergeTree ORDER BY a").unwrap();
    ask(&engine, User::Owner, "INSERT INTO sanaq.t VALUES (7)").unwrap();
    let (url, mut state) = (engine.url(), engine.watch());
    state.mark_unchanged();
    for round in 1..=3 {
        let child = engine.process_id().unwrap();
        kill(child);
        state.wait_for(|state| matches!(state, State::Down(_))).await.unwrap();
        state.wait_for(|state| *state == State::Up).await.unwrap();
        assert_eq!((engine.restarts(), engine.url()), (round, url.clone()));
        assert_ne!(engine.process_id(), Some(child));
        assert_eq!(ask(&engine, User::Owner, "SELECT a FROM sanaq.t"), Ok("7".into()));
    }
    engine.stop().await;
}

#[tokio::test]
async fn a_port_taken_while_the_child_was_down_is_told_and_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let engine = start(real(dir.path())).await;
    let address = engine.url().strip_prefix("http://").unwrap().to_owned();
    let mut state = engine.watch();
    kill(engine.process_id().unwrap());
    // The pause before the restart is 50 ms at least; another process may be quicker than it.
    let mut thief = None;
    until("the port is free", || {
        thief = TcpListener::bind(&address).ok();
        thief.is_some()
    })
    .await;
    state.wait_for(|state| *state == State::Down("engine_port_taken")).await.unwrap();
    assert!(!engine.is_up());
    drop(thief);
    state.wait_for(|state| *state == State::Up).await.unwrap();
    assert_eq!(ask(&engine, User::Owner, "SELECT 1"), Ok("1".into()));
    engine.stop().await;
}

/// A process that holds an engine, to be killed.
struct Parent {
    process: Child,
    child: u32,
    url: String,
    password: String,
}

impl Parent {
    fn start(data: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_sanaq-engine"))
            .arg("hold")
            .args([&engine::testing::library(), data])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        let [child, url, password] = words[..] else { panic!("the parent did not start its engine") };
        Self { child: child.parse().unwrap(), url: url.into(), password: password.into(), process }
    }

    fn ask(&self, sql: &str) -> Option<Result<String, u32>> {
        ask_at(&self.url, "owner", &self.password, sql).ok()
    }
}

#[tokio::test]
async fn a_child_dies_with_its_killed_parent_and_its_data_is_free_and_whole() {
    let dir = tempfile::tempdir().unwrap();
    let mut parent = Parent::start(dir.path());
    parent.ask("CREATE DATABASE sanaq").unwrap().unwrap();
    parent.ask("CREATE TABLE sanaq.t (a Int8) ENGINE = MergeTree ORDER BY a").unwrap().unwrap();
    parent.ask("INSERT INTO sanaq.t VALUES (7)").unwrap().unwrap();
    assert!(runs(parent.child));

    kill(parent.process.id());
    // At once, while the child may still be going down: its successor waits for it.
    let engine = start(real(dir.path())).await;
    assert_eq!(ask(&engine, User::Owner, "SELECT a FROM sanaq.t"), Ok("7".into()));
    let (url, child) = (parent.url.clone(), parent.child);
    until("the child has gone", || !runs(child)).await;
    if engine.url() != url {
        assert!(parent.ask("SELECT 1").is_none(), "nobody listens any more");
    }
    parent.process.wait().unwrap();
    engine.stop().await;
}

#[tokio::test]
async fn the_kernel_ends_the_child_at_once_when_its_parent_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let mut parent = Parent::start(dir.path());
    let begun = Instant::now();
    kill(parent.process.id());
    parent.process.wait().unwrap();
    let child = parent.child;
    until("the child has gone", || !runs(child)).await;
    // By the pipe alone it would take three seconds, and would have to be able to run.
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn the_child_ends_when_the_pipe_is_closed_even_if_its_parent_lives() {
    let dir = tempfile::tempdir().unwrap();
    // Leaves the configuration behind.
    start(real(dir.path())).await.stop().await;
    let mut child = Command::new(env!("CARGO_BIN_EXE_sanaq-engine"))
        .args([engine::testing::library().as_os_str(), dir.path().as_os_str(), "0".as_ref()])
        .arg(std::process::id().to_string())
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let log = BufReader::new(child.stderr.take().unwrap());
    assert!(log.lines().any(|line| line.unwrap().contains("Listening for http://")));
    drop(child.stdin.take());
    until("the child has gone", || child.try_wait().unwrap().is_some()).await;
}

#[tokio::test]
async fn a_child_whose_parent_went_before_it_began_does_not_start() {
    let dir = tempfile::tempdir().unwrap();
    let library = engine::testing::library();
    // Process 1 is not the parent of a test.
    let status = Command::new(env!("CARGO_BIN_EXE_sanaq-engine"))
        .args([library.as_os_str(), dir.path().as_os_str(), "0".as_ref(), "1".as_ref()])
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(80));
}

#[tokio::test]
async fn an_interrupt_for_the_terminals_group_does_not_reach_the_child() {
    let dir = tempfile::tempdir().unwrap();
    let engine = start(real(dir.path())).await;
    let group = |process: u32| {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        stat.rsplit_once(") ").unwrap().1.split_whitespace().nth(2).unwrap().to_owned()
    };
    let child = engine.process_id().unwrap();
    assert_eq!(group(child), child.to_string());
    assert_ne!(group(child), group(std::process::id()));
    engine.stop().await;
}
