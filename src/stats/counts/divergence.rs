//! How far counts lie from what was expected.

use crate::stats::special::deviance;

/// A measure of how far observed counts lie from expected ones.
///
/// All have the chi-squared distribution in the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Divergence {
    /// Pearson's chi-squared.
    #[default]
    Pearson,
    /// The likelihood ratio, G.
    LogLikelihood,
    /// Freeman and Tukey's.
    FreemanTukey,
    /// Cressie and Read's, with λ = ⅔.
    CressieRead,
}

impl Divergence {
    /// Returns what one cell adds; `gap` is observed less expected.
    ///
    /// The likelihood ratio counts `2 [o ln(o/e) − o + e]`, which is never negative and sums
    /// to the same where the totals agree.
    pub(super) fn term(self, observed: f64, expected: f64, gap: f64) -> f64 {
        match self {
            Self::Pearson => gap * gap / expected,
            Self::LogLikelihood if observed == 0.0 => 2.0 * expected,
            Self::LogLikelihood => 2.0 * deviance(observed, expected),
            Self::FreemanTukey => {
                let root = gap / (observed.sqrt() + expected.sqrt());
                4.0 * root * root
            }
            Self::CressieRead => {
                // o [(o/e)^λ − 1] − λ (o − e), never negative, times 2 / (λ (λ + 1)).
                let lambda = 2.0 / 3.0;
                let rise = if observed == 0.0 {
                    0.0
                } else {
                    observed * (lambda * (gap / expected).ln_1p()).exp_m1()
                };
                2.0 * (rise - lambda * gap) / (lambda * (lambda + 1.0))
            }
        }
    }

    /// Returns what is to be added when the totals differ by `gap`.
    pub(super) fn remainder(self, gap: f64) -> f64 {
        match self {
            Self::Pearson | Self::FreemanTukey => 0.0,
            Self::LogLikelihood => 2.0 * gap,
            Self::CressieRead => 2.0 * gap / (5.0 / 3.0),
        }
    }
}
