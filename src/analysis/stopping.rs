//! Stopping early: which claims can, when it is looked, what is decided at which look.
//!
//! A look is at the first items of the planned order, so that fast answers do not come
//! first. What is decided follows from these items alone: the run and the analysis after it
//! replay the same looks and come to the same.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use crate::base::grouped;
use crate::record::Over;
use crate::spec::{Claim, Experiment, FamilySample, Header, Scale, StopRule};
use crate::stats::Spending;

use super::analyse::History;
use super::choose::Row;
use super::decide::Decision;
use super::error::{AnalysisError, Unsupported};
use super::family::Family;
use super::findings::ConditionFindings;
use super::hypothesis::decision;
use super::linear::{Form, Linear, What};
use super::looks::{Sequence, Stages};
use super::samples::{Asked, Samples};

/// With fewer items than these nothing is decided, however clear: they are too few to
/// generalise from.
const FIRST_LOOK: u32 = 10;
/// `decided` looks again when the items have grown by one part in so many.
const GROWTH: u32 = 50;

/// Returns the row that a claim gets under the stop rule, which bounded means alone have.
pub(super) fn row(row: Row, gap: &Linear, header: &Header) -> Result<Row, Unsupported> {
    fits(gap, header)?;
    match header.stop {
        Some(StopRule::Decided) if header.cluster.is_some() => Err(Unsupported::new(
            "`stop: decided` takes items one by one, and the groups of `cluster:` are not complete one by one",
            "write `stop: sequential(looks: 5)`",
        )),
        Some(StopRule::Decided) => Ok(Row::Anytime),
        Some(StopRule::Sequential { .. }) | None => Ok(row),
    }
}

/// Says whether a claim that compares items of different conditions can end early.
pub(super) fn fits_apart(gap: &Linear, header: &Header) -> Result<(), Unsupported> {
    fits(gap, header)?;
    if header.stop == Some(StopRule::Decided) {
        return Err(Unsupported::new(
            "`stop: decided` compares each item with itself, and with `design: unpaired` it is asked under one condition only",
            "write `stop: sequential(looks: 5)`, or `design: paired`",
        ));
    }
    Ok(())
}

fn fits(gap: &Linear, header: &Header) -> Result<(), Unsupported> {
    match unbounded(gap).filter(|_| header.stop.is_some()) {
        Some(why) => Err(Unsupported::new(
            format!("`stop:` ends only what is claimed of means of fractions, and {why}"),
            "leave `stop:` out of the experiment, or this claim",
        )),
        None => Ok(()),
    }
}

/// Says what of a contrast has no bounds that are known beforehand.
fn unbounded(gap: &Linear) -> Option<String> {
    match gap.form {
        Form::Sum => {}
        Form::Levels { .. } => {
            return Some("an effect of three levels or more is none".to_owned());
        }
        Form::Correlation | Form::Mixed => {
            return Some("a correlation is none".to_owned());
        }
    }
    gap.terms.iter().find_map(|term| {
        let name = format!("{}.{}", term.sample.condition, term.sample.metric);
        match (term.what, term.sample.scale) {
            (What::Quantile(_), _) => Some(format!("a quantile of {name} is none")),
            (What::Sd, _) => Some(format!("the standard deviation of {name} is none")),
            (What::Mean, Scale::Binary | Scale::Fraction) => None,
            (What::Mean, Scale::Ordinal) => {
                Some(format!("{name} is ordinal, between bounds that nothing states"))
            }
            (What::Mean, scale) => Some(format!("{name} is {}", measured(scale))),
        }
    })
}

fn measured(scale: Scale) -> &'static str {
    match scale {
        Scale::Money => "an amount of money",
        Scale::Duration => "a duration",
        Scale::Count => "a count",
        Scale::Binary | Scale::Fraction | Scale::Ordinal | Scale::Continuous => {
            "a number without bounds"
        }
    }
}

/// Returns the name of a test or an interval under a stop rule.
pub(super) fn named(name: &str, stop: Option<StopRule>) -> String {
    match stop {
        Some(StopRule::Sequential { looks, even }) if !name.is_empty() => {
            let spending = if even { "Pocock" } else { "O'Brien-Fleming" };
            format!("{name} at {looks} looks ({spending})")
        }
        Some(_) | None => name.to_owned(),
    }
}

/// Returns after how many items it is looked, the last time after all.
pub(super) fn looks(rule: StopRule, items: u32) -> Vec<u32> {
    let mut looks: Vec<u32> = match rule {
        StopRule::Sequential { looks, .. } => {
            let (all, most) = (u64::from(items), u64::from(looks.max(1)));
            let at = |look: u64| (look * all).div_ceil(most);
            (1..=most).filter_map(|look| u32::try_from(at(look)).ok()).collect()
        }
        StopRule::Decided => {
            let next = |n: &u32| Some(n + (n / GROWTH).max(1));
            let mut looks: Vec<u32> = std::iter::successors(Some(FIRST_LOOK), next)
                .take_while(|n| *n < items)
                .collect();
            looks.push(items);
            looks
        }
    };
    looks.dedup();
    looks.retain(|look| *look > 0);
    looks
}

/// Reads data at each look up to the items that are looked at.
pub(super) fn stages<'a, T>(
    samples: &mut Samples<'a>,
    asked: Asked,
    read: impl Fn(&mut Samples<'a>) -> Result<T, AnalysisError>,
) -> Result<Stages<T>, AnalysisError> {
    let (Some(StopRule::Sequential { looks: most, even }), Some(window)) =
        (samples.experiment.header.stop, samples.window())
    else {
        return Ok(Stages::one(read(samples)?));
    };
    let rule = StopRule::Sequential { looks: most, even };
    let spending = if even { Spending::Pocock } else { Spending::ObrienFleming };
    let all = f64::from(samples.items.max(1));
    // A p above every level decides nothing, here or in the correction of the others.
    let levels = samples.experiment.hypotheses.iter().map(|hypothesis| hypothesis.alpha);
    let relevant = if asked.brief { levels.fold(0.0, f64::max) } else { 1.0 };
    let sequence = Sequence { fractions: Vec::new(), spending, relevant };
    let mut stages = Stages { data: Vec::new(), sequence };
    for look in looks(rule, samples.items).into_iter().take_while(|n| *n <= window) {
        samples.look(Some(look));
        stages.data.push(read(samples)?);
        stages.sequence.fractions.push(f64::from(look) / all);
    }
    samples.look(Some(window));
    if stages.data.is_empty() {
        stages.data.push(read(samples)?);
    }
    Ok(stages)
}

/// Says that no look was reached, where none was.
pub(super) fn unseen(samples: &Samples<'_>) -> Option<String> {
    let rule = samples.experiment.header.stop?;
    let first = *looks(rule, samples.items).first()?;
    (samples.window() == Some(0)).then(|| {
        format!(
            "No look was reached: the first is after {} items that are complete in every condition of the claim.",
            grouped(u64::from(first))
        )
    })
}

/// How many of the first items of a condition are complete.
#[derive(Debug, Clone)]
pub(super) struct Prefix {
    repeats: u32,
    /// The trials of each item, by its rank in the planned order.
    trials: Vec<u32>,
    /// Every item before this one is complete.
    pub(super) reach: u32,
}

impl Prefix {
    /// Returns the prefix of a condition before its first trial, by its index.
    pub(super) fn new(experiment: &Experiment, condition: u32, items: u32) -> Self {
        let Header { design, repeats, .. } = experiment.header;
        let conditions = experiment.conditions.len();
        let asks = |rank: u32| design.asks(u64::from(rank), condition, conditions);
        Self::over((0..items).map(asks), repeats.max(1))
    }

    /// Takes, by rank, whether the item is asked. One that is not has no trials to wait for.
    fn over(asked: impl Iterator<Item = bool>, repeats: u32) -> Self {
        let trials = asked.map(|asked| if asked { 0 } else { repeats }).collect();
        let mut prefix = Self { repeats, trials, reach: 0 };
        prefix.grow();
        prefix
    }

    /// Counts a trial of the item of a rank.
    pub(super) fn hear(&mut self, rank: u32) {
        if let Some(trials) = self.trials.get_mut(rank as usize) {
            *trials += 1;
        }
        self.grow();
    }

    fn grow(&mut self) {
        let complete = |trials: &u32| *trials >= self.repeats;
        while self.trials.get(self.reach as usize).is_some_and(complete) {
            self.reach += 1;
        }
    }
}

/// The conditions that a claim names, by their index.
pub(super) fn conditions_of(claim: &Claim, experiment: &Experiment) -> Vec<u32> {
    let mut found: Vec<u32> = claim
        .samples()
        .iter()
        .filter_map(|sample| experiment.condition(&sample.condition))
        .filter_map(|(index, _)| u32::try_from(index).ok())
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Returns for each hypothesis how many of the first items are complete in all conditions
/// that it names.
pub(super) fn reaches(
    experiment: &Experiment,
    prefixes: &BTreeMap<u32, Prefix>,
) -> Vec<u32> {
    let reach = |condition: &u32| prefixes.get(condition).map_or(0, |p| p.reach);
    experiment
        .hypotheses
        .iter()
        .map(|hypothesis| {
            let conditions = conditions_of(&hypothesis.claim, experiment);
            conditions.iter().map(reach).min().unwrap_or(0)
        })
        .collect()
}

/// What a hypothesis came to at the look that decided it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Settled {
    items: u32,
    p: f64,
    p_adjusted: f64,
}

/// The looks of a run, one after the other.
#[derive(Debug, Clone)]
pub(super) struct Replay {
    looks: Vec<u32>,
    next: usize,
    settled: Vec<Option<Settled>>,
}

impl Replay {
    /// Returns the state before the first look.
    pub(super) fn new(rule: StopRule, items: u32, hypotheses: usize) -> Self {
        Self { looks: looks(rule, items), next: 0, settled: vec![None; hypotheses] }
    }

    /// Says whether the next look has its items in every hypothesis that is open.
    pub(super) fn is_due(&self, reaches: &[u32]) -> bool {
        let Some(look) = self.looks.get(self.next) else { return false };
        let mut open =
            self.settled.iter().zip(reaches).filter(|(settled, _)| settled.is_none());
        let any = self.settled.iter().any(Option::is_none);
        any && open.all(|(_, reach)| reach >= look)
    }

    /// Takes every look that is due.
    pub(super) fn advance(
        &mut self,
        samples: &mut Samples<'_>,
        history: &History,
        reaches: &[u32],
    ) -> Result<(), AnalysisError> {
        while self.is_due(reaches) {
            let Some(look) = self.looks.get(self.next).copied() else { break };
            samples.look(Some(look));
            self.look(look, samples, history)?;
            self.next += 1;
        }
        samples.look(None);
        Ok(())
    }

    fn look(
        &mut self,
        items: u32,
        samples: &mut Samples<'_>,
        history: &History,
    ) -> Result<(), AnalysisError> {
        let experiment = samples.experiment;
        let mut found = Vec::with_capacity(self.settled.len());
        for (hypothesis, settled) in experiment.hypotheses.iter().zip(&self.settled) {
            found.push(match settled {
                Some(settled) => Decision { p: settled.p, ..Decision::NONE },
                None => decision(hypothesis, samples)?,
            });
        }
        let own: Vec<f64> = found.iter().map(|decision| decision.p).collect();
        let family = Family::new(experiment, history, &own);
        for (index, hypothesis) in experiment.hypotheses.iter().enumerate() {
            let p_adjusted = family.adjusted(index, own[index])?;
            let verdict = found[index].verdict(p_adjusted, hypothesis.alpha);
            if self.settled[index].is_none() && verdict.is_conclusive() {
                self.settled[index] = Some(Settled { items, p: own[index], p_adjusted });
            }
        }
        Ok(())
    }

    /// Returns the conditions whose every hypothesis is decided before the last item.
    pub(super) fn over(&self, experiment: &Experiment) -> Vec<Over> {
        let last = self.looks.last().copied().unwrap_or(0);
        let mut ends: BTreeMap<u32, Option<u32>> = BTreeMap::new();
        for (hypothesis, settled) in experiment.hypotheses.iter().zip(&self.settled) {
            let items = settled.map(|settled| settled.items);
            for condition in conditions_of(&hypothesis.claim, experiment) {
                let end = ends.entry(condition).or_insert(items);
                *end = end.zip(items).map(|(one, other)| one.max(other));
            }
        }
        let over = |(condition, items): (u32, Option<u32>)| {
            items.filter(|items| *items < last).map(|items| Over { condition, items })
        };
        ends.into_iter().filter_map(over).collect()
    }

    /// Returns of how many items a hypothesis is evaluated that so many are complete for.
    fn window(&self, index: usize, rule: StopRule, reach: u32) -> u32 {
        match (self.settled.get(index).copied().flatten(), rule) {
            (Some(settled), _) => settled.items,
            (None, rule) => self.seen(rule, reach),
        }
    }

    /// Returns how many items were looked at where so many are complete.
    fn seen(&self, rule: StopRule, reach: u32) -> u32 {
        match rule {
            StopRule::Decided => reach,
            StopRule::Sequential { .. } => {
                self.looks.iter().copied().take_while(|n| *n <= reach).last().unwrap_or(0)
            }
        }
    }
}

/// All looks of the data that there are; empty without a stop rule.
#[derive(Debug, Default)]
pub(super) struct Course {
    items: u32,
    replay: Option<Replay>,
    windows: Vec<u32>,
    over: Vec<Over>,
    prefixes: BTreeMap<u32, Prefix>,
}

impl Course {
    /// Replays the looks.
    pub(super) fn of(
        samples: &mut Samples<'_>,
        history: &History,
    ) -> Result<Self, AnalysisError> {
        let experiment = samples.experiment;
        let Some(rule) = experiment.header.stop else { return Ok(Self::default()) };
        let items = samples.items;
        let mut prefixes = BTreeMap::new();
        let claimed =
            experiment.hypotheses.iter().flat_map(|h| h.claim.samples()).cloned();
        let pairs = experiment.report.pairs.iter().flat_map(FamilySample::samples);
        for sample in claimed.chain(pairs) {
            let Some((index, _)) = experiment.condition(&sample.condition) else {
                continue;
            };
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            if prefixes.contains_key(&index) {
                continue;
            }
            let mut prefix = Prefix::new(experiment, index, items);
            for observed in samples.whole(&sample.condition, &sample.metric)?.iter() {
                prefix.hear(samples.rank(observed.item));
            }
            prefixes.insert(index, prefix);
        }
        let reaches = reaches(experiment, &prefixes);
        let mut replay = Replay::new(rule, items, reaches.len());
        replay.advance(samples, history, &reaches)?;
        let window = |(index, reach): (usize, &u32)| replay.window(index, rule, *reach);
        let windows = reaches.iter().enumerate().map(window).collect();
        let over = replay.over(experiment);
        Ok(Self { items, replay: Some(replay), windows, over, prefixes })
    }

    /// Returns the conditions that ended early.
    pub(super) fn over(&self) -> &[Over] {
        &self.over
    }

    /// Returns of how many items a hypothesis is evaluated, where not of all.
    pub(super) fn window(&self, index: usize) -> Option<u32> {
        self.windows.get(index).copied()
    }

    /// Returns of how many items conditions are compared that no hypothesis asks about, where
    /// not of all.
    pub(super) fn shared(
        &self,
        rule: Option<StopRule>,
        conditions: &[u32],
    ) -> Option<u32> {
        let replay = self.replay.as_ref()?;
        let end = |condition: &u32| {
            let reach = self.prefixes.get(condition).map_or(0, |prefix| prefix.reach);
            let over = self.over.iter().find(|over| over.condition == *condition);
            over.map_or(reach, |over| over.items.min(reach))
        };
        let reach = conditions.iter().map(end).min().unwrap_or(0);
        Some(replay.seen(rule?, reach))
    }

    fn settled(&self, index: usize) -> Option<Settled> {
        self.replay.as_ref()?.settled.get(index).copied().flatten()
    }

    /// Returns the corrected p of a hypothesis at the look that decided it.
    pub(super) fn p_adjusted(&self, index: usize) -> Option<f64> {
        Some(self.settled(index)?.p_adjusted)
    }

    /// Returns after how many items a hypothesis was decided.
    pub(super) fn decided_after(&self, index: usize) -> Option<u32> {
        Some(self.settled(index)?.items)
    }

    /// Says after how many items a hypothesis was decided.
    pub(super) fn sentence(&self, index: usize) -> Option<String> {
        let items = self.decided_after(index)?;
        Some(format!(
            "It was decided after {} of {} items; p, estimate and interval are of these.",
            grouped(u64::from(items)),
            grouped(u64::from(self.items))
        ))
    }

    /// Marks the conditions that ended early, and says so.
    pub(super) fn remarks(
        &self,
        conditions: &mut IndexMap<String, ConditionFindings>,
        experiment: &Experiment,
    ) -> Vec<String> {
        let mut remarks = Vec::new();
        for Over { condition, items } in &self.over {
            let Some(found) = experiment.conditions.get(*condition as usize) else {
                continue;
            };
            let name = &found.name;
            if let Some(summary) = conditions.get_mut(name) {
                summary.stopped_after = Some(*items);
            }
            let of = format!(
                "{} of {} items",
                grouped(u64::from(*items)),
                grouped(u64::from(self.items))
            );
            let whole =
                self.prefixes.get(condition).is_some_and(|p| p.reach == self.items);
            remarks.push(if whole {
                format!(
                    "Every hypothesis that names {name} was decided after {of}: the later ones are in no number."
                )
            } else {
                format!(
                    "{name} stopped early after {of}: every hypothesis that names it was decided. Trials that were under way are kept, and are in no number."
                )
            });
        }
        remarks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_even_or_ever_further_apart_and_end_with_the_last_item() {
        let five = StopRule::Sequential { looks: 5, even: false };
        assert_eq!(looks(five, 1_000), [200, 400, 600, 800, 1_000]);
        assert_eq!(looks(five, 7), [2, 3, 5, 6, 7]);
        assert_eq!(looks(five, 3), [1, 2, 3]);
        let all = looks(StopRule::Decided, 1_000);
        assert_eq!((all[0], all[1], all.last()), (10, 11, Some(&1_000)));
        assert!(all.windows(2).all(|two| two[0] < two[1]) && all.len() < 250);
        assert_eq!(looks(StopRule::Decided, 4), [4]);
        assert!(looks(five, 0).is_empty() && looks(StopRule::Decided, 0).is_empty());
    }

    #[test]
    fn a_prefix_grows_over_items_that_are_complete_in_order() {
        let mut prefix = Prefix::over([true; 3].into_iter(), 2);
        for rank in [1, 1, 0] {
            prefix.hear(rank);
        }
        assert_eq!(prefix.reach, 0);
        prefix.hear(0);
        assert_eq!(prefix.reach, 2);
        prefix.hear(9);
        prefix.hear(2);
        prefix.hear(2);
        assert_eq!(prefix.reach, 3);
    }

    #[test]
    fn a_prefix_does_not_wait_for_items_of_other_conditions() {
        let mut prefix = Prefix::over([false, true, false, true].into_iter(), 1);
        assert_eq!(prefix.reach, 1);
        prefix.hear(1);
        assert_eq!(prefix.reach, 3);
        prefix.hear(3);
        assert_eq!(prefix.reach, 4);
    }
}
