//! Cochran's Q test.

use serde::Serialize;

use super::sums::columns_of;
use crate::stats::StatsError;
use crate::stats::describe::sum;
use crate::stats::dist::ChiSquared;

/// The outcome of Cochran's Q test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CochranQ {
    /// The statistic.
    pub q: f64,
    /// Conditions less one.
    pub df: usize,
    /// The p of equal shares, by the chi-squared approximation.
    pub p: f64,
}

/// Tests whether the same subjects succeed equally often under several conditions.
///
/// # Formula
///
/// ```text
/// Q = (k − 1) [k Σ Gⱼ² − T²] / [k T − Σ Lᵢ²]
/// ```
///
/// `Gⱼ` counts the successes of a condition, `Lᵢ` those of a subject, `T` all.
///
/// # Shapes and units
///
/// `rows[subject][condition]`, each 0 or 1; at least one subject and two conditions. With
/// two conditions it is McNemar's χ² without correction.
///
/// # Errors
///
/// `Empty`, `LengthMismatch`, `NotFinite`, `TooFew`; `InvalidParameter` for a value that is
/// neither 0 nor 1; `Undefined` when no subject's outcomes differ.
///
/// # Source
///
/// W. G. Cochran, "The Comparison of Percentages in Matched Samples", Biometrika 37(3/4),
/// 1950, 256–266.
pub fn cochran_q<R: AsRef<[f64]>>(rows: &[R]) -> Result<CochranQ, StatsError> {
    let columns = columns_of(rows, 1, 2)?;
    let mut all = rows.iter().flat_map(|row| row.as_ref());
    if !all.all(|x| x.abs().total_cmp(&0.0).is_eq() || x.total_cmp(&1.0).is_eq()) {
        return Err(StatsError::InvalidParameter { name: "outcome", wanted: "0 or 1" });
    }
    let k = columns as f64;
    let mut wins = vec![0.0; columns];
    let mut rest = 0.0;
    for row in rows {
        let row = row.as_ref();
        let own: f64 = row.iter().sum();
        rest += own * (k - own);
        wins.iter_mut().zip(row).for_each(|(total, x)| *total += x);
    }
    if rest == 0.0 {
        let what = "Cochran's Q without a subject whose outcomes differ";
        return Err(StatsError::Undefined { what });
    }
    let all: f64 = wins.iter().sum();
    // k Σ Gⱼ² − T² = k Σ (Gⱼ − T/k)²: no cancellation between large counts.
    let spread = k * sum(wins.iter().map(|total| (total - all / k).powi(2)));
    let q = (k - 1.0) * spread / rest;
    Ok(CochranQ { q, df: columns - 1, p: ChiSquared::new(k - 1.0)?.sf(q)? })
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use crate::stats::mcnemar_chi2;
    use approx::assert_relative_eq;

    #[test]
    fn two_conditions_are_mcnemars_test() {
        let rows = [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
        let test = cochran_q(&rows).unwrap();
        let want = mcnemar_chi2(3, 1, false).unwrap();
        assert_relative_eq!(test.q, want.chi2, max_relative = 1e-14);
        assert_relative_eq!(test.p, want.p, max_relative = 1e-14);
    }

    #[test]
    fn equal_shares_are_no_surprise_and_other_numbers_no_outcomes() {
        assert_eq!(cochran_q(&[[1.0, 0.0], [0.0, 1.0]]).unwrap().p, 1.0);
        assert!(matches!(
            cochran_q(&[[1.0, 1.0], [0.0, 0.0]]),
            Err(StatsError::Undefined { .. })
        ));
        assert!(matches!(
            cochran_q(&[[1.0, 0.5]]),
            Err(StatsError::InvalidParameter { .. })
        ));
        assert!(matches!(cochran_q(&[[1.0]]), Err(StatsError::TooFew { .. })));
    }
}
