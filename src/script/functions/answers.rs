//! What the standard metrics use: extractors, normalised text, equality as values.

use rhai::{Dynamic, FLOAT, ImmutableString, Module};
use serde_json::Value as Json;

use super::HostFunction;
use crate::script::value::{from_json, to_json};
use crate::text::answer;
use crate::text::{Decimal, Extract, Normalize};

pub(super) const FUNCTIONS: &[HostFunction] = &[
    HostFunction {
        name: "last_number",
        signature: "last_number(text) -> number or ()",
        doc: "The last number of a running text.",
        example: "last_number(\"8 and 1,200.\") == 1200",
    },
    HostFunction {
        name: "first_number",
        signature: "first_number(text) -> number or ()",
        doc: "The first number of a running text.",
        example: "first_number(\"8 and 1,200.\") == 8",
    },
    HostFunction {
        name: "letter",
        signature: "letter(text) -> text or ()",
        doc: "The letter of a multiple choice, A to J.",
        example: "letter(\"The answer is (C).\") == \"C\"",
    },
    HostFunction {
        name: "boolean",
        signature: "boolean(text) -> bool or ()",
        doc: "Yes or no, true or false.",
        example: "boolean(\"Yes, it is.\") == true",
    },
    HostFunction {
        name: "boxed",
        signature: "boxed(text) -> text or ()",
        doc: "What the last `\\boxed{…}` of LaTeX holds.",
        example: "boxed(`so \\boxed{42}`) == \"42\"",
    },
    HostFunction {
        name: "code",
        signature: "code(text) -> text or ()",
        doc: "The text of the first fenced code block.",
        example: "trimmed(code(\"```\\nx = 1\\n```\")) == \"x = 1\"",
    },
    HostFunction {
        name: "normalize",
        signature: "normalize(text) -> text",
        doc: "The text as answers are compared: Unicode forms, case and space do not count.",
        example: "normalize(\"  Two  Words \") == \"two words\"",
    },
    HostFunction {
        name: "normalize",
        signature: "normalize(text, how) -> text",
        doc: "The text without the differences that a word of `normalize:` names, such as `squad`.",
        example: "normalize(\"The end.\", \"squad\") == \"end\"",
    },
    HostFunction {
        name: "same",
        signature: "same(a, b) -> bool",
        doc: "Whether two answers are the same value: numbers count by value, also in texts; `()` is the same as nothing.",
        example: "same(\"5.00\", 5) && !same((), ())",
    },
];

pub(super) fn register(module: &mut Module) {
    extractor(module, "last_number", Extract::LastNumber);
    extractor(module, "first_number", Extract::FirstNumber);
    extractor(module, "letter", Extract::Letter);
    extractor(module, "boolean", Extract::Boolean);
    extractor(module, "boxed", Extract::Boxed);
    extractor(module, "code", Extract::Code);
    module.set_native_fn("normalize", |text: ImmutableString| {
        Ok(Normalize::ANSWER.apply(&text).into_owned())
    });
    module.set_native_fn("normalize", |text: ImmutableString, how: ImmutableString| {
        let Some(normalize) = Normalize::from_word(&how) else {
            let words: Vec<&str> =
                Normalize::WORDS.iter().map(|(word, _)| *word).collect();
            return Err(format!("`{how}` is none of `{}`", words.join("`, `")).into());
        };
        Ok(normalize.apply(&text).into_owned())
    });
    module.set_native_fn("same", |a: Dynamic, b: Dynamic| {
        Ok(answer::same(&to_json(&a), &to_json(&b)))
    });
}

fn extractor(module: &mut Module, name: &str, extract: Extract) {
    module.set_native_fn(name, move |text: ImmutableString| {
        Ok(from_json(&extract.apply(&text)))
    });
}

/// Returns the number that a text is: an integer where it is whole.
pub(super) fn number(text: &str) -> Dynamic {
    let Some(decimal) = Decimal::parse(text) else {
        return Dynamic::UNIT;
    };
    match decimal.to_json() {
        Json::Number(number) => from_json(&Json::Number(number)),
        Json::Null
        | Json::Bool(_)
        | Json::String(_)
        | Json::Array(_)
        | Json::Object(_) => {
            let float: FLOAT = decimal.to_f64();
            if float.is_finite() { float.into() } else { Dynamic::UNIT }
        }
    }
}
