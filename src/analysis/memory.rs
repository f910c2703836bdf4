//! What an analysis found, for a later one of the same trials: all that no other hypothesis
//! decides.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value as Json;

use crate::base::Digest;
use crate::spec::{Experiment, Hypothesis};

use super::discordant::discordant;
use super::ensemble::EnsembleFindings;
use super::error::AnalysisError;
use super::findings::{ConditionFindings, FamilyPairs, HedgeAudit};
use super::hypothesis::Pending;
use super::samples::Samples;
use super::stopping::Course;

/// What analyses of the same trials have found. It holds no more than the last one found.
#[derive(Default)]
pub struct Memory {
    /// What it all stands on: conditions, metrics, header and pairs, wherever they stand in
    /// the file.
    ground: Option<Digest>,
    pub(super) conditions: Option<IndexMap<String, ConditionFindings>>,
    pub(super) pairs: Option<Vec<FamilyPairs>>,
    pub(super) hedging: Option<IndexMap<String, HedgeAudit>>,
    pub(super) ensembles: Option<IndexMap<String, EnsembleFindings>>,
    hypotheses: BTreeMap<Digest, Pending>,
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").field("ground", &self.ground).finish_non_exhaustive()
    }
}

impl Memory {
    /// Forgets what does not stand for an experiment.
    pub(super) fn stand_on(&mut self, experiment: &Experiment) {
        let parts = (
            &experiment.header,
            &experiment.conditions,
            &experiment.metrics,
            &experiment.report.pairs,
        );
        let ground = placeless(&parts);
        // Where sampling may stop early, what one hypothesis looks at depends on the others.
        let stops = experiment.header.stop.is_some();
        if stops || ground.is_none() || self.ground != ground {
            *self = Self { ground, ..Self::default() };
        }
    }

    /// Evaluates hypotheses, those that are not known.
    pub(super) fn pending(
        &mut self,
        hypotheses: &[Hypothesis],
        course: &Course,
        samples: &mut Samples<'_>,
    ) -> Result<Vec<Pending>, AnalysisError> {
        let mut known = std::mem::take(&mut self.hypotheses);
        let mut all = Vec::new();
        for (index, hypothesis) in hypotheses.iter().enumerate() {
            let key = placeless(hypothesis);
            let pending = match key.and_then(|key| known.remove(&key)) {
                Some(pending) => pending,
                None => {
                    samples.look(course.window(index));
                    let mut found = Pending::new(hypothesis, samples)?;
                    found.discordant = discordant(&hypothesis.claim, samples)?;
                    found
                }
            };
            if let Some(key) = key {
                self.hypotheses.insert(key, pending.clone());
            }
            all.push(pending);
        }
        samples.look(None);
        Ok(all)
    }
}

/// Returns what is known, or finds it.
pub(super) fn recall<T: Clone>(
    known: &mut Option<T>,
    find: impl FnOnce() -> Result<T, AnalysisError>,
) -> Result<T, AnalysisError> {
    match known {
        Some(known) => Ok(known.clone()),
        None => Ok(known.insert(find()?).clone()),
    }
}

/// Returns the digest of a part of an experiment, wherever it stands in its file.
fn placeless(part: &impl Serialize) -> Option<Digest> {
    let mut value = serde_json::to_value(part).ok()?;
    displace(&mut value);
    Some(Digest::of(value.to_string().as_bytes()))
}

fn displace(value: &mut Json) {
    match value {
        Json::Object(fields) => {
            fields.retain(|name, _| name != "span" && !name.ends_with("_span"));
            fields.values_mut().for_each(displace);
        }
        Json::Array(list) => list.iter_mut().for_each(displace),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}
