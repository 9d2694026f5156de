//! A moment as an item of `POST /api/events`.

use serde_json::{Map, Value, json};

use crate::Day;
use crate::plan::{Deed, Kind, Seen};
use crate::row::{chosen, vitals};
use crate::world::CURRENCY;

pub(crate) fn of(day: &Day, seen: &Seen<'_>) -> Value {
    let Seen { person, origin, moment } = seen;
    let mut item = Map::new();
    let mut put = |key: &str, value: Value| {
        item.insert(key.to_owned(), value);
    };
    let mut url = format!("https://{}{}", day.domain, day.paths[moment.page]);
    let mut referrer = String::new();
    if moment.first && matches!(moment.deed, Deed::View) {
        let [source, medium, campaign] = origin.campaign;
        if !source.is_empty() {
            url = format!("{url}?utm_source={source}&utm_medium={medium}&utm_campaign={campaign}");
        }
        if !origin.referrer_host.is_empty() {
            referrer = format!("https://{}{}", origin.referrer_host, origin.referrer_path);
        }
    }
    put("u", url.into());
    put("r", referrer.into());
    put("d", day.domain.clone().into());
    put("time", moment.time.into());
    put("z", person.place.zone.into());
    put("w", person.machine.width.into());
    put("o", (person.kind == Kind::OptedOut).into());
    put("ip", address(person.number).into());
    let agent = if let Kind::Robot(agent) = person.kind { agent } else { person.machine.agent };
    put("agent", agent.into());
    match moment.deed {
        Deed::View => put("n", "pageview".into()),
        Deed::Engagement { engaged_ms, scroll_depth } => {
            put("n", "engagement".into());
            put("e", engaged_ms.into());
            put("sd", scroll_depth.into());
        }
        Deed::Vitals { ttfb } => {
            put("n", "vitals".into());
            put("p", vitals(ttfb).iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect());
            put("interactive", false.into());
        }
        Deed::Goal { goal, choice, paid_kzt } => {
            put("n", goal.name.into());
            put("interactive", goal.interactive.into());
            if let Some((name, value)) = chosen(goal.prop, choice) {
                put("p", json!({ name: value }));
            }
            if paid_kzt > 0 {
                put("$", json!({ "amount": paid_kzt, "currency": CURRENCY }));
            }
        }
    }
    Value::Object(item)
}

/// An address of a private network for each person of the day: nobody's.
fn address(number: usize) -> String {
    let number = number + 1;
    format!("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255)
}
