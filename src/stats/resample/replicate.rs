//! Resampled values of an estimand or a closure, and its values with a cell left out.

use rayon::prelude::*;

use super::bulk::Bulk;
use super::design::{Lot, lot_of};
use super::drawer::Drawer;
use super::estimand::{Estimand, Statistic};
use super::plan::Resampling;
use super::weighted::Weighted;
use crate::stats::StatsError;

/// What the streams of the bootstrap are called.
const PURPOSE: &str = "bootstrap";

/// The value of the sample, its resampled values, and its values without a cell.
pub(super) struct Replicates {
    pub(super) estimate: f64,
    pub(super) resampled: Vec<f64>,
    /// One list for each stratum that is drawn by itself.
    pub(super) without: Vec<Vec<f64>>,
}

impl Replicates {
    /// Takes an estimand by the quickest way that gives its distribution.
    pub(super) fn of_estimand(
        samples: &[&[f64]],
        lots: &[Lot],
        estimand: Estimand,
        plan: &Resampling,
    ) -> Result<Self, StatsError> {
        estimand.check()?;
        let statistic = estimand.statistic();
        let weighted: Vec<Weighted> = samples
            .iter()
            .enumerate()
            .map(|(at, xs)| Weighted::new(xs, &lots[lot_of(lots, at)], statistic))
            .collect();
        let whole: Vec<f64> = weighted
            .iter()
            .enumerate()
            .map(|(at, sample)| sample.value(&vec![1; lots[lot_of(lots, at)].cells]))
            .collect();
        let join = |parts: &[f64]| {
            estimand.join(parts[0], parts.get(1).copied().unwrap_or_default())
        };
        let estimate = defined(join(&whole))?;
        let mut resampled = match drawers(samples, lots, estimand) {
            Some(drawers) => drawn(&drawers, estimand, plan),
            None => weighed(&weighted, lots, join, plan),
        };
        settle(&mut resampled, estimate);
        let without_cells: Vec<Vec<f64>> =
            weighted.iter().map(Weighted::without).collect();
        let without = strata(lots, |lot, cell| {
            let mut parts = whole.clone();
            for (at, part) in parts.iter_mut().enumerate() {
                if lot_of(lots, at) == lot {
                    *part = without_cells[at][cell];
                }
            }
            join(&parts)
        });
        Ok(Self { estimate, resampled, without })
    }

    /// Takes a closure of the resampled samples.
    pub(super) fn of_closure(
        samples: &[&[f64]],
        lots: &[Lot],
        statistic: impl Fn(&[&[f64]]) -> f64 + Sync,
        plan: &Resampling,
    ) -> Result<Self, StatsError> {
        let observed = Self::observed(samples, lots, &statistic)?;
        let resampled = written_out(samples, lots, &statistic, (f64::NAN, plan));
        Ok(Self { resampled, ..observed })
    }

    /// Takes a closure of the samples as they are and without each cell, without resamples.
    pub(super) fn observed(
        samples: &[&[f64]],
        lots: &[Lot],
        statistic: impl Fn(&[&[f64]]) -> f64 + Sync,
    ) -> Result<Self, StatsError> {
        let estimate = defined(statistic(samples))?;
        let members: Vec<Vec<Vec<usize>>> = lots.iter().map(Lot::members).collect();
        let without = strata(lots, |lot, cell| {
            let rest = |at: usize, xs: &[f64]| -> Vec<f64> {
                let taken: &[usize] =
                    if lot_of(lots, at) == lot { &members[lot][cell] } else { &[] };
                let kept =
                    |(row, x): (usize, &f64)| (!taken.contains(&row)).then_some(*x);
                xs.iter().enumerate().filter_map(kept).collect()
            };
            let parts: Vec<Vec<f64>> =
                samples.iter().enumerate().map(|(at, xs)| rest(at, xs)).collect();
            let views: Vec<&[f64]> = parts.iter().map(Vec::as_slice).collect();
            if views.iter().any(|view| view.is_empty()) {
                return f64::NAN;
            }
            statistic(&views)
        });
        Ok(Self { estimate, resampled: Vec::new(), without })
    }
}

/// Refuses NaN.
pub(super) fn defined(estimate: f64) -> Result<f64, StatsError> {
    if estimate.is_nan() {
        return Err(StatsError::Undefined { what: "the statistic" });
    }
    Ok(estimate)
}

/// Computes a closure of every resample, written out as samples.
pub(super) fn written_out<R: Copy + Send + Sync>(
    samples: &[&[f64]],
    lots: &[Lot],
    statistic: impl Fn(&[&[f64]]) -> R + Sync,
    (empty, plan): (R, &Resampling),
) -> Vec<R> {
    let members: Vec<Option<Vec<Vec<usize>>>> =
        lots.iter().map(|lot| lot.cell_of.as_ref().map(|_| lot.members())).collect();
    let work = samples.iter().map(|xs| 2 * xs.len()).sum();
    let space = || vec![Vec::new(); samples.len()];
    plan.blocks(PURPOSE, (work, empty), space, |parts: &mut Vec<Vec<f64>>, bits| {
        parts.iter_mut().for_each(Vec::clear);
        for (number, (lot, members)) in lots.iter().zip(&members).enumerate() {
            lot.draw(bits, |cell| {
                let mine = |at: usize| lot_of(lots, at) == number;
                for (at, part) in parts.iter_mut().enumerate().filter(|(at, _)| mine(*at))
                {
                    match members {
                        Some(members) => {
                            part.extend(
                                members[cell].iter().map(|row| samples[at][*row]),
                            );
                        }
                        None => part.push(samples[at][cell]),
                    }
                }
            });
        }
        let views: Vec<&[f64]> = parts.iter().map(Vec::as_slice).collect();
        statistic(&views)
    })
}

/// Returns a drawer for each part of an estimand that can be drawn by itself.
fn drawers(samples: &[&[f64]], lots: &[Lot], estimand: Estimand) -> Option<Vec<Drawer>> {
    if !lots.iter().all(Lot::plain) {
        return None;
    }
    let statistic = estimand.statistic();
    if lots.len() == samples.len() {
        return Some(samples.iter().map(|xs| Drawer::new(xs, statistic)).collect());
    }
    match (estimand, samples) {
        // The difference of the means of pairs is the mean of their differences.
        (Estimand::Difference(Statistic::Mean), [xs, ys]) => {
            let gaps: Vec<f64> = xs.iter().zip(*ys).map(|(x, y)| x - y).collect();
            Some(vec![Drawer::new(&gaps, statistic)])
        }
        _ => None,
    }
}

fn drawn(drawers: &[Drawer], estimand: Estimand, plan: &Resampling) -> Vec<f64> {
    let work = drawers.iter().map(Drawer::work).sum();
    let draw = |one: &(dyn Fn(&mut Bulk) -> f64 + Sync)| {
        plan.blocks(PURPOSE, (work, f64::NAN), || (), |(), bits| one(bits))
    };
    match drawers {
        [first, second] => {
            draw(&|bits| estimand.join(first.draw(bits), second.draw(bits)))
        }
        [only, ..] => draw(&|bits| only.draw(bits)),
        [] => Vec::new(),
    }
}

/// Computes an estimand of every resample from the counts of its cells.
fn weighed(
    weighted: &[Weighted],
    lots: &[Lot],
    join: impl Fn(&[f64]) -> f64 + Sync + Send,
    plan: &Resampling,
) -> Vec<f64> {
    let work = weighted.len() * lots.iter().map(|lot| 2 * lot.cells).sum::<usize>();
    let space = || (vec![Vec::new(); lots.len()], Vec::new());
    plan.blocks(PURPOSE, (work, f64::NAN), space, |(weights, parts), bits| {
        for (lot, weights) in lots.iter().zip(weights.iter_mut()) {
            lot.weigh(bits, weights);
        }
        parts.clear();
        for (at, sample) in weighted.iter().enumerate() {
            parts.push(sample.value(&weights[lot_of(lots, at)]));
        }
        join(parts)
    })
}

/// Gives resampled values that differ from the estimate by rounding alone its very bits.
fn settle(resampled: &mut [f64], estimate: f64) {
    for x in resampled {
        if (*x - estimate).abs() <= 1e-14 * estimate.abs() {
            *x = estimate;
        }
    }
}

/// Calls a function of every lot and cell, one list for each stratum.
fn strata(lots: &[Lot], one: impl Fn(usize, usize) -> f64 + Sync) -> Vec<Vec<f64>> {
    let mut all = Vec::new();
    for (number, lot) in lots.iter().enumerate() {
        for stratum in &lot.strata {
            let cells = stratum.cells.par_iter().with_min_len(1_000);
            all.push(cells.map(|cell| one(number, *cell)).collect());
        }
    }
    all
}
