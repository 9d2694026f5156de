//! Where the detail of a question's days is: one relation of visits and one of events, sealed and open days alike. The one
//! place that knows of two sides.

use crate::sql::{self, Detail, Scope};

/// The two relations of one question.
#[derive(Clone, Debug)]
pub(crate) struct Relations {
    some_open: bool,
    clock: Clock,
}

/// How finely the question tells time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    /// By hours at most.
    Hours,
    /// By minutes of open days.
    Minutes,
    /// Of open days what came since an instant.
    Recent,
}

impl Relations {
    pub(crate) const fn new(some_open: bool) -> Self {
        Self { some_open, clock: Clock::Hours }
    }

    /// The same for a question that tells time so finely.
    pub(super) const fn telling(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// One row for each visit.
    pub(crate) fn visits(&self) -> String {
        let sealed = sealed();
        let open = Detail::Open(Scope::Question).visits();
        cut(sql::VISITS_OF_QUESTION.fill(&[("sealed", &sealed), ("open", &open)]), self.some_open)
    }

    /// Each event of a visit with its place in it.
    pub(crate) fn ordered(&self) -> String {
        let runs = Detail::runs(Scope::Question);
        cut(sql::ORDERED.fill(&[("sealed", &sealed()), ("runs", &runs)]), self.some_open)
    }

    /// One row for each event; with `ends`, also the pages and the host its visit began and ended with.
    pub(super) fn hits(&self, ends: bool) -> String {
        let sealed = sealed();
        let joined = sql::HITS_ENDS.fill(&[("sealed", &sealed)]);
        let (columns, joined) = if ends {
            ("entry_page, exit_page, entry_host", joined.as_str())
        } else {
            ("'' AS entry_page, '' AS exit_page, '' AS entry_host", "")
        };
        let (scope, recent) = match self.clock {
            Clock::Hours | Clock::Minutes => (Scope::Question, "true"),
            Clock::Recent => (Scope::Recent, "time >= toDateTime({since:Int64}, 'UTC')"),
        };
        let minute = if self.clock == Clock::Hours { "toUInt16(0)".to_owned() } else { sql::minute() };
        let open = Detail::Open(scope);
        let open = sql::HITS_OPEN.fill(&[
            ("minute", &minute),
            ("recent", recent),
            ("runs", &Detail::runs(scope)),
            ("visits", &open.visits()),
            ("opt_outs", &open.opt_outs()),
        ]);
        if self.clock != Clock::Hours {
            // Of sealed days the minutes are gone.
            return open;
        }
        let hits = sql::HITS.fill(&[
            ("sealed", &sealed),
            ("ends", columns),
            ("ends_joined", joined),
            ("open", &open),
        ]);
        cut(hits, self.some_open)
    }
}

/// Without open days the half that reads them is left out: it would be computed for nothing.
fn cut(both: String, some_open: bool) -> String {
    if some_open {
        return both;
    }
    both.split_once("\nUNION ALL\n").map_or(both.clone(), |(sealed, _)| sealed.to_owned())
}

fn sealed() -> String {
    sql::SEALED_OF_QUESTION.fill(&[("published", &sql::PUBLISHED_OF_QUESTION.fill(&[]))])
}
