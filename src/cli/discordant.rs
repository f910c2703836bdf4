//! `show RUN --discordant HYPOTHESIS`: the items on which only one side was right.

use std::path::Path;

use serde_json::json;

use super::args::Look;
use super::exit::{Exit, Trouble};
use super::{results, runs, say};
use crate::analysis;
use crate::report;

/// Prints all of them.
pub(super) fn show(run: &Path, name: &str, format: Look) -> Result<Exit, Trouble> {
    let store = runs::read(run)?;
    let experiment = store.experiment().map_err(|error| Trouble::failed(&error))?;
    let named = experiment.hypotheses.iter().find(|one| one.name == name);
    let Some(hypothesis) = named else {
        let known: Vec<&str> =
            experiment.hypotheses.iter().map(|one| one.name.as_str()).collect();
        return Err(Trouble::Wrong(format!(
            "the run has no hypothesis `{name}`; it has {}",
            if known.is_empty() { "none".to_owned() } else { known.join(", ") }
        )));
    };
    let history = results::history(&store)?;
    let found = analysis::all_discordant(&experiment, &store, &history, hypothesis)
        .map_err(|error| Trouble::failed(&error))?;
    let Some(found) = found else {
        return Err(Trouble::Wrong(format!(
            "`{name}` does not compare two conditions, item by item, on one metric that is right or wrong"
        )));
    };
    match format {
        Look::Human => say(&report::discordant(&found)),
        Look::Json => say(&format!("{:#}\n", json!(found))),
    }
    Ok(Exit::Complete)
}
