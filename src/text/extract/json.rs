//! The first JSON value of a text.

use serde::Deserialize;
use serde_json::Value as Json;

/// Returns the whole text where it is JSON, else the first object or list in it.
pub(super) fn first(text: &str) -> Option<Json> {
    if let Ok(whole) = serde_json::from_str(text) {
        return Some(whole);
    }
    text.match_indices(['{', '[']).find_map(|(at, _)| {
        let mut reader = serde_json::Deserializer::from_str(text.get(at..)?);
        Json::deserialize(&mut reader).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_value_is_found_among_words() {
        let cases = [
            (
                r#"Sure: {"a": [1, {"b": "}"}]} and {"c": 1}"#,
                Some(json!({"a": [1, {"b": "}"}]})),
            ),
            ("```json\n[1, 2]\n```", Some(json!([1, 2]))),
            ("{not json} but [3]", Some(json!([3]))),
            (" 42\n", Some(json!(42))),
            (r#""word""#, Some(json!("word"))),
            ("42 is it", None),
            ("{", None),
            ("", None),
        ];
        for (text, value) in cases {
            assert_eq!(first(text), value, "{text}");
        }
    }

    #[test]
    fn deep_nesting_ends_in_nothing() {
        assert_eq!(first(&"[".repeat(20_000)), None);
    }
}
