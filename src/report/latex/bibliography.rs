//! Sources as BibTeX.
#![expect(clippy::format_push_string, reason = "short lines of a page")]

use super::escaped;
use crate::report::view::Reference;

/// Writes one entry for each source.
pub(super) fn bibtex(references: &[Reference]) -> String {
    let mut text = String::new();
    for reference in references {
        text += &format!("@{}{{{},\n", reference.kind, reference.key);
        for (field, value) in &reference.fields {
            // The second braces keep capitals as they are.
            let value = escaped(value).replace("\\allowbreak{}", "");
            text += &match *field {
                "title" => format!("  title = {{{{{value}}}}},\n"),
                field => format!("  {field} = {{{value}}},\n"),
            };
        }
        text += "}\n";
    }
    text
}
