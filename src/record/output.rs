//! Outputs: what a strategy returns for an item.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// What a strategy made of an item.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Output {
    /// The text; of a vote, the winner's own text.
    pub text: String,
    /// How sure the strategy is, 0 to 1, where it can say.
    pub confidence: Option<f64>,
    /// The votes, for a strategy that votes.
    pub votes: Vec<Vote>,
    /// What it took, summed over the calls below.
    pub usage: Usage,
    /// What the strategy says of its own work, in numbers.
    #[serde(default)]
    pub marks: Marks,
    /// What a script logged.
    pub trace: Vec<String>,
}

/// Numbers that some strategies give beside their answer; each is a measure of its own.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Marks {
    /// Of a vote: the share of the members that were called who gave the answer that won.
    pub consensus: Option<f64>,
    /// Of a vote: that share less the share of the next answer.
    pub margin: Option<f64>,
    /// Of a vote: how many members were called.
    pub members_called: Option<u32>,
    /// Of a hedge: who answered first, 0 for the primary, else which backup.
    pub won_by: Option<u32>,
    /// Seconds from the start of the hedge to its first backup, where one was started.
    pub hedged_after: Option<f64>,
}

/// One vote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Vote {
    /// The member's name: a model's, or the strategy's.
    pub member: String,
    /// The model that it asks, where it asks one model alone.
    #[serde(default)]
    pub model: Option<String>,
    /// The answer that was compared; `null` abstains.
    pub answer: Json,
    /// How sure the member said it is, 0 to 1.
    #[serde(default)]
    pub confidence: Option<f64>,
    /// Seconds that it took; `None` where that is not known.
    #[serde(default)]
    pub latency: Option<f64>,
    /// Dollars that it cost; `None` where that is not known.
    #[serde(default)]
    pub cost: Option<f64>,
    /// Whether it is the answer that won.
    pub won: bool,
    /// Why the member gave no answer, if it failed.
    pub error: Option<String>,
}

/// What some calls took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Calls made, answered or not.
    pub requests: u32,
    /// Tokens sent; `None` as soon as one call does not say.
    pub tokens_in: Option<u64>,
    /// Tokens received.
    pub tokens_out: Option<u64>,
    /// Of the tokens sent, those that the providers say they read from their own caches.
    #[serde(default)]
    pub tokens_cached: u64,
    /// Of the tokens received, those that the providers say were thinking.
    #[serde(default)]
    pub tokens_reasoning: u64,
    /// Dollars; `None` as soon as one call's cost is unknown.
    pub cost: Option<f64>,
    /// Seconds from the first admission to the end, waiting for limits left out; `None` when
    /// any of it is unknown.
    pub latency: Option<f64>,
    /// Of the latency, the seconds until the first token of any answer came; `None` where
    /// none was streamed.
    #[serde(default)]
    pub ttft: Option<f64>,
    /// Seconds of waiting for limits.
    pub waited: f64,
    /// Backup requests of hedges, of the `requests`.
    #[serde(default)]
    pub hedged: u32,
    /// The part of the `cost` that went to answers which lost a race, at most; `None` as soon
    /// as it is unknown.
    #[serde(default = "nothing")]
    pub wasted_cost: Option<f64>,
}

#[expect(clippy::unnecessary_wraps, reason = "the default of an optional field")]
fn nothing() -> Option<f64> {
    Some(0.0)
}

impl Default for Usage {
    fn default() -> Self {
        Self {
            requests: 0,
            tokens_in: Some(0),
            tokens_out: Some(0),
            tokens_cached: 0,
            tokens_reasoning: 0,
            cost: Some(0.0),
            latency: Some(0.0),
            ttft: None,
            waited: 0.0,
            hedged: 0,
            wasted_cost: nothing(),
        }
    }
}

impl Usage {
    /// Adds what followed: latencies add up.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        Self {
            latency: both(self.latency, next.latency, |a, b| a + b),
            ttft: self.ttft.or_else(|| both(self.latency, next.ttft, |a, b| a + b)),
            waited: self.waited + next.waited,
            ..self.beside(next)
        }
    }

    /// Adds what ran at the same time: the longer latency counts.
    #[must_use]
    pub fn beside(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            tokens_in: both(self.tokens_in, other.tokens_in, |a, b| a + b),
            tokens_out: both(self.tokens_out, other.tokens_out, |a, b| a + b),
            tokens_cached: self.tokens_cached.saturating_add(other.tokens_cached),
            tokens_reasoning: self
                .tokens_reasoning
                .saturating_add(other.tokens_reasoning),
            cost: both(self.cost, other.cost, |a, b| a + b),
            latency: both(self.latency, other.latency, f64::max),
            ttft: match (self.ttft, other.ttft) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (one, None) | (None, one) => one,
            },
            waited: self.waited.max(other.waited),
            hedged: self.hedged + other.hedged,
            wasted_cost: both(self.wasted_cost, other.wasted_cost, |a, b| a + b),
        }
    }
}

fn both<T>(a: Option<T>, b: Option<T>, join: impl Fn(T, T) -> T) -> Option<T> {
    Some(join(a?, b?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_token_is_the_first_of_the_whole() {
        let streamed = |latency, ttft| Usage {
            requests: 1,
            latency: Some(latency),
            ttft: Some(ttft),
            ..Usage::default()
        };
        let plain = Usage { requests: 1, latency: Some(2.0), ..Usage::default() };
        let one = streamed(4.0, 0.5);
        assert_eq!(Usage::default().then(one).ttft, Some(0.5));
        assert_eq!(one.then(streamed(4.0, 0.25)).ttft, Some(0.5));
        assert_eq!(plain.then(one).ttft, Some(2.5));
        assert_eq!(one.beside(streamed(9.0, 0.25)).ttft, Some(0.25));
        assert_eq!(one.beside(plain).ttft, Some(0.5));
        assert_eq!(plain.then(plain).ttft, None);
        // How long the first took is not known, so the first token's time is not either.
        let cached = Usage { latency: None, ..plain };
        assert_eq!(cached.then(one).ttft, None);
    }

    #[test]
    fn an_unknown_cost_makes_the_sum_unknown_never_zero() {
        let known = Usage { requests: 1, cost: Some(0.5), ..Usage::default() };
        let unknown = Usage { requests: 1, cost: None, ..Usage::default() };
        assert_eq!(known.beside(known).cost, Some(1.0));
        assert_eq!(known.then(unknown).cost, None);
        assert_eq!(known.then(unknown).requests, 2);
    }
}
