//! Writing a day's detail and statistics, and counting them twice.
//!
//! A day may hold more than fits into memory, so it is taken in parts. The runs and visits of a range of tags are found once
//! and kept in temporary tables, from which the detail is written and every figure counted: the side `events` of the recount.
//! What was written is then read back by slices of visitors and counted again: the side `detail`, of which the statistics
//! are the sums. No visitor is in two parts, so figures of parts add up, distinct visitors included.
//!
//! Three counts must agree before anything is published: the statistics as they stand in their tables, what the events said
//! through the definition of a visit, and a plain count of the events that knows nothing of that definition.
//!
//! The temporary tables are ClickHouse's, in memory, and belong to one session. They are dropped at the end, whatever
//! happened; a session whose process is gone ends by itself within a minute.

use super::partition::{Batch, Partition};
use super::{SealError, Step};
use crate::sql::{self, Detail, Family, File, Stat};
use crate::store::Statement;

/// Tables of the session, each of which may be there.
const TEMPORARY: [&str; 5] = ["part_visits", "part_runs", "common_values", "visitor_numbers", "counted"];

/// A slice takes as much as so many parts: each looks through all of the day, and has no runs to find.
const PARTS_IN_SLICE: u64 = 3;

/// How long a session that nobody uses any more holds its tables.
const SESSION_SECONDS: &str = "60";

/// The session of one attempt, and of how many events its parts are.
pub(super) struct Writing<'a> {
    pub(super) partition: &'a Partition<'a>,
    pub(super) session: String,
    /// In how many parts the day is taken.
    pub(super) parts: u64,
}

impl Writing<'_> {
    /// Writes everything, and compares.
    pub(super) async fn run(&self, batches: &[Batch]) -> Result<(), SealError> {
        let written = self.write(batches).await;
        for table in TEMPORARY {
            let drop = format!("DROP TEMPORARY TABLE IF EXISTS {table}");
            let dropped = self.partition.store.statement("seal_end", &drop);
            let dropped = dropped.setting("session_id", &self.session).execute().await;
            // The first failure is the one to tell of.
            if written.is_ok() {
                dropped?;
            }
        }
        written
    }

    async fn write(&self, batches: &[Batch]) -> Result<(), SealError> {
        let whole = Batch::whole();
        self.send(sql::COUNTED, &[], &whole).await?;
        for batch in batches {
            self.write_detail(batch).await?;
        }
        self.count_detail(&whole).await?;
        self.send(sql::WRITE_DAILY, &[], &whole).await?;
        self.partition.after(Step::WriteDaily).await?;
        self.send(sql::WRITE_HOURLY, &[], &whole).await?;
        self.partition.after(Step::WriteHourly).await?;
        for file in [sql::RECOUNT_DAILY, sql::RECOUNT_HOURLY, sql::RECOUNT_PLAIN] {
            // Read to its end: until then the session belongs to it.
            let differing: Vec<u64> = self.statement(file, &[], &whole).all().await?;
            if let Some(rows) = differing.into_iter().find(|rows| *rows > 0) {
                let closes_at = self.partition.closes_at;
                return Err(SealError::Differs { closes_at, what: file.name(), rows });
            }
        }
        self.partition.after(Step::Recount).await
    }

    /// Writes visits and hits, and counts what the events say.
    async fn write_detail(&self, batch: &Batch) -> Result<(), SealError> {
        let scope = batch.scope().sql();
        self.send(sql::COMMON, &[("scope", &scope)], batch).await?;
        self.send(sql::NUMBERS, &[("scope", &scope)], batch).await?;
        let part = Detail::Part(batch.part());
        for range in ranges(self.parts) {
            let send = async |file, slots: &[(&str, &str)]| {
                Ok::<_, SealError>(self.of_part(file, slots, batch, range).execute().await?)
            };
            send(sql::PART_RUNS, &[("runs", &Detail::runs(batch.part()))]).await?;
            send(sql::PART_VISITS, &[("visits", &sql::VISITS.fill(&[("runs", &part.hits())]))]).await?;
            send(sql::WRITE_VISITS, &[]).await?;
            self.partition.after(Step::WriteVisits).await?;
            send(sql::WRITE_HITS, &[("opt_outs", &part.opt_outs())]).await?;
            self.partition.after(Step::WriteHits).await?;
            for (file, slot, text) in counts(part) {
                self.of_part(file, &[(slot, &text)], batch, range).param("side", "events").execute().await?;
            }
            send(sql::COUNT_PLAIN, &[("scope", &batch.part().sql())]).await?;
            self.forget(&["part_visits", "part_runs"]).await?;
        }
        self.forget(&["visitor_numbers", "common_values"]).await
    }

    /// Counts what stands in `visits` and `hits`.
    async fn count_detail(&self, whole: &Batch) -> Result<(), SealError> {
        let slices = self.parts.div_ceil(PARTS_IN_SLICE);
        for slice in 0..slices {
            for (file, slot, text) in counts(Detail::Sealed) {
                self.statement(file, &[(slot, &text)], whole)
                    .param("side", "detail")
                    .param("slices", slices)
                    .param("slice", slice)
                    .execute()
                    .await?;
            }
        }
        Ok(())
    }

    async fn forget(&self, tables: &[&str]) -> Result<(), SealError> {
        for table in tables {
            let drop =
                self.partition.store.statement("seal_forget", &format!("DROP TEMPORARY TABLE {table}"));
            drop.setting("session_id", &self.session).execute().await?;
        }
        Ok(())
    }

    async fn send(&self, file: File, slots: &[(&str, &str)], batch: &Batch) -> Result<(), SealError> {
        Ok(self.statement(file, slots, batch).execute().await?)
    }

    fn of_part(&self, file: File, slots: &[(&str, &str)], batch: &Batch, range: (u64, u64)) -> Statement {
        self.statement(file, slots, batch).param("tag_from", range.0).param("tag_to", range.1)
    }

    fn statement(&self, file: File, slots: &[(&str, &str)], batch: &Batch) -> Statement {
        self.partition
            .of_batch(file, slots, batch)
            .setting("session_id", &self.session)
            .setting("session_timeout", SESSION_SECONDS)
    }
}

/// The statements that count a detail by day and by hour, each with its slot and what fills it.
fn counts(detail: Detail) -> [(File, &'static str, String); 3] {
    let daily = |family| (sql::COUNT_DAILY, "daily", detail.daily(family, &Stat::of(family)));
    [daily(Family::Visit), daily(Family::Hit), (sql::COUNT_HOURLY, "hourly", detail.hourly())]
}

/// So many ranges of tags, of which each holds as many as another, by and large: tags are hashes.
fn ranges(count: u64) -> impl Iterator<Item = (u64, u64)> {
    let width = u64::MAX / count;
    (0..count).map(move |at| {
        let to = if at + 1 == count { u64::MAX } else { (at + 1) * width - 1 };
        (at * width, to)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_cover_every_tag_once() {
        for count in [1, 2, 3, 11, 1000] {
            let ranges: Vec<_> = ranges(count).collect();
            assert_eq!((ranges[0].0, ranges[ranges.len() - 1].1), (0, u64::MAX));
            assert!(ranges.windows(2).all(|pair| pair[0].1 + 1 == pair[1].0), "{count}");
        }
    }
}
