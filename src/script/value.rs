//! Values in and out: items, outputs, JSON, and the values of the file.

use std::sync::Arc;

use rhai::{Array, Dynamic, EvalAltResult, FLOAT, INT, ImmutableString, Map, Module};
use serde_json::Value as Json;

use crate::base::{Quantity, Unit};
use crate::record::{Item, Output};
use crate::spec::{Call, PromptSpec, Value};

/// An item, as a script sees it: fields are copied when they are read, nothing else is.
#[derive(Debug, Clone)]
struct ItemValue(Arc<Item>);

/// An output, as a script sees it.
#[derive(Debug, Clone)]
struct OutputValue(Arc<Output>);

/// A model, strategy or other call of the file that a script holds, to hand it to `ctx`.
#[derive(Debug, Clone)]
pub struct CallValue(pub Arc<Call>);

/// A prompt of the file that a script holds.
#[derive(Debug, Clone)]
pub struct PromptValue(pub Arc<PromptSpec>);

type Read = Result<Dynamic, Box<EvalAltResult>>;

/// Returns an item as a script sees it.
pub fn item_value(item: &Arc<Item>) -> Dynamic {
    Dynamic::from(ItemValue(Arc::clone(item)))
}

/// Returns an output as a script sees it.
pub fn output_value(output: &Arc<Output>) -> Dynamic {
    Dynamic::from(OutputValue(Arc::clone(output)))
}

/// Returns the item that a value is.
#[must_use]
pub fn item_of(value: &Dynamic) -> Option<Arc<Item>> {
    cast::<ItemValue>(value).map(|item| item.0)
}

/// Returns the output that a value is.
#[must_use]
pub fn output_of(value: &Dynamic) -> Option<Arc<Output>> {
    cast::<OutputValue>(value).map(|output| output.0)
}

/// Returns the value of a type that a script hands over. What a closure captured is shared,
/// and counts as what it holds.
#[must_use]
pub fn cast<T: Clone + Send + Sync + 'static>(value: &Dynamic) -> Option<T> {
    value.clone().flatten().try_cast::<T>()
}

/// Returns a JSON value as Rhai has it: whole numbers stay whole, `null` is `()`.
pub fn from_json(json: &Json) -> Dynamic {
    match json {
        Json::Null => Dynamic::UNIT,
        Json::Bool(flag) => (*flag).into(),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64().map_or(Dynamic::UNIT, Dynamic::from),
        },
        Json::String(text) => text.as_str().into(),
        Json::Array(list) => list.iter().map(from_json).collect::<Array>().into(),
        Json::Object(map) => map
            .iter()
            .map(|(key, value)| (key.as_str().into(), from_json(value)))
            .collect::<Map>()
            .into(),
    }
}

/// Returns a value of Rhai as JSON. `()`, and what JSON has no word for (NaN, a function),
/// is `null`; an item is the map of its columns and an output its text.
#[must_use]
pub fn to_json(value: &Dynamic) -> Json {
    if value.is_shared() {
        return to_json(&value.clone().flatten());
    }
    if value.is_unit() {
        return Json::Null;
    }
    if let Ok(whole) = value.as_int() {
        return whole.into();
    }
    if let Ok(float) = value.as_float() {
        return serde_json::Number::from_f64(float).map_or(Json::Null, Json::Number);
    }
    if let Ok(flag) = value.as_bool() {
        return flag.into();
    }
    if let Ok(c) = value.as_char() {
        return c.to_string().into();
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return text.as_str().into();
    }
    if let Ok(list) = value.as_array_ref() {
        return list.iter().map(to_json).collect();
    }
    if let Ok(map) = value.as_map_ref() {
        return map
            .iter()
            .map(|(key, value)| (key.to_string(), to_json(value)))
            .collect::<serde_json::Map<_, _>>()
            .into();
    }
    if let Ok(bytes) = value.as_blob_ref() {
        return bytes.iter().map(|byte| Json::from(*byte)).collect();
    }
    if let Some(item) = item_of(value) {
        return columns(&item).into();
    }
    output_of(value).map_or(Json::Null, |output| output.text.as_str().into())
}

fn columns(item: &Item) -> serde_json::Map<String, Json> {
    let mut map = item.columns.clone();
    map.insert("id".to_owned(), item.id.as_str().into());
    map.insert("input".to_owned(), item.input.as_str().into());
    map.insert("target".to_owned(), item.target.clone());
    map
}

/// Returns a value of the file as a script sees it: quantities in base units, counts whole.
/// A function is `()` here; whoever can compile it puts it in.
pub fn captured(value: &Value) -> Dynamic {
    match value {
        Value::Bool(flag) => (*flag).into(),
        Value::Quantity(quantity) => number(*quantity),
        Value::Text(text) | Value::Word(text) => text.as_str().into(),
        Value::List(values) => values.iter().map(captured).collect::<Array>().into(),
        Value::Map(map) => map
            .iter()
            .map(|(key, value)| (key.as_str().into(), captured(value)))
            .collect::<Map>()
            .into(),
        Value::Prompt(prompt) => {
            Dynamic::from(PromptValue(Arc::new(prompt.as_ref().clone())))
        }
        Value::Call(call) => Dynamic::from(CallValue(Arc::new(call.as_ref().clone()))),
        Value::Function(_) => Dynamic::UNIT,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
fn number(quantity: Quantity) -> Dynamic {
    let value = quantity.value;
    if quantity.unit == Unit::One && value.fract() == 0.0 && value.abs() < 9e15 {
        return (value as INT).into();
    }
    FLOAT::from(value).into()
}

/// Registers how items, outputs, models and prompts are read.
pub(super) fn register(module: &mut Module) {
    module
        .set_custom_type::<ItemValue>("item")
        .set_custom_type::<OutputValue>("output")
        .set_custom_type::<CallValue>("definition")
        .set_custom_type::<PromptValue>("prompt");
    items(module);
    outputs(module);
    module.set_getter_fn("name", |call: &mut CallValue| Ok(call.0.shown().to_owned()));
    module
        .set_native_fn("to_string", |call: &mut CallValue| Ok(call.0.shown().to_owned()));
    module.set_getter_fn("template", |prompt: &mut PromptValue| {
        Ok(prompt.0.template.clone())
    });
    module.set_getter_fn("system", |prompt: &mut PromptValue| {
        Ok(prompt.0.system.clone().map_or(Dynamic::UNIT, Dynamic::from))
    });
}

fn items(module: &mut Module) {
    module.set_getter_fn("input", |item: &mut ItemValue| {
        Ok(ImmutableString::from(item.0.input.as_str()))
    });
    module.set_getter_fn("target", |item: &mut ItemValue| Ok(from_json(&item.0.target)));
    module.set_getter_fn("id", |item: &mut ItemValue| {
        Ok(ImmutableString::from(item.0.id.as_str()))
    });
    module.set_indexer_get_fn(|item: &mut ItemValue, name: ImmutableString| {
        read_item(&item.0, &name)
    });
    module.set_native_fn("contains", |item: &mut ItemValue, name: ImmutableString| {
        Ok(item.0.lookup(&name).is_some())
    });
    module.set_native_fn("keys", |item: &mut ItemValue| {
        Ok(columns(&item.0).keys().map(|key| key.as_str().into()).collect::<Array>())
    });
    module.set_native_fn("to_string", |item: &mut ItemValue| Ok(item.0.input.clone()));
}

fn read_item(item: &Item, name: &str) -> Read {
    if let Some(value) = item.columns.get(name) {
        return Ok(from_json(value));
    }
    match name {
        "input" => Ok(item.input.as_str().into()),
        "id" => Ok(item.id.as_str().into()),
        "target" => Ok(from_json(&item.target)),
        _ => Err(unknown(
            "item",
            name,
            ["id", "input", "target"]
                .into_iter()
                .chain(item.columns.keys().map(String::as_str)),
        )),
    }
}

fn outputs(module: &mut Module) {
    module.set_getter_fn("text", |output: &mut OutputValue| {
        Ok(ImmutableString::from(output.0.text.as_str()))
    });
    module.set_setter_fn("text", |output: &mut OutputValue, text: ImmutableString| {
        Arc::make_mut(&mut output.0).text = text.into();
        Ok(())
    });
    module.set_setter_fn("confidence", |output: &mut OutputValue, value: FLOAT| {
        Arc::make_mut(&mut output.0).confidence = Some(value);
        Ok(())
    });
    module.set_indexer_get_fn(|output: &mut OutputValue, name: ImmutableString| {
        read_output(&output.0, &name)
    });
    module
        .set_native_fn("to_string", |output: &mut OutputValue| Ok(output.0.text.clone()));
}

/// What an output has.
pub const OUTPUT_FIELDS: &[&str] = &[
    "text",
    "confidence",
    "votes",
    "usage",
    "latency",
    "cost",
    "requests",
    "tokens_in",
    "tokens_out",
    "tokens_cached",
    "tokens_reasoning",
    "ttft",
    "waited",
    "trace",
    "consensus",
    "margin",
    "members_called",
    "hedged",
    "won_by",
    "wasted_cost",
];

fn read_output(output: &Output, name: &str) -> Read {
    let usage = &output.usage;
    let maybe = |value: Option<f64>| value.map_or(Dynamic::UNIT, Dynamic::from);
    let count = |value: Option<u64>| value.map_or(Dynamic::UNIT, whole);
    Ok(match name {
        "text" => output.text.as_str().into(),
        "confidence" => maybe(output.confidence),
        "latency" => maybe(usage.latency),
        "cost" => maybe(usage.cost),
        "requests" => whole(u64::from(usage.requests)),
        "tokens_in" => count(usage.tokens_in),
        "tokens_out" => count(usage.tokens_out),
        "tokens_cached" => whole(usage.tokens_cached),
        "tokens_reasoning" => whole(usage.tokens_reasoning),
        "ttft" => maybe(usage.ttft),
        "waited" => usage.waited.into(),
        "consensus" => maybe(output.marks.consensus),
        "margin" => maybe(output.marks.margin),
        "members_called" => count(output.marks.members_called.map(u64::from)),
        "hedged" => whole(u64::from(usage.hedged)),
        "won_by" => count(output.marks.won_by.map(u64::from)),
        "wasted_cost" => maybe(usage.wasted_cost),
        "votes" => output.votes.iter().map(vote_value).collect::<Array>().into(),
        "trace" => {
            output.trace.iter().map(|line| line.as_str().into()).collect::<Array>().into()
        }
        "usage" => {
            let fields = [
                "latency",
                "cost",
                "requests",
                "tokens_in",
                "tokens_out",
                "tokens_cached",
                "tokens_reasoning",
                "ttft",
                "waited",
            ];
            let mut map = Map::new();
            for field in fields {
                map.insert(field.into(), read_output(output, field)?);
            }
            map.into()
        }
        _ => return Err(unknown("output", name, OUTPUT_FIELDS.iter().copied())),
    })
}

/// Returns a vote as a script sees it: a map.
pub fn vote_value(vote: &crate::record::Vote) -> Dynamic {
    let text = |text: Option<&str>| text.map_or(Dynamic::UNIT, Into::into);
    let number = |value: Option<f64>| value.map_or(Dynamic::UNIT, Dynamic::from);
    let mut map = Map::new();
    map.insert("member".into(), vote.member.as_str().into());
    map.insert("model".into(), text(vote.model.as_deref()));
    map.insert("answer".into(), from_json(&vote.answer));
    map.insert("confidence".into(), number(vote.confidence));
    map.insert("latency".into(), number(vote.latency));
    map.insert("cost".into(), number(vote.cost));
    map.insert("won".into(), vote.won.into());
    map.insert("error".into(), text(vote.error.as_deref()));
    map.into()
}

fn whole(number: u64) -> Dynamic {
    INT::try_from(number).unwrap_or(INT::MAX).into()
}

fn unknown<'a, I: Iterator<Item = &'a str>>(
    what: &str,
    name: &str,
    known: I,
) -> Box<EvalAltResult> {
    let known: Vec<&str> = known.collect();
    let close = known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(known, name), *known))
        .filter(|(distance, _)| *distance <= 1 + name.chars().count() / 4)
        .min();
    let help = match close {
        Some((_, close)) => format!("did you mean `{close}`?"),
        None => format!("it has `{}`", known.join("`, `")),
    };
    format!("the {what} has no `{name}`; {help}").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_survives_the_way_through_rhai() {
        let value =
            json!({"a": [1, 2.5, null, true, "x"], "big": 9_007_199_254_740_993_i64});
        assert_eq!(to_json(&from_json(&value)), value);
    }

    #[test]
    fn what_json_cannot_say_is_null() {
        assert_eq!(to_json(&Dynamic::from(f64::NAN)), Json::Null);
        assert_eq!(to_json(&Dynamic::UNIT), Json::Null);
        assert_eq!(to_json(&Dynamic::from('x')), json!("x"));
    }

    #[test]
    fn counts_are_whole_and_quantities_are_floats_in_base_units() {
        let cross = |value, unit| captured(&Value::Quantity(Quantity::new(value, unit)));
        assert_eq!(cross(3.0, Unit::One).as_int().unwrap(), 3);
        assert!(cross(2.5, Unit::One).is_float());
        assert!(cross(30.0, Unit::Seconds).is_float());
        assert!(cross(1.0, Unit::Fraction).is_float());
    }
}
