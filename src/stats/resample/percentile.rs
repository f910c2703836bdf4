//! The percentile bootstrap of quantiles and means, over independent units.

use super::plan::Resampling;
use super::window::Windowed;
use crate::stats::StatsError;
use crate::stats::describe::{Place, quantile_sorted};
use crate::stats::outcome::{Interval, Tails, enough, level, paired};

/// What is computed from the pooled trials of one condition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PlugIn {
    /// A quantile of type 7; the share lies in `[0, 1]`.
    Quantile(f64),
    /// The mean.
    Mean,
}

/// The trials of one condition, each with the unit that it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Pooled<'a> {
    /// The values; `+∞` is allowed, NaN and `−∞` are not.
    pub values: &'a [f64],
    /// The unit of each value, below the number of units; the same in every condition.
    pub units: &'a [usize],
    /// What to compute of them.
    pub what: PlugIn,
}

/// Resampled values of a contrast between conditions.
///
/// # Formula
///
/// ```text
/// θ̂ = f(s₁, …, s_k), each s a quantile or mean of one condition's pooled trials
/// draw G units with replacement, with all their trials of every condition; θ* likewise
/// greater = (#{θ* ≤ m} + 1) / (B + 1),   less = (#{θ* ≥ m} + 1) / (B + 1)
/// two-sided p = (2 min(#{θ* ≤ m}, #{θ* ≥ m}) + 1) / (B + 1), at most 1
/// interval: type-7 quantiles of θ* at α/2 and 1 − α/2
/// ```
///
/// # Shapes and units
///
/// Any number of conditions over the same units; `f` gets one number for each, in order.
/// Everything is in the unit of `f`'s result.
///
/// # Numerics
///
/// Values are sorted once; a resample is a pass over counts, so `B` resamples cost
/// `O(B · trials)`. A resample whose value is undefined (`∞ − ∞`, or no trial of some
/// condition) counts on both sides. The result depends on seed and name alone.
///
/// From [`Resampling::MANY`] units on, units without a trial near a quantile are gathered by
/// how many of their trials lie below it, and a resample draws how many come from each group;
/// the distribution of θ* of quantiles stays as it is. Units whose mean is asked are gathered
/// within a hundredth of the standard deviation of their sums.
///
/// # Errors
///
/// `Empty`, `NotFinite`, `LengthMismatch`, `OutOfRange` for a share, `InvalidParameter` for
/// a unit that does not exist, `Undefined` when the estimate itself is.
///
/// # Source
///
/// B. Efron, The Annals of Statistics 7(1), 1979, 1–26; B. Efron and R. J. Tibshirani, An
/// Introduction to the Bootstrap, 1993, chapter 13.
#[derive(Debug, Clone, PartialEq)]
pub struct PercentileBootstrap {
    /// The contrast of the sample.
    pub estimate: f64,
    /// The resampled contrasts, ascending, without the undefined.
    replicates: Vec<f64>,
    undefined: usize,
}

impl PercentileBootstrap {
    /// Resamples `units` units of all conditions.
    ///
    /// # Errors
    ///
    /// See the type.
    pub fn new(
        conditions: &[Pooled<'_>],
        units: usize,
        contrast: impl Fn(&[f64]) -> f64 + Sync,
        plan: &Resampling,
    ) -> Result<Self, StatsError> {
        enough(conditions.len(), 1)?;
        let sorted = conditions
            .iter()
            .map(|pooled| Sorted::new(pooled, units))
            .collect::<Result<Vec<_>, _>>()?;
        let value = |weights: &[u32], parts: &mut Vec<f64>| {
            parts.clear();
            parts.extend(sorted.iter().map(|sample| sample.value(weights)));
            contrast(parts)
        };
        let estimate = value(&vec![1; units], &mut Vec::new());
        if estimate.is_nan() {
            return Err(StatsError::Undefined { what: "the contrast" });
        }
        let purpose = "percentile bootstrap";
        let mut replicates = if units >= Resampling::MANY {
            let windowed = Windowed::new(&sorted, units);
            drop(sorted);
            let space = || (windowed.space(), Vec::new());
            plan.run(purpose, space, |(weights, parts), draws| {
                windowed.draw(weights, draws, parts);
                contrast(parts)
            })
        } else {
            let space = || (vec![0_u32; units], Vec::new());
            plan.run(purpose, space, |(weights, parts), draws| {
                weights.fill(0);
                for _ in 0..units {
                    weights[draws.index(units)] += 1;
                }
                value(weights, parts)
            })
        };
        replicates.retain(|x| !x.is_nan());
        let undefined = plan.resamples - replicates.len();
        replicates.sort_by(f64::total_cmp);
        Ok(Self { estimate, replicates, undefined })
    }

    /// Returns both one-sided p against a margin.
    #[must_use]
    pub fn tails(&self, margin: f64) -> Tails {
        let (not_above, not_below, b) = self.counts(margin);
        Tails {
            greater: (not_above + 1.0) / (b + 1.0),
            less: (not_below + 1.0) / (b + 1.0),
        }
    }

    /// Returns the two-sided p against a margin.
    #[must_use]
    pub fn two_sided(&self, margin: f64) -> f64 {
        let (not_above, not_below, b) = self.counts(margin);
        ((2.0 * not_above.min(not_below) + 1.0) / (b + 1.0)).min(1.0)
    }

    /// Returns the percentile interval of a level of confidence.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for the level, `Empty` when every resample was undefined.
    pub fn interval(&self, confidence: f64) -> Result<Interval, StatsError> {
        let tail = (1.0 - level(confidence)?) / 2.0;
        let end = |q| quantile_sorted(&self.replicates, q);
        Ok(Interval { low: end(tail)?, high: end(1.0 - tail)? })
    }

    /// Returns how many are at most, and at least, the margin, and how many there are.
    fn counts(&self, margin: f64) -> (f64, f64, f64) {
        let not_above = self.replicates.partition_point(|x| *x <= margin);
        let below = self.replicates.partition_point(|x| *x < margin);
        let all = self.replicates.len() + self.undefined;
        ((not_above + self.undefined) as f64, (all - below) as f64, all as f64)
    }
}

/// One condition's trials in ascending order, and how many trials each unit has.
pub(super) struct Sorted {
    pub(super) values: Vec<f64>,
    pub(super) units: Vec<usize>,
    pub(super) sizes: Vec<u32>,
    pub(super) sums: Vec<f64>,
    pub(super) what: PlugIn,
}

impl Sorted {
    fn new(pooled: &Pooled<'_>, count: usize) -> Result<Self, StatsError> {
        let Pooled { values, units, what } = *pooled;
        paired(values.len(), units.len())?;
        enough(values.len(), 1)?;
        let bad = |x: &f64| x.is_nan() || *x == f64::NEG_INFINITY;
        if let Some(index) = values.iter().position(bad) {
            return Err(StatsError::NotFinite { index });
        }
        if matches!(what, PlugIn::Quantile(q) if !(0.0..=1.0).contains(&q)) {
            return Err(StatsError::OutOfRange);
        }
        if units.iter().any(|unit| *unit >= count) {
            let wanted = "below the number of units";
            return Err(StatsError::InvalidParameter { name: "unit of a value", wanted });
        }
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|a, b| values[*a].total_cmp(&values[*b]).then(a.cmp(b)));
        let (mut sizes, mut sums) = (vec![0; count], vec![0.0; count]);
        for (value, unit) in values.iter().zip(units) {
            sizes[*unit] += 1;
            sums[*unit] += value;
        }
        Ok(Self {
            values: order.iter().map(|i| values[*i]).collect(),
            units: order.iter().map(|i| units[*i]).collect(),
            sizes,
            sums,
            what,
        })
    }

    /// Returns the plug-in value when each unit counts so many times; NaN of no trials.
    fn value(&self, weights: &[u32]) -> f64 {
        let total: usize = weights
            .iter()
            .zip(&self.sizes)
            .map(|(w, size)| *w as usize * *size as usize)
            .sum();
        if total == 0 {
            return f64::NAN;
        }
        match self.what {
            PlugIn::Mean => self.mean(weights, total),
            PlugIn::Quantile(q) => self.quantile(weights, total, q),
        }
    }

    fn mean(&self, weights: &[u32], total: usize) -> f64 {
        let drawn = weights.iter().zip(&self.sums).filter(|(weight, _)| **weight > 0);
        drawn.map(|(weight, sum)| f64::from(*weight) * sum).sum::<f64>() / total as f64
    }

    fn quantile(&self, weights: &[u32], total: usize, q: f64) -> f64 {
        let weight = |i: usize| weights[self.units[i]] as usize;
        weighted_quantile(&self.values, weight, total, q)
    }
}

/// Returns the type-7 quantile of ascending values, each counted `weight` times; the weights
/// add up to `total`, at least 1.
pub(super) fn weighted_quantile(
    values: &[f64],
    weight: impl Fn(usize) -> usize,
    total: usize,
    q: f64,
) -> f64 {
    let place = Place::of(total, q);
    // Walk from the nearer end to the value at `place.index`, then find its successor.
    let mut seen = 0;
    let (at, left) = if q <= 0.5 {
        let mut at = 0;
        while seen + weight(at) <= place.index {
            seen += weight(at);
            at += 1;
        }
        (at, seen + weight(at) - place.index - 1)
    } else {
        let above = total - 1 - place.index;
        let mut at = values.len() - 1;
        while seen + weight(at) <= above {
            seen += weight(at);
            at -= 1;
        }
        (at, above - seen)
    };
    let next = if left > 0 || place.index + 1 >= total {
        at
    } else {
        (at + 1..values.len()).find(|i| weight(*i) > 0).unwrap_or(at)
    };
    place.between(values[at], values[next])
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use crate::stats::describe::quantile;

    fn plan(resamples: usize) -> Resampling {
        Resampling { resamples, seed: 4, name: "test".to_owned() }
    }

    #[test]
    fn weighted_quantiles_equal_those_of_the_sample_written_out() {
        let values = [5.0, 1.0, f64::INFINITY, 2.0, 2.0, 7.0];
        let units = [0, 0, 1, 1, 2, 3];
        for q in [0.0, 0.2, 0.5, 0.61, 0.9, 0.95, 1.0] {
            let what = PlugIn::Quantile(q);
            let sorted =
                Sorted::new(&Pooled { values: &values, units: &units, what }, 4).unwrap();
            for weights in
                [[1, 1, 1, 1], [0, 3, 0, 1], [4, 0, 0, 0], [0, 0, 2, 2], [2, 1, 1, 0]]
            {
                let written: Vec<f64> = values
                    .iter()
                    .zip(units)
                    .flat_map(|(x, u)| std::iter::repeat_n(*x, weights[u] as usize))
                    .collect();
                let want = quantile(&written, q).unwrap();
                assert_eq!(sorted.value(&weights), want, "{q} {weights:?}");
            }
        }
    }

    #[test]
    fn undefined_resamples_count_on_both_sides() {
        // A unit that failed in both conditions: infinity minus infinity when drawn alone.
        let (a, b) = ([1.0, f64::INFINITY], [2.0, f64::INFINITY]);
        let pooled =
            |values| Pooled { values, units: &[0, 1], what: PlugIn::Quantile(0.0) };
        let boot = PercentileBootstrap::new(
            &[pooled(&a), pooled(&b)],
            2,
            |parts| parts[0] - parts[1],
            &plan(400),
        )
        .unwrap();
        assert_eq!(boot.estimate, -1.0);
        assert!((60..140).contains(&boot.undefined), "{}", boot.undefined);
        let tails = boot.tails(0.0);
        assert_eq!(tails.greater, 1.0);
        assert!(tails.less > 0.1, "{tails:?}");
    }

    #[test]
    fn identical_conditions_have_a_p_of_one() {
        let xs = [3.0, 1.0, 4.0, 1.0, 5.0];
        let one =
            Pooled { values: &xs, units: &[0, 1, 2, 3, 4], what: PlugIn::Quantile(0.5) };
        let boot = PercentileBootstrap::new(&[one, one], 5, |p| p[0] - p[1], &plan(200))
            .unwrap();
        assert_eq!(boot.two_sided(0.0), 1.0);
        assert_eq!(boot.interval(0.95).unwrap(), Interval { low: 0.0, high: 0.0 });
    }

    #[test]
    fn counts_of_units_give_the_quantiles_of_units_drawn_one_by_one() {
        // Two conditions over the same 3,000 units, with ties, repeats and failures: the
        // resampled contrasts agree within the error of 20,000 resamples.
        let units: Vec<usize> = (0..4_500).map(|i| i * 2 / 3).collect();
        let first: Vec<f64> = (0..4_500_u32)
            .map(|i| f64::from(i * 2_099 % 4_507).powi(2) / 1e5)
            .map(|x| if x > 200.0 { f64::INFINITY } else { x.round() })
            .collect();
        let second: Vec<f64> = first
            .iter()
            .zip(0_u32..)
            .map(|(x, i)| (x.min(210.0) * 0.9) + f64::from(i % 7))
            .collect();
        for (a, b) in [
            (PlugIn::Quantile(0.9), PlugIn::Quantile(0.9)),
            (PlugIn::Quantile(0.5), PlugIn::Mean),
        ] {
            let pooled = [
                Pooled { values: &first, units: &units, what: a },
                Pooled { values: &second, units: &units, what: b },
            ];
            let sorted =
                pooled.iter().map(|p| Sorted::new(p, 3_000).unwrap()).collect::<Vec<_>>();
            let plan = plan(20_000);
            let boot =
                PercentileBootstrap::new(&pooled, 3_000, |p| p[0] - p[1], &plan).unwrap();
            let windowed = Windowed::new(&sorted, 3_000);
            let space = || (windowed.space(), Vec::new());
            let mut got = plan.run("other", space, |(weights, parts), draws| {
                windowed.draw(weights, draws, parts);
                parts[0] - parts[1]
            });
            got.sort_by(f64::total_cmp);
            assert!(got.iter().all(|x| x.is_finite()));
            let spread = quantile_sorted(&got, 0.8413).unwrap()
                - quantile_sorted(&got, 0.1587).unwrap();
            for q in [0.025, 0.2, 0.5, 0.8, 0.975] {
                let (x, y) = (
                    quantile_sorted(&got, q).unwrap(),
                    quantile_sorted(&boot.replicates, q).unwrap(),
                );
                assert!((x - y).abs() <= 0.04 * spread, "{q}: {x} {y} of {spread}");
            }
        }
    }

    #[test]
    fn p_counts_resamples_on_the_smaller_side() {
        let xs: Vec<f64> = (0..100).map(f64::from).collect();
        let units: Vec<usize> = (0..100).collect();
        let one = Pooled { values: &xs, units: &units, what: PlugIn::Mean };
        let boot = PercentileBootstrap::new(&[one], 100, |p| p[0], &plan(999)).unwrap();
        assert_eq!(boot.estimate, 49.5);
        assert_eq!(boot.two_sided(-1.0), 1.0 / 1000.0);
        assert_eq!(boot.tails(-1.0), Tails { greater: 1.0 / 1000.0, less: 1.0 });
    }

    #[test]
    fn wrong_shapes_are_refused() {
        let bad = |values: &[f64], units: &[usize], what| {
            PercentileBootstrap::new(
                &[Pooled { values, units, what }],
                2,
                |p| p[0],
                &plan(5),
            )
        };
        assert!(bad(&[f64::NAN], &[0], PlugIn::Mean).is_err());
        assert!(bad(&[1.0], &[2], PlugIn::Mean).is_err());
        assert!(bad(&[1.0], &[0, 1], PlugIn::Mean).is_err());
        assert!(bad(&[1.0], &[0], PlugIn::Quantile(1.1)).is_err());
        assert!(bad(&[], &[], PlugIn::Mean).is_err());
    }
}
