//! A body's values by what they mean.
//!
//! Read straight from the bytes: a JSON object of its own would make and hash a text for each key, which costs as much as all
//! else that is read. Keys without meaning are read over, so that many of them cost no memory.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

/// What a value means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Name,
    Url,
    Domain,
    Referrer,
    Props,
    Revenue,
    Interactive,
    HashMode,
    ScrollDepth,
    Engaged,
    TimeZone,
    Width,
    OptedOut,
    Automation,
}

/// Number of fields.
const FIELDS: usize = 14;

/// What a key means, and its rank among the keys of the same field: the lowest that has a value counts.
#[derive(Clone, Copy)]
struct Key {
    field: Field,
    rank: u8,
}

impl Key {
    fn of(key: &str) -> Option<Self> {
        let (field, rank) = match key {
            "n" => (Field::Name, 0),
            "name" => (Field::Name, 1),
            "u" => (Field::Url, 0),
            "url" => (Field::Url, 1),
            "d" => (Field::Domain, 0),
            "domain" => (Field::Domain, 1),
            "r" => (Field::Referrer, 0),
            "referrer" => (Field::Referrer, 1),
            "m" => (Field::Props, 0),
            "meta" => (Field::Props, 1),
            "p" => (Field::Props, 2),
            "props" => (Field::Props, 3),
            "$" => (Field::Revenue, 0),
            "revenue" => (Field::Revenue, 1),
            "i" => (Field::Interactive, 0),
            "interactive" => (Field::Interactive, 1),
            "h" => (Field::HashMode, 0),
            "hashMode" => (Field::HashMode, 1),
            "sd" => (Field::ScrollDepth, 0),
            "e" => (Field::Engaged, 0),
            "z" => (Field::TimeZone, 0),
            "w" => (Field::Width, 0),
            "o" => (Field::OptedOut, 0),
            "b" => (Field::Automation, 0),
            _ => return None,
        };
        Some(Self { field, rank })
    }
}

/// The values of one body. `null` is none; of a key that stands twice the last counts.
#[derive(Default)]
pub(super) struct Body {
    slots: [Option<(u8, Value)>; FIELDS],
}

impl Body {
    /// The value of a field.
    pub(super) fn get(&self, field: Field) -> Option<&Value> {
        self.slots[field as usize].as_ref().map(|(_, value)| value)
    }

    /// The value of a field, taken out.
    pub(super) fn take(&mut self, field: Field) -> Option<Value> {
        self.slots[field as usize].take().map(|(_, value)| value)
    }

    fn put(&mut self, Key { field, rank }: Key, value: Value) {
        let slot = &mut self.slots[field as usize];
        if !value.is_null() && slot.as_ref().is_none_or(|(known, _)| rank <= *known) {
            *slot = Some((rank, value));
        }
    }
}

impl From<Map<String, Value>> for Body {
    fn from(map: Map<String, Value>) -> Self {
        let mut body = Self::default();
        for (key, value) in map {
            if let Some(key) = Key::of(&key) {
                body.put(key, value);
            }
        }
        body
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object)
    }
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Body;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body, A::Error> {
        let mut body = Body::default();
        while let Some(KnownKey(key)) = map.next_key()? {
            match key {
                Some(key) => body.put(key, map.next_value()?),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(body)
    }
}

/// A key, looked up without making a text of it.
struct KnownKey(Option<Key>);

impl<'de> Deserialize<'de> for KnownKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = KnownKey;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E>(self, key: &str) -> Result<KnownKey, E> {
                Ok(KnownKey(Key::of(key)))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(text: &str) -> Body {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_short_key_counts_before_the_long_one_in_any_order_unless_it_is_null() {
        for (text, expected) in [
            (r#"{"n":"a","name":"b"}"#, Some("a")),
            (r#"{"name":"b","n":"a"}"#, Some("a")),
            (r#"{"n":null,"name":"b"}"#, Some("b")),
            (r#"{"name":"b","n":null}"#, Some("b")),
            (r#"{"n":"a","n":"c"}"#, Some("c")),
            (r#"{"\u006e":"a"}"#, Some("a")),
            (r#"{"N":"a","x":{"n":"b"},"n ":"c"}"#, None),
        ] {
            assert_eq!(read(text).get(Field::Name).and_then(Value::as_str), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in ["", "[]", "null", "1", "{", "{}x", "{\"n\"}", "{\"q\":[1,}", "{\"n\":1,}"] {
            assert!(serde_json::from_str::<Body>(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn it_reads_what_an_object_would(
            entries in prop::collection::vec((0_usize..28, prop::option::of(0_u32..9)), 0..20),
        ) {
            let keys = ["n", "name", "u", "url", "d", "domain", "r", "referrer", "m", "meta", "p", "props", "$", "revenue",
                "i", "interactive", "h", "hashMode", "sd", "e", "z", "w", "o", "b", "v", "x", "nn", ""];
            let object: Map<String, Value> =
                entries.iter().map(|(key, value)| (keys[*key].to_owned(), json!(value))).collect();
            let direct = read(&Value::Object(object.clone()).to_string());
            prop_assert_eq!(direct.slots, Body::from(object).slots);
        }
    }
}
