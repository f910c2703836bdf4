//! The noncentral F distribution.

use super::fisher_f::shares;
use super::mixture::Mixture;
use super::noncentral_chi_squared::{log_quantile, solved};
use super::{Tail, argument, noncentral, positive};
use crate::stats::StatsError;
use crate::stats::special::{Both, beta_tails};

/// The noncentral F distribution: the statistic of an analysis of variance with effects.
///
/// # Formula
///
/// ```text
/// P(F > f) = Σⱼ e^(−λ/2) (λ/2)ʲ / j! · I_y(d₂/2, d₁/2 + j),  y = d₂ / (d₂ + d₁ f)
/// ```
///
/// # Shapes and units
///
/// `f`, the degrees of freedom `d₁, d₂ > 0` and the noncentrality `λ ≥ 0` are plain numbers;
/// probabilities are in `[0, 1]`. Balanced groups with Cohen's f and `n` values in all have
/// `λ = n f²`.
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
/// M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions, 1964, 26.6.18.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoncentralF {
    numerator: f64,
    denominator: f64,
    noncentrality: f64,
}

impl NoncentralF {
    /// Returns the distribution with these degrees of freedom and this noncentrality.
    ///
    /// # Errors
    ///
    /// See the type.
    pub fn new(
        numerator: f64,
        denominator: f64,
        noncentrality: f64,
    ) -> Result<Self, StatsError> {
        let name = "number of degrees of freedom";
        Ok(Self {
            numerator: positive(numerator, name)?,
            denominator: positive(denominator, name)?,
            noncentrality: noncentral(noncentrality)?,
        })
    }

    /// Returns `P(F ≤ f)`.
    ///
    /// # Errors
    ///
    /// `NotFinite` for NaN.
    pub fn cdf(self, f: f64) -> Result<f64, StatsError> {
        argument(f).map(|f| self.lower(f))
    }

    /// Returns `P(F > f)`.
    ///
    /// # Errors
    ///
    /// `NotFinite` for NaN.
    pub fn sf(self, f: f64) -> Result<f64, StatsError> {
        argument(f).map(|f| self.upper(f))
    }

    /// Returns the `f` with `P(F ≤ f) = p`.
    ///
    /// # Errors
    ///
    /// `OutOfRange` when `p` is not a probability.
    pub fn quantile(self, p: f64) -> Result<f64, StatsError> {
        Tail::Lower(p).smaller().map(|tail| self.at(tail))
    }

    /// Returns the `f` with `P(F > f) = p`.
    ///
    /// # Errors
    ///
    /// `OutOfRange` when `p` is not a probability.
    pub fn upper_quantile(self, p: f64) -> Result<f64, StatsError> {
        Tail::Upper(p).smaller().map(|tail| self.at(tail))
    }

    /// Returns the noncentrality under which `f` has this tail.
    ///
    /// # Numerics
    ///
    /// Zero when `f` is so small that it has less above it without any noncentrality.
    ///
    /// # Errors
    ///
    /// As the type, `NotFinite` for an `f` that is not finite, `OutOfRange` when the tail is
    /// no probability, `Undefined` when no noncentrality gives it.
    ///
    /// # Source
    ///
    /// J. H. Steiger, Psychological Methods 9(2), 2004, 164–182.
    pub fn noncentrality(
        numerator: f64,
        denominator: f64,
        f: f64,
        tail: Tail,
    ) -> Result<f64, StatsError> {
        let central = Self::new(numerator, denominator, 0.0)?;
        let step = numerator * (1.0 + f.abs());
        solved(f, step, tail, |noncentrality, tail| {
            let all = Self { noncentrality, ..central };
            tail.gap(|| all.lower(f), || all.upper(f))
        })
    }

    /// Returns both tails of component `j` at the point `f`.
    fn component(self, f: f64) -> impl Fn(f64) -> Both {
        let (x, y) = shares(self.numerator / self.denominator * f.max(0.0));
        move |j: f64| beta_tails(self.numerator / 2.0 + j, self.denominator / 2.0, x, y)
    }

    fn lower(self, f: f64) -> f64 {
        let component = self.component(f);
        let central = component(0.0);
        if self.noncentrality == 0.0 || central.lower <= 0.0 || f.is_infinite() {
            return central.lower;
        }
        Mixture { rate: self.noncentrality / 2.0, component }.lower()
    }

    fn upper(self, f: f64) -> f64 {
        let component = self.component(f);
        if self.noncentrality == 0.0 || f <= 0.0 || f.is_infinite() {
            return component(0.0).upper;
        }
        Mixture { rate: self.noncentrality / 2.0, component }.upper()
    }

    fn at(self, tail: Tail) -> f64 {
        let centre = (self.numerator + self.noncentrality) / self.numerator;
        log_quantile(centre, tail, |f| tail.gap(|| self.lower(f), || self.upper(f)))
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use crate::stats::{FisherF, NoncentralT};
    use approx::assert_relative_eq;

    fn ncf(numerator: f64, denominator: f64, noncentrality: f64) -> NoncentralF {
        NoncentralF::new(numerator, denominator, noncentrality).unwrap()
    }

    /// mpmath 1.4.1 at 50 digits: sums of `exp(-l/2) (l/2)^j/j! betainc(d1/2+j, d2/2, ..)`.
    #[test]
    fn both_tails_are_good_far_out() {
        for (numerator, denominator, noncentrality, f, lower, upper) in REFERENCE {
            let all = ncf(numerator, denominator, noncentrality);
            assert_relative_eq!(all.cdf(f).unwrap(), lower, max_relative = 1e-10);
            assert_relative_eq!(all.sf(f).unwrap(), upper, max_relative = 1e-10);
        }
    }

    #[test]
    fn one_numerator_degree_is_a_squared_noncentral_t() {
        let f = ncf(1.0, 12.0, 6.25).sf(9.0).unwrap();
        let t = NoncentralT::new(12.0, 2.5).unwrap();
        assert_relative_eq!(
            f,
            t.sf(3.0).unwrap() + t.cdf(-3.0).unwrap(),
            max_relative = 1e-12
        );
    }

    #[test]
    fn without_noncentrality_it_is_the_central_distribution() {
        let central = FisherF::new(3.0, 9.5).unwrap();
        for f in [0.0, 1e-6, 1.0, 900.0, f64::INFINITY] {
            assert_eq!(ncf(3.0, 9.5, 0.0).sf(f), central.sf(f));
            assert_eq!(ncf(3.0, 9.5, 0.0).cdf(f), central.cdf(f));
        }
    }

    #[test]
    fn quantiles_and_noncentralities_undo_tails() {
        for (numerator, denominator, nc) in [(1.0, 5.0, 0.3), (4.0, 95.0, 40.0)] {
            let all = ncf(numerator, denominator, nc);
            for p in [1e-40, 1e-6, 0.5, 0.9] {
                let low = all.quantile(p).unwrap();
                assert_relative_eq!(all.cdf(low).unwrap(), p, max_relative = 1e-9);
                let high = all.upper_quantile(p).unwrap();
                let solved = NoncentralF::noncentrality(
                    numerator,
                    denominator,
                    high,
                    Tail::Upper(p),
                );
                assert_relative_eq!(solved.unwrap(), nc, max_relative = 1e-7);
            }
        }
    }

    #[test]
    fn parameters_outside_their_domain_are_refused() {
        assert!(NoncentralF::new(0.0, 1.0, 1.0).is_err());
        assert!(NoncentralF::new(1.0, 1.0, -1.0).is_err());
        assert!(
            NoncentralF::noncentrality(1.0, 1.0, f64::INFINITY, Tail::Lower(0.1))
                .is_err()
        );
        assert_eq!(
            NoncentralF::noncentrality(1.0, 1.0, 1.0, Tail::Lower(1.5)),
            Err(StatsError::OutOfRange)
        );
    }

    const REFERENCE: [(f64, f64, f64, f64, f64, f64); 4] = [
        (2.0, 30.0, 40.0, 0.01, 2.276_802_757_558_733e-11, 0.999_999_999_977_232),
        (3.0, 500.0, 0.2, 60.0, 1.0, 6.002_217_503_662_365e-32),
        (1.0, 8.0, 300.0, 2.0, 1.114_929_921_530_172e-49, 1.0),
        (6.0, 1000.0, 900.0, 400.0, 1.0, 5.524_070_072_636_486e-39),
    ];
}
