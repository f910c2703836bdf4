//! Tests of normality by skewness and kurtosis.

use serde::Serialize;

use super::sample::Deviations;
use crate::stats::StatsError;
use crate::stats::dist::Normal;

/// The outcome of D'Agostino and Pearson's test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DagostinoK2 {
    /// The statistic, nearly chi-squared with two degrees of freedom.
    pub k2: f64,
    /// The p of normality.
    pub p: f64,
    /// The skewness, made nearly normal.
    pub skew_z: f64,
    /// The two-sided p of no skewness.
    pub skew_p: f64,
    /// The kurtosis, made nearly normal.
    pub kurtosis_z: f64,
    /// The two-sided p of a normal kurtosis.
    pub kurtosis_p: f64,
}

/// The outcome of a Jarque-Bera test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct JarqueBera {
    /// The statistic, in the limit chi-squared with two degrees of freedom.
    pub statistic: f64,
    /// The p of normality.
    pub p: f64,
}

/// Tests whether skewness and kurtosis of a sample are those of a normal distribution.
///
/// # Formula
///
/// ```text
/// K² = Z(√b₁)² + Z(b₂)²,   p = exp(−K² / 2)
/// Z(√b₁) = δ asinh(Y / α)                             D'Agostino 1970
/// Z(b₂) = [1 − 2/(9A) − ∛((1 − 2/A) / (1 + x √(2/(A − 4))))] / √(2/(9A))
/// ```
///
/// `Y` is the skewness and `x` the kurtosis in their standard errors under normality; `δ`,
/// `α` and `A` follow from the sample's size.
///
/// # Shapes and units
///
/// At least eight values.
///
/// # Numerics
///
/// Powers of deviations in units of the largest, so that nothing overflows.
///
/// # Errors
///
/// `Empty`, `NotFinite`, `TooFew`; `NoSpread` for a constant sample.
///
/// # Source
///
/// R. B. D'Agostino, Biometrika 57(3), 1970, 679–681; F. J. Anscombe and W. J. Glynn,
/// Biometrika 70(1), 1983, 227–234; R. B. D'Agostino and E. S. Pearson, Biometrika 60(3),
/// 1973, 613–622.
pub fn dagostino_k2(values: &[f64]) -> Result<DagostinoK2, StatsError> {
    let sample = Deviations::of(values, 8)?;
    let skew_z = skewness_z(sample.skewness(), sample.n());
    let kurtosis_z = kurtosis_z(sample.kurtosis(), sample.n());
    let k2 = skew_z * skew_z + kurtosis_z * kurtosis_z;
    Ok(DagostinoK2 {
        k2,
        p: (-k2 / 2.0).exp(),
        skew_z,
        skew_p: two_sided(skew_z)?,
        kurtosis_z,
        kurtosis_p: two_sided(kurtosis_z)?,
    })
}

/// Tests whether skewness and kurtosis of a large sample are those of a normal distribution.
///
/// # Formula
///
/// ```text
/// JB = n/6 [b₁ + (b₂ − 3)² / 4],   p = exp(−JB / 2)
/// ```
///
/// `b₁ = (m₃ / m₂^(3/2))²` and `b₂ = m₄ / m₂²`, moments with divisor `n`.
///
/// # Shapes and units
///
/// At least two values; the limit is slow, below 2,000 values prefer [`dagostino_k2`].
///
/// # Errors
///
/// As [`dagostino_k2`].
///
/// # Source
///
/// C. M. Jarque and A. K. Bera, Economics Letters 6(3), 1980, 255–259.
pub fn jarque_bera(values: &[f64]) -> Result<JarqueBera, StatsError> {
    let sample = Deviations::of(values, 2)?;
    let (skewness, excess) = (sample.skewness(), sample.kurtosis() - 3.0);
    let statistic = sample.n() / 6.0 * (skewness * skewness + excess * excess / 4.0);
    Ok(JarqueBera { statistic, p: (-statistic / 2.0).exp() })
}

fn two_sided(z: f64) -> Result<f64, StatsError> {
    Ok((2.0 * Normal.sf(z.abs())?).min(1.0))
}

fn skewness_z(skewness: f64, n: f64) -> f64 {
    let y = skewness * ((n + 1.0) * (n + 3.0) / (6.0 * (n - 2.0))).sqrt();
    let kurtosis = 3.0 * (n * n + 27.0 * n - 70.0) * (n + 1.0) * (n + 3.0)
        / ((n - 2.0) * (n + 5.0) * (n + 7.0) * (n + 9.0));
    let squared = (2.0 * (kurtosis - 1.0)).sqrt() - 1.0;
    let delta = 1.0 / (0.5 * squared.ln()).sqrt();
    let alpha = (2.0 / (squared - 1.0)).sqrt();
    delta * (y / alpha).asinh()
}

fn kurtosis_z(kurtosis: f64, n: f64) -> f64 {
    let mean = 3.0 * (n - 1.0) / (n + 1.0);
    let variance =
        24.0 * n * (n - 2.0) * (n - 3.0) / ((n + 1.0).powi(2) * (n + 3.0) * (n + 5.0));
    let x = (kurtosis - mean) / variance.sqrt();
    let skewness = 6.0 * (n * n - 5.0 * n + 2.0) / ((n + 7.0) * (n + 9.0))
        * (6.0 * (n + 3.0) * (n + 5.0) / (n * (n - 2.0) * (n - 3.0))).sqrt();
    let a = 6.0
        + 8.0 / skewness * (2.0 / skewness + (1.0 + 4.0 / (skewness * skewness)).sqrt());
    let below = 1.0 + x * (2.0 / (a - 4.0)).sqrt();
    let spread = 2.0 / (9.0 * a);
    (1.0 - spread - ((1.0 - 2.0 / a) / below).cbrt()) / spread.sqrt()
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const XS: [f64; 9] = [1.0, 2.0, 3.0, 10.0, 4.5, 4.0, 7.0, 3.5, 2.5];

    #[test]
    fn turning_a_sample_around_turns_its_skewness() {
        let (plain, turned) =
            (dagostino_k2(&XS).unwrap(), dagostino_k2(&XS.map(|x| -x)).unwrap());
        assert_relative_eq!(plain.skew_z, -turned.skew_z, max_relative = 1e-12);
        assert_relative_eq!(plain.kurtosis_z, turned.kurtosis_z, max_relative = 1e-12);
        assert!(plain.skew_z > 0.0);
    }

    #[test]
    fn a_symmetric_sample_has_no_skewness() {
        let xs = [-4.0, -2.0, -1.0, -0.5, 0.5, 1.0, 2.0, 4.0];
        let test = dagostino_k2(&xs).unwrap();
        assert!(test.skew_z.abs() < 1e-14 && test.skew_p > 1.0 - 1e-13);
        let bera = jarque_bera(&xs).unwrap();
        let excess = Deviations::of(&xs, 2).unwrap().kurtosis() - 3.0;
        assert_relative_eq!(bera.statistic, excess.powi(2) / 3.0, max_relative = 1e-12);
    }

    #[test]
    fn an_offset_changes_nothing() {
        let far = jarque_bera(&XS.map(|x| 1e9 + x)).unwrap();
        assert_relative_eq!(
            far.statistic,
            jarque_bera(&XS).unwrap().statistic,
            max_relative = 1e-12
        );
    }

    #[test]
    fn seven_values_are_too_few_for_one_and_enough_for_the_other() {
        assert!(matches!(dagostino_k2(&XS[..7]), Err(StatsError::TooFew { .. })));
        assert!(jarque_bera(&XS[..7]).is_ok());
        assert_eq!(jarque_bera(&[0.1; 4]), Err(StatsError::NoSpread));
        assert_eq!(jarque_bera(&[1.0, 2.0]).unwrap().statistic, 1.0 / 3.0);
    }
}
