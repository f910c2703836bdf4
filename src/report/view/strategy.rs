//! A strategy in sentences and as a tree.

use schemars::JsonSchema;
use serde::Serialize;

use crate::catalogue;
use crate::report::words;
use crate::spec::{Call, Value};

/// How much further in a line stands than the one that asks it.
const STEP: usize = 2;

/// One line of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(in crate::report) struct TreeLine {
    /// How deep it stands.
    pub(in crate::report) indent: usize,
    pub(in crate::report) text: String,
    /// So many spaces.
    pub(in crate::report) pad: String,
    /// Whether it stands deeper than the line before, or is the first.
    pub(in crate::report) deeper: bool,
    /// An entry for each list that ends before this line.
    pub(in crate::report) up: Vec<u8>,
    /// In the last line, an entry for each list that is open.
    pub(in crate::report) end: Vec<u8>,
}

/// Writes a strategy as a tree: calls with their plain arguments, and below each the
/// strategies that it asks. Neighbours that are equal are counted.
pub(super) fn tree(call: &Call) -> Vec<TreeLine> {
    let mut lines = Vec::new();
    grow(call, 0, "", &mut lines);
    nest(&mut lines);
    lines
}

/// Says where the lists of a tree begin and end.
fn nest(lines: &mut [TreeLine]) {
    let mut before = None;
    for line in &mut *lines {
        let depth = line.indent / STEP;
        line.deeper = before.is_none_or(|before| depth > before);
        line.up = vec![0; before.map_or(0, |before| before.saturating_sub(depth))];
        before = Some(depth);
    }
    if let (Some(last), Some(depth)) = (lines.last_mut(), before) {
        last.end = vec![0; depth + 1];
    }
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
    lines.push(TreeLine {
        indent,
        text,
        pad: " ".repeat(indent),
        deeper: false,
        up: Vec::new(),
        end: Vec::new(),
    });
    let mut rest = below.as_slice();
    while let Some(first) = rest.first() {
        let same =
            rest.iter().take_while(|other| other.digest() == first.digest()).count();
        let before = if same > 1 { format!("{same} × ") } else { String::new() };
        grow(first, indent + STEP, &before, lines);
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
