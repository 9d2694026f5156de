//! Which groups may be told, as SQL over the groups of each day.

use crate::sql;

/// Times the threshold below which a value counts as rare: its groups go into one block.
const RARE: u64 = 2;

/// The days and groups that may be told. `cells` has a row for each day and group (`day`, `cell`, `n` visitors), of `axes`
/// dimensions; `least` visitors make a group large enough.
pub(crate) fn shown(cells: &str, axes: usize, least: u64) -> String {
    if axes < 2 {
        return sql::SHOWN_ONE.fill(&[("cells", cells), ("least", &least.to_string())]);
    }
    let axis: Vec<usize> = (1..=axes).collect();
    let each = |write: &dyn Fn(usize) -> String, by: &str| {
        axis.iter().map(|axis| write(*axis)).collect::<Vec<_>>().join(by)
    };
    let rare = least * RARE;
    sql::SHOWN_MANY.fill(&[
        ("common", &each(&|j| format!("sum(n) OVER (PARTITION BY day, cell[{j}]) >= {rare} AS common_{j}"), ", ")),
        ("common_kept", &each(&|j| format!("common_{j}"), ", ")),
        ("common_all", &each(&|j| format!("common_{j}"), " AND ")),
        (
            "dirty",
            &each(
                &|j| {
                    let small = each(&|i| format!("common_{i}"), " AND ");
                    let own = format!("OVER (PARTITION BY day, cell[{j}])");
                    let meets_few = format!("max(n < {least} AND {small}) {own}");
                    if axes > 2 {
                        return format!("{meets_few} AS dirty_{j}");
                    }
                    // Common values that never meet: a sum of nothing is worth as much to an adversary.
                    let other = 3 - j;
                    let all = format!("uniqExactIf(cell[{other}], common_{other}) OVER (PARTITION BY day)");
                    format!("({meets_few} OR common_{j} AND countIf({small}) {own} < {all}) AS dirty_{j}")
                },
                ", ",
            ),
        ),
        ("dirty_kept", &each(&|j| format!("dirty_{j}"), ", ")),
        ("dirty_all", &each(&|j| format!("dirty_{j}"), " AND ")),
        (
            "deficient",
            &each(
                &|j| {
                    let window = format!("OVER (PARTITION BY day, cell[{j}])");
                    format!(
                        "(sumIf(n, hidden) {window} BETWEEN 1 AND {} AND countIf(NOT hidden) {window} > 0) AS deficient_{j}",
                        least - 1
                    )
                },
                ", ",
            ),
        ),
        ("deficient_any", &each(&|j| format!("deficient_{j}"), " OR ")),
        ("rare", &each(&|j| format!("NOT common_{j} OR deficient_{j} AS rare_{j}"), ", ")),
        // Of more dimensions smaller questions tell the sums over each one, and what several of them together leave open is
        // no longer easy to see: all of the day is told, or nothing.
        ("unsafe", &if axes == 2 { locked_in_plane(least) } else { "hidden".to_owned() }),
        ("cells", cells),
    ])
}

/// Of two dimensions: a small group can change places with another one of its block, and no sum that is known changes.
/// It is locked in when everything else of the block lies in its own row and column.
fn locked_in_plane(least: u64) -> String {
    let room = |block: &str| {
        let sum = |by: &str| format!("sumIf(n, {block}) OVER (PARTITION BY day{by})");
        format!("({block} AND {} + n > {} + {})", sum(""), sum(", cell[1]"), sum(", cell[2]"))
    };
    let rooms = [room("rare_1"), room("rare_2"), room("(dirty_1 AND dirty_2)")].join(" OR ");
    format!("(n < {least} AND hidden AND NOT ({rooms}))")
}
