//! Statistics over plain slices: slices in, structs with named fields out.
//!
//! Knows nothing of models, conditions or trials. Every public function states its formula,
//! its shapes and its source, refuses what has no value with a [`StatsError`], and panics on
//! no slice. To add a method: write a file, test it against a value that somebody else
//! computed, and let its name out here.

mod binomial_test;
mod describe;
mod dist;
mod error;
mod mcnemar;
mod mean;
mod outcome;
mod proportion;
mod special;
mod tango;
mod units;

pub use binomial_test::{binomial_tails, binomial_test};
pub use describe::{Moments, mean, quantile, quantile_sorted, variance};
pub use dist::{Beta, Binomial, ChiSquared, FisherF, Normal, StudentT};
pub use error::StatsError;
pub use mcnemar::{McNemar, McNemarChi, mcnemar_chi2};
pub use mean::{ClusterErrors, UnitMean, differences};
pub use outcome::{Alternative, Interval, Tails};
pub use proportion::{ClusteredShare, ProportionMethod, proportion_interval};
pub use tango::Tango;
pub use units::Units;
