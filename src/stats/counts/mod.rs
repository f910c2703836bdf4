//! Tests and intervals of counts: tables, proportions, their differences and ratios.
//!
//! Tables come as slices of rows, those of two by two as `[[a, b], [c, d]]`; samples of
//! successes as a checked [`Proportion`]. Exact tests count in whole numbers where ties
//! matter. To add a method: a file of its own, or a variant of the enum that names its kind.

mod barnard;
mod boschloo;
mod contingency;
mod difference;
mod divergence;
mod fisher_exact;
mod goodness;
mod hypergeometric;
mod miettinen_nurminen;
mod nuisance;
mod proportions;
mod ratio;
mod table;

pub use barnard::{DifferenceVariance, UnconditionalTest, barnard_exact};
pub use boschloo::boschloo_exact;
pub use contingency::{Contingency, Continuity, contingency_test};
pub use difference::{DifferenceMethod, newcombe_paired, proportion_difference_interval};
pub use divergence::Divergence;
pub use fisher_exact::FisherExact;
pub use goodness::{GoodnessOfFit, goodness_of_fit};
pub use miettinen_nurminen::MiettinenNurminen;
pub use proportions::{
    Proportion, ShareVariance, ZTest, one_proportion_z, two_proportions_z,
};
pub use ratio::{
    LogRatio, OddsRiskRatio, RatioMethod, ZeroCells, odds_risk_ratio,
    proportion_ratio_interval,
};

pub(super) use table::{Table, total};
