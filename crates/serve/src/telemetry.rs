//! Log lines, and what never gets into one (`docs/logging.md`).
//!
//! Only our own crates may speak below `warn`: dependencies log headers and addresses when they are asked for detail,
//! so no level lets them. A panic is logged by its place, never by its message, which may quote what a visitor sent.

use std::io;
use std::panic::PanicHookInfo;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

/// The crates whose lines follow the configured level.
const OURS: [&str; 7] = ["aggregator", "collector", "dashboards", "engine", "events", "sanaq", "serve"];

/// What a log line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object per line, for machines.
    Json,
    /// Plain text, for a person at a terminal.
    Text,
}

impl Format {
    /// Names as configured.
    pub const NAMES: &[(&str, Self)] = &[("json", Self::Json), ("text", Self::Text)];
}

/// The least severe level that is written. `docs/logging.md` says what each means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something is broken and a person must act.
    Error,
    /// Something is wrong that the program deals with by itself, for now.
    Warn,
    /// What an operator wants to know of the life of the process.
    Info,
    /// Each decision, for those who search a fault.
    Debug,
}

impl Level {
    /// Names as configured.
    pub const NAMES: &[(&str, Self)] =
        &[("error", Self::Error), ("warn", Self::Warn), ("info", Self::Info), ("debug", Self::Debug)];

    const fn filter(self) -> LevelFilter {
        match self {
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
        }
    }
}

/// Logging was set up before.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("logging is already set up")]
pub struct AlreadySetUp;

/// Starts logging to standard error, for the whole process, and has panics logged without their message.
///
/// # Errors
/// [`AlreadySetUp`].
pub fn init(format: Format, level: Level) -> Result<(), AlreadySetUp> {
    subscriber(format, level, io::stderr).try_init().map_err(|_taken| AlreadySetUp)?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

fn subscriber<W>(format: Format, level: Level, writer: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let ours = level.filter();
    let others = ours.min(LevelFilter::WARN);
    let targets = Targets::new().with_default(others).with_targets(OURS.map(|target| (target, ours)));
    let registry = tracing_subscriber::registry();
    match format {
        Format::Json => {
            let lines =
                fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false);
            Box::new(registry.with(lines.with_writer(writer).with_filter(targets)))
        }
        Format::Text => {
            let lines = fmt::layer().with_ansi(false).with_target(false);
            Box::new(registry.with(lines.with_writer(writer).with_filter(targets)))
        }
    }
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let (file, line) = panic.location().map_or(("unknown", 0), |place| (place.file(), place.line()));
    tracing::error!(code = "panic", file, line, "a bug: the program panicked");
}
