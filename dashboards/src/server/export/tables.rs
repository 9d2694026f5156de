//! The tables of a complete export. Where one holds what a table of Plausible's export holds it has that table's name, and
//! its columns those names; a rate is a rate and a mean a mean here, so these columns have names of their own.

use serde_json::{Value, json};

/// One table: a question by day, and how its columns are called.
#[derive(Clone, Copy, Debug)]
pub(super) struct ExportTable {
    /// Name of the file without dates and ending.
    pub(super) name: &'static str,
    /// What it breaks days down by, and the heading of it.
    pub(super) by: Option<(&'static str, &'static str)>,
    /// Metrics, and the heading of each.
    pub(super) metrics: &'static [(&'static str, &'static str)],
}

const VISITS: &[(&str, &str)] = &[
    ("visitors", "visitors"),
    ("visits", "visits"),
    ("pageviews", "pageviews"),
    ("bounce_rate", "bounce_rate"),
    ("visit_duration", "mean_visit_duration"),
];
const PAGES: &[(&str, &str)] = &[("visitors", "visitors"), ("visits", "visits"), ("pageviews", "pageviews")];
const ENTRIES: &[(&str, &str)] = &[
    ("visitors", "visitors"),
    ("visits", "entrances"),
    ("bounce_rate", "bounce_rate"),
    ("visit_duration", "mean_visit_duration"),
];
const EXITS: &[(&str, &str)] =
    &[("visitors", "visitors"), ("visits", "exits"), ("visit_duration", "mean_visit_duration")];
const EVENTS: &[(&str, &str)] = &[("visitors", "visitors"), ("events", "events")];

const fn table(
    name: &'static str,
    by: &'static str,
    heading: &'static str,
    metrics: &'static [(&'static str, &'static str)],
) -> ExportTable {
    ExportTable { name, by: Some((by, heading)), metrics }
}

/// Every table, in the order of the archive.
pub(super) const TABLES: &[ExportTable] = &[
    ExportTable { name: "imported_visitors", by: None, metrics: VISITS },
    table("imported_sources", "visit:source", "source", VISITS),
    table("imported_pages", "event:page", "page", PAGES),
    table("imported_entry_pages", "visit:entry_page", "entry_page", ENTRIES),
    table("imported_exit_pages", "visit:exit_page", "exit_page", EXITS),
    table("imported_custom_events", "event:name", "name", EVENTS),
    table("imported_locations", "visit:country", "country", VISITS),
    table("imported_devices", "visit:device", "device", VISITS),
    table("imported_browsers", "visit:browser", "browser", VISITS),
    table("imported_operating_systems", "visit:os", "operating_system", VISITS),
    table("sanaq_channels", "visit:channel", "channel", VISITS),
    table("sanaq_referrers", "visit:referrer", "referrer", VISITS),
    table("sanaq_utm_sources", "visit:utm_source", "utm_source", VISITS),
    table("sanaq_utm_mediums", "visit:utm_medium", "utm_medium", VISITS),
    table("sanaq_utm_campaigns", "visit:utm_campaign", "utm_campaign", VISITS),
    table("sanaq_utm_contents", "visit:utm_content", "utm_content", VISITS),
    table("sanaq_utm_terms", "visit:utm_term", "utm_term", VISITS),
    table("sanaq_hosts", "event:hostname", "hostname", PAGES),
    table("sanaq_regions", "visit:region", "region", VISITS),
    table("sanaq_languages", "visit:language", "language", VISITS),
    table("sanaq_goals", "event:goal", "goal", EVENTS),
];

impl ExportTable {
    /// Whether it is of goals, and so empty where a site has none.
    pub(super) fn is_of_goals(&self) -> bool {
        self.by.is_some_and(|(dimension, _)| dimension == "event:goal")
    }

    pub(super) fn headings(&self) -> Vec<&'static str> {
        let by = self.by.map(|(_, heading)| heading);
        ["date"].into_iter().chain(by).chain(self.metrics.iter().map(|(_, heading)| *heading)).collect()
    }

    /// The question of one page of its rows.
    pub(super) fn question(&self, domain: &str, days: [&str; 2], goals: &[Value], page: [u32; 2]) -> Value {
        let dimensions: Vec<&str> =
            ["time:day"].into_iter().chain(self.by.map(|(dimension, _)| dimension)).collect();
        let metrics: Vec<&str> = self.metrics.iter().map(|(metric, _)| *metric).collect();
        let mut order = vec![json!(["time:day", "asc"])];
        // Pages must not overlap: the order is complete.
        if let Some((dimension, _)) = self.by {
            order.push(json!([metrics.first(), "desc"]));
            order.push(json!([dimension, "asc"]));
        }
        let [limit, offset] = page;
        json!({
            "site_id": domain, "metrics": metrics, "dimensions": dimensions, "date_range": days,
            "goals": if self.is_of_goals() { goals } else { &[] },
            "order_by": order, "pagination": { "limit": limit, "offset": offset },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aggregator::Question;

    #[test]
    fn every_table_is_a_question_that_the_engine_understands() {
        let goals = [json!({"display_name": "Signup", "event_name": "Signup"})];
        for table in TABLES {
            let question = table.question("a.kz", ["2026-11-01", "2026-11-22"], &goals, [10_000, 0]);
            assert!(
                Question::from_json(&question).is_ok(),
                "{}: {:?}",
                table.name,
                Question::from_json(&question)
            );
            let columns = 1 + usize::from(table.by.is_some()) + table.metrics.len();
            assert_eq!(table.headings().len(), columns);
        }
    }

    #[test]
    fn tables_have_plausibles_names_where_they_overlap() {
        // docs/csv-import.md of Plausible, without cities and custom properties.
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
            assert!(TABLES.iter().any(|table| table.name == format!("imported_{name}")), "{name}");
        }
    }
}
