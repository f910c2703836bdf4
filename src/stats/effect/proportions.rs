//! Effects on shares: Cohen's h and w.

use crate::stats::StatsError;
use crate::stats::outcome::{enough, finite, paired};

/// Relative difference that two totals of shares may have by rounding.
const SAME_TOTAL: f64 = 1.5e-8;

/// Returns Cohen's h, the distance of two proportions on the arcsine scale.
///
/// # Formula
///
/// ```text
/// h = 2 arcsin √p₁ − 2 arcsin √p₂
/// ```
///
/// # Shapes and units
///
/// Proportions in `[0, 1]`; `h` is in radians, in `[−π, π]`, positive when the first is
/// larger.
///
/// # Numerics
///
/// Taken as `2 atan2(√(p₁q₂) − √(p₂q₁), √(p₁p₂) + √(q₁q₂))`, the first difference with its
/// root in the denominator, so that near proportions keep their digits.
///
/// # Errors
///
/// `OutOfRange`, `NotFinite`.
///
/// # Source
///
/// J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd ed., 1988, 181.
pub fn cohens_h(first: f64, second: f64) -> Result<f64, StatsError> {
    shares(&[first, second])?;
    let (not_first, not_second) = (1.0 - first, 1.0 - second);
    let roots = (first * not_second).sqrt() + (second * not_first).sqrt();
    if roots == 0.0 {
        return Ok(0.0);
    }
    let sine = (first - second) / roots;
    let cosine = (first * second).sqrt() + (not_first * not_second).sqrt();
    Ok(2.0 * sine.atan2(cosine))
}

/// Returns Cohen's w, the distance of two distributions over the same categories.
///
/// # Formula
///
/// ```text
/// w = √ Σᵢ (p₁ᵢ − p₀ᵢ)² / p₀ᵢ
/// ```
///
/// `p₀` are the shares under the null hypothesis, `p₁` those of the alternative. With the
/// cells of a table and the products of its margins, `w² = χ² / n`.
///
/// # Shapes and units
///
/// As many shares in `[0, 1]` in one as in the other, at least one; both add up to the same,
/// usually 1, and are divided by it. `w` is at least 0.
///
/// # Errors
///
/// `LengthMismatch`, `Empty`, `NotFinite`, `OutOfRange`; `ZeroMarginal` when a share under the
/// null is 0, `SumMismatch` when the totals differ by more than a relative 1.5e-8.
///
/// # Source
///
/// J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd ed., 1988, 216.
pub fn cohens_w(null: &[f64], alternative: &[f64]) -> Result<f64, StatsError> {
    paired(null.len(), alternative.len())?;
    enough(null.len(), 1)?;
    shares(null)?;
    shares(alternative)?;
    if null.contains(&0.0) {
        return Err(StatsError::ZeroMarginal);
    }
    let total = |shares: &[f64]| shares.iter().sum::<f64>();
    let (before, after) = (total(null), total(alternative));
    if (before - after).abs() > SAME_TOTAL * before.max(after) {
        return Err(StatsError::SumMismatch);
    }
    let terms = null.iter().zip(alternative).map(|(p, q)| (q - p) / p * (q - p));
    Ok((terms.sum::<f64>() / before).sqrt())
}

/// Refuses what is not a share.
fn shares(values: &[f64]) -> Result<(), StatsError> {
    finite(values)?;
    if values.iter().all(|p| (0.0..=1.0).contains(p)) {
        Ok(())
    } else {
        Err(StatsError::OutOfRange)
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use std::f64::consts::PI;

    #[test]
    fn h_is_the_difference_of_the_arcsines_and_keeps_its_digits() {
        for (p, q) in [(0.3, 0.8), (1.0, 0.2), (0.0, 0.6), (1e-8, 0.9)] {
            let angle = |p: f64| 2.0 * p.sqrt().asin();
            let h = cohens_h(p, q).unwrap();
            assert_relative_eq!(h, angle(p) - angle(q), max_relative = 1e-12);
            assert_eq!(h, -cohens_h(q, p).unwrap());
        }
        assert_eq!(cohens_h(1.0, 0.0), Ok(PI));
        assert_eq!(cohens_h(0.0, 0.0), Ok(0.0));
        assert_eq!(cohens_h(1.0, 1.0), Ok(0.0));
        // dh = dp / √(p q).
        let near = cohens_h(0.5 + 1e-13, 0.5).unwrap();
        assert_relative_eq!(near, 2.0 * ((0.5 + 1e-13) - 0.5), max_relative = 1e-12);
    }

    #[test]
    fn w_of_two_categories_is_a_distance_in_standard_deviations() {
        let w = cohens_w(&[0.2, 0.8], &[0.3, 0.7]).unwrap();
        assert_relative_eq!(w, 0.1 / (0.2_f64 * 0.8).sqrt(), max_relative = 1e-12);
        assert_eq!(cohens_w(&[0.5, 0.5], &[0.5, 0.5]), Ok(0.0));
    }

    #[test]
    fn what_is_no_distribution_is_refused() {
        assert_eq!(cohens_h(1.2, 0.5), Err(StatsError::OutOfRange));
        assert!(matches!(cohens_h(0.5, f64::NAN), Err(StatsError::NotFinite { .. })));
        assert_eq!(cohens_w(&[], &[]), Err(StatsError::Empty));
        assert_eq!(cohens_w(&[1.0, 0.0], &[0.5, 0.5]), Err(StatsError::ZeroMarginal));
        assert_eq!(cohens_w(&[0.5, 0.5], &[0.5, 0.4]), Err(StatsError::SumMismatch));
        let unlike = cohens_w(&[1.0], &[0.5, 0.5]);
        assert!(matches!(unlike, Err(StatsError::LengthMismatch { .. })));
    }
}
