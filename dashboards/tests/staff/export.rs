//! Exports, read again and compared with the answers they are made of.

use std::collections::BTreeMap;
use std::io::Read;

use aggregator::Question;
use aggregator::answer::{Figure, Row};
use aggregator::suppress::Audience;
use axum::body::Body;
use dashboards::control::Author;
use http::{Request, StatusCode};
use serde_json::json;
use tower::ServiceExt;

use crate::harness::{Harness, question, request};

/// Two rows, that say which dimension and metric they answer; one value would be a formula, one breaks a line.
fn rows(question: &Question) -> Vec<Row> {
    ["=1+1", "a,\"b\"\nc"]
        .into_iter()
        .enumerate()
        .map(|(at, value)| Row {
            dimensions: question
                .dimensions
                .iter()
                .map(|dimension| {
                    if dimension.is_time() {
                        "2026-11-01".to_owned()
                    } else {
                        format!("{value} {}", dimension.name())
                    }
                })
                .collect(),
            metrics: (0..question.metrics.len())
                .map(|n| if n == 2 { Figure::Missing } else { Figure::Whole((at + n) as u64) })
                .collect(),
            comparison: None,
        })
        .collect()
}

/// A reader of RFC 4180, independent of the writer.
fn read_csv(text: &str) -> Vec<Vec<String>> {
    let (mut lines, mut line, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (quoted, character) {
            (true, '"') if characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            (true, '"') => quoted = false,
            (true, other) => cell.push(other),
            (false, '"') => quoted = true,
            (false, ',') => line.push(std::mem::take(&mut cell)),
            (false, '\r') => {}
            (false, '\n') => {
                line.push(std::mem::take(&mut cell));
                lines.push(std::mem::take(&mut line));
            }
            (false, other) => cell.push(other),
        }
    }
    assert!(!quoted && cell.is_empty() && line.is_empty(), "the last line has its end");
    lines
}

async fn bytes(harness: &Harness, request: Request<Body>) -> (StatusCode, Vec<u8>) {
    let (parts, body) = harness.router().oneshot(request).await.unwrap().into_parts();
    (parts.status, axum::body::to_bytes(body, 1 << 24).await.unwrap().to_vec())
}

#[tokio::test]
async fn the_archive_holds_what_the_questions_answer() {
    let harness = Harness::furnished();
    let admin = harness.sign_in("admin@a.kz").await;
    let goal = json!({ "display_name": "Signup", "event_name": "Signup" });
    harness.control.put_goal(Author::Console, "a.kz", None, &goal, None).unwrap();
    *harness.asker.rows.lock().unwrap() = Some(rows);
    let path = "/api/sites/a.kz/export?from=2026-11-01&to=2026-11-22";
    let (status, bytes) = bytes(&harness, request("GET", path, Some(&admin), None)).await;
    assert_eq!(status, StatusCode::OK);
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        files.insert(file.name().unwrap().into_owned(), text);
    }
    for name in [
        "visitors",
        "sources",
        "pages",
        "entry_pages",
        "exit_pages",
        "custom_events",
        "locations",
        "devices",
        "browsers",
        "operating_systems",
    ] {
        assert!(files.contains_key(&format!("imported_{name}_20261101_20261122.csv")), "{name}");
    }
    assert!(files.remove("about.json").unwrap().contains("\"site\": \"a.kz\""));

    // Each table is one question of staff, and holds exactly the rows of its answer.
    let asked = harness.asker.asked.lock().unwrap();
    assert_eq!(asked.len(), files.len());
    let mut tables: Vec<Vec<Vec<String>>> = files.values().map(|text| read_csv(text)).collect();
    for (question, audience) in asked.iter() {
        assert_eq!((question.site_id.as_str(), *audience), ("a.kz", Audience::Staff));
        let expected: Vec<Vec<String>> = rows(question)
            .iter()
            .map(|row| {
                let dimensions = row
                    .dimensions
                    .iter()
                    .map(|value| if value.starts_with('=') { format!("'{value}") } else { value.clone() });
                let metrics = row.metrics.iter().map(|figure| match figure {
                    Figure::Whole(whole) => whole.to_string(),
                    Figure::Mean(_) | Figure::Money { .. } | Figure::Missing => String::new(),
                });
                dimensions.chain(metrics).collect()
            })
            .collect();
        let at = tables.iter().position(|table| table[1..] == expected);
        tables.remove(at.expect("a table with these rows"));
    }
    assert!(tables.is_empty());
}

#[tokio::test]
async fn a_panel_is_exported_as_the_screen_has_it() {
    let harness = Harness::furnished();
    let viewer = harness.sign_in("viewer@a.kz").await;
    *harness.asker.rows.lock().unwrap() = Some(rows);
    let mut pages = question("a.kz");
    pages["dimensions"] = json!(["event:page"]);
    let export = async |format: &str, headings: serde_json::Value| {
        let body = json!({ "question": pages, "format": format, "headings": headings });
        harness.post("/api/export", Some(&viewer), body).await
    };
    let csv = export("csv", json!(["Бет", "Келушілер"])).await;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(csv.headers["content-disposition"], "attachment; filename=\"a.kz.csv\"");
    let table = read_csv(csv.text.trim_start_matches('\u{feff}'));
    assert_eq!(table[0], ["Бет", "Келушілер"]);
    assert_eq!(table[1], ["'=1+1 event:page", "0"]);
    let json = export("json", serde_json::Value::Null).await.json();
    assert_eq!(json["results"][1]["dimensions"][0], "a,\"b\"\nc event:page");
    assert_eq!(export("xml", serde_json::Value::Null).await.code(), "bad_format");
    assert_eq!(export("csv", json!(["one"])).await.code(), "bad_format");
    for range in ["", "?from=2026-11-01", "?from=2026-11-02&to=2026-11-01", "?from=x&to=y"] {
        let admin = harness.sign_in("admin@a.kz").await;
        let reply = harness.get(&format!("/api/sites/a.kz/export{range}"), Some(&admin)).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (400, "bad_range"), "{range}");
    }
}
