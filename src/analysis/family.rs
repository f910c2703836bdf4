//! The p-values that are corrected together.

use crate::spec::{Correction, Experiment};
use crate::stats::{self, adjust};

use super::analyse::History;
use super::decide::Decision;
use super::error::AnalysisError;
use super::findings::{FailureVerdicts, Verdict};

/// The p-values that are corrected together.
pub(super) struct Family {
    correction: stats::Correction,
    /// The hypothesis of each p, by its index in the file.
    members: Vec<usize>,
    p: Vec<f64>,
}

impl Family {
    /// Gathers the family from the p of every hypothesis of the file, in its order.
    pub(super) fn new(experiment: &Experiment, history: &History, own: &[f64]) -> Self {
        let correction = match experiment.header.correction {
            Correction::Holm => stats::Correction::Holm,
            Correction::Bonferroni => stats::Correction::Bonferroni,
            Correction::None => stats::Correction::None,
        };
        let confirmatory = |index: &usize| {
            !history.exploratory.contains_key(&experiment.hypotheses[*index].name)
        };
        let members: Vec<usize> = (0..own.len()).filter(confirmatory).collect();
        let gone = std::iter::repeat_n(1.0, history.removed as usize);
        let p = members.iter().map(|index| own[*index]).chain(gone).collect();
        Self { correction, members, p }
    }

    /// Returns the corrected p of a hypothesis if its own were `p`.
    pub(super) fn adjusted(&self, index: usize, p: f64) -> Result<f64, AnalysisError> {
        let Some(place) = self.members.iter().position(|member| *member == index) else {
            return Ok(p);
        };
        let mut all = self.p.clone();
        all[place] = p;
        Ok(adjust(&all, self.correction)?[place])
    }

    /// Returns the level at which the hypothesis is tested after the correction.
    pub(super) fn level(&self, index: usize, alpha: f64) -> f64 {
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
    pub(super) fn with_failures(
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
