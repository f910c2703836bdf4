//! Correlation of two variables, and agreement of raters.
//!
//! Pairs come as two slices of one length, ratings as rows. Every coefficient lies in
//! `[−1, 1]` and refuses what does not vary. To add one: a file of its own.

mod cohen_kappa;
mod concordance;
mod correlation;
mod fleiss_kappa;
mod icc;
mod kendall;
mod krippendorff;
mod permuted;

pub use cohen_kappa::{CohenKappa, KappaWeights, cohen_kappa};
pub use correlation::{
    Correlation, CorrelationMethod, correlation_interval, pearson, spearman,
};
pub use fleiss_kappa::{KappaMargins, fleiss_kappa};
pub use icc::{Icc, Iccs, icc};
pub use kendall::{Kendall, KendallMethod, TauVariant, kendall};
pub use krippendorff::{MeasurementLevel, krippendorff_alpha};
pub use permuted::{CorrelationMeasure, PermutedCorrelation, permuted_correlation};
