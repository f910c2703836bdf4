//! A statistic of a sample whose rows count several times, or are left out.

use super::design::Lot;
use super::estimand::Statistic;
use super::percentile::weighted_quantile;
use crate::stats::describe::{Place, mean};

/// What the values of a sample are measured from, and in what.
///
/// Sums of deviations lose no digits to a common offset; in a power of two near the largest
/// their squares neither overflow nor vanish.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    centre: f64,
    scale: f64,
}

impl Around {
    pub(super) fn new(values: &[f64]) -> Self {
        let centre = mean(values).unwrap_or_default();
        let largest = values.iter().fold(0.0_f64, |most, x| most.max((x - centre).abs()));
        // The exponent alone, without the digits.
        let power = f64::from_bits(largest.to_bits() & 0x7FF0_0000_0000_0000);
        let scale = if power > 0.0 && power.is_finite() { power } else { 1.0 };
        Self { centre, scale }
    }

    pub(super) fn deviation(self, x: f64) -> f64 {
        (x - self.centre) / self.scale
    }

    /// Returns the mean of `n` values from the sum of their deviations; none have none.
    pub(super) fn mean(self, n: f64, sum: f64) -> f64 {
        if n > 0.0 { self.centre + self.scale * (sum / n) } else { f64::NAN }
    }

    /// Returns the standard deviation of `n` values from the sums of their deviations and of
    /// the squares; a spread within rounding of zero is zero, and fewer than two values have
    /// none.
    pub(super) fn spread(self, n: f64, sum: f64, squares: f64) -> f64 {
        if n < 2.0 {
            return f64::NAN;
        }
        let rest = squares - sum * sum / n;
        if rest > 1e-13 * squares { self.scale * (rest / (n - 1.0)).sqrt() } else { 0.0 }
    }
}

/// A sample gathered by cells, so that a resample is a pass over their counts.
pub(super) struct Weighted {
    statistic: Statistic,
    around: Around,
    /// How many values each cell has, their sum and the sum of their squares.
    sizes: Vec<f64>,
    sums: Vec<f64>,
    squares: Vec<f64>,
    /// The values in ascending order, and the cell of each; for quantiles only.
    sorted: Vec<f64>,
    cell_of: Vec<usize>,
}

impl Weighted {
    /// Gathers a sample of finite values, at least one.
    pub(super) fn new(values: &[f64], lot: &Lot, statistic: Statistic) -> Self {
        let around = Around::new(values);
        let mut own = Self {
            statistic,
            around,
            sizes: vec![0.0; lot.cells],
            sums: Vec::new(),
            squares: Vec::new(),
            sorted: Vec::new(),
            cell_of: Vec::new(),
        };
        for row in 0..values.len() {
            own.sizes[lot.cell(row)] += 1.0;
        }
        match statistic {
            Statistic::Mean => own.sums = gathered(values, lot, |x| around.deviation(x)),
            Statistic::StandardDeviation => {
                own.sums = gathered(values, lot, |x| around.deviation(x));
                own.squares = gathered(values, lot, |x| around.deviation(x).powi(2));
            }
            Statistic::Quantile(_) => {
                let mut order: Vec<usize> = (0..values.len()).collect();
                order.sort_by(|a, b| values[*a].total_cmp(&values[*b]).then(a.cmp(b)));
                own.sorted = order.iter().map(|row| values[*row]).collect();
                own.cell_of = order.iter().map(|row| lot.cell(*row)).collect();
            }
        }
        own
    }

    /// Returns the statistic when each cell counts so many times; NaN where it has none.
    pub(super) fn value(&self, weights: &[u32]) -> f64 {
        let dot = |of: &[f64]| -> f64 {
            weights.iter().zip(of).map(|(w, x)| f64::from(*w) * x).sum()
        };
        let n = dot(&self.sizes);
        match self.statistic {
            Statistic::Mean => self.around.mean(n, dot(&self.sums)),
            Statistic::StandardDeviation => {
                self.around.spread(n, dot(&self.sums), dot(&self.squares))
            }
            Statistic::Quantile(q) => {
                let weight = |i: usize| weights[self.cell_of[i]] as usize;
                let total = (0..self.sorted.len()).map(weight).sum();
                if total == 0 {
                    return f64::NAN;
                }
                weighted_quantile(&self.sorted, weight, total, q)
            }
        }
    }

    /// Returns the statistic without each of the cells.
    pub(super) fn without(&self) -> Vec<f64> {
        let n: f64 = self.sizes.iter().sum();
        let sum: f64 = self.sums.iter().sum();
        let square: f64 = self.squares.iter().sum();
        match self.statistic {
            Statistic::Mean => {
                let rest = self.sizes.iter().zip(&self.sums);
                rest.map(|(size, own)| self.around.mean(n - size, sum - own)).collect()
            }
            Statistic::StandardDeviation => {
                let rest = self.sizes.iter().zip(&self.sums).zip(&self.squares);
                rest.map(|((size, own), squares)| {
                    self.around.spread(n - size, sum - own, square - squares)
                })
                .collect()
            }
            Statistic::Quantile(q) => self.quantiles_without(q),
        }
    }

    /// The rank wanted among the rest moves up by one for each rank of the cell below it.
    fn quantiles_without(&self, q: f64) -> Vec<f64> {
        let mut ranks = vec![Vec::new(); self.sizes.len()];
        for (rank, cell) in self.cell_of.iter().enumerate() {
            ranks[*cell].push(rank);
        }
        let without = |taken: &Vec<usize>| {
            let left = self.sorted.len() - taken.len();
            if left == 0 {
                return f64::NAN;
            }
            let place = Place::of(left, q);
            let at = |mut rank: usize| {
                for own in taken {
                    rank += usize::from(*own <= rank);
                }
                self.sorted[rank.min(self.sorted.len() - 1)]
            };
            place.between(at(place.index), at((place.index + 1).min(left - 1)))
        };
        ranks.iter().map(without).collect()
    }
}

/// Adds up a value of every row of each cell.
fn gathered(values: &[f64], lot: &Lot, what: impl Fn(f64) -> f64) -> Vec<f64> {
    let mut sums = vec![0.0; lot.cells];
    for (row, x) in values.iter().enumerate() {
        sums[lot.cell(row)] += what(*x);
    }
    sums
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use crate::stats::resample::Design;
    use crate::stats::{Units, quantile, variance};
    use approx::assert_relative_eq;

    const XS: [f64; 7] = [5.0, 1.0, 1.0, 8.0, 2.5, 9.0, 4.0];

    fn plain(values: &[f64], statistic: Statistic) -> f64 {
        match statistic {
            Statistic::Mean => mean(values).unwrap(),
            Statistic::StandardDeviation => variance(values).unwrap().sqrt(),
            Statistic::Quantile(q) => quantile(values, q).unwrap(),
        }
    }

    #[test]
    fn cells_give_what_the_sample_written_out_gives() {
        let units = Units::labelled(&[0, 0, 1, 2, 3, 3, 3]);
        let lot = Design::Units(&units).lots(&[&XS]).unwrap().remove(0);
        for statistic in [
            Statistic::Mean,
            Statistic::StandardDeviation,
            Statistic::Quantile(0.5),
            Statistic::Quantile(0.13),
            Statistic::Quantile(1.0),
        ] {
            let weighted = Weighted::new(&XS, &lot, statistic);
            let written = |weights: &[u32]| -> Vec<f64> {
                XS.iter()
                    .zip(units.of())
                    .flat_map(|(x, u)| std::iter::repeat_n(*x, weights[*u] as usize))
                    .collect()
            };
            for weights in [[1, 1, 1, 1], [2, 0, 0, 2], [0, 3, 1, 0]] {
                let want = plain(&written(&weights), statistic);
                assert_relative_eq!(weighted.value(&weights), want, max_relative = 1e-13);
            }
            for (cell, got) in weighted.without().iter().enumerate() {
                let mut weights = [1; 4];
                weights[cell] = 0;
                let want = plain(&written(&weights), statistic);
                assert_relative_eq!(*got, want, max_relative = 1e-13);
            }
        }
    }

    #[test]
    fn a_resample_of_one_value_has_no_spread() {
        let lot = Design::Rows.lots(&[&XS]).unwrap().remove(0);
        let sd = Weighted::new(&XS, &lot, Statistic::StandardDeviation);
        assert_eq!(sd.value(&[0, 7, 0, 0, 0, 0, 0]), 0.0);
        assert!(sd.value(&[1, 0, 0, 0, 0, 0, 0]).is_nan());
    }
}
