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
mod grouped;
mod mcnemar;
mod mean;
mod mover;
mod multinomial;
mod multiple;
mod outcome;
mod percentile;
mod power;
mod proportion;
mod resample;
mod sign_flip;
mod special;
mod studentised;
mod tango;
mod units;
mod window;

pub use binomial_test::{binomial_tails, binomial_test};
pub use describe::{Moments, mean, quantile, quantile_sorted, skewness, variance};
pub use dist::{
    Beta, Binomial, ChiSquared, FisherF, NoncentralChiSquared, NoncentralF, NoncentralT,
    Normal, StudentT, Tail,
};
pub use effect::{
    CohenD, FEffect, Magnitude, PairedD, PairedRatio, Reading, SingleD, Thresholds,
    cohen_d, cohen_d_paired, cohen_d_single, cohens_h, cohens_w, d_z, discordant_odds,
    f_effect, hedges_factor, paired_dominance,
};
pub use error::StatsError;
pub use mcnemar::{McNemar, McNemarChi, mcnemar_chi2};
pub use mean::{ClusterErrors, UnitMean, differences};
pub use mover::{Mover, PooledQuantile};
pub use multiple::{Correction, adjust};
pub use outcome::{Alternative, Interval, Tails};
pub use percentile::{PercentileBootstrap, PlugIn, Pooled};
pub use power::{
    Aim, AnovaPower, ChiSquaredPower, Clusters, CorrelationPower, EvalPower,
    EvalVariance, McNemarPower, McNemarRule, Plan, ProportionPower, Solve, TDesign,
    TTestPower, detectable_effect, items_to_settle,
};
pub use proportion::{ClusteredShare, ProportionMethod, proportion_interval};
pub use resample::Resampling;
pub use sign_flip::{SignFlip, sign_flip};
pub use studentised::StudentisedBootstrap;
pub use tango::Tango;
pub use units::Units;
