//! What the comparison of every pair of a family found.

use serde::{Deserialize, Serialize};

use crate::spec::Scale;

/// Every pair of a family on one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FamilyPairs {
    /// The family.
    pub family: String,
    /// The metric or measure.
    pub metric: String,
    /// Its scale.
    pub scale: Scale,
    /// The level of the family of pairs.
    pub alpha: f64,
    /// Whether rank 1 is the smallest mean, as for costs and times.
    pub smallest_first: bool,
    /// The conditions by their means, the first rank first.
    pub ranking: Vec<Ranked>,
    /// The pairs, in the order of the family.
    pub pairs: Vec<PairFindings>,
}

/// A condition among its family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranked {
    /// The condition.
    pub condition: String,
    /// Its mean over its own items.
    pub mean: Option<f64>,
    /// The significance groups that it is in: conditions that share a letter do not differ
    /// significantly.
    pub letters: String,
    /// The ranks that it may have: `[first, last]`, simultaneous over the family.
    pub ranks: [u32; 2],
}

/// One pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairFindings {
    /// The condition that was listed first.
    pub left: String,
    /// The other.
    pub right: String,
    /// The mean of left minus the mean of right.
    pub estimate: Option<f64>,
    /// Its interval of level 1 − α, unadjusted.
    pub ci: Option<[f64; 2]>,
    /// The two-sided p-value of the pair alone.
    pub p: f64,
    /// The p-value after Holm's correction over the pairs.
    pub p_adjusted: f64,
    /// Whether the corrected p is at most the level.
    pub differs: bool,
    /// The test; empty where none could be computed.
    pub test: String,
    /// Why nothing could be computed.
    pub reason: Option<String>,
}
