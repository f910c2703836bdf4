//! What a file does beside its trials, as a run goes.

use serde::{Deserialize, Serialize};

use crate::spec::value::Function;

/// The hooks of an `experiment`. They are not part of its digest: what a hook decides of a
/// trial stands in the store and in the report.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Hooks {
    /// `|run|`, before the first trial of a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_experiment: Option<Function>,
    /// `|run|`, when a session ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_experiment: Option<Function>,
    /// `|trial|`, before a trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_trial: Option<Function>,
    /// `|trial, output|`, after a trial is scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_trial: Option<Function>,
    /// `|error, trial|`, when a trial failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_error: Option<Function>,
}

impl Hooks {
    /// The fields, in the order in which a run comes to them.
    pub const NAMES: [&'static str; 5] = [
        "before_experiment",
        "after_experiment",
        "before_trial",
        "after_trial",
        "on_error",
    ];

    /// Returns each hook that is given, with its name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Function)> {
        let functions = [
            &self.before_experiment,
            &self.after_experiment,
            &self.before_trial,
            &self.after_trial,
            &self.on_error,
        ];
        Self::NAMES.into_iter().zip(functions).filter_map(|(n, f)| Some((n, f.as_ref()?)))
    }

    /// Says whether no hook is given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}
