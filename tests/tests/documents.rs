//! What the documents say of the schema is what stands.

use std::collections::BTreeSet;

use crate::harness::service::Service;

const PRIVACY: &str = include_str!("../../PRIVACY.md");

/// `table.column` of each row of the column tables: a section `### \`table\`` with rows `| \`column\` | …`.
fn documented() -> BTreeSet<String> {
    let mut columns = BTreeSet::new();
    let mut table = None;
    for line in PRIVACY.lines() {
        if line.starts_with('#') {
            table = line.strip_prefix("### `").and_then(|rest| rest.split('`').next());
        } else if let (Some(table), Some(rest)) = (table, line.strip_prefix("| `")) {
            let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
            assert!(
                cells.len() == 4 && cells.iter().all(|cell| !cell.is_empty()),
                "meaning and purpose: {line}"
            );
            columns.insert(format!("{table}.{}", rest.split('`').next().unwrap()));
        }
    }
    columns
}

#[tokio::test(flavor = "multi_thread")]
async fn privacy_md_lists_every_stored_column_and_no_other() {
    let service = Service::start("2033-11-20T06:00:00Z").await;
    let mut stored = BTreeSet::new();
    for table in service.tables().await {
        stored
            .extend(service.columns(&table).await.into_iter().map(|(column, _)| format!("{table}.{column}")));
    }
    let documented = documented();
    let missing: Vec<_> = stored.difference(&documented).collect();
    let invented: Vec<_> = documented.difference(&stored).collect();
    assert!(missing.is_empty(), "stored, but not in PRIVACY.md: {missing:?}");
    assert!(invented.is_empty(), "in PRIVACY.md, but not stored: {invented:?}");
    service.stop().await;
}
