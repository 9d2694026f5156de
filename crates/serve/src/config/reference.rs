//! Showing settings: the reference page, and what is in effect.

use std::fmt::Write as _;

use super::{Origin, Section};

/// The reference of these sections in Markdown, for `docs/configuration.md`.
#[must_use]
pub fn reference(sections: &[Section]) -> String {
    let mut page = String::new();
    for Section { name, doc, keys } in sections {
        let _ = write!(
            page,
            "\n## `[{name}]`\n\n{doc}\n\n| key, variable | values | default | what for |\n|---|---|---|---|\n"
        );
        for key in keys {
            let variable = format!("SANAQ_{name}_{}", key.name).to_ascii_uppercase();
            let default =
                key.default.as_ref().map_or_else(|| "not set".into(), |default| format!("`{default}`"));
            let doc = key.doc.replace('|', "\\|");
            let _ = writeln!(page, "| `{}`<br>`{variable}` | {} | {default} | {doc} |", key.name, key.kind);
        }
    }
    page
}

/// What is in effect, secrets as `***`, each with its origin, for `sanaq config check`.
#[must_use]
pub fn effective(sections: &[Section]) -> String {
    let mut text = String::new();
    for Section { name, keys, .. } in sections {
        let _ = writeln!(text, "[{name}]");
        for key in keys {
            let value = key.value.as_deref().unwrap_or("not set");
            let origin = match key.origin {
                Origin::Default => "default",
                Origin::File => "file",
                Origin::Environment => "environment",
            };
            let _ = writeln!(text, "{} = {value}  # {origin}", key.name);
        }
        text.push('\n');
    }
    text
}
