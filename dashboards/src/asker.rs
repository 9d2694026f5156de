//! What the staff server needs of the question engine. `aggregator::Answers` in the program; tests bring their own.

use aggregator::suppress::Audience;
use aggregator::{Analysis, AnalysisAnswer, Answer, Answers, Dropped, Pulse, Question, QuestionError};
use events::SiteId;
use futures_util::future::{BoxFuture, join_all};
use jiff::civil::Date;

/// Answers questions. Whether the asker may ask about a site is decided before, in this crate.
pub trait Asker: Send + Sync {
    /// What these readers may be told of a question.
    fn answer_for<'a>(
        &'a self,
        question: &'a Question,
        audience: Audience,
    ) -> BoxFuture<'a, Result<Answer, QuestionError>>;

    /// What staff may be told of a question. A program with a key is staff.
    fn answer<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Result<Answer, QuestionError>> {
        self.answer_for(question, Audience::Staff)
    }

    /// What these readers may be told of several questions, each in its place.
    fn answer_all<'a>(
        &'a self,
        questions: &'a [Question],
        audience: Audience,
    ) -> BoxFuture<'a, Vec<Result<Answer, QuestionError>>> {
        Box::pin(join_all(questions.iter().map(move |question| self.answer_for(question, audience))))
    }

    /// What these readers may be told of a funnel or of journeys.
    fn analyse<'a>(
        &'a self,
        analysis: &'a Analysis,
        audience: Audience,
    ) -> BoxFuture<'a, Result<AnalysisAnswer, QuestionError>>;

    /// Who is there now, and how much has happened today.
    fn pulse(&self, site: SiteId) -> BoxFuture<'_, Result<Pulse, QuestionError>>;

    /// When the first beacon of a site was seen, in Unix seconds; none while there is none.
    fn first_event(&self, site: SiteId) -> BoxFuture<'_, Result<Option<i64>, QuestionError>>;

    /// What a site did not keep from `first` to `last`.
    fn drops(
        &self,
        site: SiteId,
        first: Date,
        last: Date,
    ) -> BoxFuture<'_, Result<Vec<Dropped>, QuestionError>>;
}

impl Asker for Answers {
    fn answer_for<'a>(
        &'a self,
        question: &'a Question,
        audience: Audience,
    ) -> BoxFuture<'a, Result<Answer, QuestionError>> {
        Box::pin(Self::answer_for(self, question, audience))
    }

    fn answer_all<'a>(
        &'a self,
        questions: &'a [Question],
        audience: Audience,
    ) -> BoxFuture<'a, Vec<Result<Answer, QuestionError>>> {
        Box::pin(Self::answer_all(self, questions, audience))
    }

    fn analyse<'a>(
        &'a self,
        analysis: &'a Analysis,
        audience: Audience,
    ) -> BoxFuture<'a, Result<AnalysisAnswer, QuestionError>> {
        Box::pin(Self::analyse(self, analysis, audience))
    }

    fn pulse(&self, site: SiteId) -> BoxFuture<'_, Result<Pulse, QuestionError>> {
        Box::pin(Self::pulse(self, site))
    }

    fn first_event(&self, site: SiteId) -> BoxFuture<'_, Result<Option<i64>, QuestionError>> {
        Box::pin(Self::first_event(self, site))
    }

    fn drops(
        &self,
        site: SiteId,
        first: Date,
        last: Date,
    ) -> BoxFuture<'_, Result<Vec<Dropped>, QuestionError>> {
        Box::pin(Self::drops(self, site, first, last))
    }
}
