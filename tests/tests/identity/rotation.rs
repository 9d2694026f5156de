//! G2 and G3 on the composed program in a process of its own, with a clock that the test moves over midnight.
//!
//! The test knows the root key because it made it: it stands in for the process before and hands it over. In the fast form the
//! program's files are read where a file system of its own can't be mounted; `SANAQ_PRIVACY=long` insists on the raw device.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use collector::identity::inherit;
use events::LocalDay;
use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;

use super::keys::{Keys, Predecessor, tag};
use super::scan::Snapshot;
use super::volume::Volume;
use crate::harness::beacon::{AGENT, Visitor, pageview};
use crate::harness::service::Service;

const TEST: &str =
    "identity::rotation::a_days_keys_are_gone_from_memory_within_a_second_and_never_on_the_disk";
const DATA: &str = "SANAQ_TEST_DATA";
const SITE: &str = "rotation.example.kz";
const NOON: &str = "2033-11-20T07:00:00Z";
const ADDRESSES: [&str; 4] = ["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"];

fn today() -> LocalDay {
    LocalDay::of(date(2033, 11, 20), &TimeZone::get("Asia/Almaty").unwrap()).unwrap()
}

/// The program, as the process that the test looks into.
async fn program(data: PathBuf) {
    let inherited = inherit(&data).await;
    assert_eq!(inherited.len(), 1);
    let service = Service::start_in(data, NOON, inherited).await;
    service.add_site(SITE, "Asia/Almaty");
    for round in 0..50 {
        for address in ADDRESSES {
            service.visit(Visitor::at(address), &pageview(SITE, &format!("/{round}"))).await;
        }
    }
    service.delivered().await;
    let tags: Vec<String> =
        service.tags().await.into_iter().map(|(site, tag)| format!("{site}/{tag}")).collect();
    say(&format!("open {}", tags.join(" ")));
    hear("close").await;
    service.hand.set(Timestamp::from_second(today().closes_at).unwrap());
    say("moved");
    hear("end").await;
    service.stop().await;
    say("ended");
}

fn say(line: &str) {
    std::io::stdout().write_all(format!("\n{line}\n").as_bytes()).unwrap();
    std::io::stdout().flush().unwrap();
}

async fn hear(what: &'static str) {
    let heard = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).unwrap();
        line
    });
    assert_eq!(heard.await.unwrap().trim(), what);
}

struct Process {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Process {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", TEST, "--nocapture", "--test-threads=1"])
            .env(DATA, data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let commands = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, commands, answers }
    }

    fn says(&mut self, what: &str) -> String {
        let mut line = String::new();
        while self.answers.read_line(&mut line).unwrap() > 0 {
            if let Some(rest) = line.trim_end().strip_prefix(what) {
                return rest.trim().to_owned();
            }
            line.clear();
        }
        panic!("the program ended and never said {what:?}");
    }

    fn tell(&mut self, what: &str) {
        writeln!(self.commands, "{what}").unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Quarters of the keys as they are and as hexadecimal.
fn found_on_disk(bytes: &[u8], keys: &Keys) -> Vec<&'static str> {
    let hex = |piece: &[u8; 8]| piece.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let is_there = |piece: &[u8; 8]| {
        let hex = hex(piece);
        [&piece[..], hex.as_bytes(), hex.to_uppercase().as_bytes()]
            .iter()
            .any(|needle| memchr::memmem::find(bytes, needle).is_some())
    };
    keys.pieces().iter().filter(|(_, piece)| is_there(piece)).map(|(what, _)| *what).collect()
}

fn files(folder: &Path, into: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else if path.is_file() {
            into.extend(std::fs::read(path).unwrap());
        }
    }
}

#[test]
#[allow(
    clippy::disallowed_methods,
    reason = "how the test tells its own child what to do, and `make privacy` the test"
)]
fn a_days_keys_are_gone_from_memory_within_a_second_and_never_on_the_disk() {
    if let Ok(data) = std::env::var(DATA) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        return runtime.block_on(program(data.into()));
    }
    let volume = Volume::mount();
    if let Err(why) = &volume {
        assert!(std::env::var("SANAQ_PRIVACY").is_err(), "the long form reads the raw device: {why}");
        println!("files are read instead of the raw device: {why}");
    }
    let plain = tempfile::tempdir().unwrap();
    let disk = volume.as_ref().map_or(plain.path(), Volume::path).to_owned();
    let data = disk.join("data");

    let keys = Keys::random(1, today().date);
    let predecessor = Predecessor::at(&data);
    let mut process = Process::start(&data);
    predecessor.give(&[(today().closes_at, keys.root)]);
    let tags: BTreeSet<String> = process.says("open").split(' ').map(str::to_owned).collect();
    let expected = (1..=4).map(|last| format!("1/{}", tag(&keys.site_day, [203, 0, 113, last], AGENT)));
    assert_eq!(tags, expected.collect(), "the program uses just the keys that are looked for");

    // The control: the scan reaches the program's heap, where its instance id stands.
    let instance = std::fs::read(data.join("instance-id")).unwrap();
    let control = [("instance id", instance[..8].try_into().unwrap())];
    let open = Snapshot::of(process.child.id());
    assert!(!open.find(&control).is_empty());
    if open.unreadable.iter().any(|name| name.contains("secretmem")) {
        assert_eq!(
            open.find(&keys.pieces()),
            Vec::<String>::new(),
            "while the day is open keys lie in secret memory alone"
        );
    }

    process.tell("close");
    process.says("moved");
    let moved = Instant::now();
    loop {
        let begun = moved.elapsed();
        let found = Snapshot::of(process.child.id()).find(&keys.pieces());
        if found.is_empty() {
            break;
        }
        assert!(begun < Duration::from_secs(1), "{begun:?} after midnight: {found:?}");
    }
    process.tell("end");
    process.says("ended");
    drop(process);

    // The control: a key that was written and deleted again is still found below the files.
    let planted = Keys::random(1, today().date);
    std::fs::write(disk.join("planted"), [planted.root, planted.site_day].concat()).unwrap();
    std::fs::File::open(disk.join("planted")).unwrap().sync_all().unwrap();
    let bytes = match volume {
        Ok(volume) => {
            std::fs::remove_file(disk.join("planted")).unwrap();
            volume.bytes()
        }
        Err(_) => {
            let mut bytes = Vec::new();
            files(&disk, &mut bytes);
            bytes
        }
    };
    assert_eq!(found_on_disk(&bytes, &planted).len(), 8, "the scan would miss a key");
    assert_eq!(found_on_disk(&bytes, &keys), Vec::<&str>::new());
}
