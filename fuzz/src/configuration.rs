//! The settings of the whole program: read, or refused with every mistake named; and no secret is ever shown.

use sanaq::config::sections::{
    ClickHouse, Collector, Data, Engine, Journal, Log, Operations, Public, Seal, Staff,
};
use serve::config::{Document, Environment, effective, reference};

use crate::{line, text};

/// The first line is a `SANAQ_…` variable with its value, the rest the file.
pub fn run(bytes: &[u8]) {
    let (variable, file) = line(bytes);
    let variable = text(variable);
    let environment = Environment::of(variable.split_once('='));
    let mut document = Document::parse(&text(file), environment);
    let _data: Data = document.section();
    let _public: Public = document.section();
    let _staff: Staff = document.section();
    let _operations: Operations = document.section();
    let _collector: Collector = document.section();
    let _journal: Journal = document.section();
    let clickhouse: ClickHouse = document.section();
    let _engine: Engine = document.section();
    let _seal: Seal = document.section();
    let _log: Log = document.section();
    match document.finish() {
        Ok(read) => {
            assert_eq!(read.sections.len(), 10);
            let shown = effective(&read.sections);
            if let Some(password) = clickhouse.password.filter(|password| password.reveal().len() > 12) {
                assert!(!shown.contains(password.reveal()), "a secret is shown");
            }
            assert!(!reference(&read.sections).is_empty());
        }
        Err(mistakes) => {
            assert!(!mistakes.0.is_empty(), "a refusal says why");
            assert!(mistakes.0.iter().all(|mistake| !mistake.code.is_empty() && !mistake.message.is_empty()));
            assert!(!mistakes.to_string().is_empty());
        }
    }
}
