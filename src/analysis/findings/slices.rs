//! What was found within the slices of a column.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{MetricFindings, Verdict};

/// Results cut by the values of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlicedFindings {
    /// The column.
    pub column: String,
    /// The slices, in the order of the items.
    pub slices: Vec<SliceFindings>,
    /// Items without a value of the column; they are in no slice.
    pub without: u32,
    /// For each condition the means of each metric over the slices.
    pub means: IndexMap<String, IndexMap<String, SliceMeans>>,
}

/// The items with one value of a column. All of it is exploratory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SliceFindings {
    /// The value.
    pub value: String,
    /// How many items have it.
    pub items: u32,
    /// For each condition its metrics over these items.
    pub conditions: IndexMap<String, IndexMap<String, MetricFindings>>,
    /// The hypotheses over these items.
    pub hypotheses: IndexMap<String, SliceClaim>,
}

/// A hypothesis over the items of one slice: exploratory, and corrected over the slices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SliceClaim {
    /// Left minus right side; `None` for a joined claim and where it cannot be computed.
    pub estimate: Option<f64>,
    /// Its interval, unadjusted.
    pub ci: Option<[f64; 2]>,
    /// The p-value over this slice alone.
    pub p: f64,
    /// The p-value after Holm's correction over the slices of this hypothesis.
    pub p_adjusted: f64,
    /// What the corrected p speaks for. It decides nothing.
    pub verdict: Verdict,
    /// Items with a value on every side.
    pub n_items: u32,
    /// Why nothing could be computed.
    pub reason: Option<String>,
}

/// Two means over the slices of a column.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SliceMeans {
    /// Each item weighs the same.
    pub micro: Option<f64>,
    /// The interval of it, 95%.
    pub micro_ci: Option<[f64; 2]>,
    /// Each slice weighs the same.
    pub macro_mean: Option<f64>,
    /// The interval of it, 95%, from those of the slices by MOVER.
    pub macro_ci: Option<[f64; 2]>,
}
