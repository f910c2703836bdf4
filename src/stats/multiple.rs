//! Corrections for several tests.

use serde::{Deserialize, Serialize};

use super::StatsError;
use super::outcome::enough;

/// How p-values of one family are corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Correction {
    /// None.
    None,
    /// Times the number of tests.
    Bonferroni,
    /// Šidák's, exact for independent tests.
    Sidak,
    /// Holm's step-down procedure, valid under any dependence.
    #[default]
    Holm,
    /// Holm's with Šidák's levels.
    HolmSidak,
    /// Hochberg's step-up procedure.
    Hochberg,
    /// Hommel's closed procedure on Simes' test.
    Hommel,
    /// Benjamini and Hochberg's false discovery rate.
    BenjaminiHochberg,
    /// Benjamini and Yekutieli's, under any dependence.
    BenjaminiYekutieli,
}

/// Returns the adjusted p-values of a family, in the order given.
///
/// # Formula
///
/// ```text
/// sorted p₍₁₎ ≤ … ≤ p₍ₘ₎
/// Bonferroni  m p                         Šidák       1 − (1 − p)ᵐ
/// Holm        max_{j≤i} (m−j+1) p₍ⱼ₎      Holm-Šidák  max_{j≤i} 1 − (1 − p₍ⱼ₎)^(m−j+1)
/// Hochberg    min_{j≥i} (m−j+1) p₍ⱼ₎
/// BH          min_{j≥i} m p₍ⱼ₎ / j        BY          BH · Σ 1/i
/// ```
///
/// each at most 1; Hommel's by the algorithm of Wright.
///
/// # Shapes and units
///
/// At least one p in `[0, 1]`; a test that could not be computed enters as 1.
///
/// # Numerics
///
/// Šidák's through `ln_1p` and `exp_m1`, so that small p keep their digits.
///
/// # Errors
///
/// `Empty`; `OutOfRange` for a value outside `[0, 1]`; `NotFinite` for NaN.
///
/// # Source
///
/// S. Holm, Scandinavian Journal of Statistics 6(2), 1979, 65–70; Y. Hochberg, Biometrika
/// 75(4), 1988, 800–802; Y. Benjamini and Y. Hochberg, Journal of the Royal Statistical
/// Society B 57(1), 1995, 289–300; Y. Benjamini and D. Yekutieli, Annals of Statistics
/// 29(4), 2001, 1165–1188; S. P. Wright, Biometrics 48(4), 1992, 1005–1013.
pub fn adjust(p: &[f64], correction: Correction) -> Result<Vec<f64>, StatsError> {
    enough(p.len(), 1)?;
    if let Some(index) = p.iter().position(|p| p.is_nan()) {
        return Err(StatsError::NotFinite { index });
    }
    if p.iter().any(|p| !(0.0..=1.0).contains(p)) {
        return Err(StatsError::OutOfRange);
    }
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]).then(a.cmp(b)));
    let sorted: Vec<f64> = order.iter().map(|i| p[*i]).collect();
    let m = sorted.len() as f64;
    let left = |i: usize| m - i as f64;
    let rank = |i: usize| i as f64 + 1.0;
    let adjusted = match correction {
        Correction::None => sorted,
        Correction::Bonferroni => each(&sorted, |_, p| m * p),
        Correction::Sidak => each(&sorted, |_, p| any_of(p, m)),
        Correction::Holm => rising(each(&sorted, |i, p| left(i) * p)),
        Correction::HolmSidak => rising(each(&sorted, |i, p| any_of(p, left(i)))),
        Correction::Hochberg => falling(each(&sorted, |i, p| left(i) * p)),
        Correction::Hommel => hommel(&sorted),
        Correction::BenjaminiHochberg => falling(each(&sorted, |i, p| m * p / rank(i))),
        Correction::BenjaminiYekutieli => {
            let harmonic: f64 = (0..p.len()).map(|i| 1.0 / rank(i)).sum();
            falling(each(&sorted, |i, p| harmonic * m * p / rank(i)))
        }
    };
    let mut result = vec![1.0; p.len()];
    for (place, value) in order.into_iter().zip(adjusted) {
        result[place] = value.min(1.0);
    }
    Ok(result)
}

/// Adjusted p-values of a family, and which of them are small enough.
#[derive(Debug, Clone, PartialEq)]
pub struct Adjusted {
    /// The adjusted p-values, in the order given.
    pub p: Vec<f64>,
    /// Whether each is at most the level.
    pub rejected: Vec<bool>,
}

/// Returns the adjusted p-values of a family and what they reject at a level.
///
/// # Formula
///
/// ```text
/// rejected when adjusted p ≤ α
/// ```
///
/// # Shapes and units
///
/// As [`adjust`]; `α` lies strictly between 0 and 1.
///
/// # Errors
///
/// As [`adjust`]; `InvalidParameter` for the level.
///
/// # Source
///
/// As [`adjust`].
pub fn adjust_at(
    p: &[f64],
    correction: Correction,
    alpha: f64,
) -> Result<Adjusted, StatsError> {
    let p = adjust(p, correction)?;
    if !(alpha > 0.0 && alpha < 1.0) {
        let wanted = "strictly between 0 and 1";
        return Err(StatsError::InvalidParameter { name: "level alpha", wanted });
    }
    let rejected = p.iter().map(|p| *p <= alpha).collect();
    Ok(Adjusted { p, rejected })
}

/// Returns `1 − (1 − p)ᵐ`.
fn any_of(p: f64, m: f64) -> f64 {
    -(m * (-p).ln_1p()).exp_m1()
}

fn each(sorted: &[f64], f: impl Fn(usize, f64) -> f64) -> Vec<f64> {
    sorted.iter().enumerate().map(|(i, p)| f(i, *p)).collect()
}

/// Makes each value at least as large as those before it.
fn rising(mut values: Vec<f64>) -> Vec<f64> {
    let mut most = 0.0_f64;
    for value in &mut values {
        most = most.max(*value);
        *value = most;
    }
    values
}

/// Makes each value at most as large as those after it.
fn falling(mut values: Vec<f64>) -> Vec<f64> {
    let mut least = f64::INFINITY;
    for value in values.iter_mut().rev() {
        least = least.min(*value);
        *value = least;
    }
    values
}

fn hommel(sorted: &[f64]) -> Vec<f64> {
    let n = sorted.len();
    let simes = |i: usize| n as f64 * sorted[i] / (i as f64 + 1.0);
    let start = (0..n).map(simes).fold(f64::INFINITY, f64::min);
    let mut adjusted = vec![start; n];
    for m in (2..n).rev() {
        let size = m as f64;
        let first = n - m + 1;
        let least = (first..n)
            .map(|i| size * sorted[i] / ((i - first) as f64 + 2.0))
            .fold(f64::INFINITY, f64::min);
        let mut at_last = 0.0;
        for i in 0..first {
            at_last = (size * sorted[i]).min(least);
            adjusted[i] = adjusted[i].max(at_last);
        }
        for value in &mut adjusted[first..] {
            *value = value.max(at_last);
        }
    }
    adjusted.iter().zip(sorted).map(|(a, p)| a.max(*p)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holm_keeps_the_order_given_and_never_falls() {
        let got = adjust(&[0.04, 0.01, 0.03, 1.0], Correction::Holm).unwrap();
        let want = [0.09, 0.04, 0.09, 1.0];
        assert!(got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-15), "{got:?}");
    }

    #[test]
    fn a_test_that_could_not_be_computed_counts_in_the_family() {
        assert_eq!(adjust(&[0.02, 1.0], Correction::Holm).unwrap(), [0.04, 1.0]);
        assert_eq!(adjust(&[0.02], Correction::Holm).unwrap(), [0.02]);
    }

    #[test]
    fn small_p_keep_their_digits_under_sidak() {
        let got = adjust(&[1e-20, 1.0], Correction::Sidak).unwrap();
        assert!((got[0] / 2e-20 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_rejected_depends_on_the_level() {
        let at = |alpha| adjust_at(&[0.04, 0.01, 0.03], Correction::Holm, alpha);
        assert_eq!(at(0.05).unwrap().rejected, [false, true, false]);
        assert_eq!(at(0.07).unwrap().rejected, [true; 3]);
        for alpha in [0.0, 1.0, 1.5, f64::NAN] {
            assert!(matches!(at(alpha), Err(StatsError::InvalidParameter { .. })));
        }
    }

    #[test]
    fn what_is_no_probability_is_refused() {
        assert!(adjust(&[], Correction::Holm).is_err());
        assert!(adjust(&[1.2], Correction::Holm).is_err());
        assert!(adjust(&[f64::NAN], Correction::Holm).is_err());
    }
}
