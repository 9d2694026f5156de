//! An adversary who asks everything that may be asked, and reckons. Sixty small days, each a world of its own; three
//! dimensions, one of them quasi-identifying. What the answers tell is written as linear equations over the groups of all
//! three; a group is singled out when only one number of visitors from 1 to k - 1 solves them.

use std::collections::BTreeMap;

use aggregator::Question;
use aggregator::suppress::Audience;
use events::Device;
use microlp::{ComparisonOp, LinearExpr, OptimizationDirection, Problem};
use serde_json::{Value, json};

use crate::harness::Harness;

const DAYS: usize = 60;
const DIMENSIONS: [&str; 3] = ["visit:browser", "visit:device", "visit:region"];
const VALUES: [[&str; 3]; 3] =
    [["Chrome", "Firefox", "Opera"], ["Desktop", "Mobile", "Tablet"], ["KZ-10", "KZ-35", "KZ-75"]];
const DEVICES: [Device; 3] = [Device::Desktop, Device::Mobile, Device::Tablet];

/// A group: for each dimension a value, or any.
type Group = [Option<usize>; 3];
/// Visitors of groups, by day.
type Tables = BTreeMap<String, BTreeMap<Group, u64>>;

fn day(number: usize) -> String {
    let first: jiff::civil::Date = "2033-03-01".parse().unwrap();
    first.checked_add(jiff::Span::new().days(i64::try_from(number).unwrap())).unwrap().to_string()
}

/// Every visitor has one visit with one page view, so that visitors add up and everything is a linear equation.
async fn worlds(h: &Harness) -> BTreeMap<String, [u64; 27]> {
    let mut state = 88_172_645_463_325_252_u64;
    let mut below = move |sides: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % sides
    };
    let mut all = BTreeMap::new();
    let mut events = Vec::new();
    for number in 0..DAYS {
        let mut world = [0; 27];
        for (cell, visitors) in world.iter_mut().enumerate() {
            // Some values are common, some rare, some groups empty: what real tables look like.
            let weight = [12, 4, 2][cell / 9] * [3, 2, 1][cell / 3 % 3] * [3, 2, 1][cell % 3];
            *visitors = below(3).min(1) * below(1 + weight * (1 + u64::try_from(number % 4).unwrap()) / 3);
            for _ in 0..*visitors {
                let mut event = h.event(1, &format!("{}T10:00:00", day(number)));
                event.0.browser = VALUES[0][cell / 9].into();
                event.0.device = DEVICES[cell / 3 % 3];
                event.0.region = VALUES[2][cell % 3].into();
                events.push(event.tag(1 + u64::try_from(events.len()).unwrap()));
            }
        }
        all.insert(day(number), world);
    }
    h.insert(events).await;
    all
}

async fn ask(h: &Harness, audience: Audience, dimensions: &[&str], filters: Value) -> Value {
    let question = json!({
        "site_id": "1.kz", "metrics": ["visitors"], "date_range": [day(0), day(DAYS - 1)],
        "dimensions": dimensions, "filters": filters,
    });
    let answer = h.answers.answer_for(&Question::from_json(&question).unwrap(), audience).await.unwrap();
    serde_json::to_value(answer).unwrap()["results"].clone()
}

/// What is told of each day: the total, and the groups of every choice of dimensions.
async fn told(h: &Harness, audience: Audience) -> Vec<(u8, Tables)> {
    let mut told = Vec::new();
    for choice in 0..8_u8 {
        let axes: Vec<usize> = (0..3).filter(|axis| choice & (1 << axis) != 0).collect();
        let mut dimensions = vec!["time:day"];
        dimensions.extend(axes.iter().map(|axis| DIMENSIONS[*axis]));
        let mut tables = Tables::new();
        for row in ask(h, audience, &dimensions, json!([])).await.as_array().unwrap() {
            let names = row["dimensions"].as_array().unwrap();
            let mut group: Group = [None; 3];
            let known = axes.iter().zip(&names[1..]).all(|(axis, name)| {
                group[*axis] = VALUES[*axis].iter().position(|value| name == value);
                group[*axis].is_some()
            });
            if let (true, Some(visitors)) = (known, row["metrics"][0].as_u64()) {
                tables.entry(names[0].as_str().unwrap().into()).or_default().insert(group, visitors);
            }
        }
        told.push((choice, tables));
    }
    told
}

fn within(group: Group, cell: usize) -> bool {
    let place = [cell / 9, cell / 3 % 3, cell % 3];
    group.iter().zip(place).all(|(value, at)| value.is_none_or(|value| value == at))
}

/// The least and the most visitors the group can have.
fn bounds(known: &[(Group, u64)], group: Group) -> (f64, f64) {
    let solve = |direction| {
        let mut problem = Problem::new(direction);
        let cells: Vec<_> = (0..27)
            .map(|cell| problem.add_var(f64::from(u8::from(within(group, cell))), (0.0, 1_000.0)))
            .collect();
        for (told, visitors) in known {
            let mut sum = LinearExpr::empty();
            for cell in (0..27).filter(|cell| within(*told, *cell)) {
                sum.add(cells[cell], 1.0);
            }
            problem.add_constraint(sum, ComparisonOp::Eq, f64::from(u32::try_from(*visitors).unwrap()));
        }
        problem.solve().unwrap().objective()
    };
    (solve(OptimizationDirection::Minimize), solve(OptimizationDirection::Maximize))
}

fn is_determined(known: &[(Group, u64)], group: Group) -> bool {
    let (least, most) = bounds(known, group);
    (most + 1e-6).floor() <= (least - 1e-6).ceil()
}

/// Groups of quasi-identifying dimensions or of several that the answers single out, and that figures every member of staff
/// sees anyway (the total and the open dimensions by themselves) do not.
fn singled_out(
    worlds: &BTreeMap<String, [u64; 27]>,
    told: &[(u8, Tables)],
    open: &[u8],
    least: u64,
) -> Vec<(String, Group)> {
    let mut found = Vec::new();
    for (day, world) in worlds {
        let of = |choices: &dyn Fn(u8) -> bool| -> Vec<(Group, u64)> {
            let tables = told.iter().filter(|(choice, _)| choices(*choice));
            tables.filter_map(|(_, t)| t.get(day)).flatten().map(|(g, n)| (*g, *n)).collect()
        };
        let (all, plain) = (of(&|_| true), of(&|choice| open.contains(&choice)));
        for code in 1..64 {
            let part = |digit: usize| (digit > 0).then(|| digit - 1);
            let group: Group = [part(code / 16), part(code / 4 % 4), part(code % 4)];
            let choice = (0..3).filter(|axis| group[*axis].is_some()).fold(0, |sum, axis| sum | 1 << axis);
            let visitors: u64 = (0..27).filter(|cell| within(group, *cell)).map(|cell| world[cell]).sum();
            if open.contains(&choice) || visitors == 0 || visitors >= least {
                continue;
            }
            if is_determined(&all, group) && !is_determined(&plain, group) {
                found.push((day.clone(), group));
            }
        }
    }
    found
}

#[tokio::test]
async fn an_adversary_singles_nobody_out_and_would_without_suppression() {
    let h = Harness::new("questions_adversary", &["UTC"]).await;
    let worlds = worlds(&h).await;
    // Staff: the total, browsers, devices are open.
    let open = [0, 1, 2];
    let staff = told(&h, Audience::Staff).await;
    let shown: usize = staff.iter().flat_map(|(_, t)| t.values()).map(BTreeMap::len).sum();
    assert!(shown > DAYS * 8, "something is told: {shown} figures");
    assert_eq!(singled_out(&worlds, &staff, &open, 5), []);
    let public = told(&h, Audience::Public).await;
    assert_eq!(singled_out(&worlds, &public, &[0], 10), []);
    // The same adversary with nothing in the way, on the first ten days.
    let unprotected = told(&h, Audience::Unprotected).await;
    let worlds = worlds.into_iter().take(10).collect();
    assert!(singled_out(&worlds, &unprotected, &open, 5).len() > 50);
}

#[tokio::test]
async fn a_filtered_answer_is_made_of_groups_that_are_told_anyway() {
    let h = Harness::new("questions_consistent", &["UTC"]).await;
    worlds(&h).await;
    let tables = told(&h, Audience::Staff).await;
    let is = |axis: usize, value: usize| json!(["is", DIMENSIONS[axis], [VALUES[axis][value]]]);
    let mut asked = 0;
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        let table = &tables[(1 << a) | (1 << b)].1;
        for value in 0..3 {
            for (negated, join) in [(false, "and"), (true, "and"), (false, "or")] {
                let one = if negated { json!(["not", is(a, value)]) } else { is(a, value) };
                let filters = json!([[join, [one, is(b, (value + 1) % 3)]]]);
                let expected: u64 = table
                    .values()
                    .flatten()
                    .filter(|(group, _)| {
                        let (first, second) = (group[a] == Some(value), group[b] == Some((value + 1) % 3));
                        if join == "or" { first || second } else { first != negated && second }
                    })
                    .map(|(_, visitors)| visitors)
                    .sum();
                let rows = ask(&h, Audience::Staff, &[], filters).await;
                let expected = if expected == 0 { Value::Null } else { json!(expected) };
                assert_eq!(rows, json!([{"metrics": [expected], "dimensions": []}]));
                asked += 1;
            }
        }
    }
    assert_eq!(asked, 27);
}
