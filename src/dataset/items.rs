//! `items`: rows that stand in the file, or that a closure makes.

use serde_json::{Map, Value as Json};

use crate::base::{Digester, Span};
use crate::dataset::error::{DatasetError, Place, Problem};
use crate::dataset::field;
use crate::dataset::gather::{FILTER, Gatherer, ID, INPUT, SAMPLE, TARGET};
use crate::dataset::row::{Row, kind};
use crate::dataset::{Desk, IN_MEMORY, Loaded};
use crate::script::{Callable, ScriptRun, captured, to_json};
use crate::spec::{Call, Complaint, Param, Signature, Type, Value};

pub(super) const SIGNATURE: Signature = Signature::new(
    "items",
    Type::Dataset,
    "Makes items of a list in the file, or of a closure called for 0, 1, 2 …",
)
.with_details(
    "An element of the list is a map of columns, or a text, which is the input. A closure \
     returns the same: `items(100, |i| #{ input: `What is ${i} + 1?`, target: i + 1 })`.",
)
.with_params(&[
    Param::required(
        "items",
        Type::OneOf(&[Type::Count, Type::List(&Type::OneOf(&[Type::Map, Type::Text]))]),
        "The rows, or how many of them the closure makes.",
    ),
    Param::optional(
        "row",
        Type::Function(&["i"]),
        "Makes the row of a number; the first is 0.",
    ),
    INPUT,
    TARGET,
    ID,
    FILTER,
    SAMPLE,
])
.with_example("dataset pair = items([{ input: \"What is 1 + 1?\", target: 2 }, { input: \"What is 2 + 3?\", target: 5 }])")
.with_check(check);

fn check(call: &Call) -> Vec<Complaint> {
    let complaint = |param, message: &str, help: &str| {
        let help = Some(help.to_owned());
        vec![Complaint { param: Some(param), message: message.to_owned(), help }]
    };
    let texts = field::check(call);
    if !texts.is_empty() {
        return texts;
    }
    let closure = call.function("row").is_some();
    match call.arg("items") {
        Some(Value::List(values)) if values.is_empty() => complaint(
            "items",
            "the list is empty; there is nothing to ask",
            "write an item",
        ),
        Some(Value::List(_)) if closure => complaint(
            "row",
            "a list of items takes no closure",
            "write a number before the closure, as in `items(100, |i| …)`",
        ),
        Some(Value::List(values)) => check_list(call, values),
        Some(Value::Quantity(_)) if !closure => complaint(
            "items",
            "a number of items needs a closure that makes them",
            "write `items(100, |i| #{ input: `…${i}`, target: i })`",
        ),
        Some(Value::Quantity(count)) if count.value < 1.0 => {
            complaint("items", "0 items leave nothing to ask", "write at least 1")
        }
        Some(_) | None => Vec::new(),
    }
}

/// Loads a list of which every value is known before anything runs.
fn check_list(call: &Call, values: &[Value]) -> Vec<Complaint> {
    let closures = call.args.values().any(|arg| arg.value.as_function().is_some());
    if closures {
        return Vec::new();
    }
    let loaded = Gatherer::new(call, None, 0, IN_MEMORY).and_then(|mut gatherer| {
        gather_list(values, call.span, &mut gatherer)?;
        gatherer.finish()
    });
    let Err(error) = loaded else { return Vec::new() };
    let param = match error.problem.as_ref() {
        Problem::MissingColumn { parameter, .. }
        | Problem::WrongValue { parameter, .. }
            if call.args.contains_key(*parameter) =>
        {
            Some(*parameter)
        }
        Problem::TooFew { .. } => Some("sample"),
        Problem::Unreadable { .. }
        | Problem::Malformed(_)
        | Problem::MissingColumn { .. }
        | Problem::WrongValue { .. }
        | Problem::DuplicateId { .. }
        | Problem::Script(_)
        | Problem::Empty { .. }
        | Problem::Spool(_)
        | Problem::Shape(_) => Some("items"),
    };
    vec![Complaint { param, message: error.to_string(), help: error.help }]
}

pub(super) fn load(call: &Call, desk: &Desk<'_>) -> Result<Loaded, DatasetError> {
    let mut gatherer =
        Gatherer::new(call, Some(desk.workshop), desk.seed, desk.in_memory)?;
    match (call.arg("items"), call.function("row")) {
        (Some(Value::List(values)), _) => {
            gather_list(values, call.span, &mut gatherer)?;
        }
        (Some(_), Some(function)) => {
            let callable = desk.workshop.callable(function).map_err(|problem| {
                DatasetError::new(function.span, Problem::Script(problem.message))
            })?;
            for number in 0..call.count("items").unwrap_or(0) {
                if gatherer.is_full() {
                    break;
                }
                gatherer.offer(made(&callable, number, desk.seed)?)?;
            }
        }
        (Some(_) | None, _) => {
            let message = "a number of items needs a closure that makes them".to_owned();
            return Err(DatasetError::new(call.span, Problem::Shape(message)));
        }
    }
    Ok(Loaded { items: gatherer.finish()?, files: Vec::new() })
}

fn gather_list(
    values: &[Value],
    span: Span,
    gatherer: &mut Gatherer,
) -> Result<(), DatasetError> {
    for (number, value) in (1..).zip(values) {
        gatherer.offer(row(to_json(&captured(value)), number, span)?)?;
    }
    Ok(())
}

/// Makes the row of a number, from 0.
fn made(callable: &Callable, number: u64, seed: u64) -> Result<Row, DatasetError> {
    let place = Place::Row(number + 1);
    let key = Digester::new("made").number(seed).number(number).finish();
    let argument = i64::try_from(number).unwrap_or(i64::MAX).into();
    let value = callable
        .call(vec![argument], &ScriptRun::keyed(key))
        .map_err(|failure| DatasetError::script(failure).at(place))?;
    row(to_json(&value), number + 1, callable.span())
}

fn row(value: Json, number: u64, span: Span) -> Result<Row, DatasetError> {
    let place = Place::Row(number);
    match value {
        Json::Object(columns) => Ok(Row::new(number, place, columns)),
        Json::String(text) => {
            let columns = Map::from_iter([("input".to_owned(), Json::String(text))]);
            Ok(Row::new(number, place, columns))
        }
        other @ (Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_)) => {
            let message =
                format!("an item is a map of columns or a text, not {}", kind(&other));
            Err(DatasetError::new(span, Problem::Shape(message)).at(place))
        }
    }
}
