//! A process of its own that makes tags: this test executable once more, told by a variable what to do.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Barrier};

use collector::address::ClientAddress;
use collector::identity::{Custody, Vault, inherit};
use events::{LocalDay, SiteId};
use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;
use zeroize::Zeroizing;

const ROLE: &str = "SANAQ_TEST_ROLE";
const DATA: &str = "SANAQ_TEST_DATA";
const THREADS: usize = 4;
const SITE: SiteId = SiteId(7);

/// The agent of every visitor here.
pub(crate) const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64)";

pub(crate) fn noon() -> Timestamp {
    "2026-11-22T07:00:00Z".parse().unwrap()
}

pub(crate) fn today() -> LocalDay {
    LocalDay::of(date(2026, 11, 22), &TimeZone::get("Asia/Almaty").unwrap()).unwrap()
}

/// Visitors of the day, from one /24.
pub(crate) fn addresses() -> impl Iterator<Item = [u8; 4]> {
    (0..=255).map(|last| [203, 0, 113, last])
}

/// The child, seen by the test.
pub(crate) struct Process {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Process {
    /// Starts the role in a process that runs `test` and nothing else.
    pub(crate) fn start(test: &str, role: &str, data: &std::path::Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture", "--test-threads=1"])
            .env(ROLE, role)
            .env(DATA, data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let commands = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, commands, answers }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the child says this; what stood behind it.
    pub(crate) fn says(&mut self, what: &str) -> String {
        let mut line = String::new();
        while self.answers.read_line(&mut line).unwrap() > 0 {
            if let Some(rest) = line.trim_end().strip_prefix(what) {
                return rest.trim().to_owned();
            }
            line.clear();
        }
        panic!("the child ended and never said {what:?}");
    }

    pub(crate) fn tell(&mut self, what: &str) {
        writeln!(self.commands, "{what}").unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// True in the child, after it has done what it was started for.
#[allow(clippy::disallowed_methods, reason = "how a test tells its own child what to do")]
pub(crate) fn is_done() -> bool {
    let Ok(role) = std::env::var(ROLE) else { return false };
    let data = PathBuf::from(std::env::var(DATA).unwrap());
    let roots =
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(inherit(&data));
    match role.as_str() {
        "naive" => naive(roots),
        _ => {
            let custody = if role == "keyring" { Custody::keyring(&data) } else { Custody::locked(&data) };
            let vault = Vault::new(custody.unwrap());
            vault.adopt(roots, noon());
            careful(&vault);
        }
    }
    true
}

/// The day's visits on several threads, which stay alive, with the stacks they used, until the end.
fn careful(vault: &Vault) {
    let (used, over) = (Arc::new(Barrier::new(THREADS + 1)), Arc::new(Barrier::new(THREADS + 1)));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            let (used, over) = (Arc::clone(&used), Arc::clone(&over));
            scope.spawn(move || {
                for _ in 0..20 {
                    for address in addresses() {
                        let client = ClientAddress::parse(&text(address)).unwrap();
                        std::hint::black_box(vault.tag(SITE, &today(), noon(), &client, AGENT));
                    }
                }
                used.wait();
                over.wait();
            });
        }
        used.wait();
        let tag = |address| {
            vault
                .tag(SITE, &today(), noon(), &ClientAddress::parse(&text(address)).unwrap(), AGENT)
                .bits()
                .to_string()
        };
        say(&format!("open {}", addresses().map(tag).collect::<Vec<_>>().join(" ")));
        hear("close");
        vault.expire(Timestamp::from_second(today().closes_at).unwrap());
        say("closed");
        hear("end");
        over.wait();
    });
}

/// How one would write it without thinking of copies: cleared on drop, and yet.
fn naive(roots: collector::identity::Inheritance) {
    drop(roots);
    // It makes a key of its own and tells it, as nobody else knows it.
    let mut key = Zeroizing::new([0_u8; 32]);
    std::io::Read::read_exact(&mut std::fs::File::open("/dev/urandom").unwrap(), &mut key[..]).unwrap();
    let masked: Vec<String> = key.iter().map(|byte| format!("{:02x}", byte ^ 0x5A)).collect();
    let (used, over) = (Arc::new(Barrier::new(THREADS + 1)), Arc::new(Barrier::new(THREADS + 1)));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            let (used, over, key) = (Arc::clone(&used), Arc::clone(&over), key.clone());
            scope.spawn(move || {
                for address in addresses() {
                    std::hint::black_box(blake3::keyed_hash(&key, &address));
                }
                drop(key);
                used.wait();
                over.wait();
            });
        }
        used.wait();
        drop(key);
        say(&format!("open {}", masked.concat()));
        hear("close");
        say("closed");
        hear("end");
        over.wait();
    });
}

fn text(address: [u8; 4]) -> String {
    address.map(|octet| octet.to_string()).join(".")
}

fn say(line: &str) {
    // Not `println!`: nothing of it may stay in a buffer that the test would scan; and a line of its own, whatever was written before.
    std::io::stdout().write_all(format!("\n{line}\n").as_bytes()).unwrap();
    std::io::stdout().flush().unwrap();
}

fn hear(what: &str) {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    assert_eq!(line.trim(), what);
}
