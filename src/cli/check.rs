//! `check FILE…`.

use serde_json::{Value as Json, json};

use super::args::Look;
use super::exit::{Exit, Trouble};
use super::load::{self, Examined};
use super::{say, tell};
use crate::diag;

/// Checks files and prints what is wrong with them.
pub(super) fn check(files: &[String], format: Look) -> Result<Exit, Trouble> {
    let examined = files
        .iter()
        .map(|file| load::examine(file, &[]))
        .collect::<Result<Vec<_>, _>>()?;
    match format {
        Look::Human => human(files, &examined),
        Look::Json => say_json(&examined),
    }
    let fine = examined.iter().all(|one| one.experiment.is_some());
    Ok(if fine { Exit::Complete } else { Exit::Wrong })
}

fn human(files: &[String], examined: &[Examined]) {
    for (file, one) in files.iter().zip(examined) {
        tell(&load::rendered(one));
        if let Some(experiment) = &one.experiment {
            say(&format!(
                "{file}: fine; {}, {}, {}\n",
                counted(experiment.conditions.len(), "condition", "conditions"),
                counted(experiment.metrics.len(), "metric", "metrics"),
                counted(experiment.hypotheses.len(), "hypothesis", "hypotheses")
            ));
        }
    }
}

/// Prints the diagnostics for tools.
pub(super) fn say_json(examined: &[Examined]) {
    say(&format!("{:#}\n", joined(examined)));
}

fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Joins the documents of all files into one.
fn joined(examined: &[Examined]) -> Json {
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    for one in examined {
        let document = diag::to_json(&one.diagnostics, &one.sources);
        for (name, into) in [("errors", &mut errors), ("warnings", &mut warnings)] {
            into.extend(
                document
                    .get(name)
                    .and_then(Json::as_array)
                    .into_iter()
                    .flatten()
                    .cloned(),
            );
        }
    }
    json!({ "errors": errors, "warnings": warnings })
}
