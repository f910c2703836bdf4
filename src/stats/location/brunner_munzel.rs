//! The Brunner-Munzel test: a rank test that does not suppose equal shapes.

use super::super::StatsError;
use super::super::dist::{Normal, StudentT};
use super::super::outcome::{Tails, enough, finite};
use super::sample::Sample;
use crate::stats::ranks::Ranks;

/// The outcome of a Brunner-Munzel test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BrunnerMunzel {
    /// The statistic, positive when the second sample is larger.
    pub w: f64,
    /// Degrees of freedom of the t approximation.
    pub df: f64,
    /// `P(X < Y) + ½ P(X = Y)` in the samples.
    pub relative_effect: f64,
    /// Both one-sided p by the t distribution; `greater` is small when the first sample is
    /// larger.
    pub tails: Tails,
    /// The same by the normal distribution, for large samples.
    pub tails_normal: Tails,
}

/// Tests whether values of two samples are as often larger as smaller than one another.
///
/// # Formula
///
/// ```text
/// Rᵢ rank among all, Rᵢ′ rank in the own sample
/// S_x = Σ [Rᵢ − Rᵢ′ − (R̄_x − (n + 1)/2)]² / (n − 1),  S_y likewise with m
/// W   = nm (R̄_y − R̄_x) / [(n + m) √(n S_x + m S_y)]
/// df  = (n S_x + m S_y)² / [(n S_x)² / (n − 1) + (m S_y)² / (m − 1)]
/// p̂   = (R̄_y − (m + 1)/2) / n
/// ```
///
/// # Shapes and units
///
/// At least two finite values in each sample; order does not matter.
///
/// # Numerics
///
/// `O(N log N)`. Ranks are whole or half numbers, so equal placements have a spread of
/// exactly zero.
///
/// # Errors
///
/// `Empty`, `TooFew`, `NotFinite`; `NoSpread` when the samples do not overlap, or all values
/// are tied.
///
/// # Source
///
/// E. Brunner and U. Munzel, "The Nonparametric Behrens-Fisher Problem: Asymptotic Theory
/// and a Small-Sample Approximation", Biometrical Journal 42(1), 2000, 17–25.
///
/// # Example
///
/// ```
/// let test = crucible::stats::brunner_munzel(&[1.0, 4.0, 2.0], &[3.0, 5.0, 6.0])?;
/// assert!((test.relative_effect - 8.0 / 9.0).abs() < 1e-12);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn brunner_munzel(xs: &[f64], ys: &[f64]) -> Result<BrunnerMunzel, StatsError> {
    enough(xs.len().min(ys.len()), 2)?;
    finite(xs)?;
    finite(ys)?;
    let all = Ranks::of(&[xs, ys].concat())?;
    let (x, y) = (
        placements(&all.ranks[..xs.len()], xs)?,
        placements(&all.ranks[xs.len()..], ys)?,
    );
    let (n, m) = (x.n, y.n);
    let (a, b) = (n * x.sd * x.sd, m * y.sd * y.sd);
    let variance = a + b;
    if variance == 0.0 {
        return Err(StatsError::NoSpread);
    }
    // Placements count the values of the other sample below: x̄ is m (1 − p̂), ȳ is n p̂.
    let relative_effect = y.mean() / n;
    let gap = (y.mean() - x.mean()) + (m - n) / 2.0;
    let w = n * m * gap / ((n + m) * variance.sqrt());
    let (share_x, share_y) = (a / variance, b / variance);
    let df = 1.0 / (share_x * share_x / (n - 1.0) + share_y * share_y / (m - 1.0));
    let t = StudentT::new(df)?;
    Ok(BrunnerMunzel {
        w,
        df,
        relative_effect,
        tails: Tails { greater: t.cdf(w)?, less: t.sf(w)? },
        tails_normal: Tails { greater: Normal.cdf(w)?, less: Normal.sf(w)? },
    })
}

/// Summarises how many values of the other sample lie below each of this one.
fn placements(ranks: &[f64], own: &[f64]) -> Result<Sample, StatsError> {
    let own = Ranks::of(own)?;
    let above: Vec<f64> =
        ranks.iter().zip(&own.ranks).map(|(all, own)| all - own).collect();
    Sample::of(&above)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const XS: [f64; 5] = [1.0, 3.0, 3.0, 4.5, 9.0];
    const YS: [f64; 4] = [3.0, 2.0, 8.0, 10.0];

    #[test]
    fn swapping_the_samples_swaps_the_tails_and_turns_the_effect() {
        let (one, other) =
            (brunner_munzel(&XS, &YS).unwrap(), brunner_munzel(&YS, &XS).unwrap());
        assert_relative_eq!(one.w, -other.w, max_relative = 1e-13);
        assert_relative_eq!(one.tails.less, other.tails.greater, max_relative = 1e-12);
        let both = one.relative_effect + other.relative_effect;
        assert_relative_eq!(both, 1.0, max_relative = 1e-14);
    }

    #[test]
    fn only_the_order_of_values_counts() {
        let far = |xs: &[f64]| xs.iter().map(|x| 1e9 + x * x).collect::<Vec<_>>();
        let moved = brunner_munzel(&far(&XS), &far(&YS)).unwrap();
        assert_eq!(brunner_munzel(&XS, &YS).unwrap(), moved);
    }

    #[test]
    fn samples_apart_or_all_tied_have_no_scale() {
        let apart = brunner_munzel(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]);
        assert_eq!(apart, Err(StatsError::NoSpread));
        assert_eq!(brunner_munzel(&[1.0; 3], &[1.0; 4]), Err(StatsError::NoSpread));
        assert_eq!(brunner_munzel(&[], &YS), Err(StatsError::Empty));
        assert!(brunner_munzel(&[1.0], &YS).is_err());
        assert!(brunner_munzel(&[1.0, f64::NAN], &YS).is_err());
    }
}
