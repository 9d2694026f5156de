//! Exports: one panel as CSV or JSON, and everything of a site as a ZIP of CSV files. There is no second way to the data:
//! each table is the answer to a question, with small groups folded as on the screen.

mod csv;
mod tables;

use std::io::{Cursor, Write};

use aggregator::suppress::Audience;
use aggregator::{Answer, Question};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::Staff;
use super::authorise::{Action, Asking, SignedIn};
use super::body::JsonBody;
use super::error::ApiError;
use super::place::AtSite;
use super::questions;
use crate::control::EntryError;
use csv::Table;
use tables::{ExportTable, TABLES};

/// Rows one question answers at most, and one table has at most.
const PAGE: u32 = 10_000;
const MOST_ROWS: u32 = 500_000;
/// Spreadsheets take a file for UTF-8 when it begins so.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Complete exports are made one after the other: each asks many questions.
static TURN: Semaphore = Semaphore::const_new(1);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Panel {
    question: Value,
    format: String,
    /// What the columns are called in the reader's language; without them as the question calls them.
    headings: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    from: String,
    to: String,
}

/// `POST /api/export`
pub(super) async fn panel(
    State(staff): State<Staff>,
    Asking(signed_in): Asking,
    JsonBody(Panel { question, format, headings }): JsonBody<Panel>,
) -> Result<Response, ApiError> {
    let question = Question::from_json(&question)?;
    signed_in.site(&staff, &question.site_id)?;
    let names = question.dimensions.iter().map(|dimension| dimension.name().to_string());
    let names: Vec<String> =
        names.chain(question.metrics.iter().map(|metric| metric.name().to_string())).collect();
    if headings.as_ref().is_some_and(|headings| headings.len() != names.len()) {
        return Err(EntryError::BadFormat.into());
    }
    let answer = questions::ask(&staff, &question).await?;
    match format.as_str() {
        "json" => Ok((disposition(&format!("{}.json", question.site_id)), Json(answer)).into_response()),
        "csv" => {
            let mut table = Table::new(headings.unwrap_or(names).iter().map(String::as_str));
            table.append(&answer);
            let text = format!("{BYTE_ORDER_MARK}{}", table.into_text());
            let headers = [(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"))];
            Ok((headers, disposition(&format!("{}.csv", question.site_id)), text).into_response())
        }
        _ => Err(EntryError::BadFormat.into()),
    }
}

/// `GET /api/sites/{domain}/export?from=2026-11-01&to=2026-11-22`
pub(super) async fn site(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    AtSite(domain): AtSite,
    range: Result<Query<Range>, QueryRejection>,
) -> Result<Response, ApiError> {
    let site = signed_in.site_to(&staff, &domain, Action::ManageSite)?;
    let Query(Range { from, to }) = range.map_err(|_| EntryError::BadRange)?;
    let date = |text: &str| text.parse::<Date>().map_err(|_| EntryError::BadRange);
    let (from, to) = (date(&from)?, date(&to)?);
    if from > to {
        return Err(EntryError::BadRange.into());
    }
    let asked = site.domain.clone();
    let goals = staff.control(move |control| control.goals(&asked)).await?;
    let goals: Vec<Value> = goals.iter().map(|stored| stored.goal.to_json()).collect();

    let _turn = TURN.acquire().await.map_err(|_| ApiError::Busy)?;
    let mut files = Vec::with_capacity(TABLES.len() + 1);
    let mut folded_below = None;
    for table in TABLES {
        if table.is_of_goals() && goals.is_empty() {
            continue;
        }
        let (text, least) = whole(&staff, table, &site.domain, [from, to], &goals).await?;
        folded_below = folded_below.max(least);
        files.push((file_name(table, from, to), text));
    }
    files.push(("about.json".to_owned(), about(&site.domain, [from, to], folded_below)));
    let archive = tokio::task::spawn_blocking(move || archive(&files)).await;
    let Ok(Ok(bytes)) = archive else {
        tracing::error!(code = "export_failed", "an export could not be packed");
        return Err(ApiError::Internal);
    };
    let headers = [(CONTENT_TYPE, HeaderValue::from_static("application/zip"))];
    let name = format!("{}_{}_{}.zip", site.domain, compact(from), compact(to));
    Ok((headers, disposition(&name), bytes).into_response())
}

/// All rows of a table, page by page, and below how many visitors its groups are folded.
async fn whole(
    staff: &Staff,
    table: &ExportTable,
    domain: &str,
    [from, to]: [Date; 2],
    goals: &[Value],
) -> Result<(String, Option<u64>), ApiError> {
    let days = [from.to_string(), to.to_string()];
    let mut text = Table::new(table.headings());
    let mut offset = 0;
    loop {
        let question = table.question(domain, [&days[0], &days[1]], goals, [PAGE, offset]);
        let question = Question::from_json(&question)?;
        let timer = staff.0.metrics.question_seconds.start_timer();
        let answer: Answer = staff.0.asker.answer_for(&question, Audience::Staff).await?;
        timer.observe_duration();
        text.append(&answer);
        if answer.results.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
            return Ok((text.into_text(), answer.meta.folded_below));
        }
        offset += PAGE;
        if offset >= MOST_ROWS {
            return Err(EntryError::TooLarge.into());
        }
    }
}

fn about(domain: &str, [from, to]: [Date; 2], folded_below: Option<u64>) -> String {
    let about = json!({
        "site": domain,
        "from": from,
        "to": to,
        "made_by": concat!("Sanaq ", env!("CARGO_PKG_VERSION")),
        "folded_below": folded_below,
        "notes": [
            "Each table has a line for each day, of the site's calendar, and value.",
            "Visitors are distinct within a day: they add up over days, as they do on the screen.",
            "Groups of fewer visitors than folded_below stand in the line (other), or nowhere, where they could identify somebody.",
            "bounce_rate is a percentage and mean_visit_duration are seconds of one visit: neither adds up.",
            "An empty cell is a figure that was not measured or is not told.",
        ],
    });
    format!("{about:#}\n")
}

fn archive(files: &[(String, String)]) -> zip::result::ZipResult<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        archive.start_file(name.as_str(), SimpleFileOptions::default())?;
        archive.write_all(text.as_bytes())?;
    }
    Ok(archive.finish()?.into_inner())
}

fn file_name(table: &ExportTable, from: Date, to: Date) -> String {
    format!("{}_{}_{}.csv", table.name, compact(from), compact(to))
}

/// A date as Plausible's file names have it: `20261122`.
fn compact(date: Date) -> String {
    date.to_string().replace('-', "")
}

/// A domain is letters, digits, hyphens and dots: the name needs no quoting beyond quotes.
fn disposition(name: &str) -> [(http::HeaderName, HeaderValue); 1] {
    let value = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    [(CONTENT_DISPOSITION, value.unwrap_or(HeaderValue::from_static("attachment")))]
}
