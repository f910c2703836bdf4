//! One hypothesis: its parts evaluated, joined, and written down as findings.

use indexmap::IndexMap;

use crate::base::grouped;
use crate::record::{Observation, Observed};
use crate::spec::{Alternative, Claim, Header, Hypothesis, Over, Sample, Scale};
use crate::stats::{Interval, Resampling};

use super::decide::{Decision, Sides, disagreement};
use super::error::AnalysisError;
use super::evaluate::{Evaluated, Question, Setting, evaluate};
use super::findings::{Discordant, HypothesisFindings, RunnerUp, Verdict};
use super::joined::joined;
use super::method::Way;
use super::samples::{Asked, Counts, Samples};
use super::supports::question;
use super::{fixed, stopping, unpaired};

/// A hypothesis with its parts evaluated, before the family is corrected.
#[derive(Clone)]
pub(super) struct Pending {
    /// The decision of the whole claim.
    pub(super) decision: Decision,
    /// The parts, in the order of the text; one for a single claim.
    pub(super) parts: Vec<Evaluated>,
    /// The decisions with failures pushed up and down, where any trial failed.
    pub(super) pushed: Option<[Decision; 2]>,
    failed: IndexMap<String, u32>,
    failed_scores: IndexMap<String, u32>,
    unscored: IndexMap<String, u32>,
    /// Why a sample of the claim has no value at all, if one has none.
    empty: Option<String>,
    /// The items on which only one side was right.
    pub(super) discordant: Option<Discordant>,
}

/// The p-values of a hypothesis after the correction of the family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Corrected {
    /// Its own; an exploratory one's is not corrected.
    pub(super) p: f64,
    /// The runner-up's, where there is one.
    pub(super) runner_up: Option<f64>,
}

impl Pending {
    /// Evaluates a hypothesis.
    pub(super) fn new(
        hypothesis: &Hypothesis,
        samples: &mut Samples<'_>,
    ) -> Result<Self, AnalysisError> {
        let (mut failed, mut unscored) = (IndexMap::new(), IndexMap::new());
        let mut failed_scores = IndexMap::new();
        let mut empty = None;
        let mut speaks_of = hypothesis.claim.samples();
        speaks_of.sort();
        speaks_of.dedup();
        for sample in speaks_of {
            let observed = samples.of(&sample.condition, &sample.metric)?;
            let count = |what: Observation| {
                let n = observed.iter().filter(|trial| trial.value == what).count();
                u32::try_from(n).unwrap_or(u32::MAX)
            };
            let counts = [
                (&mut failed, Observation::Failed),
                (&mut failed_scores, Observation::ScoreFailed),
                (&mut unscored, Observation::Unscored),
            ];
            for (map, what) in counts {
                let entry: &mut u32 = map.entry(sample.condition.clone()).or_insert(0);
                *entry = (*entry).max(count(what));
            }
            let known = |o: &Observed| matches!(o.value, Observation::Value(_));
            if empty.is_none() && !observed.iter().any(known) {
                let counts = [
                    Observation::Failed,
                    Observation::ScoreFailed,
                    Observation::Unscored,
                ];
                empty = Some(without_values(sample, counts.map(count)));
            }
        }
        let mut parts = Vec::new();
        let mut run = |counts, parts: &mut Vec<Evaluated>| {
            let asked = Asked { counts, brief: counts != Counts::AsDeclared };
            decide(&hypothesis.claim, hypothesis, samples, asked, parts)
        };
        let decision = run(Counts::AsDeclared, &mut parts)?;
        let lost = failed.values().chain(failed_scores.values());
        let pushed = if lost.into_iter().any(|n| *n > 0) {
            let mut unused = Vec::new();
            Some([run(Counts::Up, &mut unused)?, run(Counts::Down, &mut unused)?])
        } else {
            None
        };
        Ok(Self {
            decision,
            parts,
            pushed,
            failed,
            failed_scores,
            unscored,
            empty,
            discordant: None,
        })
    }

    /// Writes the findings, once the family is corrected.
    pub(super) fn findings(
        self,
        hypothesis: &Hypothesis,
        header: &Header,
        corrected: Corrected,
        exploratory: Option<String>,
    ) -> HypothesisFindings {
        let (repeats, stop) = (header.repeats, header.stop);
        let Corrected { p: p_adjusted, runner_up: runner_up_adjusted } = corrected;
        let single = (self.parts.len() == 1).then(|| self.parts.first()).flatten();
        let verdict = self.decision.verdict(p_adjusted, hypothesis.alpha);
        let runner_up =
            single.and_then(|part| part.runner_up).map(|(test, other)| RunnerUp {
                test: test.to_owned(),
                p: other.p,
                changes_verdict: other
                    .verdict(runner_up_adjusted.unwrap_or(other.p), hypothesis.alpha)
                    != verdict,
            });
        let (reason, assumptions) = (self.reason(), self.assumptions());
        let remarks = self.remarks(hypothesis, verdict, p_adjusted > self.decision.p);
        let mut tests: Vec<&str> =
            self.parts.iter().filter_map(|part| part.method).map(|m| m.test).collect();
        tests.dedup();
        let method = self.parts.first().and_then(|part| part.method);
        let joined = joined(hypothesis, &self.parts, stop);
        HypothesisFindings {
            title: hypothesis.title.clone(),
            claim: hypothesis.claim_text.clone(),
            verdict,
            test: stopping::named(&tests.join(", "), stop),
            test_reason: method.map_or("", |method| method.why).to_owned(),
            statistic_name: single
                .and_then(|part| part.statistic.as_ref())
                .map_or("", |s| s.name)
                .to_owned(),
            statistic: single
                .and_then(|part| part.statistic.as_ref())
                .and_then(|s| s.value)
                .filter(|value| value.is_finite()),
            df: single.and_then(|part| part.statistic.as_ref()).and_then(|s| s.df),
            p: self.decision.p,
            p_floor: single.and_then(|part| part.floor),
            p_adjusted: exploratory.is_none().then_some(p_adjusted),
            estimand: self
                .parts
                .iter()
                .map(|part| part.estimand.as_str())
                .collect::<Vec<_>>()
                .join("; "),
            estimate: single
                .and_then(|part| part.estimate)
                .filter(|estimate| estimate.is_finite()),
            is_level: single.is_some_and(|part| part.is_level),
            scale: self.parts.first().map_or(Scale::Continuous, |part| part.scale),
            margin: single.map_or(0.0, |part| part.margin),
            ci: single.and_then(|part| part.interval).and_then(Interval::ends),
            interval_level: self
                .parts
                .first()
                .map_or(1.0 - hypothesis.alpha, |part| part.level),
            ci_method: stopping::named(method.map_or("", |method| method.interval), stop),
            effect_size: single.and_then(|part| part.effect.clone()),
            ratio: single.and_then(|part| part.ratio),
            alpha: hypothesis.alpha,
            alternative: hypothesis.alternative,
            n_items: count(self.parts.iter().map(|part| part.items).min()),
            n_units: count(self.parts.iter().map(|part| part.units).min()),
            repeats,
            failed: self.failed,
            failed_scores: self.failed_scores,
            unscored: self.unscored,
            pairs: single.and_then(|part| part.pairs),
            joined,
            discordant: self.discordant,
            over: hypothesis.over,
            decided_after: None,
            assumptions,
            runner_up,
            with_failures: None,
            exploratory,
            reason,
            to_settle: None,
            remarks,
        }
    }
}

impl Pending {
    /// Returns the p of the runner-up, before the correction, where a single claim has one.
    pub(super) fn runner_up_p(&self) -> Option<f64> {
        match self.parts.as_slice() {
            [part] => part.runner_up.map(|(_, decision)| decision.p),
            _ => None,
        }
    }

    /// Returns why it is inconclusive, where that is known.
    fn reason(&self) -> Option<String> {
        let told = self.parts.iter().find_map(|part| part.reason.clone())?;
        let bare = self.parts.iter().any(|part| part.items == 0);
        Some(match &self.empty {
            Some(why) if bare => format!("{told} {why}"),
            Some(_) | None => told,
        })
    }

    fn assumptions(&self) -> Vec<String> {
        let mut all: Vec<String> =
            self.parts.iter().flat_map(|part| part.assumptions.clone()).collect();
        all.dedup();
        all
    }

    /// Returns remarks on the verdict; those of the parts of a joined claim stand with them.
    fn remarks(
        &self,
        hypothesis: &Hypothesis,
        verdict: Verdict,
        adjusted: bool,
    ) -> Vec<String> {
        let [part] = self.parts.as_slice() else {
            return self.parts.iter().flat_map(|part| part.remarks.clone()).collect();
        };
        let mut remarks = part.remarks.clone();
        if let (Claim::Compare { .. }, Some(interval)) =
            (&hypothesis.claim, part.interval)
        {
            let one_sided = hypothesis.alternative == Alternative::OneSided;
            remarks.extend(disagreement(
                verdict,
                interval,
                part.margin,
                Sides { adjusted, one_sided },
            ));
        }
        remarks
    }
}

/// Returns the decision of a hypothesis on the items that are looked at, and nothing else.
pub(super) fn decision(
    hypothesis: &Hypothesis,
    samples: &mut Samples<'_>,
) -> Result<Decision, AnalysisError> {
    let asked = Asked { counts: Counts::AsDeclared, brief: true };
    decide(&hypothesis.claim, hypothesis, samples, asked, &mut Vec::new())
}

/// Says why a sample has no value: how many trials failed, failed to be scored, have none.
fn without_values(sample: &Sample, counts: [u32; 3]) -> String {
    let Sample { condition, metric, .. } = sample;
    let [failed, failed_scores, unscored] = counts.map(|n| grouped(u64::from(n)));
    match counts {
        [0, 0, 0] => format!("No trial of {condition} is there."),
        [0, _, 0] => {
            format!(
                "The metric {metric} failed on all {failed_scores} trials of {condition}."
            )
        }
        [0, 0, _] => format!(
            "What {metric} is of {condition} is not known for any of its {unscored} trials."
        ),
        [_, 0, 0] => format!("All {failed} trials of {condition} failed."),
        _ => format!(
            "Of {metric} of {condition} there is no value: {failed} trials failed, the metric failed on {failed_scores}, and {unscored} have none."
        ),
    }
}

fn count(n: Option<usize>) -> u32 {
    n.map_or(0, |n| u32::try_from(n).unwrap_or(u32::MAX))
}

/// Answers a question on the way that design and population ask for.
pub(super) fn answered(
    question: &Question,
    over: Over,
    samples: &mut Samples<'_>,
    asked: Asked,
    setting: &Setting,
) -> Result<Evaluated, AnalysisError> {
    match Way::of(question, over, &samples.experiment.header) {
        Ok(Way::Table(_)) => evaluate(question, samples, asked, setting),
        Ok(Way::Fixed) => fixed::evaluate(question, samples, asked, setting),
        Ok(Way::Unpaired(method)) => {
            unpaired::evaluate(question, method, samples, asked, setting)
        }
        Err(unsupported) => Ok(Evaluated::refused(&unsupported, setting)),
    }
}

fn decide(
    claim: &Claim,
    hypothesis: &Hypothesis,
    samples: &mut Samples<'_>,
    asked: Asked,
    parts: &mut Vec<Evaluated>,
) -> Result<Decision, AnalysisError> {
    match claim {
        Claim::All(claims) | Claim::Any(claims) => {
            let mut decisions = Vec::new();
            for claim in claims {
                decisions.push(decide(claim, hypothesis, samples, asked, parts)?);
            }
            let all = matches!(claim, Claim::All(_));
            Ok(if all { Decision::all(&decisions) } else { Decision::any(&decisions) })
        }
        Claim::Compare { .. } | Claim::Equivalent { .. } => {
            let name = format!("{}/{}", hypothesis.name, parts.len());
            let setting = Setting {
                alpha: hypothesis.alpha,
                alternative: hypothesis.alternative,
                plan: Resampling::new(samples.experiment.header.seed, &name),
            };
            let found = match question(claim, f64::from(samples.items)) {
                Ok(question) => {
                    answered(&question, hypothesis.over, samples, asked, &setting)?
                }
                Err(unsupported) => Evaluated::refused(&unsupported, &setting),
            };
            let decision = found.decision;
            parts.push(found);
            Ok(decision)
        }
    }
}
