//! Standard deviations and contrasts of them: row 11 of the table.

use crate::stats::{
    Bootstrap, BootstrapMethod, Design, Interval, Resampling, StatsError, Tails,
};

use super::linear::{Linear, What};
use super::samples::Paired;

/// The fewest units for which the bias and the skewness of a bootstrap can be estimated.
pub(super) const FEWEST: usize = 50;

/// A bootstrap of a smooth function of the trials, over units.
#[derive(Debug)]
pub(super) struct Smooth {
    boot: Bootstrap,
}

/// The trials of one item: how many, their sum and their squares around the term's mean.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    n: f64,
    sum: f64,
    squares: f64,
}

impl Smooth {
    /// Resamples the units with all their trials.
    pub(super) fn new(
        gap: &Linear,
        data: &Paired,
        plan: &Resampling,
    ) -> Result<Self, StatsError> {
        let items = data.items();
        let terms: Vec<(f64, What, f64, Vec<Sums>)> = gap
            .terms
            .iter()
            .zip(&data.trials)
            .map(|(term, (values, owners))| {
                let centre = crate::stats::mean(values)?;
                let mut sums = vec![Sums::default(); items];
                for (value, owner) in values.iter().zip(owners) {
                    let off = value - centre;
                    if let Some(own) = sums.get_mut(*owner) {
                        own.n += 1.0;
                        own.sum += off;
                        own.squares += off * off;
                    }
                }
                Ok((term.factor, term.what, centre, sums))
            })
            .collect::<Result<_, StatsError>>()?;
        let places: Vec<f64> = (0..items).map(|item| item as f64).collect();
        let statistic = |samples: &[&[f64]]| {
            let drawn = samples.first().copied().unwrap_or_default();
            terms
                .iter()
                .map(|(factor, what, centre, sums)| {
                    let all = drawn.iter().fold(Sums::default(), |all, place| {
                        let own = sums.get(index(*place)).copied().unwrap_or_default();
                        Sums {
                            n: all.n + own.n,
                            sum: all.sum + own.sum,
                            squares: all.squares + own.squares,
                        }
                    });
                    let mean = all.sum / all.n;
                    factor
                        * match what {
                            What::Sd => ((all.squares - all.n * mean * mean).max(0.0)
                                / (all.n - 1.0))
                                .sqrt(),
                            What::Mean | What::Quantile(_) => centre + mean,
                        }
                })
                .sum()
        };
        let design = Design::Units(&data.units);
        Ok(Self { boot: Bootstrap::with(&[&places], design, statistic, plan)? })
    }

    pub(super) fn estimate(&self) -> f64 {
        self.boot.estimate
    }

    pub(super) fn tails(&self, margin: f64) -> Result<Tails, StatsError> {
        self.boot.tails(BootstrapMethod::Bca, margin)
    }

    pub(super) fn interval(&self, confidence: f64) -> Result<Interval, StatsError> {
        self.boot.interval(BootstrapMethod::Bca, confidence)
    }

    pub(super) fn runner_up(&self, margin: f64) -> Option<Tails> {
        self.boot.tails(BootstrapMethod::Percentile, margin).ok()
    }
}

/// The place that stands for an item among resampled values.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count that was an index before"
)]
fn index(place: f64) -> usize {
    place as usize
}
