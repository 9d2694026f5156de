//! The real binary as a child process, with its own data directory and listeners on ports chosen by the system.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::http::Http;
use super::{binary, eventually};

/// What `--announce` writes.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Announced {
    pub(crate) public: String,
    pub(crate) staff: String,
    pub(crate) operations: String,
    pub(crate) setup_link: Option<String>,
}

/// A data directory with what was registered in it; survives the processes that use it.
#[derive(Clone)]
pub(crate) struct Installation {
    directory: Arc<TempDir>,
    pub(crate) environment: Vec<(&'static str, String)>,
    /// What `serve` is started by, if not by itself: a program that becomes it, with its arguments.
    pub(crate) under: &'static [&'static str],
}

impl Installation {
    pub(crate) fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("sanaq-it-").tempdir().unwrap();
        Self {
            directory: Arc::new(directory),
            // The tests stand behind a proxy of their own: the loopback, which may name the visitor's address.
            environment: vec![
                ("SANAQ_COLLECTOR_TRUSTED_PROXIES", "127.0.0.0/8".into()),
                ("SANAQ_LOG_FORMAT", "json".into()),
                ("SANAQ_LOG_LEVEL", "debug".into()),
            ],
            under: &[],
        }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    /// Everything the processes wrote to standard output and error so far.
    pub(crate) fn log_text(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.log()).unwrap_or_default()).into_owned()
    }

    /// Lets all that is started from now on believe that it is so much later (`3d`, `25s`); its clock runs. Monotonic clocks and the
    /// kernel's own are left alone.
    pub(crate) fn set_clock_ahead(&mut self, by: &str) {
        self.environment.extend([
            ("LD_PRELOAD", libfaketime()),
            ("FAKETIME", format!("+{by}")),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        ]);
    }

    /// Runs a command that ends, such as `site add`.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        Command::new(binary())
            .args(arguments)
            .arg("--data")
            .arg(self.data())
            .envs(self.environment.iter().map(|(k, v)| (*k, v.as_str())))
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap()
    }

    /// Registers a site.
    pub(crate) async fn add_site(&self, domain: &str, timezone: &str) {
        let output = self.run(&["site", "add", domain, "--timezone", timezone]).await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Makes an API key for a site.
    pub(crate) async fn add_key(&self, domain: &str) -> String {
        let output = self.run(&["key", "add", "--site", domain, "--scope", "stats"]).await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Starts `sanaq serve` and waits until it announces itself.
    pub(crate) async fn serve(&self, arguments: &[&str]) -> Process {
        let announce = self.directory.path().join("announce.json");
        let _ = std::fs::remove_file(&announce);
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        let mut command = match self.under.split_first() {
            None => Command::new(binary()),
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(binary());
                command
            }
        };
        let mut child = command
            .args([
                "serve",
                "--public",
                "127.0.0.1:0",
                "--staff",
                "127.0.0.1:0",
                "--operations",
                "127.0.0.1:0",
            ])
            .args(arguments)
            .arg("--announce")
            .arg(&announce)
            .arg("--data")
            .arg(self.data())
            .envs(self.environment.iter().map(|(k, v)| (*k, v.as_str())))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let at = eventually("the program announces itself", async || {
            if let Some(status) = child.try_wait().unwrap() {
                panic!("ended with {status} before it was ready:\n{}", self.log_text());
            }
            announced(&announce)
        })
        .await;
        Process { child, at, http: Http::new() }
    }
}

/// Where Debian has the library, by its path for each processor.
fn libfaketime() -> String {
    let folders = std::fs::read_dir("/usr/lib").unwrap();
    let mut paths = folders.map(|folder| folder.unwrap().path().join("faketime/libfaketime.so.1"));
    let found = paths.find(|path| path.exists());
    found.expect("Debian's libfaketime; `make prepare-test` installs it").to_str().unwrap().to_owned()
}

fn announced(file: &Path) -> Option<Announced> {
    serde_json::from_slice(&std::fs::read(file).ok()?).ok()
}

/// A running `sanaq serve`.
pub(crate) struct Process {
    child: Child,
    pub(crate) at: Announced,
    pub(crate) http: Http,
}

impl Process {
    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("still running")
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id().expect("still running")).unwrap()).unwrap()
    }

    /// SIGKILL: nothing is flushed, nothing is said.
    pub(crate) async fn kill(mut self) {
        kill_process(self.pid(), Signal::KILL).unwrap();
        self.child.wait().await.unwrap();
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(mut self) -> ExitStatus {
        tokio::time::timeout(Duration::from_secs(30), self.child.wait()).await.expect("it ends").unwrap()
    }

    /// Sends this signal and waits for the end, at most 5 s as promised to whoever presses Ctrl-C.
    pub(crate) async fn stop(mut self, signal: Signal) -> ExitStatus {
        kill_process(self.pid(), signal).unwrap();
        tokio::time::timeout(Duration::from_secs(5), self.child.wait())
            .await
            .expect("stops within 5 s")
            .unwrap()
    }

    /// Asks a question as a script does.
    pub(crate) async fn query(&self, key: &str, question: &Value) -> Value {
        let reply = self
            .http
            .post(
                &format!("{}/api/v2/query", self.at.staff),
                &[("authorization", &format!("Bearer {key}")), ("content-type", "application/json")],
                question.to_string(),
            )
            .await
            .unwrap();
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    /// Pageviews per path since the first beacon, every page of the answer read (a test may run over midnight).
    pub(crate) async fn pageviews_by_path(&self, key: &str, site: &str) -> Vec<(String, u64)> {
        let mut all = Vec::new();
        loop {
            let answer = self
                .query(
                    key,
                    &json!({
                        "site_id": site, "metrics": ["pageviews"], "date_range": "all", "dimensions": ["event:page"],
                        "pagination": { "limit": 10_000, "offset": all.len() },
                    }),
                )
                .await;
            let rows = answer["results"].as_array().unwrap();
            all.extend(rows.iter().map(|row| {
                (row["dimensions"][0].as_str().unwrap().to_owned(), row["metrics"][0].as_u64().unwrap())
            }));
            if rows.len() < 10_000 {
                return all;
            }
        }
    }

    /// The text of `/metrics`.
    pub(crate) async fn metrics(&self) -> String {
        self.http.get(&format!("{}/metrics", self.at.operations)).await.unwrap().text()
    }
}

/// The value of one series in the text of `/metrics`.
pub(crate) fn metric(text: &str, series: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
}
