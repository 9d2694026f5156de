//! Views that an operator has put behind `events` are looked at before anything is delivered.

use aggregator::schema::{self, SchemaError};

use crate::harness::{client, database};

#[tokio::test]
async fn a_view_whose_target_counts_a_retry_twice_is_refused_at_start() {
    let access = database("views").await;
    schema::migrate(&access).await.unwrap();
    let run = async |sql: &str| client(&access).query_raw(sql).execute().await.unwrap();
    let refused = async || match schema::check(&access).await {
        Err(SchemaError::Wrong(why)) => why,
        other => unreachable!("{other:?}"),
    };
    run("CREATE TABLE forgetful (path String) ENGINE = MergeTree ORDER BY path").await;
    run("CREATE TABLE between (path String) ENGINE = Null").await;
    run("CREATE MATERIALIZED VIEW first TO between AS SELECT path FROM events").await;
    schema::check(&access).await.unwrap();
    run("CREATE MATERIALIZED VIEW second TO forgetful AS SELECT path FROM between").await;
    assert!(refused().await.contains("views.second writes to views.forgetful"));
    run("ALTER TABLE forgetful MODIFY SETTING non_replicated_deduplication_window = 10000").await;
    schema::check(&access).await.unwrap();

    run("CREATE MATERIALIZED VIEW inner ENGINE = MergeTree ORDER BY site AS SELECT site FROM drops").await;
    assert!(refused().await.contains("views.inner writes to views..inner"));
    run("DROP TABLE inner SYNC").await;
    run("CREATE TABLE memory (path String) ENGINE = Memory").await;
    run("CREATE MATERIALIZED VIEW third TO memory AS SELECT path FROM events").await;
    assert!(refused().await.contains("views.third writes to views.memory"));
}
