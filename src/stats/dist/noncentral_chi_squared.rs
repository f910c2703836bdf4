//! The noncentral chi-squared distribution.

use super::mixture::Mixture;
use super::{Tail, argument, noncentral, positive};
use crate::stats::StatsError;
use crate::stats::special::{Both, bracketed_root, climb, gamma_tails};

/// The noncentral chi-squared distribution: a sum of squares of normals with means.
///
/// # Formula
///
/// ```text
/// P(X > x) = Σⱼ e^(−λ/2) (λ/2)ʲ / j! · Q(k/2 + j, x/2)
/// ```
///
/// # Shapes and units
///
/// `x`, the degrees of freedom `k > 0` and the noncentrality `λ ≥ 0`, the sum of the squared
/// means, are plain numbers; probabilities are in `[0, 1]`.
///
/// # Numerics
///
/// Each tail is its own sum of positive terms from the largest on: ten digits down to
/// 1e-300. Quantiles are found on the log scale from the smaller tail.
///
/// # Errors
///
/// `InvalidParameter` for degrees of freedom that are not positive or a negative
/// noncentrality, `NotFinite` for one that is not finite.
///
/// # Source
///
/// M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions, 1964, 26.4.25.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoncentralChiSquared {
    df: f64,
    noncentrality: f64,
}

impl NoncentralChiSquared {
    /// Returns the distribution with `df` degrees of freedom and this noncentrality.
    ///
    /// # Errors
    ///
    /// See the type.
    pub fn new(df: f64, noncentrality: f64) -> Result<Self, StatsError> {
        let df = positive(df, "number of degrees of freedom")?;
        Ok(Self { df, noncentrality: noncentral(noncentrality)? })
    }

    /// Returns `P(X ≤ x)`.
    ///
    /// # Errors
    ///
    /// `NotFinite` for NaN.
    pub fn cdf(self, x: f64) -> Result<f64, StatsError> {
        argument(x).map(|x| self.lower(x))
    }

    /// Returns `P(X > x)`.
    ///
    /// # Errors
    ///
    /// `NotFinite` for NaN.
    pub fn sf(self, x: f64) -> Result<f64, StatsError> {
        argument(x).map(|x| self.upper(x))
    }

    /// Returns the `x` with `P(X ≤ x) = p`.
    ///
    /// # Errors
    ///
    /// `OutOfRange` when `p` is not a probability.
    pub fn quantile(self, p: f64) -> Result<f64, StatsError> {
        Tail::Lower(p).smaller().map(|tail| self.at(tail))
    }

    /// Returns the `x` with `P(X > x) = p`.
    ///
    /// # Errors
    ///
    /// `OutOfRange` when `p` is not a probability.
    pub fn upper_quantile(self, p: f64) -> Result<f64, StatsError> {
        Tail::Upper(p).smaller().map(|tail| self.at(tail))
    }

    /// Returns the noncentrality under which `x` has this tail.
    ///
    /// # Numerics
    ///
    /// Zero when `x` is so small that it has less above it without any noncentrality.
    ///
    /// # Errors
    ///
    /// As the type, `NotFinite` for an `x` that is not finite, `OutOfRange` when the tail is
    /// no probability, `Undefined` when no noncentrality gives it.
    pub fn noncentrality(df: f64, x: f64, tail: Tail) -> Result<f64, StatsError> {
        let central = Self::new(df, 0.0)?;
        solved(x, x.abs() + df, tail, |noncentrality, tail| {
            let all = Self { noncentrality, ..central };
            tail.gap(|| all.lower(x), || all.upper(x))
        })
    }

    fn mixture(self, x: f64) -> Mixture<impl Fn(f64) -> Both> {
        let component = move |j: f64| gamma_tails(self.df / 2.0 + j, x / 2.0);
        Mixture { rate: self.noncentrality / 2.0, component }
    }

    fn lower(self, x: f64) -> f64 {
        let x = x.max(0.0);
        if self.noncentrality == 0.0 || x == 0.0 || x.is_infinite() {
            return gamma_tails(self.df / 2.0, x / 2.0).lower;
        }
        self.mixture(x).lower()
    }

    fn upper(self, x: f64) -> f64 {
        let x = x.max(0.0);
        if self.noncentrality == 0.0 || x == 0.0 || x.is_infinite() {
            return gamma_tails(self.df / 2.0, x / 2.0).upper;
        }
        self.mixture(x).upper()
    }

    fn at(self, tail: Tail) -> f64 {
        log_quantile(self.df + self.noncentrality, tail, |x| {
            tail.gap(|| self.lower(x), || self.upper(x))
        })
    }
}

/// Returns the positive point with a tail, `gap` being how far a point lies above it.
pub(super) fn log_quantile(centre: f64, tail: Tail, gap: impl Fn(f64) -> f64) -> f64 {
    match tail {
        Tail::Lower(p) if p <= 0.0 => return 0.0,
        Tail::Upper(p) if p <= 0.0 => return f64::INFINITY,
        Tail::Lower(_) | Tail::Upper(_) => {}
    }
    let start = centre.ln();
    let up = gap(start.exp()) < 0.0;
    let step = if up { 0.125 } else { -0.125 };
    let past = climb(start, step, |u| (gap(u.exp()) > 0.0) == up);
    bracketed_root(start, past, |u| gap(u.exp())).exp()
}

/// Returns the noncentrality that gives a point its tail.
///
/// `gap` tells of a noncentrality how far `x` lies above the point with the tail; it falls.
pub(super) fn solved(
    x: f64,
    step: f64,
    tail: Tail,
    gap: impl Fn(f64, Tail) -> f64,
) -> Result<f64, StatsError> {
    let tail = tail.smaller()?;
    if !x.is_finite() {
        return Err(StatsError::NotFinite { index: 0 });
    }
    let gap = |noncentrality: f64| gap(noncentrality, tail);
    if gap(0.0) <= 0.0 {
        return Ok(0.0);
    }
    if matches!(tail, Tail::Lower(p) | Tail::Upper(p) if p <= 0.0) {
        return Err(StatsError::Undefined { what: "a noncentrality without a tail" });
    }
    let past = climb(0.0, step, |value| gap(value) < 0.0);
    Ok(bracketed_root(0.0, past, gap))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    fn ncx2(df: f64, nc: f64) -> NoncentralChiSquared {
        NoncentralChiSquared::new(df, nc).unwrap()
    }

    /// mpmath 1.4.1 at 50 digits: sums of `exp(-l/2) (l/2)^j/j! gammainc(k/2+j, ..)`.
    #[test]
    fn both_tails_are_good_far_out() {
        for (df, nc, x, lower, upper) in REFERENCE {
            assert_relative_eq!(
                ncx2(df, nc).cdf(x).unwrap(),
                lower,
                max_relative = 1e-10
            );
            assert_relative_eq!(ncx2(df, nc).sf(x).unwrap(), upper, max_relative = 1e-10);
        }
    }

    #[test]
    fn without_noncentrality_it_is_the_central_distribution() {
        let central = crate::stats::ChiSquared::new(3.5).unwrap();
        for x in [0.0, 1e-8, 3.0, 80.0, f64::INFINITY] {
            assert_eq!(ncx2(3.5, 0.0).sf(x), central.sf(x));
            assert_relative_eq!(
                ncx2(3.5, 1e-14).sf(x).unwrap(),
                central.sf(x).unwrap(),
                max_relative = 1e-12
            );
        }
    }

    #[test]
    fn quantiles_and_noncentralities_undo_tails() {
        for (df, nc) in [(1.0, 0.3), (7.5, 40.0), (200.0, 3000.0)] {
            for p in [1e-100, 1e-6, 0.5, 0.9] {
                let low = ncx2(df, nc).quantile(p).unwrap();
                assert_relative_eq!(
                    ncx2(df, nc).cdf(low).unwrap(),
                    p,
                    max_relative = 1e-9
                );
                let high = ncx2(df, nc).upper_quantile(p).unwrap();
                let solved =
                    NoncentralChiSquared::noncentrality(df, high, Tail::Upper(p));
                assert_relative_eq!(solved.unwrap(), nc, max_relative = 1e-8);
            }
        }
        assert_eq!(ncx2(2.0, 1.0).quantile(0.0), Ok(0.0));
        assert_eq!(ncx2(2.0, 1.0).quantile(1.0), Ok(f64::INFINITY));
    }

    #[test]
    fn a_small_statistic_has_no_noncentrality() {
        let none = NoncentralChiSquared::noncentrality(3.0, 0.1, Tail::Upper(0.025));
        assert_eq!(none, Ok(0.0));
        let nowhere = NoncentralChiSquared::noncentrality(3.0, 1.0, Tail::Lower(0.0));
        assert!(matches!(nowhere, Err(StatsError::Undefined { .. })));
    }

    #[test]
    fn parameters_outside_their_domain_are_refused() {
        assert!(NoncentralChiSquared::new(0.0, 1.0).is_err());
        assert!(NoncentralChiSquared::new(1.0, -1.0).is_err());
        assert_eq!(
            NoncentralChiSquared::new(1.0, f64::NAN),
            Err(StatsError::NotFinite { index: 0 })
        );
    }

    const REFERENCE: [(f64, f64, f64, f64, f64); 5] = [
        (1.0, 0.5, 400.0, 1.0, 3.081_308_067_186_771e-83),
        (3.0, 30.0, 0.01, 8.357_284_867_537_261e-11, 0.999_999_999_916_427_2),
        (10.0, 200.0, 1200.0, 1.0, 6.146_059_335_653_987e-92),
        (0.5, 80.0, 1.0, 1.713_464_927_425_729e-15, 0.999_999_999_999_998_3),
        (40.0, 1000.0, 300.0, 5.628_669_101_365_523e-52, 1.0),
    ];
}
