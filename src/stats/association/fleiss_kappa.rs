//! Agreement of many raters beyond chance.

use crate::stats::StatsError;
use crate::stats::counts::total;

/// What agreement by chance supposes of the categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KappaMargins {
    /// Their shares are those observed: Fleiss.
    #[default]
    Fixed,
    /// They are all as likely: Randolph.
    Free,
}

/// Returns the κ of many raters who each put every item in one category.
///
/// # Formula
///
/// ```text
/// P̄  = Σᵢ Σⱼ nᵢⱼ (nᵢⱼ − 1) / (N m (m − 1))
/// Pₑ = Σⱼ (Σᵢ nᵢⱼ / (N m))²,  or 1/k with free margins
/// κ  = (P̄ − Pₑ) / (1 − Pₑ)
/// ```
///
/// # Shapes and units
///
/// A row for each of `N` items, a column for each of `k` categories: how many of the `m ≥ 2`
/// raters chose it. At most 1.
///
/// # Numerics
///
/// Sums of pairs are whole numbers; whether chance leaves room is decided exactly.
///
/// # Errors
///
/// `Empty`; `InvalidTable` for ragged rows or items with different numbers of raters;
/// `TooFew` for less than two raters; `Undefined` when chance alone agrees always.
///
/// # Source
///
/// J. L. Fleiss, Psychological Bulletin 76(5), 1971, 378–382; free margins: R. L. Brennan and
/// D. J. Prediger, Educational and Psychological Measurement 41(3), 1981, 687–699.
///
/// # Example
///
/// ```
/// use crucible::stats::{KappaMargins, fleiss_kappa};
///
/// let kappa = fleiss_kappa(&[[3, 0], [0, 3], [2, 1]], KappaMargins::Fixed)?;
/// assert!((kappa - 0.55).abs() < 1e-12);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn fleiss_kappa<R: AsRef<[u64]>>(
    counts: &[R],
    margins: KappaMargins,
) -> Result<f64, StatsError> {
    let rows: Vec<&[u64]> = counts.iter().map(AsRef::as_ref).collect();
    let categories = rows.first().map_or(0, |row| row.len());
    if categories == 0 {
        return Err(StatsError::Empty);
    }
    let all = total(rows.iter().copied().flatten())?;
    let raters: u64 = rows.first().map_or(0, |row| row.iter().sum());
    let ragged =
        |row: &&[u64]| row.len() != categories || row.iter().sum::<u64>() != raters;
    if rows.iter().any(ragged) {
        return Err(StatsError::InvalidTable);
    }
    if raters < 2 {
        let got = usize::try_from(raters).unwrap_or(0);
        return Err(StatsError::TooFew { of: "raters", needed: 2, got });
    }
    // Disagreements, observed and by chance, from pairs of raters: 1 − κ is their ratio.
    let all = all as f64;
    let apart: f64 = rows
        .iter()
        .copied()
        .flatten()
        .map(|count| *count as f64 * (raters - count) as f64)
        .sum();
    let observed = apart / (all * (raters as f64 - 1.0));
    let expected = match margins {
        KappaMargins::Fixed => (0..categories)
            .map(|j| rows.iter().map(|row| row[j] as f64).sum::<f64>())
            .map(|column| (column / all) * ((all - column) / all))
            .sum(),
        KappaMargins::Free => 1.0 - 1.0 / categories as f64,
    };
    if expected <= 0.0 {
        return Err(StatsError::Undefined {
            what: "kappa without disagreement by chance",
        });
    }
    Ok(1.0 - observed / expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raters_who_always_agree_have_kappa_one() {
        let counts = [[4, 0, 0], [0, 4, 0], [0, 0, 4], [4, 0, 0]];
        assert_eq!(fleiss_kappa(&counts, KappaMargins::Fixed), Ok(1.0));
        assert_eq!(fleiss_kappa(&counts, KappaMargins::Free), Ok(1.0));
    }

    #[test]
    fn the_order_of_items_and_categories_does_not_matter() {
        let there = [[2, 1, 0], [0, 3, 0], [1, 1, 1]];
        let back = [[1, 1, 1], [0, 3, 0], [0, 1, 2]];
        for margins in [KappaMargins::Fixed, KappaMargins::Free] {
            let (a, b) = (fleiss_kappa(&there, margins), fleiss_kappa(&back, margins));
            assert!((a.unwrap() - b.unwrap()).abs() < 1e-14);
        }
    }

    #[test]
    fn every_item_has_the_same_raters_and_at_least_two() {
        let test = |counts: &[Vec<u64>]| fleiss_kappa(counts, KappaMargins::Fixed);
        assert_eq!(test(&[]), Err(StatsError::Empty));
        assert_eq!(test(&[vec![]]), Err(StatsError::Empty));
        assert_eq!(test(&[vec![3, 0], vec![2, 2]]), Err(StatsError::InvalidTable));
        assert_eq!(test(&[vec![3, 0], vec![3]]), Err(StatsError::InvalidTable));
        assert_eq!(test(&[vec![u64::MAX, 3]]), Err(StatsError::InvalidTable));
        assert!(matches!(test(&[vec![1, 0]]), Err(StatsError::TooFew { .. })));
        let used = test(&[vec![3, 0], vec![3, 0]]);
        assert!(matches!(used, Err(StatsError::Undefined { .. })));
        let one = fleiss_kappa(&[[3], [3]], KappaMargins::Free);
        assert!(matches!(one, Err(StatsError::Undefined { .. })));
    }
}
