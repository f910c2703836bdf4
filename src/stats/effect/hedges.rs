//! Hedges' correction of a standardised difference, and its noncentral-t interval.

use crate::stats::outcome::{Interval, level};
use crate::stats::special::stirling_error;
use crate::stats::{NoncentralT, StatsError, Tail};

/// Returns the factor that takes the bias out of a standardised difference.
///
/// # Formula
///
/// ```text
/// J(m) = Γ(m/2) / (√(m/2) Γ((m − 1)/2))
/// ```
///
/// `g = J d` has the expected value of the population's difference.
///
/// # Shapes and units
///
/// `m` are the degrees of freedom of the standard deviation, at least 1; `J` is in `[0, 1)`,
/// and 0 at 1 degree of freedom, where `d` has no expected value.
///
/// # Numerics
///
/// The two gamma functions are divided in Stirling's form, so large `m` lose no digits.
///
/// # Errors
///
/// `InvalidParameter` for fewer than 1 degree of freedom, `NotFinite`.
///
/// # Source
///
/// L. V. Hedges, "Distribution theory for Glass's estimator of effect size and related
/// estimators", Journal of Educational Statistics 6(2), 1981, 107–128.
pub fn hedges_factor(df: f64) -> Result<f64, StatsError> {
    if !df.is_finite() {
        return Err(StatsError::NotFinite { index: 0 });
    }
    if df < 1.0 {
        let name = "number of degrees of freedom";
        return Err(StatsError::InvalidParameter { name, wanted: "at least 1" });
    }
    let (a, b) = (df / 2.0, (df - 1.0) / 2.0);
    if b <= 0.0 {
        return Ok(0.0);
    }
    let ratio = -(-0.5 / a).ln_1p();
    let log = stirling_error(a) - stirling_error(b) + (a - 1.0) * ratio - 0.5;
    Ok(log.exp())
}

/// Returns the interval of a standardised difference whose t statistic is `d / scale`.
///
/// # Formula
///
/// ```text
/// low, high = scale · δ  with  P(T > t; δ_low) = α/2,  P(T ≤ t; δ_high) = α/2
/// ```
pub(super) fn noncentral_interval(
    d: f64,
    scale: f64,
    df: f64,
    confidence: f64,
) -> Result<Interval, StatsError> {
    let tail = (1.0 - level(confidence)?) / 2.0;
    let t = d / scale;
    let low = NoncentralT::noncentrality(df, t, Tail::Upper(tail))?;
    let high = NoncentralT::noncentrality(df, t, Tail::Lower(tail))?;
    Ok(Interval { low, high }.times(scale))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// mpmath 1.4.1: `gamma(m/2)/sqrt(m/2)/gamma((m-1)/2)`.
    #[test]
    fn the_factor_is_a_ratio_of_gamma_functions_at_every_size() {
        for (df, wanted) in [
            (2.0, 0.564_189_583_547_756_3),
            (7.5, 0.895_955_732_870_212_7),
            (40.0, 0.981_112_194_436_695_1),
            (1e6, 0.999_999_249_999_781_2),
            (1e12, 0.999_999_999_999_25),
        ] {
            assert_relative_eq!(hedges_factor(df).unwrap(), wanted, max_relative = 1e-13);
        }
        assert_eq!(hedges_factor(1.0), Ok(0.0));
    }

    #[test]
    fn degrees_below_one_are_refused() {
        assert!(hedges_factor(0.5).is_err());
        assert!(hedges_factor(f64::INFINITY).is_err());
    }
}
