//! Shares of variance explained, from an F statistic.

use crate::stats::outcome::{Interval, level};
use crate::stats::{NoncentralF, StatsError, Tail};

/// Sizes of the effect behind an F statistic, with intervals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FEffect {
    /// η² (partial η² where there are other factors): the share of the sample.
    pub eta_sq: f64,
    /// ω²: nearly unbiased for the population; may be negative.
    pub omega_sq: f64,
    /// ε²: as ω², the adjusted R²; may be negative.
    pub epsilon_sq: f64,
    /// Cohen's f of the sample, `√(η² / (1 − η²))`.
    pub cohens_f: f64,
    /// The interval of the noncentrality.
    pub noncentrality: Interval,
    /// The interval of the population's share of variance, which η², ω² and ε² all estimate,
    /// as `λ / (λ + n)`.
    pub share: Interval,
    /// The same as `λ / (λ + d₂)`, the scale on which η² itself lies.
    pub share_df: Interval,
    /// The interval of Cohen's f, `√(λ / n)`.
    pub cohens_f_interval: Interval,
}

/// Returns the sizes of the effect behind an F statistic.
///
/// # Formula
///
/// ```text
/// η² = d₁F / (d₁F + d₂),  ω² = d₁(F − 1) / (d₁F + d₂ + 1),  ε² = d₁(F − 1) / (d₁F + d₂)
/// P(F' > F; λ_low) = α/2,  P(F' ≤ F; λ_high) = α/2,  F' noncentral F
/// ```
///
/// A bound is 0 where even `λ = 0` has less than `α/2`, that is where the data say less than
/// chance does.
///
/// # Shapes and units
///
/// `df = [d₁, d₂]` are the degrees of freedom of the effect and of the error, `n` the number
/// of values in all (one-way: `d₁ + d₂ + 1`). The results are plain numbers. The interval is
/// often wanted at 90%: then it leaves out 0 just when the F test rejects at 5%.
///
/// # Errors
///
/// `InvalidParameter` for a negative F, degrees of freedom or an `n` that are not positive, or
/// the level; `NotFinite`.
///
/// # Source
///
/// J. H. Steiger, "Beyond the F test: effect size confidence intervals and tests of close fit
/// in the analysis of variance and contrast analysis", Psychological Methods 9(2), 2004,
/// 164–182; ω²: W. L. Hays, Statistics for Psychologists, 1963; ε²: T. L. Kelley, Proceedings
/// of the National Academy of Sciences 21(9), 1935, 554–559.
pub fn f_effect(
    f: f64,
    df: [f64; 2],
    n: f64,
    confidence: f64,
) -> Result<FEffect, StatsError> {
    let tail = (1.0 - level(confidence)?) / 2.0;
    let [numerator, denominator] = df;
    checked(f, df, n)?;
    let find = |tail| NoncentralF::noncentrality(numerator, denominator, f, tail);
    let noncentrality =
        Interval { low: find(Tail::Upper(tail))?, high: find(Tail::Lower(tail))? };
    let explained = numerator * f;
    let of = |change: &dyn Fn(f64) -> f64| Interval {
        low: change(noncentrality.low),
        high: change(noncentrality.high),
    };
    let excess = numerator * (f - 1.0);
    Ok(FEffect {
        eta_sq: explained / (explained + denominator),
        omega_sq: excess / (explained + denominator + 1.0),
        epsilon_sq: excess / (explained + denominator),
        cohens_f: (explained / denominator).sqrt(),
        noncentrality,
        share: of(&|value| value / (value + n)),
        share_df: of(&|value| value / (value + denominator)),
        cohens_f_interval: of(&|value| (value / n).sqrt()),
    })
}

fn checked(f: f64, df: [f64; 2], n: f64) -> Result<(), StatsError> {
    let numbers = [f, df[0], df[1], n];
    if let Some(index) = numbers.iter().position(|x| !x.is_finite()) {
        return Err(StatsError::NotFinite { index });
    }
    let refused = |name, wanted| Err(StatsError::InvalidParameter { name, wanted });
    if f < 0.0 {
        return refused("F statistic", "not negative");
    }
    if df.iter().any(|df| *df <= 0.0) {
        return refused("number of degrees of freedom", "positive");
    }
    if n <= 0.0 {
        return refused("number of values", "positive");
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn at_the_ends_of_the_interval_the_statistic_is_just_as_far_out() {
        let effect = f_effect(6.0, [3.0, 40.0], 44.0, 0.9).unwrap();
        let Interval { low, high } = effect.noncentrality;
        let of = |nc| NoncentralF::new(3.0, 40.0, nc).unwrap();
        assert_relative_eq!(of(low).sf(6.0).unwrap(), 0.05, max_relative = 1e-9);
        assert_relative_eq!(of(high).cdf(6.0).unwrap(), 0.05, max_relative = 1e-9);
        assert!(effect.share_df.holds(effect.eta_sq));
    }

    #[test]
    fn estimates_agree_with_sums_of_squares() {
        // SSb = 20, SSw = 60, three groups of 7: F = 10 / (60 / 18).
        let effect = f_effect(3.0, [2.0, 18.0], 21.0, 0.95).unwrap();
        assert_relative_eq!(effect.eta_sq, 0.25, max_relative = 1e-14);
        let within = 60.0 / 18.0;
        let omega = (20.0 - 2.0 * within) / (80.0 + within);
        assert_relative_eq!(effect.omega_sq, omega, max_relative = 1e-13);
        let epsilon = (20.0 - 2.0 * within) / 80.0;
        assert_relative_eq!(effect.epsilon_sq, epsilon, max_relative = 1e-13);
    }

    #[test]
    fn an_f_of_zero_says_less_than_chance() {
        let effect = f_effect(0.0, [2.0, 20.0], 23.0, 0.95).unwrap();
        assert_eq!(effect.noncentrality, Interval { low: 0.0, high: 0.0 });
        assert!(effect.omega_sq < 0.0);
    }

    #[test]
    fn parameters_outside_their_domain_are_refused() {
        assert!(f_effect(-1.0, [2.0, 20.0], 23.0, 0.95).is_err());
        assert!(f_effect(1.0, [0.0, 20.0], 23.0, 0.95).is_err());
        assert!(f_effect(1.0, [2.0, 20.0], 0.0, 0.95).is_err());
        assert!(f_effect(1.0, [2.0, 20.0], 23.0, 95.0).is_err());
        assert!(f_effect(f64::NAN, [2.0, 20.0], 23.0, 0.95).is_err());
    }
}
