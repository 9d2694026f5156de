//! Values as they were written, and what they must look like.

use std::ops::RangeInclusive;

use http::Uri;
use toml::Value;

use crate::access::Secret;

/// Why a value is no good.
pub(super) struct Wrong {
    pub(super) code: &'static str,
    /// Continues "section.key: …".
    pub(super) message: String,
}

impl Wrong {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// A value as it was written.
pub(super) enum Raw {
    File(Value),
    Variable(String),
}

impl Raw {
    pub(super) fn text(&self) -> Result<&str, Wrong> {
        match self {
            Self::File(Value::String(text)) | Self::Variable(text) => Ok(text),
            Self::File(other) => {
                Err(Wrong::new("wrong_type", format!("must be text in quotes, not {}", other.type_str())))
            }
        }
    }

    pub(super) fn number(&self) -> Result<i64, Wrong> {
        let number = match self {
            Self::File(value) => value.as_integer(),
            Self::Variable(text) => text.parse().ok(),
        };
        number.ok_or_else(|| Wrong::new("wrong_type", "must be a whole number"))
    }

    pub(super) fn flag(&self) -> Result<bool, Wrong> {
        let flag = match self {
            Self::File(value) => value.as_bool(),
            Self::Variable(text) => text.parse().ok(),
        };
        flag.ok_or_else(|| Wrong::new("wrong_type", "must be true or false"))
    }

    pub(super) fn list(&self) -> Result<Vec<String>, Wrong> {
        let list = match self {
            Self::File(value) => value.as_array().and_then(|values| {
                values.iter().map(|value| value.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
            }),
            Self::Variable(text) => Some(
                text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect(),
            ),
        };
        list.ok_or_else(|| Wrong::new("wrong_type", "must be a list of texts: [\"one\", \"two\"]"))
    }
}

pub(super) fn filled(raw: &Raw) -> Result<&str, Wrong> {
    match raw.text()? {
        "" => Err(Wrong::new("empty", "must not be empty")),
        text => Ok(text),
    }
}

pub(super) fn address(raw: &Raw) -> Result<String, Wrong> {
    let text = raw.text()?;
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(text.to_owned()),
        _ => Err(Wrong::new("bad_address", "must be host:port: \"127.0.0.1:8080\"")),
    }
}

pub(super) fn url(raw: &Raw) -> Result<String, Wrong> {
    let text = raw.text()?.trim_end_matches('/');
    let parsed = text.parse::<Uri>().ok().filter(|uri| {
        let scheme = matches!(uri.scheme_str(), Some("http" | "https"));
        let no_user = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        scheme && no_user && uri.query().is_none()
    });
    parsed.map(|_| text.to_owned()).ok_or_else(|| {
        Wrong::new("bad_url", "must be a URL without user and query: \"https://stats.example.kz\"")
    })
}

pub(super) fn secret(text: &str) -> Result<Secret, Wrong> {
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(Wrong::new("empty", "must not be empty")),
        text => Ok(Secret::new(text)),
    }
}

pub(super) fn within<T: PartialOrd>(
    value: Option<T>,
    bounds: &RangeInclusive<T>,
    show: impl Fn(&T) -> String,
) -> Result<T, Wrong> {
    value.filter(|value| bounds.contains(value)).ok_or_else(|| {
        Wrong::new("out_of_range", format!("must be {} to {}", show(bounds.start()), show(bounds.end())))
    })
}
