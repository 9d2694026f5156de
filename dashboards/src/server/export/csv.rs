//! Rows of an answer as CSV (RFC 4180), for people who open it in a spreadsheet and for programs that read it.

use aggregator::Answer;
use aggregator::answer::Figure;

/// One table: a heading for each column, then the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    text: String,
}

impl Table {
    pub(super) fn new<'a>(headings: impl IntoIterator<Item = &'a str>) -> Self {
        let mut table = Self::default();
        table.line(headings.into_iter().map(text));
        table
    }

    /// The rows of an answer: its dimensions, then its metrics.
    pub(super) fn append(&mut self, answer: &Answer) {
        for row in &answer.results {
            let dimensions = row.dimensions.iter().map(|value| text(value));
            self.line(dimensions.chain(row.metrics.iter().map(figure)));
        }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn line(&mut self, cells: impl IntoIterator<Item = String>) {
        for (at, cell) in cells.into_iter().enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            self.text.push_str(&cell);
        }
        self.text.push_str("\r\n");
    }
}

/// A cell of text. What a spreadsheet would run as a formula is marked as text: the values of pages, referrers and campaigns
/// are whatever somebody on the net has sent.
fn text(value: &str) -> String {
    let mark = if value.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if value.contains([',', '"', '\n', '\r']) {
        format!("\"{mark}{}\"", value.replace('"', "\"\""))
    } else {
        format!("{mark}{value}")
    }
}

/// A figure; nothing where there is none to tell.
fn figure(figure: &Figure) -> String {
    match figure {
        Figure::Whole(whole) => whole.to_string(),
        Figure::Mean(mean) => mean.to_string(),
        Figure::Money { milli, currency } => {
            let sign = if *milli < 0 { "-" } else { "" };
            let milli = milli.unsigned_abs();
            format!("{sign}{}.{:03} {currency}", milli / 1000, milli % 1000)
        }
        Figure::Missing => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_a_formula_or_break_a_line_stays_text() {
        assert_eq!(text("/a,b"), "\"/a,b\"");
        assert_eq!(text("say \"hi\"\nthere"), "\"say \"\"hi\"\"\nthere\"");
        assert_eq!(text("=HYPERLINK(\"x\",\"y\")"), "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"");
        for dangerous in ["=1+1", "+1", "-1", "@sum", "\tx"] {
            assert!(text(dangerous).trim_start_matches('"').starts_with('\''), "{dangerous}");
        }
        assert_eq!(text("Қазақстан"), "Қазақстан");
    }

    #[test]
    fn a_figure_that_is_not_told_is_an_empty_cell() {
        assert_eq!(figure(&Figure::Missing), "");
        assert_eq!(figure(&Figure::Mean(1.25)), "1.25");
        assert_eq!(figure(&Figure::Money { milli: -1_050, currency: "KZT".into() }), "-1.050 KZT");
    }
}
