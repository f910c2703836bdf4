//! The Kolmogorov-Smirnov test of one sample against a law.

use super::super::StatsError;
use super::super::dist::{Kolmogorov, Normal};
use super::super::outcome::{enough, finite, finite_number};
use super::ks_two_sample::{KolmogorovSmirnov, KsMethod};

/// A law that a sample may be tested against, its parameters known beforehand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Law {
    /// The normal distribution.
    Normal {
        /// Its mean.
        mean: f64,
        /// Its standard deviation, positive.
        sd: f64,
    },
    /// The uniform distribution.
    Uniform {
        /// Its lower end.
        low: f64,
        /// Its upper end, above the lower.
        high: f64,
    },
    /// The exponential distribution.
    Exponential {
        /// Its rate, positive: one over the mean.
        rate: f64,
    },
}

impl Law {
    /// Refuses parameters that make no law.
    ///
    /// # Errors
    ///
    /// `NotFinite`, `InvalidParameter`.
    pub fn checked(self) -> Result<Self, StatsError> {
        let above = |value: f64, than: f64, name, wanted| {
            if finite_number(value)? > finite_number(than)? {
                Ok(self)
            } else {
                Err(StatsError::InvalidParameter { name, wanted })
            }
        };
        match self {
            Self::Normal { mean, sd } => {
                finite_number(mean)?;
                above(sd, 0.0, "standard deviation", "positive")
            }
            Self::Uniform { low, high } => {
                above(high, low, "upper end of a range", "above the lower")
            }
            Self::Exponential { rate } => above(rate, 0.0, "rate", "positive"),
        }
    }

    /// Returns `P(X ≤ x)`.
    ///
    /// # Errors
    ///
    /// `NotFinite`, `InvalidParameter`.
    pub fn cdf(self, x: f64) -> Result<f64, StatsError> {
        match self.checked()? {
            Self::Normal { mean, sd } => Normal.cdf((x - mean) / sd),
            Self::Uniform { low, high } => {
                Ok(((finite_number(x)? - low) / (high - low)).clamp(0.0, 1.0))
            }
            Self::Exponential { rate } => {
                Ok(-(-rate * finite_number(x)?.max(0.0)).exp_m1())
            }
        }
    }
}

/// Tests whether a sample comes from a law with the distribution function `cdf`.
///
/// # Formula
///
/// ```text
/// D⁺ = max (i/n − F(x₍ᵢ₎)),  D⁻ = max (F(x₍ᵢ₎) − (i − 1)/n),  D = max(D⁺, D⁻)
/// ```
///
/// The one-sided p are Smirnov's, exact; the two-sided one is exact or Kolmogorov's limit
/// at `√n D`, without correction.
///
/// # Shapes and units
///
/// At least one finite value; order does not matter. The law must not have been fitted to
/// the sample, and is continuous.
///
/// # Numerics
///
/// See [`Kolmogorov`].
///
/// # Errors
///
/// `Empty`, `NotFinite`; what `cdf` returns, and `OutOfRange` when that is no probability.
///
/// # Source
///
/// A. Kolmogorov, Giornale dell'Istituto Italiano degli Attuari 4, 1933, 83–91; Z. W.
/// Birnbaum and F. H. Tingey, Annals of Mathematical Statistics 22(4), 1951, 592–596.
///
/// # Example
///
/// ```
/// use crucible::stats::{KsMethod, Law, ks_one_sample};
/// let law = Law::Uniform { low: 0.0, high: 1.0 };
/// let test = ks_one_sample(&[0.1, 0.4, 0.7], |x| law.cdf(x), KsMethod::Exact)?;
/// assert!((test.d - 0.3).abs() < 1e-12);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn ks_one_sample(
    values: &[f64],
    cdf: impl Fn(f64) -> Result<f64, StatsError>,
    method: KsMethod,
) -> Result<KolmogorovSmirnov, StatsError> {
    enough(values.len(), 1)?;
    finite(values)?;
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let (mut d_plus, mut d_minus) = (0.0_f64, 0.0_f64);
    for (i, x) in sorted.iter().enumerate() {
        let share = cdf(*x)?;
        if !(0.0..=1.0).contains(&share) {
            return Err(StatsError::OutOfRange);
        }
        d_plus = d_plus.max((i as f64 + 1.0) / n - share);
        d_minus = d_minus.max(share - i as f64 / n);
    }
    let d = d_plus.max(d_minus);
    let law = Kolmogorov::new(values.len() as u64)?;
    let p = match method {
        KsMethod::Exact => law.sf(d)?,
        KsMethod::Asymptotic => Kolmogorov::limit_sf(n.sqrt() * d)?,
    };
    let (p_greater, p_less) = (law.sf_one_sided(d_plus)?, law.sf_one_sided(d_minus)?);
    Ok(KolmogorovSmirnov { d, d_plus, d_minus, p, p_greater, p_less })
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    fn uniform(x: f64) -> Result<f64, StatsError> {
        Law::Uniform { low: 0.0, high: 1.0 }.cdf(x)
    }

    #[test]
    fn turning_the_sample_about_its_law_swaps_the_sides() {
        let xs = [0.25, 0.375, 0.5, 0.875];
        let one = ks_one_sample(&xs, uniform, KsMethod::Exact).unwrap();
        let turned = xs.map(|x| 1.0 - x);
        let other = ks_one_sample(&turned, uniform, KsMethod::Exact).unwrap();
        assert_eq!((one.d_plus, one.p), (other.d_minus, other.p));
        assert_eq!(one.p_greater, other.p_less);
    }

    #[test]
    fn a_sample_outside_its_law_is_impossible() {
        let test = ks_one_sample(&[2.0, 3.0], uniform, KsMethod::Exact).unwrap();
        assert_eq!((test.d, test.d_plus, test.p, test.p_greater), (1.0, 0.0, 0.0, 1.0));
    }

    #[test]
    fn laws_have_their_own_shares() {
        let exponential = Law::Exponential { rate: 2.0 };
        let half = exponential.cdf(0.5 * std::f64::consts::LN_2).unwrap();
        assert_relative_eq!(half, 0.5, max_relative = 1e-14);
        assert_eq!(exponential.cdf(-1.0).unwrap(), 0.0);
        assert_eq!(Law::Normal { mean: 3.0, sd: 2.0 }.cdf(3.0).unwrap(), 0.5);
        assert!(Law::Normal { mean: 0.0, sd: -1.0 }.checked().is_err());
        assert!(Law::Uniform { low: 1.0, high: 1.0 }.checked().is_err());
        assert!(Law::Exponential { rate: f64::NAN }.checked().is_err());
    }

    #[test]
    fn nothing_nan_and_laws_that_are_none_are_refused() {
        let exact = KsMethod::Exact;
        assert_eq!(ks_one_sample(&[], uniform, exact), Err(StatsError::Empty));
        assert!(ks_one_sample(&[f64::NAN], uniform, exact).is_err());
        let wrong = ks_one_sample(&[0.5], |_| Ok(1.5), exact);
        assert_eq!(wrong, Err(StatsError::OutOfRange));
    }
}
