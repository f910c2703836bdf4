//! A quantile of one condition against a number: row 9 of the table.

use crate::stats::{
    Binomial, ClusteredShare, Interval, PercentileBootstrap, PlugIn, Pooled, Resampling,
    StatsError, Tails, UnitMean, Units, binomial_tails, quantile, quantile_sorted,
};

use super::samples::Paired;

/// The trials of one condition, ordered for its quantile.
#[derive(Debug)]
pub(super) struct OneQuantile {
    q: f64,
    factor: f64,
    pub(super) estimate: f64,
    values: Vec<f64>,
    /// The item of each value.
    owners: Vec<usize>,
    sorted: Vec<f64>,
    units: Units,
    items: usize,
    /// Whether every trial is independent of the others.
    exact: bool,
    plan: Resampling,
}

impl OneQuantile {
    /// Takes the trials of the first term; θ is `factor` times its quantile.
    pub(super) fn new(
        q: f64,
        factor: f64,
        data: &Paired,
        plan: &Resampling,
    ) -> Result<Self, StatsError> {
        let Some((values, owners)) = data.trials.first() else {
            return Err(StatsError::Empty);
        };
        let mut sorted = values.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        Ok(Self {
            q,
            factor,
            estimate: factor * quantile(values, q)?,
            exact: data.units.all_single() && values.len() == data.items(),
            values: values.clone(),
            owners: owners.clone(),
            sorted,
            units: data.units.clone(),
            items: data.items(),
            plan: plan.clone(),
        })
    }

    /// Returns both one-sided p against a margin, by the share of trials below it.
    ///
    /// The quantile is at most m where at least a share q lies at or below m. Trials equal
    /// to the margin count for whichever side is tested, so the test stays honest on ties.
    pub(super) fn tails(&self, margin: f64) -> Result<Tails, StatsError> {
        let m = margin / self.factor;
        let below = self.sorted.partition_point(|x| *x < m);
        let at_most = self.sorted.partition_point(|x| *x <= m);
        if self.exact {
            let n = self.values.len() as u64;
            let greater = binomial_tails(at_most as u64, n, self.q)?.less;
            let less = binomial_tails(below as u64, n, self.q)?.greater;
            return Ok(Tails { greater, less });
        }
        let greater = self.share(|x| x <= m)?.tails(self.q)?.less;
        let less = self.share(|x| x < m)?.tails(self.q)?.greater;
        Ok(Tails { greater, less })
    }

    /// Returns the share of trials of a kind, with what their items and groups leave of
    /// their number.
    fn share(&self, kind: impl Fn(f64) -> bool) -> Result<ClusteredShare, StatsError> {
        let mut sums = vec![(0.0, 0.0); self.items];
        for (value, owner) in self.values.iter().zip(&self.owners) {
            if let Some((sum, n)) = sums.get_mut(*owner) {
                *sum += f64::from(u8::from(kind(*value)));
                *n += 1.0;
            }
        }
        let means: Vec<f64> =
            sums.iter().map(|(sum, n)| sum / f64::max(*n, 1.0)).collect();
        ClusteredShare::new(&UnitMean::new(&means, &self.units)?, self.values.len())
    }

    /// Returns the interval: order statistics, or Woodruff's where trials come in groups.
    pub(super) fn interval(&self, confidence: f64) -> Result<Interval, StatsError> {
        let ends = if self.exact {
            self.order_statistics(confidence)?
        } else {
            let at = self.estimate / self.factor;
            let around = self.share(|x| x <= at)?;
            let shares =
                ClusteredShare { share: self.q, ..around }.interval(confidence)?;
            Interval {
                low: quantile_sorted(&self.sorted, shares.low)?,
                high: quantile_sorted(&self.sorted, shares.high)?,
            }
        };
        Ok(ends.times(self.factor))
    }

    fn order_statistics(&self, confidence: f64) -> Result<Interval, StatsError> {
        let n = self.sorted.len();
        let counts = Binomial::new(n as u64, self.q)?;
        let tail = (1.0 - confidence) / 2.0;
        let place = |k: u64| usize::try_from(k).unwrap_or(usize::MAX);
        // The k-th smallest is the lower end where P(fewer than k lie below) ≤ α/2.
        let low = place(counts.quantile(tail)?).checked_sub(1);
        let high = place(counts.upper_quantile(tail)?);
        Ok(Interval {
            low: low
                .and_then(|at| self.sorted.get(at))
                .copied()
                .unwrap_or(f64::NEG_INFINITY),
            high: self.sorted.get(high).copied().unwrap_or(f64::INFINITY),
        })
    }

    /// Returns what the percentile bootstrap says.
    pub(super) fn runner_up(&self, margin: f64) -> Option<Tails> {
        let units: Vec<usize> =
            self.owners.iter().map(|owner| self.units.of()[*owner]).collect();
        let what = PlugIn::Quantile(self.q);
        let pooled = [Pooled { values: &self.values, units: &units, what }];
        let factor = self.factor;
        let whole = |parts: &[f64]| parts.iter().map(|part| factor * part).sum();
        let count = self.units.count();
        let boot = PercentileBootstrap::new(&pooled, count, whole, &self.plan).ok()?;
        Some(boot.tails(margin))
    }

    /// Returns the name of the test.
    pub(super) fn statistic(&self, margin: f64) -> f64 {
        let m = margin / self.factor;
        self.sorted.partition_point(|x| *x <= m) as f64
    }
}
