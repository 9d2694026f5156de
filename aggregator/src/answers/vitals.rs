//! Percentiles of web vitals, of the measurements themselves: of a set there is no sum.

use super::table::Counted;
use crate::answer::Figure;
use crate::question::{Metric, Percentile, Question, Vital};

/// The measurements of a unit that has none, one list for each vital.
pub(super) const NONE: &str = "CAST([], 'Array(Array(UInt32))')";

/// The measurements of a group of events: a list for each vital, those that nobody asks for left empty.
pub(super) fn measured(question: &Question) -> String {
    if !asks_any(question) {
        return NONE.to_owned();
    }
    list(|vital| {
        if asks(question, vital) {
            // Of visitors, so that there is somebody to count; null where it is not a number.
            format!("groupArrayIf(toUInt32OrNull(props['{}']), name = 'vitals' AND visit != 0)", vital.name())
        } else {
            "CAST([], 'Array(UInt32)')".to_owned()
        }
    })
}

/// The percentiles of each vital that is asked for, by nearest rank; nothing where fewer than `least` visitors measured.
pub(super) fn percentiles(question: &Question, least: u64) -> String {
    if !asks_any(question) {
        return NONE.to_owned();
    }
    list(|vital| {
        if !asks(question, vital) {
            return "CAST([], 'Array(UInt32)')".to_owned();
        }
        let place = position(vital);
        let all = format!("groupArrayArray(units.vitals[{place}])");
        let ranks = Percentile::ALL
            .map(|one| format!("arraySort({all})[intDiv({} * length({all}) + 99, 100)]", one.percent()));
        format!(
            "if(uniqExactIf((day, visitor), notEmpty(units.vitals[{place}])) < {}, CAST([], 'Array(UInt32)'), [{}])",
            least.max(1),
            ranks.join(", ")
        )
    })
}

/// Where a statement has that percentile.
pub(super) fn place(vital: Vital, percentile: Percentile) -> String {
    format!(
        "vitals[{}][{}]",
        position(vital),
        1 + Percentile::ALL.iter().take_while(|p| **p != percentile).count()
    )
}

/// The percentile that was counted, if enough visitors measured.
pub(super) fn of(row: &Counted, vital: Vital, percentile: Percentile) -> Option<u32> {
    let ranks = row.vitals().get(position(vital) - 1)?;
    ranks.get(Percentile::ALL.iter().position(|p| *p == percentile)?).copied()
}

/// As answers tell it: milliseconds, the layout shift without unit.
pub(super) fn figure(vital: Vital, measured: Option<u32>) -> Figure {
    match (vital, measured) {
        (_, None) => Figure::Missing,
        (Vital::Cls, Some(thousandths)) => Figure::Mean(f64::from(thousandths) / 1000.0),
        (Vital::Ttfb | Vital::Fcp | Vital::Lcp | Vital::Inp, Some(ms)) => Figure::Whole(u64::from(ms)),
    }
}

fn asks(question: &Question, vital: Vital) -> bool {
    question.metrics.iter().any(|metric| matches!(metric, Metric::Vital(asked, _) if *asked == vital))
}

fn asks_any(question: &Question) -> bool {
    Vital::ALL.iter().any(|vital| asks(question, *vital))
}

fn list(write: impl Fn(Vital) -> String) -> String {
    format!("[{}]", Vital::ALL.iter().map(|vital| write(*vital)).collect::<Vec<_>>().join(", "))
}

/// Its place in the list, from 1 as ClickHouse counts.
fn position(vital: Vital) -> usize {
    1 + Vital::ALL.iter().take_while(|one| **one != vital).count()
}
