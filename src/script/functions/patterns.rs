//! Regular expressions, in linear time; each is compiled once on a thread.

use std::cell::RefCell;
use std::collections::BTreeMap;

use regex::Regex;
use rhai::{Array, Dynamic, ImmutableString, Module};

use super::{HostFunction, Returned};

pub(super) const FUNCTIONS: &[HostFunction] = &[
    HostFunction {
        name: "find",
        signature: "find(text, regex) -> text or ()",
        doc: "The first match of a regular expression.",
        example: "find(\"a1b22\", \"[0-9]+\") == \"1\"",
    },
    HostFunction {
        name: "find_all",
        signature: "find_all(text, regex) -> list",
        doc: "All matches of a regular expression, from left to right.",
        example: "find_all(\"a1b22\", \"[0-9]+\") == [\"1\", \"22\"]",
    },
    HostFunction {
        name: "groups",
        signature: "groups(text, regex) -> list or ()",
        doc: "The groups of the first match: the whole match, then each `( )`, `()` for one that took no part.",
        example: "groups(\"k = v\", \"(\\\\w) = (\\\\w)\") == [\"k = v\", \"k\", \"v\"]",
    },
    HostFunction {
        name: "matches",
        signature: "matches(text, regex) -> bool",
        doc: "Whether a regular expression matches somewhere in the text.",
        example: "matches(\"Answer: B\", \"[A-D]$\")",
    },
    HostFunction {
        name: "substituted",
        signature: "substituted(text, regex, with) -> text",
        doc: "A copy with every match replaced; `$1` in the replacement is the first group.",
        example: "substituted(\"a1b2\", \"([0-9])\", \"<$1>\") == \"a<1>b<2>\"",
    },
    HostFunction {
        name: "parts",
        signature: "parts(text, regex) -> list",
        doc: "The pieces between the matches of a regular expression.",
        example: "parts(\"a1b22c\", \"[0-9]+\") == [\"a\", \"b\", \"c\"]",
    },
];

pub(super) fn register(module: &mut Module) {
    module.set_native_fn("find", |text: ImmutableString, pattern: ImmutableString| {
        with(&pattern, |regex| {
            regex.find(&text).map_or(Dynamic::UNIT, |found| found.as_str().into())
        })
    });
    module.set_native_fn(
        "find_all",
        |text: ImmutableString, pattern: ImmutableString| {
            with(&pattern, |regex| {
                regex
                    .find_iter(&text)
                    .map(|found| found.as_str().into())
                    .collect::<Array>()
            })
        },
    );
    module.set_native_fn("groups", |text: ImmutableString, pattern: ImmutableString| {
        with(&pattern, |regex| {
            regex.captures(&text).map_or(Dynamic::UNIT, |captures| {
                captures
                    .iter()
                    .map(|group| group.map_or(Dynamic::UNIT, |g| g.as_str().into()))
                    .collect::<Array>()
                    .into()
            })
        })
    });
    module.set_native_fn("matches", |text: ImmutableString, pattern: ImmutableString| {
        with(&pattern, |regex| regex.is_match(&text))
    });
    module.set_native_fn(
        "substituted",
        |text: ImmutableString, pattern: ImmutableString, by: ImmutableString| {
            with(&pattern, |regex| regex.replace_all(&text, by.as_str()).into_owned())
        },
    );
    module.set_native_fn("parts", |text: ImmutableString, pattern: ImmutableString| {
        with(&pattern, |regex| {
            regex.split(&text).map(|part| part.into()).collect::<Array>()
        })
    });
}

/// How many compiled expressions a thread keeps.
const KEPT: usize = 256;

thread_local! {
    static COMPILED: RefCell<BTreeMap<String, Regex>> =
        const { RefCell::new(BTreeMap::new()) };
}

/// Returns how many arguments a function takes, the pattern the second of them; nothing for
/// one that takes no pattern.
pub(in crate::script) fn pattern_arity(name: &str) -> Option<usize> {
    let function = FUNCTIONS.iter().find(|function| function.name == name)?;
    let (params, _) = function.signature.split_once(')')?;
    Some(params.split(',').count())
}

/// Says what is wrong with a pattern, if it is no regular expression.
pub(in crate::script) fn pattern_fault(pattern: &str) -> Option<String> {
    compiled(pattern, |_| ()).err()
}

fn with<T>(pattern: &str, apply: impl FnOnce(&Regex) -> T) -> Returned<T> {
    Ok(compiled(pattern, apply)?)
}

fn compiled<T>(pattern: &str, apply: impl FnOnce(&Regex) -> T) -> Result<T, String> {
    COMPILED.with(|compiled| {
        let mut compiled = compiled.borrow_mut();
        if let Some(regex) = compiled.get(pattern) {
            return Ok(apply(regex));
        }
        let regex = Regex::new(pattern).map_err(|error| {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default();
            format!("`{pattern}` is not a regular expression: {reason}")
        })?;
        let result = apply(&regex);
        if compiled.len() >= KEPT {
            compiled.clear();
        }
        compiled.insert(pattern.to_owned(), regex);
        Ok(result)
    })
}
