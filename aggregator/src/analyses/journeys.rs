//! Journeys: which page is viewed after a page, or before it, and where visits begin and end.

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::percent;
use super::subject::{Setting, Subject};
use crate::answers::{Answers, Relations};
use crate::question::QuestionError;
use crate::sql;
use crate::store::{Statement, Store};
use crate::suppress::{Audience, Care, Found, cleared, journeys_shown};

const PAGE_BYTES: usize = 2_000;

/// Pages viewed after a page or before it; without a page, where visits began or ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journeys {
    subject: Subject,
    page: Option<String>,
    towards: Towards,
    order: Order,
}

/// Which way to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Towards {
    /// What came after.
    Next,
    /// What came before.
    Previous,
}

/// What rows are ordered by, largest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Visits.
    Visits,
    /// Visitors.
    Visitors,
    /// Page views.
    Pageviews,
}

impl Towards {
    /// Both; the first is the default.
    pub const ALL: [Self; 2] = [Self::Next, Self::Previous];

    /// As requests spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Previous => "previous",
        }
    }

    /// The columns of the page asked for and of the one beside it, and what the end of a visit is called there.
    const fn columns(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Next => ("page_from", "page_to", "left"),
            Self::Previous => ("page_to", "page_from", "came_in"),
        }
    }
}

impl Order {
    /// All; the first is the default.
    pub const ALL: [Self; 3] = [Self::Visits, Self::Visitors, Self::Pageviews];

    /// As requests spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Visits => "visits",
            Self::Visitors => "visitors",
            Self::Pageviews => "pageviews",
        }
    }
}

/// The answer to journeys.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JourneysAnswer {
    /// Always `journeys`.
    pub kind: &'static str,
    /// The rows, ordered and paged.
    pub results: Vec<JourneysRow>,
    /// What they are part of.
    pub meta: JourneysMeta,
    /// The request as understood.
    pub query: Value,
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    /// A page.
    Page,
    /// The site was left.
    Left,
    /// The visit began.
    CameIn,
    /// Pages of small groups, together.
    Other,
}

/// One way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JourneysRow {
    /// What it is about.
    pub kind: RowKind,
    /// Path of the page, if it is about one.
    pub page: Option<String>,
    /// Visits that went this way.
    pub visits: u64,
    /// Their visitors: distinct within each day, added up over days.
    pub visitors: u64,
    /// How often this way was taken: views of the page asked for.
    pub pageviews: u64,
    /// Percent of the page views of all rows.
    pub percentage: f64,
}

/// What the rows are part of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JourneysMeta {
    /// Number of rows without pagination.
    pub total_rows: u64,
    /// Page views of all of them.
    pub pageviews: u64,
    /// Groups of fewer visitors of a day than this are told in the row `other`, or not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folded_below: Option<u64>,
}

#[derive(Row, Deserialize)]
struct Counted {
    kind: String,
    page: String,
    visitors: u64,
    visits: u64,
    pageviews: u64,
    total_rows: u64,
    all_pageviews: u64,
}

impl Journeys {
    pub(super) fn from_json(json: &Value) -> Result<Self, QuestionError> {
        let subject = Subject::from_json(json, &["page", "direction", "by", "pagination"])?;
        let page = match json.get("page") {
            None | Some(Value::Null) => None,
            Some(Value::String(page)) if (1..=PAGE_BYTES).contains(&page.len()) && !page.contains('\0') => {
                Some(page.clone())
            }
            Some(_) => {
                let message = "Expected the path of a page, or null.";
                return Err(QuestionError::invalid("invalid_page", "#/page", message));
            }
        };
        let towards =
            named(json, "direction", "invalid_direction", &Towards::ALL.map(|one| (one.name(), one)))?;
        let order = named(json, "by", "invalid_order_by", &Order::ALL.map(|one| (one.name(), one)))?;
        Ok(Self { subject, page, towards, order })
    }

    pub(super) fn site_id(&self) -> &str {
        &self.subject.asked.site_id
    }

    pub(super) async fn answer(
        &self,
        answers: &Answers,
        audience: Audience,
    ) -> Result<JourneysAnswer, QuestionError> {
        let setting = self.subject.set(answers, audience).await?;
        // Staff are told entry and exit pages as counted anyway.
        let ends_known = audience == Audience::Staff && self.subject.axes() == 0;
        let care = if ends_known && self.page.is_none() {
            Care::Open
        } else {
            self.subject.care(2, audience, &setting.site)
        };
        let (limit, offset) = (self.subject.asked.pagination.limit, self.subject.asked.pagination.offset);
        let ask = async |limit: u32, offset: u32| {
            setting
                .rows::<Counted>(answers, |store, relations| {
                    self.statement(store, relations, care, ends_known)
                        .param("limit", u64::from(limit))
                        .param("offset", u64::from(offset))
                })
                .await
        };
        let rows = ask(limit, offset).await?;
        // The sums stand in the rows themselves: a page beyond them has none.
        let sums = if rows.is_empty() && offset > 0 { ask(1, 0).await?.into_iter().next() } else { None };
        let found = cleared(care, Found((rows, sums))).into_inner();
        self.told(found, care, &setting)
    }

    fn statement(&self, store: &Store, relations: &Relations, care: Care, ends_known: bool) -> Statement {
        let mut predicates = self.subject.predicates(relations);
        let chosen = if self.subject.axes() == 0 {
            String::new()
        } else {
            sql::JOURNEY_CHOSEN.fill(&[("population", &self.subject.population(&mut predicates))])
        };
        let (cell, matches) =
            if chosen.is_empty() { ("emptyArrayString()", "1") } else { ("cell", "matches") };
        let groups = sql::JOURNEY_GROUPS.fill(&[
            ("cell", cell),
            ("matches", matches),
            ("chosen", &chosen),
            ("ordered", &relations.ordered()),
        ]);
        let (here, there, end) = self.towards.columns();
        let sql = sql::JOURNEYS.fill(&[
            ("here", here),
            ("there", there),
            ("end", end),
            ("by", self.order.name()),
            ("least", &care.least().unwrap_or(0).to_string()),
            ("groups", &journeys_shown(&groups, care, ends_known)),
        ]);
        let statement = store.statement(sql::JOURNEYS.name(), &sql);
        predicates.values.bind(statement).param("page", self.page.as_deref().unwrap_or_default())
    }

    fn told(
        &self,
        (rows, sums): (Vec<Counted>, Option<Counted>),
        care: Care,
        setting: &Setting,
    ) -> Result<JourneysAnswer, QuestionError> {
        let (total_rows, pageviews) =
            rows.first().or(sums.as_ref()).map_or((0, 0), |row| (row.total_rows, row.all_pageviews));
        let results = rows.into_iter().map(|row| {
            let kind = match row.kind.as_str() {
                "left" => RowKind::Left,
                "came_in" => RowKind::CameIn,
                "other" => RowKind::Other,
                _ => RowKind::Page,
            };
            JourneysRow {
                kind,
                page: (kind == RowKind::Page).then_some(row.page),
                visits: row.visits,
                visitors: row.visitors,
                pageviews: row.pageviews,
                percentage: percent(row.pageviews, pageviews),
            }
        });
        let mut query = self.subject.echo("journeys", setting)?;
        query.insert("page".to_owned(), json!(self.page));
        query.insert("direction".to_owned(), json!(self.towards.name()));
        query.insert("by".to_owned(), json!(self.order.name()));
        let pagination = self.subject.asked.pagination;
        query.insert(
            "pagination".to_owned(),
            json!({ "limit": pagination.limit, "offset": pagination.offset }),
        );
        Ok(JourneysAnswer {
            kind: "journeys",
            results: results.collect(),
            meta: JourneysMeta { total_rows, pageviews, folded_below: care.least() },
            query: Value::Object(query),
        })
    }
}

/// One of a few words; the first when the key is absent.
fn named<T: Copy>(
    json: &Value,
    key: &str,
    code: &'static str,
    words: &[(&'static str, T)],
) -> Result<T, QuestionError> {
    let word = json.get(key);
    let found = match word {
        None => words.first(),
        Some(word) => words.iter().find(|(name, _)| word == name),
    };
    found.map(|(_, one)| *one).ok_or_else(|| {
        let names: Vec<_> = words.iter().map(|(name, _)| *name).collect();
        QuestionError::invalid(code, format!("#/{key}"), format!("Expected one of: {}.", names.join(", ")))
    })
}
