//! Questions that are asked together are answered as each is by itself.

use aggregator::Question;
use aggregator::suppress::Audience;
use serde_json::{Value, json};

use crate::harness::{DAY, Harness, at, traffic};

/// What a dashboard asks for, and some questions that go with nothing else.
fn dashboard(range: &Value) -> Vec<Value> {
    let mut all: Vec<Value> = [
        "event:page", "visit:entry_page", "visit:exit_page", "visit:source", "visit:channel", "visit:country",
        "visit:browser", "visit:os", "visit:device", "event:name",
    ]
    .iter()
    .map(|dimension| {
        json!({
            "site_id": "1.kz", "metrics": ["visitors", "visits"], "date_range": range, "dimensions": [dimension],
            "pagination": {"limit": 3}, "include": {"total_rows": true},
        })
    })
    .collect();
    let with = |of: usize, key: &str, value: Value| {
        let mut question = all[of].clone();
        question[key] = value;
        question
    };
    let more = [
        with(0, "pagination", json!({"limit": 2, "offset": 2})),
        with(3, "pagination", json!({"limit": 2, "offset": 2})),
        with(0, "metrics", json!(["visitors", "percentage", "bounce_rate"])),
        with(
            3,
            "include",
            json!({"comparisons": {"mode": "custom", "date_range": ["2033-05-20", "2033-05-21"]}}),
        ),
        with(
            5,
            "include",
            json!({"comparisons": {"mode": "custom", "date_range": ["2033-05-20", "2033-05-21"]}}),
        ),
        with(0, "dimensions", json!([])),
        with(0, "dimensions", json!(["time:day"])),
        with(0, "dimensions", json!(["visit:region"])),
        with(0, "metrics", json!(["exit_rate", "visitors"])),
        with(4, "filters", json!([["is", "visit:country", ["KZ"]]])),
        with(0, "site_id", json!("9.kz")),
    ];
    all.extend(more);
    all
}

#[tokio::test]
async fn what_is_asked_together_is_answered_as_each_by_itself() {
    let h = Harness::new("questions_together", &["Asia/Almaty"]).await;
    h.insert(traffic(&h, 1, &["2033-05-19", "2033-05-20", "2033-05-21", DAY], 1)).await;
    h.sealer().run_once(at("2033-05-21T00:00:00Z")).await.unwrap();
    // Sealed alone, open alone, both.
    for range in [json!(["2033-05-19", "2033-05-20"]), json!("day"), json!("all")] {
        let questions: Vec<_> =
            dashboard(&range).iter().map(|question| Question::from_json(question).unwrap()).collect();
        let together = h.answers.answer_all(&questions, Audience::Staff).await;
        assert_eq!(together.len(), questions.len());
        let mut rows = 0;
        for (question, answer) in questions.iter().zip(together) {
            assert_eq!(answer, h.answers.answer(question).await, "{question:?}");
            rows += answer.map_or(0, |answer| answer.results.len());
        }
        assert!(rows > 20, "there is something to tell: {rows}");
    }
}
