//! Which ways through a site may be told, as SQL over the groups of each day: funnels and journeys.
//!
//! A funnel's groups are where visits stopped, a journey's are which page followed which; with filters, each by every
//! dimension they involve. As everywhere the day decides, with all values of these dimensions, and what is asked for only
//! chooses. What this promises: no group below the threshold, and nothing left over below it along any one dimension.

use super::Care;
use crate::sql;

/// Dimensions of a funnel and of a journey without filters, and with one more.
const FUNNEL: usize = 1;
const JOURNEY: usize = 2;

/// The groups of a funnel with `hidden`. `strict` is the number of places to stop at when none may be empty.
pub(crate) fn funnel_shown(groups: &str, care: Care, strict: Option<usize>) -> String {
    let Care::Folded { least, axes } = care else {
        return all_shown(groups);
    };
    let nobody = strict.map_or("0".to_owned(), |places| format!("stops < {places}"));
    // Of several dimensions smaller questions tell the sums: all of a day is told, or nothing.
    let together = if axes > FUNNEL + 1 { "day" } else { "day, cell" };
    sql::FUNNEL_SHOWN.fill(&[
        ("nobody", &nobody),
        ("together", together),
        ("least", &least.to_string()),
        ("groups", groups),
    ])
}

/// The groups of journeys with `hidden`. `ends_known`: where visits began and ended is told as counted.
pub(crate) fn journeys_shown(groups: &str, care: Care, ends_known: bool) -> String {
    let Care::Folded { least, axes } = care else {
        return all_shown(groups);
    };
    let mut lines = vec!["day, page_to, cell", "day, page_from, cell"];
    if axes > JOURNEY {
        lines.push("day, page_from, page_to");
    }
    let windows: Vec<_> = lines
        .iter()
        .enumerate()
        .map(|(axis, line)| {
            format!(
                "uniqExactMergeIf(who, small) OVER (PARTITION BY {line}) AS left_{axis}, \
                 row_number() OVER (PARTITION BY {line}, large ORDER BY n, page_from, page_to, cell) AS place_{axis}"
            )
        })
        .collect();
    let needed: Vec<_> = (0..lines.len())
        .map(|axis| format!("place_{axis} = 1 AND left_{axis} BETWEEN 1 AND {}", least - 1))
        .collect();
    let hidden = if axes > JOURNEY + 1 {
        "max(small) OVER (PARTITION BY day)".to_owned()
    } else {
        format!("small OR large AND ({})", needed.join(" OR "))
    };
    sql::JOURNEY_SHOWN.fill(&[
        ("hidden", &hidden),
        ("lines", &windows.join(", ")),
        ("known", if ends_known { "(page_from = '' OR page_to = '')" } else { "0" }),
        ("least", &least.to_string()),
        ("groups", groups),
    ])
}

fn all_shown(groups: &str) -> String {
    format!("SELECT *, 0 AS hidden FROM ({groups})")
}
