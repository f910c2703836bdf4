//! What the stand-in says, in the shape of each API.

use std::collections::BTreeMap;

use crucible::base::Stream;
use regex::Regex;
use serde_json::{Value as Json, json};

use super::Config;

/// An API that is stood in for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Dialect {
    OpenAi,
    Anthropic,
    Google,
}

impl Dialect {
    pub(super) fn of(path: &str) -> Option<Self> {
        let path = path.split('?').next().unwrap_or(path);
        if path.ends_with("/chat/completions") {
            Some(Self::OpenAi)
        } else if path.ends_with("/v1/messages") {
            Some(Self::Anthropic)
        } else if path.ends_with(":generateContent")
            || path.ends_with(":streamGenerateContent")
        {
            Some(Self::Google)
        } else {
            None
        }
    }

    pub(super) fn model(self, path: &str, body: &Json) -> String {
        let last = path.rsplit('/').next().unwrap_or_default();
        match self {
            Self::OpenAi | Self::Anthropic => {
                body["model"].as_str().unwrap_or_default().to_owned()
            }
            Self::Google => last.split(':').next().unwrap_or_default().to_owned(),
        }
    }

    /// The text of the last message.
    pub(super) fn prompt(self, body: &Json) -> String {
        let text = match self {
            Self::OpenAi | Self::Anthropic => {
                body["messages"].as_array().and_then(|m| m.last()?["content"].as_str())
            }
            Self::Google => body["contents"]
                .as_array()
                .and_then(|m| m.last()?.pointer("/parts/0/text")?.as_str()),
        };
        text.unwrap_or_default().to_owned()
    }

    pub(super) fn key(self, headers: &BTreeMap<String, String>) -> Option<String> {
        match self {
            Self::OpenAi => {
                headers.get("authorization")?.strip_prefix("Bearer ").map(str::to_owned)
            }
            Self::Anthropic => headers.get("x-api-key").cloned(),
            Self::Google => headers.get("x-goog-api-key").cloned(),
        }
    }

    /// An answer; with the log-probabilities of its words, -0.25 each, where they are asked
    /// for.
    pub(super) fn answer(
        self,
        model: &str,
        prompt: &str,
        text: &str,
        sure: bool,
    ) -> String {
        let sent = prompt.len().div_ceil(4);
        let received = text.len().div_ceil(4);
        let mut body = match self {
            Self::OpenAi => json!({
                "id": "chatcmpl-standin", "object": "chat.completion", "model": model,
                "choices": [{"index": 0, "finish_reason": "stop",
                    "message": {"role": "assistant", "content": text, "refusal": null}}],
                "usage": {"prompt_tokens": sent, "completion_tokens": received,
                    "total_tokens": sent + received},
            }),
            Self::Anthropic => json!({
                "id": "msg_standin", "type": "message", "role": "assistant",
                "model": model, "content": [{"type": "text", "text": text}],
                "stop_reason": "end_turn", "stop_sequence": null,
                "usage": {"input_tokens": sent, "output_tokens": received},
            }),
            Self::Google => json!({
                "candidates": [{"content": {"parts": [{"text": text}], "role": "model"},
                    "finishReason": "STOP", "index": 0}],
                "usageMetadata": {"promptTokenCount": sent,
                    "candidatesTokenCount": received, "totalTokenCount": sent + received},
                "modelVersion": model,
            }),
        };
        if sure {
            let words: Vec<&str> = text.split_inclusive(' ').collect();
            match self {
                Self::OpenAi => body["choices"][0]["logprobs"] = tokens(&words),
                Self::Google => body["candidates"][0]["logprobsResult"] = chosen(&words),
                Self::Anthropic => {}
            }
        }
        body.to_string()
    }

    /// Whether a request asks for log-probabilities.
    pub(super) fn wants_logprobs(body: &Json) -> bool {
        body["logprobs"] == json!(true)
            || body["generationConfig"]["responseLogprobs"] == json!(true)
    }

    pub(super) fn error(self, status: u16, message: &str) -> String {
        let body = match self {
            Self::OpenAi => json!({"error": {"message": message,
                "type": "standin_error", "param": null, "code": null}}),
            Self::Anthropic => json!({"type": "error",
                "error": {"type": "standin_error", "message": message}}),
            Self::Google => json!({"error": {"code": status, "message": message,
                "status": "STANDIN"}}),
        };
        body.to_string()
    }
}

/// The log-probabilities of words as OpenAI gives them.
pub(super) fn tokens(words: &[&str]) -> Json {
    let token =
        |word: &&str| json!({"token": word, "logprob": -0.25, "top_logprobs": []});
    json!({"content": words.iter().map(token).collect::<Vec<Json>>(), "refusal": null})
}

/// The same as Google gives them.
pub(super) fn chosen(words: &[&str]) -> Json {
    let token =
        |word: &&str| json!({"token": word, "tokenId": 7, "logProbability": -0.25});
    json!({"chosenCandidates": words.iter().map(token).collect::<Vec<Json>>()})
}

/// Works out the last `A + B` of the prompt, or gets it wrong by 1 to 9.
pub(super) fn answer(config: &Config, model: &str, prompt: &str) -> String {
    let sums = Regex::new(r"(-?\d+) \+ (-?\d+)").unwrap();
    let Some(sum) = sums.captures_iter(prompt).last() else {
        return "I see no sum.".to_owned();
    };
    let sum = sum[1].parse::<i64>().unwrap() + sum[2].parse::<i64>().unwrap();
    let parts = [model.as_bytes(), prompt.as_bytes()];
    let mut stream = Stream::keyed(config.seed, "right", &parts);
    let right = stream.unit() < config.accuracy;
    let off = if right { 0 } else { i64::try_from(stream.below(9)).unwrap() + 1 };
    format!("The answer is {}.", sum + off)
}
