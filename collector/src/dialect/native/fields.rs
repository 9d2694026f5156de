//! Reading single values out of a body whose senders take JSON's types lightly.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::ParseError;

/// Properties kept of an event; the rest is read over.
pub(super) const MOST_PROPS: usize = 30;
/// Longest name of a property, in bytes.
const LONGEST_PROP_NAME: usize = 300;
/// Longest value of a property, in bytes.
const LONGEST_PROP_VALUE: usize = 2000;

/// The first of these keys that has a value; `null` is none.
pub(in crate::dialect) fn first<'a>(body: &'a Map<String, Value>, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().filter_map(|key| body.get(*key)).find(|value| !value.is_null())
}

/// A text that is not blank.
pub(in crate::dialect) fn text<'a>(body: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    body.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// 1 or true, as a number, a text or itself.
pub(in crate::dialect) fn flag(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(set)) => *set,
        Some(Value::Number(number)) => number.as_i64() == Some(1),
        Some(Value::String(text)) => text == "1" || text == "true",
        None | Some(Value::Null | Value::Array(_) | Value::Object(_)) => false,
    }
}

/// An integer, as a number or as text.
pub(in crate::dialect) fn integer(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// An object, or one that was packed into a text once more.
pub(super) fn object(value: Option<&Value>) -> Option<Cow<'_, Map<String, Value>>> {
    match value? {
        Value::Object(object) => Some(Cow::Borrowed(object)),
        Value::String(text) => serde_json::from_str(text).ok().map(Cow::Owned),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

/// The properties of an event.
#[derive(Default)]
pub(super) struct Props {
    /// Those that are kept.
    pub(super) kept: Vec<(String, String)>,
    /// Whether the sender had something to say about `path`, be it null.
    pub(super) has_path: bool,
}

/// Lists, objects and blanks are left out, scalars become text. What is too long is refused: cut off, it would be another value.
pub(super) fn props(value: Option<&Value>) -> Result<Props, ParseError> {
    let Some(object) = object(value) else { return Ok(Props::default()) };
    let mut props = Props { kept: Vec::new(), has_path: object.contains_key("path") };
    for (name, value) in object.iter() {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(set) => set.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => continue,
        };
        if name.trim().is_empty() || value.trim().is_empty() {
            continue;
        }
        if name.len() > LONGEST_PROP_NAME || value.len() > LONGEST_PROP_VALUE {
            return Err(ParseError::field(
                "props",
                "keys should have at most 300 bytes and values at most 2000 bytes",
            ));
        }
        props.kept.push((name.clone(), value));
        if props.kept.len() == MOST_PROPS {
            break;
        }
    }
    Ok(props)
}
