//! Statistics over plain slices: slices in, structs with named fields out.
//!
//! Knows nothing of models, conditions or trials. Every public function states its formula,
//! its shapes and its source, refuses what has no value with a [`StatsError`], and panics on
//! no slice. To add a method: write a file, test it against a value that somebody else
//! computed, and let its name out here.

mod binomial_test;
mod describe;
mod dist;
mod effect;
mod error;
mod mcnemar;
mod mean;
mod mover;
mod multiple;
mod outcome;
mod proportion;
mod resample;
mod settle;
mod special;
mod tango;
mod units;

pub use binomial_test::{binomial_tails, binomial_test};
pub use describe::{Moments, mean, quantile, quantile_sorted, skewness, variance};
pub use dist::{Beta, Binomial, ChiSquared, FisherF, Normal, StudentT};
pub use effect::{PairedRatio, d_z, discordant_odds, paired_dominance};
pub use error::StatsError;
pub use mcnemar::{McNemar, McNemarChi, mcnemar_chi2};
pub use mean::{ClusterErrors, UnitMean, differences};
pub use mover::{Mover, PooledQuantile};
pub use multiple::{Correction, adjust};
pub use outcome::{Alternative, Interval, Tails};
pub use proportion::{ClusteredShare, ProportionMethod, proportion_interval};
pub use resample::{
    Bootstrap, BootstrapMethod, BootstrapT, Design, Estimand, PercentileBootstrap,
    Permutation, PlugIn, Pooled, Resampling, Scaled, SignFlip, Statistic,
    StudentisedBootstrap, permute_groups, permute_pairs, sign_flip,
};
pub use settle::{Aim, EvalVariance, detectable_effect, items_to_settle};
pub use tango::Tango;
pub use units::Units;
