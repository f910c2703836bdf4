//! What a model promises to the gateway.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use crate::model::batch::Batched;
use crate::record::{Answer, Failure, FailureKind, Message, Request};

/// Something that answers a request, once, without limits or second tries.
#[async_trait]
pub trait Model: Send + Sync + fmt::Debug {
    /// Answers the request.
    ///
    /// # Errors
    ///
    /// When no answer came; the kind of the failure says whether another try may help.
    async fn answer(&self, request: &Request) -> Result<Answer, CallError>;

    /// Answers the request for the `attempt`-th time, from 0, and says what else was learned.
    /// A model that draws its failures draws them here anew.
    async fn attempt(&self, request: &Request, attempt: u32) -> Attempted {
        let _ = attempt;
        self.answer(request).await.into()
    }

    /// Returns what the gateway and the forecast must know of the model.
    fn profile(&self) -> Profile;

    /// Returns how the model's calls can be sent in batches, where they can.
    fn batched(&self) -> Option<Batched> {
        None
    }

    /// Says whether the model could be asked now, such as whether its key is there.
    ///
    /// # Errors
    ///
    /// Says in words what is missing.
    fn ready(&self) -> Result<(), String> {
        Ok(())
    }
}

/// What one attempt came to, and what was learned on the way.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempted {
    /// The answer, or why there is none.
    pub result: Result<Answer, CallError>,
    /// What the provider says is left of its limits, where it says so.
    pub quota: Option<Quota>,
    /// When the first token of the answer came, where it was streamed.
    pub first_token: Option<Instant>,
}

impl From<Result<Answer, CallError>> for Attempted {
    fn from(result: Result<Answer, CallError>) -> Self {
        Self { result, quota: None, first_token: None }
    }
}

/// What a provider says is left of its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quota {
    /// Requests left.
    pub requests: Option<Left>,
    /// Tokens left.
    pub tokens: Option<Left>,
}

/// What is left of one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// How many.
    pub count: u64,
    /// When the limit is whole again, from now.
    pub reset: Duration,
}

/// Why one attempt gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallError {
    /// What happened.
    pub failure: Failure,
    /// How long the provider asks to wait before the next attempt.
    pub retry_after: Option<Duration>,
    /// Whether it looks as if nobody were there: no connection, no answer in time, or a
    /// status that says so (502, 503, 504, 529).
    pub outage: bool,
    /// Whether the answer had begun to come, so that it may be billed.
    pub begun: bool,
}

impl CallError {
    /// Returns an error without a wish for waiting.
    #[must_use]
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            failure: Failure::new(kind, message),
            retry_after: None,
            outage: matches!(kind, FailureKind::Connection | FailureKind::Timeout),
            begun: false,
        }
    }
}

/// What tokens cost, in US dollars a token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// For a token sent.
    pub input: f64,
    /// For a token received; those of thinking are among them.
    pub output: f64,
    /// For a token sent that the provider read from its own cache.
    pub cached: f64,
    /// For a token sent that it wrote to its cache.
    pub written: f64,
}

impl Price {
    /// Returns a price that makes no difference between a token that the provider had in its
    /// cache and another one.
    #[must_use]
    pub const fn new(input: f64, output: f64) -> Self {
        Self { input, output, cached: input, written: input }
    }

    /// Returns what tokens cost in a batch: half.
    pub(super) fn in_batches(self) -> Self {
        Self {
            input: self.input / 2.0,
            output: self.output / 2.0,
            cached: self.cached / 2.0,
            written: self.written / 2.0,
        }
    }

    /// Says whether nothing costs anything.
    pub(super) fn is_free(self) -> bool {
        [self.input, self.output, self.cached, self.written].iter().all(|p| *p <= 0.0)
    }

    /// Returns the cost of an answer in dollars; `None` where a count is not known.
    ///
    /// # Formula
    ///
    /// ```text
    /// cost  =  (sent − cached − written)·input + cached·p_cached + written·p_written
    ///          + received·output
    /// ```
    ///
    /// What is cached and written is part of what was sent, and thinking is part of what was
    /// received: no token is paid for twice.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "tokens stay far below 2^52")]
    pub fn of_answer(self, answer: &Answer) -> Option<f64> {
        let (sent, received) = (answer.tokens_in?, answer.tokens_out?);
        let cached = answer.parts.cached.min(sent);
        let written = answer.parts.written.min(sent - cached);
        let plain = self.of(Some(sent - cached - written), Some(received))?;
        Some(plain + cached as f64 * self.cached + written as f64 * self.written)
    }

    /// Returns the cost of an answer in dollars; `None` where a count is not known.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "tokens stay far below 2^52")]
    pub fn of(self, tokens_in: Option<u64>, tokens_out: Option<u64>) -> Option<f64> {
        Some(tokens_in? as f64 * self.input + tokens_out? as f64 * self.output)
    }
}

/// What the gateway and the forecast know of a model before it answers.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Profile {
    /// Whether an answer may be kept and given again. Never for `sim` and `recorded`.
    pub cacheable: bool,
    /// Whether a request leaves the program.
    pub network: bool,
    /// Whether the server stands on this machine, so that no bill follows.
    pub loopback: bool,
    /// Whether no real money can be spent.
    pub free: bool,
    /// Whether the answers are there already: no request is made for them, and their time,
    /// tokens and cost are unknown.
    pub kept: bool,
    /// Whether its calls are sent in batches, and answered within a day.
    pub batched: bool,
    /// What tokens cost; `None` where that is not known.
    pub price: Option<Price>,
    /// The longest answer, in tokens, where the request limits it.
    pub max_tokens: Option<u64>,
    /// The length of a usual answer, in tokens, where it is known beforehand.
    pub typical_tokens: Option<u64>,
    /// How long a usual answer takes, in seconds, where it is known beforehand.
    pub typical_latency: Option<f64>,
}

/// Tokens of an answer of which nothing is known beforehand.
const USUAL_ANSWER: u64 = 256;

/// Seconds that a model on the network usually takes for an answer.
const USUAL_LATENCY: f64 = 2.0;

/// Tokens that frame each message.
const FRAME: u64 = 4;

/// What a request will probably take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Tokens sent.
    pub tokens_in: u64,
    /// Tokens received.
    pub tokens_out: u64,
    /// Dollars; `None` where the price is not known.
    pub cost: Option<f64>,
    /// Seconds.
    pub seconds: f64,
}

impl Profile {
    /// Estimates what a request will take: a token for every four characters sent and four
    /// for each message; of the answer its usual length, 256 tokens where nothing is known,
    /// at most `max_tokens`.
    #[must_use]
    pub fn estimate(&self, system: Option<&str>, messages: &[Message]) -> Estimate {
        let tokens_in = tokens_of(system, messages);
        let tokens_out = self
            .typical_tokens
            .unwrap_or(USUAL_ANSWER)
            .min(self.max_tokens.unwrap_or(u64::MAX));
        let cost = match self.price {
            Some(price) => price.of(Some(tokens_in), Some(tokens_out)),
            None => None,
        };
        let usual = if self.network { USUAL_LATENCY } else { 0.0 };
        let seconds = self.typical_latency.unwrap_or(usual);
        Estimate { tokens_in, tokens_out, cost, seconds }
    }
}

/// Counts the tokens of a text by a rule of thumb: one for every four characters begun.
pub(super) fn tokens_of_text(text: &str) -> u64 {
    (text.chars().count() as u64).div_ceil(4)
}

/// Counts the tokens of what is sent, by the same rule, with four for each message.
pub(super) fn tokens_of(system: Option<&str>, messages: &[Message]) -> u64 {
    let system = system.map_or(0, |text| tokens_of_text(text) + FRAME);
    messages
        .iter()
        .map(|message| tokens_of_text(&message.text) + FRAME)
        .fold(system, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Role, TokenParts};

    #[test]
    fn an_estimate_counts_four_characters_a_token_and_a_frame_each_message() {
        let profile = Profile {
            price: Some(Price::new(1e-6, 2e-6)),
            max_tokens: Some(100),
            ..Profile::default()
        };
        let messages = [Message { role: Role::User, text: "a".repeat(9) }];
        let estimate = profile.estimate(Some("abcd"), &messages);
        assert_eq!((estimate.tokens_in, estimate.tokens_out), (3 + 4 + 1 + 4, 100));
        assert!((estimate.cost.unwrap() - (12e-6 + 200e-6)).abs() < 1e-12);
    }

    #[test]
    fn an_unknown_count_makes_the_cost_unknown_and_not_zero() {
        let price = Price::new(1.0, 1.0);
        assert_eq!(price.of(Some(1), None), None);
        assert_eq!(Profile::default().estimate(None, &[]).cost, None);
    }

    #[test]
    fn no_token_is_paid_for_twice() {
        let price = Price { input: 8.0, output: 4.0, cached: 1.0, written: 10.0 };
        let cost = |sent, received, cached, written, reasoning| {
            price.of_answer(&Answer {
                tokens_in: Some(sent),
                tokens_out: Some(received),
                parts: TokenParts { cached, written, reasoning },
                ..Answer::default()
            })
        };
        assert_eq!(cost(10, 5, 0, 0, 0), Some(100.0));
        // Seven are cached: 3·8 + 7·1 + 5·4. Thinking is among what was received.
        assert_eq!(cost(10, 5, 7, 0, 4), Some(51.0));
        assert_eq!(cost(10, 5, 7, 2, 4), Some(8.0 + 7.0 + 20.0 + 20.0));
        // A count that cannot be: no more is cached than was sent.
        assert_eq!(cost(10, 0, 99, 99, 0), Some(10.0));
        let half = price.in_batches();
        assert_eq!(half, Price { input: 4.0, output: 2.0, cached: 0.5, written: 5.0 });
        assert_eq!(price.of_answer(&Answer::default()), None);
    }
}
