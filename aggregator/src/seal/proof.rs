//! Dropping a day's partition, and the proof that nothing of it is left.
//!
//! A dropped or merged-away part stays on disk until ClickHouse deletes it. The proof is asked of ClickHouse (parts in any
//! state, parts set aside) and, where its files can be seen from here, of the directory itself: a part's directory begins
//! with its partition, also while it is being deleted or was half-written.

use std::path::Path;
use std::time::Duration;

use clickhouse::Row;
use serde::Deserialize;

use crate::open_day::TABLES;
use crate::sql;
use crate::store::{Store, StoreError};

/// How long the files may take to go. `old_parts_lifetime` of the table is one second.
const DEADLINE: Duration = Duration::from_secs(60);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(250);

#[derive(Row, Deserialize)]
struct Remains {
    parts: u64,
    paths: Vec<String>,
}

/// Drops a partition from every table that holds anything of an open day: the events last, for as long as they are there
/// the next run drops again.
pub(super) async fn drop_partition(store: &Store, closes_at: i64) -> Result<(), StoreError> {
    let partition = closes_at.to_string();
    for table in TABLES.iter().rev() {
        let drop = sql::DROP.fill(&[("table", table), ("partition", &partition)]);
        store.statement(sql::DROP.name(), &drop).execute().await?;
    }
    Ok(())
}

/// Waits until nothing of the partition is left; false when something still is at the deadline.
pub(super) async fn gone(store: &Store, closes_at: i64) -> Result<bool, StoreError> {
    let partition = closes_at.to_string();
    let deadline = tokio::time::Instant::now() + DEADLINE;
    let names = TABLES.map(|table| format!("'{table}'")).join(", ");
    let look = sql::REMAINS.fill(&[("tables", &names)]);
    loop {
        for table in TABLES {
            let nudge = sql::NUDGE.fill(&[("table", table)]);
            store.statement(sql::NUDGE.name(), &nudge).execute().await?;
        }
        let look = store.statement(sql::REMAINS.name(), &look).param("partition", &partition);
        let remains: Remains = look.one().await?;
        if remains.parts == 0 && !remains.paths.iter().any(|path| holds(Path::new(path), &partition)) {
            return Ok(true);
        }
        if tokio::time::Instant::now() > deadline {
            return Ok(false);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether a table's directory holds anything of a partition. A directory that cannot be read from here holds nothing we
/// could see: the server is then another machine's, or another user's.
fn holds(table: &Path, partition: &str) -> bool {
    let names = |dir: &Path| {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect::<Vec<_>>()
    };
    let of_partition = |name: &String| {
        // `<partition>_<from>_<to>_<level>`, with a prefix (`tmp_insert_`, `delete_tmp_`) while it comes or goes.
        let begins = format!("{partition}_");
        name.starts_with(&begins) || name.contains(&format!("_{begins}"))
    };
    names(table).iter().any(of_partition) || names(&table.join("detached")).iter().any(of_partition)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_seen_whatever_prefix_it_carries() {
        let table = tempfile::tempdir().unwrap();
        let partition = "2000394000";
        assert!(!holds(table.path(), partition));
        for name in ["2000394000_1_1_0", "delete_tmp_2000394000_1_1_0", "detached/broken_2000394000_1_1_0"] {
            let path = table.path().join(name);
            std::fs::create_dir_all(&path).unwrap();
            assert!(holds(table.path(), partition), "{name}");
            std::fs::remove_dir_all(&path).unwrap();
        }
        std::fs::create_dir(table.path().join("2000480400_1_1_0")).unwrap();
        assert!(!holds(table.path(), partition));
    }
}
