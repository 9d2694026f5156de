//! The real binary: found, given a data directory with a site and a country database, started, stopped and killed.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde_json::Value;
use serve::clock::Clock;
use tempfile::TempDir;

use crate::beacons::SITE;
use crate::http;
use crate::process::Watched;
use crate::wait::until;

/// Longest wait for anything: start, delivery, end.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Ports that were given to listeners for keeps.
static KEPT: AtomicU32 = AtomicU32::new(0);

/// Where the binary is.
#[derive(Clone, Debug)]
pub struct Program(PathBuf);

impl Program {
    /// The binary, by default the one beside this program, or beside the folder of a test.
    ///
    /// # Errors
    /// It has not been built.
    pub fn locate(given: Option<PathBuf>) -> anyhow::Result<Self> {
        let path = match given {
            Some(path) => path,
            None => {
                let here = std::env::current_exe()?;
                let folder = here.parent().context("a program stands in a folder")?;
                let folder =
                    if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
                folder.join("sanaq")
            }
        };
        ensure!(path.exists(), "there is no {}; build it with the same profile", path.display());
        Ok(Self(path))
    }

    /// Its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Runs a command that ends; what it printed.
    fn run(&self, arguments: &[&str], data: &Path) -> anyhow::Result<String> {
        let output = Command::new(&self.0).args(arguments).arg("--data").arg(data).output()?;
        ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Builds the country database below this data directory.
    ///
    /// # Errors
    /// There are no ranges to build it from.
    pub fn build_country_database(&self, data: &Path) -> anyhow::Result<()> {
        self.run(&["geo", "build"], data).map(drop)
    }

    /// A new data directory with the site of the prepared requests.
    ///
    /// # Errors
    /// The directory or the site can't be made.
    pub fn install(&self) -> anyhow::Result<Installation> {
        let directory = tempfile::Builder::new().prefix("sanaq-program-").tempdir()?;
        let data = directory.path().join("data");
        self.run(&["site", "add", SITE, "--timezone", &zone_where_it_is_morning()], &data)?;
        let listen = "127.0.0.1:0".to_owned();
        // The client names the visitors' addresses, as a proxy does.
        let environment = vec![("SANAQ_COLLECTOR_TRUSTED_PROXIES", "127.0.0.0/8".to_owned())];
        let directory = Arc::new(directory);
        Ok(Installation { program: self.clone(), directory, public: listen, environment, cores: None })
    }

    /// Starts it with everything on; `geo` says whether with a country database.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(&self, geo: bool) -> anyhow::Result<Running> {
        let installation = self.install()?;
        if geo {
            self.build_country_database(&installation.data())?;
        }
        installation.start()
    }
}

/// A zone without a midnight in the next hours: a day that is sealed in the middle of a run would take its events away.
fn zone_where_it_is_morning() -> String {
    let hour = i64::from(Clock::system().now().to_zoned(jiff::tz::TimeZone::UTC).hour());
    match (9 - hour + 12).rem_euclid(24) - 12 {
        0 => "Etc/UTC".to_owned(),
        // POSIX counts to the west.
        east @ 1.. => format!("Etc/GMT-{east}"),
        west => format!("Etc/GMT+{}", -west),
    }
}

/// A data directory and how the binary is started on it; survives the processes that use it.
#[derive(Clone, Debug)]
pub struct Installation {
    program: Program,
    directory: Arc<TempDir>,
    public: String,
    environment: Vec<(&'static str, String)>,
    cores: Option<CpuSet>,
}

impl Installation {
    /// The data directory.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Sets a configuration key by its environment variable.
    pub fn set(&mut self, key: &'static str, value: impl Into<String>) {
        self.environment.push((key, value.into()));
    }

    /// Gives the public listener a port that stays the same over restarts, so that clients find it again. Below the ports that
    /// the system gives to clients: one that tries a closed port often enough is connected to itself.
    ///
    /// # Errors
    /// Every port is taken.
    pub fn keep_port(&mut self) -> anyhow::Result<()> {
        // Apart from those of other installations, here and in other processes, while their listeners are down.
        let apart = std::process::id() % 180 * 64 + KEPT.fetch_add(1, Ordering::Relaxed) % 64;
        let mut addresses = (20_000 + apart..32_000).map(|port| format!("127.0.0.1:{port}"));
        let free = addresses.find(|address| TcpListener::bind(address).is_ok());
        self.public = free.context("no port is free")?;
        Ok(())
    }

    /// Lets the process and all its threads run on these cores only.
    pub fn pin(&mut self, cores: CpuSet) {
        self.cores = Some(cores);
    }

    /// An API key that may ask questions.
    ///
    /// # Errors
    /// The control plane can't be written.
    pub fn add_key(&self) -> anyhow::Result<String> {
        let key = self.program.run(&["key", "add", "--site", SITE, "--scope", "stats"], &self.data())?;
        Ok(key.trim().to_owned())
    }

    /// Starts `sanaq serve` without waiting for it.
    ///
    /// # Errors
    /// There is no such program.
    pub fn spawn(&self) -> anyhow::Result<Starting> {
        let announce = self.directory.path().join("announce.json");
        // Left by the process before, if there was one.
        let _none = std::fs::remove_file(&announce);
        let log = File::options().create(true).append(true).open(self.directory.path().join("log"))?;
        let listen = "127.0.0.1:0";
        let mut command = Command::new(&self.program.0);
        command
            .args(["serve", "--public", &self.public, "--staff", listen, "--operations", listen])
            .arg("--announce")
            .arg(&announce)
            .arg("--data")
            .arg(self.data())
            .envs(self.environment.iter().map(|(key, value)| (*key, value.as_str())))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        // A child runs where the thread that starts it does.
        let before = sched_getaffinity(None)?;
        if let Some(cores) = &self.cores {
            sched_setaffinity(None, cores)?;
        }
        let child = command.spawn();
        sched_setaffinity(None, &before)?;
        Ok(Starting { process: Process(child?), announce, directory: Arc::clone(&self.directory) })
    }

    /// Starts `sanaq serve` and waits until it announces itself.
    ///
    /// # Errors
    /// It ends, or is not ready in time.
    pub fn start(&self) -> anyhow::Result<Running> {
        self.spawn()?.ready()
    }

    /// The same as a service manager does it: again when it ended because something it needs was not there.
    ///
    /// # Errors
    /// It does not start within a minute.
    pub fn start_again_and_again(&self) -> anyhow::Result<Running> {
        let mut last = None;
        until("the program starts", PATIENCE, || match self.start() {
            Ok(running) => Ok(Some(running)),
            Err(error) => {
                last = Some(error);
                Ok(None)
            }
        })
        .map_err(|error| last.unwrap_or(error))
    }
}

/// A child process that is killed when nobody holds it any more.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Ended already, or left behind by an error.
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// The binary on its way up.
pub struct Starting {
    process: Process,
    announce: PathBuf,
    directory: Arc<TempDir>,
}

impl Starting {
    /// Kills it before it is ready.
    pub fn kill(self) {
        drop(self.process);
    }

    /// Waits until it announces itself.
    ///
    /// # Errors
    /// It ends, or is not ready in time.
    pub fn ready(mut self) -> anyhow::Result<Running> {
        let log = self.directory.path().join("log");
        let announced: Value = until("the program announces itself", PATIENCE, || {
            if let Ok(bytes) = std::fs::read(&self.announce) {
                return Ok(Some(serde_json::from_slice(&bytes)?));
            }
            if self.process.0.try_wait()?.is_some() {
                bail!("it does not start:\n{}", std::fs::read_to_string(&log).unwrap_or_default());
            }
            Ok(None)
        })?;
        let address = |door: &str| -> anyhow::Result<String> {
            let url = announced[door].as_str().context("the announcement has another form")?;
            Ok(url.trim_start_matches("http://").to_owned())
        };
        Ok(Running {
            public: address("public")?,
            staff: address("staff")?,
            operations: address("operations")?,
            process: self.process,
            directory: self.directory,
        })
    }
}

/// The binary while it runs.
pub struct Running {
    process: Process,
    directory: Arc<TempDir>,
    public: String,
    staff: String,
    operations: String,
}

impl Running {
    /// Where beacons go.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.public
    }

    /// Its data directory.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Its process, without the engine.
    #[must_use]
    pub fn watched(&self) -> Watched {
        Watched::new(self.process.0.id())
    }

    /// The process of the embedded ClickHouse.
    #[must_use]
    pub fn engine(&self) -> Option<Watched> {
        self.watched().child("engine-child")
    }

    /// Waits until everything acknowledged is in ClickHouse.
    ///
    /// # Errors
    /// That takes longer than a minute.
    pub fn delivered(&self) -> anyhow::Result<()> {
        self.delivered_within(PATIENCE)
    }

    /// The same, within this time.
    ///
    /// # Errors
    /// That takes longer.
    pub fn delivered_within(&self, time: Duration) -> anyhow::Result<()> {
        until("the journal becomes empty", time, || {
            Ok((self.metrics()?.value("sanaq_journal_rows") == Some(0.0)).then_some(()))
        })
        .with_context(|| self.log())
    }

    /// What `/metrics` says.
    ///
    /// # Errors
    /// It does not answer.
    pub fn metrics(&self) -> anyhow::Result<Metrics> {
        Ok(Metrics(http::get(&self.operations, "/metrics")?.body))
    }

    /// Asks a question as a script does.
    ///
    /// # Errors
    /// It is not answered.
    pub fn query(&self, key: &str, question: &Value) -> anyhow::Result<Value> {
        let headers =
            [("authorization", format!("Bearer {key}")), ("content-type", "application/json".into())];
        let reply = http::post(&self.staff, "/api/v2/query", &headers, &question.to_string())?;
        ensure!(reply.status == 200, "{}: {}", reply.status, reply.body);
        Ok(serde_json::from_str(&reply.body)?)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// SIGKILL: nothing is flushed, nothing is said.
    pub fn kill(self) {
        drop(self.process);
    }

    /// Stops it as Ctrl-C does.
    ///
    /// # Errors
    /// It does not end cleanly.
    pub fn stop(mut self) -> anyhow::Result<()> {
        kill_process(Pid::from_child(&self.process.0), Signal::INT)?;
        let status = self.process.0.wait()?;
        ensure!(status.success(), "it ended with {status}:\n{}", self.log());
        Ok(())
    }
}

/// The text of `/metrics`.
pub struct Metrics(String);

impl Metrics {
    /// The value of one series, with its labels.
    #[must_use]
    pub fn value(&self, series: &str) -> Option<f64> {
        self.0.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.trim().parse().ok())
    }

    /// The sum over all labels.
    #[must_use]
    pub fn sum(&self, name: &str) -> f64 {
        let lines = self
            .0
            .lines()
            .filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{'])));
        lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
    }

    /// Whether every beacon that came in has one outcome or is on its way: promise 4.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        let on_its_way = self.value("sanaq_beacons_in_flight").unwrap_or(f64::NAN);
        self.value("sanaq_beacons_received_total") == Some(self.sum("sanaq_beacons_total") + on_its_way)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_by_name_and_labels_and_must_add_up() {
        let text = "# HELP x\nsanaq_beacons_received_total 7\nsanaq_beacons_total{outcome=\"stored\"} 4\n\
                    sanaq_beacons_total{outcome=\"refused\"} 2\nsanaq_beacons_in_flight 1\n";
        let metrics = Metrics(text.to_owned());
        assert_eq!(metrics.value("sanaq_beacons_total{outcome=\"stored\"}"), Some(4.0));
        assert_eq!(metrics.value("sanaq_beacons"), None);
        assert!(metrics.adds_up());
        assert!(!Metrics(text.replace("in_flight 1", "in_flight 0")).adds_up());
    }
}
