//! OpenAI's chat completions, and every server that speaks like it.

use std::borrow::Cow;
use std::sync::Arc;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value as Json;

use crate::model::address::Home;
use crate::model::batch::{BATCH, BATCH_WAIT, OpenAi, POLL};
use crate::model::chat::{
    self, BASE_URL, Chat, Dialect, KEY, MAX_TOKENS, MODEL, SEED, STOP, TEMPERATURE,
    TOP_P, is_too_long, malformed, refused, text_of, words,
};
use crate::model::contract::CallError;
use crate::model::lane::{
    ATTEMPT_LIMIT, CONCURRENCY, LIMIT, PRICE, TIMEOUT, TOKEN_LIMIT,
};
use crate::model::logprobs::{LOGPROBS, gives, number, of_tokens};
use crate::model::provider::Provider;
use crate::model::stream::{OPENAI, STREAM};
use crate::record::{Answer, FailureKind, Request, Role, TokenParts};
use crate::spec::{Signature, Type};

const SIGNATURE: Signature = Signature::new(
    "openai",
    Type::Model,
    "A chat model of OpenAI, or of any server that speaks its protocol.",
)
.with_details(
    "The key comes from `OPENAI_API_KEY`, the address from `base_url`, else from `OPENAI_BASE_URL`. The key is not sent unencrypted to another machine unless `key` names its variable. Prices that are not given come from the dated list, for OpenAI's own server; for any other server they are unknown. With `logprobs: true` answers have a confidence, where the server gives log-probabilities.",
)
.with_params(&[
    MODEL, TEMPERATURE, TOP_P, MAX_TOKENS, STOP, SEED, LOGPROBS, STREAM, BASE_URL, KEY,
    PRICE, LIMIT, TOKEN_LIMIT, CONCURRENCY, TIMEOUT, ATTEMPT_LIMIT, BATCH, BATCH_WAIT, POLL,
])
.with_example(
    "model mini = openai(\"gpt-4o-mini\") { temperature: 0.7, price: [$0.15/Mtok, $0.60/Mtok] }",
)
.with_check(|call| chat::check(call, 2.0))
.with_confidence(gives);

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
    url: |base, _, _| format!("{base}/chat/completions"),
    body,
    usual,
    answer,
    stream: OPENAI,
    refine,
    batches: Some(|chat| Arc::new(OpenAi(chat))),
};

/// A request, written as it stands.
#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Messages<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

/// Without it a stream does not say how many tokens it took.
#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// The system text and the messages of a request, one after another.
struct Messages<'a>(&'a Request);

#[derive(Serialize)]
struct Said<'a> {
    role: &'static str,
    content: &'a str,
}

impl Serialize for Messages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let system =
            self.0.system.iter().map(|text| Said { role: "system", content: text });
        let messages = self.0.messages.iter().map(|message| {
            let role = match message.role {
                Role::User => "user",
                Role::Assistant => "assistant",
            };
            Said { role, content: &message.text }
        });
        serializer.collect_seq(system.chain(messages))
    }
}

fn body(chat: &Chat, request: &Request) -> Vec<u8> {
    // OpenAI's newer models know only the longer name, other servers only the shorter.
    let (own, others) =
        if chat.own { (chat.max_tokens, None) } else { (None, chat.max_tokens) };
    let body = Body {
        model: &chat.model,
        messages: Messages(request),
        temperature: chat.temperature,
        top_p: chat.top_p,
        max_completion_tokens: own,
        max_tokens: others,
        stop: &chat.stop,
        seed: chat.seed,
        logprobs: chat.logprobs.then_some(true),
        stream: chat.stream.then_some(true),
        stream_options: chat.stream.then_some(StreamOptions { include_usage: true }),
    };
    // Text and finite numbers always make JSON.
    serde_json::to_vec(&body).unwrap_or_default()
}

/// The usual reply. A field that is not of this form makes it unusual.
#[derive(Deserialize)]
struct Usual<'a> {
    #[serde(borrow)]
    model: Option<Cow<'a, str>>,
    #[serde(borrow)]
    choices: Vec<Choice<'a>>,
    usage: Option<Tokens>,
    error: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    message: Told<'a>,
    #[serde(borrow)]
    finish_reason: Option<Cow<'a, str>>,
    logprobs: Option<Logprobs>,
}

#[derive(Deserialize)]
struct Logprobs {
    content: Option<Vec<Token>>,
}

/// A token that was chosen.
#[derive(Deserialize)]
struct Token {
    logprob: f64,
}

#[derive(Deserialize)]
struct Told<'a> {
    #[serde(borrow)]
    content: Cow<'a, str>,
    refusal: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Tokens {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<Sent>,
    completion_tokens_details: Option<Received>,
}

#[derive(Deserialize)]
struct Sent {
    cached_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct Received {
    reasoning_tokens: Option<u64>,
}

impl Tokens {
    fn parts(&self) -> TokenParts {
        let sent = self.prompt_tokens_details.as_ref();
        let received = self.completion_tokens_details.as_ref();
        TokenParts {
            cached: sent.and_then(|sent| sent.cached_tokens).unwrap_or(0),
            written: 0,
            reasoning: received.and_then(|one| one.reasoning_tokens).unwrap_or(0),
        }
    }
}

fn usual(body: &[u8]) -> Option<Answer> {
    let reply: Usual<'_> = serde_json::from_slice(body).ok()?;
    let choice = reply.choices.into_iter().next()?;
    let finish = choice.finish_reason.map(Cow::into_owned);
    let odd = reply.error.is_some()
        || choice.message.refusal.is_some()
        || finish.as_deref() == Some("content_filter");
    let tokens = choice.logprobs.and_then(|logprobs| logprobs.content);
    let usage = reply.usage.as_ref();
    (!odd).then(|| Answer {
        text: choice.message.content.into_owned(),
        finish,
        model: reply.model.map(Cow::into_owned),
        tokens_in: usage.and_then(|usage| usage.prompt_tokens),
        tokens_out: usage.and_then(|usage| usage.completion_tokens),
        parts: usage.map(Tokens::parts).unwrap_or_default(),
        confidence: tokens.and_then(|tokens| of_tokens(tokens.iter().map(|t| t.logprob))),
    })
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
    let count = |at: &str| json.pointer(at).and_then(Json::as_u64);
    let tokens = choice.pointer("/logprobs/content").and_then(Json::as_array);
    let logprobs = tokens.into_iter().flatten().map(|token| number(token, "logprob"));
    Ok(Answer {
        text,
        finish,
        model: text_of(json, "/model"),
        tokens_in: count("/usage/prompt_tokens"),
        tokens_out: count("/usage/completion_tokens"),
        parts: TokenParts {
            cached: count("/usage/prompt_tokens_details/cached_tokens").unwrap_or(0),
            written: 0,
            reasoning: count("/usage/completion_tokens_details/reasoning_tokens")
                .unwrap_or(0),
        },
        confidence: of_tokens(logprobs),
    })
}

fn refine(kind: FailureKind, json: &Json) -> FailureKind {
    let code = json.pointer("/error/code").and_then(Json::as_str).unwrap_or_default();
    match code {
        "context_length_exceeded" | "string_above_max_length" => {
            FailureKind::ContextTooLong
        }
        "content_filter" | "content_policy_violation" => FailureKind::ContentFilter,
        // A 429 that no waiting helps: the account has nothing left.
        "insufficient_quota" => FailureKind::Unauthorized,
        _ if kind == FailureKind::BadRequest && is_too_long(words(json)) => {
            FailureKind::ContextTooLong
        }
        _ => kind,
    }
}
