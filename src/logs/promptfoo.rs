//! Results of promptfoo: one for each test, prompt and provider.

use serde_json::{Map, Value as Json, json};

use crate::logs::log::Made;

/// What `failureReason` is when the provider gave no answer.
const ERROR: u64 = 2;

/// Brings a result to a row.
pub(super) fn row(mut result: Map<String, Json>) -> Made {
    let failed = result.get("failureReason").and_then(Json::as_u64) == Some(ERROR);
    let at = |path: &str| {
        let mut steps = path.split('.');
        let first = result.get(steps.next()?)?;
        steps.try_fold(first, |value, step| value.get(step)).cloned()
    };
    let output = at("response.output");
    let prompt = at("prompt.raw");
    let label = at("prompt.label");
    let provider = ["provider.label", "provider.id", "provider"]
        .into_iter()
        .filter_map(at)
        .find(|name| name.as_str().is_some_and(|name| !name.is_empty()));
    let seconds = at("latencyMs").and_then(|ms| ms.as_f64()).map(|ms| ms / 1e3);
    let wanted = at("testCase.assert").and_then(|assertions| {
        Some(assertions.as_array()?.iter().find_map(value)?.clone())
    });
    let (tokens_in, tokens_out) = (at("tokenUsage.prompt"), at("tokenUsage.completion"));
    let mut scores = Map::new();
    for name in ["success", "score"] {
        if let Some(value) = result.remove(name) {
            scores.insert(name.to_owned(), value);
        }
    }
    if let Some(Json::Object(named)) = result.remove("namedScores") {
        for (name, value) in named {
            scores.entry(name).or_insert(value);
        }
    }
    let error = failed.then(|| result.remove("error")).flatten();
    let mut columns = Map::new();
    let mut put = |name: &str, value: Option<Json>| {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            columns.insert(name.to_owned(), value);
        }
    };
    put("id", result.remove("testIdx"));
    put("input", prompt);
    put("target", wanted);
    put("output", output);
    put("scores", Some(Json::Object(scores)));
    put("provider", provider);
    put("prompt", label);
    put("latency", seconds.map(|seconds| json!(seconds)));
    put("cost", result.remove("cost"));
    put("tokens_in", tokens_in);
    put("tokens_out", tokens_out);
    put("error", error);
    put("vars", result.remove("vars"));
    Made { columns, failed }
}

/// Returns what an assertion compares the output with, where that is a plain value.
fn value(assertion: &Json) -> Option<&Json> {
    let compares = ["equals", "contains", "icontains", "is-json", "starts-with"];
    let kind = assertion.get("type")?.as_str()?;
    let value = assertion.get("value")?;
    let plain = value.is_string() || value.is_number();
    (compares.contains(&kind) && plain).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_that_gave_no_answer_failed_and_a_wrong_answer_did_not() {
        let result = |reason: u64| {
            let result = json!({
                "testIdx": 4, "promptIdx": 0, "success": false, "score": 0, "failureReason": reason,
                "error": "500", "latencyMs": 250, "provider": {"id": "p", "label": ""}, "namedScores": {"tone": 0.5},
            });
            row(result.as_object().unwrap().clone())
        };
        assert!(result(2).failed);
        let made = result(1);
        assert!(!made.failed);
        assert_eq!(made.columns.get("latency"), Some(&json!(0.25)));
        assert_eq!(made.columns.get("provider"), Some(&json!("p")));
        let scores = json!({"success": false, "score": 0, "tone": 0.5});
        assert_eq!(made.columns.get("scores"), Some(&scores));
    }
}
