//! What a provider of batches promises to the batcher.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::base::{CallId, Digest};
use crate::model::batch::terms::Terms;
use crate::model::contract::{CallError, Price};
use crate::record::{Answer, Request};

/// A model whose calls can be sent in batches.
#[derive(Debug, Clone)]
pub struct Batched {
    /// The provider's side.
    pub api: Arc<dyn BatchApi>,
    /// How calls are gathered and asked after.
    pub terms: Terms,
    /// Whether the model's calls are sent in batches; otherwise only those that belong to a
    /// batch which is under way already wait for it.
    pub on: bool,
    /// What tokens cost in a batch.
    pub price: Option<Price>,
}

/// How one API takes batches. Every method is one exchange, without second tries.
#[async_trait]
pub trait BatchApi: Send + Sync + fmt::Debug {
    /// Returns a request as it stands in a batch.
    fn line(&self, request: &Request) -> String;

    /// Returns how many requests, and how many bytes, a batch may have.
    fn most(&self) -> (usize, usize);

    /// Sends a batch and returns the id that the provider gives it.
    ///
    /// # Errors
    ///
    /// When the provider refuses it, or nobody knows whether it came through.
    async fn submit(&self, key: &Digest, lines: &[Arc<str>])
    -> Result<String, CallError>;

    /// Looks for a batch of which nobody knows whether it came through; returns the ids of
    /// those that it may be, likeliest first.
    ///
    /// # Errors
    ///
    /// When the provider cannot be asked.
    async fn find(&self, sought: &Sought) -> Result<Vec<String>, CallError>;

    /// Asks how a batch stands.
    ///
    /// # Errors
    ///
    /// When the provider cannot be asked, or knows no such batch.
    async fn look(&self, id: &str) -> Result<Stage, CallError>;

    /// Fetches what a batch that ended has for some calls.
    ///
    /// # Errors
    ///
    /// When it cannot be fetched whole.
    async fn results(
        &self,
        ended: &Ended,
        wanted: &BTreeSet<CallId>,
    ) -> Result<BTreeMap<CallId, Result<Answer, CallError>>, CallError>;

    /// Asks the provider to stop working on a batch.
    ///
    /// # Errors
    ///
    /// When the provider cannot be asked, or refuses.
    async fn cancel(&self, id: &str) -> Result<(), CallError>;
}

/// A batch that is looked for.
#[derive(Debug, Clone)]
pub struct Sought {
    /// What it was sent with.
    pub key: Digest,
    /// How many requests it has.
    pub requests: usize,
    /// When it was written down, in seconds since 1970; 0 where nobody knows.
    pub begun: i64,
    /// Ids that are known not to be it.
    pub others: BTreeSet<String>,
}

/// How a batch stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// The provider works on it.
    UnderWay,
    /// It is over.
    Ended(Ended),
}

/// A batch that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// Where its results are, as paths below the base.
    pub results: Vec<String>,
    /// What became of requests that have no result.
    pub missing: Missing,
}

/// What became of requests that have no result.
#[derive(Debug, Clone, PartialEq)]
pub enum Missing {
    /// The batch is complete, and says nothing of them.
    Unsaid,
    /// Their time was over.
    Expired,
    /// Somebody cancelled the batch.
    Cancelled,
    /// The batch was refused as a whole.
    Refused(Refusal),
}

/// Why a batch was refused as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The provider's words.
    pub message: String,
    /// Whether it may be taken later: too many requests wait there now.
    pub later: bool,
    /// The requests that it names, by their place in the batch, from 0, and why.
    pub lines: BTreeMap<usize, String>,
}
