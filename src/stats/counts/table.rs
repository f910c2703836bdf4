//! A table of counts with its margins.

use crate::stats::StatsError;

/// A table of counts with at least one row and one column, none of whose margins is zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::stats) struct Table {
    cells: Vec<Vec<u64>>,
    rows: Vec<u64>,
    columns: Vec<u64>,
    total: u64,
}

impl Table {
    /// Returns the table with these rows.
    ///
    /// # Errors
    ///
    /// `Empty`, `InvalidTable` for ragged rows and totals beyond 64 bits, `ZeroMarginal`.
    pub(in crate::stats) fn new<R: AsRef<[u64]>>(rows: &[R]) -> Result<Self, StatsError> {
        let cells: Vec<Vec<u64>> = rows.iter().map(|row| row.as_ref().to_vec()).collect();
        let width = cells.first().map_or(0, Vec::len);
        if width == 0 {
            return Err(StatsError::Empty);
        }
        if cells.iter().any(|row| row.len() != width) {
            return Err(StatsError::InvalidTable);
        }
        let total = total(cells.iter().flatten())?;
        let rows: Vec<u64> = cells.iter().map(|row| row.iter().sum()).collect();
        let columns: Vec<u64> =
            (0..width).map(|j| cells.iter().map(|row| row[j]).sum()).collect();
        if rows.iter().chain(&columns).any(|margin| *margin == 0) {
            return Err(StatsError::ZeroMarginal);
        }
        Ok(Self { cells, rows, columns, total })
    }

    /// Returns the number of rows.
    pub(in crate::stats) fn height(&self) -> usize {
        self.rows.len()
    }

    /// Returns the number of columns.
    pub(in crate::stats) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Returns the sum of all cells.
    pub(in crate::stats) fn total(&self) -> f64 {
        self.total as f64
    }

    /// Returns every cell with what independence lets expect there, row by row.
    pub(in crate::stats) fn cells(&self) -> impl Iterator<Item = Cell> {
        self.cells.iter().zip(&self.rows).flat_map(|(row, sum)| {
            row.iter()
                .zip(&self.columns)
                .map(|(count, column)| Cell::new(*count, *sum, *column, self.total))
        })
    }
}

/// A cell, and how far it lies from what independence lets expect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::stats) struct Cell {
    /// The count.
    pub(in crate::stats) observed: f64,
    /// Row total times column total over the total.
    pub(in crate::stats) expected: f64,
    /// Observed less expected, from whole numbers, so that it keeps its digits.
    pub(in crate::stats) gap: f64,
}

impl Cell {
    fn new(count: u64, row: u64, column: u64, total: u64) -> Self {
        let (have, want) =
            (u128::from(count) * u128::from(total), u128::from(row) * u128::from(column));
        let size = have.abs_diff(want) as f64 / total as f64;
        Self {
            observed: count as f64,
            expected: want as f64 / total as f64,
            gap: if have < want { -size } else { size },
        }
    }
}

/// Adds counts up, and refuses a sum that 64 bits do not hold.
#[expect(single_use_lifetimes, reason = "an anonymous one is not stable here")]
pub(in crate::stats) fn total<'a>(
    counts: impl IntoIterator<Item = &'a u64>,
) -> Result<u64, StatsError> {
    counts
        .into_iter()
        .try_fold(0_u64, |sum, count| sum.checked_add(*count))
        .ok_or(StatsError::InvalidTable)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_neither_ragged_nor_empty_nor_without_a_margin() {
        assert_eq!(Table::new::<Vec<u64>>(&[]), Err(StatsError::Empty));
        assert_eq!(Table::new(&[Vec::new()]), Err(StatsError::Empty));
        let ragged = Table::new(&[vec![1, 2], vec![3]]);
        assert_eq!(ragged, Err(StatsError::InvalidTable));
        assert_eq!(Table::new(&[[5, 0], [9, 0]]), Err(StatsError::ZeroMarginal));
        assert_eq!(Table::new(&[[u64::MAX, 1]]), Err(StatsError::InvalidTable));
    }

    #[test]
    fn gaps_of_large_counts_keep_their_digits() {
        let n = 3_000_000_001_u64;
        let table = Table::new(&[[n, n], [n, n + 1]]).unwrap();
        let corner = table.cells().next().unwrap();
        // n − (2n)(2n) / (4n + 1) = n / (4n + 1).
        assert_eq!(corner.gap, n as f64 / (4 * n + 1) as f64);
    }
}
