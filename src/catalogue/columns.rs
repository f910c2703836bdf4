//! Columns that no item has, told before anything is asked: in prompts, in `target:` of a
//! metric, in closures of the item, in `cluster:` and in `by:`.

use std::collections::BTreeSet;

use crate::base::Span;
use crate::catalogue::error::AssembleError;
use crate::catalogue::lists;
use crate::record::Items;
use crate::script::{Host, Snippet};
use crate::spec::{
    Call, Column, Experiment, Function, PromptSpec, Signatures, Type, Value,
};
use crate::text::Template;

/// Looks for columns that no item has.
///
/// # Errors
///
/// At the first that the experiment reads.
pub(super) fn check(
    experiment: &Experiment,
    items: &Items,
    host: &Host,
) -> Result<(), AssembleError> {
    if items.is_empty() {
        return Ok(());
    }
    groups(experiment, items)?;
    slices(experiment, items)?;
    let reader = Reader { experiment, items, host, signatures: lists::signatures() };
    for condition in &experiment.conditions {
        reader.call(&condition.strategy)?;
    }
    for metric in &experiment.metrics {
        reader.call(&metric.call)?;
    }
    Ok(())
}

/// Every item needs the column of `cluster:`; its groups are the units of every test.
fn groups(experiment: &Experiment, items: &Items) -> Result<(), AssembleError> {
    let header = &experiment.header;
    let Some(column) = &header.cluster else { return Ok(()) };
    let Some(bare) = items.iter().find(|item| item.lookup(column).is_none()) else {
        return Ok(());
    };
    if items.iter().all(|item| item.lookup(column).is_none()) {
        return Err(unknown(column, "`cluster:`", items, header.cluster_span));
    }
    Err(AssembleError {
        message: format!(
            "the item `{}` has no column `{column}` for `cluster:`; each item needs its group",
            bare.id
        ),
        span: header.cluster_span,
        help: None,
    })
}

/// The most values that a column may have by which results are cut.
const MOST_SLICES: usize = 100;

/// Columns of `by:` need a value in some item, and few different ones.
fn slices(experiment: &Experiment, items: &Items) -> Result<(), AssembleError> {
    let of_metrics = experiment.metrics.iter().flat_map(|metric| &metric.by);
    for Column { name, span } in experiment.report.by.iter().chain(of_metrics) {
        let mut values = BTreeSet::new();
        for item in items.iter() {
            values.extend(item.lookup(name).map(|value| value.to_string()));
        }
        if values.is_empty() {
            return Err(unknown(name, "`by:`", items, *span));
        }
        if values.len() > MOST_SLICES {
            return Err(AssembleError {
                message: format!(
                    "the column `{name}` has {} values, and `by:` takes at most {MOST_SLICES}",
                    values.len()
                ),
                span: *span,
                help: Some("name a column of few values, such as a topic".to_owned()),
            });
        }
    }
    Ok(())
}

struct Reader<'a> {
    experiment: &'a Experiment,
    items: &'a Items,
    host: &'a Host,
    signatures: Signatures,
}

impl Reader<'_> {
    /// Looks at a call and what it holds. Of a strategy in Rhai only its own closure: it may
    /// hand other items to what it was given.
    fn call(&self, call: &Call) -> Result<(), AssembleError> {
        if let Some(body) = &call.body {
            return self.function(body, &["ctx", "item"]);
        }
        let signature = self.signatures.find(&call.name);
        for (name, argument) in &call.args {
            let param = signature.and_then(|signature| signature.param(name));
            let ty = param.map_or(Type::Any, |param| param.ty);
            self.value(&argument.value, ty, argument.span)?;
        }
        Ok(())
    }

    fn value(&self, value: &Value, ty: Type, at: Span) -> Result<(), AssembleError> {
        match value {
            Value::Call(call) => self.call(call),
            Value::List(values) => {
                let of = if let Type::List(of) = ty { *of } else { ty };
                values.iter().try_for_each(|value| self.value(value, of, at))
            }
            Value::Function(function) => match roles(ty) {
                Some(roles) => self.function(function, roles),
                None => Ok(()),
            },
            Value::Prompt(prompt) => self.prompt(prompt, at),
            Value::Text(text) if takes_template(ty) => {
                if text.contains("{{") {
                    self.template(text, None, at)
                } else {
                    self.path(text.trim(), "this metric", at)
                }
            }
            Value::Bool(_)
            | Value::Quantity(_)
            | Value::Text(_)
            | Value::Word(_)
            | Value::Map(_) => Ok(()),
        }
    }

    fn function(&self, function: &Function, roles: &[&str]) -> Result<(), AssembleError> {
        let study =
            self.host.study(&Snippet { params: &function.params, body: &function.body });
        let place = roles.iter().position(|role| *role == "item");
        let Some(item) = place.and_then(|place| function.params.get(place)) else {
            return Ok(());
        };
        let start = function.span.start as usize;
        for field in study.fields.iter().filter(|field| field.param == *item) {
            let (from, to) = (start + field.start, start + field.end);
            let span = Span::new(function.span.file, from, to);
            self.path(&field.field, "this closure", span)?;
        }
        Ok(())
    }

    fn prompt(&self, prompt: &PromptSpec, at: Span) -> Result<(), AssembleError> {
        let label = prompt.label.as_deref();
        for text in prompt.system.iter().chain([&prompt.template]) {
            self.template(text, label, at)?;
        }
        Ok(())
    }

    fn template(
        &self,
        text: &str,
        label: Option<&str>,
        at: Span,
    ) -> Result<(), AssembleError> {
        let Ok(template) = Template::parse(text) else { return Ok(()) };
        for path in template.paths() {
            if self.items.iter().all(|item| item.lookup(path).is_none()) {
                let span = self.place(path, label, at);
                return Err(unknown(path, "this prompt", self.items, span));
            }
        }
        Ok(())
    }

    fn path(&self, path: &str, what: &str, span: Span) -> Result<(), AssembleError> {
        if self.items.iter().all(|item| item.lookup(path).is_none()) {
            return Err(unknown(path, what, self.items, span));
        }
        Ok(())
    }

    /// Returns where a path stands: in the argument, in the prompt's definition, or, where it
    /// is in neither, the argument.
    fn place(&self, path: &str, label: Option<&str>, at: Span) -> Span {
        let own = self.experiment.sources.iter().find(|source| source.file == at.file);
        let (start, end) = (at.start as usize, at.end as usize);
        if let Some(piece) = own.and_then(|source| source.text.get(start..end))
            && let Some((from, to)) = braced(piece, path)
        {
            return Span::new(at.file, start + from, start + to);
        }
        let Some(label) = label else { return at };
        for source in &self.experiment.sources {
            let head = format!("prompt {label}");
            let Some(begin) = source.text.find(&head) else { continue };
            let rest = source.text.get(begin..).unwrap_or_default();
            if let Some((from, to)) = braced(rest, path) {
                return Span::new(source.file, begin + from, begin + to);
            }
        }
        at
    }
}

/// Finds `{{ path }}` in a piece of text: the bytes of the path.
fn braced(text: &str, path: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(found) = text.get(from..)?.find("{{") {
        let start = from + found + 2;
        let inside = text.get(start..)?;
        let held = inside.get(..inside.find("}}")?)?;
        if held.trim() == path {
            let lead = held.len() - held.trim_start().len();
            return Some((start + lead, start + lead + path.len()));
        }
        from = start;
    }
    None
}

/// The parameters of the closure that a type takes.
fn roles(ty: Type) -> Option<&'static [&'static str]> {
    if let Type::OneOf(types) = ty {
        return types.iter().find_map(|ty| roles(*ty));
    }
    if let Type::Function(roles) = ty { Some(roles) } else { None }
}

fn takes_template(ty: Type) -> bool {
    if let Type::OneOf(types) = ty {
        return types.iter().any(|ty| takes_template(*ty));
    }
    ty == Type::Template
}

/// Says that no item has a column, and which there are.
fn unknown(path: &str, what: &str, items: &Items, span: Span) -> AssembleError {
    const MOST: usize = 12;
    let mut known = vec!["id", "input", "target"];
    let first_item = items.get(0);
    if let Some(first) = &first_item {
        let own = first.columns.keys().map(String::as_str);
        known.extend(own.filter(|name| !["id", "input", "target"].contains(name)));
    }
    let first = path.split('.').next().unwrap_or(path);
    let near = known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(known, first), *known))
        .filter(|(distance, known)| *distance <= 1 + known.chars().count() / 4)
        .min();
    let mut listed: Vec<String> =
        known.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    if known.len() > MOST {
        listed.push(format!("{} more", known.len() - MOST));
    }
    AssembleError {
        message: format!("no item has a column `{path}` for {what}"),
        span,
        help: Some(match near {
            Some((_, near)) if near != first => format!("did you mean `{near}`?"),
            Some(_) | None => format!("an item has {}", listed.join(", ")),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_between_its_braces() {
        assert_eq!(braced("a {{ hint }} b", "hint"), Some((5, 9)));
        assert_eq!(braced("{{input}} {{hint}}", "hint"), Some((12, 16)));
        assert_eq!(braced("hint {{ input }}", "hint"), None);
    }
}
