//! The real binary: found, given a data directory with a site and a country database, started and stopped.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::beacons::SITE;
use crate::process::Watched;

/// Longest wait for anything: start, delivery, end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the binary is.
pub struct Program(PathBuf);

impl Program {
    /// The binary, by default the one beside this program.
    pub fn locate(given: Option<PathBuf>) -> anyhow::Result<Self> {
        let path = match given {
            Some(path) => path,
            None => std::env::current_exe()?.with_file_name("sanaq"),
        };
        ensure!(path.exists(), "there is no {}; build it with the same profile", path.display());
        Ok(Self(path))
    }

    /// Runs a command that ends.
    fn run(&self, arguments: &[&str], data: &Path) -> anyhow::Result<()> {
        let output = Command::new(&self.0).args(arguments).arg("--data").arg(data).output()?;
        ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    /// Builds the country database below this data directory.
    pub fn build_country_database(&self, data: &Path) -> anyhow::Result<()> {
        self.run(&["geo", "build"], data)
    }

    /// Starts it with everything on; `geo` says whether with a country database.
    pub fn start(&self, geo: bool) -> anyhow::Result<Running> {
        let directory = tempfile::Builder::new().prefix("sanaq-bench-").tempdir()?;
        let data = directory.path().join("data");
        self.run(&["site", "add", SITE, "--timezone", "Asia/Almaty"], &data)?;
        if geo {
            self.build_country_database(&data)?;
        }
        let announce = directory.path().join("announce.json");
        let log = File::create(directory.path().join("log"))?;
        let listen = "127.0.0.1:0";
        let child = Command::new(&self.0)
            .args(["serve", "--public", listen, "--staff", listen, "--operations", listen])
            .arg("--announce")
            .arg(&announce)
            .arg("--data")
            .arg(&data)
            // The client names the visitors' addresses, as a proxy does.
            .env("SANAQ_COLLECTOR_TRUSTED_PROXIES", "127.0.0.0/8")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let mut running = Running { child, directory, public: String::new(), operations: String::new() };
        let begun = Instant::now();
        let announced: Value = loop {
            if let Ok(bytes) = std::fs::read(&announce) {
                break serde_json::from_slice(&bytes)?;
            }
            if running.child.try_wait()?.is_some() || begun.elapsed() > PATIENCE {
                bail!("it does not start:\n{}", running.log());
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let address = |door: &str| -> anyhow::Result<String> {
            let url = announced[door].as_str().context("the announcement has another form")?;
            Ok(url.trim_start_matches("http://").to_owned())
        };
        running.public = address("public")?;
        running.operations = address("operations")?;
        Ok(running)
    }
}

/// The binary while it runs.
pub struct Running {
    child: Child,
    directory: TempDir,
    public: String,
    operations: String,
}

impl Running {
    /// Where beacons go.
    pub fn address(&self) -> &str {
        &self.public
    }

    /// Its data directory.
    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Its process, without the engine.
    pub fn watched(&self) -> Watched {
        Watched::new(self.child.id())
    }

    /// The process of the embedded ClickHouse.
    pub fn engine(&self) -> Option<Watched> {
        self.watched().child("engine-child")
    }

    /// Waits until everything acknowledged is in ClickHouse.
    pub fn delivered(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            let metrics = self.metrics()?;
            let rows = metrics.lines().find_map(|line| line.strip_prefix("sanaq_journal_rows "));
            if rows.is_some_and(|rows| rows.trim() == "0") {
                return Ok(());
            }
            ensure!(begun.elapsed() < PATIENCE, "the journal does not become empty:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn metrics(&self) -> anyhow::Result<String> {
        let mut stream = TcpStream::connect(&self.operations)?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// Stops it as Ctrl-C does.
    pub fn stop(mut self) -> anyhow::Result<()> {
        kill_process(Pid::from_child(&self.child), Signal::INT)?;
        let status = self.child.wait()?;
        ensure!(status.success(), "it ended with {status}:\n{}", self.log());
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Ended already, or left behind by an error.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
