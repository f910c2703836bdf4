//! The hooks of a file, compiled.

use crate::catalogue::error::AssembleError;
use crate::script::{Callable, Workshop};
use crate::spec::{Experiment, Function};

/// The hooks of a file, and the names that they are told.
#[derive(Debug, Clone, Default)]
pub struct HookFunctions {
    /// `|run|`, before the first trial of a session.
    pub before_experiment: Option<Callable>,
    /// `|run|`, when a session ends.
    pub after_experiment: Option<Callable>,
    /// `|trial|`, before a trial.
    pub before_trial: Option<Callable>,
    /// `|trial, output|`, after a trial is scored.
    pub after_trial: Option<Callable>,
    /// `|error, trial|`, when a trial failed.
    pub on_error: Option<Callable>,
    /// The name of the experiment.
    pub experiment: String,
    /// The names of the conditions, in file order.
    pub conditions: Vec<String>,
    /// The names of the metrics, in file order.
    pub metrics: Vec<String>,
}

impl HookFunctions {
    /// Compiles the hooks of an experiment.
    pub(super) fn compile(
        experiment: &Experiment,
        workshop: &Workshop,
    ) -> Result<Self, AssembleError> {
        let hooks = &experiment.header.hooks;
        if hooks.is_empty() {
            return Ok(Self::default());
        }
        let compiled = |function: &Option<Function>| {
            let compile = |function| {
                workshop
                    .callable(function)
                    .map_err(|problem| AssembleError::of_function(&problem, function))
            };
            function.as_ref().map(compile).transpose()
        };
        Ok(Self {
            before_experiment: compiled(&hooks.before_experiment)?,
            after_experiment: compiled(&hooks.after_experiment)?,
            before_trial: compiled(&hooks.before_trial)?,
            after_trial: compiled(&hooks.after_trial)?,
            on_error: compiled(&hooks.on_error)?,
            experiment: experiment.name.clone(),
            conditions: experiment.conditions.iter().map(|c| c.name.clone()).collect(),
            metrics: experiment.metrics.iter().map(|m| m.name.clone()).collect(),
        })
    }
}
