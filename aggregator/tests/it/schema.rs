//! The schema: migrations, their lease, the check at start, and what the tables may hold.

use aggregator::schema::{self, SchemaError};

use crate::harness::{Harness, client, database};

/// How many there are, and the number of the newest.
const MIGRATIONS: usize = 6;
const NEWEST: u32 = 7;

#[tokio::test]
async fn migrations_are_applied_once() {
    let access = database("schema_once").await;
    let first = schema::migrate(&access).await.unwrap();
    assert_eq!((first.now.len(), first.version), (MIGRATIONS, NEWEST));
    assert_eq!(schema::migrate(&access).await.unwrap().now, Vec::<String>::new());
    schema::check(&access).await.unwrap();
}

#[tokio::test]
async fn two_processes_at_once_apply_each_migration_once() {
    let access = database("schema_race").await;
    let (a, b) = tokio::join!(schema::migrate(&access), schema::migrate(&access));
    assert_eq!(a.unwrap().now.len() + b.unwrap().now.len(), MIGRATIONS);
    let lines: u64 =
        client(&access).query_raw("SELECT count() FROM schema_migrations").fetch_one().await.unwrap();
    assert_eq!(lines, MIGRATIONS as u64);
    let left: u64 = client(&access)
        .query_raw("SELECT count() FROM system.tables WHERE database = currentDatabase() AND startsWith(name, 'schema_lease')")
        .fetch_one()
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_migration_that_was_cut_off_is_run_again() {
    let h = Harness::new("schema_cut_off", &[]).await;
    h.execute("ALTER TABLE schema_migrations DELETE WHERE version = 2 SETTINGS mutations_sync = 2").await;
    h.execute("DROP TABLE stats_hourly").await;
    assert_eq!(schema::migrate(&h.access).await.unwrap().now, ["0002_sealed"]);
    // What 0002 made anew has none of the columns that came later.
    h.execute("ALTER TABLE schema_migrations DELETE WHERE version = 4 SETTINGS mutations_sync = 2").await;
    h.execute("ALTER TABLE visits DROP COLUMN region").await;
    assert_eq!(schema::migrate(&h.access).await.unwrap().now, ["0004_channel_region"]);
    schema::check(&h.access).await.unwrap();
}

#[tokio::test]
async fn an_edited_migration_is_refused() {
    let h = Harness::new("schema_edited", &[]).await;
    h.execute("ALTER TABLE schema_migrations UPDATE hash = repeat('0', 64) WHERE version = 1 SETTINGS mutations_sync = 2")
        .await;
    let error = schema::migrate(&h.access).await.unwrap_err();
    assert!(matches!(&error, SchemaError::Edited { name } if name == "0001_events"), "{error}");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let h = Harness::new("schema_newer", &[]).await;
    h.execute(
        "INSERT INTO schema_migrations (version, name, hash) SELECT 999, '0999_future', repeat('a', 64)",
    )
    .await;
    let error = schema::migrate(&h.access).await.unwrap_err();
    assert!(matches!(error, SchemaError::TooNew { found: 999, known: NEWEST }), "{error}");
}

#[tokio::test]
async fn the_lease_of_a_process_that_died_is_broken_when_it_is_old() {
    let access = database("schema_lease").await;
    let client = client(&access);
    client
        .clone()
        .with_database("default")
        .query_raw("CREATE DATABASE schema_lease")
        .execute()
        .await
        .unwrap();
    client
        .query_raw("CREATE TABLE schema_lease (nothing UInt8) ENGINE = Memory COMMENT 'gone'")
        .execute()
        .await
        .unwrap();
    let path: String = client
        .query_raw("SELECT d.path || t.metadata_path FROM system.tables AS t, system.disks AS d WHERE t.database = currentDatabase() AND t.name = 'schema_lease'")
        .fetch_one()
        .await
        .unwrap();
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    let times = std::fs::FileTimes::new().set_modified(long_ago);
    std::fs::File::options().write(true).open(&path).unwrap().set_times(times).unwrap();
    assert_eq!(schema::migrate(&access).await.unwrap().version, NEWEST);
}

#[tokio::test]
async fn the_check_at_start_finds_what_exactly_once_delivery_would_miss() {
    for (name, change, told) in [
        (
            "schema_check_fsync",
            "ALTER TABLE events MODIFY SETTING fsync_after_insert = 0",
            "fsync_after_insert",
        ),
        (
            "schema_check_window",
            "ALTER TABLE events MODIFY SETTING non_replicated_deduplication_window = 100",
            "non_replicated_deduplication_window",
        ),
        ("schema_check_column", "ALTER TABLE events ADD COLUMN extra UInt8", "a column too many"),
        ("schema_check_type", "ALTER TABLE events MODIFY COLUMN engaged_ms UInt64", "engaged_ms"),
        ("schema_check_table", "DROP TABLE hits", "hits"),
    ] {
        let h = Harness::new(name, &[]).await;
        schema::check(&h.access).await.unwrap();
        h.execute(change).await;
        let error = schema::check(&h.access).await.unwrap_err().to_string();
        assert!(error.contains(told), "{name}: {error}");
    }
}

#[tokio::test]
async fn the_schema_is_the_reviewed_one() {
    let h = Harness::new("schema_snapshot", &[]).await;
    let tables: Vec<String> = h
        .rows(
            "SELECT formatQuery(replaceRegexpOne(create_table_query, '^CREATE TABLE [^.]+\\.', 'CREATE TABLE '))
            FROM system.tables WHERE database = currentDatabase() ORDER BY name",
        )
        .await;
    let found = tables.join(";\n\n") + ";\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.snapshot.sql");
    #[allow(clippy::disallowed_methods, reason = "how a person asks for the snapshot to be written again")]
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(path, &found).unwrap();
    }
    let reviewed = std::fs::read_to_string(path).unwrap();
    assert!(
        found == reviewed,
        "the schema changed: run this test with UPDATE_SNAPSHOTS=1 and review the difference"
    );
}

#[derive(clickhouse::Row, serde::Deserialize)]
struct Column {
    table: String,
    name: String,
    kind: String,
    comment: String,
}

async fn all_columns(h: &Harness) -> Vec<Column> {
    // An ephemeral column is a name in an INSERT: nothing of it is stored.
    h.rows("SELECT table, name, type AS kind, comment FROM system.columns WHERE database = currentDatabase() AND default_kind != 'EPHEMERAL'")
        .await
}

#[tokio::test]
async fn every_column_says_what_it_means() {
    let h = Harness::new("schema_comments", &[]).await;
    for column in all_columns(&h).await {
        assert!(!column.comment.is_empty(), "{}.{}", column.table, column.name);
    }
}

#[tokio::test]
async fn no_sealed_table_can_hold_a_pseudonym_or_a_sketch_of_one() {
    let h = Harness::new("schema_no_pseudonym", &[]).await;
    // Sums of counted things: the only numbers as wide as a tag.
    let sums = ["engaged_ms", "revenue_milli"];
    let columns = all_columns(&h).await;
    assert!(
        columns.iter().any(|c| c.table == "events" && c.name == "tag"),
        "the test looks at the right schema"
    );
    // Those hold pseudonyms on purpose and are dropped with the day.
    let of_open_days = ["events", "erased_tags"];
    assert!(columns.iter().any(|c| c.table == "erased_tags" && c.name == "tag"));
    for column in columns.iter().filter(|column| !of_open_days.contains(&&*column.table)) {
        let place = format!("{}.{}: {}", column.table, column.name, column.kind);
        assert!(!column.kind.contains("AggregateFunction"), "{place}");
        assert!(
            !["tag", "key", "salt", "address", "agent", "sequence", "time"].contains(&&*column.name),
            "{place}"
        );
        if ["visits", "hits"].contains(&&*column.table) && !sums.contains(&&*column.name) {
            let wide = ["UInt64", "Int64", "UInt128", "UInt256", "UUID", "FixedString"];
            assert!(!wide.iter().any(|wide| column.kind.contains(wide)), "{place}");
        }
    }
}
