//! Batches of calls, as they are written down before and after they are sent.

use std::collections::BTreeSet;

use crate::base::{CallId, Digest};

/// A batch of calls that is, or may be, under way at a provider.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchEntry {
    /// What it is known by before the provider gives it an id.
    pub key: Digest,
    /// The model's name in the file.
    pub model: String,
    /// The digest of the model's call.
    pub identity: Digest,
    /// Its calls, in the order in which they were sent.
    pub calls: Vec<CallId>,
    /// Of those, the ones whose trials are not committed.
    pub due: BTreeSet<CallId>,
    /// Dollars that were reserved for it.
    pub usd: f64,
    /// When it was written down, in seconds since 1970 by this machine's clock.
    pub begun: i64,
    /// The provider's id; `None` until the provider has answered.
    pub id: Option<String>,
}

impl BatchEntry {
    /// Returns what is reserved for one of its calls.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a batch has at most 100,000 calls")]
    pub fn share(&self) -> f64 {
        if self.calls.is_empty() { 0.0 } else { self.usd / self.calls.len() as f64 }
    }
}

/// Where batches are written down, so that none is sent twice. What it says in an error is
/// for people.
pub trait BatchLedger: Send + Sync {
    /// Returns the time, in seconds since 1970, and how many batches were written down.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn stamp(&self) -> Result<(i64, u64), String>;

    /// Writes down a batch that is about to be sent. When this returns, it is on the disk.
    ///
    /// # Errors
    ///
    /// When it cannot be written; then the batch must not be sent.
    fn begin(&self, entry: &BatchEntry) -> Result<(), String>;

    /// Writes down the provider's id of a batch.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    fn sent(&self, key: &Digest, id: &str) -> Result<(), String>;

    /// Writes down that some calls of a batch got no answer there, so that they may be sent
    /// again. A batch without calls is over.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    fn release(&self, key: &Digest, calls: &BTreeSet<CallId>) -> Result<(), String>;

    /// Returns the ids of all batches that were ever sent.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    fn ids(&self) -> Result<BTreeSet<String>, String>;

    /// Returns the batches that hold a call which is not committed, oldest first, and marks
    /// the others as settled.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn open(&self) -> Result<Vec<BatchEntry>, String>;
}
