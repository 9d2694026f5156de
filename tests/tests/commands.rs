//! `sanaq seal` and `sanaq retention plan` as a person types them: what they say, and how they end.

use std::process::Output;

use rustix::process::Signal;
use serde_json::json;

use crate::harness::beacon::{Visitor, pageview, send};
use crate::harness::eventually;
use crate::harness::process::Installation;

const SITE: &str = "by-hand.example.kz";

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn said(output: &Output) -> String {
    assert_eq!(code(output), 0, "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_is_over_is_sealed_by_hand_and_its_end_is_planned() {
    let installation = Installation::new();
    installation.add_site(SITE, "Asia/Almaty").await;
    let key = installation.add_key(SITE).await;
    let process = installation.serve(&[]).await;
    for path in ["/", "/about"] {
        let view = pageview(SITE, path);
        let reply = send(&process.http, &process.at.public, Visitor::at("203.0.113.7"), &view).await.unwrap();
        assert_eq!(reply.status, 202, "{}", reply.text());
    }
    let today = json!({ "site_id": SITE, "metrics": ["pageviews"], "date_range": "day" });
    eventually("the views are counted", async || {
        (process.query(&key, &today).await["results"][0]["metrics"] == json!([2])).then_some(())
    })
    .await;
    let beside = installation.run(&["seal"]).await;
    assert_eq!(code(&beside), 69, "a running program seals by itself");
    assert!(!beside.stderr.is_empty() && beside.stdout.is_empty());
    assert_eq!(process.stop(Signal::TERM).await.code(), Some(0));

    assert_eq!(said(&installation.run(&["seal"]).await), "nothing is due\n");
    let mut later = installation.clone();
    later.set_clock_ahead("3d");
    let sealed = said(&later.run(&["seal"]).await);
    let fields: Vec<&str> = sealed.trim_end().split('\t').collect();
    assert_eq!(fields[1..], ["1 sites", "2 events", "revision 1"], "{sealed}");
    assert!(fields[0].ends_with("T19:00:00Z"), "when the day ended: {sealed}");
    assert_eq!(said(&later.run(&["seal"]).await), "nothing is due\n");

    assert_eq!(said(&installation.run(&["retention", "plan"]).await), "nothing goes\n");
    let plan = ["retention", "plan", "--until", "2099-12-31"];
    let planned = said(&installation.run(&plan).await);
    let lines: Vec<Vec<&str>> = planned.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(lines.iter().map(|line| line[1]).collect::<Vec<_>>(), ["hits", "visits"], "{planned}");
    assert!(lines.iter().all(|line| line[0].ends_with("-01") && line[4] == "all sites"), "{planned}");
    assert_eq!((lines[0][3], lines[1][3]), ("2 rows", "1 rows"));
    assert_eq!(said(&installation.run(&plan).await), planned, "nothing went");

    let process = installation.serve(&[]).await;
    assert_eq!(process.query(&key, &today).await["results"][0]["metrics"], json!([2]));
    assert_eq!(process.stop(Signal::TERM).await.code(), Some(0));
}

#[tokio::test]
async fn what_is_typed_wrong_is_told_with_64() {
    let installation = Installation::new();
    for arguments in [
        &["seal", "--force"][..],
        &["seal", "yesterday"],
        &["retention"],
        &["retention", "plan", "--until", "soon"],
        &["retention", "plan", "--until", "2033-02-30"],
    ] {
        let refused = installation.run(arguments).await;
        assert_eq!(code(&refused), 64, "{arguments:?}: {}", String::from_utf8_lossy(&refused.stderr));
        assert!(!refused.stderr.is_empty() && refused.stdout.is_empty(), "{arguments:?}");
    }
}
