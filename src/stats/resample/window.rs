//! Resampled quantiles and means of very many units, drawn as counts.

use std::collections::BTreeMap;

use super::grouped::bin;
use super::multinomial::{binomial, multinomial};
use super::percentile::{PlugIn, Sorted};
use super::plan::Draws;
use crate::stats::describe::Place;

/// A window reaches this many standard deviations of a quantile's rank to either side: a
/// resample leaves it less than once in 10¹⁴.
const REACH: f64 = 8.0;

/// The units of several conditions, told apart only as far as a quantile can see.
///
/// A resampled quantile falls near the sample's: of a trial far below all that matters is
/// that it is below. So only units with a trial in the window around a quantile are drawn
/// one by one; the others are gathered by how many trials they have below each window, and
/// by the sum of those whose mean is asked, and drawn as counts.
pub(super) struct Windowed {
    /// How many units each cell has, and what one of them has of each condition.
    counts: Vec<u64>,
    cells: Vec<Vec<Part>>,
    /// What a unit with a trial in a window has of each condition.
    singles: Vec<Vec<Part>>,
    /// For each condition the trials in its window, ascending, each with its unit's place
    /// among the singles; none for a mean.
    windows: Vec<Vec<(f64, u32)>>,
    whats: Vec<PlugIn>,
}

/// What makes units alike: of each condition the number of trials, and how many lie below or
/// which group the sum falls into.
type Key = Vec<(u64, i64)>;

/// What a unit has of one condition.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    /// How many trials.
    size: u64,
    /// How many of them lie below the window.
    below: u64,
    /// Their sum; kept where the mean is asked.
    sum: f64,
}

impl Windowed {
    /// Gathers `units` units.
    pub(super) fn new(conditions: &[Sorted], units: usize) -> Self {
        let ranks: Vec<(usize, usize)> =
            conditions.iter().map(|sample| window(sample, units)).collect();
        let mut place = vec![u32::MAX; units];
        let mut alone = 0;
        for (sample, (low, high)) in conditions.iter().zip(&ranks) {
            for unit in &sample.units[*low..*high] {
                if place[*unit] == u32::MAX {
                    place[*unit] = alone;
                    alone += 1;
                }
            }
        }
        let windows = conditions
            .iter()
            .zip(&ranks)
            .map(|(sample, (low, high))| {
                let values = sample.values[*low..*high].iter().copied();
                let owners = sample.units[*low..*high].iter().map(|unit| place[*unit]);
                values.zip(owners).collect()
            })
            .collect();
        let mut parts = vec![vec![Part::default(); conditions.len()]; alone as usize];
        let mut known: BTreeMap<Key, (u64, Vec<Part>)> = BTreeMap::new();
        let below: Vec<Vec<u32>> = conditions
            .iter()
            .zip(&ranks)
            .map(|(sample, (low, _))| counted(&sample.units[..*low], units))
            .collect();
        let widths: Vec<f64> = conditions.iter().map(width).collect();
        let mut key = Vec::new();
        for unit in 0..units {
            let part = |term: usize| Part {
                size: u64::from(conditions[term].sizes[unit]),
                below: u64::from(below[term][unit]),
                sum: conditions[term].sums[unit],
            };
            if let Some(own) = parts.get_mut(place[unit] as usize) {
                for (term, own) in own.iter_mut().enumerate() {
                    *own = part(term);
                }
                continue;
            }
            key.clear();
            key.extend((0..conditions.len()).map(|term| {
                let Part { size, below, sum } = part(term);
                match conditions[term].what {
                    PlugIn::Quantile(_) => (size, i64::try_from(below).unwrap_or(0)),
                    PlugIn::Mean => (size, bin(sum, widths[term])),
                }
            }));
            if let Some((count, all)) = known.get_mut(&key) {
                *count += 1;
                all.iter_mut()
                    .enumerate()
                    .for_each(|(term, own)| own.sum += part(term).sum);
            } else {
                let first = (0..conditions.len()).map(part).collect();
                known.insert(key.clone(), (1, first));
            }
        }
        let (mut counts, mut cells) = (Vec::new(), Vec::new());
        for (count, mut cell) in known.into_values() {
            cell.iter_mut().for_each(|part| part.sum /= count as f64);
            counts.push(count);
            cells.push(cell);
        }
        let whats = conditions.iter().map(|sample| sample.what).collect();
        Self { counts, cells, singles: parts, windows, whats }
    }

    /// Returns the scratch space of a resample.
    pub(super) fn space(&self) -> Vec<u32> {
        vec![0; self.singles.len()]
    }

    /// Draws a resample and returns its quantiles and means; NaN where one is undefined.
    pub(super) fn draw(
        &self,
        weights: &mut [u32],
        draws: &mut Draws,
        values: &mut Vec<f64>,
    ) {
        let gathered: u64 = self.counts.iter().sum();
        let alone = self.singles.len();
        let units = gathered + alone as u64;
        let drawn = binomial(units, alone as f64 / units as f64, draws);
        weights.fill(0);
        for _ in 0..drawn {
            weights[draws.index(alone)] += 1;
        }
        let mut sums = vec![Part::default(); self.whats.len()];
        let mut add = |parts: &[Part], times: u64| {
            for (sum, part) in sums.iter_mut().zip(parts) {
                sum.size += times * part.size;
                sum.below += times * part.below;
                sum.sum += times as f64 * part.sum;
            }
        };
        multinomial(&self.counts, units - drawn, draws, |cell, times| {
            add(&self.cells[cell], times);
        });
        for (parts, weight) in self.singles.iter().zip(&*weights) {
            if *weight > 0 {
                add(parts, u64::from(*weight));
            }
        }
        values.clear();
        values.extend(self.whats.iter().zip(sums).zip(&self.windows).map(
            |((what, sum), window)| match what {
                _ if sum.size == 0 => f64::NAN,
                PlugIn::Mean => sum.sum / sum.size as f64,
                PlugIn::Quantile(q) => quantile(window, weights, sum, *q),
            },
        ));
    }
}

/// Returns the quantile of a resample from the trials in the window; NaN outside it.
fn quantile(window: &[(f64, u32)], weights: &[u32], sum: Part, q: f64) -> f64 {
    let Ok(total) = usize::try_from(sum.size) else { return f64::NAN };
    let place = Place::of(total, q);
    let Some(mut left) = (place.index as u64).checked_sub(sum.below) else {
        return f64::NAN;
    };
    let weight = |owner: u32| u64::from(weights[owner as usize]);
    let mut drawn = window.iter().filter(|(_, owner)| weight(*owner) > 0);
    for (value, owner) in drawn.by_ref() {
        if left < weight(*owner) {
            let last = left + 1 == weight(*owner);
            let next = if last && place.index + 1 < total {
                drawn.next().map_or(f64::NAN, |(next, _)| *next)
            } else {
                *value
            };
            return place.between(*value, next);
        }
        left -= weight(*owner);
    }
    f64::NAN
}

/// Returns the first rank in a quantile's window and the one behind the last.
#[expect(clippy::cast_possible_truncation, reason = "a number of ranks")]
#[expect(clippy::cast_sign_loss, reason = "a root is not negative")]
fn window(sample: &Sorted, units: usize) -> (usize, usize) {
    let PlugIn::Quantile(q) = sample.what else { return (0, 0) };
    let n = sample.values.len();
    let centre = Place::of(n, q).index;
    let below = counted(&sample.units[..centre], units);
    let spread = below
        .iter()
        .zip(&sample.sizes)
        .map(|(below, size)| (f64::from(*below) - q * f64::from(*size)).powi(2))
        .sum::<f64>()
        .sqrt();
    let reach = (REACH * spread).ceil() as usize + 8;
    (centre.saturating_sub(reach), (centre + reach + 2).min(n))
}

/// Counts how often each unit occurs.
fn counted(owners: &[usize], units: usize) -> Vec<u32> {
    let mut counts = vec![0; units];
    owners.iter().for_each(|unit| counts[*unit] += 1);
    counts
}

/// Returns how wide the groups of a condition's sums are.
fn width(sample: &Sorted) -> f64 {
    let n = sample.sums.len() as f64;
    let mean = sample.sums.iter().sum::<f64>() / n;
    let square = sample.sums.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    square.sqrt() / 100.0
}
