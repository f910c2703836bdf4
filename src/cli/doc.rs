//! `doc [NAME]` and `explain CODE`.
#![expect(clippy::format_push_string, reason = "a few short lines of a page")]

use std::path::Path;

use super::exit::{Exit, Trouble};
use super::{load, say};
use crate::catalogue;
use crate::diag::Explanation;
use crate::lang;

/// Prints a signature, the list of names, or the whole reference.
pub(super) fn doc(
    name: Option<&str>,
    all: bool,
    output: Option<&Path>,
) -> Result<Exit, Trouble> {
    match (name, output) {
        (Some(name), _) => say(&catalogue::doc(name).ok_or_else(|| unknown(name))?),
        (None, Some(folder)) => write(folder)?,
        (None, None) if all => {
            for page in reference() {
                say(&format!("{}\n", page.text));
            }
        }
        (None, None) => say(&catalogue::names()),
    }
    Ok(Exit::Complete)
}

/// One page of the reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReferencePage {
    /// Its file in `docs/reference`.
    pub(super) file: String,
    /// Its text.
    pub(super) text: String,
}

/// Returns the pages of the whole reference.
pub(super) fn reference() -> Vec<ReferencePage> {
    let mut pages: Vec<ReferencePage> = catalogue::reference()
        .into_iter()
        .map(|page| ReferencePage { file: page.file, text: page.text })
        .collect();
    pages.push(ReferencePage { file: "diagnostics.md".to_owned(), text: diagnostics() });
    pages
}

fn explanations() -> Vec<&'static Explanation> {
    let mut all = lang::explanations();
    all.extend(load::EXPLANATIONS);
    all
}

fn diagnostics() -> String {
    let mut page = "# Diagnostics\n\nEvery code that `check` may report, as `crucible-run explain CODE` tells it.\n"
        .to_owned();
    for explanation in explanations() {
        page += &format!("\n{}", explained(explanation));
    }
    page
}

/// Explains a code.
pub(super) fn explain(code: &str) -> Result<Exit, Trouble> {
    let known = explanations();
    let found =
        known.iter().find(|explanation| explanation.code == code).ok_or_else(|| {
            let best = known
                .iter()
                .map(|explanation| explanation.code)
                .max_by(|a, b| near(a, code).total_cmp(&near(b, code)));
            let hint = match best {
                Some(best) if near(best, code) > 0.8 => format!("did you mean `{best}`?"),
                Some(_) | None => {
                    "each diagnostic shows its own above the message".to_owned()
                }
            };
            Trouble::Wrong(format!("no diagnostic has the code `{code}`; {hint}"))
        })?;
    say(&explained(found));
    Ok(Exit::Complete)
}

fn explained(explanation: &Explanation) -> String {
    let example: String =
        explanation.example.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "## {}\n\n{}\n\n{}\n\n{example}",
        explanation.code, explanation.title, explanation.text
    )
}

fn unknown(name: &str) -> Trouble {
    let signatures = catalogue::signatures();
    let best = signatures
        .iter()
        .map(|signature| signature.name)
        .max_by(|a, b| near(a, name).total_cmp(&near(b, name)));
    let hint = match best {
        Some(best) if near(best, name) > 0.7 => format!("did you mean `{best}`?"),
        Some(_) | None => "`crucible-run doc` lists all names".to_owned(),
    };
    Trouble::Wrong(format!("nothing is called `{name}`; {hint}"))
}

fn near(a: &str, b: &str) -> f64 {
    strsim::jaro_winkler(a, b)
}

fn write(folder: &Path) -> Result<(), Trouble> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Trouble::Failed(format!("make {}: {error}", folder.display()))
    })?;
    for page in reference() {
        let path = folder.join(&page.file);
        std::fs::write(&path, page.text).map_err(|error| {
            Trouble::Failed(format!("write {}: {error}", path.display()))
        })?;
    }
    say(&format!("{} is written\n", folder.display()));
    Ok(())
}
