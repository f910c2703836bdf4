//! Signatures as Markdown.

use std::fmt::Write;

use crate::base::Quantity;
use crate::lang::{LibraryEntry, LibraryFile};
use crate::script::HostFunction;
use crate::spec::{Fallback, Param, RIGHT_SIDE, Signature, Type};

/// Writes a signature with its parameters and its example.
pub(super) fn signature(signature: &Signature) -> String {
    let mut text = format!("## `{}`\n\n{}\n", signature.name, signature.doc);
    if !signature.details.is_empty() {
        put(&mut text, format_args!("\n{}\n", signature.details));
    }
    if !signature.params.is_empty() {
        text.push_str("\n| parameter | type | default | |\n| --- | --- | --- | --- |\n");
        for param in signature.params {
            text.push_str(&row(param));
        }
    }
    put(&mut text, format_args!("\n```crucible\n{}\n```\n", signature.example));
    text
}

/// Writes a host function.
pub(super) fn host_function(function: &HostFunction) -> String {
    format!(
        "## `{}`\n\n{}\n\n```rhai\n{}\n```\n",
        function.signature, function.doc, function.example
    )
}

/// Writes a file of the library with all that it defines.
pub(super) fn library_file(file: &LibraryFile) -> String {
    let mut text = format!("## `{}`\n\n{}\n", file.path, file.doc);
    for entry in &file.entries {
        text.push('\n');
        text.push_str(&library_entry(entry, file.path));
    }
    text
}

/// Writes what a file of the library defines under one name.
pub(super) fn library_entry(entry: &LibraryEntry, path: &str) -> String {
    let language = if entry.kind == "function" { "rhai" } else { "crucible" };
    format!(
        "### `{}`\n\nA {}, brought by `use {path}::{}`. {}\n\n```{language}\n{}\n```\n",
        entry.name, entry.kind, entry.name, entry.doc, entry.text
    )
}

/// Writing to a string cannot fail.
fn put(text: &mut String, part: std::fmt::Arguments<'_>) {
    let _written = text.write_fmt(part);
}

fn row(param: &Param) -> String {
    let name = if param.name == RIGHT_SIDE {
        format!("`{RIGHT_SIDE}`")
    } else {
        format!("`{}:`", param.name)
    };
    let operational = if param.operational {
        " Says only how the work is done: changing it continues the run."
    } else {
        ""
    };
    format!(
        "| {name} | {} | {} | {}{operational} |\n",
        cell(&type_words(param.ty)),
        cell(&default_words(param.fallback)),
        cell(param.doc),
    )
}

/// A bar would end the cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn default_words(fallback: Fallback) -> String {
    match fallback {
        Fallback::Required => "required".to_owned(),
        Fallback::Absent => String::new(),
        Fallback::Bool(flag) => format!("`{flag}`"),
        Fallback::Quantity(value, unit) => format!("`{}`", Quantity::new(value, unit)),
        Fallback::Word(word) => format!("`{word}`"),
        Fallback::Text(text) => format!("`\"{text}\"`"),
    }
}

/// Returns a type as a reader calls it.
fn type_words(ty: Type) -> String {
    match ty {
        Type::Any => "any value".to_owned(),
        Type::Bool => "`true` or `false`".to_owned(),
        Type::Text => "text".to_owned(),
        Type::Count => "whole number".to_owned(),
        Type::Number => "number".to_owned(),
        Type::Fraction => "fraction: `70%`".to_owned(),
        Type::Points => "difference of fractions: `5pp`".to_owned(),
        Type::Duration => "duration: `30s`".to_owned(),
        Type::Money => "money: `$5.00`".to_owned(),
        Type::Price => "price: `$0.15/Mtok`".to_owned(),
        Type::Rate => "rate: `600/min`".to_owned(),
        Type::List(of) => format!("list of {}", type_words(*of)),
        Type::Map => "map".to_owned(),
        Type::OneOf(types) => {
            let words: Vec<String> = types.iter().copied().map(type_words).collect();
            words.join(", or ")
        }
        Type::Choice(words) => {
            let words: Vec<String> =
                words.iter().map(|word| format!("`{word}`")).collect();
            words.join(", ")
        }
        Type::Function(params) => format!("function `|{}|`", params.join(", ")),
        Type::Template => "template".to_owned(),
        Type::Prompt => "prompt".to_owned(),
        Type::Model => "model".to_owned(),
        Type::Strategy => "strategy".to_owned(),
        Type::Dataset => "dataset".to_owned(),
        Type::Scorer => "metric".to_owned(),
        Type::Distribution => "distribution".to_owned(),
        Type::Delay => "delay".to_owned(),
        Type::Schedule => "schedule".to_owned(),
        Type::Likeness => "likeness".to_owned(),
        Type::Extractor => "extractor".to_owned(),
        Type::Sampling => "sampling".to_owned(),
        Type::Looks => "looks: `sequential(looks: 5)`".to_owned(),
        Type::Claim => "claim".to_owned(),
        Type::Estimand => "number of a claim".to_owned(),
        Type::PowerGoal => "power: `80% to detect 5pp`".to_owned(),
        Type::Definition => "definition".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Unit;

    const SAMPLE: Signature = Signature::new("shout", Type::Strategy, "Shouts.")
        .with_details("Loudly.")
        .with_params(&[
            Param::required("words", Type::List(&Type::Text), "What is shouted."),
            Param::default(
                "volume",
                Type::Fraction,
                Fallback::Quantity(0.9, Unit::Fraction),
                "How loud.",
            )
            .operational(),
            Param::optional("how", Type::Function(&["a", "b"]), "A way."),
        ])
        .with_example("condition loud = shout([\"a\"])");

    #[test]
    fn a_signature_is_a_section_with_a_table_and_an_example() {
        let expected = "## `shout`

Shouts.

Loudly.

| parameter | type | default | |
| --- | --- | --- | --- |
| `words:` | list of text | required | What is shouted. |
| `volume:` | fraction: `70%` | `90%` | How loud. Says only how the work is done: changing it continues the run. |
| `how:` | function `\\|a, b\\|` |  | A way. |

```crucible
condition loud = shout([\"a\"])
```
";
        assert_eq!(signature(&SAMPLE), expected);
    }
}
