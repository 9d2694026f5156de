//! `sanaq config …`

use serve::config::{Environment, effective, reference};

use super::{print, tell};
use crate::cli;
use crate::config::Config;
use crate::exit::Failure;

pub(super) fn run(command: cli::Config) -> Result<(), Failure> {
    match command {
        cli::Config::Check { installation } => {
            let config = Config::load(&installation)?;
            for variable in &config.reading.ignored_variables {
                tell(&format!("sanaq: the variable {variable} means nothing here"));
            }
            print(effective(&config.reading.sections).trim_end())
        }
        cli::Config::Reference => print(reference_page()?.trim_end()),
    }
}

const HEADING: &str = "# Configuration

Printed by `sanaq config reference`; a test fails when this page is stale. Every key may stand in the TOML file that `--config` names, or in
the environment, which wins. Unknown keys are refused, and all mistakes are told at once: `sanaq config check`.
";

/// The whole of `docs/configuration.md`.
fn reference_page() -> Result<String, Failure> {
    let config = Config::read(None, None, Environment::default())?;
    Ok(format!("{HEADING}{}", reference(&config.reading.sections)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_page_is_what_the_program_reads() {
        let page = include_str!("../../../../docs/configuration.md");
        let fresh = reference_page().unwrap_or_else(|failure| panic!("{}", failure.error));
        assert_eq!(page.trim_end(), fresh.trim_end(), "run: sanaq config reference > docs/configuration.md");
    }

    #[test]
    fn the_annotated_configuration_is_read_without_a_mistake() {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/sanaq.toml");
        let config = Config::read(Some(&file), None, Environment::default());
        config.map_err(|failure| failure.error.to_string()).map(|_| ()).unwrap();
    }
}
