//! Which metrics and dimensions go together.

use super::{DateRange, Dimension, Metric, OrderKey, Question, QuestionError};

pub(super) fn combination(question: &Question) -> Result<(), QuestionError> {
    dimensions(question)?;
    realtime(question)?;
    for (index, metric) in question.metrics.iter().enumerate() {
        metric_with_dimensions(*metric, &question.dimensions, index)?;
    }
    order(question)
}

fn dimensions(question: &Question) -> Result<(), QuestionError> {
    let times = question.dimensions.iter().filter(|d| d.is_time()).count();
    let others = question.dimensions.len() - times;
    let refuse = |message| Err(QuestionError::invalid("unsupported_combination", "#/dimensions", message));
    if times > 1 {
        return refuse("At most one dimension of time.");
    }
    if others > 1 {
        return refuse("At most one dimension besides time.");
    }
    if others == 1 && question.dimensions.iter().any(|d| matches!(d, Dimension::TimeHour | Dimension::Time)) {
        return refuse("Besides another dimension, time goes by day, week or month.");
    }
    Ok(())
}

fn realtime(question: &Question) -> Result<(), QuestionError> {
    let plain = question.metrics == [Metric::Visitors] && question.dimensions.is_empty();
    if question.date_range == DateRange::Realtime && !plain {
        return Err(QuestionError::invalid(
            "unsupported_combination",
            "#/date_range",
            "The range \"realtime\" answers visitors alone, without dimensions.",
        ));
    }
    Ok(())
}

fn metric_with_dimensions(
    metric: Metric,
    dimensions: &[Dimension],
    index: usize,
) -> Result<(), QuestionError> {
    let refused = dimensions.iter().find(|dimension| match metric {
        // No visit is entered by an event, so these have nothing to be the mean of.
        Metric::BounceRate | Metric::VisitDuration | Metric::EngagedTime => {
            **dimension == Dimension::EventName
        }
        // As in Plausible: the views of a visit are not those of one page.
        Metric::ViewsPerVisit => {
            matches!(dimension, Dimension::EventName | Dimension::Page | Dimension::Host)
        }
        Metric::Visitors | Metric::Visits | Metric::Pageviews | Metric::Events => false,
    });
    match refused {
        None => Ok(()),
        Some(dimension) => Err(QuestionError::invalid(
            "unsupported_combination",
            format!("#/metrics/{index}"),
            format!("Metric \"{}\" cannot be grouped by \"{}\".", metric.name(), dimension.name()),
        )),
    }
}

fn order(question: &Question) -> Result<(), QuestionError> {
    for (index, (key, _)) in question.order_by.iter().enumerate() {
        let asked = match key {
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
