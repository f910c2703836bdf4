//! A chat model over HTTP: what the three APIs have in common.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;

use crate::model::address::{self, Address, Home};
use crate::model::batch::{self, BatchApi, Batched, Terms};
use crate::model::contract::{Attempted, CallError, Model, Price, Profile};
use crate::model::lane::{check_shared, complaint, price};
use crate::model::logprobs;
use crate::model::prices::list_price;
use crate::model::provider::{BuildError, Surroundings};
use crate::model::stream;
use crate::model::wire::{Endpoint, Http, Reply, scrub};
use crate::record::{Answer, FailureKind, Request};
use crate::spec::{Call, Complaint, Param, Type, Value};

/// How one API says things.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    /// The provider's name, as in the table of prices.
    pub(super) name: &'static str,
    pub(super) home: Home,
    /// The header that carries the key, and what stands before it there.
    pub(super) key_header: (&'static str, &'static str),
    /// Headers that every request has.
    pub(super) headers: &'static [(&'static str, &'static str)],
    /// Makes the address of a model from the base; another one for a stream, where the API
    /// has one.
    pub(super) url: fn(&str, &str, bool) -> String,
    /// Writes the body of a request, as JSON.
    pub(super) body: fn(&Chat, &Request) -> Vec<u8>,
    /// Reads the usual reply with status 200 without a detour; `None` for any that is not
    /// usual, such as a refusal.
    pub(super) usual: fn(&[u8]) -> Option<Answer>,
    /// Reads a reply with status 200.
    pub(super) answer: fn(&Json) -> Result<Answer, CallError>,
    /// How answers are streamed.
    pub(super) stream: stream::Api,
    /// Refines the kind of an error from its body.
    pub(super) refine: fn(FailureKind, &Json) -> FailureKind,
    /// Makes what takes batches, where the API does.
    pub(super) batches: Option<fn(Chat) -> Arc<dyn BatchApi>>,
}

/// A model of one of the APIs, with the parameters of its call.
#[derive(Debug, Clone)]
pub(super) struct Chat {
    pub(super) dialect: &'static Dialect,
    pub(super) address: Address,
    endpoint: Result<Endpoint, &'static str>,
    pub(super) http: Http,
    price: Option<Price>,
    /// Whether its calls are sent in batches; then they cost half.
    batched: bool,
    terms: Terms,
    /// Whether the server is the API's own.
    pub(super) own: bool,
    pub(super) model: String,
    pub(super) temperature: Option<f64>,
    pub(super) top_p: Option<f64>,
    pub(super) max_tokens: Option<u64>,
    pub(super) stop: Vec<String>,
    pub(super) seed: Option<u64>,
    /// Whether log-probabilities are asked for, from which the confidence follows.
    pub(super) logprobs: bool,
    /// Whether answers come token by token.
    pub(super) stream: bool,
}

impl Chat {
    pub(super) fn build(
        call: &Call,
        surroundings: &Surroundings<'_>,
        dialect: &'static Dialect,
    ) -> Result<Box<dyn Model>, BuildError> {
        let address = Address::of(call, surroundings, &dialect.home)?;
        let model = call.text("model").unwrap_or_default().to_owned();
        let listed = || list_price(dialect.name, &model).filter(|_| address.listed);
        let stop = match call.arg("stop") {
            Some(Value::List(values)) => {
                values.iter().filter_map(Value::as_text).map(str::to_owned).collect()
            }
            Some(value) => value.as_text().map(str::to_owned).into_iter().collect(),
            None => Vec::new(),
        };
        let key = address.key.as_ref().map(|key| {
            let (name, before) = dialect.key_header;
            (name, format!("{before}{}", key.expose_secret().trim()))
        });
        let stream = call.flag("stream") == Some(true);
        let url = (dialect.url)(&address.base, &model, stream);
        Ok(Box::new(Self {
            price: price(call).or_else(listed),
            endpoint: Endpoint::new(&url, dialect.headers, key, address.loopback),
            batched: call.flag("batch") == Some(true),
            terms: Terms::of(call),
            http: surroundings.http.clone(),
            own: address.own,
            temperature: call.number("temperature"),
            top_p: call.number("top_p"),
            max_tokens: call.count("max_tokens"),
            seed: call.count("seed"),
            logprobs: logprobs::gives(call),
            stream,
            stop,
            model,
            dialect,
            address,
        }))
    }

    async fn send(&self, request: &Request) -> Result<Reply, CallError> {
        let endpoint = self.endpoint()?;
        let body = (self.dialect.body)(self, request);
        self.http.post(endpoint, body).await
    }

    /// Reads a reply. A confidence that was not asked for is none: what a server adds of its
    /// own accord changes no result.
    pub(super) fn read(&self, reply: &Reply) -> Result<Answer, CallError> {
        let read = read(self.dialect, reply, self.address.key.as_ref());
        read.map(|answer| self.asked_for(answer))
    }

    pub(super) fn asked_for(&self, answer: Answer) -> Answer {
        let confidence = answer.confidence.filter(|_| self.logprobs);
        Answer { confidence, ..answer }
    }

    /// Returns where requests go, if the key is there.
    pub(super) fn endpoint(&self) -> Result<&Endpoint, CallError> {
        let unauthorized =
            |message: &str| CallError::new(FailureKind::Unauthorized, message);
        if let Some(missing) = &self.address.missing {
            return Err(unauthorized(missing));
        }
        self.endpoint.as_ref().map_err(|message| unauthorized(message))
    }
}

#[async_trait]
impl Model for Chat {
    async fn answer(&self, request: &Request) -> Result<Answer, CallError> {
        self.attempt(request, 0).await.result
    }

    async fn attempt(&self, request: &Request, _: u32) -> Attempted {
        if self.stream {
            // Boxed, so that calls that are not streamed do not carry it.
            let streamed = Box::pin(self.attempt_stream(request)).await;
            return streamed.unwrap_or_else(|error| Err(error).into());
        }
        match self.send(request).await {
            Ok(reply) => Attempted {
                result: self.read(&reply),
                quota: reply.quota,
                first_token: None,
            },
            Err(error) => Err(error).into(),
        }
    }

    fn profile(&self) -> Profile {
        Profile {
            cacheable: true,
            network: true,
            loopback: self.address.loopback,
            free: self.price.is_some_and(Price::is_free),
            price: if self.batched {
                self.price.map(Price::in_batches)
            } else {
                self.price
            },
            batched: self.batched,
            max_tokens: self.max_tokens,
            ..Profile::default()
        }
    }

    fn batched(&self) -> Option<Batched> {
        let make = self.dialect.batches?;
        Some(Batched {
            api: make(Self { stream: false, ..self.clone() }),
            terms: self.terms,
            on: self.batched,
            price: self.price.map(Price::in_batches),
        })
    }

    fn ready(&self) -> Result<(), String> {
        self.address.missing.clone().map_or(Ok(()), Err)
    }
}

/// Reads a reply: an answer, or which failure it is.
pub(super) fn read(
    dialect: &Dialect,
    reply: &Reply,
    key: Option<&SecretString>,
) -> Result<Answer, CallError> {
    let status = reply.status;
    if status == 200
        && let Some(answer) = (dialect.usual)(&reply.body)
    {
        return Ok(answer);
    }
    let json: Result<Json, _> = serde_json::from_slice(&reply.body).or_else(|_| {
        // What is not UTF-8 is replaced, so that one byte does not cost an answer.
        serde_json::from_str(&String::from_utf8_lossy(&reply.body))
    });
    if (200..300).contains(&status) {
        let Ok(json) = json else {
            let message = format!("status {status}, but the body is not whole JSON");
            return Err(CallError::new(FailureKind::Malformed, message));
        };
        // Some servers put an error into a reply that says 200.
        if let Some(code) = json.pointer("/error/code").and_then(Json::as_u64) {
            let code = u16::try_from(code).unwrap_or(500);
            return Err(failed(dialect, code, reply, &json, key));
        }
        return match (dialect.answer)(&json) {
            Ok(answer) => Ok(keyless(answer, key)),
            Err(mut error) => {
                error.failure.message = scrub(&error.failure.message, key);
                Err(error)
            }
        };
    }
    Err(failed(dialect, status, reply, &json.unwrap_or(Json::Null), key))
}

/// Takes the key out of an answer that holds it, so that no store does.
pub(super) fn keyless(mut answer: Answer, key: Option<&SecretString>) -> Answer {
    let secret = key.map(|key| key.expose_secret().trim()).filter(|key| !key.is_empty());
    if let Some(secret) = secret.filter(|secret| answer.text.contains(secret)) {
        answer.text = answer.text.replace(secret, "[key]");
    }
    answer
}

/// Reads a reply that is no success.
pub(super) fn refusal(chat: &Chat, reply: &Reply) -> CallError {
    let json = serde_json::from_slice(&reply.body).unwrap_or(Json::Null);
    failed(chat.dialect, reply.status, reply, &json, chat.address.key.as_ref())
}

pub(super) fn failed(
    dialect: &Dialect,
    status: u16,
    reply: &Reply,
    json: &Json,
    key: Option<&SecretString>,
) -> CallError {
    let kind = (dialect.refine)(kind_of(status), json);
    let text = String::from_utf8_lossy(&reply.body);
    let words = json
        .pointer("/error/message")
        .or_else(|| json.get("message"))
        .or_else(|| json.get("error"))
        .and_then(Json::as_str)
        .unwrap_or(&text);
    let words = scrub(words, key);
    let redirect = "the server sends elsewhere; give the final address as `base_url`";
    let words = if (300..400).contains(&status) { redirect } else { words.as_str() };
    let colon = if words.is_empty() { "" } else { ": " };
    let mut error = CallError::new(kind, format!("status {status}{colon}{words}"));
    error.retry_after = reply.retry_after.or_else(|| retry_delay(json));
    error.outage |= matches!(status, 502..=504 | 529);
    error
}

/// Says what a status means before the body is looked at.
fn kind_of(status: u16) -> FailureKind {
    match status {
        401..=403 => FailureKind::Unauthorized,
        404 => FailureKind::NotFound,
        408 => FailureKind::Timeout,
        409 => FailureKind::Conflict,
        413 => FailureKind::ContextTooLong,
        429 => FailureKind::RateLimited,
        500..=599 => FailureKind::Server,
        _ => FailureKind::BadRequest,
    }
}

/// Reads the wait that Google's errors carry in their details: `"retryDelay": "23s"`.
fn retry_delay(json: &Json) -> Option<Duration> {
    let details = json.pointer("/error/details")?.as_array()?;
    let delay = details.iter().find_map(|detail| detail.get("retryDelay"))?.as_str()?;
    let seconds: f64 = delay.strip_suffix('s')?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Says whether an error's words mean that the context is too long.
pub(super) fn is_too_long(words: &str) -> bool {
    let words = words.to_lowercase();
    [
        "maximum context length",
        "context length exceeded",
        "context window",
        "prompt is too long",
        "input is too long",
        "input token count",
        "exceeds the maximum number of tokens",
        "request_too_large",
    ]
    .iter()
    .any(|mark| words.contains(mark))
}

/// Returns the words of an error.
pub(super) fn words(json: &Json) -> &str {
    let words = json.pointer("/error/message").or_else(|| json.get("message"));
    words.and_then(Json::as_str).unwrap_or_default()
}

pub(super) fn malformed(missing: &str) -> CallError {
    CallError::new(FailureKind::Malformed, format!("the reply has no {missing}"))
}

pub(super) fn refused(reason: &str) -> CallError {
    CallError::new(FailureKind::ContentFilter, format!("the provider says: {reason}"))
}

pub(super) fn text_of(json: &Json, pointer: &str) -> Option<String> {
    json.pointer(pointer).and_then(Json::as_str).map(str::to_owned)
}

pub(super) const MODEL: Param =
    Param::required("model", Type::Text, "The model's name, as the provider knows it.");

pub(super) const TEMPERATURE: Param = Param::optional(
    "temperature",
    Type::Number,
    "How freely it chooses its words, from 0; the provider's default where not given.",
);

pub(super) const TOP_P: Param = Param::optional(
    "top_p",
    Type::OneOf(&[Type::Number, Type::Fraction]),
    "The share of likely words that it chooses among, 0 to 1.",
);

pub(super) const MAX_TOKENS: Param =
    Param::optional("max_tokens", Type::Count, "The longest answer, in tokens.");

pub(super) const STOP: Param = Param::optional(
    "stop",
    Type::OneOf(&[Type::Text, Type::List(&Type::Text)]),
    "The text, or texts, at which the answer ends.",
);

pub(super) const SEED: Param = Param::optional(
    "seed",
    Type::Count,
    "A seed for the provider's own sampling, which it may or may not follow.",
);

pub(super) const BASE_URL: Param = Param::optional(
    "base_url",
    Type::Text,
    "The server's address, where it is not the provider's own; part of the model's identity.",
);

pub(super) const KEY: Param = Param::optional(
    "key",
    Type::Text,
    "The name of the environment variable that holds the key, where it is not the usual one.",
)
.operational();

/// Finds what is wrong with a call; `hottest` is the highest temperature of the API.
pub(super) fn check(call: &Call, hottest: f64) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if call.text("model").is_some_and(|name| name.trim().is_empty()) {
        let help = "the name as the provider knows it: `\"gpt-4o-mini\"`";
        complaints.push(complaint("model", "`model` is empty".to_owned(), help));
    }
    for (name, most) in [("temperature", hottest), ("top_p", 1.0)] {
        if let Some(found) = call.number(name).filter(|n| !(0.0..=most).contains(n)) {
            let message = format!("`{name}` is {found}, wanted 0 to {most}");
            complaints.push(complaint(name, message, &format!("`{name}: 0.7`")));
        }
    }
    if call.count("max_tokens") == Some(0) {
        let message = "`max_tokens` is 0, wanted at least 1".to_owned();
        complaints.push(complaint("max_tokens", message, "`max_tokens: 256`"));
    }
    complaints.extend(address::check(call));
    complaints.extend(check_shared(call));
    complaints.extend(batch::check(call));
    complaints.extend(stream::check(call));
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{anthropic, google, openai};
    use crate::record::TokenParts;

    const SHAPES: [(&Dialect, &str); 3] = [
        (&openai::DIALECT, include_str!("../../tests/data/providers/openai.json")),
        (&anthropic::DIALECT, include_str!("../../tests/data/providers/anthropic.json")),
        (&google::DIALECT, include_str!("../../tests/data/providers/google.json")),
    ];

    /// What a recorded shape must be read as: an answer, or a failure of a kind.
    fn compare(dialect: &Dialect, case: &Json) {
        let name = &case["case"];
        let body =
            case["raw"].as_str().map_or_else(|| case["body"].to_string(), str::to_owned);
        let status = u16::try_from(case["status"].as_u64().unwrap()).unwrap();
        let body = body.into_bytes();
        let reply = Reply { status, body, ..Reply::default() };
        match (read(dialect, &reply, None), case.get("failure")) {
            (Ok(answer), None) => {
                assert_eq!(case["text"], answer.text, "{name}");
                if let Some(tokens) = case.get("tokens") {
                    let read = serde_json::json!([answer.tokens_in, answer.tokens_out]);
                    assert_eq!(&read, tokens, "{name}");
                }
                if let Some(parts) = case.get("parts") {
                    let TokenParts { cached, written, reasoning } = answer.parts;
                    let read = serde_json::json!([cached, written, reasoning]);
                    assert_eq!(&read, parts, "{name}");
                }
                let sure = case.get("confidence").and_then(Json::as_f64);
                let off = answer.confidence.zip(sure).map_or(0.0, |(a, b)| (a - b).abs());
                assert!(off < 1e-12, "{name}: {off}");
                assert_eq!(answer.confidence.is_some(), sure.is_some(), "{name}");
                if let Some(model) = case.get("model").and_then(Json::as_str) {
                    assert_eq!(answer.model.as_deref(), Some(model), "{name}");
                }
            }
            (Err(error), Some(kind)) => {
                let read = serde_json::to_value(error.failure.kind).unwrap();
                assert_eq!(&read, kind, "{name}: {}", error.failure);
                let message = error.failure.message;
                let secret = case["never"].as_str().unwrap_or("sk-");
                assert!(!message.contains(secret), "{name}: {message}");
                let wait = error.retry_after.map(|wait| wait.as_secs_f64());
                assert_eq!(wait, case["retry_after"].as_f64(), "{name}");
            }
            (read, wanted) => panic!("{name}: {read:?}, wanted {wanted:?}"),
        }
    }

    #[test]
    fn every_recorded_shape_is_read_as_what_it_means() {
        for (dialect, shapes) in SHAPES {
            let cases: Vec<Json> = serde_json::from_str(shapes).unwrap();
            assert!(cases.len() > 10);
            cases.iter().for_each(|case| compare(dialect, case));
        }
    }
}
