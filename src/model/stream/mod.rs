//! Answers that come token by token, as server-sent events.
//!
//! The events are put together to the reply that the API would have given whole, so that one
//! reader knows what a reply means, however it came. To let an API stream, write its [`Api`]:
//! how an event is added, and by what an answer is seen to be complete.

mod anthropic;
mod events;
mod gathered;
mod google;
mod openai;

use serde_json::Value as Json;

use crate::model::lane::complaint;
use crate::spec::{Call, Complaint, Param, Type};

pub(super) use anthropic::ANTHROPIC;
pub(super) use gathered::{Gathered, Streamed};
pub(super) use google::GOOGLE;
pub(super) use openai::OPENAI;

/// How one API streams.
#[derive(Debug, Clone, Copy)]
pub(super) struct Api {
    /// Adds an event to the reply that is put together.
    add: fn(&mut Json, &Json) -> Step,
    /// Where the reply says that it is complete, if the stream ends without a word.
    complete: &'static [&'static str],
}

/// What an event brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Nothing of the answer's text.
    Quiet,
    /// Some of its text.
    Text,
    /// The end of the answer.
    End,
}

pub(super) const STREAM: Param = Param::optional(
    "stream",
    Type::Bool,
    "Whether answers come token by token: the time of the first token is then measured (`ttft`).",
);

/// Finds what does not go with a stream.
pub(super) fn check(call: &Call) -> Vec<Complaint> {
    if call.flag("stream") == Some(true) && call.flag("batch") == Some(true) {
        let message = "an answer of a batch is not streamed".to_owned();
        return vec![complaint("stream", message, "leave `stream` or `batch` out")];
    }
    Vec::new()
}

/// Appends to a text of the reply, which is made where it is not there.
fn push(place: &mut Json, more: &str) -> Step {
    if let Json::String(text) = place {
        text.push_str(more);
    } else {
        *place = Json::String(more.to_owned());
    }
    if more.is_empty() { Step::Quiet } else { Step::Text }
}

/// Appends to a list of the reply, which is made where it is not there.
fn extend(place: &mut Json, more: &[Json]) {
    if let Json::Array(list) = place {
        list.extend_from_slice(more);
    } else {
        *place = Json::Array(more.to_vec());
    }
}

/// Copies what an event says under a name, unless that is nothing.
fn keep(whole: &mut Json, event: &Json, name: &str) {
    if let Some(said) = event.get(name).filter(|said| !said.is_null()) {
        whole[name] = said.clone();
    }
}

/// Returns the status that an error would have had which came before the stream.
pub(super) fn status_of(error: &Json) -> Option<u16> {
    let code = error.get("code");
    let status = code.and_then(Json::as_u64).and_then(|code| u16::try_from(code).ok());
    if let Some(status) = status.filter(|status| (400..600).contains(status)) {
        return Some(status);
    }
    let words = [error.get("type"), code, error.get("status")];
    words.into_iter().flatten().filter_map(Json::as_str).find_map(status_of_word)
}

fn status_of_word(word: &str) -> Option<u16> {
    Some(match word {
        "invalid_request_error" | "INVALID_ARGUMENT" => 400,
        "authentication_error" => 401,
        "billing_error" => 402,
        "permission_error" | "PERMISSION_DENIED" => 403,
        "not_found_error" | "NOT_FOUND" => 404,
        "request_too_large" => 413,
        "rate_limit_error"
        | "rate_limit_exceeded"
        | "insufficient_quota"
        | "RESOURCE_EXHAUSTED" => 429,
        "api_error" | "server_error" | "INTERNAL" => 500,
        "UNAVAILABLE" => 503,
        "timeout_error" | "DEADLINE_EXCEEDED" => 504,
        "overloaded_error" => 529,
        _ => return None,
    })
}
