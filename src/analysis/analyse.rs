//! The whole analysis: summaries, hypotheses, the correction of their family.

use indexmap::IndexMap;

use crate::record::SampleSource;
use crate::spec::Experiment;

use super::ensemble::ensembles;
use super::error::AnalysisError;
use super::family::Family;
use super::findings::{Findings, Verdict};
use super::frontier::frontiers;
use super::hedging::audits;
use super::hypothesis::Corrected;
use super::memory::{Memory, recall};
use super::pairwise::pairwise;
use super::samples::Samples;
use super::settle::to_settle;
use super::slices::slices;
use super::stopping::Course;
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
    let course = Course::of(&mut samples, history)?;
    samples.cut(course.over());
    memory.stand_on(experiment);
    let mut conditions = recall(&mut memory.conditions, || conditions(&mut samples))?;
    let pending = memory.pending(&experiment.hypotheses, &course, &mut samples)?;
    let own: Vec<f64> = pending.iter().map(|found| found.decision.p).collect();
    let family = Family::new(experiment, history, &own);
    let mut hypotheses = IndexMap::new();
    for (index, found) in pending.into_iter().enumerate() {
        let hypothesis = &experiment.hypotheses[index];
        let p_adjusted = match course.p_adjusted(index) {
            Some(p) => p,
            None => family.adjusted(index, found.decision.p)?,
        };
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
        let other = match found.runner_up_p() {
            Some(p) => Some(family.adjusted(index, p)?),
            None => None,
        };
        let corrected = Corrected { p: p_adjusted, runner_up: other };
        let mut findings =
            found.findings(hypothesis, &experiment.header, corrected, exploratory);
        findings.to_settle = settle;
        findings.decided_after = course.decided_after(index);
        findings.remarks.extend(course.sentence(index));
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
    let mut remarks = course.remarks(&mut conditions, experiment);
    let all: Vec<u32> = (0..samples.items).collect();
    let units = samples.units(&all).count();
    if units < 10 {
        let what = if samples.is_clustered() { "groups" } else { "items" };
        remarks.push(format!("Fewer than ten {what}: too few to generalise."));
    }
    let correction = experiment.header.correction;
    let slices = slices(&mut samples, &conditions)?;
    let pairs = recall(&mut memory.pairs, || pairwise(&mut samples, &course))?;
    let hedging = recall(&mut memory.hedging, || audits(&mut samples))?;
    let ensembles = recall(&mut memory.ensembles, || ensembles(&mut samples))?;
    let frontiers = frontiers(experiment, &conditions);
    Ok(Findings {
        conditions,
        hypotheses,
        correction,
        slices,
        pairs,
        remarks,
        hedging,
        ensembles,
        frontiers,
    })
}
