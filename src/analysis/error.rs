//! Why findings could not be made.

use thiserror::Error;

use crate::record::SourceError;
use crate::stats::StatsError;

/// The analysis could not be carried out.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AnalysisError {
    /// The samples could not be read.
    #[error("failed to read the samples")]
    Source(#[from] SourceError),
    /// The p-values of the family could not be corrected.
    #[error("failed to correct the p-values")]
    Family(#[from] StatsError),
    /// A claim names a condition that the experiment does not have.
    #[error("no condition is called `{name}`")]
    UnknownCondition {
        /// The name in the claim.
        name: String,
    },
}

/// Why a claim has no test.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason}")]
pub struct Unsupported {
    /// What was claimed and why no test fits: lower case, no full stop.
    pub reason: String,
    /// What to claim or to write instead.
    pub help: String,
}

impl Unsupported {
    pub(super) fn new(reason: impl Into<String>, help: impl Into<String>) -> Self {
        Self { reason: reason.into(), help: help.into() }
    }
}
