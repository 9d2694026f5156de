//! Asking for one section's keys.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use toml::Table;

use super::quantity::{duration, show_duration, show_size, size};
use super::raw::{Raw, Wrong, address, filled, secret, url, within};
use super::{Environment, Key, Mistake, Origin};
use crate::access::Secret;

/// One section while it is being read. Each question declares a key and gives its value.
#[derive(Debug)]
pub struct Keys<'d> {
    section: &'static str,
    table: Table,
    environment: &'d mut Environment,
    mistakes: &'d mut Vec<Mistake>,
    keys: Vec<Key>,
}

impl<'d> Keys<'d> {
    pub(super) fn new(
        section: &'static str,
        table: Table,
        environment: &'d mut Environment,
        mistakes: &'d mut Vec<Mistake>,
    ) -> Self {
        Self { section, table, environment, mistakes, keys: Vec::new() }
    }

    /// What nobody asked for does not exist.
    pub(super) fn finish(mut self) -> Vec<Key> {
        let known = self.keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>().join(", ");
        for name in std::mem::take(&mut self.table).keys() {
            self.refuse(name, "unknown_key", format!("does not exist; [{}] has {known}", self.section));
        }
        self.keys
    }

    /// Reports a mistake that only the caller can see.
    pub fn refuse(&mut self, key: &str, code: &'static str, message: impl Into<String>) {
        self.mistakes.push(Mistake {
            path: format!("{}.{key}", self.section),
            code,
            message: message.into(),
        });
    }

    /// Any text but the empty one.
    pub fn text(&mut self, name: &'static str, default: &str, doc: &'static str) -> String {
        let default = default.to_owned();
        self.ask(name, "text", default, doc, |raw| filled(raw).map(str::to_owned), Clone::clone)
    }

    /// Text, or nothing.
    pub fn optional_text(&mut self, name: &'static str, doc: &'static str) -> Option<String> {
        self.ask_optional(name, "text", doc, |raw| filled(raw).map(str::to_owned), Clone::clone)
    }

    /// `host:port`, for listening.
    pub fn address(&mut self, name: &'static str, default: &str, doc: &'static str) -> String {
        self.ask(name, "host:port", default.to_owned(), doc, address, Clone::clone)
    }

    /// `http://…` or `https://…`; comes without a slash at its end.
    pub fn url(&mut self, name: &'static str, default: &str, doc: &'static str) -> String {
        self.ask(name, "URL", default.to_owned(), doc, url, Clone::clone)
    }

    /// A URL, or nothing.
    pub fn optional_url(&mut self, name: &'static str, doc: &'static str) -> Option<String> {
        self.ask_optional(name, "URL", doc, url, Clone::clone)
    }

    /// A file or directory; a relative one counts from the working directory.
    pub fn path(&mut self, name: &'static str, default: &str, doc: &'static str) -> PathBuf {
        self.ask(
            name,
            "path",
            PathBuf::from(default),
            doc,
            |raw| filled(raw).map(PathBuf::from),
            |path| path.display().to_string(),
        )
    }

    /// A file or directory, or nothing.
    pub fn optional_path(&mut self, name: &'static str, doc: &'static str) -> Option<PathBuf> {
        self.ask_optional(
            name,
            "path",
            doc,
            |raw| filled(raw).map(PathBuf::from),
            |path| path.display().to_string(),
        )
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &'static str, default: bool, doc: &'static str) -> bool {
        self.ask(name, "true or false", default, doc, Raw::flag, ToString::to_string)
    }

    /// A whole number within bounds.
    pub fn count<N>(
        &mut self,
        name: &'static str,
        default: N,
        bounds: RangeInclusive<N>,
        doc: &'static str,
    ) -> N
    where
        N: TryFrom<i64> + PartialOrd + Display,
    {
        let kind = format!("{} to {}", bounds.start(), bounds.end());
        let parse = |raw: &Raw| within(N::try_from(raw.number()?).ok(), &bounds, N::to_string);
        self.ask(name, &kind, default, doc, parse, N::to_string)
    }

    /// A duration with its unit: `250ms`, `5s`, `10m`, `2h`, `30d`.
    pub fn duration(
        &mut self,
        name: &'static str,
        default: Duration,
        bounds: RangeInclusive<Duration>,
        doc: &'static str,
    ) -> Duration {
        let show = |value: &Duration| show_duration(*value);
        let kind = format!("duration, {} to {}", show(bounds.start()), show(bounds.end()));
        let parse = |raw: &Raw| {
            let text = raw.text().ok().and_then(duration);
            let value = text.ok_or_else(|| {
                Wrong::new("bad_duration", "must be a duration with ms, s, m, h or d: \"5s\"")
            })?;
            within(Some(value), &bounds, show)
        };
        self.ask(name, &kind, default, doc, parse, show)
    }

    /// A number of bytes with its unit: `512B`, `16KiB`, `64MiB`, `2GiB`.
    pub fn size(
        &mut self,
        name: &'static str,
        default: u64,
        bounds: RangeInclusive<u64>,
        doc: &'static str,
    ) -> u64 {
        let show = |value: &u64| show_size(*value);
        let kind = format!("size, {} to {}", show(bounds.start()), show(bounds.end()));
        let parse = |raw: &Raw| {
            let text = raw.text().ok().and_then(size);
            let value = text.ok_or_else(|| {
                Wrong::new("bad_size", "must be a size with B, KiB, MiB, GiB or TiB: \"16KiB\"")
            })?;
            within(Some(value), &bounds, show)
        };
        self.ask(name, &kind, default, doc, parse, show)
    }

    /// One of these words, and what it stands for.
    pub fn choice<T>(
        &mut self,
        name: &'static str,
        default: T,
        choices: &[(&'static str, T)],
        doc: &'static str,
    ) -> T
    where
        T: Copy + PartialEq,
    {
        let kind = choices.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(" or ");
        let parse = |raw: &Raw| {
            let text = raw.text()?;
            let choice = choices.iter().find(|(word, _)| *word == text);
            choice.map(|(_, value)| *value).ok_or_else(|| Wrong::new("bad_choice", format!("must be {kind}")))
        };
        let show = |value: &T| {
            choices
                .iter()
                .find(|(_, choice)| choice == value)
                .map_or_else(String::new, |(word, _)| (*word).into())
        };
        self.ask(name, &kind, default, doc, parse, show)
    }

    /// Texts, of which `parse` makes something; its error continues "section.key: …". In the environment they are
    /// separated by commas.
    pub fn list<T, E: Display>(
        &mut self,
        name: &'static str,
        default: &[&str],
        parse: impl Fn(&str) -> Result<T, E>,
        doc: &'static str,
    ) -> Vec<T> {
        let default = default.iter().map(ToString::to_string).collect();
        let check = |raw: &Raw| {
            let list = raw.list()?;
            match list.iter().find_map(|item| parse(item).err()) {
                Some(error) => Err(Wrong::new("bad_item", error.to_string())),
                None => Ok(list),
            }
        };
        let show = |list: &Vec<String>| {
            format!("[{}]", list.iter().map(|item| format!("{item:?}")).collect::<Vec<_>>().join(", "))
        };
        let items = self.ask(name, "list", default, doc, check, show);
        items.iter().filter_map(|item| parse(item).ok()).collect()
    }

    /// A secret, or nothing: what stands in the file that the key `<name>_file` names, or in `SANAQ_<SECTION>_<NAME>`.
    pub fn secret(&mut self, name: &'static str, doc: &'static str) -> Option<Secret> {
        let key = format!("{name}_file");
        let parse = |raw: &Raw| {
            let file = filled(raw)?;
            let read = std::fs::read_to_string(file);
            let text = read
                .map_err(|error| Wrong::new("unreadable_secret", format!("cannot read {file}: {error}")))?;
            secret(&text)
        };
        let from_file = self.read(&key, parse);
        let variable = self.variable(name);
        let from_variable = self.environment.take(&variable).and_then(|text| match secret(&text) {
            Ok(secret) => Some((secret, Origin::Environment)),
            Err(wrong) => {
                self.refuse(name, wrong.code, wrong.message);
                None
            }
        });
        let found = from_variable.or(from_file);
        let origin = found.as_ref().map_or(Origin::Default, |(_, origin)| *origin);
        let value = found.as_ref().map(|_| "***".to_owned());
        let kind = format!("path of a file; or the secret itself in `{variable}`");
        self.keys.push(Key { name: key, kind, default: None, doc, value, origin });
        found.map(|(secret, _)| secret)
    }

    /// The variable that overrides a key.
    fn variable(&self, key: &str) -> String {
        format!("SANAQ_{}_{key}", self.section).to_ascii_uppercase()
    }

    /// What is written for a key, if it is written and right.
    fn read<T>(&mut self, key: &str, parse: impl Fn(&Raw) -> Result<T, Wrong>) -> Option<(T, Origin)> {
        let from_file = self.table.remove(key).map(|value| (Raw::File(value), Origin::File));
        let variable = self.variable(key);
        let from_variable =
            self.environment.take(&variable).map(|text| (Raw::Variable(text), Origin::Environment));
        let (raw, origin) = from_variable.or(from_file)?;
        match parse(&raw) {
            Ok(value) => Some((value, origin)),
            Err(Wrong { code, message }) => {
                let place =
                    if origin == Origin::Environment { format!(" ({variable})") } else { String::new() };
                self.refuse(key, code, format!("{message}{place}"));
                None
            }
        }
    }

    fn ask<T>(
        &mut self,
        name: &'static str,
        kind: &str,
        default: T,
        doc: &'static str,
        parse: impl Fn(&Raw) -> Result<T, Wrong>,
        show: impl Fn(&T) -> String,
    ) -> T {
        let shown_default = show(&default);
        let (value, origin) = self.read(name, parse).unwrap_or((default, Origin::Default));
        let (name, kind, shown) = (name.to_owned(), kind.to_owned(), show(&value));
        self.keys.push(Key { name, kind, default: Some(shown_default), doc, value: Some(shown), origin });
        value
    }

    fn ask_optional<T>(
        &mut self,
        name: &'static str,
        kind: &str,
        doc: &'static str,
        parse: impl Fn(&Raw) -> Result<T, Wrong>,
        show: impl Fn(&T) -> String,
    ) -> Option<T> {
        let (value, origin) =
            self.read(name, parse).map_or((None, Origin::Default), |(value, origin)| (Some(value), origin));
        let (name, kind, shown) = (name.to_owned(), kind.to_owned(), value.as_ref().map(show));
        self.keys.push(Key { name, kind, default: None, doc, value: shown, origin });
        value
    }
}
