//! A chat model over HTTP: what the three APIs have in common.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;

use crate::model::address::{self, Address, Home};
use crate::model::contract::{CallError, Model, Price, Profile};
use crate::model::lane::{check_shared, complaint, price};
use crate::model::prices::list_price;
use crate::model::provider::{BuildError, Surroundings};
use crate::model::wire::{Http, Reply, scrub};
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
    /// Makes the address of a model from the base.
    pub(super) url: fn(&str, &str) -> String,
    pub(super) body: fn(&Chat, &Request) -> Json,
    /// Reads a reply with status 200.
    pub(super) answer: fn(&Json) -> Result<Answer, CallError>,
    /// Refines the kind of an error from its body.
    pub(super) refine: fn(FailureKind, &Json) -> FailureKind,
}

/// A model of one of the APIs, with the parameters of its call.
#[derive(Debug)]
pub(super) struct Chat {
    dialect: &'static Dialect,
    address: Address,
    url: String,
    http: Http,
    price: Option<Price>,
    /// Whether the server is the API's own.
    pub(super) own: bool,
    pub(super) model: String,
    pub(super) temperature: Option<f64>,
    pub(super) top_p: Option<f64>,
    pub(super) max_tokens: Option<u64>,
    pub(super) stop: Vec<String>,
    pub(super) seed: Option<u64>,
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
        Ok(Box::new(Self {
            price: price(call).or_else(listed),
            url: (dialect.url)(&address.base, &model),
            http: surroundings.http.clone(),
            own: address.own,
            temperature: call.number("temperature"),
            top_p: call.number("top_p"),
            max_tokens: call.count("max_tokens"),
            seed: call.count("seed"),
            stop,
            model,
            dialect,
            address,
        }))
    }

    fn headers(&self) -> Result<HeaderMap, CallError> {
        let mut headers = HeaderMap::new();
        for (name, value) in self.dialect.headers {
            headers
                .insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        if let Some(key) = &self.address.key {
            let (name, before) = self.dialect.key_header;
            let text = format!("{before}{}", key.expose_secret().trim());
            let mut value = HeaderValue::from_str(&text).map_err(|_| {
                let message = "the key holds characters that no key has";
                CallError::new(FailureKind::Unauthorized, message)
            })?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(headers)
    }
}

#[async_trait]
impl Model for Chat {
    async fn answer(&self, request: &Request) -> Result<Answer, CallError> {
        if let Some(missing) = &self.address.missing {
            return Err(CallError::new(FailureKind::Unauthorized, missing.clone()));
        }
        let body = (self.dialect.body)(self, request);
        let headers = self.headers()?;
        let loopback = self.address.loopback;
        let reply = self.http.post(&self.url, headers, &body, loopback).await?;
        read(self.dialect, &reply, self.address.key.as_ref())
    }

    fn profile(&self) -> Profile {
        Profile {
            cacheable: true,
            network: true,
            loopback: self.address.loopback,
            free: self
                .price
                .is_some_and(|price| price.input <= 0.0 && price.output <= 0.0),
            price: self.price,
            max_tokens: self.max_tokens,
            ..Profile::default()
        }
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
    let json: Result<Json, _> = serde_json::from_str(&reply.body);
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
        return (dialect.answer)(&json).map_err(|mut error| {
            error.failure.message = scrub(&error.failure.message, key);
            error
        });
    }
    Err(failed(dialect, status, reply, &json.unwrap_or(Json::Null), key))
}

fn failed(
    dialect: &Dialect,
    status: u16,
    reply: &Reply,
    json: &Json,
    key: Option<&SecretString>,
) -> CallError {
    let kind = (dialect.refine)(kind_of(status), json);
    let words = json
        .pointer("/error/message")
        .or_else(|| json.get("message"))
        .or_else(|| json.get("error"))
        .and_then(Json::as_str)
        .unwrap_or(&reply.body);
    let words = scrub(words, key);
    let redirect = "the server sends elsewhere; give the final address as `base_url`";
    let words = if (300..400).contains(&status) { redirect } else { words.as_str() };
    let colon = if words.is_empty() { "" } else { ": " };
    let mut error = CallError::new(kind, format!("status {status}{colon}{words}"));
    error.retry_after = reply.retry_after.or_else(|| retry_delay(json));
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
    json.pointer("/error/message").and_then(Json::as_str).unwrap_or_default()
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
    complaints
}
