//! A strategy in sentences and as a tree.

use schemars::JsonSchema;
use serde::Serialize;

use crate::catalogue;
use crate::report::words;
use crate::spec::{Call, Value};

/// One line of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(in crate::report) struct TreeLine {
    /// How deep it stands.
    pub(in crate::report) indent: usize,
    pub(in crate::report) text: String,
}

/// Writes a strategy as a tree: calls with their plain arguments, and below each the
/// strategies that it asks. Neighbours that are equal are counted.
pub(super) fn tree(call: &Call) -> Vec<TreeLine> {
    let mut lines = Vec::new();
    grow(call, 0, "", &mut lines);
    lines
}

fn grow(call: &Call, indent: usize, before: &str, lines: &mut Vec<TreeLine>) {
    let (mut plain, mut below) = (Vec::new(), Vec::new());
    for (index, (name, argument)) in call.args.iter().enumerate() {
        if !argument.given {
            continue;
        }
        let inner = strategies(&argument.value);
        if inner.is_empty() {
            let shown = words::value(&argument.value);
            plain.push(if index == 0 { shown } else { format!("{name}: {shown}") });
        } else {
            below.extend(inner);
        }
    }
    let name = &call.name;
    let text = match (plain.is_empty(), below.is_empty()) {
        (true, false) => format!("{before}{name} of"),
        (false, false) => format!("{before}{name}({}) of", plain.join(", ")),
        (_, true) => format!("{before}{name}({})", plain.join(", ")),
    };
    lines.push(TreeLine { indent, text });
    let mut rest = below.as_slice();
    while let Some(first) = rest.first() {
        let same =
            rest.iter().take_while(|other| other.digest() == first.digest()).count();
        let before = if same > 1 { format!("{same} × ") } else { String::new() };
        grow(first, indent + 2, &before, lines);
        rest = rest.get(same..).unwrap_or_default();
    }
}

/// Returns the calls in a value that are written out, and no names of definitions.
fn strategies(value: &Value) -> Vec<&Call> {
    match value {
        Value::Call(call) if call.label.is_none() && is_strategy(call) => vec![call],
        Value::List(values) => values.iter().flat_map(strategies).collect(),
        Value::Call(_)
        | Value::Bool(_)
        | Value::Quantity(_)
        | Value::Text(_)
        | Value::Word(_)
        | Value::Map(_)
        | Value::Prompt(_)
        | Value::Function(_) => Vec::new(),
    }
}

fn is_strategy(call: &Call) -> bool {
    let known = catalogue::signatures();
    let strategy = |signature: &crate::spec::Signature| {
        matches!(signature.returns, crate::spec::Type::Strategy)
    };
    call.body.is_some() || known.find(&call.name).is_some_and(strategy)
}

/// Says in sentences what a strategy does.
pub(super) fn prose(call: &Call) -> String {
    let mut names: Vec<&str> = Vec::new();
    let mut scripted: Vec<&str> = Vec::new();
    collect(call, &mut names, &mut scripted);
    let known = catalogue::signatures();
    let mut sentences: Vec<String> = names
        .iter()
        .filter_map(|name| known.find(name))
        .map(|signature| {
            let doc = signature.doc.trim_end_matches('.');
            let mut letters = doc.chars();
            let first = letters.next().map(|c| c.to_lowercase().to_string());
            format!(
                "{} {}{}.",
                signature.name,
                first.unwrap_or_default(),
                letters.as_str()
            )
        })
        .collect();
    sentences.extend(
        scripted
            .iter()
            .map(|name| format!("{name} is a strategy that the file defines.")),
    );
    sentences.join(" ")
}

fn collect<'a>(call: &'a Call, names: &mut Vec<&'a str>, scripted: &mut Vec<&'a str>) {
    let list = if call.body.is_some() { &mut *scripted } else { &mut *names };
    if !list.contains(&call.name.as_str()) {
        list.push(&call.name);
    }
    for argument in call.args.values().filter(|argument| argument.given) {
        for inner in strategies(&argument.value) {
            collect(inner, names, scripted);
        }
    }
}
