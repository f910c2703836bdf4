//! OpenAI's chat completions, and every server that speaks like it.

use serde_json::{Value as Json, json};

use crate::model::address::Home;
use crate::model::chat::{
    self, BASE_URL, Chat, Dialect, KEY, MAX_TOKENS, MODEL, SEED, STOP, TEMPERATURE,
    TOP_P, is_too_long, malformed, refused, text_of, words,
};
use crate::model::contract::CallError;
use crate::model::lane::{
    ATTEMPT_LIMIT, CONCURRENCY, LIMIT, PRICE, TIMEOUT, TOKEN_LIMIT,
};
use crate::model::provider::Provider;
use crate::record::{Answer, FailureKind, Request, Role};
use crate::spec::{Signature, Type};

const SIGNATURE: Signature = Signature::new(
    "openai",
    Type::Model,
    "A chat model of OpenAI, or of any server that speaks its protocol.",
)
.with_details(
    "The key comes from `OPENAI_API_KEY`, the address from `base_url`, else from `OPENAI_BASE_URL`. The key is not sent unencrypted to another machine unless `key` names its variable. Prices that are not given come from the dated list, for OpenAI's own server; for any other server they are unknown.",
)
.with_params(&[
    MODEL, TEMPERATURE, TOP_P, MAX_TOKENS, STOP, SEED, BASE_URL, KEY, PRICE, LIMIT,
    TOKEN_LIMIT, CONCURRENCY, TIMEOUT, ATTEMPT_LIMIT,
])
.with_example(
    "model mini = openai(\"gpt-4o-mini\") { temperature: 0.7, price: [$0.15/Mtok, $0.60/Mtok] }",
)
.with_check(|call| chat::check(call, 2.0));

pub(super) const PROVIDER: Provider = Provider {
    signature: SIGNATURE,
    build: |call, surroundings| Chat::build(call, surroundings, &DIALECT),
};

pub(super) static DIALECT: Dialect = Dialect {
    name: "openai",
    home: Home {
        base: "https://api.openai.com/v1",
        base_name: "OPENAI_BASE_URL",
        key_names: &["OPENAI_API_KEY"],
    },
    key_header: ("authorization", "Bearer "),
    headers: &[],
    url: |base, _| format!("{base}/chat/completions"),
    body,
    answer,
    refine,
};

fn body(chat: &Chat, request: &Request) -> Json {
    let system =
        request.system.iter().map(|text| json!({"role": "system", "content": text}));
    let messages = request.messages.iter().map(|message| {
        let role = match message.role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        json!({"role": role, "content": message.text})
    });
    let messages: Vec<Json> = system.chain(messages).collect();
    let mut body = json!({"model": chat.model, "messages": messages});
    if let Some(n) = chat.temperature {
        body["temperature"] = json!(n);
    }
    if let Some(n) = chat.top_p {
        body["top_p"] = json!(n);
    }
    if let Some(n) = chat.max_tokens {
        // OpenAI's newer models know only the longer name, other servers only the shorter.
        let name = if chat.own { "max_completion_tokens" } else { "max_tokens" };
        body[name] = json!(n);
    }
    if !chat.stop.is_empty() {
        body["stop"] = json!(chat.stop);
    }
    if let Some(seed) = chat.seed {
        body["seed"] = json!(seed);
    }
    body
}

fn answer(json: &Json) -> Result<Answer, CallError> {
    let choice = json.pointer("/choices/0").ok_or_else(|| malformed("choices"))?;
    let finish = text_of(choice, "/finish_reason");
    if finish.as_deref() == Some("content_filter") {
        return Err(refused("content_filter"));
    }
    if let Some(refusal) = text_of(choice, "/message/refusal") {
        return Err(refused(&refusal));
    }
    let text = match choice.pointer("/message/content") {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Array(parts)) => {
            parts.iter().filter_map(|part| text_of(part, "/text")).collect()
        }
        // A model that spent all its tokens on thinking says nothing.
        Some(Json::Null) | None if finish.is_some() => String::new(),
        Some(Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_)) | None => {
            return Err(malformed("text"));
        }
    };
    Ok(Answer {
        text,
        finish,
        model: text_of(json, "/model"),
        tokens_in: json.pointer("/usage/prompt_tokens").and_then(Json::as_u64),
        tokens_out: json.pointer("/usage/completion_tokens").and_then(Json::as_u64),
        confidence: None,
    })
}

fn refine(kind: FailureKind, json: &Json) -> FailureKind {
    let code = json.pointer("/error/code").and_then(Json::as_str).unwrap_or_default();
    match code {
        "context_length_exceeded" | "string_above_max_length" => {
            FailureKind::ContextTooLong
        }
        "content_filter" | "content_policy_violation" => FailureKind::ContentFilter,
        _ if kind == FailureKind::BadRequest && is_too_long(words(json)) => {
            FailureKind::ContextTooLong
        }
        _ => kind,
    }
}
