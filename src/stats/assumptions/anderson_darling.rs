//! The Anderson-Darling test of normality.

use std::f64::consts::TAU;

use serde::Serialize;

use super::sample::Deviations;
use crate::stats::StatsError;
use crate::stats::describe::sum;
use crate::stats::dist::Normal;

/// Beyond this many deviations a tail is below the smallest number, and its logarithm is
/// taken from its asymptotic series.
const SERIES_FROM: f64 = 37.0;

/// The outcome of an Anderson-Darling test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AndersonDarling {
    /// The statistic, large when the sample does not look normal.
    pub a2: f64,
    /// The p of normality.
    pub p: f64,
}

/// Tests whether a sample comes from a normal distribution (Anderson and Darling).
///
/// # Formula
///
/// ```text
/// zᵢ = (x₍ᵢ₎ − x̄) / s,  A² = −n − Σ (2i − 1)/n [ln Φ(zᵢ) + ln Φ(−z₍ₙ₊₁₋ᵢ₎)]
/// A* = A² (1 + 0.75/n + 2.25/n²)
/// p = exp(1.2937 − 5.709 A* + 0.0186 A*²)          0.6 < A* ≤ 13 (0 beyond)
///   = exp(0.9177 − 4.279 A* − 1.38 A*²)            0.34 … 0.6
///   = 1 − exp(−8.318 + 42.796 A* − 59.938 A*²)     0.2 … 0.34
///   = 1 − exp(−13.436 + 101.14 A* − 223.73 A*²)    below
/// ```
///
/// Mean and deviation (`n − 1`) are estimated.
///
/// # Shapes and units
///
/// At least two values; the fit of the p was made for eight and more.
///
/// # Numerics
///
/// Logarithms of tails, so that an outlier of any size has a finite term.
///
/// # Errors
///
/// `Empty`, `NotFinite`, `TooFew`; `NoSpread` for a constant sample.
///
/// # Source
///
/// T. W. Anderson and D. A. Darling, Journal of the American Statistical Association 49(268),
/// 1954, 765–769; p: R. B. D'Agostino and M. A. Stephens, Goodness-of-Fit Techniques, 1986,
/// table 4.9; the limit of 13 as in statsmodels 0.15, `normal_ad`.
pub fn anderson_darling_normal(values: &[f64]) -> Result<AndersonDarling, StatsError> {
    let sample = Deviations::of(values, 2)?;
    let (n, deviation) = (sample.n(), sample.variance().sqrt());
    let z: Vec<f64> = sample.sorted.iter().map(|d| d / deviation).collect();
    let mut terms = Vec::with_capacity(z.len());
    for (i, (low, high)) in z.iter().zip(z.iter().rev()).enumerate() {
        let weight = (2.0 * i as f64 + 1.0) / n;
        terms.push(weight * (log_tail(-low)? + log_tail(*high)?));
    }
    let a2 = -n - sum(terms);
    Ok(AndersonDarling { a2, p: p(a2 * (1.0 + 0.75 / n + 2.25 / (n * n))) })
}

/// Returns `ln P(Z > z)`.
fn log_tail(z: f64) -> Result<f64, StatsError> {
    if z > SERIES_FROM {
        let w = 1.0 / (z * z);
        let series = -w * (1.0 - w * (3.0 - w * 15.0));
        return Ok(-z * z / 2.0 - z.ln() - TAU.ln() / 2.0 + series.ln_1p());
    }
    if z > 0.0 { Ok(Normal.sf(z)?.ln()) } else { Ok((-Normal.cdf(z)?).ln_1p()) }
}

fn p(a: f64) -> f64 {
    if a < 0.2 {
        -(-13.436 + 101.14 * a - 223.73 * a * a).exp_m1()
    } else if a < 0.34 {
        -(-8.318 + 42.796 * a - 59.938 * a * a).exp_m1()
    } else if a < 0.6 {
        (0.917_7 - 4.279 * a - 1.38 * a * a).exp()
    } else if a <= 13.0 {
        (1.293_7 - 5.709 * a + 0.018_6 * a * a).exp()
    } else {
        0.0
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn the_logarithm_of_a_tail_is_smooth_where_its_forms_meet() {
        let (below, above) =
            (log_tail(SERIES_FROM).unwrap(), log_tail(SERIES_FROM + 1e-9).unwrap());
        assert_relative_eq!(below, above, max_relative = 1e-9);
        assert!(log_tail(1e6).unwrap().is_finite());
        assert_eq!(log_tail(-50.0).unwrap(), 0.0);
    }

    #[test]
    fn an_outlier_of_any_size_has_a_finite_statistic() {
        let mut xs: Vec<f64> = (0..3_000).map(|i| f64::from(i % 7)).collect();
        xs.push(1e12);
        let test = anderson_darling_normal(&xs).unwrap();
        assert!(test.a2.is_finite() && test.p == 0.0);
    }

    #[test]
    fn direction_and_scale_change_nothing() {
        let xs = [1.0, 2.0, 3.0, 10.0, 4.5, 4.0, 7.0];
        let plain = anderson_darling_normal(&xs).unwrap();
        let turned = anderson_darling_normal(&xs.map(|x| 3e5 - 64.0 * x)).unwrap();
        assert_relative_eq!(plain.a2, turned.a2, max_relative = 1e-11);
        assert_eq!(anderson_darling_normal(&[3.0; 4]), Err(StatsError::NoSpread));
        assert!(anderson_darling_normal(&[3.0]).is_err());
    }
}
