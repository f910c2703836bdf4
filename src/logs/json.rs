//! JSON as Python writes it: `NaN` and `Infinity` may stand where a value is due.

use serde::de::DeserializeOwned;

/// Parses a document; `NaN` and the infinities become `null`.
pub(super) fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(text).or_else(|error| match without_constants(text) {
        Some(text) => serde_json::from_slice(&text),
        None => Err(error),
    })
}

/// Replaces the constants outside strings by `null`; `None` where there are none.
fn without_constants(text: &[u8]) -> Option<Vec<u8>> {
    const CONSTANTS: [&[u8]; 3] = [b"NaN", b"-Infinity", b"Infinity"];
    let mut copy = Vec::with_capacity(text.len());
    let (mut rest, mut in_string, mut found) = (text, false, false);
    while let Some((first, after)) = rest.split_first() {
        if in_string && *first == b'\\' {
            let (pair, after) = rest.split_at(rest.len().min(2));
            copy.extend_from_slice(pair);
            rest = after;
            continue;
        }
        let constant = CONSTANTS.iter().find(|word| !in_string && rest.starts_with(word));
        if let Some(word) = constant {
            copy.extend_from_slice(b"null");
            found = true;
            rest = rest.get(word.len()..).unwrap_or_default();
            continue;
        }
        in_string ^= *first == b'"';
        copy.push(*first);
        rest = after;
    }
    found.then_some(copy)
}

/// Returns the words of an error without its place, which is that of a part.
pub(super) fn words(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.split(" at line ").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    #[test]
    fn constants_of_python_become_null_and_strings_stay() {
        let text = br#"{"a": NaN, "b": "NaN \" NaN", "c": [-Infinity, 1]}"#;
        let found: Json = parse(text).unwrap();
        assert_eq!(found, json!({"a": null, "b": "NaN \" NaN", "c": [null, 1]}));
        assert!(parse::<Json>(b"{\"a\": }").is_err());
    }
}
