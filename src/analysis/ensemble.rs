//! What the members of a vote have in common: agreement, accuracy, correlated errors.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::record::{Observation, Observed, Vote, Voted};
use crate::score;
use crate::spec::{Call, Condition, Metric};
use crate::stats::{ProportionMethod, proportion_interval};
use crate::text::{AnswerKey, Words, answer};

use super::error::AnalysisError;
use super::samples::Samples;

/// Members that are compared in pairs; the pairs of more would be too many to read.
const MOST_PAIRED: usize = 32;

/// Level of the intervals.
const LEVEL: f64 = 0.95;

/// What was found of the votes of one condition.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct EnsembleFindings {
    /// Trials with votes.
    pub trials: u32,
    /// The metric that says what is right, where votes can be compared with the target.
    pub metric: Option<String>,
    /// The members, in the order of the vote.
    pub members: Vec<MemberFindings>,
    /// Trials by the share of the members called who gave the answer that won, ascending.
    pub levels: Vec<LevelFindings>,
    /// Each pair of members that both answered in some trial.
    pub pairs: Vec<MemberPair>,
    /// The mean disagreement of the pairs.
    pub mean_disagreement: Option<f64>,
    /// The mean φ of the pairs: how much their errors are correlated.
    pub mean_phi: Option<f64>,
    /// How many members with independent errors would be worth as much; `None` also where not
    /// every member was called in every trial.
    pub effective_members: Option<f64>,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

/// What was found of one member of a vote.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MemberFindings {
    /// Its name.
    pub name: String,
    /// Trials in which it was called.
    pub called: u32,
    /// Of those, in how many it answered.
    pub answered: u32,
    /// Of the trials in which it was called and whose item has a target, the share in which it
    /// was right.
    pub accuracy: Option<f64>,
}

/// What was found of the trials of one level of consensus.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LevelFindings {
    /// The share of the members called who gave the answer that won.
    pub consensus: f64,
    /// Trials.
    pub trials: u32,
    /// Of those that have a score, the share that is right.
    pub accuracy: Option<f64>,
    /// Its interval, 95%, where trials are independent: one repeat and no `cluster:`.
    pub ci: Option<[f64; 2]>,
}

/// What was found of two members of a vote.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MemberPair {
    /// Where the first stands among the members, from 0.
    pub first: u32,
    /// Where the second stands.
    pub second: u32,
    /// Trials in which both answered.
    pub trials: u32,
    /// The share of those in which their answers differ.
    pub disagreement: f64,
    /// The correlation of being right; `None` where one of them always or never is, or where
    /// that is not known.
    pub phi: Option<f64>,
}

/// Two members that are right or wrong together or apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Together {
    both: u64,
    only_first: u64,
    only_second: u64,
    neither: u64,
}

impl Together {
    /// Counts a trial in which the first and the second are right or not.
    fn add(&mut self, right: [bool; 2]) {
        let count = match right {
            [true, true] => &mut self.both,
            [true, false] => &mut self.only_first,
            [false, true] => &mut self.only_second,
            [false, false] => &mut self.neither,
        };
        *count += 1;
    }

    /// Returns φ, the correlation of two binary variables.
    ///
    /// # Formula
    ///
    /// ```text
    /// φ = (a·d − b·c) / √((a+b)(c+d)(a+c)(b+d))
    /// ```
    ///
    /// a counts both right, b and c only one of them, d neither.
    ///
    /// # Source
    ///
    /// G. U. Yule, "On the Methods of Measuring Association Between Two Attributes", Journal of
    /// the Royal Statistical Society 75(6), 1912, 579–652.
    fn phi(self) -> Option<f64> {
        let [a, b, c, d] = [self.both, self.only_first, self.only_second, self.neither]
            .map(|count| count as f64);
        let scale = ((a + b) * (c + d) * (a + c) * (b + d)).sqrt();
        (scale > 0.0).then(|| (a * d - b * c) / scale)
    }
}

/// Returns how many members with independent errors are worth as much as `n` whose errors
/// have this mean correlation; `None` where the correlation is so negative that the formula
/// has no value.
///
/// # Formula
///
/// ```text
/// n_eff = n / (1 + (n − 1)·ρ̄)
/// ```
///
/// # Source
///
/// L. Kish, Survey Sampling, Wiley 1965, section 5.4 (the design effect).
fn effective(n: usize, rho: f64) -> Option<f64> {
    let n = n as f64;
    let effect = 1.0 + (n - 1.0) * rho;
    (effect > 1e-9).then(|| n / effect)
}

/// Returns what was found of the conditions that vote, in file order.
pub(super) fn ensembles(
    samples: &mut Samples<'_>,
) -> Result<IndexMap<String, EnsembleFindings>, AnalysisError> {
    let experiment = samples.experiment;
    let mut found = IndexMap::new();
    for (index, condition) in experiment.conditions.iter().enumerate() {
        let standard =
            experiment.metrics.iter().find(|metric| score::compares(&metric.call));
        let scores = match standard {
            Some(metric) => samples.of(&condition.name, &metric.name)?,
            None => std::sync::Arc::default(),
        };
        let mut tally = Tally::new(condition, standard, &scores);
        samples.votes(u32::try_from(index).unwrap_or(u32::MAX), &mut |voted| {
            tally.add(&voted);
        })?;
        let header = &experiment.header;
        let independent = header.repeats == 1 && header.cluster.is_none();
        if let Some(ensemble) = tally.found(independent) {
            found.insert(condition.name.clone(), ensemble);
        }
    }
    Ok(found)
}

/// Why the votes of a condition cannot be compared with the target by a metric.
fn incomparable(strategy: &Call, metric: &Metric) -> Option<String> {
    let why = if strategy.name != "vote" || strategy.body.is_some() {
        "the votes are those of a strategy inside another"
    } else if strategy.text("by") == Some("ranked") {
        "the votes are rankings"
    } else if strategy.arg("answer").is_none() && metric.call.arg("extract").is_some() {
        "the vote has no `answer`, so that its votes are whole texts"
    } else {
        return None;
    };
    let name = &metric.name;
    Some(format!(
        "The members' accuracy by `{name}` is left out: {why}, which the metric compares otherwise."
    ))
}

#[derive(Debug, Default)]
struct Level {
    consensus: f64,
    trials: u32,
    scored: u32,
    right: u32,
}

#[derive(Debug, Default)]
struct Pair {
    trials: u32,
    differ: u32,
    together: Together,
}

#[derive(Debug, Default)]
struct Member {
    name: String,
    called: u32,
    answered: u32,
    judged: u32,
    right: u32,
}

/// Counts votes as they are read.
struct Tally<'a> {
    metric: Option<&'a Metric>,
    /// Whether votes are compared with the target.
    judges: bool,
    scores: &'a [Observed],
    /// The similarity from which two texts are one answer.
    alike: Option<f64>,
    trials: u32,
    members: Vec<Member>,
    levels: BTreeMap<u64, Level>,
    pairs: BTreeMap<(usize, usize), Pair>,
    notes: Vec<String>,
}

impl<'a> Tally<'a> {
    fn new(
        condition: &Condition,
        metric: Option<&'a Metric>,
        scores: &'a [Observed],
    ) -> Self {
        let strategy = &condition.strategy;
        let mut notes = Vec::new();
        match metric {
            Some(metric) => notes.extend(incomparable(strategy, metric)),
            None => notes.push(
                "The members' accuracy is left out: no `exact_match` of the file compares with the item's own target."
                    .to_owned(),
            ),
        }
        Self {
            metric,
            judges: notes.is_empty(),
            scores,
            alike: strategy.call("same").and_then(|same| same.number("level")),
            trials: 0,
            members: Vec::new(),
            levels: BTreeMap::new(),
            pairs: BTreeMap::new(),
            notes,
        }
    }

    fn add(&mut self, voted: &Voted) {
        if voted.votes.is_empty() {
            return;
        }
        self.trials += 1;
        self.level(voted);
        let right: Vec<Option<bool>> = voted
            .votes
            .iter()
            .map(|vote| self.judged(&vote.answer, &voted.target))
            .collect();
        for (index, (vote, right)) in voted.votes.iter().zip(&right).enumerate() {
            if self.members.len() <= index {
                let name = vote.member.clone();
                self.members.push(Member { name, ..Member::default() });
            }
            if let Some(member) = self.members.get_mut(index) {
                member.called += 1;
                member.answered += u32::from(!vote.answer.is_null());
                member.judged += u32::from(right.is_some());
                member.right += u32::from(*right == Some(true));
            }
        }
        self.pairs(&voted.votes, &right);
    }

    fn judged(&self, answer: &Json, target: &Json) -> Option<bool> {
        let metric = self.metric.filter(|_| self.judges && !target.is_null())?;
        Some(score::is_right(&metric.call, answer, target))
    }

    fn level(&mut self, voted: &Voted) {
        let won = voted.votes.iter().filter(|vote| vote.won).count();
        let consensus = won as f64 / voted.votes.len() as f64;
        // Shares of different numbers of members are one level where they are one number.
        let key = (won as u64 * 1_000_000) / voted.votes.len() as u64;
        let level = self.levels.entry(key).or_default();
        level.consensus = consensus;
        level.trials += 1;
        let place = (voted.item, voted.repeat);
        let found =
            self.scores.binary_search_by_key(&place, |one| (one.item, one.repeat));
        let score = found.ok().and_then(|at| self.scores.get(at));
        if let Some(Observation::Value(value)) = score.map(|score| score.value) {
            level.scored += 1;
            level.right += u32::from(value > 0.5);
        }
    }

    fn pairs(&mut self, votes: &[Vote], right: &[Option<bool>]) {
        let said: Vec<Option<Said>> = votes
            .iter()
            .take(MOST_PAIRED)
            .map(|vote| Said::of(&vote.answer, self.alike))
            .collect();
        for (first, one) in said.iter().enumerate() {
            let Some(one) = one else { continue };
            for (second, other) in said.iter().enumerate().skip(first + 1) {
                let Some(other) = other else { continue };
                let pair = self.pairs.entry((first, second)).or_default();
                pair.trials += 1;
                pair.differ += u32::from(!one.is_same(other, self.alike));
                let judged = |at: usize| right.get(at).copied().flatten();
                if let (Some(a), Some(b)) = (judged(first), judged(second)) {
                    pair.together.add([a, b]);
                }
            }
        }
    }

    /// Returns what was found, if anybody voted.
    fn found(mut self, independent: bool) -> Option<EnsembleFindings> {
        // In a race, or where the first is always sure enough, nobody votes with another.
        if self.pairs.is_empty() {
            return None;
        }
        if self.members.len() > MOST_PAIRED {
            self.notes.push(format!(
                "Only the first {MOST_PAIRED} of {} members are compared in pairs.",
                self.members.len()
            ));
        }
        let everywhere = self.members.iter().all(|member| member.called == self.trials);
        if !everywhere {
            self.notes.push(
                "Not every member was called in every trial: what is said of members and pairs is of the trials in which they were called, which were not chosen at random."
                    .to_owned(),
            );
        }
        let pairs: Vec<MemberPair> = self.pairs.iter().map(pair).collect();
        let disagreement = pairs.iter().map(|pair| pair.disagreement);
        let phis: Vec<f64> = pairs.iter().filter_map(|pair| pair.phi).collect();
        let mean_phi = mean(phis.iter().copied());
        let judges = self.judges;
        let members = self.members.iter().map(|member| MemberFindings {
            name: member.name.clone(),
            called: member.called,
            answered: member.answered,
            accuracy: (judges && member.judged > 0)
                .then(|| f64::from(member.right) / f64::from(member.judged)),
        });
        Some(EnsembleFindings {
            trials: self.trials,
            metric: self.metric.map(|metric| metric.name.clone()),
            members: members.collect(),
            levels: self.levels.values().map(|one| level(one, independent)).collect(),
            mean_disagreement: mean(disagreement),
            mean_phi,
            effective_members: mean_phi
                .filter(|_| everywhere)
                .and_then(|rho| effective(self.members.len(), rho)),
            pairs,
            notes: self.notes,
        })
    }
}

fn level(level: &Level, independent: bool) -> LevelFindings {
    let accuracy =
        (level.scored > 0).then(|| f64::from(level.right) / f64::from(level.scored));
    let (right, scored) = (u64::from(level.right), u64::from(level.scored));
    let interval = (independent && level.scored > 0)
        .then(|| proportion_interval(right, scored, LEVEL, ProportionMethod::Wilson).ok())
        .flatten();
    LevelFindings {
        consensus: level.consensus,
        trials: level.trials,
        accuracy,
        ci: interval.map(|interval| [interval.low, interval.high]),
    }
}

fn pair((place, pair): (&(usize, usize), &Pair)) -> MemberPair {
    let index = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    MemberPair {
        first: index(place.0),
        second: index(place.1),
        trials: pair.trials,
        disagreement: f64::from(pair.differ) / f64::from(pair.trials.max(1)),
        phi: pair.together.phi(),
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0_u32, 0.0), |(count, sum), x| (count + 1, sum + x));
    (count > 0).then(|| sum / f64::from(count))
}

/// What a vote is compared by.
struct Said {
    key: AnswerKey,
    words: Option<Words>,
}

impl Said {
    fn of(answer: &Json, alike: Option<f64>) -> Option<Self> {
        let key = answer::key(answer)?;
        let words = match (&key, alike) {
            (AnswerKey::Text(text), Some(_)) => Some(Words::of(text)),
            (_, _) => None,
        };
        Some(Self { key, words })
    }

    fn is_same(&self, other: &Self, alike: Option<f64>) -> bool {
        let similar = |((level, a), b): ((f64, &Words), &Words)| a.similarity(b) >= level;
        self.key == other.key
            || alike
                .zip(self.words.as_ref())
                .zip(other.words.as_ref())
                .is_some_and(similar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phi_is_the_correlation_of_two_binary_variables() {
        let table = |both, only_first, only_second, neither| Together {
            both,
            only_first,
            only_second,
            neither,
        };
        assert_eq!(table(5, 0, 0, 5).phi(), Some(1.0));
        assert_eq!(table(0, 5, 5, 0).phi(), Some(-1.0));
        assert_eq!(table(4, 2, 2, 1).phi(), Some(0.0));
        assert_eq!(table(4, 2, 0, 0).phi(), None, "the first is always right");
        // (5·3 − 1·1) / √(6·4·6·4).
        let phi = table(5, 1, 1, 3).phi().unwrap();
        assert!((phi - 7.0 / 12.0).abs() < 1e-12, "{phi}");
    }

    #[test]
    fn members_whose_errors_are_one_are_worth_one() {
        let same = |n, rho: f64, expected: f64| {
            assert!((effective(n, rho).unwrap() - expected).abs() < 1e-12);
        };
        same(5, 1.0, 1.0);
        same(5, 0.0, 5.0);
        // Five with ρ = 0.25 have a design effect of two.
        same(5, 0.25, 2.5);
        assert_eq!(effective(3, -0.5), None);
    }
}
