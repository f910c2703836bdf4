//! Contrasts between conditions that were asked different items.

use rayon::prelude::*;

use crate::base::Stream;
use crate::spec::{Header, Scale};
use crate::stats::{
    Interval, Resampling, StatsError, Tails, Thresholds, UnitMean, brunner_munzel,
    cohen_d, mean, quantile_sorted,
};

use super::decide::{Claimed, Decision};
use super::error::{AnalysisError, Unsupported};
use super::evaluate::{Evaluated, Question, Setting};
use super::findings::EffectSize;
use super::linear::{Linear, Term, What};
use super::looks::{Looks, Stages};
use super::method::Method;
use super::procedure::Statistic;
use super::samples::{Asked, Counts, Paired, Samples};
use super::satterthwaite::{Answer, Part, Summed, decide};
use super::stopping;
use super::unpaired_shares::{SHARES, Shares};

const WELCH: Method = Method {
    test: "Welch",
    short: &["welch", "t"],
    why: "Chosen because each condition was asked items of its own (design: unpaired): the errors of both sides add up.",
    interval: "Welch",
    resampled: false,
};

const WELCH_BINARY: Method = Method {
    test: "Welch with pseudo-items",
    short: &["welch", "t"],
    why: "Chosen because each condition was asked items of its own (design: unpaired); pseudo-items keep it honest where few answers are wrong, or right.",
    interval: "Welch with pseudo-items",
    resampled: false,
};

const WELCH_BOOTSTRAP: Method = Method {
    test: "Welch and studentised bootstrap",
    short: &["welch", "t", "studentised"],
    why: "Chosen because each condition was asked items of its own (design: unpaired) and the quantity may be skewed; the larger p of the two tests counts.",
    interval: "wider of Welch and studentised bootstrap",
    resampled: true,
};

/// Says whether a contrast compares conditions with one another.
pub(super) fn is_between(gap: &Linear) -> bool {
    let first = gap.terms.first().map(|term| &term.sample.condition);
    gap.terms.iter().any(|term| Some(&term.sample.condition) != first)
}

/// Chooses the test of a contrast between conditions that were asked different items.
pub(super) fn choose(
    question: &Question,
    header: &Header,
) -> Result<Method, Unsupported> {
    let gap = question.gap();
    stopping::fits_apart(gap, header)?;
    if header.cluster.is_some() {
        return Err(Unsupported::new(
            "there is no test yet for `design: unpaired` with `cluster:`",
            "leave one of them out",
        ));
    }
    if gap.terms.iter().any(|term| term.what != What::Mean) {
        return Err(Unsupported::new(
            "there is no test yet for quantiles of different items",
            "compare the means, or write `design: paired`",
        ));
    }
    let all = |scale| gap.terms.iter().all(|term| term.sample.scale == scale);
    let pair = gap.terms.len() == 2 && gap.common_factor().is_some();
    if all(Scale::Binary) && pair && header.repeats == 1 {
        return Ok(SHARES);
    }
    Ok(if all(Scale::Binary) {
        WELCH_BINARY
    } else if all(Scale::Ordinal) {
        WELCH
    } else {
        WELCH_BOOTSTRAP
    })
}

/// Evaluates a question over conditions that have items of their own.
pub(super) fn evaluate(
    question: &Question,
    method: Method,
    samples: &mut Samples<'_>,
    asked: Asked,
    setting: &Setting,
) -> Result<Evaluated, AnalysisError> {
    let read = |samples: &mut Samples<'_>| arms(question.gap(), samples, asked.counts);
    let stages = stopping::stages(samples, asked, read)?;
    let arms = stages.data.last().map_or(&[][..], Vec::as_slice);
    let mut found = Evaluated::blank(question, &Paired::none(), setting);
    found.method = Some(method);
    found.items = arms.iter().map(|arm| arm.data.items()).sum();
    found.units = found.items;
    if let Some(arm) = arms.iter().find(|arm| arm.data.items() < 2) {
        let reason = match arm.data.items() {
            0 => format!("No item of {} has a value.", arm.condition),
            _ => format!("One item of {} says nothing of others.", arm.condition),
        };
        found.reason = Some(stopping::unseen(samples).unwrap_or(reason));
        return Ok(found);
    }
    if method == SHARES {
        return Ok(shares(found, question, &stages, (asked, setting)));
    }
    let repeats = f64::from(samples.experiment.header.repeats);
    let ready = |gap: &Linear| {
        stages.each(|arms| Between::new(gap, arms, method, repeats, &setting.plan))
    };
    match decide(&mut found, question, (asked, setting), ready) {
        Ok(_) if asked.brief => {}
        Ok(Looks { last: between, .. }) => {
            describe(&mut found, &between, arms);
            found.runner_up = brunner(question, arms, setting);
            if question.gap().common_factor().is_some() && method != WELCH_BINARY {
                found.effect = standardised(arms, found.level);
            }
        }
        Err(error) => {
            found.reason = Some(format!("The test could not be computed: {error}."));
        }
    }
    Ok(found)
}

/// Evaluates a question over two shares.
fn shares(
    mut found: Evaluated,
    question: &Question,
    stages: &Stages<Vec<Arm>>,
    (asked, setting): (Asked, &Setting),
) -> Evaluated {
    let arms = stages.data.last().map_or(&[][..], Vec::as_slice);
    let factor = question.gap().common_factor().unwrap_or(1.0);
    let shares = |arms: &Vec<Arm>| {
        let scores = |at: usize| {
            let arm = arms.get(at).ok_or(StatsError::Empty)?;
            Ok::<&[f64], StatsError>(arm.data.means.first().map_or(&[], Vec::as_slice))
        };
        Shares::new(scores(0)?, scores(1)?, factor)
    };
    let ready = |_: &Linear| stages.each(shares);
    match decide(&mut found, question, (asked, setting), ready) {
        Ok(_) if asked.brief => {}
        Ok(Looks { last: answer, sequence, .. }) => {
            dealt(&mut found, arms);
            let level = sequence.confidence(found.level).unwrap_or(found.level);
            found.effect = Some(answer.effect(level));
            if answer.exact && question.gap().margin() == 0.0 {
                found.remarks.push(
                    "Fewer than five answers of a kind are expected on a side: the p is that of Boschloo's exact test."
                        .to_owned(),
                );
            }
            if let Question::Compare { direction, gap } = question {
                let margin = gap.margin();
                let claim = Claimed {
                    direction: *direction,
                    margin,
                    alternative: setting.alternative,
                };
                found.runner_up = answer.newcombe(margin).map(|tails| {
                    let estimate = answer.estimate();
                    let other =
                        Decision::compare(claim, estimate, tails, tails.two_sided());
                    ("Newcombe", other)
                });
            }
        }
        Err(error) => {
            found.reason = Some(format!("The test could not be computed: {error}."));
        }
    }
    found
}

/// Returns the difference of two conditions in pooled standard deviations of their items.
fn standardised(arms: &[Arm], level: f64) -> Option<EffectSize> {
    let [left, right] = arms else { return None };
    let (xs, ys) = (left.data.means.first()?, right.data.means.first()?);
    let found = cohen_d(xs, ys, level).ok()?;
    let shrunk = 1.0 - 3.0 / (4.0 * (xs.len() + ys.len()) as f64 - 9.0);
    let reading = Thresholds::StandardisedDifference.read(found.hedges_g).ok();
    Some(EffectSize {
        name: "Hedges' g".to_owned(),
        value: Some(found.hedges_g),
        ci: found.interval.times(shrunk).ends(),
        reading: reading
            .map(|found| format!("{} ({})", found.magnitude.word(), found.source)),
    })
}

/// Returns what the test of Brunner and Munzel says of a plain difference of two conditions.
fn brunner(
    question: &Question,
    arms: &[Arm],
    setting: &Setting,
) -> Option<(&'static str, Decision)> {
    let (Question::Compare { direction, gap }, [left, right]) = (question, arms) else {
        return None;
    };
    if gap.margin() != 0.0 || gap.common_factor().is_none() {
        return None;
    }
    let (xs, ys) = (left.data.means.first()?, right.data.means.first()?);
    let found = brunner_munzel(xs, ys).ok()?;
    let claim =
        Claimed { direction: *direction, margin: 0.5, alternative: setting.alternative };
    // Its effect is the share of pairs in which the first is the larger.
    let estimate = 1.0 - found.relative_effect;
    let other = Decision::compare(claim, estimate, found.tails, found.tails.two_sided());
    Some(("Brunner-Munzel", other))
}

fn describe(found: &mut Evaluated, between: &Between, arms: &[Arm]) {
    found.se = Some(between.fit.se);
    dealt(found, arms);
    if between.many {
        found.remarks.push(format!(
            "From {} items of a condition on the t test decides alone; a bootstrap would agree with it.",
            crate::base::grouped(Resampling::MANY as u64)
        ));
    }
}

/// Says how many items each side had, and what that assumes.
fn dealt(found: &mut Evaluated, arms: &[Arm]) {
    found.size = arms
        .first()
        .and_then(|arm| arm.data.means.first())
        .and_then(|means| mean(means).ok());
    let fewest = arms.iter().map(|arm| arm.data.items()).min().unwrap_or(0);
    let sizes: Vec<String> = arms
        .iter()
        .map(|arm| format!("{} of {}", arm.data.items(), arm.condition))
        .collect();
    found.assumptions = vec![
        format!("The items on each side: {}.", sizes.join(", ")),
        "It assumes that items were dealt to the conditions at random, which the keyed order does, and enough items for the means to be near normal."
            .to_owned(),
    ];
    if fewest < 10 {
        found.remarks.push("These are too few items to generalise.".to_owned());
    }
}

/// The items of one condition, and which terms of the contrast are its own.
struct Arm {
    condition: String,
    terms: Vec<usize>,
    data: Paired,
}

fn arms(
    gap: &Linear,
    samples: &mut Samples<'_>,
    counts: Counts,
) -> Result<Vec<Arm>, AnalysisError> {
    let mut arms: Vec<(String, Vec<usize>)> = Vec::new();
    for (index, term) in gap.terms.iter().enumerate() {
        let condition = &term.sample.condition;
        match arms.iter_mut().find(|(name, _)| name == condition) {
            Some((_, terms)) => terms.push(index),
            None => arms.push((condition.clone(), vec![index])),
        }
    }
    let mut read = Vec::new();
    for (condition, terms) in arms {
        let own: Vec<Term> = terms.iter().map(|term| gap.terms[*term].clone()).collect();
        let own = Linear { terms: own, ..Linear::default() };
        let data = samples.paired(&own, counts)?;
        read.push(Arm { condition, terms, data });
    }
    Ok(read)
}

/// Returns the mean of each condition's part of a contrast with its spread; `None` where a
/// condition has none.
pub(super) fn spreads(
    gap: &Linear,
    samples: &mut Samples<'_>,
) -> Result<Option<Vec<UnitMean>>, AnalysisError> {
    let fit = |arm: &Arm| {
        let terms = arm.terms.iter().map(|term| gap.terms[*term].clone()).collect();
        let own = Linear { terms, ..Linear::default() };
        UnitMean::new(&arm.data.contrast(&own), &arm.data.units).ok()
    };
    Ok(arms(gap, samples, Counts::AsDeclared)?.iter().map(fit).collect())
}

/// Several means of different items, added up.
struct Between {
    /// The estimate as it is shown.
    estimate: f64,
    fit: Summed,
    /// The resampled t statistics, ascending; empty without a bootstrap.
    t: Vec<f64>,
    /// Whether there are too many items to resample.
    many: bool,
}

impl Between {
    fn new(
        gap: &Linear,
        arms: &[Arm],
        method: Method,
        repeats: f64,
        plan: &Resampling,
    ) -> Result<Self, StatsError> {
        let (mut parts, mut centre, mut estimate) = (Vec::new(), 0.0, 0.0);
        let mut contrasts = Vec::new();
        for arm in arms {
            let terms: Vec<Term> =
                arm.terms.iter().map(|term| gap.terms[*term].clone()).collect();
            let up: f64 = terms.iter().map(|term| term.factor.max(0.0)).sum();
            let down: f64 = terms.iter().map(|term| (-term.factor).max(0.0)).sum();
            let own = Linear { terms, ..Linear::default() };
            let contrast = arm.data.contrast(&own);
            estimate += mean(&contrast)?;
            let fit = if method == WELCH_BINARY {
                // Around the middle of the range, so that one answer more is right and one
                // is wrong.
                let middle = (up - down) / 2.0;
                let around: Vec<f64> = contrast.iter().map(|x| x - middle).collect();
                let size = (up + down) / 2.0 / repeats.max(1.0).sqrt();
                let fit = UnitMean::with_pseudo_items(&around, &arm.data.units, size)?;
                UnitMean { mean: fit.mean + middle, ..fit }
            } else {
                UnitMean::new(&contrast, &arm.data.units)?
            };
            centre += fit.mean;
            parts.push(Part { variance: fit.se * fit.se, df: fit.df });
            contrasts.push(contrast);
        }
        let units = contrasts.iter().map(Vec::len).sum();
        let fit = Summed::new(centre, &parts, units);
        let many = contrasts.iter().any(|own| own.len() >= Resampling::MANY);
        let resampled = method.resampled && fit.se > 0.0;
        let t =
            if resampled && !many { studentised(&contrasts, plan)? } else { Vec::new() };
        Ok(Self { estimate, fit, t, many: resampled && many })
    }
}

impl Answer for Between {
    fn estimate(&self) -> f64 {
        self.estimate
    }

    fn tails(&self, margin: f64) -> Result<Tails, StatsError> {
        let tails = self.fit.tails(margin)?;
        let Some(t) = self.fit.t(margin).filter(|_| !self.t.is_empty()) else {
            return Ok(tails);
        };
        let below = self.t.partition_point(|x| *x < t);
        let not_above = self.t.partition_point(|x| *x <= t);
        let share = |count: usize| (count as f64 + 1.0) / (self.t.len() as f64 + 1.0);
        let resampled =
            Tails { greater: share(self.t.len() - below), less: share(not_above) };
        Ok(tails.both(resampled))
    }

    fn interval(&self, confidence: f64) -> Result<Interval, StatsError> {
        let plain = self.fit.interval(confidence)?;
        if self.t.is_empty() {
            return Ok(plain);
        }
        let tail = (1.0 - confidence) / 2.0;
        let end = |q| {
            Ok::<f64, StatsError>(
                self.fit.estimate - quantile_sorted(&self.t, q)? * self.fit.se,
            )
        };
        Ok(plain.hull(Interval { low: end(1.0 - tail)?, high: end(tail)? }))
    }

    fn statistic(&self, margin: f64) -> Statistic {
        self.fit.statistic(margin)
    }
}

/// Resamples each condition's items by themselves; returns the t statistics, ascending.
///
/// # Formula
///
/// ```text
/// t* = Σ (m*_c − m_c) / √Σ s*_c² / n_c
/// ```
///
/// # Source
///
/// P. Hall, The Bootstrap and Edgeworth Expansion, 1992, chapter 3.
fn studentised(
    contrasts: &[Vec<f64>],
    plan: &Resampling,
) -> Result<Vec<f64>, StatsError> {
    let mut centred = Vec::new();
    for contrast in contrasts {
        let centre = mean(contrast)?;
        centred.push(contrast.iter().map(|x| x - centre).collect::<Vec<f64>>());
    }
    let mut t: Vec<f64> = (0..plan.resamples)
        .into_par_iter()
        .with_min_len(64)
        .map(|number| {
            let number = (number as u64).to_le_bytes();
            let parts = [plan.name.as_bytes(), number.as_slice()];
            let mut stream = Stream::keyed(plan.seed, "unpaired bootstrap", &parts);
            let (mut gap, mut variance) = (0.0, 0.0);
            for own in &centred {
                let n = own.len();
                let (mut sum, mut square) = (0.0, 0.0);
                for _ in 0..n {
                    #[expect(clippy::cast_possible_truncation, reason = "below a length")]
                    let x = own[stream.below(n as u64) as usize];
                    sum += x;
                    square += x * x;
                }
                let n = n as f64;
                gap += sum / n;
                variance += (square - sum * sum / n).max(0.0) / (n - 1.0) / n;
            }
            let none = gap.abs() <= 1e-12 * variance.sqrt();
            if variance > 0.0 {
                gap / variance.sqrt()
            } else if gap == 0.0 || none {
                0.0
            } else {
                f64::INFINITY.copysign(gap)
            }
        })
        .collect();
    t.sort_by(f64::total_cmp);
    Ok(t)
}
