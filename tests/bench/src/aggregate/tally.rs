//! Figures against their targets, each printed as it comes.

use std::time::Duration;

use crate::report::say;

/// Which targets were missed.
#[derive(Default)]
pub(crate) struct Tally {
    judged: usize,
    missed: Vec<String>,
}

impl Tally {
    /// A figure that is to be at most so much.
    pub(crate) fn at_most(&mut self, what: &str, figure: f64, unit: &str, target: f64) {
        self.judge(what, figure, unit, "at most", target, figure <= target);
    }

    /// A figure that is to be at least so much.
    pub(crate) fn at_least(&mut self, what: &str, figure: f64, unit: &str, target: f64) {
        self.judge(what, figure, unit, "at least", target, figure >= target);
    }

    fn judge(&mut self, what: &str, figure: f64, unit: &str, side: &str, target: f64, met: bool) {
        self.judged += 1;
        let verdict = if met { "met" } else { "MISSED" };
        say(&format!("{verdict:<9} {what}: {figure:.2} {unit} (target: {side} {target} {unit})"));
        if !met {
            self.missed.push(what.to_owned());
        }
    }

    /// The last word.
    pub(crate) fn end(&self) {
        let missed = if self.missed.is_empty() { "none".to_owned() } else { self.missed.join("; ") };
        say(&format!("targets   {} looked at, missed: {missed}", self.judged));
    }
}

/// Times of one thing, done again and again.
#[derive(Clone, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// In milliseconds; `permille` of the times are no longer.
    pub(crate) fn quantile(&self, permille: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort();
        let at = (sorted.len() * permille).div_ceil(1000).saturating_sub(1);
        sorted.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }

    pub(crate) fn p50(&self) -> f64 {
        self.quantile(500)
    }

    pub(crate) fn p95(&self) -> f64 {
        self.quantile(950)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_times_that_were_measured() {
        let mut times = Times::default();
        for ms in (1..=100).rev() {
            times.add(Duration::from_millis(ms));
        }
        assert_eq!((times.p50(), times.p95(), times.quantile(1000)), (50.0, 95.0, 100.0));
        assert!(Times::default().p50().is_nan());
    }
}
