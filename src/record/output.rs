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
    /// What a script logged.
    pub trace: Vec<String>,
}

/// One vote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Vote {
    /// The member's name: a model's, or the strategy's.
    pub member: String,
    /// The answer that was compared; `null` abstains.
    pub answer: Json,
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
    /// Dollars; `None` as soon as one call's cost is unknown.
    pub cost: Option<f64>,
    /// Seconds from the first admission to the end, waiting for limits left out; `None` when
    /// any of it is unknown.
    pub latency: Option<f64>,
    /// Seconds of waiting for limits.
    pub waited: f64,
}

impl Default for Usage {
    fn default() -> Self {
        Self {
            requests: 0,
            tokens_in: Some(0),
            tokens_out: Some(0),
            cost: Some(0.0),
            latency: Some(0.0),
            waited: 0.0,
        }
    }
}

impl Usage {
    /// Adds what followed: latencies add up.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        Self {
            latency: both(self.latency, next.latency, |a, b| a + b),
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
            cost: both(self.cost, other.cost, |a, b| a + b),
            latency: both(self.latency, other.latency, f64::max),
            waited: self.waited.max(other.waited),
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
    fn an_unknown_cost_makes_the_sum_unknown_never_zero() {
        let known = Usage { requests: 1, cost: Some(0.5), ..Usage::default() };
        let unknown = Usage { requests: 1, cost: None, ..Usage::default() };
        assert_eq!(known.beside(known).cost, Some(1.0));
        assert_eq!(known.then(unknown).cost, None);
        assert_eq!(known.then(unknown).requests, 2);
    }
}
