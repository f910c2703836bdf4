//! The whole analysis: summaries, hypotheses, the correction of their family.

use indexmap::IndexMap;

use crate::record::SampleSource;
use crate::spec::{Correction, Experiment};
use crate::stats::{self, adjust};

use super::decide::Decision;
use super::ensemble::ensembles;
use super::error::AnalysisError;
use super::findings::{FailureVerdicts, Findings, Verdict};
use super::hedging::audits;
use super::hypothesis::{Corrected, Pending};
use super::memory::{Memory, recall};
use super::pairwise::pairwise;
use super::samples::Samples;
use super::settle::to_settle;
use super::slices::slices;
use super::summary::conditions;

/// What the store knows of the family before this analysis.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// Why a hypothesis is exploratory, by its name; others are confirmatory.
    pub exploratory: IndexMap<String, String>,
    /// Confirmatory hypotheses of the stored family that the file no longer has. They keep
    /// their place in the family, with p = 1.
    pub removed: u32,
}

/// Analyses a run: every condition's metrics, and a verdict for every hypothesis.
///
/// # Errors
///
/// When the samples cannot be read. A claim without a test, or with too little data, is
/// not an error but inconclusive, with the reason.
pub fn analyse(
    experiment: &Experiment,
    source: &dyn SampleSource,
    history: &History,
) -> Result<Findings, AnalysisError> {
    analyse_again(experiment, source, history, &mut Memory::default())
}

/// Analyses a run as [`analyse`] does, and takes as found what an analysis of the same trials
/// left in `memory`. The findings are those of [`analyse`], whatever was there before; the
/// source must be of the same trials each time.
///
/// # Errors
///
/// When the samples cannot be read.
pub fn analyse_again(
    experiment: &Experiment,
    source: &dyn SampleSource,
    history: &History,
    memory: &mut Memory,
) -> Result<Findings, AnalysisError> {
    let mut samples = Samples::new(experiment, source)?;
    memory.stand_on(experiment);
    let conditions = recall(&mut memory.conditions, || conditions(&mut samples))?;
    let pending = memory.pending(&experiment.hypotheses, &mut samples)?;
    let family = Family::new(experiment, history, &pending);
    let mut hypotheses = IndexMap::new();
    for (index, found) in pending.into_iter().enumerate() {
        let hypothesis = &experiment.hypotheses[index];
        let p_adjusted = family.adjusted(index, found.decision.p)?;
        let level = family.level(index, hypothesis.alpha);
        let verdict = found.decision.verdict(p_adjusted, hypothesis.alpha);
        let settle = if verdict == Verdict::Inconclusive && found.parts.len() == 1 {
            found.parts.first().and_then(|part| to_settle(hypothesis, part, level))
        } else {
            None
        };
        let bounds = match found.pushed {
            Some(pushed) => {
                Some(family.with_failures(index, hypothesis.alpha, verdict, pushed)?)
            }
            None => None,
        };
        let exploratory = history.exploratory.get(&hypothesis.name).cloned();
        let repeats = experiment.header.repeats;
        let other = match found.runner_up_p() {
            Some(p) => Some(family.adjusted(index, p)?),
            None => None,
        };
        let corrected = Corrected { p: p_adjusted, runner_up: other };
        let mut findings = found.findings(hypothesis, repeats, corrected, exploratory);
        findings.to_settle = settle;
        findings.with_failures = bounds;
        if let Some(bounds) = bounds
            && (bounds.worst != verdict || bounds.best != verdict)
        {
            findings
                .remarks
                .push("How what failed is counted decides the verdict.".to_owned());
        }
        if findings.p_floor.is_some_and(|floor| floor > level) {
            findings.reason.get_or_insert(format!(
                "The smallest p that this test can give lies above the level {level:.2e} that the correction leaves to it: it cannot be conclusive."
            ));
        }
        hypotheses.insert(hypothesis.name.clone(), findings);
    }
    let mut remarks = Vec::new();
    let all: Vec<u32> = (0..samples.items).collect();
    let units = samples.units(&all).count();
    if units < 10 {
        let what = if samples.is_clustered() { "groups" } else { "items" };
        remarks.push(format!("Fewer than ten {what}: too few to generalise."));
    }
    let correction = experiment.header.correction;
    let slices = slices(&mut samples, &conditions)?;
    let pairs = recall(&mut memory.pairs, || pairwise(&mut samples))?;
    let hedging = recall(&mut memory.hedging, || audits(&mut samples))?;
    let ensembles = recall(&mut memory.ensembles, || ensembles(&mut samples))?;
    Ok(Findings {
        conditions,
        hypotheses,
        correction,
        slices,
        pairs,
        remarks,
        hedging,
        ensembles,
    })
}

/// The p-values that are corrected together.
struct Family {
    correction: stats::Correction,
    /// The hypothesis of each p, by its index in the file.
    members: Vec<usize>,
    p: Vec<f64>,
}

impl Family {
    fn new(experiment: &Experiment, history: &History, pending: &[Pending]) -> Self {
        let correction = match experiment.header.correction {
            Correction::Holm => stats::Correction::Holm,
            Correction::Bonferroni => stats::Correction::Bonferroni,
            Correction::None => stats::Correction::None,
        };
        let confirmatory = |index: &usize| {
            !history.exploratory.contains_key(&experiment.hypotheses[*index].name)
        };
        let members: Vec<usize> = (0..pending.len()).filter(confirmatory).collect();
        let own = members.iter().map(|index| pending[*index].decision.p);
        let gone = std::iter::repeat_n(1.0, history.removed as usize);
        let p = own.chain(gone).collect();
        Self { correction, members, p }
    }

    /// Returns the corrected p of a hypothesis if its own were `p`.
    fn adjusted(&self, index: usize, p: f64) -> Result<f64, AnalysisError> {
        let Some(place) = self.members.iter().position(|member| *member == index) else {
            return Ok(p);
        };
        let mut all = self.p.clone();
        all[place] = p;
        Ok(adjust(&all, self.correction)?[place])
    }

    /// Returns the level at which the hypothesis is tested after the correction.
    fn level(&self, index: usize, alpha: f64) -> f64 {
        let Some(place) = self.members.iter().position(|member| *member == index) else {
            return alpha;
        };
        let own = self.p[place];
        let smaller = self.p.iter().filter(|p| **p < own).count();
        let size = self.p.len();
        match self.correction {
            stats::Correction::Holm => alpha / (size - smaller) as f64,
            stats::Correction::Bonferroni => alpha / size as f64,
            stats::Correction::None
            | stats::Correction::Sidak
            | stats::Correction::HolmSidak
            | stats::Correction::Hochberg
            | stats::Correction::Hommel
            | stats::Correction::BenjaminiHochberg
            | stats::Correction::BenjaminiYekutieli => alpha,
        }
    }

    /// Returns the verdicts with failures pushed either way, the worse one first.
    fn with_failures(
        &self,
        index: usize,
        alpha: f64,
        verdict: Verdict,
        pushed: [Decision; 2],
    ) -> Result<FailureVerdicts, AnalysisError> {
        let (mut worst, mut best) = (verdict, verdict);
        for decision in pushed {
            let other = decision.verdict(self.adjusted(index, decision.p)?, alpha);
            if rank(other) < rank(worst) {
                worst = other;
            }
            if rank(other) > rank(best) {
                best = other;
            }
        }
        Ok(FailureVerdicts { worst, best })
    }
}

fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Refuted => 0,
        Verdict::Inconclusive => 1,
        Verdict::Supported => 2,
    }
}
