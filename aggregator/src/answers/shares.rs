//! How much of a range an answer does not show: what opted out, what was dropped, what stands in `(other)`.

use clickhouse::Row;
use serde::Deserialize;

use super::asking::{Asking, bare};
use super::detail::OTHER;
use super::plan::Plan;
use super::table::Counted;
use super::{day_number, out_of_calendar};
use crate::answer::{DroppedOf, Folded, OptedOut, Shares};
use crate::question::{Metric, Question, QuestionError};
use crate::sql;
use crate::suppress::{Care, Found, cleared};

#[derive(Row, Deserialize)]
struct ArrivedRow {
    beacons: u64,
}

impl Asking<'_> {
    /// The shares of a plan's range.
    pub(super) async fn shares(&self, plan: &Plan<'_>) -> Result<Shares, QuestionError> {
        let whole = Question {
            metrics: vec![Metric::Visitors],
            dimensions: Vec::new(),
            filters: Vec::new(),
            ..bare(plan.question)
        };
        let all = self.counted(&whole, plan, Care::Open).await?;
        let all = all.into_iter().next().unwrap_or_default();
        let (pageviews, by_opt_outs) = all.pageviews();
        let folded = if plan.has_others() {
            let question = Question { metrics: vec![Metric::Visitors], ..bare(plan.question) };
            let rows = self.counted(&question, plan, plan.care).await?;
            let visitors = rows.iter().filter(|row| row.is_of(OTHER)).map(|row| row.visitors).sum();
            Some(Folded { visitors, of: all.visitors })
        } else {
            None
        };
        let shares = Shares {
            opted_out: OptedOut { pageviews: by_opt_outs, of: pageviews },
            dropped: self.dropped(plan).await?,
            folded,
        };
        // Totals are open; what is folded is told by the row `(other)` as well.
        Ok(cleared(plan.care, Found(shares)).into_inner())
    }

    async fn counted(
        &self,
        question: &Question,
        of: &Plan<'_>,
        care: Care,
    ) -> Result<Vec<Counted>, QuestionError> {
        let plan = Plan::new(question, of.period, self.site, care).map_err(|_| out_of_calendar())?;
        self.answers.rows(&plan, self.now).await
    }

    async fn dropped(&self, plan: &Plan<'_>) -> Result<DroppedOf, QuestionError> {
        let (first, last) = (plan.period.first, plan.period.last);
        let dropped = self.answers.drops(self.site.id, first, last).await?;
        let beacons = dropped.iter().map(|reason| reason.count).sum();
        let kept: ArrivedRow = self
            .answers
            .store
            .file(sql::ARRIVED)
            .param("site", self.site.id.0)
            .param("first", day_number(first))
            .param("last", day_number(last))
            .one()
            .await?;
        Ok(DroppedOf { beacons, of: beacons + kept.beacons })
    }
}
