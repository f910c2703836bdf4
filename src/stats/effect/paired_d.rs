//! Standardised differences of pairs and of one sample.

use super::cohen::in_units_of;
use super::hedges::{hedges_factor, noncentral_interval};
use crate::stats::outcome::{Interval, enough, finite, finite_number};
use crate::stats::{StatsError, differences, mean, variance};

/// Standardised differences of pairs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedD {
    /// The mean difference in standard deviations of the differences.
    pub d_z: f64,
    /// The mean difference in the root of the mean variance of the two conditions.
    pub d_av: Result<f64, StatsError>,
    /// `d_z` brought to the scale of the single values by their correlation; undefined when
    /// one condition is constant.
    pub d_rm: Result<f64, StatsError>,
    /// `d_z` with Hedges' exact correction for `n − 1` degrees of freedom.
    pub hedges_g_z: f64,
    /// The noncentral-t interval of `d_z`.
    pub interval: Interval,
}

/// Returns the standardised differences of pairs.
///
/// # Formula
///
/// ```text
/// d_z = ℓ̄ / s_ℓ,  ℓᵢ = xᵢ − yᵢ;   d_av = ℓ̄ / √((s_x² + s_y²) / 2)
/// d_rm = d_z √(2 (1 − r));          g_z = J(n − 1) d_z
/// interval: every d_z that the paired t test would not reject, δ = d_z √n
/// ```
///
/// # Shapes and units
///
/// At least two pairs of finite values in one unit; the effects have none. `d_z` is that of
/// power analysis, `d_av` and `d_rm` compare with those of independent samples.
///
/// # Numerics
///
/// `1 − r` is taken from `s_ℓ² − (s_x − s_y)²`, which does not cancel when `r` is near one.
///
/// # Errors
///
/// `LengthMismatch`, `Empty`, `TooFew`, `NotFinite`; `NoDifference` when no pair differs,
/// `NoSpread` when all differ by the same, `InvalidParameter` for the level.
///
/// # Source
///
/// D. Lakens, "Calculating and reporting effect sizes to facilitate cumulative science",
/// Frontiers in Psychology 4, 2013, article 863.
pub fn cohen_d_paired(
    xs: &[f64],
    ys: &[f64],
    confidence: f64,
) -> Result<PairedD, StatsError> {
    let gaps = differences(xs, ys)?;
    let SingleD { d, hedges_g, interval } = cohen_d_single(&gaps, 0.0, confidence)?;
    let (average, spread) = (mean(&gaps)?, variance(&gaps)?);
    let (spread_x, spread_y) = (variance(xs)?, variance(ys)?);
    let (sd_x, sd_y) = (spread_x.sqrt(), spread_y.sqrt());
    let d_rm = if sd_x > 0.0 && sd_y > 0.0 {
        let twice = (spread - (sd_x - sd_y).powi(2)).max(0.0) / (sd_x * sd_y);
        Ok(d * twice.sqrt())
    } else {
        Err(StatsError::Constant)
    };
    Ok(PairedD {
        d_z: d,
        d_av: in_units_of(average, f64::midpoint(spread_x, spread_y)),
        d_rm,
        hedges_g_z: hedges_g,
        interval,
    })
}

/// The standardised distance of a mean from a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SingleD {
    /// The distance in standard deviations.
    pub d: f64,
    /// The same with Hedges' exact correction for `n − 1` degrees of freedom.
    pub hedges_g: f64,
    /// The noncentral-t interval of `d`.
    pub interval: Interval,
}

/// Returns the standardised distance of a mean from a value.
///
/// # Formula
///
/// ```text
/// d = (x̄ − μ) / s,  g = J(n − 1) d
/// interval: every d that the t test would not reject, δ = d √n
/// ```
///
/// # Shapes and units
///
/// At least two finite values, in the unit of `mu`; the effects have none.
///
/// # Errors
///
/// `Empty`, `TooFew`, `NotFinite`; `NoDifference` when all values equal `mu`, `NoSpread` when
/// they equal another, `InvalidParameter` for the level.
///
/// # Source
///
/// J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd ed., 1988, 46; L. V.
/// Hedges, Journal of Educational Statistics 6(2), 1981, 107–128.
pub fn cohen_d_single(
    values: &[f64],
    mu: f64,
    confidence: f64,
) -> Result<SingleD, StatsError> {
    enough(values.len(), 2)?;
    finite(values)?;
    let mu = finite_number(mu)?;
    let gaps: Vec<f64> = values.iter().map(|x| x - mu).collect();
    let (average, spread) = (mean(&gaps)?, variance(values)?);
    if gaps.iter().all(|gap| *gap == 0.0) {
        return Err(StatsError::NoDifference);
    }
    let n = values.len() as f64;
    let d = in_units_of(average, spread)?;
    Ok(SingleD {
        d,
        hedges_g: d * hedges_factor(n - 1.0)?,
        interval: noncentral_interval(d, 1.0 / n.sqrt(), n - 1.0, confidence)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::d_z;
    use approx::assert_relative_eq;

    const XS: [f64; 6] = [3.1, 4.5, 2.2, 5.0, 4.1, 3.3];
    const YS: [f64; 6] = [2.0, 4.1, 1.6, 2.8, 4.4, 2.9];

    #[test]
    fn d_z_is_the_d_of_the_differences() {
        let pairs = cohen_d_paired(&XS, &YS, 0.95).unwrap();
        let gaps = differences(&XS, &YS).unwrap();
        assert_relative_eq!(pairs.d_z, d_z(&gaps).unwrap(), max_relative = 1e-14);
        let back = cohen_d_paired(&YS, &XS, 0.95).unwrap();
        assert_relative_eq!(
            pairs.interval.low,
            -back.interval.high,
            max_relative = 1e-10
        );
    }

    #[test]
    fn d_rm_is_d_av_when_both_conditions_spread_alike() {
        let ys: Vec<f64> = XS.iter().rev().map(|x| x - 1.0).collect();
        let pairs = cohen_d_paired(&XS, &ys, 0.95).unwrap();
        assert_relative_eq!(
            pairs.d_rm.unwrap(),
            pairs.d_av.unwrap(),
            max_relative = 1e-12
        );
    }

    #[test]
    fn pairs_without_spread_have_no_effect_to_state() {
        assert_eq!(cohen_d_paired(&XS, &XS, 0.95), Err(StatsError::NoDifference));
        let ys = XS.map(|x| x.round());
        let shifted = ys.map(|y| y + 1.0);
        assert_eq!(cohen_d_paired(&ys, &shifted, 0.95), Err(StatsError::NoSpread));
        let flat = cohen_d_paired(&XS, &[1.0; 6], 0.95).unwrap();
        assert_eq!(flat.d_rm, Err(StatsError::Constant));
        assert!(flat.d_av.is_ok());
    }

    #[test]
    fn unequal_lengths_and_bad_values_are_refused() {
        let short = cohen_d_paired(&XS, &YS[..3], 0.95);
        assert!(matches!(short, Err(StatsError::LengthMismatch { .. })));
        assert!(cohen_d_single(&[1.0], 0.0, 0.95).is_err());
        assert!(cohen_d_single(&XS, f64::NAN, 0.95).is_err());
        assert!(cohen_d_single(&XS, 0.0, 0.0).is_err());
    }
}
