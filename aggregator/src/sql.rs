//! The SQL files and how they are put together.
//!
//! A file's first line is its name. Slots (`{visits}`) are filled from here with other files or with text from closed
//! enums, never with anything from outside; values (`{site:UInt32}`) are bound on the server and stay as they are.
//!
//! The pieces meet in three slots. `{visits}`, `{hits}` and `{opt_outs}` stand for the detail of a day: computed from
//! `events` while it is open, read from the tables `visits` and `hits` when it is sealed. The statistics above them are the
//! same text either way, which is why sealing changes no answer.

mod stat;

pub(crate) use stat::{Family, Stat};

/// One file of SQL.
#[derive(Clone, Copy)]
pub(crate) struct File(&'static str);

macro_rules! files {
    ($($(#[$doc:meta])* $name:ident = $path:literal,)+) => {
        $($(#[$doc])* pub(crate) const $name: File = File(include_str!(concat!("../sql/", $path)));)+

        #[cfg(test)]
        const FILES: &[(&str, File)] = &[$(($path, $name),)+];
    };
}

files! {
    RUNS = "visit/runs.sql",
    VISITS = "visit/visits.sql",
    OPT_OUTS = "visit/opt_outs.sql",
    HOUR = "visit/hour.sql",
    BY_VISIT = "stats/by_visit.sql",
    BY_HIT = "stats/by_hit.sql",
    BY_HOUR = "stats/by_hour.sql",
    SEALED_VISITS = "seal/sealed_visits.sql",
    SEALED_HITS = "seal/sealed_hits.sql",
    SEALED_OPT_OUTS = "seal/sealed_opt_outs.sql",
    NUMBERS = "seal/numbers.sql",
    COMMON = "seal/common.sql",
    PART_RUNS = "seal/part_runs.sql",
    PART_VISITS = "seal/part_visits.sql",
    COUNTED = "seal/counted.sql",
    COUNT_DAILY = "seal/count_daily.sql",
    COUNT_HOURLY = "seal/count_hourly.sql",
    COUNT_PLAIN = "seal/count_plain.sql",
    DUE = "seal/due.sql",
    COUNT = "seal/count.sql",
    SITES = "seal/sites.sql",
    PUBLISHED = "seal/published.sql",
    LEFT = "seal/left.sql",
    LEFTOVERS = "seal/leftovers.sql",
    RUNNING = "seal/running.sql",
    WRITE_VISITS = "seal/write_visits.sql",
    WRITE_HITS = "seal/write_hits.sql",
    WRITE_DAILY = "seal/write_daily.sql",
    WRITE_HOURLY = "seal/write_hourly.sql",
    RECOUNT_DAILY = "seal/recount_daily.sql",
    RECOUNT_HOURLY = "seal/recount_hourly.sql",
    RECOUNT_PLAIN = "seal/recount_plain.sql",
    PUBLISH = "seal/publish.sql",
    DROP = "seal/drop.sql",
    NUDGE = "seal/nudge.sql",
    REMAINS = "seal/remains.sql",
    DROPPED = "seal/dropped.sql",
    UNPROVED = "seal/unproved.sql",
    SEALED = "seal/sealed.sql",
    BEHIND = "open/behind.sql",
    BITE = "open/bite.sql",
    CHANGED = "open/changed.sql",
    CHANGED_RUNS = "open/changed_runs.sql",
    CHANGED_VISITS = "open/changed_visits.sql",
    PART_DAILY = "open/part_daily.sql",
    PART_HOURLY = "open/part_hourly.sql",
    TICK = "open/tick.sql",
    ERASE = "open/erase.sql",
    STALE = "open/stale.sql",
    HISTORY_HELD = "history/held.sql",
    HISTORY_KEEP = "history/keep.sql",
    HISTORY_LET_GO = "history/let_go.sql",
    HELD = "retention/held.sql",
    RETENTION_DROP = "retention/drop.sql",
    RETENTION_DELETE = "retention/delete.sql",
    RETENTION_SITE_HELD = "retention/site_held.sql",
    RETENTION_SITE_DELETE = "retention/site_delete.sql",
    ANSWER = "answer/answer.sql",
    SEALED_DAILY = "answer/sealed_daily.sql",
    SEALED_HOURLY = "answer/sealed_hourly.sql",
    OPEN_DAILY = "answer/open_daily.sql",
    OPEN_HOURLY = "answer/open_hourly.sql",
    DETAIL = "answer/detail.sql",
    DETAIL_VISITS = "answer/detail_visits.sql",
    DETAIL_HITS = "answer/detail_hits.sql",
    DETAIL_ENTRIES = "answer/detail_entries.sql",
    DETAIL_EXITS = "answer/detail_exits.sql",
    EXITS = "answer/exits.sql",
    MINUTE = "answer/minute.sql",
    ARRIVED = "answer/arrived.sql",
    DEED = "answer/deed.sql",
    CELLS = "answer/cells.sql",
    SHOWN_ONE = "answer/shown_one.sql",
    SHOWN_MANY = "answer/shown_many.sql",
    HITS = "answer/hits.sql",
    ORDERED = "analyses/ordered.sql",
    POPULATION = "analyses/population.sql",
    SCROLLED_AT = "analyses/scrolled_at.sql",
    REACHED = "analyses/reached.sql",
    FUNNEL_GROUPS = "analyses/funnel_groups.sql",
    FUNNEL_SHOWN = "analyses/funnel_shown.sql",
    FUNNEL = "analyses/funnel.sql",
    JOURNEY_GROUPS = "analyses/journey_groups.sql",
    JOURNEY_CHOSEN = "analyses/journey_chosen.sql",
    JOURNEY_SHOWN = "analyses/journey_shown.sql",
    JOURNEYS = "analyses/journeys.sql",
    HITS_OPEN = "answer/hits_open.sql",
    HITS_ENDS = "answer/hits_ends.sql",
    VISITS_OF_QUESTION = "answer/visits.sql",
    SEALED_OF_QUESTION = "answer/sealed.sql",
    PUBLISHED_OF_QUESTION = "answer/published.sql",
    OPEN_DAYS = "answer/open_days.sql",
    PULSE = "answer/pulse.sql",
    BORN = "answer/born.sql",
    DROPS = "answer/drops.sql",
}

impl File {
    /// The name on its first line.
    pub(crate) fn name(self) -> &'static str {
        self.0.lines().next().and_then(|line| line.strip_prefix("-- ")).unwrap_or("unnamed")
    }

    /// The file with its slots filled.
    pub(crate) fn fill(self, slots: &[(&str, &str)]) -> String {
        let mut text = String::with_capacity(self.0.len());
        for line in self.0.lines().filter(|line| !line.trim_start().starts_with("--")) {
            text.push_str(line);
            text.push('\n');
        }
        for (slot, filling) in slots {
            text = text.replace(&format!("{{{slot}}}"), filling.trim_end());
        }
        text
    }
}

/// Which events are meant, and where they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// One site, a run of days, the open partitions only. Binds `site`, `first`, `last`, `open`.
    Question,
    /// As `Question`, of visitors who were there since an instant; their whole day, so that visits stay what they are. Binds
    /// also `since`.
    Recent,
    /// A whole partition, or what came after a batch. Binds `closes_at`, `after`.
    Partition,
    /// Some sites of a partition. Binds `closes_at`, `after`, `sites`.
    PartitionSites,
    /// A range of tags of a partition. Binds also `tag_from`, `tag_to`.
    Part,
    /// A range of tags of some sites of a partition. Binds also `tag_from`, `tag_to`.
    PartOfSites,
    /// Of the visitors that a tick counts again, in the temporary table of that name.
    Changed,
}

impl Scope {
    /// The condition on a row of any table.
    pub(crate) const fn rows(self) -> &'static str {
        match self {
            Self::Question | Self::Recent => {
                "site = {site:UInt32} AND day BETWEEN {first:Date} AND {last:Date} AND closes_at IN {open:Array(DateTime('UTC'))}"
            }
            Self::Partition | Self::Part => "closes_at = {closes_at:DateTime('UTC')}",
            Self::PartitionSites | Self::PartOfSites => {
                "closes_at = {closes_at:DateTime('UTC')} AND site IN {sites:Array(UInt32)}"
            }
            Self::Changed => "true",
        }
    }

    /// The condition on a row of `events`: never one of a visitor who was erased.
    pub(crate) fn sql(self) -> String {
        let more = match self {
            Self::Question => {
                " AND (site, tag) NOT IN (SELECT site, tag FROM erased_tags WHERE closes_at IN {open:Array(DateTime('UTC'))})"
            }
            Self::Recent => {
                " AND (site, tag) NOT IN (SELECT site, tag FROM erased_tags WHERE closes_at IN {open:Array(DateTime('UTC'))}) AND tag IN (SELECT tag FROM events WHERE site = {site:UInt32} AND closes_at IN {open:Array(DateTime('UTC'))} AND time >= toDateTime({since:Int64}, 'UTC'))"
            }
            Self::Part | Self::PartOfSites => {
                " AND tag BETWEEN {tag_from:UInt64} AND {tag_to:UInt64} AND _block_number > {after:UInt64} AND (site, tag) NOT IN (SELECT site, tag FROM erased_tags WHERE closes_at = {closes_at:DateTime('UTC')})"
            }
            Self::Partition | Self::PartitionSites => {
                " AND _block_number > {after:UInt64} AND (site, tag) NOT IN (SELECT site, tag FROM erased_tags WHERE closes_at = {closes_at:DateTime('UTC')})"
            }
            Self::Changed => "",
        };
        format!("{}{more}", self.rows())
    }

    /// Where those events are.
    pub(crate) const fn events(self) -> &'static str {
        match self {
            Self::Question
            | Self::Recent
            | Self::Partition
            | Self::PartitionSites
            | Self::Part
            | Self::PartOfSites => "events",
            Self::Changed => "changed",
        }
    }

    /// Hour on the site's clock of one of them.
    fn hour(self) -> String {
        match self {
            Self::Question
            | Self::Recent
            | Self::Partition
            | Self::PartitionSites
            | Self::Part
            | Self::PartOfSites => hour(BOUND_SHIFT),
            Self::Changed => "clock_hour".to_owned(),
        }
    }
}

/// Hour on the site's clock, with this clock change.
pub(crate) fn hour(shift: &str) -> String {
    HOUR.fill(&[("shift", shift)])
}

/// Minute of the day on the site's clock.
pub(crate) fn minute() -> String {
    MINUTE.fill(&[("shift", BOUND_SHIFT)])
}

/// The clock change that is bound to the statement.
const BOUND_SHIFT: &str = "if(toInt64(toUnixTimestamp(time)) >= {shift_from:Int64} AND toInt64(toUnixTimestamp(time)) < {shift_until:Int64}, {shift_by:Int64}, 0)";

/// Where the detail of a day is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// In `events`.
    Open(Scope),
    /// In the temporary tables of a tick.
    Changed,
    /// In the temporary tables of a seal: a range of tags.
    Part(Scope),
    /// In `visits` and `hits`, of one partition and revision: a slice of the visitors.
    Sealed,
}

impl Detail {
    /// Each event of a visitor with its visit. Open only: the seal needs the tag to number by.
    pub(crate) fn runs(scope: Scope) -> String {
        RUNS.fill(&[("hour", &scope.hour()), ("events", scope.events()), ("scope", &scope.sql())])
    }

    pub(crate) fn visits(self) -> String {
        match self {
            Self::Open(scope) => VISITS.fill(&[("runs", &Self::runs(scope))]),
            Self::Changed => "SELECT * FROM changed_visits".to_owned(),
            Self::Part(_) => "SELECT * FROM part_visits".to_owned(),
            Self::Sealed => SEALED_VISITS.fill(&[]),
        }
    }

    pub(crate) fn hits(self) -> String {
        match self {
            Self::Open(scope) => Self::runs(scope),
            Self::Changed => "SELECT * FROM changed_runs".to_owned(),
            Self::Part(_) => "SELECT * FROM part_runs".to_owned(),
            Self::Sealed => SEALED_HITS.fill(&[]),
        }
    }

    pub(crate) fn opt_outs(self) -> String {
        match self {
            Self::Open(scope) | Self::Part(scope) => {
                OPT_OUTS.fill(&[("hour", &scope.hour()), ("events", scope.events()), ("scope", &scope.sql())])
            }
            Self::Changed => Self::Open(Scope::Changed).opt_outs(),
            Self::Sealed => SEALED_OPT_OUTS.fill(&[]),
        }
    }

    /// Counters by day for these dimensions, which must be of one family.
    pub(crate) fn daily(self, family: Family, stats: &[Stat]) -> String {
        let (visits, opt_outs) = (self.visits(), self.opt_outs());
        match family {
            Family::Visit => BY_VISIT.fill(&[
                ("visit_pairs", &stat::pairs(stats, Stat::of_visit)),
                ("opt_out_pairs", &stat::pairs(stats, Stat::of_opt_out)),
                ("visits", &visits),
                ("opt_outs", &opt_outs),
            ]),
            Family::Hit => BY_HIT.fill(&[
                ("hit_pairs", &stat::pairs(stats, Stat::of_hit)),
                ("entry_pairs", &stat::pairs(stats, Stat::of_entry)),
                ("visits", &visits),
                ("hits", &self.hits()),
                ("opt_outs", &opt_outs),
            ]),
        }
    }

    /// Counters by hour.
    pub(crate) fn hourly(self) -> String {
        BY_HOUR.fill(&[("visits", &self.visits()), ("hits", &self.hits()), ("opt_outs", &self.opt_outs())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sql_file_is_named_and_no_two_are_named_alike() {
        let mut names: Vec<_> = FILES.iter().map(|(_, file)| file.name()).collect();
        assert!(!names.contains(&"unnamed"));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FILES.len());
    }

    #[test]
    fn every_sql_file_is_used() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sql");
        for folder in std::fs::read_dir(&root).unwrap() {
            for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
                let path = file.unwrap().path();
                let known = FILES.iter().any(|(name, _)| root.join(name) == path);
                assert!(known, "{} is in no list", path.display());
            }
        }
    }

    #[test]
    fn composed_statements_have_no_slot_left() {
        let slot = |sql: &str| {
            let mut rest = sql;
            while let Some((_, after)) = rest.split_once('{') {
                let (inside, next) = after.split_once('}').unwrap();
                if !inside.contains(':') {
                    return Some(inside.to_owned());
                }
                rest = next;
            }
            None
        };
        for detail in [
            Detail::Open(Scope::Question),
            Detail::Open(Scope::PartitionSites),
            Detail::Changed,
            Detail::Part(Scope::PartOfSites),
            Detail::Sealed,
        ] {
            assert_eq!(slot(&detail.hourly()), None);
            for family in [Family::Visit, Family::Hit] {
                assert_eq!(slot(&detail.daily(family, &Stat::of(family))), None);
            }
        }
    }
}
