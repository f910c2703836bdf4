//! Checked calls in words: as they would be written, with names in place of trees.

use crate::spec::{Call, Value};

/// The longest text that is shown of a value.
const LONGEST: usize = 60;

/// The longest message that is shown of a failure.
const LONGEST_MESSAGE: usize = 300;

/// Writes a call as it would be written: `vote([mini, haiku], by: majority)`. Models and
/// prompts appear by name; defaults are left out.
pub(super) fn call(call: &Call) -> String {
    let lifted = call.name == "ask" && call.args.len() == 1;
    match (lifted, call.args.values().next()) {
        (true, Some(argument)) => format!("ask({})", value(&argument.value)),
        _ => format!("{}({})", call.name, arguments(call)),
    }
}

/// Writes the arguments of a call that were given, separated by commas.
pub(super) fn arguments(call: &Call) -> String {
    let mut parts = Vec::new();
    for (index, (name, argument)) in call.args.iter().enumerate() {
        if !argument.given {
            continue;
        }
        let shown = value(&argument.value);
        parts.push(if index == 0 { shown } else { format!("{name}: {shown}") });
    }
    parts.join(", ")
}

/// Writes a value.
pub(super) fn value(shown: &Value) -> String {
    match shown {
        Value::Bool(flag) => flag.to_string(),
        Value::Quantity(quantity) => quantity.to_string(),
        Value::Text(text) => format!("\"{}\"", shorten(text)),
        Value::Word(word) => word.clone(),
        Value::List(values) => {
            format!("[{}]", values.iter().map(value).collect::<Vec<_>>().join(", "))
        }
        Value::Map(map) => {
            let fields: Vec<_> = map
                .iter()
                .map(|(key, field)| format!("{key}: {}", value(field)))
                .collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Prompt(prompt) => match &prompt.label {
            Some(label) => label.clone(),
            None => format!("\"{}\"", shorten(&prompt.template)),
        },
        Value::Function(function) => {
            format!("|{}| {}", function.params.join(", "), shorten(&function.body))
        }
        Value::Call(inner) => match &inner.label {
            Some(label) => label.clone(),
            None => call(inner),
        },
    }
}

/// Puts text on one line and cuts it where it is long.
pub(super) fn shorten(text: &str) -> String {
    cut(text, LONGEST)
}

/// Puts a message on one line, whole unless it is very long.
pub(super) fn message(text: &str) -> String {
    cut(text, LONGEST_MESSAGE)
}

fn cut(text: &str, longest: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= longest {
        return line;
    }
    let cut: String = line.chars().take(longest - 1).collect();
    format!("{cut}…")
}

/// Writes a count with its noun: `1 metric`, `2 metrics`.
pub(super) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", crate::report::round::count(n), if n == 1 { one } else { many })
}
