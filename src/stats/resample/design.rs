//! What is drawn together: values, whole units, values within strata.

use super::bulk::{Bulk, Indices};
use crate::stats::StatsError;
use crate::stats::outcome::{enough, finite, paired};
use crate::stats::units::Units;

/// How the rows of one or more samples are drawn with replacement.
///
/// A row is a position: row 3 of two paired samples is the third value of each.
#[derive(Debug, Clone, Copy)]
pub enum Design<'a> {
    /// Row by row, with the values of all samples: one sample, or pairs.
    Rows,
    /// Unit by unit, with all rows of the unit.
    Units(&'a Units),
    /// Row by row, as many from each stratum as it has.
    Strata(&'a Units),
    /// Each sample by itself, value by value.
    Apart,
    /// Each sample by itself, unit by unit; one set of units for each sample.
    ApartUnits(&'a [&'a Units]),
}

/// Cells, each a row or a unit, that are drawn as often as there are cells.
#[derive(Debug, Clone)]
pub(super) struct Stratum {
    pub(super) cells: Vec<usize>,
    indices: Indices,
}

/// The rows that are drawn together, as cells in strata.
#[derive(Debug, Clone)]
pub(super) struct Lot {
    /// How many rows there are.
    pub(super) rows: usize,
    /// How many cells.
    pub(super) cells: usize,
    /// The cell of each row; `None` when each row is its own.
    pub(super) cell_of: Option<Vec<usize>>,
    pub(super) strata: Vec<Stratum>,
}

impl Lot {
    fn of_rows(rows: usize) -> Self {
        let all = Stratum { cells: (0..rows).collect(), indices: Indices::below(rows) };
        Self { rows, cells: rows, cell_of: None, strata: vec![all] }
    }

    fn of_units(units: &Units) -> Self {
        let lot = Self::of_rows(units.count());
        let cell_of = (!units.all_single()).then(|| units.of().to_vec());
        Self { rows: units.values(), cell_of, ..lot }
    }

    fn of_strata(labels: &Units) -> Self {
        let mut members = vec![Vec::new(); labels.count()];
        for (row, stratum) in labels.of().iter().enumerate() {
            members[*stratum].push(row);
        }
        let strata = members
            .into_iter()
            .map(|cells| Stratum { indices: Indices::below(cells.len()), cells })
            .collect();
        Self { strata, ..Self::of_rows(labels.values()) }
    }

    /// Draws cells, handing each over.
    pub(super) fn draw(&self, bits: &mut Bulk, mut each: impl FnMut(usize)) {
        for stratum in &self.strata {
            let cells = &stratum.cells;
            stratum.indices.for_each(cells.len(), bits, |_, at| each(cells[at]));
        }
    }

    /// Draws how often each cell is drawn.
    pub(super) fn weigh(&self, bits: &mut Bulk, weights: &mut Vec<u32>) {
        weights.clear();
        weights.resize(self.cells, 0);
        self.draw(bits, |cell| weights[cell] += 1);
    }

    /// Returns the rows of each cell.
    pub(super) fn members(&self) -> Vec<Vec<usize>> {
        let mut members = vec![Vec::new(); self.cells];
        for row in 0..self.rows {
            members[self.cell(row)].push(row);
        }
        members
    }

    pub(super) fn cell(&self, row: usize) -> usize {
        self.cell_of.as_ref().map_or(row, |cells| cells[row])
    }

    /// Says whether every row is drawn from one pot, by itself.
    pub(super) fn plain(&self) -> bool {
        self.cell_of.is_none() && self.strata.len() == 1
    }
}

impl Design<'_> {
    /// Returns one lot that all samples share, or one for each.
    pub(super) fn lots(self, samples: &[&[f64]]) -> Result<Vec<Lot>, StatsError> {
        enough(samples.len(), 1)?;
        for sample in samples {
            if sample.is_empty() {
                return Err(StatsError::Empty);
            }
            finite(sample)?;
        }
        let rows = samples[0].len();
        let alike = || samples.iter().try_for_each(|sample| paired(rows, sample.len()));
        let lots = match self {
            Self::Rows => {
                alike()?;
                vec![Lot::of_rows(rows)]
            }
            Self::Units(units) => {
                alike()?;
                paired(rows, units.values())?;
                vec![Lot::of_units(units)]
            }
            Self::Strata(strata) => {
                alike()?;
                paired(rows, strata.values())?;
                vec![Lot::of_strata(strata)]
            }
            Self::Apart => {
                samples.iter().map(|sample| Lot::of_rows(sample.len())).collect()
            }
            Self::ApartUnits(all) => {
                paired(samples.len(), all.len())?;
                for (sample, units) in samples.iter().zip(all) {
                    paired(sample.len(), units.values())?;
                }
                all.iter().map(|units| Lot::of_units(units)).collect()
            }
        };
        for Lot { cells, cell_of, .. } in &lots {
            let of = if cell_of.is_some() { "units" } else { "values" };
            if *cells < 2 {
                return Err(StatsError::TooFew { of, needed: 2, got: *cells });
            }
        }
        Ok(lots)
    }
}

/// Returns the lot of a sample: its own, or the one that all share.
pub(super) fn lot_of(lots: &[Lot], sample: usize) -> usize {
    sample.min(lots.len().saturating_sub(1))
}
