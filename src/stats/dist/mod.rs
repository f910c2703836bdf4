//! Distributions: both tails, and quantiles from either tail.
//!
//! Each type checks its parameters when it is made; after that every call gives a number
//! for every argument. A tail is computed as a tail, never as one minus the other.

mod beta;
mod binomial;
mod chi_squared;
mod fisher_f;
mod mixture;
mod noncentral_chi_squared;
mod noncentral_f;
mod noncentral_t;
mod normal;
mod student_t;
mod tail;

pub use beta::Beta;
pub use binomial::Binomial;
pub use chi_squared::ChiSquared;
pub use fisher_f::FisherF;
pub use noncentral_chi_squared::NoncentralChiSquared;
pub use noncentral_f::NoncentralF;
pub use noncentral_t::NoncentralT;
pub use normal::Normal;
pub use student_t::StudentT;
pub use tail::Tail;

use super::error::StatsError;

/// Refuses what is not a probability.
fn probability(p: f64) -> Result<f64, StatsError> {
    if (0.0..=1.0).contains(&p) { Ok(p) } else { Err(StatsError::OutOfRange) }
}

/// Refuses NaN as an argument.
fn argument(x: f64) -> Result<f64, StatsError> {
    if x.is_nan() { Err(StatsError::NotFinite { index: 0 }) } else { Ok(x) }
}

/// Refuses what is not a positive, finite parameter.
fn positive(value: f64, name: &'static str) -> Result<f64, StatsError> {
    if value > 0.0 && value.is_finite() {
        Ok(value)
    } else {
        Err(StatsError::InvalidParameter { name, wanted: "positive and finite" })
    }
}

/// Refuses what is not a finite noncentrality of at least zero.
fn noncentral(value: f64) -> Result<f64, StatsError> {
    if !value.is_finite() {
        return Err(StatsError::NotFinite { index: 0 });
    }
    if value < 0.0 {
        let name = "noncentrality";
        return Err(StatsError::InvalidParameter { name, wanted: "not negative" });
    }
    Ok(value)
}
