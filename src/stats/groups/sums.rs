//! Sizes, means and squares of several groups, measured from one origin.

use crate::stats::StatsError;
use crate::stats::describe::{mean, sum, variance};

/// Refuses groups of which one is empty, too small or not finite.
///
/// `NotFinite` counts through the groups in their order.
pub(in crate::stats) fn groups_of<G: AsRef<[f64]>>(
    groups: &[G],
    least: usize,
) -> Result<(), StatsError> {
    if groups.is_empty() || groups.iter().any(|group| group.as_ref().is_empty()) {
        return Err(StatsError::Empty);
    }
    let all = groups.iter().flat_map(|group| group.as_ref());
    if let Some(index) = all.clone().position(|x| !x.is_finite()) {
        return Err(StatsError::NotFinite { index });
    }
    if groups.len() < 2 {
        return Err(StatsError::TooFew { of: "groups", needed: 2, got: 1 });
    }
    match groups.iter().map(|group| group.as_ref().len()).find(|n| *n < least) {
        Some(got) => Err(StatsError::TooFew { of: "values", needed: least, got }),
        None => Ok(()),
    }
}

/// One group: everything in units of [`Parts::unit`] from the common origin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::stats) struct Part {
    /// Number of values.
    pub(in crate::stats) n: f64,
    /// Their mean.
    pub(in crate::stats) mean: f64,
    /// Their squared deviations from it.
    pub(in crate::stats) squares: f64,
}

impl Part {
    /// Returns the variance with divisor `n − 1`.
    pub(in crate::stats) fn variance(self) -> f64 {
        self.squares / (self.n - 1.0)
    }
}

/// Several groups with a common origin and a common unit.
///
/// The origin is the first value, so that a large offset costs no digits; the unit is a
/// power of two near the largest deviation, so that no square over- or underflows.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::stats) struct Parts {
    /// The groups, in their order.
    pub(in crate::stats) each: Vec<Part>,
    /// What one is, in the unit of the values.
    pub(in crate::stats) unit: f64,
    /// Number of values in all.
    pub(in crate::stats) total: usize,
}

impl Parts {
    /// Summarises groups that [`groups_of`] has passed.
    pub(in crate::stats) fn of<G: AsRef<[f64]>>(
        groups: &[G],
    ) -> Result<Self, StatsError> {
        let all = || groups.iter().flat_map(|group| group.as_ref());
        let origin = all().next().copied().ok_or(StatsError::Empty)?;
        let unit = power_of_two(all().fold(0.0, |most, x| most.max((x - origin).abs())))?;
        let each = groups
            .iter()
            .map(|group| {
                let group = group.as_ref();
                let near: Vec<f64> = group.iter().map(|x| (x - origin) / unit).collect();
                let n = near.len() as f64;
                let squares =
                    if near.len() > 1 { variance(&near)? * (n - 1.0) } else { 0.0 };
                Ok(Part { n, mean: mean(&near)?, squares })
            })
            .collect::<Result<Vec<Part>, StatsError>>()?;
        Ok(Self { each, unit, total: all().count() })
    }

    /// Returns the number of groups.
    pub(in crate::stats) fn len(&self) -> usize {
        self.each.len()
    }

    /// Returns the degrees of freedom within groups; refuses none.
    pub(in crate::stats) fn df_within(&self) -> Result<usize, StatsError> {
        match self.total.saturating_sub(self.len()) {
            0 => Err(StatsError::TooFew {
                of: "values",
                needed: self.len() + 1,
                got: self.total,
            }),
            df => Ok(df),
        }
    }

    /// Returns the mean of all values.
    pub(in crate::stats) fn grand_mean(&self) -> f64 {
        sum(self.each.iter().map(|part| part.n * part.mean)) / self.total as f64
    }

    /// Returns `Σ nᵢ (x̄ᵢ − x̄)²`.
    pub(in crate::stats) fn between(&self) -> f64 {
        let centre = self.grand_mean();
        sum(self.each.iter().map(|part| part.n * (part.mean - centre).powi(2)))
    }

    /// Returns the squared deviations from the means of the groups.
    pub(in crate::stats) fn within(&self) -> f64 {
        sum(self.each.iter().map(|part| part.squares))
    }
}

/// Returns a power of two near a size, 1 for zero.
pub(super) fn power_of_two(size: f64) -> Result<f64, StatsError> {
    if size == 0.0 {
        return Ok(1.0);
    }
    let unit = size.log2().floor().clamp(-1_000.0, 1_000.0).exp2();
    if size.is_finite() {
        Ok(unit)
    } else {
        Err(StatsError::Undefined { what: "a spread beyond the range of numbers" })
    }
}

/// Refuses the rows of a matrix that are not alike, too few or not finite, and returns how
/// many columns they have.
///
/// `NotFinite` counts through the rows in their order.
pub(in crate::stats) fn columns_of<R: AsRef<[f64]>>(
    rows: &[R],
    fewest_rows: usize,
    fewest_columns: usize,
) -> Result<usize, StatsError> {
    let columns = rows.first().map_or(0, |row| row.as_ref().len());
    if columns == 0 {
        return Err(StatsError::Empty);
    }
    if let Some(row) = rows.iter().find(|row| row.as_ref().len() != columns) {
        let right = row.as_ref().len();
        return Err(StatsError::LengthMismatch { left: columns, right });
    }
    let mut all = rows.iter().flat_map(|row| row.as_ref());
    if let Some(index) = all.position(|x| !x.is_finite()) {
        return Err(StatsError::NotFinite { index });
    }
    let few = |of, needed, got| Err(StatsError::TooFew { of, needed, got });
    if columns < fewest_columns {
        return few("conditions", fewest_columns, columns);
    }
    if rows.len() < fewest_rows {
        return few("subjects", fewest_rows, rows.len());
    }
    Ok(columns)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    #[test]
    fn an_offset_changes_no_square() {
        let near = Parts::of(&[[1.0, 2.0, 4.0], [0.0, 3.0, 8.0]]).unwrap();
        let far =
            Parts::of(&[[1e9 + 1.0, 1e9 + 2.0, 1e9 + 4.0], [1e9, 1e9 + 3.0, 1e9 + 8.0]]);
        let far = far.unwrap();
        assert_eq!(near.between() * near.unit.powi(2), far.between() * far.unit.powi(2));
        assert_eq!(near.within() * near.unit.powi(2), far.within() * far.unit.powi(2));
    }

    #[test]
    fn constant_groups_have_no_squares_and_tiny_ones_keep_theirs() {
        let flat = Parts::of(&[[0.1, 0.1, 0.1], [0.3, 0.3, 0.3]]).unwrap();
        assert_eq!(flat.within(), 0.0);
        assert!(flat.between() > 0.0);
        let tiny = Parts::of(&[[1e-200, 2e-200], [4e-200, 7e-200]]).unwrap();
        assert!(tiny.within() > 0.0);
    }

    #[test]
    fn what_is_no_matrix_is_refused() {
        assert_eq!(columns_of::<[f64; 2]>(&[], 1, 1), Err(StatsError::Empty));
        let ragged = [vec![1.0, 2.0], vec![1.0]];
        let wanted = StatsError::LengthMismatch { left: 2, right: 1 };
        assert_eq!(columns_of(&ragged, 1, 1), Err(wanted));
        let bad = [[1.0, f64::NAN]];
        assert_eq!(columns_of(&bad, 1, 1), Err(StatsError::NotFinite { index: 1 }));
        assert_eq!(columns_of(&[[1.0, 2.0]], 1, 2), Ok(2));
    }
}
