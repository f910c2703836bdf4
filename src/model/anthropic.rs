//! Anthropic's messages.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::base::Unit;
use crate::model::address::Home;
use crate::model::batch::{Anthropic, BATCH, BATCH_WAIT, POLL};
use crate::model::chat::{
    self, BASE_URL, Chat, Dialect, KEY, MODEL, STOP, TEMPERATURE, TOP_P, is_too_long,
    malformed, refused, text_of, words,
};
use crate::model::contract::CallError;
use crate::model::lane::{
    ATTEMPT_LIMIT, CONCURRENCY, LIMIT, PRICE, TIMEOUT, TOKEN_LIMIT,
};
use crate::model::provider::Provider;
use crate::model::stream::{ANTHROPIC, STREAM};
use crate::record::{Answer, FailureKind, Request, Role, TokenParts};
use crate::spec::{Fallback, Param, Signature, Type};

/// The longest answer where the file does not say; the API wants a number.
const LONGEST: f64 = 1_024.0;

const SIGNATURE: Signature =
    Signature::new("anthropic", Type::Model, "A chat model of Anthropic.")
        .with_details(
            "The key comes from `ANTHROPIC_API_KEY`, the address from `base_url`, else from `ANTHROPIC_BASE_URL`. Prices that are not given come from the dated list. The API gives no log-probabilities: an answer has a confidence only where it states one (`ask(…, confidence: stated)`).",
        )
        .with_params(&[
            MODEL,
            TEMPERATURE,
            TOP_P,
            Param::default(
                "max_tokens",
                Type::Count,
                Fallback::Quantity(LONGEST, Unit::One),
                "The longest answer, in tokens; the API wants one.",
            ),
            STOP,
            STREAM,
            BASE_URL,
            KEY,
            PRICE,
            LIMIT,
            TOKEN_LIMIT,
            CONCURRENCY,
            TIMEOUT,
            ATTEMPT_LIMIT,
            BATCH,
            BATCH_WAIT,
            POLL,
        ])
        .with_example("model haiku = anthropic(\"claude-haiku-4-5\") { temperature: 0.7 }")
        .with_check(|call| chat::check(call, 1.0));

pub(super) const PROVIDER: Provider = Provider {
    signature: SIGNATURE,
    build: |call, surroundings| Chat::build(call, surroundings, &DIALECT),
};

pub(super) static DIALECT: Dialect = Dialect {
    name: "anthropic",
    home: Home {
        base: "https://api.anthropic.com",
        base_name: "ANTHROPIC_BASE_URL",
        key_names: &["ANTHROPIC_API_KEY"],
    },
    key_header: ("x-api-key", ""),
    headers: &[("anthropic-version", "2023-06-01")],
    url: |base, _, _| {
        let base = base.strip_suffix("/v1").unwrap_or(base);
        format!("{base}/v1/messages")
    },
    body: |chat, request| body(chat, request).to_string().into_bytes(),
    usual: |_| None,
    answer,
    stream: ANTHROPIC,
    refine,
    batches: Some(|chat| Arc::new(Anthropic(chat))),
};

fn body(chat: &Chat, request: &Request) -> Json {
    let messages: Vec<Json> = request
        .messages
        .iter()
        .map(|message| {
            let role = match message.role {
                Role::User => "user",
                Role::Assistant => "assistant",
            };
            json!({"role": role, "content": message.text})
        })
        .collect();
    let longest = chat.max_tokens.map_or(json!(1024), |n| json!(n));
    let mut body =
        json!({"model": chat.model, "max_tokens": longest, "messages": messages});
    if let Some(system) = &request.system {
        body["system"] = json!(system);
    }
    if let Some(n) = chat.temperature {
        body["temperature"] = json!(n);
    }
    if let Some(n) = chat.top_p {
        body["top_p"] = json!(n);
    }
    if !chat.stop.is_empty() {
        body["stop_sequences"] = json!(chat.stop);
    }
    if chat.stream {
        body["stream"] = json!(true);
    }
    body
}

fn answer(json: &Json) -> Result<Answer, CallError> {
    let finish = text_of(json, "/stop_reason");
    if finish.as_deref() == Some("refusal") {
        return Err(refused("refusal"));
    }
    let blocks = json
        .get("content")
        .and_then(Json::as_array)
        .ok_or_else(|| malformed("content"))?;
    let text = blocks
        .iter()
        .filter(|block| block.get("type").and_then(Json::as_str) == Some("text"))
        .filter_map(|block| text_of(block, "/text"))
        .collect();
    // What was read from or written to the provider's own cache is counted apart.
    let counts =
        ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
    let usage = |name: &&str| json.get("usage")?.get(*name)?.as_u64();
    let tokens_in = usage(&"input_tokens").map(|_| counts.iter().filter_map(usage).sum());
    Ok(Answer {
        text,
        finish,
        model: text_of(json, "/model"),
        tokens_in,
        tokens_out: usage(&"output_tokens"),
        parts: TokenParts {
            cached: usage(&"cache_read_input_tokens").unwrap_or(0),
            written: usage(&"cache_creation_input_tokens").unwrap_or(0),
            reasoning: 0,
        },
        confidence: None,
    })
}

fn refine(kind: FailureKind, json: &Json) -> FailureKind {
    let words = words(json);
    let class = json.pointer("/error/type").and_then(Json::as_str).unwrap_or_default();
    match (kind, class) {
        (_, "request_too_large") => FailureKind::ContextTooLong,
        (_, "overloaded_error" | "api_error") => FailureKind::Server,
        (FailureKind::BadRequest, _) if is_too_long(words) => FailureKind::ContextTooLong,
        (FailureKind::BadRequest, _) if words.contains("content filtering policy") => {
            FailureKind::ContentFilter
        }
        _ => kind,
    }
}
