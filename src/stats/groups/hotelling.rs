//! Hotelling's T² of the contrasts of several conditions.

use serde::Serialize;

use super::sums::{columns_of, power_of_two};
use super::triangle::{Triangle, contrasts};
use crate::stats::StatsError;
use crate::stats::describe::mean;
use crate::stats::dist::FisherF;

/// The outcome of Hotelling's test of equal conditions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Hotelling {
    /// T².
    pub t2: f64,
    /// The F that it is a multiple of.
    pub f: f64,
    /// Conditions less one.
    pub df1: usize,
    /// Items less that.
    pub df2: usize,
    /// The p of equal means.
    pub p: f64,
}

/// Tests whether conditions tried on the same items have equal means, whatever their
/// covariances.
///
/// # Formula
///
/// ```text
/// d = L − 1,  zᵢ: d contrasts of item i,  T² = n z̄ᵀ S⁻¹ z̄
/// F = T² (n − d) / [d (n − 1)]  on d and n − d degrees of freedom
/// ```
///
/// Any `d` independent contrasts give the same T².
///
/// # Shapes and units
///
/// `rows[item][condition]`, at least two conditions and as many items as conditions.
///
/// # Numerics
///
/// From the triangle of a QR decomposition of the centred contrasts; an item's offset drops
/// out before anything is squared.
///
/// # Errors
///
/// `Empty`, `LengthMismatch`, `NotFinite` (counted through the rows), `TooFew`; `NoSpread`
/// when every item shows the same differences; `Singular` when the differences of conditions
/// depend on one another.
///
/// # Source
///
/// H. Hotelling, "The Generalization of Student's Ratio", Annals of Mathematical Statistics
/// 2(3), 1931, 360–378.
///
/// # Example
///
/// ```
/// let rows = [[1.0, 2.0, 4.0], [2.0, 2.5, 3.0], [0.0, 1.0, 5.0], [2.0, 3.0, 2.0]];
/// let test = crucible::stats::hotelling_t2(&rows)?;
/// assert_eq!((test.df1, test.df2), (2, 2));
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn hotelling_t2<R: AsRef<[f64]>>(rows: &[R]) -> Result<Hotelling, StatsError> {
    let conditions = columns_of(rows, 2, 2)?;
    columns_of(rows, conditions, 2)?;
    let unit =
        power_of_two(rows.iter().fold(0.0, |most, row| spread(row.as_ref(), most)))?;
    let items: Vec<Vec<f64>> = rows
        .iter()
        .map(|row| contrasts(&row.as_ref().iter().map(|x| x / unit).collect::<Vec<_>>()))
        .collect();
    let d = conditions - 1;
    let mut means = Vec::with_capacity(d);
    let mut columns: Vec<Vec<f64>> = Vec::with_capacity(d);
    for j in 0..d {
        let column: Vec<f64> = items.iter().map(|item| item[j]).collect();
        let centre = mean(&column)?;
        columns.push(column.iter().map(|z| z - centre).collect());
        means.push(centre);
    }
    if columns.iter().flatten().all(|z| z.abs() <= 8.0 * f64::EPSILON) {
        return Err(StatsError::NoSpread);
    }
    let n = rows.len() as f64;
    let t2 = n * (n - 1.0) * Triangle::new(columns, vec![0.0; rows.len()])?.form(&means);
    let (df1, df2) = (d, rows.len() - d);
    let f = t2 * df2 as f64 / (df1 as f64 * (n - 1.0));
    Ok(Hotelling { t2, f, df1, df2, p: FisherF::new(df1 as f64, df2 as f64)?.sf(f)? })
}

/// Returns the largest distance of a row's values from its first, or `most`.
fn spread(row: &[f64], most: f64) -> f64 {
    let first = row.first().copied().unwrap_or(0.0);
    row.iter().fold(most, |most, x| most.max((x - first).abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{UnitMean, Units, differences};
    use approx::assert_relative_eq;

    const ROWS: [[f64; 3]; 6] = [
        [1.0, 2.0, 4.0],
        [2.0, 2.5, 3.0],
        [0.0, 1.0, 5.0],
        [2.0, 3.0, 2.0],
        [1.5, 0.5, 3.0],
        [4.0, 4.0, 7.0],
    ];

    #[test]
    fn the_statistic_is_that_of_numpy() {
        // NumPy 2.4: z = diff(ROWS), n z̄ᵀ inv(cov(z, ddof=1)) z̄; p = scipy f.sf.
        let test = hotelling_t2(&ROWS).unwrap();
        assert_relative_eq!(test.t2, 10.044604927782498, max_relative = 1e-12);
        assert_relative_eq!(test.p, 0.11045323327769926, max_relative = 1e-12);
    }

    #[test]
    fn two_conditions_are_a_paired_t_test_squared() {
        let rows = ROWS.map(|row| [row[0], row[2]]);
        let gaps = differences(&rows.map(|r| r[0]), &rows.map(|r| r[1])).unwrap();
        let t = UnitMean::new(&gaps, &Units::single(6)).unwrap().t(0.0).unwrap();
        assert_relative_eq!(
            hotelling_t2(&rows).unwrap().t2,
            t.powi(2),
            max_relative = 1e-13
        );
    }

    #[test]
    fn offsets_of_items_and_the_order_of_conditions_change_nothing() {
        let plain = hotelling_t2(&ROWS).unwrap();
        let mut moved = ROWS.map(|row| [1e9 + row[2], 1e9 + row[0], 1e9 + row[1]]);
        moved[2] = moved[2].map(|x| x + 1e6);
        assert_relative_eq!(
            hotelling_t2(&moved).unwrap().t2,
            plain.t2,
            max_relative = 1e-12
        );
    }

    #[test]
    fn conditions_that_do_not_vary_are_refused() {
        assert_eq!(hotelling_t2(&[[1.0, 2.0], [2.0, 3.0]]), Err(StatsError::NoSpread));
        let twice = ROWS.map(|row| [row[0], row[1], row[1]]);
        assert_eq!(hotelling_t2(&twice), Err(StatsError::Singular));
        assert!(matches!(hotelling_t2(&ROWS[..2]), Err(StatsError::TooFew { .. })));
    }
}
