//! The planner's answers beside a naive recount of the raw events, over random questions. Both must be equal to the last
//! integer, for sealed days and open ones. `SANAQ_RECOUNT=long` asks thousands of a longer year.

mod asked;
mod reckon;
mod traffic;
mod world;

use std::collections::BTreeMap;

use aggregator::Question;
use aggregator::question::{DateRange, Dimension};
use aggregator::suppress::Audience;
use jiff::Span;
use jiff::civil::Date;
use serde_json::Value;

use self::asked::{fitting, is_of_statistics, random_question};
use self::reckon::{Key, Sum, figure, recount};
use self::traffic::{Dice, traffic};
use self::world::{World, name_of_nothing};
use crate::harness::{Event, Harness, at};

const ZONE: &str = "Asia/Kathmandu";

#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "how long a test asks is no configuration of the program")]
async fn the_planner_answers_as_a_naive_recount_does() {
    let long = std::env::var("SANAQ_RECOUNT").is_ok_and(|mode| mode == "long");
    let (days, questions, seed) = if long { (400, 3_000, 7) } else { (12, 250, 41) };
    let h = Harness::new("questions_recount", &[ZONE]).await;
    let last = Date::constant(2033, 5, 22);
    let first = last.checked_sub(Span::new().days(i64::try_from(days).unwrap() - 1)).unwrap();
    h.hand.set(at("2033-05-22T12:00:00Z"));
    let mut dice = Dice(88_172_645_463_325_252 + seed);
    let rows = traffic(&h, first, days, &mut dice);
    h.insert(rows.iter().cloned().map(Event)).await;
    // The last two days stay open.
    h.sealer().run_once(at("2033-05-20T23:00:00Z")).await.unwrap();
    let zone = jiff::tz::TimeZone::get(ZONE).unwrap();
    let world = World::new(&rows, &[last, last.yesterday().unwrap()], &zone);
    let (mut asked, mut of_statistics) = (0, 0);
    while asked < questions {
        let Some(question) = fitting(random_question(&mut dice, first, days)) else { continue };
        let DateRange::Dates(from, to) = question.date_range else { unreachable!("dates were asked") };
        let expected = recount(&question, &world, from, to);
        let answer = h.answers.answer_for(&question, Audience::Unprotected).await.unwrap();
        compare(&question, &expected, &serde_json::to_value(answer).unwrap());
        asked += 1;
        of_statistics += usize::from(is_of_statistics(&question));
    }
    // Both halves of the planner are asked: statistics, and the detail.
    assert!(of_statistics > questions / 20 && of_statistics < questions, "{of_statistics} of {questions}");
}

fn compare(question: &Question, expected: &BTreeMap<Key, Sum>, answer: &Value) {
    let shown = |dimension: &Dimension, value: &str| {
        if value.is_empty() { name_of_nothing(*dimension).to_owned() } else { value.to_owned() }
    };
    let others: Vec<_> = question.dimensions.iter().filter(|d| !d.is_time()).collect();
    let time = question.dimensions.iter().position(|d| d.is_time());
    let mut rows: BTreeMap<(String, Vec<String>), Vec<Value>> = BTreeMap::new();
    for (key, sum) in expected {
        let Sum { visits, pageviews, events, entries, .. } = sum;
        if visits + pageviews + events + entries + u64::try_from(sum.visitors.len()).unwrap() == 0 {
            continue;
        }
        let date = |number: i64| Date::constant(1970, 1, 1).checked_add(Span::new().days(number)).unwrap();
        let label = match time.map(|at| question.dimensions[at]) {
            None => String::new(),
            Some(Dimension::TimeHour) => format!("{} {:02}:00:00", date(key.0 / 24), key.0 % 24),
            Some(Dimension::TimeHourOfWeek) => format!("{} {:02}", key.0 / 24 + 1, key.0 % 24),
            Some(_) => date(key.0).to_string(),
        };
        let values = others.iter().zip(&key.1).map(|(dimension, value)| shown(dimension, value)).collect();
        rows.insert((label, values), question.metrics.iter().map(|metric| figure(*metric, sum)).collect());
    }
    let nothing: Vec<Value> =
        question.metrics.iter().map(|metric| figure(*metric, &Sum::default())).collect();
    let mut seen = 0;
    for row in answer["results"].as_array().unwrap() {
        let mut dimensions: Vec<String> = serde_json::from_value(row["dimensions"].clone()).unwrap();
        let label = time.map_or(String::new(), |at| dimensions.remove(at));
        let found = row["metrics"].as_array().unwrap();
        let counted = rows.get(&(label.clone(), dimensions.clone()));
        seen += usize::from(counted.is_some());
        // A series shows zeros, and a question without dimensions one row of them.
        assert!(
            counted.is_some() || others.is_empty(),
            "a row too many: {label} {dimensions:?}\n{question:?}"
        );
        assert_eq!(found, counted.unwrap_or(&nothing), "{label} {dimensions:?}\n{question:?}");
    }
    assert_eq!(seen, rows.len(), "rows are missing: {:?}\n{question:?}", rows.keys());
}
