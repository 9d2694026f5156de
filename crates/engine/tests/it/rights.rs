//! Nobody may do more than their work needs.

use engine::{Engine, User};

use crate::client::{ask, ask_as_default, ask_at};
use crate::{real, start};

const ACCESS_DENIED: u32 = 497;
const QUOTA_EXCEEDED: u32 = 201;
const SETTING_CONSTRAINT_VIOLATION: u32 = 452;
const MEMORY_LIMIT_EXCEEDED: u32 = 241;
const AUTHENTICATION_FAILED: u32 = 516;

async fn with_tables() -> (tempfile::TempDir, Engine) {
    let dir = tempfile::tempdir().unwrap();
    let engine = start(real(dir.path())).await;
    let owner = |sql: &str| ask(&engine, User::Owner, sql).unwrap();
    owner("CREATE DATABASE sanaq");
    owner(
        "CREATE TABLE sanaq.events (site UInt32, path String, collector UInt16, sequence UInt64)
            ENGINE = MergeTree ORDER BY site",
    );
    owner("CREATE TABLE sanaq.stats (site UInt32, visitors UInt64) ENGINE = MergeTree ORDER BY site");
    owner("INSERT INTO sanaq.stats VALUES (1, 2)");
    (dir, engine)
}

#[tokio::test]
async fn each_user_signs_in_with_its_own_password_only() {
    let dir = tempfile::tempdir().unwrap();
    let engine = start(real(dir.path())).await;
    for user in User::ALL {
        assert_eq!(ask(&engine, user, "SELECT currentUser()"), Ok(user.name().to_owned()));
        for other in User::ALL.into_iter().filter(|other| *other != user) {
            let answer = ask_at(&engine.url(), user.name(), &engine.password(other), "SELECT 1").unwrap();
            assert_eq!(answer, Err(AUTHENTICATION_FAILED));
        }
    }
    engine.stop().await;
}

#[tokio::test]
async fn the_owner_owns_its_database_and_no_other() {
    let (_dir, engine) = with_tables().await;
    let owner = |sql: &str| ask(&engine, User::Owner, sql);
    owner("CREATE MATERIALIZED VIEW sanaq.v TO sanaq.stats AS SELECT site, 1 AS visitors FROM sanaq.events")
        .unwrap();
    owner("ALTER TABLE sanaq.events ADD COLUMN host String").unwrap();
    owner("ALTER TABLE sanaq.stats DROP PARTITION tuple()").unwrap();
    assert_eq!(owner("SELECT count() FROM system.parts WHERE active AND database = 'sanaq'"), Ok("0".into()));
    owner("DROP TABLE sanaq.v SYNC").unwrap();
    assert_eq!(owner("CREATE DATABASE another"), Err(ACCESS_DENIED));
    assert_eq!(owner("SELECT * FROM file('/etc/hostname', LineAsString)"), Err(ACCESS_DENIED));
    assert_eq!(owner("SELECT * FROM url('http://127.0.0.1:1/', LineAsString)"), Err(ACCESS_DENIED));
    assert_eq!(owner("CREATE USER other"), Err(ACCESS_DENIED));
    engine.stop().await;
}

#[tokio::test]
async fn the_collector_inserts_into_events_and_reads_nothing_but_numbers() {
    let (_dir, engine) = with_tables().await;
    let collector = |sql: &str| ask(&engine, User::Collector, sql);
    collector("INSERT INTO sanaq.events SETTINGS insert_deduplication_token = 'a', async_insert = 0 VALUES (1, '/', 1, 7)")
        .unwrap();
    assert_eq!(
        collector("SELECT count() FROM sanaq.events WHERE collector = 1 AND sequence BETWEEN 7 AND 9"),
        Ok("1".into())
    );
    assert!(collector("DESCRIBE TABLE sanaq.events").unwrap().starts_with("site\tUInt32"));
    for sql in [
        "SELECT path FROM sanaq.events",
        "SELECT sequence FROM sanaq.events WHERE path = '/'",
        "SELECT visitors FROM sanaq.stats",
        "INSERT INTO sanaq.stats VALUES (1, 1)",
        "DESCRIBE TABLE sanaq.stats",
        "ALTER TABLE sanaq.events DELETE WHERE 1",
        "TRUNCATE TABLE sanaq.events",
        "DROP TABLE sanaq.events",
        "CREATE TABLE sanaq.x (a Int8) ENGINE = Memory",
        "SELECT * FROM file('/etc/hostname', LineAsString)",
    ] {
        assert_eq!(collector(sql), Err(ACCESS_DENIED), "{sql}");
    }
    assert_eq!(ask(&engine, User::Owner, "SELECT count() FROM sanaq.events"), Ok("1".into()));
    engine.stop().await;
}

#[tokio::test]
async fn the_dashboards_read_and_change_nothing() {
    let (_dir, engine) = with_tables().await;
    let dashboards = |sql: &str| ask(&engine, User::Dashboards, sql);
    assert_eq!(dashboards("SELECT visitors FROM sanaq.stats"), Ok("2".into()));
    for sql in [
        "INSERT INTO sanaq.stats VALUES (1, 1)",
        "ALTER TABLE sanaq.stats DELETE WHERE 1",
        "ALTER TABLE sanaq.stats ADD COLUMN x Int8",
        "TRUNCATE TABLE sanaq.stats",
        "DROP TABLE sanaq.stats",
        "CREATE TABLE sanaq.x (a Int8) ENGINE = Memory",
        "KILL QUERY WHERE 1",
        "SELECT query FROM system.processes",
        "SELECT * FROM file('/etc/hostname', LineAsString)",
    ] {
        assert_eq!(dashboards(sql), Err(ACCESS_DENIED), "{sql}");
    }
    engine.stop().await;
}

#[tokio::test]
async fn the_user_without_a_password_sees_nothing_and_may_not_even_ask() {
    let (_dir, engine) = with_tables().await;
    for sql in [
        "SELECT visitors FROM sanaq.stats",
        "INSERT INTO sanaq.stats VALUES (1, 1)",
        "SELECT * FROM file('/etc/hostname', LineAsString)",
        "CREATE TABLE sanaq.x (a Int8) ENGINE = Memory",
        "DROP DATABASE sanaq",
        "KILL QUERY WHERE 1",
    ] {
        let answer = ask_as_default(&engine, sql);
        assert!(matches!(answer, Err(ACCESS_DENIED | QUOTA_EXCEEDED)), "{sql}: {answer:?}");
    }
    for sql in ["SHOW DATABASES", "SELECT name FROM system.tables", "SELECT count() FROM numbers(9)"] {
        assert_eq!(ask_as_default(&engine, sql), Err(QUOTA_EXCEEDED), "{sql}");
    }
    // Constant expressions are outside the quota, and take no more than a little memory.
    let greedy = "SELECT length(range(100000000)) SETTINGS max_memory_usage = 0";
    assert_eq!(ask_as_default(&engine, greedy), Err(SETTING_CONSTRAINT_VIOLATION));
    assert_eq!(ask_as_default(&engine, "SELECT length(range(100000000))"), Err(MEMORY_LIMIT_EXCEEDED));
    assert_eq!(ask(&engine, User::Owner, "SELECT visitors FROM sanaq.stats"), Ok("2".into()));
    engine.stop().await;
}

#[tokio::test]
async fn all_rights_are_for_tests_and_reach_every_database() {
    let engine = engine::testing::shared().await;
    ask(engine, User::Owner, "CREATE DATABASE all_rights_are_for_tests").unwrap();
    let sql = "CREATE TABLE all_rights_are_for_tests.t (a Int8) ENGINE = MergeTree ORDER BY a";
    ask(engine, User::Dashboards, sql).unwrap();
    ask(engine, User::Collector, "INSERT INTO all_rights_are_for_tests.t VALUES (7)").unwrap();
    assert_eq!(ask(engine, User::Dashboards, "SELECT a FROM all_rights_are_for_tests.t"), Ok("7".into()));
}
