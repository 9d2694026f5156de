//! The engine's files: the data directory's layout, and the configuration the child starts with.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::engine::EngineConfig;
use crate::error::EngineError;
use crate::users::{self, Passwords};

/// Less than this and ClickHouse refuses its own start-up work.
const LEAST_MEMORY_BYTES: u64 = 256 << 20;

/// How long a killed process may need to let go of its files.
const OTHER_GONE_WITHIN: Duration = Duration::from_millis(500);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The files in the data directory.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    root: PathBuf,
}

impl Layout {
    /// Makes the directory, readable for its owner only.
    pub(crate) fn prepare(data: &Path) -> Result<Self, EngineError> {
        let root = std::path::absolute(data).map_err(|source| unusable(data, source))?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&root)
            .and_then(|()| fs::set_permissions(&root, fs::Permissions::from_mode(0o700)))
            .map_err(|source| unusable(&root, source))?;
        Ok(Self { root })
    }

    /// The layout of a directory that the parent has prepared.
    pub(crate) fn existing(root: PathBuf) -> Self {
        Self { root }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// ClickHouse's own directory.
    pub(crate) fn store(&self) -> PathBuf {
        self.root.join("store")
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.root.join("config.xml")
    }

    fn users(&self) -> PathBuf {
        self.root.join("users.xml")
    }

    /// Takes the directory for this engine. The lock goes with the file handle, so also when the process is killed; one that
    /// was killed a moment ago is waited for.
    pub(crate) fn lock(&self) -> Result<File, EngineError> {
        let file =
            private().open(self.root.join("parent.lock")).map_err(|source| unusable(&self.root, source))?;
        let deadline = Instant::now() + OTHER_GONE_WITHIN;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(LOOK_EVERY),
                Err(TryLockError::WouldBlock) => {
                    return Err(EngineError::DataInUse { path: self.root.clone() });
                }
                Err(TryLockError::Error(source)) => return Err(unusable(&self.root, source)),
            }
        }
    }

    /// What the child holds locked; the parent's lock may be gone while an old child still runs.
    pub(crate) fn open_child_lock(&self) -> io::Result<File> {
        private().open(self.root.join("child.lock"))
    }

    /// Writes the configuration for the child.
    pub(crate) fn write(&self, config: &EngineConfig, passwords: &Passwords) -> Result<(), EngineError> {
        let users = users::render(passwords, &config.database, config.all_rights);
        self.write_file(&self.users(), &users_file(&users, config.memory_bytes))?;
        self.write_file(&self.config(), &server_file(&self.users(), config.memory_bytes))
    }

    fn write_file(&self, path: &Path, text: &str) -> Result<(), EngineError> {
        let write = || {
            let mut file = private().truncate(true).open(path)?;
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
            file.write_all(text.as_bytes())
        };
        write().map_err(|source| unusable(&self.root, source))
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).mode(0o600);
    options
}

fn unusable(path: &Path, source: io::Error) -> EngineError {
    EngineError::Data { path: path.to_owned(), source }
}

/// The name goes into the text of grants: only a plain identifier may.
pub(crate) fn check_database_name(name: &str) -> Result<(), EngineError> {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if plain && starts_well && name.len() <= 64 {
        Ok(())
    } else {
        Err(EngineError::DatabaseName { name: name.to_owned() })
    }
}

/// Settings of the server. What is not here keeps ClickHouse's default; `system.*_log` tables exist only where a section
/// asks for them, and none does.
fn server_file(users: &Path, memory_bytes: u64) -> String {
    let memory = memory_bytes.max(LEAST_MEMORY_BYTES);
    let settings: &[(&str, String)] = &[
        ("timezone", "UTC".into()),
        ("listen_host", "127.0.0.1".into()),
        ("users_config", escape(&users.to_string_lossy())),
        // Memory: a hard limit, and caches that fit a small machine (the defaults are 5 GiB for marks alone).
        ("max_server_memory_usage", memory.to_string()),
        ("mark_cache_size", (memory / 16).to_string()),
        ("index_mark_cache_size", (memory / 64).to_string()),
        ("uncompressed_cache_size", "0".into()),
        ("index_uncompressed_cache_size", "0".into()),
        ("primary_index_cache_size", (memory / 64).to_string()),
        ("mmap_cache_size", "64".into()),
        ("compiled_expression_cache_size", "0".into()),
        // Threads: a site's statistics need few, and each pool costs memory at rest.
        ("max_thread_pool_size", "256".into()),
        ("max_thread_pool_free_size", "4".into()),
        ("thread_pool_queue_size", "1000".into()),
        ("background_pool_size", "2".into()),
        ("background_merges_mutations_concurrency_ratio", "2".into()),
        ("background_schedule_pool_size", "8".into()),
        ("background_common_pool_size", "2".into()),
        ("background_move_pool_size", "1".into()),
        ("background_fetches_pool_size", "1".into()),
        ("tables_loader_foreground_pool_size", "2".into()),
        ("tables_loader_background_pool_size", "2".into()),
        ("max_connections", "128".into()),
        ("max_concurrent_queries", "64".into()),
        ("keep_alive_timeout", "10".into()),
        // The figures of the machine are the operator's, not ours to collect every second.
        ("asynchronous_metrics_update_period_s", "60".into()),
        ("asynchronous_heavy_metrics_update_period_s", "3600".into()),
        ("core_dump", "<size_limit>0</size_limit>".into()),
        ("send_crash_reports", "<enabled>false</enabled>".into()),
        // The two thresholds must not exceed the four slots of the pool above.
        (
            "merge_tree",
            "<number_of_free_entries_in_pool_to_lower_max_size_of_merge>2\
             </number_of_free_entries_in_pool_to_lower_max_size_of_merge>\
             <number_of_free_entries_in_pool_to_execute_mutation>2</number_of_free_entries_in_pool_to_execute_mutation>\
             <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>2\
             </number_of_free_entries_in_pool_to_execute_optimize_entire_partition>"
                .into(),
        ),
        ("logger", "<console>1</console><level>information</level>".into()),
    ];
    let mut out = String::from("<clickhouse>\n");
    for (name, value) in settings {
        let _ = writeln!(out, "    <{name}>{value}</{name}>");
    }
    out + "</clickhouse>\n"
}

/// Profiles, quotas and users. clickhouse-local is laxer than a server in two settings: the profile puts them back.
fn users_file(users: &str, memory_bytes: u64) -> String {
    let memory = memory_bytes.max(LEAST_MEMORY_BYTES);
    let query_memory = memory / 10 * 7;
    let spill = memory / 4;
    format!(
        "<clickhouse>\n  <profiles>\n    <default>\
         <max_memory_usage>{query_memory}</max_memory_usage>\
         <max_bytes_before_external_group_by>{spill}</max_bytes_before_external_group_by>\
         <max_bytes_before_external_sort>{spill}</max_bytes_before_external_sort>\
         <log_queries>0</log_queries>\
         <implicit_select>0</implicit_select>\
         <allow_introspection_functions>0</allow_introspection_functions>\
         <compile_expressions>0</compile_expressions>\
         <compile_aggregate_expressions>0</compile_aggregate_expressions>\
         <compile_sort_description>0</compile_sort_description>\
         </default>\n    \
         <inner><max_threads>1</max_threads><log_queries>0</log_queries>\
         <max_memory_usage>{INNER_BYTES}</max_memory_usage>\
         <constraints><max_memory_usage><readonly></readonly></max_memory_usage></constraints></inner>\n  </profiles>\n  <quotas>\n    \
         <default></default>\n    \
         <inner><interval><duration>{LONGEST_QUOTA_S}</duration><queries>{INNER_QUERIES}</queries></interval></inner>\n  \
         </quotas>\n  <users>\n{users}  </users>\n</clickhouse>\n"
    )
}

/// How many queries the child's inner session runs: one opens the listener, one sleeps.
const INNER_QUERIES: u32 = 2;
/// What one of them, or a query of an uninvited user, may take.
const INNER_BYTES: u32 = 32 << 20;
/// The longest interval ClickHouse's reader takes, in seconds: 68 years.
const LONGEST_QUOTA_S: i32 = i32::MAX;

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_name_is_a_plain_identifier() {
        for name in ["sanaq", "_t", "Test_1"] {
            assert!(check_database_name(name).is_ok(), "{name}");
        }
        for name in ["", "1a", "a.b", "a b", "a`", "қ", &"x".repeat(65)] {
            assert!(check_database_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_path_with_markup_stays_one_value() {
        let text = server_file(Path::new("/a<b>&c/users.xml"), 1 << 30);
        assert!(text.contains("<users_config>/a&lt;b&gt;&amp;c/users.xml</users_config>"));
    }

    #[test]
    fn the_files_are_for_their_owner_only_and_one_engine_holds_the_directory() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("deep/engine");
        let layout = Layout::prepare(&data).unwrap();
        let held = layout.lock().unwrap();
        layout.write_file(&layout.config(), "x").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&data), mode(&layout.config())), (0o700, 0o600));
        let second = layout.lock().unwrap_err();
        assert_eq!(second.code(), "engine_data_in_use");
        assert!(second.to_string().contains("another Sanaq"));
        drop(held);
        layout.lock().unwrap();
    }
}
