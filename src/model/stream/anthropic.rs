//! The events of Anthropic's messages.

use serde_json::{Value as Json, json};

use super::{Api, Step, keep, push};

pub(in crate::model) const ANTHROPIC: Api = Api { add, complete: &["/stop_reason"] };

fn add(whole: &mut Json, event: &Json) -> Step {
    if !whole.is_object() {
        *whole = json!({});
    }
    let kind = event.get("type").and_then(Json::as_str).unwrap_or_default();
    match kind {
        "message_start" => {
            if let Some(message) = event.get("message").filter(|one| one.is_object()) {
                *whole = message.clone();
            }
            // Blocks follow one another: their text is one text.
            whole["content"] = json!([{"type": "text"}]);
            Step::Quiet
        }
        "content_block_start" => text(whole, event.pointer("/content_block/text")),
        "content_block_delta" => text(whole, event.pointer("/delta/text")),
        "message_delta" => {
            if let Some(delta) = event.get("delta") {
                keep(whole, delta, "stop_reason");
            }
            let counts = event.get("usage").and_then(Json::as_object);
            if !whole["usage"].is_object() && counts.is_some() {
                whole["usage"] = json!({});
            }
            for (name, count) in
                counts.into_iter().flatten().filter(|(_, n)| !n.is_null())
            {
                whole["usage"][name] = count.clone();
            }
            Step::Quiet
        }
        "message_stop" => Step::End,
        _ => Step::Quiet,
    }
}

/// Adds text of a block; what a block of another type holds has no text.
fn text(whole: &mut Json, said: Option<&Json>) -> Step {
    let Some(said) = said.and_then(Json::as_str) else { return Step::Quiet };
    if !whole["content"].is_array() {
        whole["content"] = json!([{"type": "text"}]);
    }
    push(&mut whole["content"][0]["text"], said)
}
