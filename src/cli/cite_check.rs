//! `cite-check PAPER.tex`: the numbers of a paper that no run backs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::args::Look;
use super::exit::{Exit, Trouble};
use super::results::Results;
use super::{runs, say};
use crate::report::{self, Number};
use crate::store::{self, Store};

/// Reads papers and says which of their numbers are in no run.
pub(super) fn cite_check(
    papers: &[PathBuf],
    run: &[PathBuf],
    out: &Path,
    format: Look,
) -> Result<Exit, Trouble> {
    let backing = if run.is_empty() { newest(out)? } else { named(run)? };
    let mut rows = Vec::new();
    let (mut numbers, mut lines) = (0, String::new());
    for paper in papers {
        let text = std::fs::read_to_string(paper).map_err(|error| {
            Trouble::Wrong(format!("read {}: {error}", paper.display()))
        })?;
        let check = report::check_paper(&text, &backing);
        numbers += check.numbers;
        for found in check.unbacked {
            let near =
                found.nearest.as_ref().map_or(String::new(), |near| format!("; {near}"));
            let (file, line, column) = (paper.display(), found.line, found.column);
            let told = format!("{file}:{line}:{column}: {}{near}\n", found.text);
            lines.push_str(&told);
            rows.push(json!({
                "file": paper.display().to_string(),
                "line": line,
                "column": column,
                "text": found.text,
                "nearest": found.nearest,
            }));
        }
    }
    let names: Vec<&str> = backing.iter().map(|(name, _)| name.as_str()).collect();
    match format {
        Look::Human => say(&format!(
            "{lines}{} of {numbers} numbers are in no run of {}\n",
            rows.len(),
            names.join(", ")
        )),
        Look::Json => {
            let document = json!({ "numbers": numbers, "runs": names, "unbacked": rows });
            say(&format!("{document:#}\n"));
        }
    }
    Ok(if rows.is_empty() { Exit::Complete } else { Exit::Wrong })
}

/// Returns the numbers of these runs.
fn named(run: &[PathBuf]) -> Result<Vec<(String, Vec<Number>)>, Trouble> {
    run.iter().map(|run| numbers(&runs::read(run)?)).collect()
}

/// Returns the numbers of the newest run of every experiment in a folder.
fn newest(out: &Path) -> Result<Vec<(String, Vec<Number>)>, Trouble> {
    let failed = |error: store::StoreError| Trouble::failed(&error);
    let mut seen = BTreeSet::new();
    let mut backing = Vec::new();
    for found in store::find_runs(out, None).map_err(failed)? {
        if seen.insert(found.info.name.clone()) {
            backing.push(numbers(&Store::read(&found.folder).map_err(failed)?)?);
        }
    }
    if backing.is_empty() {
        return Err(Trouble::Wrong(format!(
            "there are no runs in {}; name one with --run RUN",
            out.display()
        )));
    }
    Ok(backing)
}

fn numbers(store: &Store) -> Result<(String, Vec<Number>), Trouble> {
    let results = Results::stored(store)?;
    let numbers = report::numbers(&results.experiment, &results.facts, &results.findings);
    Ok((results.experiment.name, numbers))
}
