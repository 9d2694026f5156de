//! Goals: what a site hopes its visitors do. A question brings the goals it speaks of.

use serde_json::{Map, Value, json};

use super::parse::{Parsed, list, only_keys, shown};
use super::{PropKey, QuestionError};

/// Most goals of one question, and most conditions of one goal.
const MOST_GOALS: usize = 50;
const MOST_CONDITIONS: usize = 3;
const TEXT_BYTES: usize = 2_000;

/// One goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goal {
    /// What answers call it.
    pub name: String,
    /// What reaches it.
    pub kind: GoalKind,
    /// Properties the event must have.
    pub conditions: Vec<(PropKey, String)>,
}

/// What reaches a goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GoalKind {
    /// An event of this name.
    Event(String),
    /// A view of a page like this: `*` stands for anything but a slash, `**` for anything.
    Page(String),
    /// So many percent seen of a page like this.
    Scroll(String, u8),
}

impl Goal {
    /// As the grammar spells it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut goal = match &self.kind {
            GoalKind::Event(name) => json!({ "display_name": self.name, "event_name": name }),
            GoalKind::Page(path) => json!({ "display_name": self.name, "page_path": path }),
            GoalKind::Scroll(path, percent) => {
                json!({ "display_name": self.name, "page_path": path, "scroll_threshold": percent })
            }
        };
        if let (Value::Object(goal), false) = (&mut goal, self.conditions.is_empty()) {
            let conditions =
                self.conditions.iter().map(|(key, value)| (key.as_str().to_owned(), json!(value))).collect();
            goal.insert("custom_props".to_owned(), Value::Object(conditions));
        }
        goal
    }
}

/// The RE2 pattern of a page pattern. Everything but the asterisks stands for itself.
#[must_use]
pub fn page_pattern(pattern: &str) -> String {
    let mut regex = String::from("^");
    let mut rest = pattern;
    while let Some(next) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("**") {
            regex.push_str(".*");
            rest = after;
            continue;
        }
        match next {
            '*' => regex.push_str("[^/]*"),
            one if one.is_ascii() && !one.is_ascii_alphanumeric() => {
                regex.push('\\');
                regex.push(one);
            }
            one => regex.push(one),
        }
        rest = rest.get(next.len_utf8()..).unwrap_or_default();
    }
    regex.push('$');
    regex
}

pub(super) fn goals(value: &Value) -> Parsed<Vec<Goal>> {
    let items = list(value, "invalid_goal", "#/goals")?;
    if items.len() > MOST_GOALS {
        return Err(QuestionError::invalid(
            "invalid_goal",
            "#/goals",
            format!("At most {MOST_GOALS} goals."),
        ));
    }
    let mut goals: Vec<Goal> = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let at = format!("#/goals/{index}");
        let one = goal(item, &at)?;
        if goals.iter().any(|other| other.name == one.name) {
            return Err(QuestionError::invalid("invalid_goal", at, "Two goals have this name."));
        }
        goals.push(one);
    }
    Ok(goals)
}

pub(crate) fn goal(value: &Value, at: &str) -> Parsed<Goal> {
    let invalid = || QuestionError::invalid("invalid_goal", at, format!("Invalid goal {}", shown(value)));
    let object = value.as_object().ok_or_else(invalid)?;
    only_keys(object, at, &["display_name", "event_name", "page_path", "scroll_threshold", "custom_props"])?;
    let text = |key: &str| match object.get(key) {
        None => Ok(None),
        Some(Value::String(text)) if (1..=TEXT_BYTES).contains(&text.len()) && !text.contains('\0') => {
            Ok(Some(text.clone()))
        }
        Some(_) => Err(invalid()),
    };
    let kind = match (text("event_name")?, text("page_path")?, object.get("scroll_threshold")) {
        (Some(name), None, None) => GoalKind::Event(name),
        (None, Some(path), None) => GoalKind::Page(path),
        (None, Some(path), Some(percent)) => {
            let percent =
                percent.as_u64().and_then(|n| u8::try_from(n).ok()).filter(|n| (1..=100).contains(n));
            GoalKind::Scroll(path, percent.ok_or_else(invalid)?)
        }
        _ => return Err(invalid()),
    };
    let name = text("display_name")?.unwrap_or_else(|| match &kind {
        GoalKind::Event(name) => name.clone(),
        GoalKind::Page(path) => format!("Visit {path}"),
        GoalKind::Scroll(path, percent) => format!("Scroll {percent}% on {path}"),
    });
    let conditions = match object.get("custom_props") {
        None => Vec::new(),
        Some(Value::Object(properties)) => conditions(properties).ok_or_else(invalid)?,
        Some(_) => return Err(invalid()),
    };
    Ok(Goal { name, kind, conditions })
}

fn conditions(properties: &Map<String, Value>) -> Option<Vec<(PropKey, String)>> {
    if properties.len() > MOST_CONDITIONS {
        return None;
    }
    properties
        .iter()
        .map(|(key, value)| {
            let value = value.as_str().filter(|value| value.len() <= TEXT_BYTES && !value.contains('\0'))?;
            Some((PropKey::new(key)?, value.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_asterisk_stays_within_a_folder_and_two_do_not() {
        assert_eq!(page_pattern("/docs/*"), r"^\/docs\/[^/]*$");
        assert_eq!(page_pattern("/docs/**.html"), r"^\/docs\/.*\.html$");
        assert_eq!(page_pattern("/құжат/(a)"), r"^\/құжат\/\(a\)$");
    }

    #[test]
    fn a_goal_is_read_as_it_is_written() {
        let written = json!([
            {"display_name": "Signup", "event_name": "Signup", "custom_props": {"plan": "paid"}},
            {"display_name": "Docs", "page_path": "/docs/**"},
            {"display_name": "Read", "page_path": "/news/*", "scroll_threshold": 75},
        ]);
        let read = goals(&written).unwrap();
        assert_eq!(json!(read.iter().map(Goal::to_json).collect::<Vec<_>>()), written);
        for bad in [
            json!({}),
            json!({"event_name": "a", "page_path": "/"}),
            json!({"page_path": "/", "scroll_threshold": 0}),
        ] {
            assert_eq!(goals(&json!([bad])).unwrap_err().code(), "invalid_goal");
        }
    }
}
