//! Standardised differences of two independent samples.

use super::hedges::{hedges_factor, noncentral_interval};
use crate::stats::outcome::{Interval, enough, finite, level};
use crate::stats::{StatsError, StudentT, mean, variance};

/// Standardised differences of two independent samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CohenD {
    /// Cohen's d: the difference of means in pooled standard deviations.
    pub d: f64,
    /// Hedges' g with the approximate correction.
    pub hedges_g: f64,
    /// Hedges' g with the exact correction, see [`hedges_factor`].
    pub hedges_g_exact: f64,
    /// Glass's Δ: the difference in standard deviations of the second sample, which has
    /// none when it is constant.
    pub glass_delta: Result<f64, StatsError>,
    /// The noncentral-t interval of d.
    pub interval: Interval,
    /// The interval of d from its approximate standard error.
    pub approximate: Interval,
}

/// Returns the standardised differences of two independent samples.
///
/// # Formula
///
/// ```text
/// d = (x̄ − ȳ) / s,  s² = ((n₁ − 1) s₁² + (n₂ − 1) s₂²) / ν,  ν = n₁ + n₂ − 2
/// g = d (1 − 3 / (4 (n₁ + n₂) − 9)),  g exact = J(ν) d,  Δ = (x̄ − ȳ) / s₂
/// interval: every d that the t test would not reject, δ = d √(n₁ n₂ / (n₁ + n₂))
/// approximate: d ± t_{ν, 1−α/2} √((n₁ + n₂) / (n₁ n₂) + d² / (2 (n₁ + n₂)))
/// ```
///
/// # Shapes and units
///
/// At least two finite values each, in one unit; the order within a sample does not matter.
/// The effects have no unit; positive when the first mean is larger.
///
/// # Numerics
///
/// Means are taken from the first value of the first sample on, so a common offset costs no
/// digits.
///
/// # Errors
///
/// `Empty`, `TooFew`, `NotFinite` (the index counts through both samples), `NoSpread` when
/// both samples are constant, `InvalidParameter` for the level.
///
/// # Source
///
/// J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd ed., 1988, 66–67;
/// L. V. Hedges, Journal of Educational Statistics 6(2), 1981, 107–128; G. V. Glass,
/// Educational Researcher 5(10), 1976, 3–8; the interval: J. H. Steiger and R. T. Fouladi, in
/// What If There Were No Significance Tests?, 1997, 221–257.
///
/// # Example
///
/// ```
/// let effect = crucible::stats::cohen_d(&[4.0, 5.0, 6.0], &[1.0, 2.0, 3.0], 0.95)?;
/// assert_eq!(effect.d, 3.0);
/// assert!(effect.interval.low < 3.0 && effect.interval.high > 3.0);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn cohen_d(xs: &[f64], ys: &[f64], confidence: f64) -> Result<CohenD, StatsError> {
    enough(xs.len(), 2)?;
    enough(ys.len(), 2)?;
    finite(xs)?;
    finite(ys).map_err(|error| match error {
        StatsError::NotFinite { index } => {
            StatsError::NotFinite { index: xs.len() + index }
        }
        other => other,
    })?;
    let tail = (1.0 - level(confidence)?) / 2.0;
    let (first, second) = (xs.len() as f64, ys.len() as f64);
    let (all, df) = (first + second, first + second - 2.0);
    let shifted = |values: &[f64]| {
        mean(&values.iter().map(|value| value - xs[0]).collect::<Vec<_>>())
    };
    let difference = shifted(xs)? - shifted(ys)?;
    let (spread_x, spread_y) = (variance(xs)?, variance(ys)?);
    let weighted = (first - 1.0) / df * spread_x + (second - 1.0) / df * spread_y;
    let pooled = weighted.sqrt();
    if pooled == 0.0 {
        return Err(StatsError::NoSpread);
    }
    let d = difference / pooled;
    let scale = (all / (first * second)).sqrt();
    let reach = StudentT::new(df)?.upper_quantile(tail)?
        * (scale * scale + d * d / (2.0 * all)).sqrt();
    Ok(CohenD {
        d,
        hedges_g: d * (1.0 - 3.0 / (4.0 * all - 9.0)),
        hedges_g_exact: d * hedges_factor(df)?,
        glass_delta: in_units_of(difference, spread_y),
        interval: noncentral_interval(d, scale, df, confidence)?,
        approximate: Interval { low: d - reach, high: d + reach },
    })
}

/// Returns a difference in standard deviations.
pub(super) fn in_units_of(difference: f64, variance: f64) -> Result<f64, StatsError> {
    if variance > 0.0 {
        Ok(difference / variance.sqrt())
    } else {
        Err(StatsError::NoSpread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const XS: [f64; 6] = [3.1, 4.5, 2.2, 5.0, 4.1, 3.3];
    const YS: [f64; 5] = [2.0, 1.5, 3.6, 2.8, 1.1];

    #[test]
    fn swapping_the_samples_mirrors_effect_and_interval() {
        let (there, back) =
            (cohen_d(&XS, &YS, 0.9).unwrap(), cohen_d(&YS, &XS, 0.9).unwrap());
        assert_relative_eq!(there.d, -back.d, max_relative = 1e-14);
        assert_relative_eq!(
            there.interval.low,
            -back.interval.high,
            max_relative = 1e-10
        );
        assert_relative_eq!(
            there.approximate.high,
            -back.approximate.low,
            max_relative = 1e-12
        );
    }

    #[test]
    fn shift_and_scale_change_nothing() {
        let plain = cohen_d(&XS, &YS, 0.95).unwrap();
        // Doubling and the shift by 2^20 are exact for these values rounded to 1/1024.
        let round = |values: &[f64], shift: f64| -> Vec<f64> {
            values.iter().map(|v| (v * 1024.0).round() / 512.0 + shift).collect()
        };
        let near = cohen_d(&round(&XS, 0.0), &round(&YS, 0.0), 0.95).unwrap();
        let far = cohen_d(&round(&XS, 1e9), &round(&YS, 1e9), 0.95).unwrap();
        assert_relative_eq!(near.d, far.d, max_relative = 1e-12);
        assert_relative_eq!(near.d, plain.d, max_relative = 1e-2);
    }

    #[test]
    fn at_the_ends_of_the_interval_the_test_is_just_significant() {
        let effect = cohen_d(&XS, &YS, 0.9).unwrap();
        let scale = (11.0_f64 / 30.0).sqrt();
        let at = |end: f64| {
            crate::stats::NoncentralT::new(9.0, end / scale)
                .and_then(|t| t.sf(effect.d / scale))
                .unwrap()
        };
        assert_relative_eq!(at(effect.interval.low), 0.05, max_relative = 1e-9);
        assert_relative_eq!(at(effect.interval.high), 0.95, max_relative = 1e-9);
    }

    #[test]
    fn a_constant_second_sample_has_no_glass_delta_but_a_d() {
        let effect = cohen_d(&XS, &[1.0, 1.0, 1.0], 0.95).unwrap();
        assert_eq!(effect.glass_delta, Err(StatsError::NoSpread));
        assert!(effect.d > 0.0);
        let both = cohen_d(&[2.0, 2.0], &[1.0, 1.0], 0.95);
        assert_eq!(both, Err(StatsError::NoSpread));
    }

    #[test]
    fn what_is_no_pair_of_samples_is_refused() {
        assert_eq!(cohen_d(&[], &YS, 0.95), Err(StatsError::Empty));
        assert!(matches!(cohen_d(&XS, &[1.0], 0.95), Err(StatsError::TooFew { .. })));
        let nan = cohen_d(&XS, &[1.0, f64::NAN], 0.95);
        assert_eq!(nan, Err(StatsError::NotFinite { index: 7 }));
        assert!(cohen_d(&XS, &YS, 1.0).is_err());
    }
}
