//! What a paper about the run should cite: the program, the dataset, the methods used.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::analysis::Findings;
use crate::report::facts::RunFacts;
use crate::report::words;
use crate::spec::{Correction, DatasetDef, Experiment};

use super::sources::{Source, WHEN};

/// One source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(in crate::report) struct Reference {
    /// Its key in BibTeX.
    pub(in crate::report) key: String,
    /// Its kind of entry.
    pub(in crate::report) kind: &'static str,
    /// Its fields.
    pub(in crate::report) fields: IndexMap<&'static str, String>,
    /// It as it is printed.
    pub(in crate::report) text: String,
}

/// Returns what was used, the program and the dataset first.
pub(super) fn of(
    experiment: &Experiment,
    facts: &RunFacts,
    findings: &Findings,
) -> Vec<Reference> {
    let mut list = vec![program(facts)];
    list.extend(experiment.dataset.as_ref().map(dataset));
    let used = used(experiment, findings);
    let sources =
        WHEN.iter().filter(|(word, _)| used.iter().any(|text| text.contains(word)));
    for source in sources.flat_map(|(_, sources)| sources.iter()) {
        let reference = published(source);
        if list.iter().all(|other| other.key != reference.key) {
            list.push(reference);
        }
    }
    list
}

/// Returns the names of all methods that were used.
fn used<'a>(experiment: &Experiment, findings: &'a Findings) -> Vec<&'a str> {
    let mut used: Vec<&str> = Vec::new();
    for found in findings.hypotheses.values() {
        used.extend([found.test.as_str(), found.ci_method.as_str()]);
        used.extend(found.runner_up.as_ref().map(|runner_up| runner_up.test.as_str()));
        let parts = found.joined.iter().flat_map(|joined| &joined.parts);
        used.extend(parts.map(|part| part.test.as_str()));
    }
    let metrics = findings.conditions.values().flat_map(|found| found.metrics.values());
    used.extend(metrics.filter(|m| m.ci.is_some()).map(|m| m.ci_method.as_str()));
    for family in &findings.pairs {
        used.extend(["letters of pairs", "ranks of pairs", "Holm"]);
        used.extend(family.pairs.iter().map(|pair| pair.test.as_str()));
    }
    if !findings.hypotheses.is_empty() {
        match findings.correction {
            Correction::Holm => used.push("Holm"),
            Correction::Bonferroni => used.push("Bonferroni"),
            Correction::None => {}
        }
    }
    if experiment.header.cluster.is_some() {
        used.push("clustered errors");
    }
    used
}

fn program(facts: &RunFacts) -> Reference {
    Reference {
        key: "crucible".to_owned(),
        kind: "misc",
        fields: [
            (
                "title",
                "Crucible: a language for experiments on language models".to_owned(),
            ),
            ("note", format!("Version {}", facts.version)),
        ]
        .into_iter()
        .collect(),
        text: format!(
            "Crucible: a language for experiments on language models. Version {}.",
            facts.version
        ),
    }
}

fn dataset(dataset: &DatasetDef) -> Reference {
    let title = dataset.title.as_ref().unwrap_or(&dataset.name);
    let source = format!("{}({})", dataset.call.name, words::arguments(&dataset.call));
    Reference {
        key: format!(
            "dataset-{}",
            dataset.name.replace(|c: char| !c.is_ascii_alphanumeric(), "-")
        ),
        kind: "misc",
        fields: [
            ("title", title.clone()),
            ("note", format!("Dataset, read as {source}")),
        ]
        .into_iter()
        .collect(),
        text: format!("{title}. Dataset, read as {source}."),
    }
}

fn published(source: &Source) -> Reference {
    let field = if source.kind == "book" { "publisher" } else { "journal" };
    let mut fields = vec![
        ("author", source.authors.to_owned()),
        ("title", source.title.to_owned()),
        (field, source.venue.to_owned()),
    ];
    let parts =
        [("volume", source.volume), ("number", source.number), ("pages", source.pages)];
    fields.extend(
        parts
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(field, value)| (field, value.to_owned())),
    );
    fields.push(("year", source.year.to_owned()));
    let mut place = source.venue.to_owned();
    if !source.volume.is_empty() {
        place = format!("{place} {}", source.volume);
    }
    if !source.number.is_empty() {
        place = format!("{place}({})", source.number);
    }
    if !source.pages.is_empty() {
        place = format!("{place}, {}", source.pages);
    }
    Reference {
        key: source.key.to_owned(),
        kind: source.kind,
        fields: fields.into_iter().collect(),
        text: format!(
            "{}. {}. {place}, {}.",
            source.authors.replace(" and ", ", ").trim_end_matches('.'),
            source.title,
            source.year
        ),
    }
}
