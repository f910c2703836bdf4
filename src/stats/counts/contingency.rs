//! Tests of independence in a table of counts.

use super::divergence::Divergence;
use super::table::Table;
use crate::stats::StatsError;
use crate::stats::describe::sum;
use crate::stats::dist::ChiSquared;

/// Whether a table of two by two is corrected for continuity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Continuity {
    /// Yates' correction; larger tables are left as they are.
    #[default]
    Yates,
    /// None.
    None,
}

/// The outcome of a test of independence.
#[derive(Debug, Clone, PartialEq)]
pub struct Contingency {
    /// The statistic, chi-squared in the limit; not negative.
    pub statistic: f64,
    /// Degrees of freedom, `(r − 1)(c − 1)`.
    pub df: usize,
    /// The p of independence, in `[0, 1]`.
    pub p: f64,
    /// What independence lets expect in each cell, as the table is laid out.
    pub expected: Vec<Vec<f64>>,
}

/// Tests whether rows and columns of a table of counts are independent.
///
/// # Formula
///
/// ```text
/// E = row total · column total / n
/// Pearson         Σ (O − E)² / E
/// log-likelihood  2 Σ O ln(O / E)
/// Freeman-Tukey   4 Σ (√O − √E)²
/// Cressie-Read    9/5 Σ O ((O/E)^⅔ − 1)
/// p = P(χ²_{(r−1)(c−1)} > statistic)
/// ```
///
/// Yates' correction, for two by two only, moves each `O` towards `E` by `min(½, |O − E|)`.
///
/// # Shapes and units
///
/// Rows of equal length, at least one, of counts of independent observations. A table of one
/// row or one column has no degrees of freedom: statistic 0, p 1.
///
/// # Numerics
///
/// `O − E` comes from whole numbers; every term is written so that it is not negative.
///
/// # Errors
///
/// `Empty`; `InvalidTable` for ragged rows; `ZeroMarginal` when a row or column is zero.
///
/// # Source
///
/// K. Pearson, Philosophical Magazine 50(302), 1900, 157–175; F. Yates, Supplement to the
/// Journal of the Royal Statistical Society 1(2), 1934, 217–235; N. Cressie and T. R. C.
/// Read, Journal of the Royal Statistical Society B 46(3), 1984, 440–464.
///
/// # Example
///
/// ```
/// use crucible::stats::{Continuity, Divergence, contingency_test};
///
/// let table = [[10, 20], [20, 10]];
/// let test = contingency_test(&table, Divergence::Pearson, Continuity::Yates)?;
/// assert!((test.statistic - 5.4).abs() < 1e-12);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn contingency_test<R: AsRef<[u64]>>(
    table: &[R],
    divergence: Divergence,
    continuity: Continuity,
) -> Result<Contingency, StatsError> {
    let table = Table::new(table)?;
    let (rows, columns) = (table.height(), table.width());
    let df = (rows - 1) * (columns - 1);
    let most = match continuity {
        Continuity::Yates if rows == 2 && columns == 2 => 0.5,
        Continuity::Yates | Continuity::None => 0.0,
    };
    let terms = table.cells().map(|cell| {
        let gap = cell.gap - cell.gap.clamp(-most, most);
        let observed = if most > 0.0 { cell.expected + gap } else { cell.observed };
        divergence.term(observed, cell.expected, gap)
    });
    let statistic = if df == 0 { 0.0 } else { sum(terms).max(0.0) };
    let p = if df == 0 { 1.0 } else { ChiSquared::new(df as f64)?.sf(statistic)? };
    let flat: Vec<f64> = table.cells().map(|cell| cell.expected).collect();
    let expected = flat.chunks(columns).map(<[f64]>::to_vec).collect();
    Ok(Contingency { statistic, df, p, expected })
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const TABLE: [[u64; 3]; 2] = [[12, 3, 7], [5, 9, 8]];

    #[test]
    fn turning_the_table_over_changes_nothing() {
        let turned = [[12, 5], [3, 9], [7, 8]];
        for divergence in [
            Divergence::Pearson,
            Divergence::LogLikelihood,
            Divergence::FreemanTukey,
            Divergence::CressieRead,
        ] {
            let there = contingency_test(&TABLE, divergence, Continuity::Yates).unwrap();
            let back = contingency_test(&turned, divergence, Continuity::Yates).unwrap();
            assert_relative_eq!(there.p, back.p, max_relative = 1e-12);
            assert_eq!(there.df, 2);
        }
    }

    #[test]
    fn the_family_of_power_divergences_is_that_of_scipy() {
        // scipy.stats.chi2_contingency(TABLE, lambda_=...) with SciPy 1.17.
        for (divergence, want) in [
            (Divergence::FreemanTukey, 6.388_221_403_655_207),
            (Divergence::CressieRead, 5.997_779_576_170_564),
        ] {
            let got = contingency_test(&TABLE, divergence, Continuity::None).unwrap();
            assert_relative_eq!(got.statistic, want, max_relative = 1e-12);
        }
    }

    #[test]
    fn nearly_independent_tables_keep_their_digits() {
        let n = 1_000_000_000;
        let table = [[n, n], [n, n + 2]];
        let pearson =
            contingency_test(&table, Divergence::Pearson, Continuity::None).unwrap();
        let g = contingency_test(&table, Divergence::LogLikelihood, Continuity::None);
        assert_relative_eq!(pearson.statistic, g.unwrap().statistic, max_relative = 1e-6);
        assert!(pearson.statistic > 0.0);
    }

    #[test]
    fn one_row_says_nothing_about_independence() {
        let one = contingency_test(&[[3, 4, 5]], Divergence::Pearson, Continuity::Yates)
            .unwrap();
        assert_eq!((one.statistic, one.df, one.p), (0.0, 0, 1.0));
    }
}
