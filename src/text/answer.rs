//! When two answers are the same: equality as values.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::normalize::Normalize;
use super::number::Decimal;

/// An answer in the form in which answers are compared: equal keys are equal answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnswerKey {
    /// Nothing; only inside a list or a map.
    Nothing,
    /// A truth value, and the words `true` and `false`.
    Bool(bool),
    /// A number, by value.
    Number(Decimal),
    /// A text, normalised.
    Text(String),
    /// A list, place by place.
    List(Vec<Self>),
    /// A map, whatever its order.
    Map(BTreeMap<String, Self>),
}

/// Returns the key of an answer as answers are compared where nothing is said:
/// [`Normalize::ANSWER`]. `None` where there is no answer (`null`): it abstains.
#[must_use]
pub fn key(answer: &Json) -> Option<AnswerKey> {
    key_with(answer, Normalize::ANSWER)
}

/// Returns the key of an answer; `None` where there is none (`null`).
///
/// With `numbers`, numbers count by value, those in texts included, and `true` and `false`
/// in texts are truth values. Without, everything that is not a list or a map is compared
/// as text.
#[must_use]
pub fn key_with(answer: &Json, normalize: Normalize) -> Option<AnswerKey> {
    Some(match answer {
        Json::Null => return None,
        Json::Bool(flag) if normalize.numbers => AnswerKey::Bool(*flag),
        Json::Bool(flag) => AnswerKey::Text(flag.to_string()),
        Json::Number(number) if normalize.numbers => match Decimal::from_json(number) {
            Some(decimal) => AnswerKey::Number(decimal),
            None => AnswerKey::Text(number.to_string()),
        },
        Json::Number(number) => {
            AnswerKey::Text(normalize.apply(&number.to_string()).into_owned())
        }
        Json::String(text) => text_key(text, normalize),
        Json::Array(list) => {
            AnswerKey::List(list.iter().map(|part| inner(part, normalize)).collect())
        }
        Json::Object(map) => AnswerKey::Map(
            map.iter()
                .map(|(name, part)| (name.clone(), inner(part, normalize)))
                .collect(),
        ),
    })
}

/// Returns the key of a text.
#[must_use]
pub fn text_key(text: &str, normalize: Normalize) -> AnswerKey {
    if normalize.numbers {
        if let Some(decimal) = Decimal::parse(text) {
            return AnswerKey::Number(decimal);
        }
        let word = text.trim();
        if word.eq_ignore_ascii_case("true") {
            return AnswerKey::Bool(true);
        }
        if word.eq_ignore_ascii_case("false") {
            return AnswerKey::Bool(false);
        }
    }
    AnswerKey::Text(normalize.apply(text).into_owned())
}

/// Says whether two answers are the same value; no answer is the same as none.
#[must_use]
pub fn same(a: &Json, b: &Json) -> bool {
    key(a).is_some_and(|a| key(b) == Some(a))
}

fn inner(part: &Json, normalize: Normalize) -> AnswerKey {
    key_with(part, normalize).unwrap_or(AnswerKey::Nothing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_the_same_by_value() {
        for (a, b) in [
            (json!(5), json!(5.0)),
            (json!(5), json!("5.00")),
            (json!("$1,234"), json!(1234)),
            (json!("1e3"), json!("1000")),
            (json!(-0.0), json!(0)),
            (json!(0.1), json!("0.10")),
        ] {
            assert!(same(&a, &b), "{a} and {b}");
        }
        for (a, b) in [
            (json!(5), json!(-5)),
            (json!("3.0000001"), json!(3)),
            (json!("five"), json!(5)),
            (json!("9007199254740993"), json!("9007199254740992")),
        ] {
            assert!(!same(&a, &b), "{a} and {b}");
        }
    }

    #[test]
    fn texts_are_the_same_without_case_and_outer_space() {
        assert!(same(&json!(" Paris\n"), &json!("paris")));
        assert!(!same(&json!("Paris."), &json!("paris")));
        assert!(same(&json!("True"), &json!(true)));
        assert!(!same(&json!("yes"), &json!(true)));
    }

    #[test]
    fn nothing_is_the_same_as_nothing_else() {
        assert!(!same(&Json::Null, &Json::Null));
        assert!(!same(&json!(""), &Json::Null));
        assert!(same(&json!(""), &json!("  ")));
    }

    #[test]
    fn lists_and_maps_are_the_same_part_by_part() {
        assert!(same(
            &json!({"a": 1, "b": [null, "X"]}),
            &json!({"b": [null, "x"], "a": 1.0})
        ));
        assert!(!same(&json!([1, 2]), &json!([2, 1])));
    }

    #[test]
    fn without_numbers_everything_is_text() {
        let exact = |answer: Json| key_with(&answer, Normalize::EXACT);
        assert_eq!(exact(json!(5)), exact(json!("5")));
        assert_ne!(exact(json!("5")), exact(json!("5.0")));
        assert_ne!(exact(json!("a")), exact(json!("A")));
    }
}
