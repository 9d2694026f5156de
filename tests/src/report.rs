//! What a scenario measured, against what is promised.

use std::fmt;

/// What it means when a figure does not meet its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A promise is broken: the run has failed.
    Promise,
    /// It is slower or larger than it should be: said, and no more, as it depends on the machine.
    Speed,
}

/// One figure.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What was measured.
    pub what: &'static str,
    /// What came out.
    pub measured: String,
    /// What should.
    pub target: &'static str,
    /// What it means.
    pub kind: Kind,
    /// Whether it is as it should be.
    pub met: bool,
}

/// All figures of a scenario.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its name.
    pub scenario: &'static str,
    /// In the order they were measured.
    pub figures: Vec<Figure>,
}

impl Report {
    /// An empty one.
    #[must_use]
    pub fn of(scenario: &'static str) -> Self {
        Self { scenario, figures: Vec::new() }
    }

    /// A figure that a promise rests on.
    pub fn promise(
        &mut self,
        what: &'static str,
        measured: impl fmt::Display,
        target: &'static str,
        met: bool,
    ) {
        self.add(what, &measured, target, Kind::Promise, met);
    }

    /// A figure that depends on the machine.
    pub fn speed(
        &mut self,
        what: &'static str,
        measured: impl fmt::Display,
        target: &'static str,
        met: bool,
    ) {
        self.add(what, &measured, target, Kind::Speed, met);
    }

    /// What is told for the sake of the rest.
    pub fn note(&mut self, what: &'static str, measured: impl fmt::Display) {
        self.add(what, &measured, "", Kind::Speed, true);
    }

    fn add(
        &mut self,
        what: &'static str,
        measured: &dyn fmt::Display,
        target: &'static str,
        kind: Kind,
        met: bool,
    ) {
        self.figures.push(Figure { what, measured: measured.to_string(), target, kind, met });
    }

    /// Whether every promise was kept.
    #[must_use]
    pub fn kept(&self) -> bool {
        self.figures.iter().all(|figure| figure.met || figure.kind == Kind::Speed)
    }

    /// The promises that were broken, for the message of a test.
    #[must_use]
    pub fn broken(&self) -> Vec<&'static str> {
        let broken = self.figures.iter().filter(|figure| !figure.met && figure.kind == Kind::Promise);
        broken.map(|figure| figure.what).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Figure { what, measured, target, kind, met } in &self.figures {
            let verdict = match (met, kind) {
                _ if target.is_empty() => "",
                (true, _) => "met",
                (false, Kind::Promise) => "**BROKEN**",
                (false, Kind::Speed) => "missed",
            };
            writeln!(f, "| {} | {what} | {measured} | {target} | {verdict} |", self.scenario)?;
        }
        Ok(())
    }
}
