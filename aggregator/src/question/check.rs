//! Which metrics, dimensions and filters go together.

use super::{DateRange, Dimension, Filter, Metric, OrderKey, Question, QuestionError};

/// Most dimensions of a question, those of its filters included: each one more makes groups smaller.
const MOST_AXES: usize = 4;

pub(super) fn combination(question: &Question) -> Result<(), QuestionError> {
    dimensions(question)?;
    range(question)?;
    for (index, metric) in question.metrics.iter().enumerate() {
        metric_fits(*metric, question)
            .map_err(|message| unsupported(format!("#/metrics/{index}"), message))?;
    }
    order(question)
}

fn unsupported(at: impl Into<String>, message: impl Into<String>) -> QuestionError {
    QuestionError::invalid("unsupported_combination", at, message)
}

fn dimensions(question: &Question) -> Result<(), QuestionError> {
    let times = question.dimensions.iter().filter(|d| d.is_time()).count();
    let others = question.dimensions.len() - times;
    let refuse = |message: &str| Err(unsupported("#/dimensions", message));
    if times > 1 {
        return refuse("At most one dimension of time.");
    }
    if others > 0 && question.dimensions.iter().any(|d| d.is_within_days()) {
        return refuse("Besides another dimension, time goes by day, week or month.");
    }
    if question.dimensions.contains(&Dimension::Goal) && question.goals.is_empty() {
        return refuse("The question brings no goals.");
    }
    if question.axes().len() + question.deeds().len() > MOST_AXES {
        return Err(QuestionError::invalid(
            "too_many_dimensions",
            "#/filters",
            format!("At most {MOST_AXES} dimensions, those of the filters included."),
        ));
    }
    Ok(())
}

fn range(question: &Question) -> Result<(), QuestionError> {
    let refuse = |message: &str| Err(unsupported("#/date_range", message));
    let plain = question.axes().is_empty() && question.filters.is_empty();
    if question.date_range == DateRange::Realtime {
        if !plain || !question.dimensions.is_empty() || question.metrics != [Metric::Visitors] {
            return refuse("The range \"realtime\" answers visitors alone, without dimensions and filters.");
        }
        if question.include.shares {
            return refuse("The range \"realtime\" has no shares.");
        }
        if question.include.comparisons.is_some() {
            return refuse("The range \"realtime\" is compared with nothing.");
        }
    }
    minutes(question)?;
    if matches!(question.date_range, DateRange::LastDay | DateRange::Instants(..)) && !plain {
        return refuse("Parts of days are answered without other dimensions and filters.");
    }
    Ok(())
}

/// Minutes are known of open days only, and few people come in one.
fn minutes(question: &Question) -> Result<(), QuestionError> {
    let refuse = |message: &str| Err(unsupported("#/date_range", message));
    let half_hour = question.date_range == DateRange::HalfHour;
    let by_minute = question.dimensions.contains(&Dimension::TimeMinute);
    if by_minute && !half_hour && question.date_range != DateRange::Today {
        return refuse(
            "\"time:minute\" goes with \"realtime_30m\" and \"day\": of sealed days the minutes are gone.",
        );
    }
    if !by_minute && !half_hour {
        return Ok(());
    }
    let counts = |metric: &Metric| matches!(metric, Metric::Visitors | Metric::Pageviews | Metric::Events);
    if !question.metrics.iter().all(counts) {
        return refuse("Minutes answer visitors, pageviews and events alone.");
    }
    if !question.filters.is_empty() || question.include.comparisons.is_some() {
        return refuse("Minutes are answered without filters and comparison.");
    }
    if half_hour && question.include.shares {
        return refuse("The range \"realtime_30m\" has no shares.");
    }
    let known = [Dimension::TimeMinute, Dimension::Page, Dimension::Source, Dimension::Country];
    if half_hour && (question.dimensions.len() > 1 || question.dimensions.iter().any(|d| !known.contains(d)))
    {
        return refuse(
            "The range \"realtime_30m\" goes by \"time:minute\", \"event:page\", \"visit:source\" or \"visit:country\".",
        );
    }
    Ok(())
}

fn metric_fits(metric: Metric, question: &Question) -> Result<(), String> {
    let grouped = |unfit: fn(Dimension) -> bool| match question.dimensions.iter().find(|d| unfit(**d)) {
        None => Ok(()),
        Some(dimension) => {
            Err(format!("Metric \"{}\" cannot be grouped by \"{}\".", metric.name(), dimension.name()))
        }
    };
    let asks = |dimension: Dimension| question.axes().contains(&dimension);
    match metric {
        Metric::Visitors
        | Metric::Visits
        | Metric::Pageviews
        | Metric::Events
        | Metric::Percentage
        | Metric::TotalRevenue
        | Metric::AverageRevenue
        | Metric::OptedOutRate => Ok(()),
        Metric::BounceRate | Metric::VisitDuration | Metric::EngagedTime => grouped(Dimension::is_deed),
        // As in Plausible: the views of a visit are not those of one page.
        Metric::ViewsPerVisit => {
            grouped(Dimension::is_of_event)?;
            let page = |d: &Dimension| matches!(d, Dimension::Page | Dimension::Host);
            if question.axes().iter().any(page) {
                return Err("Metric \"views_per_visit\" cannot be filtered by page.".into());
            }
            Ok(())
        }
        Metric::ScrollDepth | Metric::TimeOnPage => {
            grouped(Dimension::is_deed)?;
            whole_pages(metric, question)
        }
        Metric::ExitRate => {
            // Where a visit ended is known by its page alone.
            let unknown = |d: &Dimension| d.is_of_event() && *d != Dimension::Page;
            if question.axes().iter().any(unknown) {
                return Err("Metric \"exit_rate\" knows of no host, event, goal or property.".into());
            }
            whole_pages(metric, question)
        }
        Metric::Vital(..) => match question.axes().iter().find(|d| d.is_deed()) {
            None => Ok(()),
            Some(_) => Err("Web vitals are those of pages, not of what was done there.".into()),
        },
        Metric::ConversionRate | Metric::GroupConversionRate => {
            if !asks(Dimension::Goal) {
                return Err(format!("Metric \"{}\" needs \"event:goal\".", metric.name()));
            }
            Ok(())
        }
    }
}

fn whole_pages(metric: Metric, question: &Question) -> Result<(), String> {
    let hours = question.dimensions.iter().any(|d| d.is_within_days());
    if hours || !question.axes().contains(&Dimension::Page) {
        return Err(format!("Metric \"{}\" needs \"event:page\", and whole days.", metric.name()));
    }
    Ok(())
}

fn order(question: &Question) -> Result<(), QuestionError> {
    for (index, (key, _)) in question.order_by.iter().enumerate() {
        let asked = match key {
            // A quotient of two answers: rows are paged before the second is known.
            OrderKey::Metric(Metric::GroupConversionRate) => false,
            OrderKey::Metric(metric) => question.metrics.contains(metric),
            OrderKey::Dimension(dimension) => question.dimensions.contains(dimension),
        };
        if !asked {
            return Err(QuestionError::invalid(
                "invalid_order_by",
                format!("#/order_by/{index}"),
                "Order only by a metric or dimension of the question.",
            ));
        }
    }
    Ok(())
}

impl Question {
    /// Every dimension but time that it groups by or tests of the counted events, each once.
    pub(crate) fn axes(&self) -> Vec<Dimension> {
        let tested = self.filters.iter().flat_map(Filter::own_tests).map(|test| test.dimension);
        let mut axes: Vec<Dimension> = Vec::new();
        for dimension in self.dimensions.iter().copied().filter(|d| !d.is_time()).chain(tested) {
            if !axes.contains(&dimension) {
                axes.push(dimension);
            }
        }
        axes
    }

    /// What its filters say of other events of the visit.
    pub(crate) fn deeds(&self) -> Vec<&Filter> {
        self.filters.iter().flat_map(Filter::deeds).collect()
    }
}
