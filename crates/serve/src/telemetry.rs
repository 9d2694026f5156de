//! Log lines, and what never gets into one (`docs/logging.md`).
//!
//! Only our own crates may speak below `warn`: dependencies log headers and addresses when they are asked for detail,
//! so no level lets them. A panic is logged by its place, never by its message, which may quote what a visitor sent.

use std::io;
use std::panic::PanicHookInfo;

use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::filter_fn;
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
    let filter =
        filter_fn(move |line: &Metadata<'_>| *line.level() <= if is_ours(line) { ours } else { others });
    let filter = filter.with_max_level_hint(ours);
    let registry = tracing_subscriber::registry();
    match format {
        Format::Json => {
            let lines =
                fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false);
            Box::new(registry.with(lines.with_writer(writer).with_filter(filter)))
        }
        Format::Text => {
            let lines = fmt::layer().with_ansi(false).with_target(false);
            Box::new(registry.with(lines.with_writer(writer).with_filter(filter)))
        }
    }
}

/// By the crate's whole name: a prefix would take `engineio` for `engine`.
fn is_ours(line: &Metadata<'_>) -> bool {
    let path = line.target();
    OURS.contains(&path.split_once("::").map_or(path, |(name, _)| name))
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let (file, line) = panic.location().map_or(("unknown", 0), |place| (place.file(), place.line()));
    tracing::error!(code = "panic", file, line, "a bug: the program panicked");
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is written while `speak` runs.
    fn heard(format: Format, level: Level, speak: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        tracing::subscriber::with_default(subscriber(format, level, move || writer.clone()), speak);
        String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn each_level_lets_through_what_is_as_severe_or_more() {
        let all = || {
            tracing::error!("e");
            tracing::warn!("w");
            tracing::info!("i");
            tracing::debug!("d");
            tracing::trace!("t");
        };
        for (level, count) in [(Level::Error, 1), (Level::Warn, 2), (Level::Info, 3), (Level::Debug, 4)] {
            assert_eq!(heard(Format::Text, level, all).lines().count(), count, "{level:?}");
        }
    }

    #[test]
    fn no_level_lets_a_dependency_speak_below_warn() {
        let text = heard(Format::Text, Level::Debug, || {
            tracing::info!(target: "hyper::proto::h1", "a header");
            tracing::debug!(target: "collectors_of_something", "a body");
            tracing::warn!(target: "hyper", "trouble");
        });
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("trouble"));
    }

    #[test]
    fn json_lines_carry_the_code_at_the_top() {
        let text = heard(Format::Json, Level::Info, || tracing::info!(code = "started", "listening"));
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (&line["level"], &line["code"], &line["message"]),
            (&"INFO".into(), &"started".into(), &"listening".into())
        );
    }

    #[test]
    fn a_panic_is_logged_by_its_place_alone() {
        let text = heard(Format::Json, Level::Error, || {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(log_panic));
            let caught = std::panic::catch_unwind(|| panic!("what 203.0.113.7 sent"));
            std::panic::set_hook(before);
            assert!(caught.is_err());
        });
        assert!(text.contains("\"code\":\"panic\"") && text.contains("telemetry.rs"), "{text}");
        assert!(!text.contains("203.0.113.7"), "{text}");
    }
}
