//! View structs: every number a string already rounded, every decision already taken.

mod ensemble;
mod figure;
mod frontier;
mod hedging;
mod hypothesis;
mod limitations;
mod links;
mod method;
mod pairs;
mod parts;
mod references;
mod results;
mod slices;
mod sources;
mod strategy;
mod summary;

use schemars::JsonSchema;
use serde::Serialize;

use crate::analysis::Findings;
use crate::report::Format;
use crate::report::facts::{EarlierFacts, FailureCount, RunFacts, SectionText};
use crate::report::figures::Figure;
use crate::report::harmless::harmless;
use crate::report::round;
use crate::report::words;
use crate::spec::Experiment;

use ensemble::EnsembleView;
use figure::FigureViews;
use frontier::FrontierView;
use hedging::HedgeView;
pub(super) use hypothesis::sentences;
use hypothesis::{Beside, HypothesisView};
use pairs::PairsView;
use parts::SpreadRow;
use results::ResultTable;
use slices::SlicesView;
use strategy::TreeLine;

pub(super) use parts::{DiscordantView, tables as discordant_tables};
pub(super) use references::Reference;

/// The whole report.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Report {
    /// The title, or the experiment's name.
    pub(super) title: String,
    /// The experiment's name.
    pub(super) name: String,
    /// The authors, separated by commas; empty where none are named.
    pub(super) authors: String,
    /// The `//!` text of the file.
    pub(super) doc: String,
    /// That the run is not complete, in a sentence.
    pub(super) incomplete: Option<String>,
    /// What the verdicts are of, where that is not the whole experiment.
    pub(super) selection: Option<String>,
    /// The whole in a few sentences, made from the findings.
    pub(super) in_short: Vec<String>,
    /// A sentence for each hypothesis.
    pub(super) summary: Vec<String>,
    /// The table of conditions and metrics.
    pub(super) results: ResultTable,
    /// The conditions that vote.
    pub(super) ensembles: Vec<EnsembleView>,
    /// Accuracy against cost in the families of conditions.
    pub(super) frontiers: Vec<FrontierView>,
    /// The hypotheses of the family.
    pub(super) confirmatory: Vec<HypothesisView>,
    /// The hypotheses outside the family.
    pub(super) exploratory: Vec<HypothesisView>,
    /// Results by the values of columns.
    pub(super) slices: Vec<SlicesView>,
    /// Every pair of the families that `pairs:` names.
    pub(super) pairs: Vec<PairsView>,
    /// How metrics vary between items and repeats.
    pub(super) spread: Vec<SpreadRow>,
    /// Names of hypotheses that the file no longer has.
    pub(super) removed: Vec<String>,
    /// Runs that were there before.
    pub(super) earlier: Vec<EarlierRow>,
    /// The design, a sentence each.
    pub(super) design: Vec<String>,
    /// Each test that ran, and why it was chosen.
    pub(super) statistics: Vec<String>,
    /// The conditions in words.
    pub(super) conditions: Vec<Definition>,
    /// The models in words.
    pub(super) models: Vec<Definition>,
    /// The metrics in words.
    pub(super) metrics: Vec<Definition>,
    /// The audit of hedges.
    pub(super) hedging: Vec<HedgeView>,
    /// The figures, by section.
    pub(super) figures: FigureViews,
    /// Trials that failed, by condition and kind.
    pub(super) failures: Vec<FailureRow>,
    /// Scores that a metric failed to give.
    pub(super) score_failures: Vec<FailureRow>,
    /// Remarks, a sentence each.
    pub(super) remarks: Vec<String>,
    /// Sections that closures of the file wrote.
    pub(super) sections: Vec<SectionText>,
    /// What these data cannot show.
    pub(super) limitations: Vec<String>,
    /// The program, the dataset, and the methods that were used.
    pub(super) references: Vec<Reference>,
    /// The files of the experiment.
    pub(super) sources: Vec<SourceRow>,
    /// The version of the program.
    pub(super) version: String,
    /// The digest of the experiment.
    pub(super) digest: String,
    /// The command that repeats the run.
    pub(super) command: String,
}

/// A condition, model or metric in words.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) words: String,
    pub(super) title: String,
    pub(super) doc: String,
    pub(super) note: String,
    /// A strategy in sentences.
    pub(super) prose: String,
    /// A strategy as a tree, line by line.
    pub(super) tree: Vec<TreeLine>,
}

/// A row of a table of failures.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct FailureRow {
    pub(super) condition: String,
    pub(super) kind: String,
    pub(super) count: String,
    pub(super) example: String,
    /// Where the page of HTML shows these trials.
    pub(super) link: String,
}

/// A run that was there before.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct EarlierRow {
    pub(super) name: String,
    pub(super) created: String,
    pub(super) trials: String,
    pub(super) status: String,
    pub(super) experiment: &'static str,
}

/// A source file.
#[derive(Debug, Serialize, JsonSchema)]
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
                let link = links::of_hypothesis(experiment, name, &[]);
                HypothesisView { link, ..HypothesisView::new(name, found, beside) }
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
            selection: facts.selection.as_ref().map(method::selection),
            in_short: summary::sentences(experiment, facts, findings),
            summary,
            results: ResultTable::new(experiment, findings),
            ensembles: ensemble::ensembles(findings),
            frontiers: frontier::frontiers(findings),
            confirmatory,
            exploratory,
            slices: slices::slices(experiment, findings),
            pairs: pairs::pairs(findings),
            spread: parts::spread(experiment, findings),
            removed: facts.removed_hypotheses.clone(),
            earlier: facts.earlier_runs.iter().map(earlier).collect(),
            design: method::design(experiment, facts, findings),
            statistics: method::statistics(findings),
            conditions: method::conditions(experiment),
            models: method::models(experiment, facts),
            metrics: method::metrics(experiment),
            hedging: hedging::hedges(findings),
            figures: FigureViews::default(),
            failures: failures(&facts.failures, |kind| ("failure", kind), &[]),
            score_failures: failures(
                &facts.score_failures,
                |metric| ("metric", metric),
                &[("state", "failed")],
            ),
            remarks: remarks(facts, findings),
            sections: facts.sections.clone(),
            limitations: limitations::sentences(experiment, facts, findings),
            references: references::of(experiment, facts, findings),
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
            command: facts.command.chars().map(harmless).collect(),
        }
    }

    /// Adds the figures, drawn where the format holds them itself.
    pub(super) fn with(mut self, figures: &[Figure], format: Format) -> Self {
        self.figures = FigureViews::new(figures, format);
        self
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

fn failures(
    counts: &[FailureCount],
    key: impl for<'a> Fn(&'a str) -> (&'static str, &'a str),
    further: &[(&str, &str)],
) -> Vec<FailureRow> {
    let row = |failure: &FailureCount| {
        let mut filter = vec![("condition", failure.condition.as_str())];
        filter.push(key(&failure.kind));
        filter.extend(further);
        FailureRow {
            condition: failure.condition.clone(),
            kind: failure.kind.clone(),
            count: round::count(failure.count),
            example: words::message(&failure.example),
            link: links::trials(&filter),
        }
    };
    counts.iter().map(row).collect()
}
