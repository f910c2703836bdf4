//! The chunks of Gemini, each a reply of its own.

use serde_json::{Value as Json, json};

use super::{Api, Step, extend, keep, push};

pub(in crate::model) const GOOGLE: Api =
    Api { add, complete: &["/candidates/0/finishReason", "/promptFeedback/blockReason"] };

fn add(whole: &mut Json, chunk: &Json) -> Step {
    if !whole.is_object() {
        *whole = json!({});
    }
    for name in ["promptFeedback", "modelVersion"] {
        keep(whole, chunk, name);
    }
    // Counts grow from chunk to chunk; one that a later chunk leaves out stays.
    for (name, count) in
        chunk.get("usageMetadata").and_then(Json::as_object).into_iter().flatten()
    {
        if !whole["usageMetadata"].is_object() {
            whole["usageMetadata"] = json!({});
        }
        whole["usageMetadata"][name] = count.clone();
    }
    let Some(said) = chunk.pointer("/candidates/0") else { return Step::Quiet };
    if whole.get("candidates").is_none() {
        whole["candidates"] = json!([{}]);
    }
    let candidate = &mut whole["candidates"][0];
    for name in ["finishReason", "avgLogprobs"] {
        keep(candidate, said, name);
    }
    let tokens = said.pointer("/logprobsResult/chosenCandidates");
    if let Some(tokens) = tokens.and_then(Json::as_array) {
        extend(&mut candidate["logprobsResult"]["chosenCandidates"], tokens);
    }
    let mut step = Step::Quiet;
    let parts = said.pointer("/content/parts").and_then(Json::as_array);
    for part in parts.into_iter().flatten() {
        let is_thought = part.get("thought").and_then(Json::as_bool) == Some(true);
        let text = part.get("text").and_then(Json::as_str).filter(|_| !is_thought);
        let Some(text) = text else { continue };
        if candidate.get("content").is_none() {
            candidate["content"] = json!({"parts": [{}]});
        }
        if push(&mut candidate["content"]["parts"][0]["text"], text) == Step::Text {
            step = Step::Text;
        }
    }
    step
}
