//! The sealer in a process of its own, killed with SIGKILL at every step: right after it, and in the middle of the next.

use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aggregator::Sealer;
use aggregator::seal::Step;
use serve::access::Secret;

use crate::harness::{DAY, Harness, at, eventually, traffic};

const ZONES: &[&str] = &["Asia/Almaty", "Asia/Tashkent"];
const NOW: &str = "2033-05-24T00:00:00Z";
/// Shorter than in earnest, so that the test need not wait for the lease of the dead.
const STALE: Duration = Duration::from_secs(1);

/// What the child is told: where ClickHouse is, and after which step it is to stand still (none: it goes on).
const URL: &str = "SANAQ_TEST_CLICKHOUSE";
const PASSWORD: &str = "SANAQ_TEST_CLICKHOUSE_PASSWORD";
const DATABASE: &str = "SANAQ_TEST_DATABASE";
const STAND_STILL: &str = "SANAQ_TEST_STAND_STILL";

#[allow(clippy::disallowed_methods, reason = "how the test tells its child process what to be")]
fn told(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

/// The child's side: seals, and says after each step that it is done.
async fn child(url: String) {
    let access = serve::access::ClickHouseAccess {
        url,
        database: told(DATABASE).unwrap(),
        user: engine::User::Owner.name().to_owned(),
        password: Secret::new(told(PASSWORD).unwrap()),
        connection: serve::access::Connection::default(),
    };
    let stand_still = told(STAND_STILL);
    let h = Harness::over(access, ZONES);
    sealer(&h)
        .with_fault(Box::new(move |step| {
            // The parent reads it from the pipe.
            let _ = writeln!(std::io::stdout(), "\nstep {step:?}");
            if stand_still.as_deref() == Some(&*format!("{step:?}")) {
                loop {
                    std::thread::park();
                }
            }
            Ok(())
        }))
        .run_once(at(NOW))
        .await
        .unwrap();
}

fn sealer(h: &Harness) -> Sealer {
    h.sealer().with_stale_lease(STALE)
}

/// Starts a sealer of this database and waits until it says that `step` is done.
fn until_done(h: &Harness, step: Step, stand_still: bool) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::a_sealer_killed_at_any_step_is_made_good_by_the_next", "--nocapture"])
        .env(URL, &h.access.url)
        .env(PASSWORD, h.access.password.reveal())
        .env(DATABASE, &h.access.database)
        .env(STAND_STILL, if stand_still { format!("{step:?}") } else { String::new() })
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let wanted = format!("step {step:?}");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == wanted), "the child never came to {step:?}");
    child
}

async fn sealed_rows(h: &Harness) -> Vec<String> {
    let mut rows = Vec::new();
    for table in ["visits", "hits", "stats_daily", "stats_hourly"] {
        let sql = format!("SELECT '{table} ' || toJSONString(tuple(*)) FROM {table} ORDER BY ALL");
        rows.extend(h.rows::<String>(&sql).await);
    }
    rows
}

async fn filled(name: &str) -> Harness {
    let h = Harness::new(name, ZONES).await;
    h.hand.set(at("2033-05-23T12:00:00Z"));
    for site in 1..=2 {
        h.deliver(traffic(&h, site, &[DAY], 7)).await;
    }
    h.tick().await;
    h
}

#[tokio::test]
async fn a_sealer_killed_at_any_step_is_made_good_by_the_next() {
    if let Some(url) = told(URL) {
        return child(url).await;
    }
    let metrics = ["visitors", "visits", "pageviews", "events"];
    let (whole, figures) = {
        let h = filled("seal_killed_never").await;
        sealer(&h).run_once(at(NOW)).await.unwrap();
        (sealed_rows(&h).await, h.totals(1, &metrics).await)
    };
    for (at_step, stand_still) in Step::ALL.iter().flat_map(|step| [(*step, true), (*step, false)]) {
        let h = filled(&format!("seal_killed_{at_step:?}_{stand_still}").to_lowercase()).await;
        let mut child = until_done(&h, at_step, stand_still);
        child.kill().unwrap();
        let status = child.wait().unwrap();
        assert_eq!(h.totals(1, &metrics).await, figures, "nothing half-sealed is shown: {at_step:?}");
        // It may have come to its end before the signal, unless it stood still.
        assert!(!stand_still || status.code().is_none(), "{at_step:?}: it was killed");
        eventually("another sealer completes what was begun", async || {
            sealer(&h).run_once(at(NOW)).await.ok()?;
            (h.number("SELECT count() FROM sealed_days WHERE phase = 'dropped'").await == 2).then_some(())
        })
        .await;
        assert_eq!(h.totals(1, &metrics).await, figures, "{at_step:?}");
        assert_eq!(sealed_rows(&h).await, whole, "{at_step:?}");
        assert_eq!(h.number("SELECT count() FROM sealed_days").await, 4, "{at_step:?}");
        for table in ["events", "open_stats", "erased_tags"] {
            assert_eq!(h.number(&format!("SELECT count() FROM {table}")).await, 0, "{at_step:?}: {table}");
        }
    }
}
