//! Text: copies where Rhai works in place, lines and words, numbers and JSON in text.

use rhai::{Array, Dynamic, ImmutableString, Module};

use super::{HostFunction, answers};
use crate::script::value::{from_json, to_json};

pub(super) const FUNCTIONS: &[HostFunction] = &[
    HostFunction {
        name: "replaced",
        signature: "replaced(text, from, to) -> text",
        doc: "A copy with every occurrence replaced (Rhai's own `replace` works in place).",
        example: "replaced(\"1,000\", \",\", \"\") == \"1000\"",
    },
    HostFunction {
        name: "trimmed",
        signature: "trimmed(text) -> text",
        doc: "A copy without space at both ends (Rhai's own `trim` works in place).",
        example: "trimmed(\" a \") == \"a\"",
    },
    HostFunction {
        name: "lines",
        signature: "lines(text) -> list",
        doc: "The lines of the text, without their ends.",
        example: "lines(\"a\\nb\") == [\"a\", \"b\"]",
    },
    HostFunction {
        name: "words",
        signature: "words(text) -> list",
        doc: "The words of the text: what stands between space.",
        example: "words(\" two  words \") == [\"two\", \"words\"]",
    },
    HostFunction {
        name: "before",
        signature: "before(text, part) -> text or ()",
        doc: "What stands before the first occurrence of a part.",
        example: "before(\"a: b\", \":\") == \"a\"",
    },
    HostFunction {
        name: "after",
        signature: "after(text, part) -> text or ()",
        doc: "What stands after the last occurrence of a part.",
        example: "after(\"#### 42\", \"#### \") == \"42\"",
    },
    HostFunction {
        name: "number",
        signature: "number(text) -> number or ()",
        doc: "The number that the text is: signs, currency and thousands separators are understood. A whole number is an integer, so divide by `2.0`, not by `2`.",
        example: "number(\"$1,234\") == 1234 && number(\"2.5\") == 2.5 && number(\"no\") == ()",
    },
    HostFunction {
        name: "json",
        signature: "json(text) -> value or ()",
        doc: "The value of a JSON text.",
        example: "json(`{\"a\": [1, 2]}`).a == [1, 2] && json(\"no\") == ()",
    },
    HostFunction {
        name: "json_text",
        signature: "json_text(value) -> text",
        doc: "A value as JSON, on one line.",
        example: "json_text(#{a: [1, ()]}) == `{\"a\":[1,null]}`",
    },
];

pub(super) fn register(module: &mut Module) {
    module.set_native_fn(
        "replaced",
        |text: ImmutableString, from: ImmutableString, to: ImmutableString| {
            Ok(text.replace(from.as_str(), &to))
        },
    );
    module.set_native_fn("trimmed", |text: ImmutableString| Ok(text.trim().to_owned()));
    module.set_native_fn("lines", |text: ImmutableString| {
        Ok(text.lines().map(|line| line.into()).collect::<Array>())
    });
    module.set_native_fn("words", |text: ImmutableString| {
        Ok(text.split_whitespace().map(|word| word.into()).collect::<Array>())
    });
    module.set_native_fn("before", |text: ImmutableString, part: ImmutableString| {
        Ok(text.split_once(part.as_str()).map_or(Dynamic::UNIT, |(head, _)| head.into()))
    });
    module.set_native_fn("after", |text: ImmutableString, part: ImmutableString| {
        Ok(text.rsplit_once(part.as_str()).map_or(Dynamic::UNIT, |(_, tail)| tail.into()))
    });
    module.set_native_fn("number", |text: ImmutableString| Ok(answers::number(&text)));
    module.set_native_fn("number", |number: rhai::INT| Ok(number));
    module.set_native_fn("number", |number: rhai::FLOAT| Ok(number));
    module.set_native_fn("json", |text: ImmutableString| {
        Ok(serde_json::from_str(&text).map_or(Dynamic::UNIT, |json| from_json(&json)))
    });
    module.set_native_fn("json_text", |value: Dynamic| Ok(to_json(&value).to_string()));
}
