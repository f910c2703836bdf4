//! View structs: every number a string already rounded, every decision already taken.

mod ensemble;
mod frontier;
mod hedging;
mod hypothesis;
mod pairs;
mod parts;
mod results;
mod slices;

use serde::Serialize;

use crate::analysis::Findings;
use crate::report::facts::{EarlierFacts, RunFacts, SelectionFacts};
use crate::report::round;
use crate::report::words;
use crate::spec::{Correction, Experiment};

use ensemble::EnsembleView;
use frontier::FrontierView;
use hedging::HedgeView;
pub(super) use hypothesis::sentences;
use hypothesis::{Beside, HypothesisView};
use pairs::PairsView;
use parts::SpreadRow;
use results::ResultTable;
use slices::SlicesView;

pub(super) use parts::{DiscordantView, tables as discordant_tables};

/// The whole report.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) title: String,
    pub(super) name: String,
    pub(super) authors: String,
    pub(super) doc: String,
    pub(super) incomplete: Option<String>,
    /// What the verdicts are of, where that is not the whole experiment.
    pub(super) selection: Option<String>,
    pub(super) summary: Vec<String>,
    pub(super) results: ResultTable,
    pub(super) ensembles: Vec<EnsembleView>,
    pub(super) frontiers: Vec<FrontierView>,
    pub(super) confirmatory: Vec<HypothesisView>,
    pub(super) exploratory: Vec<HypothesisView>,
    pub(super) slices: Vec<SlicesView>,
    pub(super) pairs: Vec<PairsView>,
    pub(super) spread: Vec<SpreadRow>,
    pub(super) removed: Vec<String>,
    pub(super) earlier: Vec<EarlierRow>,
    pub(super) design: Vec<String>,
    pub(super) conditions: Vec<Definition>,
    pub(super) models: Vec<Definition>,
    pub(super) metrics: Vec<Definition>,
    pub(super) hedging: Vec<HedgeView>,
    pub(super) failures: Vec<FailureRow>,
    pub(super) score_failures: Vec<FailureRow>,
    pub(super) remarks: Vec<String>,
    pub(super) sources: Vec<SourceRow>,
    pub(super) version: String,
    pub(super) digest: String,
    pub(super) command: String,
}

/// A condition, model or metric in words.
#[derive(Debug, Serialize)]
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) words: String,
    pub(super) title: String,
    pub(super) doc: String,
    pub(super) note: String,
}

/// A row of a table of failures.
#[derive(Debug, Serialize)]
pub(super) struct FailureRow {
    pub(super) condition: String,
    pub(super) kind: String,
    pub(super) count: String,
    pub(super) example: String,
}

/// A run that was there before.
#[derive(Debug, Serialize)]
pub(super) struct EarlierRow {
    pub(super) name: String,
    pub(super) created: String,
    pub(super) trials: String,
    pub(super) status: String,
    pub(super) experiment: &'static str,
}

/// A source file.
#[derive(Debug, Serialize)]
pub(super) struct SourceRow {
    pub(super) path: String,
    pub(super) digest: String,
}

impl Report {
    /// Gathers the view of a run.
    pub(super) fn new(
        experiment: &Experiment,
        facts: &RunFacts,
        findings: &Findings,
    ) -> Self {
        let views: Vec<HypothesisView> = findings
            .hypotheses
            .iter()
            .map(|(name, found)| {
                let beside = Beside {
                    clustered: experiment.header.cluster.is_some(),
                    selected: facts.selection.is_some(),
                    other_seeds: other_seeds(facts, &found.claim),
                };
                HypothesisView::new(name, found, beside)
            })
            .collect();
        let summary = views.iter().map(|view| view.sentence.clone()).collect();
        let (exploratory, confirmatory) =
            views.into_iter().partition(|view| view.exploratory.is_some());
        Self {
            title: experiment.title.clone().unwrap_or_else(|| experiment.name.clone()),
            name: experiment.name.clone(),
            authors: experiment.header.authors.join(", "),
            doc: experiment.doc.trim().to_owned(),
            incomplete: incomplete(facts),
            selection: facts.selection.as_ref().map(selection),
            summary,
            results: ResultTable::new(experiment, findings),
            ensembles: ensemble::ensembles(findings),
            frontiers: frontier::frontiers(findings),
            confirmatory,
            exploratory,
            slices: slices::slices(findings),
            pairs: pairs::pairs(findings),
            spread: parts::spread(experiment, findings),
            removed: facts.removed_hypotheses.clone(),
            earlier: facts.earlier_runs.iter().map(earlier).collect(),
            design: design(experiment, facts, findings),
            conditions: conditions(experiment),
            models: models(experiment, facts),
            metrics: metrics(experiment),
            hedging: hedging::hedges(findings),
            failures: failures(&facts.failures),
            score_failures: failures(&facts.score_failures),
            remarks: remarks(facts, findings),
            sources: facts
                .sources
                .iter()
                .map(|source| SourceRow {
                    path: source.path.clone(),
                    digest: source.digest.clone(),
                })
                .collect(),
            version: facts.version.clone(),
            digest: facts.digest.clone(),
            command: facts.command.clone(),
        }
    }
}

fn earlier(run: &EarlierFacts) -> EarlierRow {
    let failed = match run.failed {
        0 => String::new(),
        n => format!(", {} failed", round::count(n)),
    };
    EarlierRow {
        name: run.name.clone(),
        created: run.created.clone(),
        trials: format!(
            "{} of {}{failed}",
            round::count(run.committed),
            round::count(run.planned)
        ),
        status: run.status.clone(),
        experiment: if run.same_experiment { "the same" } else { "another version" },
    }
}

fn remarks(facts: &RunFacts, findings: &Findings) -> Vec<String> {
    let mut remarks = findings.remarks.clone();
    let again = match facts.trials.retried {
        0 => return remarks,
        1 => "1 trial was run again after a failure; the store keeps what it failed of."
            .to_owned(),
        n => format!(
            "{} trials were run again after a failure; the store keeps what they failed of.",
            round::count(n)
        ),
    };
    remarks.push(again);
    remarks
}

/// Counts the earlier runs that tested a claim under another seed.
fn other_seeds(facts: &RunFacts, claim: &str) -> u64 {
    let tested = |run: &&EarlierFacts| {
        run.seed.is_some_and(|seed| seed != facts.seed)
            && run.committed > 0
            && run.claims.iter().any(|one| one == claim)
    };
    facts.earlier_runs.iter().filter(tested).count() as u64
}

/// Says which part of the experiment was asked.
fn selection(part: &SelectionFacts) -> String {
    let mut parts = Vec::new();
    if part.items < part.of_items {
        parts.push(format!(
            "{} of {} items (--limit)",
            round::count(u64::from(part.items)),
            round::count(u64::from(part.of_items))
        ));
    }
    let conditions = part.conditions.len() as u64;
    if conditions < u64::from(part.of_conditions) {
        let word = if conditions == 1 { "condition" } else { "conditions" };
        parts.push(format!("only the {word} {} (--only)", part.conditions.join(", ")));
    }
    if part.uneven {
        parts.push("not every condition with the same items".to_owned());
    }
    format!(
        "This is a selection of the experiment: {}. The verdicts are of the selection.",
        parts.join(", ")
    )
}

fn incomplete(facts: &RunFacts) -> Option<String> {
    let committed = facts.trials.done + facts.trials.failed;
    (!facts.complete).then(|| {
        let why =
            facts.stopped.as_deref().map_or(String::new(), |why| format!(": {why}"));
        format!(
            "This run is not complete: {} of {} planned trials are committed{why}. \
             What stands below is provisional.",
            round::count(committed),
            round::count(facts.trials.planned),
        )
    })
}

fn design(experiment: &Experiment, facts: &RunFacts, findings: &Findings) -> Vec<String> {
    let header = &experiment.header;
    let repeats = match header.repeats {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    };
    let (part, conditions) = match &facts.selection {
        Some(part) => (
            format!(" of {}", round::count(u64::from(part.of_items))),
            part.conditions.len(),
        ),
        None => (String::new(), experiment.conditions.len()),
    };
    let mut lines = vec![format!(
        "{}{part} {} asked {repeats} under {}: {} planned, {} done, {} failed.",
        round::count(u64::from(facts.items)),
        if facts.items == 1 { "item was" } else { "items were" },
        match conditions {
            1 => "one condition".to_owned(),
            n if header.design.is_unpaired() => format!("one of {n} conditions each"),
            n => format!("each of {n} conditions"),
        },
        words::counted(facts.trials.planned, "trial", "trials"),
        round::count(facts.trials.done),
        round::count(facts.trials.failed),
    )];
    lines.extend(facts.selection.as_ref().map(selection));
    if let Some(dataset) = &experiment.dataset {
        lines.push(format!(
            "The items come from the dataset {}: {}.",
            dataset.name,
            words::value(&crate::spec::Value::Call(Box::new(crate::spec::Call {
                label: None,
                ..dataset.call.clone()
            })))
        ));
    }
    lines.push(format!(
        "Every random choice is drawn from streams keyed by the seed {}; the order of \
         trials was random and interleaved across conditions.",
        header.seed
    ));
    lines.push(match &header.cluster {
        Some(column) => format!(
            "The groups of the column {column} are the independent units; repeats of an item are averaged first."
        ),
        None => {
            "Items are the independent units; repeats of an item are averaged first."
                .to_owned()
        }
    });
    lines.push(correction(findings.correction).to_owned());
    lines.push(calls(facts));
    lines
}

fn correction(correction: Correction) -> &'static str {
    match correction {
        Correction::Holm => {
            "p-values are two-sided unless a hypothesis says otherwise, and corrected over the family of confirmatory hypotheses by Holm's method (Holm 1979)."
        }
        Correction::Bonferroni => {
            "p-values are two-sided unless a hypothesis says otherwise, and corrected over the family of confirmatory hypotheses by Bonferroni's method."
        }
        Correction::None => {
            "p-values are two-sided unless a hypothesis says otherwise, and not corrected for the number of hypotheses."
        }
    }
}

fn calls(facts: &RunFacts) -> String {
    let totals = &facts.calls;
    let cached = match totals.cached {
        0 => String::new(),
        n => format!(", {} of them answered from the cache", round::count(n)),
    };
    let cost = match totals.unknown_cost {
        0 => format!("and cost {}", round::money(totals.cost_usd)),
        n if n == totals.calls => "and their cost is unknown".to_owned(),
        n => format!(
            "and cost {} where the price is known; the cost of {} calls is unknown",
            round::money(totals.cost_usd),
            round::count(n)
        ),
    };
    format!(
        "The trials made {}{cached}, {cost}.",
        words::counted(totals.calls, "call", "calls")
    )
}

fn conditions(experiment: &Experiment) -> Vec<Definition> {
    experiment
        .conditions
        .iter()
        .map(|condition| Definition {
            name: condition.name.clone(),
            words: words::call(&condition.strategy),
            title: condition.title.clone().unwrap_or_default(),
            doc: words_of_doc(&condition.doc),
            note: String::new(),
        })
        .collect()
}

fn models(experiment: &Experiment, facts: &RunFacts) -> Vec<Definition> {
    experiment
        .models
        .iter()
        .map(|model| {
            let found = facts.models.iter().find(|facts| facts.name == model.name);
            let note = match found {
                Some(found) if !found.resolved.is_empty() => {
                    format!("answered as {}", found.resolved.join(", "))
                }
                Some(_) | None => String::new(),
            };
            Definition {
                name: model.name.clone(),
                words: format!("{}({})", model.call.name, words::arguments(&model.call)),
                title: model.title.clone().unwrap_or_default(),
                doc: words_of_doc(&model.doc),
                note,
            }
        })
        .collect()
}

fn metrics(experiment: &Experiment) -> Vec<Definition> {
    experiment
        .metrics
        .iter()
        .map(|metric| Definition {
            name: metric.name.clone(),
            words: format!("{}({})", metric.call.name, words::arguments(&metric.call)),
            title: metric.title.clone().unwrap_or_default(),
            doc: words_of_doc(&metric.doc),
            note: metric.scale.word().to_owned(),
        })
        .collect()
}

fn words_of_doc(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn failures(counts: &[crate::report::facts::FailureCount]) -> Vec<FailureRow> {
    counts
        .iter()
        .map(|failure| FailureRow {
            condition: failure.condition.clone(),
            kind: failure.kind.clone(),
            count: round::count(failure.count),
            example: words::message(&failure.example),
        })
        .collect()
}
