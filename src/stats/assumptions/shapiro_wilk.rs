//! The Shapiro-Wilk test of normality.

use std::f64::consts::PI;

use serde::Serialize;

use super::sample::Deviations;
use crate::stats::StatsError;
use crate::stats::describe::sum;
use crate::stats::dist::Normal;

/// Corrections of the two outermost weights, by powers of `1/√n`.
const OUTERMOST: [f64; 6] =
    [0.0, 0.221_157, -0.147_981, -2.071_190, 4.434_685, -2.706_056];
const SECOND: [f64; 6] = [0.0, 0.042_981, -0.293_762, -1.752_461, 5.682_633, -3.582_633];

/// Mean and logarithm of the deviation of `−ln(γ − ln(1 − W))`, by powers of `n ≤ 11`.
const SMALL_MEAN: [f64; 4] = [0.544_0, -0.399_78, 0.025_054, -0.000_671_4];
const SMALL_DEVIATION: [f64; 4] = [1.382_2, -0.778_57, 0.062_767, -0.002_032_2];
/// `γ`, by powers of `n`.
const GAMMA: [f64; 2] = [-2.273, 0.459];

/// Mean and logarithm of the deviation of `ln(1 − W)`, by powers of `ln n`.
const LARGE_MEAN: [f64; 4] = [-1.586_1, -0.310_82, -0.083_751, 0.003_891_5];
const LARGE_DEVIATION: [f64; 3] = [-0.480_3, -0.082_676, 0.003_030_2];

/// What the algorithm returns where its transformation has no value.
const SMALLEST_P: f64 = 1e-99;

/// The outcome of a Shapiro-Wilk test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ShapiroWilk {
    /// The statistic, at most 1; small when the sample does not look normal.
    pub w: f64,
    /// The p of normality.
    pub p: f64,
}

/// Tests whether a sample comes from a normal distribution (Shapiro and Wilk, by Royston).
///
/// # Formula
///
/// ```text
/// W = (Σ aᵢ x₍ᵢ₎)² / Σ (xᵢ − x̄)²,   mᵢ = Φ⁻¹((i − 3/8) / (n + 1/4))
/// ```
///
/// The weights `a` are the `m`, normalised, with the outermost one (two from six values on)
/// corrected by a polynomial in `1/√n`. The p comes from a normal approximation to a
/// transform of `1 − W`; with three values it is exact.
///
/// # Shapes and units
///
/// At least three values; the approximation was made for up to 5,000.
///
/// # Numerics
///
/// `1 − W` is computed as a product, without cancellation. Agrees with SciPy to 1e-7 in `W`
/// and 1e-6 in p: implementations differ in their normal quantile.
///
/// # Errors
///
/// `Empty`, `NotFinite`, `TooFew`; `NoSpread` for a constant sample.
///
/// # Source
///
/// S. S. Shapiro and M. B. Wilk, Biometrika 52(3/4), 1965, 591–611; P. Royston, "Remark AS
/// R94: A Remark on Algorithm AS 181: The W-test for Normality", Applied Statistics 44(4),
/// 1995, 547–551.
///
/// # Example
///
/// ```
/// let test = crucible::stats::shapiro_wilk(&[1.0, 2.0, 2.5, 3.0, 3.5, 4.0, 40.0])?;
/// assert!(test.p < 0.001);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn shapiro_wilk(values: &[f64]) -> Result<ShapiroWilk, StatsError> {
    let sample = Deviations::of(values, 3)?;
    let n = sample.n();
    let half = weights(sample.sorted.len(), n)?;
    // The weights are odd: minus the first half, a zero in the middle, the half mirrored.
    let pairs = || half.iter().zip(sample.sorted.iter().zip(sample.sorted.iter().rev()));
    let along = sum(pairs().map(|(a, (low, high))| a * (high - low)));
    let weight = 2.0 * sum(half.iter().map(|a| a * a));
    let squares = sample.variance() * (n - 1.0);
    let length = (weight * squares).sqrt();
    let rest = ((length - along) * (length + along) / (weight * squares)).max(0.0);
    Ok(ShapiroWilk { w: 1.0 - rest, p: p(rest, sample.sorted.len(), n)? })
}

/// Returns the weights of the upper half, from the largest value inwards.
fn weights(count: usize, n: f64) -> Result<Vec<f64>, StatsError> {
    if count == 3 {
        return Ok(vec![0.5_f64.sqrt()]);
    }
    let m = (1..=count / 2)
        .map(|i| Normal.upper_quantile((i as f64 - 0.375) / (n + 0.25)))
        .collect::<Result<Vec<f64>, StatsError>>()?;
    let squares = 2.0 * sum(m.iter().map(|m| m * m));
    let (length, root) = (squares.sqrt(), 1.0 / n.sqrt());
    let corrected: &[[f64; 6]] =
        if count > 5 { &[OUTERMOST, SECOND] } else { &[OUTERMOST] };
    let mut a: Vec<f64> = corrected
        .iter()
        .zip(&m)
        .map(|(corrections, m)| polynomial(corrections, root) + m / length)
        .collect();
    let inner = squares - 2.0 * sum(m.iter().take(a.len()).map(|m| m * m));
    let left = 1.0 - 2.0 * sum(a.iter().map(|a| a * a));
    let factor = (inner / left).sqrt();
    a.extend(m.iter().skip(corrected.len()).map(|m| m / factor));
    Ok(a)
}

/// Returns the p for `rest = 1 − W`.
fn p(rest: f64, count: usize, n: f64) -> Result<f64, StatsError> {
    if count == 3 {
        let exact = 6.0 / PI * ((1.0 - rest).sqrt().asin() - 0.75_f64.sqrt().asin());
        return Ok(exact.clamp(0.0, 1.0));
    }
    let y = rest.ln();
    if count > 11 {
        let log = n.ln();
        let deviation = polynomial(&LARGE_DEVIATION, log).exp();
        return Normal.sf((y - polynomial(&LARGE_MEAN, log)) / deviation);
    }
    let gamma = polynomial(&GAMMA, n);
    if y >= gamma {
        return Ok(SMALLEST_P);
    }
    let deviation = polynomial(&SMALL_DEVIATION, n).exp();
    Normal.sf((-(gamma - y).ln() - polynomial(&SMALL_MEAN, n)) / deviation)
}

/// Returns `c₀ + c₁ x + c₂ x² + …`.
fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |value, c| value * x + c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn the_weights_of_the_men_of_shapiro_and_wilk_give_their_w() {
        // The sample of Shapiro and Wilk 1965; scipy.stats.shapiro(pounds), SciPy 1.17.
        let pounds = [148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236];
        let test = shapiro_wilk(&pounds.map(f64::from)).unwrap();
        assert_relative_eq!(test.w, 0.788_814_694_863_2, max_relative = 1e-7);
        assert_relative_eq!(test.p, 0.006_703_814_062, max_relative = 1e-6);
    }

    #[test]
    fn offset_scale_and_direction_change_nothing() {
        let xs = [1.0, 2.0, 3.0, 10.0, 4.5, 4.0, 7.0];
        let plain = shapiro_wilk(&xs).unwrap();
        for moved in [xs.map(|x| 1e9 + x), xs.map(|x| -x), xs.map(|x| x * 1e-200)] {
            let test = shapiro_wilk(&moved).unwrap();
            assert_relative_eq!(test.w, plain.w, max_relative = 1e-12);
            assert_relative_eq!(test.p, plain.p, max_relative = 1e-10);
        }
    }

    #[test]
    fn three_evenly_spaced_values_are_as_normal_as_can_be() {
        let test = shapiro_wilk(&[1.0, 2.0, 3.0]).unwrap();
        assert_eq!((test.w, test.p), (1.0, 1.0));
        let test = shapiro_wilk(&[1.0, 1.0, 3.0]).unwrap();
        assert!(test.p < 1e-7 && (test.w - 0.75).abs() < 1e-15);
    }

    #[test]
    fn no_sample_gives_anything_but_a_probability() {
        for n in 3..40_usize {
            let mut xs = vec![0.0; n];
            xs[n / 2] = 1.0;
            let test = shapiro_wilk(&xs).unwrap();
            assert!((0.0..=1.0).contains(&test.p) && test.w <= 1.0, "{n} {test:?}");
        }
        assert_eq!(shapiro_wilk(&[2.0; 9]), Err(StatsError::NoSpread));
        assert!(shapiro_wilk(&[1.0, 2.0]).is_err());
    }
}
