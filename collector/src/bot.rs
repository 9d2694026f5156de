//! Who is no visitor: robots, and browsers that a program drives.
//!
//! The patterns of isbot decide, names from crawler-user-agents tell the kind for the metric (`data/bots`, licences there). A robot
//! is counted by its kind and never stored. A beacon without an agent is one too: every browser sends one.
//!
//! isbot's patterns are JavaScript. All but six go into one [`RegexSet`] as they are; the six that look around themselves are
//! words with conditions on what stands beside them ([`WORDS`]), and a test holds the two lists together.

pub mod data_centre;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::bytes::{RegexSet, RegexSetBuilder};

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $code:literal,)+) => {
        /// What kind of robot it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum BotClass { $($(#[$doc])* $variant,)+ }

        impl BotClass {
            /// Every kind, so that a counter can start at 0 for each.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The `class` label of `sanaq_bots_total`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }
        }
    };
}

kinds! {
    /// Sends no agent at all.
    NoAgent = "no_agent",
    /// Calls from a network that the operator listed as a data centre.
    DataCentre = "data_centre",
    /// A browser that a program drives.
    Automation = "browser-automation",
    /// Gathers texts for language models, or reads for one.
    AiCrawler = "ai-crawler",
    /// Shows what is behind a link that somebody posted.
    SocialPreview = "social-preview",
    /// Reads feeds for people.
    FeedReader = "feed-reader",
    /// Watches whether a site works.
    Monitoring = "monitoring",
    /// Looks for weaknesses.
    Scanner = "scanner",
    /// Sells ranks and links.
    Seo = "seo",
    /// Keeps copies.
    Archiver = "archiver",
    /// Places or checks advertisements.
    Advertising = "advertising",
    /// Does research.
    Academic = "academic",
    /// Indexes for a search engine.
    SearchEngine = "search-engine",
    /// A program's HTTP library.
    Library = "http-library",
    /// Of no kind that has a name here.
    Other = "other",
}

/// Where the patterns stand, and the one that Rust reads differently: a dash between a class and a dot.
const PATTERNS: &str = include_str!("../data/bots/isbot/patterns.txt");
const REWRITTEN: (&str, &str) = (r"[\w\d-.]", r"[\w\d.\-]");
const KINDS: &str = include_str!("../data/bots/crawler-user-agents/kinds.tsv");

/// Bytes of an agent that are looked at.
const LONGEST_AGENT: usize = 1024;

/// One of isbot's patterns that look around themselves.
struct Word {
    word: &'static str,
    /// What makes it innocent in front of it,
    not_after: &'static [&'static str],
    /// and behind it.
    not_before: &'static [&'static str],
    /// An `s` may follow, and then no letter or digit.
    ends: bool,
}

const WORDS: [Word; 6] = [
    Word { word: "news", not_after: &["g"], not_before: &["sapphire"], ends: false },
    Word {
        word: "google",
        not_after: &[" channel/", "google/"],
        not_before: &["wv", "app", "/google", " pixel"],
        ends: false,
    },
    Word { word: "bot", not_after: &[" cu"], not_before: &[], ends: true },
    Word { word: "scan", not_after: &["cam"], not_before: &[], ends: false },
    Word { word: "http", not_after: &["lib"], not_before: &[], ends: false },
    Word { word: "java", not_after: &[], not_before: &[";"], ends: false },
];

impl Word {
    /// Whether an agent in lower case has it where it is not innocent.
    fn is_in(&self, agent: &str) -> bool {
        agent.match_indices(self.word).any(|(at, _)| {
            let (before, after) = (&agent[..at], &agent[at + self.word.len()..]);
            let ends = || {
                let after = after.strip_prefix('s').unwrap_or(after);
                !after.starts_with(|c: char| c.is_ascii_alphanumeric())
            };
            !self.not_after.iter().any(|innocent| before.ends_with(innocent))
                && !self.not_before.iter().any(|innocent| after.starts_with(innocent))
                && (!self.ends || ends())
        })
    }
}

/// The lists that come with the program are broken.
#[derive(Debug, thiserror::Error)]
#[error("the robot lists that come with the program can't be loaded")]
pub struct ListsError;

/// Tells robots.
pub struct Bots {
    patterns: RegexSet,
    names: AhoCorasick,
    kinds: Vec<BotClass>,
}

impl Bots {
    /// Loads the lists.
    ///
    /// # Errors
    /// When the lists that come with the program are broken.
    pub fn load() -> Result<Self, ListsError> {
        let patterns: Vec<String> = lines(PATTERNS)
            .filter(|pattern| !looks_around(pattern))
            .map(|pattern| pattern.replace(REWRITTEN.0, REWRITTEN.1))
            .collect();
        let patterns = RegexSetBuilder::new(patterns)
            // As in JavaScript without the flag `u`: classes are ASCII's.
            .unicode(false)
            .case_insensitive(true)
            .build()
            .map_err(|_| ListsError)?;
        let named: Vec<(BotClass, &str)> = lines(KINDS)
            .map(|line| {
                let (kind, name) = line.split_once('\t').ok_or(ListsError)?;
                let kind = BotClass::ALL.iter().find(|class| class.code() == kind).ok_or(ListsError)?;
                Ok((*kind, name))
            })
            .collect::<Result<_, ListsError>>()?;
        let names = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(named.iter().map(|(_, name)| name))
            .map_err(|_| ListsError)?;
        Ok(Self { patterns, names, kinds: named.into_iter().map(|(kind, _)| kind).collect() })
    }

    /// The kind of robot this agent is; `None` for a browser.
    #[must_use]
    pub fn class(&self, agent: &str) -> Option<BotClass> {
        let agent = agent[..agent.floor_char_boundary(LONGEST_AGENT)].trim();
        if agent.is_empty() {
            return Some(BotClass::NoAgent);
        }
        let lower = agent.to_ascii_lowercase();
        let is_bot = self.patterns.is_match(agent.as_bytes()) || WORDS.iter().any(|word| word.is_in(&lower));
        is_bot.then(|| self.kind(&lower))
    }

    fn kind(&self, lower: &str) -> BotClass {
        // The longest name says most: `adsbot-google-mobile` is not any `bot`.
        let longest = self.names.find_iter(lower).max_by_key(aho_corasick::Match::len);
        match longest {
            Some(found) => self.kinds[found.pattern().as_usize()],
            None if lower.contains("headless") => BotClass::Automation,
            None => BotClass::Other,
        }
    }
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn looks_around(pattern: &str) -> bool {
    ["(?!", "(?<!", "(?=", "(?<=", "[^g])news"].iter().any(|sign| pattern.contains(sign))
}

#[cfg(test)]
mod tests;
