//! The users of the embedded engine have the rights that each part needs, and the dashboards' no more.

use std::sync::Arc;

use aggregator::{Answers, OpenDay, Question, Sealer, schema};
use engine::{Engine, EngineConfig, User};
use events::delivery::NothingOutstanding;
use jiff::SignedDuration;
use serde_json::json;
use serve::access::{ClickHouseAccess, Connection, Secret};
use serve::clock::Clock;

use crate::harness::{DAY, Harness, at, client};

fn access(engine: &Engine, user: User) -> ClickHouseAccess {
    ClickHouseAccess {
        url: engine.url(),
        database: "sanaq".into(),
        user: user.name().into(),
        password: Secret::new(engine.password(user)),
        connection: Connection::default(),
    }
}

#[tokio::test]
async fn each_user_can_do_its_part() {
    let data = tempfile::tempdir().unwrap();
    let config = EngineConfig { all_rights: false, ..engine::testing::config(data.path()) };
    let engine = Engine::start(config).await.unwrap();
    let [owner, collector, dashboards] =
        [User::Owner, User::Collector, User::Dashboards].map(|user| access(&engine, user));

    schema::migrate(&owner).await.unwrap();
    schema::check(&owner).await.unwrap();

    let h = Harness::over(collector, &["Asia/Almaty"]);
    h.deliver([h.event(1, &format!("{DAY}T10:00:00"))]).await;
    let open_day = |access| OpenDay::new(access, Arc::clone(&h.sites));
    assert!(open_day(&dashboards).run_once().await.is_err(), "readers cannot count");
    assert_eq!(open_day(&owner).run_once().await.unwrap(), 1);

    let clock = Clock::manual(at("2033-05-23T12:00:00Z")).0;
    let answers = Answers::new(dashboards.clone(), Arc::clone(&h.sites), clock);
    let question = json!({
        "site_id": "1.kz", "metrics": ["visitors"], "date_range": [DAY, DAY], "dimensions": ["event:page"],
    });
    let question = Question::from_json(&question).unwrap();
    let before = answers.answer(&question).await.unwrap();
    assert_eq!(before.results.len(), 1);
    answers.pulse(events::SiteId(1)).await.unwrap();
    answers.first_event(events::SiteId(1)).await.unwrap();

    let sealer = |access| {
        Sealer::new(access, Arc::clone(&h.sites), Arc::new(NothingOutstanding), SignedDuration::ZERO)
    };
    let now = at("2033-05-24T00:00:00Z");
    assert!(sealer(dashboards.clone()).run_once(now).await.is_err(), "readers cannot seal");
    assert_eq!(sealer(owner).run_once(now).await.unwrap().len(), 1);
    assert_eq!(answers.answer(&question).await.unwrap(), before);
    assert!(client(&dashboards).query_raw("TRUNCATE TABLE stats_daily").execute().await.is_err());
    engine.stop().await;
}
