//! How strongly the rows and columns of a table go together.

use crate::stats::StatsError;
use crate::stats::counts::Table;
use crate::stats::describe::sum;

/// Effect sizes of a table of counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TableEffects {
    /// Pearson's chi-squared, without correction.
    pub chi2: f64,
    /// Cramér's V, in `[0, 1]`.
    pub cramers_v: f64,
    /// Cramér's V corrected for bias; `None` for a table of as many counts as lines.
    pub cramers_v_corrected: Option<f64>,
    /// Tschuprow's T, in `[0, 1]`.
    pub tschuprows_t: f64,
    /// Pearson's coefficient of contingency, in `[0, 1)`.
    pub contingency_c: f64,
    /// Cohen's w.
    pub cohens_w: f64,
    /// The correlation of the two labels, with its sign; for two by two only.
    pub phi: Option<f64>,
}

/// Returns the effect sizes of a table of counts.
///
/// # Formula
///
/// ```text
/// w = √(χ²/n),  V = w / √min(r − 1, c − 1),  T = w / ⁴√((r − 1)(c − 1)),  C = √(χ²/(χ² + n))
/// φ = (ad − bc) / √((a + b)(c + d)(a + c)(b + d))
/// corrected V: √(φ̃² / min(r̃ − 1, c̃ − 1)),  φ̃² = max(0, χ²/n − (r − 1)(c − 1)/(n − 1)),
///   r̃ = r − (r − 1)²/(n − 1),  c̃ likewise
/// ```
///
/// # Shapes and units
///
/// Rows of equal length, at least two rows and two columns; no effect has a unit.
///
/// # Numerics
///
/// Deviations from independence come from whole numbers.
///
/// # Errors
///
/// `Empty`; `InvalidTable` for ragged rows or a single row or column; `ZeroMarginal` when a
/// row or column is zero.
///
/// # Source
///
/// H. Cramér, Mathematical Methods of Statistics, 1946, section 21.9; W. Bergsma, "A
/// bias-correction for Cramér's V and Tschuprow's T", Journal of the Korean Statistical Society
/// 42(3), 2013, 323–328; J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd
/// ed., 1988, section 7.2.
///
/// # Example
///
/// ```
/// use crucible::stats::table_effects;
///
/// let effects = table_effects(&[[15, 0], [0, 12]])?;
/// assert!((effects.cramers_v - 1.0).abs() < 1e-12);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn table_effects<R: AsRef<[u64]>>(table: &[R]) -> Result<TableEffects, StatsError> {
    let table = Table::new(table)?;
    let (rows, columns) = (table.height() as f64 - 1.0, table.width() as f64 - 1.0);
    if rows < 1.0 || columns < 1.0 {
        return Err(StatsError::InvalidTable);
    }
    let n = table.total();
    let chi2 = sum(table.cells().map(|cell| cell.gap * cell.gap / cell.expected));
    let square = chi2 / n;
    Ok(TableEffects {
        chi2,
        cramers_v: (square / rows.min(columns)).sqrt().min(1.0),
        cramers_v_corrected: corrected(square, n, rows, columns),
        tschuprows_t: (square / (rows * columns).sqrt()).sqrt().min(1.0),
        contingency_c: (chi2 / (chi2 + n)).sqrt(),
        cohens_w: square.sqrt(),
        phi: phi(&table, square),
    })
}

/// Returns Bergsma's V; `rows` and `columns` are one less than their numbers.
fn corrected(square: f64, n: f64, rows: f64, columns: f64) -> Option<f64> {
    let left = (square - rows * columns / (n - 1.0)).max(0.0);
    let fewer = |lines: f64| lines * (1.0 - lines / (n - 1.0));
    let room = fewer(rows).min(fewer(columns));
    (room > 0.0).then(|| (left / room).sqrt().min(1.0))
}

/// Returns the correlation of a table of two by two: in the first cell its sign is the gap's.
fn phi(table: &Table, square: f64) -> Option<f64> {
    let corner = table.cells().next()?;
    let two = table.height() == 2 && table.width() == 2;
    two.then(|| if corner.gap < 0.0 { -square.sqrt() } else { square.sqrt() })
        .map(|phi| phi.clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn the_order_of_lines_changes_the_sign_only() {
        let there = table_effects(&[[4, 15], [13, 6]]).unwrap();
        let back = table_effects(&[[13, 6], [4, 15]]).unwrap();
        assert_relative_eq!(there.chi2, back.chi2, max_relative = 1e-14);
        assert_relative_eq!(there.phi.unwrap(), -back.phi.unwrap(), max_relative = 1e-14);
        let want = (4.0 * 6.0 - 15.0 * 13.0) / (19.0 * 19.0 * 17.0 * 21.0_f64).sqrt();
        assert_relative_eq!(there.phi.unwrap(), want, max_relative = 1e-14);
    }

    #[test]
    fn ten_times_the_counts_leave_v_and_ten_times_chi_squared() {
        let small = table_effects(&[[5, 3, 2], [1, 4, 6]]).unwrap();
        let large = table_effects(&[[50, 30, 20], [10, 40, 60]]).unwrap();
        assert_relative_eq!(small.cramers_v, large.cramers_v, max_relative = 1e-13);
        assert_relative_eq!(10.0 * small.chi2, large.chi2, max_relative = 1e-13);
        assert!(small.cramers_v_corrected.unwrap() < large.cramers_v_corrected.unwrap());
        assert_eq!(small.phi, None);
    }

    #[test]
    fn tables_need_two_lines_each_way() {
        assert_eq!(table_effects(&[[3, 4]]), Err(StatsError::InvalidTable));
        assert_eq!(table_effects(&[[3], [4]]), Err(StatsError::InvalidTable));
        assert_eq!(table_effects(&[[5, 0], [9, 0]]), Err(StatsError::ZeroMarginal));
        let least = table_effects(&[[1, 0], [0, 1]]).unwrap();
        assert_eq!(least.cramers_v_corrected, None);
    }
}
