//! Logs of lm-evaluation-harness: `samples_*.jsonl`, and the sums in `results_*.json`.

use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use crate::logs::log::Made;

/// What the harness says of a whole task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Aggregate {
    /// The task or group.
    pub task: String,
    /// The metric.
    pub metric: String,
    /// The filter of the answers.
    pub filter: String,
    /// Its value.
    pub value: f64,
    /// Its standard error, where the harness gives one.
    pub stderr: Option<f64>,
    /// How many samples it is of, where the harness says so.
    pub n: Option<u64>,
}

/// What a sample says beside its metrics.
const FIELDS: &[&str] = &[
    "doc_id",
    "doc",
    "target",
    "arguments",
    "resps",
    "filtered_resps",
    "filter",
    "metrics",
    "doc_hash",
    "prompt_hash",
    "target_hash",
];

/// Brings a sample to a row.
pub(super) fn row(mut sample: Map<String, Json>) -> Made {
    let listed = sample.get("metrics").and_then(Json::as_array).map(|names| {
        names.iter().filter_map(Json::as_str).map(str::to_owned).collect::<Vec<_>>()
    });
    let names = listed.unwrap_or_else(|| {
        let others = sample.keys().filter(|key| !FIELDS.contains(&key.as_str()));
        others.cloned().collect()
    });
    let mut scores = Map::new();
    for name in names {
        if let Some(value) = sample.remove(&name) {
            scores.insert(name, value);
        }
    }
    let mut columns = Map::new();
    let mut put = |name: &str, value: Option<Json>| {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            columns.insert(name.to_owned(), value);
        }
    };
    put("id", sample.remove("doc_id"));
    put("input", sample.get("arguments").and_then(prompt).map(Json::from));
    put("target", sample.remove("target"));
    let (output, outputs) = answers(sample.get("resps"));
    put("output", output);
    put("outputs", outputs);
    put("scores", Some(Json::Object(scores)));
    put("filter", sample.remove("filter"));
    put("filtered", sample.remove("filtered_resps"));
    put("doc", sample.remove("doc"));
    Made { columns, failed: false }
}

/// Returns the prompt: of a chat the last message of the user.
fn prompt(arguments: &Json) -> Option<String> {
    let first = match arguments {
        Json::Object(map) => map.values().next()?.get("arg_0")?,
        Json::Array(list) => list.first()?.get(0)?,
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => return None,
    };
    let text = first.as_str().or_else(|| first.get(0)?.as_str())?;
    let chat: Option<Vec<Json>> =
        text.starts_with("[{").then(|| serde_json::from_str(text).ok()).flatten();
    let asked = chat.and_then(|messages| {
        let user = messages
            .iter()
            .rev()
            .find(|message| message.get("role").and_then(Json::as_str) == Some("user"))?;
        user.get("content")?.as_str().map(str::to_owned)
    });
    Some(asked.unwrap_or_else(|| text.to_owned()))
}

/// Returns the first answer and, where there are several, all; likelihoods are none.
fn answers(answers: Option<&Json>) -> (Option<Json>, Option<Json>) {
    let first = answers.and_then(|answers| answers.get(0));
    let texts: Vec<&str> = match first {
        Some(Json::Array(repeats)) => repeats.iter().filter_map(Json::as_str).collect(),
        Some(Json::String(text)) => vec![text],
        Some(Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_)) | None => {
            Vec::new()
        }
    };
    let all = (texts.len() > 1).then(|| json!(texts));
    (texts.first().map(|text| json!(text)), all)
}

/// Returns what `results_*.json` says of each task and group.
pub(super) fn aggregates(document: &Json) -> Vec<Aggregate> {
    let mut found = Vec::new();
    let results = document.get("results").and_then(Json::as_object);
    for (task, metrics) in results.into_iter().flatten() {
        let sizes = document.get("n-samples").and_then(|sizes| sizes.get(task));
        let n = sizes.and_then(|size| size.get("effective")).and_then(Json::as_u64);
        for (key, value) in metrics.as_object().into_iter().flatten() {
            let (metric, filter) = key.split_once(',').unwrap_or((key, ""));
            let Some(value) = value.as_f64() else { continue };
            if metric.ends_with("_stderr") || !key.contains(',') {
                continue;
            }
            let stderr = metrics.get(format!("{metric}_stderr,{filter}"));
            found.push(Aggregate {
                task: task.clone(),
                metric: metric.to_owned(),
                filter: filter.to_owned(),
                value,
                stderr: stderr.and_then(Json::as_f64),
                n,
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_are_read_from_every_form_of_arguments() {
        let chat = r#"[{"role": "user", "content": "one"}, {"role": "assistant", "content": "1"}, {"role": "user", "content": "two"}]"#;
        for (arguments, asked) in [
            (json!({"gen_args_0": {"arg_0": [chat], "arg_1": {}}}), "two"),
            (json!({"gen_args_0": {"arg_0": "Q: x\nA:", "arg_1": " y"}}), "Q: x\nA:"),
            (json!([["Q: x\nA:", {"until": []}]]), "Q: x\nA:"),
        ] {
            assert_eq!(prompt(&arguments).as_deref(), Some(asked));
        }
    }

    #[test]
    fn likelihoods_are_no_answers_and_repeats_are_several() {
        let likelihood = json!([[[-1.5, "True"]], [[-2.5, "False"]]]);
        assert_eq!(answers(Some(&likelihood)), (None, None));
        let repeats = json!([["a", "b"]]);
        assert_eq!(answers(Some(&repeats)), (Some(json!("a")), Some(json!(["a", "b"]))));
    }

    #[test]
    fn samples_of_versions_without_a_list_of_metrics_have_scores_too() {
        let sample = json!({"doc_id": 3, "doc": {"q": 1}, "target": "x", "resps": [["y"]], "acc": 1.0});
        let made = row(sample.as_object().unwrap().clone());
        assert_eq!(made.columns.get("scores"), Some(&json!({"acc": 1.0})));
        assert_eq!(made.columns.get("id"), Some(&json!(3)));
    }
}
