//! An answer beside its target: what scorers that compare the two have in common.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::record::{Item, Output};
use crate::score::options;
use crate::score::target::{Target, check_target};
use crate::script::{Extractor, ScriptFailure, ScriptProblem, ScriptRun, Workshop};
use crate::spec::{Call, Complaint};
use crate::text::Normalize;

/// Where the two come from, and which differences between them do not count.
#[derive(Debug)]
pub(super) struct Comparison {
    extractor: Option<Extractor>,
    target: Target,
    /// How both are normalised.
    pub(super) normalize: Normalize,
}

/// An answer and its target.
#[derive(Debug)]
pub(super) struct Sides {
    /// What was answered; `null` where nothing was.
    pub(super) answer: Json,
    /// What is right; never `null`.
    pub(super) target: Json,
}

impl Comparison {
    /// Reads `extract:`, `target:` and `normalize:`.
    pub(super) fn build(call: &Call, workshop: &Workshop) -> Result<Self, ScriptProblem> {
        Ok(Self {
            extractor: options::extractor(call, workshop)?,
            target: Target::build(call, workshop)?,
            normalize: options::normalize(call),
        })
    }

    /// Returns both sides of a trial; nothing for an item without a target.
    pub(super) fn sides(
        &self,
        output: &Arc<Output>,
        item: &Arc<Item>,
        run: &ScriptRun,
    ) -> Result<Option<Sides>, ScriptFailure> {
        let target = self.target.of(item, run)?;
        if target.is_null() {
            return Ok(None);
        }
        let answer = options::answer(self.extractor.as_ref(), output, run)?;
        Ok(Some(Sides { answer, target }))
    }
}

/// Finds what is wrong with `normalize:` and `target:`.
pub(super) fn check(call: &Call) -> Vec<Complaint> {
    options::check_normalize(call).into_iter().chain(check_target(call)).collect()
}
