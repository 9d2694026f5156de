//! The alerts that we hand to operators speak of figures that are there.

use std::collections::BTreeSet;

use collector::delivery::verdict::ErrorClass;
use regex::Regex;
use serve::clock::Clock;

use crate::scene::Scene;

const RULES: &str = include_str!("../../../deploy/prometheus/delivery.rules.yml");

fn all(pattern: &str) -> BTreeSet<&'static str> {
    let pattern = Regex::new(pattern).unwrap();
    pattern.captures_iter(RULES).map(|found| found.get(1).unwrap().as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_and_class_in_the_alert_rules_is_there_from_the_start() {
    let scene = Scene::new("alerts").await;
    let collector = scene.start(Clock::system()).await;
    let families = collector.registry.gather();
    let figures: BTreeSet<&str> = families.iter().map(|family| family.name()).collect();
    let named = all(r"\b(sanaq_[a-z_]+)");
    assert!(named.len() >= 10, "{named:?}");
    assert!(named.is_subset(&figures), "not there: {:?}", named.difference(&figures));

    let classes: BTreeSet<&str> = ErrorClass::ALL.iter().map(|class| class.code()).collect();
    let named: BTreeSet<&str> =
        all(r#"class=~"([a-z_|]+)""#).iter().flat_map(|some| some.split('|')).collect();
    assert!(!named.is_empty() && named.is_subset(&classes), "{named:?}");
    let reasons: BTreeSet<&str> = events::RefuseReason::ALL.iter().map(|reason| reason.code()).collect();
    assert!(all(r#"reason="([a-z_]+)""#).is_subset(&reasons));
    collector.stop().await;
}
