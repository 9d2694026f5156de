//! Processor time, memory and placement of a process, from `/proc`.

use std::fmt;
use std::fs;
use std::ops::Sub;
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{CpuSet, sched_setaffinity};

/// A process that is looked at.
#[derive(Clone, Copy)]
pub struct Watched(u32);

/// Processor time so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// In the program.
    pub user: Duration,
    /// In the kernel on its behalf.
    pub system: Duration,
}

impl Times {
    /// Both.
    pub fn total(self) -> Duration {
        self.user + self.system
    }
}

impl Sub for Times {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self { user: self.user - before.user, system: self.system - before.system }
    }
}

impl std::ops::Add for Times {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { user: self.user + other.user, system: self.system + other.system }
    }
}

/// Resident memory in MiB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Now.
    pub now: f64,
    /// Of that, memory of its own: without pages of files, which the kernel takes back when it needs them.
    pub anonymous: f64,
    /// At most, so far.
    pub peak: f64,
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} MiB (of its own {:.1}, peak {:.1})", self.now, self.anonymous, self.peak)
    }
}

impl Watched {
    /// The process of this id.
    pub fn new(id: u32) -> Self {
        Self(id)
    }

    /// Its id.
    pub fn id(self) -> u32 {
        self.0
    }

    /// Processor time of all its threads, those that ended included; not of its children.
    pub fn times(self) -> anyhow::Result<Times> {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.0)).context("the process is gone")?;
        // The name may hold anything, parentheses included; fields are counted from behind it.
        let (_, fields) = text.rsplit_once(") ").context("/proc/PID/stat has another form")?;
        let mut fields = fields.split(' ').skip(11).map(str::parse::<u64>);
        let tick = Duration::from_secs(1) / u32::try_from(rustix::param::clock_ticks_per_second())?;
        let mut next = || -> anyhow::Result<Duration> {
            let ticks = fields.next().context("/proc/PID/stat is cut short")??;
            Ok(tick * u32::try_from(ticks)?)
        };
        Ok(Times { user: next()?, system: next()? })
    }

    /// Resident memory.
    pub fn memory(self) -> anyhow::Result<Memory> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.0)).context("the process is gone")?;
        let field = |name: &str| -> anyhow::Result<f64> {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).context("no such field")?;
            let kib: u32 = line.trim().trim_end_matches(" kB").parse()?;
            Ok(f64::from(kib) / 1024.0)
        };
        Ok(Memory { now: field("VmRSS:")?, anonymous: field("RssAnon:")?, peak: field("VmHWM:")? })
    }

    /// Its children.
    #[must_use]
    pub fn children(self) -> Vec<Watched> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.0)).into_iter().flatten().flatten();
        let ids = tasks.map(|task| fs::read_to_string(task.path().join("children")).unwrap_or_default());
        ids.flat_map(|ids| {
            ids.split_whitespace().filter_map(|id| id.parse().ok()).map(Watched).collect::<Vec<_>>()
        })
        .collect()
    }

    /// Its first child whose command line has this word.
    #[must_use]
    pub fn child(self, word: &str) -> Option<Watched> {
        self.children().into_iter().find(|child| {
            let line = fs::read_to_string(format!("/proc/{}/cmdline", child.0)).unwrap_or_default();
            line.split('\0').any(|argument| argument == word)
        })
    }

    /// SIGKILL.
    ///
    /// # Errors
    /// It is gone, or another's.
    pub fn kill(self) -> anyhow::Result<()> {
        let pid = Pid::from_raw(i32::try_from(self.0)?).context("no process has this number")?;
        Ok(kill_process(pid, Signal::KILL)?)
    }

    /// Puts all its threads on these cores.
    pub fn place(self, cores: &CpuSet) -> anyhow::Result<()> {
        for task in fs::read_dir(format!("/proc/{}/task", self.0))?.flatten() {
            let id: i32 = task.file_name().to_string_lossy().parse()?;
            // A thread may have ended meanwhile.
            let _gone = sched_setaffinity(Pid::from_raw(id), cores);
        }
        Ok(())
    }
}

/// The servers on one core; the client and the engine on the other.
pub struct Cores {
    servers: CpuSet,
    others: CpuSet,
    enough: bool,
}

impl Cores {
    /// The first core for the client, the second for the servers.
    pub fn split() -> Self {
        let (mut servers, mut others) = (CpuSet::new(), CpuSet::new());
        others.set(0);
        servers.set(1);
        let enough = std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1);
        Self { servers, others, enough }
    }

    /// Starts servers where they are going to run: how many threads they make of it is part of what they cost.
    pub fn start<T>(&self, start: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        if self.enough {
            sched_setaffinity(None, &self.servers)?;
        }
        start()
    }

    /// Places them. On a machine with one core everybody shares it.
    pub fn place(&self, servers: &[Watched], engine: Option<Watched>) -> anyhow::Result<()> {
        if !self.enough {
            return Ok(());
        }
        for server in servers {
            server.place(&self.servers)?;
        }
        if let Some(engine) = engine {
            engine.place(&self.others)?;
        }
        Ok(sched_setaffinity(None, &self.others)?)
    }
}

/// Model of the processor, number of cores, kernel.
pub fn machine() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("");
    let model = model.trim_start_matches([' ', '\t', ':']);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{model}, {cores} cores, Linux {}", kernel.trim())
}
