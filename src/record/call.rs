//! Calls: what was asked of a model, and what came back.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::{CallId, Digest, Digester};
use crate::record::item::Item;

/// Who speaks a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The person who asks.
    User,
    /// The model.
    Assistant,
}

/// One message of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub text: String,
}

/// A request to a model, rendered: what is sent, and the item it belongs to.
///
/// The item is never sent; `sim` and `recorded` answer from it.
#[derive(Debug, Clone)]
pub struct Request {
    /// The call's id.
    pub id: CallId,
    /// The system text, if any.
    pub system: Option<String>,
    /// The messages, the last of them by the user.
    pub messages: Vec<Message>,
    /// The item.
    pub item: Arc<Item>,
    /// Which repeat of the item's trial asks, from 0.
    pub repeat: u32,
    /// The experiment's seed.
    pub seed: u64,
}

impl Request {
    /// Returns the digest of what is sent, with the identity of the model it is sent to.
    #[must_use]
    pub fn digest(system: Option<&str>, messages: &[Message], model: &Digest) -> Digest {
        let mut digester = Digester::new("request");
        digester.digest(model).number(u64::from(system.is_some()));
        digester.text(system.unwrap_or_default()).number(messages.len() as u64);
        for message in messages {
            digester.number(message.role as u64).text(&message.text);
        }
        digester.finish()
    }
}

/// What a model answered.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Answer {
    /// The text.
    pub text: String,
    /// The model as the provider resolved it, such as a dated version.
    pub model: Option<String>,
    /// Why the answer ended, in the provider's word, such as `stop` or `length`.
    pub finish: Option<String>,
    /// Tokens sent, as the provider counted them; `None` where it does not say.
    pub tokens_in: Option<u64>,
    /// Tokens received.
    pub tokens_out: Option<u64>,
    /// What the provider counted apart among them.
    #[serde(default, skip_serializing_if = "TokenParts::is_nothing")]
    pub parts: TokenParts,
    /// The model's confidence, 0 to 1, where it gives one.
    pub confidence: Option<f64>,
}

/// Tokens of an answer that a provider counts apart; 0 where it says nothing of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenParts {
    /// Of the tokens sent: those that the provider read from its own cache.
    pub cached: u64,
    /// Of the tokens sent: those that it wrote to its cache.
    pub written: u64,
    /// Of the tokens received: those that the model thought with, and did not say.
    pub reasoning: u64,
}

impl TokenParts {
    /// Says whether nothing was counted apart.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Why a call or a trial failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// 429: too many requests.
    RateLimited,
    /// 5xx: the provider's own failure.
    Server,
    /// The connection could not be made, or broke.
    Connection,
    /// No answer within the timeout (408 included).
    Timeout,
    /// 409: a conflict that passes.
    Conflict,
    /// The answer was not what the protocol says: cut, or not JSON.
    Malformed,
    /// 400: the request is wrong.
    BadRequest,
    /// 401 or 403: the key is missing, wrong or not allowed.
    Unauthorized,
    /// 404: no such model or address.
    NotFound,
    /// The provider refused for the content.
    ContentFilter,
    /// The context is too long for the model.
    ContextTooLong,
    /// `--offline`, and the answer is not in the cache.
    Offline,
    /// `--replay`, and the call is not in the recording.
    NotReplayed,
    /// The budget does not allow the call.
    Budget,
    /// A recorded model has no answer for the item.
    NotRecorded,
    /// A script failed or went over a cap.
    Script,
    /// A strategy could not decide: too few members answered.
    Quorum,
    /// The model was given up: nobody answers, or every request is refused.
    Unreachable,
    /// The trial was dropped before it ended.
    Cancelled,
    /// A hook of the file skipped the trial, or let its failure go.
    Skipped,
}

impl FailureKind {
    /// Says whether the same call may succeed a moment later.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        match self {
            Self::RateLimited
            | Self::Server
            | Self::Connection
            | Self::Timeout
            | Self::Conflict
            | Self::Malformed => true,
            Self::BadRequest
            | Self::Unauthorized
            | Self::NotFound
            | Self::ContentFilter
            | Self::ContextTooLong
            | Self::Offline
            | Self::NotReplayed
            | Self::Budget
            | Self::NotRecorded
            | Self::Script
            | Self::Quorum
            | Self::Unreachable
            | Self::Cancelled
            | Self::Skipped => false,
        }
    }

    /// Returns the failure in words, for counts: "rate limited".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::RateLimited => "rate limited",
            Self::Server => "server error",
            Self::Connection => "connection failed",
            Self::Timeout => "timed out",
            Self::Conflict => "conflict",
            Self::Malformed => "malformed answer",
            Self::BadRequest => "bad request",
            Self::Unauthorized => "not authorised",
            Self::NotFound => "not found",
            Self::ContentFilter => "refused by content filter",
            Self::ContextTooLong => "context too long",
            Self::Offline => "not in the cache while offline",
            Self::NotReplayed => "not in the recording",
            Self::Budget => "over budget",
            Self::NotRecorded => "no recorded answer",
            Self::Script => "script failed",
            Self::Quorum => "too few votes",
            Self::Unreachable => "not reachable",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
        }
    }
}

/// A failed call or trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Its kind.
    pub kind: FailureKind,
    /// What happened, without anything secret.
    pub message: String,
}

impl Failure {
    /// What is said of a call that was dropped before it ended, such as one that lost a race.
    pub const DROPPED: &str = "it was dropped before its answer came";

    /// Returns a failure.
    #[must_use]
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.words(), self.message)
    }
}

impl std::error::Error for Failure {}

/// One call as it is stored: request, result, time and money.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// The call's id.
    pub id: CallId,
    /// Where in the strategy tree it was made: child indices, then its count there: `0.2#1`.
    pub place: String,
    /// The name of the model.
    pub model: String,
    /// The system text sent, if any.
    pub system: Option<String>,
    /// The messages sent.
    pub messages: Vec<Message>,
    /// What came back.
    pub result: Result<Answer, Failure>,
    /// Requests that left the program for it, retries included; 0 from cache or a file.
    pub attempts: u32,
    /// Seconds from admission to the end of the last attempt; `None` where no time was
    /// measured (cache, recorded).
    pub latency: Option<f64>,
    /// Of the latency, the seconds until the first token of the answer came; `None` where it
    /// was not streamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttft: Option<f64>,
    /// Seconds of waiting for limits and between retries.
    pub waited: f64,
    /// Dollars; `None` where the price or the usage is unknown.
    pub cost: Option<f64>,
    /// Dollars that attempts without an answer may have cost, at most: they count towards
    /// the budget.
    #[serde(default)]
    pub presumed: f64,
    /// Whether the answer came from the cache.
    pub cached: bool,
}
