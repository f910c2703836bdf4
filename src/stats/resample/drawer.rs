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

/// A share below this is never drawn: there are fewer than 2⁶⁴ draws.
const LEAST: f64 = 1e-30;

/// More different values than this are not counted: finding them would take too long.
const MOST_KINDS: usize = 64;

/// Draws a statistic of `n` draws with replacement from a sample of `n`.
#[derive(Debug)]
pub(super) enum Drawer {
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
            Some(few) => Self::Few(few),
            None => Self::Sums(Sums::new(values, squares)),
        }
    }

    /// Returns about how many draws a resample takes.
    pub(super) fn work(&self) -> usize {
        match self {
            Self::Few(few) => few.counts.len().saturating_sub(2) * BINOMIAL_COST + 4,
            Self::Sums(sums) => sums.deviations.len(),
            Self::Order(_) => 4 * BINOMIAL_COST,
        }
    }

    pub(super) fn draw(&self, bits: &mut Bulk) -> f64 {
        match self {
            Self::Few(few) => few.draw(bits),
            Self::Sums(sums) => sums.draw(bits),
            Self::Order(order) => order.draw(bits),
        }
    }
}

/// A sample as distinct values and their counts, the most frequent first.
#[derive(Debug)]
pub(super) struct Few {
    around: Around,
    squares: bool,
    n: u64,
    deviations: Vec<f64>,
    counts: Vec<u64>,
    /// How often the first is drawn.
    first: Table,
}

impl Few {
    /// Counts the values; `None` when they are so many that counts would not pay.
    fn new(values: &[f64], squares: bool) -> Option<Self> {
        let most = (values.len() / BINOMIAL_COST).clamp(2, MOST_KINDS);
        let mut kinds: Vec<(f64, u64)> = Vec::new();
        for x in values {
            match kinds.iter().position(|(kind, _)| kind.total_cmp(x).is_eq()) {
                Some(at) => kinds[at].1 += 1,
                None if kinds.len() == most => return None,
                None => kinds.push((*x, 1)),
            }
        }
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let around = Around::new(values);
        let n = values.len() as u64;
        let (deviations, counts): (Vec<f64>, Vec<u64>) =
            kinds.into_iter().map(|(x, count)| (around.deviation(x), count)).unzip();
        let first = Table::of_counts(n, counts.first().copied().unwrap_or(n));
        Some(Self { around, squares, n, deviations, counts, first })
    }

    fn draw(&self, bits: &mut Bulk) -> f64 {
        let [x, rest @ ..] = self.deviations.as_slice() else { return f64::NAN };
        let first = self.first.draw(bits);
        let times = first as f64;
        let (mut sum, mut squares) = (times * x, times * x * x);
        let mut add = |x: f64, times: u64| {
            sum += times as f64 * x;
            squares += times as f64 * x * x;
        };
        match rest {
            // Two values: what is not the one is the other.
            [other] => add(*other, self.n - first),
            _ => multinomial(&self.counts[1..], self.n - first, bits, |place, times| {
                add(rest[place], times);
            }),
        }
        let n = self.n as f64;
        if self.squares {
            self.around.spread(n, sum, squares)
        } else {
            self.around.mean(n, sum)
        }
    }
}

/// Binomial counts, drawn by table.
///
/// # Source
///
/// A. J. Walker, "An Efficient Method for Generating Discrete Random Variables with General
/// Distributions", ACM Transactions on Mathematical Software 3(3), 1977, 253–256; the table
/// is made as in M. D. Vose, IEEE Transactions on Software Engineering 17(9), 1991, 972–975.
#[derive(Debug)]
struct Table {
    indices: Indices,
    columns: Vec<Column>,
}

/// One column of the table: the share of its own count, that one, and the other.
#[derive(Debug, Clone, Copy)]
struct Column {
    share: f64,
    own: u64,
    other: u64,
}

impl Table {
    /// Counts of `n` draws of something that `count` of `n` have.
    fn of_counts(n: u64, count: u64) -> Self {
        let binomial = Binomial::new(n, count as f64 / n as f64);
        // Beyond twenty standard deviations nothing is left that a draw could reach.
        let reach = (n as f64).sqrt().mul_add(10.0, 40.0);
        let within = |k: &u64| (*k as f64 - count as f64).abs() <= reach;
        let shares = (0..=n).filter(within).map(|k| {
            let share = binomial.map_or(0.0, |binomial| binomial.pmf(k));
            (k, share)
        });
        let (own, shares): (Vec<u64>, Vec<f64>) =
            shares.filter(|(_, share)| *share > LEAST).unzip();
        Self { indices: Indices::single(own.len()), columns: columns(&shares, &own) }
    }

    fn draw(&self, bits: &mut Bulk) -> u64 {
        let [at] = self.indices.draw::<1>(bits);
        let column = self.columns[at];
        if bits.unit() < column.share { column.own } else { column.other }
    }
}

/// Fills up each count that is rarer than the average with one that is not.
fn columns(shares: &[f64], counts: &[u64]) -> Vec<Column> {
    let scale = shares.len() as f64 / shares.iter().sum::<f64>();
    let mut shares: Vec<f64> = shares.iter().map(|share| share * scale).collect();
    let mut columns: Vec<Column> =
        counts.iter().map(|k| Column { share: 1.0, own: *k, other: *k }).collect();
    let (mut small, mut large): (Vec<usize>, Vec<usize>) =
        (0..shares.len()).partition(|at| shares[*at] < 1.0);
    while let (Some(low), Some(high)) = (small.pop(), large.pop()) {
        columns[low].share = shares[low];
        columns[low].other = counts[high];
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
        for (values, kind) in [(two, 2), (few, 5), (many, 0)] {
            let drawer = Drawer::new(&values, Statistic::Mean);
            let got = match &drawer {
                Drawer::Few(few) => few.counts.len(),
                Drawer::Sums(_) => 0,
                Drawer::Order(_) => 1,
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
