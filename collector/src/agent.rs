//! Browser, system and device class from the `User-Agent`.
//!
//! Browser and system come from `ua-parser` with the rules of uap-core, after a few of our own for what those miss here
//! ([`families`]). The device class is our own function ([`device`]): uap-core's device rules cost as much again and
//! tell phone models, which nobody may store. Kept are a family, a major version of the browser, two numbers of the system's.
//! In-app views are named first, then the client hints count ([`hints`]), then the agent.
//!
//! Agents are few, so answers are remembered: bounded, and by a hash under a key of this process, not by the agent itself.

mod device;
mod families;
mod hints;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;

use events::Device;
use quick_cache::sync::Cache;
use serde::Deserialize;
use ua_parser::{os, user_agent};

use crate::bot::{BotClass, Bots};
pub use hints::ClientHints;

/// Agents remembered.
const REMEMBERED: usize = 8192;

/// Bytes of an agent that are looked at. Longer ones exist, made up to slow down whoever matches patterns against them.
const LONGEST_AGENT: usize = 1024;

/// What an agent says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agent {
    /// Browser family; empty when unknown.
    pub browser: String,
    /// Major version of the browser.
    pub browser_version: String,
    /// Operating system; empty when unknown.
    pub os: String,
    /// Version of the operating system, two numbers at most.
    pub os_version: String,
    /// Kind of device.
    pub device: Device,
    /// What kind of robot it is; `None` for a visitor's browser.
    pub bot: Option<BotClass>,
}

/// The rules, and a bounded memory of what agents said.
pub struct Agents {
    browsers: user_agent::Extractor<'static>,
    systems: os::Extractor<'static>,
    bots: Bots,
    seen: Cache<u64, Arc<Agent>>,
    key: RandomState,
}

/// The rules that come with the program are broken.
#[derive(Debug, thiserror::Error)]
#[error("the agent rules that come with the program can't be loaded")]
pub struct RulesError;

#[derive(Deserialize)]
struct Rules {
    #[serde(borrow)]
    user_agent_parsers: Vec<user_agent::Parser<'static>>,
    #[serde(borrow)]
    os_parsers: Vec<os::Parser<'static>>,
}

impl Agents {
    /// Loads the rules. Takes about a tenth of a second, so it belongs at the start.
    ///
    /// # Errors
    /// When the rules that come with the program are broken.
    pub fn load() -> Result<Self, RulesError> {
        let rules: Rules =
            serde_json::from_str(include_str!("../data/uap-core/rules.json")).map_err(|_| RulesError)?;
        let browsers =
            user_agent::Builder::new().push_all(rules.user_agent_parsers).map_err(|_| RulesError)?;
        let systems = os::Builder::new().push_all(rules.os_parsers).map_err(|_| RulesError)?;
        Ok(Self {
            browsers: browsers.build().map_err(|_| RulesError)?,
            systems: systems.build().map_err(|_| RulesError)?,
            bots: Bots::load().map_err(|_| RulesError)?,
            seen: Cache::new(REMEMBERED),
            key: RandomState::new(),
        })
    }

    /// What this agent and its client hints say.
    #[must_use]
    pub fn read(&self, agent: &str, hints: ClientHints<'_>) -> Arc<Agent> {
        let key = self.key.hash_one((agent, hints));
        if let Some(known) = self.seen.get(&key) {
            return known;
        }
        let read = Arc::new(self.read_anew(agent, hints));
        self.seen.insert(key, Arc::clone(&read));
        read
    }

    fn read_anew(&self, agent: &str, hints: ClientHints<'_>) -> Agent {
        let agent = &agent[..agent.floor_char_boundary(LONGEST_AGENT)];
        let bot = self.bots.class(agent).or(hints.headless().then_some(BotClass::Automation));
        let (browser, browser_version) = families::own_browser(agent)
            .or_else(|| hints.browser())
            .map(|(family, version)| (family.to_owned(), version.to_owned()))
            .unwrap_or_else(|| self.browser(agent));
        let (os, os_version) = self.system(agent, hints);
        Agent {
            browser_version: if browser.is_empty() { String::new() } else { browser_version },
            os_version: if os.is_empty() { String::new() } else { os_version },
            browser,
            os,
            device: device::class(agent, hints.mobile, hints.system()),
            bot,
        }
    }

    fn browser(&self, agent: &str) -> (String, String) {
        self.browsers.extract(agent).map_or_else(Default::default, |found| {
            (families::browser(&found.family).to_owned(), found.major.unwrap_or_default().to_owned())
        })
    }

    fn system(&self, agent: &str, hints: ClientHints<'_>) -> (String, String) {
        // Televisions and HarmonyOS say that they are what they are made from.
        if let Some(family) = families::own_system(agent) {
            return (family.to_owned(), String::new());
        }
        let (family, version) = self.systems.extract(agent).map_or_else(Default::default, |found| {
            let family = families::system(&found.os).to_owned();
            let version = families::version(&family, found.major.as_deref(), found.minor.as_deref());
            (family, version)
        });
        match hints.system() {
            // A view as on a computer: the agent tells of another system than the one it runs on.
            Some(system) if system != family => (system.to_owned(), String::new()),
            // Of these two Chromium's agent has told one and the same version for years.
            Some(system @ ("Android" | "macOS")) if families::is_frozen(agent) => {
                (system.to_owned(), String::new())
            }
            Some(_) | None => (family, version),
        }
    }
}

#[cfg(test)]
mod tests;
