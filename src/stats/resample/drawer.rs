//! The quickest way to a resampled statistic of one plain sample.

use super::bulk::{Bulk, Indices};
use super::estimand::Statistic;
use super::multinomial::multinomial;
use super::order::Order;
use super::plan::Bits;
use super::weighted::Around;
use crate::stats::dist::Binomial;

/// A binomial draw takes about as long as so many indices.
const BINOMIAL_COST: usize = 30;

/// More different values than this are not counted: finding them would take too long.
const MOST_KINDS: usize = 64;

/// Draws a statistic of `n` draws with replacement from a sample of `n`.
#[derive(Debug)]
pub(super) enum Drawer {
    /// Two values: the count of one is binomial, and the statistic depends on it alone.
    Two(Outcomes),
    /// Few values: their counts are multinomial.
    Few(Few),
    /// Any values: their sums.
    Sums(Sums),
    /// A quantile, from the order statistics of uniform numbers.
    Order(Order),
}

impl Drawer {
    /// Takes a sample of at least two finite values.
    pub(super) fn new(values: &[f64], statistic: Statistic) -> Self {
        let squares = match statistic {
            Statistic::Quantile(q) => return Self::Order(Order::new(values, q)),
            Statistic::Mean => false,
            Statistic::StandardDeviation => true,
        };
        match Few::new(values, squares) {
            Some(few) if few.counts.len() <= 2 => Self::Two(Outcomes::new(&few)),
            Some(few) => Self::Few(few),
            None => Self::Sums(Sums::new(values, squares)),
        }
    }

    /// Returns about how many draws a resample takes.
    pub(super) fn work(&self) -> usize {
        match self {
            Self::Two(_) => 4,
            Self::Few(few) => few.counts.len() * BINOMIAL_COST,
            Self::Sums(sums) => sums.deviations.len(),
            Self::Order(_) => 4 * BINOMIAL_COST,
        }
    }

    pub(super) fn draw(&self, bits: &mut Bulk) -> f64 {
        match self {
            Self::Two(outcomes) => outcomes.draw(bits),
            Self::Few(few) => few.draw(bits),
            Self::Sums(sums) => sums.draw(bits),
            Self::Order(order) => order.draw(bits),
        }
    }
}

/// A sample as distinct values and their counts.
#[derive(Debug)]
pub(super) struct Few {
    around: Around,
    squares: bool,
    n: u64,
    deviations: Vec<f64>,
    counts: Vec<u64>,
}

impl Few {
    /// Counts the values; `None` when they are so many that counts would not pay.
    fn new(values: &[f64], squares: bool) -> Option<Self> {
        let most = (values.len() / BINOMIAL_COST).clamp(2, MOST_KINDS);
        let (mut kinds, mut counts): (Vec<f64>, Vec<u64>) = (Vec::new(), Vec::new());
        for x in values {
            match kinds.iter().position(|kind| kind.total_cmp(x).is_eq()) {
                Some(at) => counts[at] += 1,
                None if kinds.len() == most => return None,
                None => {
                    kinds.push(*x);
                    counts.push(1);
                }
            }
        }
        let around = Around::new(values);
        let deviations = kinds.iter().map(|x| around.deviation(*x)).collect();
        Some(Self { around, squares, n: values.len() as u64, deviations, counts })
    }

    fn draw(&self, bits: &mut Bulk) -> f64 {
        let (mut sum, mut squares) = (0.0, 0.0);
        multinomial(&self.counts, self.n, bits, |place, times| {
            let (x, times) = (self.deviations[place], times as f64);
            sum += times * x;
            squares += times * x * x;
        });
        self.value(sum, squares)
    }

    fn value(&self, sum: f64, squares: f64) -> f64 {
        let n = self.n as f64;
        if self.squares {
            self.around.spread(n, sum, squares)
        } else {
            self.around.mean(n, sum)
        }
    }
}

/// The outcomes of a resample of two values, drawn by table.
///
/// # Source
///
/// A. J. Walker, "An Efficient Method for Generating Discrete Random Variables with General
/// Distributions", ACM Transactions on Mathematical Software 3(3), 1977, 253–256; the table
/// is made as in M. D. Vose, IEEE Transactions on Software Engineering 17(9), 1991, 972–975.
#[derive(Debug)]
pub(super) struct Outcomes {
    indices: Indices,
    columns: Vec<Column>,
}

/// One column of the table: the share of its own outcome, that one, and the other.
#[derive(Debug, Clone, Copy)]
struct Column {
    share: f64,
    own: f64,
    other: f64,
}

impl Outcomes {
    fn new(few: &Few) -> Self {
        let first = few.counts[0];
        let binomial = Binomial::new(few.n, first as f64 / few.n as f64);
        let (mut shares, mut values) = (Vec::new(), Vec::new());
        // Beyond forty standard deviations nothing is left that an f64 could hold.
        let reach = 40.0 * (few.n as f64).sqrt() / 2.0 + 40.0;
        for k in 0..=few.n {
            if (k as f64 - first as f64).abs() > reach {
                continue;
            }
            let share = binomial.map_or(0.0, |binomial| binomial.pmf(k));
            if share > 1e-30 {
                let count = [k as f64, (few.n - k) as f64];
                let dot = |power: i32| -> f64 {
                    few.deviations.iter().zip(count).map(|(x, n)| n * x.powi(power)).sum()
                };
                shares.push(share);
                values.push(few.value(dot(1), dot(2)));
            }
        }
        Self {
            indices: Indices::single(values.len()),
            columns: columns(&shares, &values),
        }
    }

    fn draw(&self, bits: &mut Bulk) -> f64 {
        let [at] = self.indices.draw::<1>(bits);
        let column = self.columns[at];
        if bits.unit() < column.share { column.own } else { column.other }
    }
}

/// Fills up each outcome that is rarer than the average with one that is not.
fn columns(shares: &[f64], values: &[f64]) -> Vec<Column> {
    let scale = shares.len() as f64 / shares.iter().sum::<f64>();
    let mut shares: Vec<f64> = shares.iter().map(|share| share * scale).collect();
    let mut columns: Vec<Column> =
        values.iter().map(|x| Column { share: 1.0, own: *x, other: *x }).collect();
    let (mut small, mut large): (Vec<usize>, Vec<usize>) =
        (0..shares.len()).partition(|at| shares[*at] < 1.0);
    while let (Some(low), Some(high)) = (small.pop(), large.pop()) {
        columns[low].share = shares[low];
        columns[low].other = values[high];
        shares[high] -= 1.0 - shares[low];
        if shares[high] < 1.0 {
            small.push(high);
        } else {
            large.push(high);
        }
    }
    columns
}

/// The deviations of a sample, added up as they are drawn.
#[derive(Debug)]
pub(super) struct Sums {
    around: Around,
    squares: bool,
    deviations: Vec<f64>,
    indices: Indices,
}

impl Sums {
    fn new(values: &[f64], squares: bool) -> Self {
        let around = Around::new(values);
        let deviations = values.iter().map(|x| around.deviation(*x)).collect();
        Self { around, squares, deviations, indices: Indices::below(values.len()) }
    }

    fn draw(&self, bits: &mut Bulk) -> f64 {
        let n = self.deviations.len();
        let mut sums = [0.0; Indices::MOST];
        if self.squares {
            let mut squares = [0.0; Indices::MOST];
            self.indices.for_each(n, bits, |lane, place| {
                let x = self.deviations[place];
                sums[lane] += x;
                squares[lane] += x * x;
            });
            self.around.spread(n as f64, sums.iter().sum(), squares.iter().sum())
        } else {
            self.indices
                .for_each(n, bits, |lane, place| sums[lane] += self.deviations[place]);
            self.around.mean(n as f64, sums.iter().sum())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Stream;

    /// Mean and standard deviation of 40,000 resampled statistics.
    fn drawn(drawer: &Drawer, name: &str) -> (f64, f64) {
        let mut bits = Bulk::new(Stream::new(3, name));
        let all: Vec<f64> = (0..40_000).map(|_| drawer.draw(&mut bits)).collect();
        let mean = crate::stats::mean(&all).unwrap();
        (mean, crate::stats::variance(&all).unwrap().sqrt())
    }

    #[test]
    fn resampled_means_have_the_variance_of_the_plug_in_law() {
        let two: Vec<f64> = (0..200).map(|i| f64::from(i % 5 / 4)).collect();
        let few: Vec<f64> = (0..200).map(|i| f64::from(i % 5)).collect();
        let many: Vec<f64> = (0..200).map(|i| f64::from(i * i % 997)).collect();
        for (values, kind) in [(two, 0), (few, 1), (many, 2)] {
            let drawer = Drawer::new(&values, Statistic::Mean);
            let got = match &drawer {
                Drawer::Two(_) => 0,
                Drawer::Few(_) => 1,
                Drawer::Sums(_) => 2,
                Drawer::Order(_) => 3,
            };
            assert_eq!(got, kind);
            let centre = crate::stats::mean(&values).unwrap();
            let error =
                (crate::stats::variance(&values).unwrap() * 199.0 / 200.0 / 200.0).sqrt();
            let (mean, sd) = drawn(&drawer, "means");
            // Five standard errors of 40,000 draws.
            assert!(
                (mean - centre).abs() < 5.0 * error / 200.0,
                "{kind}: {mean} {centre}"
            );
            assert!(
                (sd / error - 1.0).abs() < 5.0 / (2.0 * 4e4_f64).sqrt(),
                "{kind}: {sd} {error}"
            );
        }
    }

    #[test]
    fn counts_and_sums_give_the_same_law_of_the_standard_deviation() {
        let few: Vec<f64> = (0..300).map(|i| f64::from(i % 4).powi(2)).collect();
        let by_counts = drawn(&Drawer::new(&few, Statistic::StandardDeviation), "a");
        let by_sums = drawn(&Drawer::Sums(Sums::new(&few, true)), "b");
        assert!((by_counts.0 - by_sums.0).abs() < 7.0 * by_sums.1 / 200.0);
        assert!(
            (by_counts.1 / by_sums.1 - 1.0).abs() < 0.025,
            "{by_counts:?} {by_sums:?}"
        );
    }
}
