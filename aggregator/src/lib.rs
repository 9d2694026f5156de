//! Owns the ClickHouse schema; seals days; answers questions.
//!
//! | module | what it owns |
//! |---|---|
//! | [`schema`] | migrations, the lock they run under, the check at start |
//! | [`question`] | what may be asked: Plausible's Stats API v2, as a closed grammar |
//! | [`answer`] | what comes back, as that API spells it |
//! | [`analyses`] | funnels and journeys: the way of visits through a site |
//! | [`answers`] | the engine: planner, SQL, one consistent reading of sealed and open days |
//! | [`suppress`] | the one place every answer passes before anybody sees it |
//! | [`open_day`] | the open day's statistics, kept current while events come in |
//! | [`history`] | rows of days that are over, for the seal: simulated ones |
//! | [`retention`] | how long sealed days are kept, and letting go of them |
//! | [`seal`] | turning a finished day into statistics and dropping the rows that carried its pseudonyms |
//!
//! A visit has one definition, in `sql/visit/`. The open day and the seal are made of the same files, so a day reads the
//! same before and after it is sealed.

pub mod analyses;
pub mod answer;
pub mod answers;
pub mod history;
pub mod open_day;
pub mod question;
pub mod retention;
pub mod schema;
pub mod seal;
pub mod suppress;

mod lease;
mod sql;
mod store;

pub use analyses::{Analysis, AnalysisAnswer};
pub use answer::Answer;
pub use answers::{Answers, Dropped, Pulse};
pub use history::History;
pub use open_day::{OpenDay, OpenDayMetrics};
pub use question::{Question, QuestionError};
pub use retention::{Keep, Retention};
pub use seal::{SealError, SealMetrics, SealedDay, Sealer, sealed_days};
