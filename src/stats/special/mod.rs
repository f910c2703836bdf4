//! Incomplete gamma and beta functions with both tails to full relative precision.
//!
//! A p-value is a tail, and a tail must keep its digits; so every function here returns
//! both tails, computes the smaller one directly, and takes its prefactor from Loader's
//! deviance form, which does not cancel at large parameters.

mod beta;
mod gamma;
mod root;

pub(super) use beta::{beta_tails, binomial_density};
pub(super) use gamma::{gamma_tails, ln_poisson, poisson_density, stirling_error};
pub(super) use root::{bracketed_root, climb};

/// The two tails of a distribution at a point; they sum to one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Both {
    /// Probability at or below the point.
    pub(super) lower: f64,
    /// Probability above the point.
    pub(super) upper: f64,
}

impl Both {
    fn from_lower(lower: f64) -> Self {
        let lower = lower.clamp(0.0, 1.0);
        Self { lower, upper: 1.0 - lower }
    }

    fn from_upper(upper: f64) -> Self {
        Self::from_lower(upper).swapped()
    }

    fn swapped(self) -> Self {
        Self { lower: self.upper, upper: self.lower }
    }
}
