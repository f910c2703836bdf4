//! Friedman's test.

use serde::Serialize;

use super::sums::columns_of;
use crate::stats::StatsError;
use crate::stats::describe::sum;
use crate::stats::dist::ChiSquared;
use crate::stats::ranks::midranks;

/// The outcome of Friedman's test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Friedman {
    /// The statistic, corrected for ties.
    pub chi2: f64,
    /// Conditions less one.
    pub df: usize,
    /// The p of exchangeable conditions, by the chi-squared approximation.
    pub p: f64,
    /// Kendall's coefficient of concordance, in `[0, 1]`.
    pub kendall_w: f64,
}

/// Tests by ranks within subjects whether conditions differ.
///
/// # Formula
///
/// ```text
/// χ² = (k − 1) Σⱼ (Rⱼ − R̄)² / Σᵢⱼ (rᵢⱼ − (k + 1)/2)²,   W = χ² / [n (k − 1)]
/// ```
///
/// `rᵢⱼ` ranks the conditions of subject `i`, ties shared; `Rⱼ` is the sum of a column.
///
/// # Shapes and units
///
/// `rows[subject][condition]`, at least one subject and three conditions.
///
/// # Errors
///
/// `Empty`, `LengthMismatch`, `NotFinite` (counted through the rows), `TooFew`; `Constant`
/// when every subject's values are equal.
///
/// # Source
///
/// M. Friedman, "The Use of Ranks to Avoid the Assumption of Normality Implicit in the
/// Analysis of Variance", Journal of the American Statistical Association 32(200), 1937,
/// 675–701; W: M. G. Kendall and B. Babington Smith, Annals of Mathematical Statistics 10(3),
/// 1939, 275–287.
pub fn friedman<R: AsRef<[f64]>>(rows: &[R]) -> Result<Friedman, StatsError> {
    let k = columns_of(rows, 1, 3)?;
    let mut sums = vec![0.0; k];
    let mut squares = 0.0;
    for row in rows {
        for (total, rank) in sums.iter_mut().zip(midranks(row.as_ref())) {
            let offset = rank - (k as f64 + 1.0) / 2.0;
            *total += offset;
            squares += offset * offset;
        }
    }
    if squares == 0.0 {
        return Err(StatsError::Constant);
    }
    let df = k - 1;
    let between = sum(sums.iter().map(|total| total * total));
    let chi2 = df as f64 * (between / squares);
    Ok(Friedman {
        chi2,
        df,
        p: ChiSquared::new(df as f64)?.sf(chi2)?,
        kendall_w: chi2 / (rows.len() as f64 * df as f64),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_who_agree_are_in_full_concordance() {
        let rows = [[1.0, 2.0, 3.0], [10.0, 20.0, 25.0], [-1.0, 0.0, 9.0]];
        let test = friedman(&rows).unwrap();
        assert_eq!((test.chi2, test.kendall_w), (6.0, 1.0));
    }

    #[test]
    fn the_offset_of_a_subject_changes_nothing() {
        let rows = [[1.0, 1.0, 3.0], [5.0, 2.0, 4.0], [-1.0, 0.0, 9.0]];
        let mut moved = rows;
        moved[1] = moved[1].map(|x| x + 1e9);
        assert_eq!(friedman(&rows), friedman(&moved));
        assert_eq!(friedman(&[[1.0; 3], [2.0; 3]]), Err(StatsError::Constant));
        assert!(matches!(friedman(&[[1.0, 2.0]]), Err(StatsError::TooFew { .. })));
    }
}
