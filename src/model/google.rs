//! Google's Gemini.

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
use crate::model::logprobs::{LOGPROBS, gives, number, of_tokens};
use crate::model::provider::Provider;
use crate::model::stream::{GOOGLE, STREAM};
use crate::record::{Answer, FailureKind, Request, Role, TokenParts};
use crate::spec::{Signature, Type};

/// The reasons of an end that mean that the content was refused.
const REFUSALS: [&str; 5] =
    ["SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"];

const SIGNATURE: Signature =
    Signature::new("google", Type::Model, "A Gemini model of Google.")
        .with_details(
            "The key comes from `GEMINI_API_KEY` or `GOOGLE_API_KEY`, the address from `base_url`. Prices that are not given come from the dated list. Tokens of thinking count as tokens received. With `logprobs: true` answers have a confidence, where the model gives log-probabilities.",
        )
        .with_params(&[
            MODEL, TEMPERATURE, TOP_P, MAX_TOKENS, STOP, SEED, LOGPROBS, STREAM, BASE_URL,
            KEY, PRICE, LIMIT, TOKEN_LIMIT, CONCURRENCY, TIMEOUT, ATTEMPT_LIMIT,
        ])
        .with_example("model flash = google(\"gemini-2.5-flash\") { temperature: 0.7 }")
        .with_check(|call| chat::check(call, 2.0))
        .with_confidence(gives);

pub(super) const PROVIDER: Provider = Provider {
    signature: SIGNATURE,
    build: |call, surroundings| Chat::build(call, surroundings, &DIALECT),
};

pub(super) static DIALECT: Dialect = Dialect {
    name: "google",
    home: Home {
        base: "https://generativelanguage.googleapis.com/v1beta",
        base_name: "",
        key_names: &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
    },
    key_header: ("x-goog-api-key", ""),
    headers: &[],
    url: |base, model, stream| {
        let model = model.strip_prefix("models/").unwrap_or(model);
        let what =
            if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
        format!("{base}/models/{model}:{what}")
    },
    body: |chat, request| body(chat, request).to_string().into_bytes(),
    usual: |_| None,
    answer,
    stream: GOOGLE,
    refine,
    batches: None,
};

fn body(chat: &Chat, request: &Request) -> Json {
    let contents: Vec<Json> = request
        .messages
        .iter()
        .map(|message| {
            let role = match message.role {
                Role::User => "user",
                Role::Assistant => "model",
            };
            json!({"role": role, "parts": [{"text": message.text}]})
        })
        .collect();
    let mut body = json!({"contents": contents});
    if let Some(system) = &request.system {
        body["systemInstruction"] = json!({"parts": [{"text": system}]});
    }
    let mut settings = json!({});
    if let Some(n) = chat.temperature {
        settings["temperature"] = json!(n);
    }
    if let Some(n) = chat.top_p {
        settings["topP"] = json!(n);
    }
    if let Some(n) = chat.max_tokens {
        settings["maxOutputTokens"] = json!(n);
    }
    if !chat.stop.is_empty() {
        settings["stopSequences"] = json!(chat.stop);
    }
    if let Some(seed) = chat.seed {
        settings["seed"] = json!(seed);
    }
    if chat.logprobs {
        settings["responseLogprobs"] = json!(true);
    }
    body["generationConfig"] = settings;
    body
}

fn answer(json: &Json) -> Result<Answer, CallError> {
    if let Some(reason) = text_of(json, "/promptFeedback/blockReason") {
        return Err(refused(&reason));
    }
    let candidate =
        json.pointer("/candidates/0").ok_or_else(|| malformed("candidates"))?;
    let finish = text_of(candidate, "/finishReason");
    if let Some(reason) = finish.as_deref().filter(|reason| REFUSALS.contains(reason)) {
        return Err(refused(reason));
    }
    let parts = candidate.pointer("/content/parts").and_then(Json::as_array);
    let is_thought =
        |part: &&Json| part.get("thought").and_then(Json::as_bool) != Some(true);
    let text = match parts {
        Some(parts) => parts
            .iter()
            .filter(is_thought)
            .filter_map(|part| text_of(part, "/text"))
            .collect(),
        // A model that spent all its tokens on thinking says nothing.
        None if finish.is_some() => String::new(),
        None => return Err(malformed("text")),
    };
    let count = |name: &str| {
        json.pointer(&format!("/usageMetadata/{name}")).and_then(Json::as_u64)
    };
    let said = count("candidatesTokenCount");
    let thought = count("thoughtsTokenCount");
    let tokens_in = count("promptTokenCount");
    let no_text = String::is_empty(&text);
    let tokens_out = match (said, thought) {
        // A reply without a word leaves its count out.
        (None, None) => tokens_in.filter(|_| no_text).map(|_| 0),
        (said, thought) => Some(said.unwrap_or(0) + thought.unwrap_or(0)),
    };
    let model = text_of(json, "/modelVersion");
    let parts = TokenParts {
        cached: count("cachedContentTokenCount").unwrap_or(0),
        written: 0,
        reasoning: thought.unwrap_or(0),
    };
    let confidence = confidence(candidate);
    Ok(Answer { text, finish, model, tokens_in, tokens_out, parts, confidence })
}

/// Reads how sure the model was: from the tokens that it chose, else from their mean.
fn confidence(candidate: &Json) -> Option<f64> {
    let chosen = candidate.pointer("/logprobsResult/chosenCandidates");
    match chosen.and_then(Json::as_array).filter(|tokens| !tokens.is_empty()) {
        Some(tokens) => {
            of_tokens(tokens.iter().map(|token| number(token, "logProbability")))
        }
        None => of_tokens([candidate.get("avgLogprobs")?.as_f64()?]),
    }
}

fn refine(kind: FailureKind, json: &Json) -> FailureKind {
    let details = json.pointer("/error/details").and_then(Json::as_array);
    let bad_key = details.is_some_and(|details| {
        details.iter().any(|detail| {
            detail.get("reason").and_then(Json::as_str) == Some("API_KEY_INVALID")
        })
    });
    if kind != FailureKind::BadRequest {
        return kind;
    }
    if bad_key {
        FailureKind::Unauthorized
    } else if is_too_long(words(json)) {
        FailureKind::ContextTooLong
    } else {
        kind
    }
}
