//! The chunks of OpenAI's chat completions.

use serde_json::{Value as Json, json};

use super::{Api, Step, extend, keep, push};

pub(in crate::model) const OPENAI: Api =
    Api { add, complete: &["/choices/0/finish_reason"] };

fn add(whole: &mut Json, chunk: &Json) -> Step {
    if !whole.is_object() {
        *whole = json!({});
    }
    keep(whole, chunk, "model");
    // It comes last, in a chunk without choices; others send it along with every chunk.
    keep(whole, chunk, "usage");
    let choices = chunk.get("choices").and_then(Json::as_array);
    let is_first =
        |choice: &&Json| choice.get("index").and_then(Json::as_u64).unwrap_or(0) == 0;
    let Some(said) = choices.and_then(|choices| choices.iter().find(is_first)) else {
        return Step::Quiet;
    };
    if whole.get("choices").is_none() {
        whole["choices"] = json!([{"message": {}}]);
    }
    let choice = &mut whole["choices"][0];
    keep(choice, said, "finish_reason");
    if let Some(tokens) = said.pointer("/logprobs/content").and_then(Json::as_array) {
        extend(&mut choice["logprobs"]["content"], tokens);
    }
    let delta = |name: &str| said.get("delta")?.get(name)?.as_str();
    if let Some(refusal) = delta("refusal") {
        push(&mut choice["message"]["refusal"], refusal);
    }
    delta("content")
        .map_or(Step::Quiet, |text| push(&mut choice["message"]["content"], text))
}
