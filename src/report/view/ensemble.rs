//! What a vote says of itself: levels of consensus, members and pairs of them.

use schemars::JsonSchema;
use serde::Serialize;

use crate::analysis::{EnsembleFindings, Findings};
use crate::report::round;
use crate::report::words;
use crate::spec::Scale;

use super::links;

/// Pairs that are listed; of more only the means are told.
const MOST_PAIRS: usize = 15;

/// Levels of consensus that are listed.
const MOST_LEVELS: usize = 20;

/// One condition that votes.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct EnsembleView {
    pub(in crate::report) condition: String,
    /// Where the page of HTML shows its trials.
    pub(in crate::report) link: String,
    pub(in crate::report) sentences: Vec<String>,
    pub(in crate::report) levels: Vec<LevelRow>,
    pub(in crate::report) members: Vec<MemberRow>,
    pub(in crate::report) pairs: Vec<PairRow>,
}

/// The trials of one level of consensus.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct LevelRow {
    pub(in crate::report) consensus: String,
    pub(in crate::report) trials: String,
    pub(in crate::report) accuracy: String,
    /// Where the page of HTML shows these trials.
    pub(in crate::report) link: String,
}

/// One member.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct MemberRow {
    pub(in crate::report) name: String,
    pub(in crate::report) called: String,
    pub(in crate::report) answered: String,
    pub(in crate::report) accuracy: String,
}

/// Two members.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct PairRow {
    pub(in crate::report) members: String,
    pub(in crate::report) trials: String,
    pub(in crate::report) disagreement: String,
    pub(in crate::report) phi: String,
}

/// Returns the views of all conditions that vote.
pub(super) fn ensembles(findings: &Findings) -> Vec<EnsembleView> {
    findings.ensembles.iter().map(|(name, found)| view(name, found)).collect()
}

fn view(condition: &str, found: &EnsembleFindings) -> EnsembleView {
    let names = names(found);
    let name = |at: u32| names.get(at as usize).cloned().unwrap_or_default();
    let listed = found.pairs.len() <= MOST_PAIRS;
    let few = found.levels.len() <= MOST_LEVELS;
    EnsembleView {
        condition: condition.to_owned(),
        link: links::trials(&[("condition", condition)]),
        sentences: sentences(found),
        levels: found
            .levels
            .iter()
            .filter(|_| few)
            .map(|level| LevelRow {
                consensus: percent(level.consensus),
                trials: round::count(u64::from(level.trials)),
                accuracy: share(level.accuracy, level.ci),
                link: level_link(condition, level.consensus),
            })
            .collect(),
        members: found
            .members
            .iter()
            .zip(&names)
            .map(|(member, name)| MemberRow {
                name: name.clone(),
                called: round::count(u64::from(member.called)),
                answered: round::count(u64::from(member.answered)),
                accuracy: share(member.accuracy, None),
            })
            .collect(),
        pairs: found
            .pairs
            .iter()
            .filter(|_| listed)
            .map(|pair| PairRow {
                members: format!("{}, {}", name(pair.first), name(pair.second)),
                trials: round::count(u64::from(pair.trials)),
                disagreement: percent(pair.disagreement),
                phi: number(pair.phi),
            })
            .collect(),
    }
}

fn level_link(condition: &str, consensus: f64) -> String {
    let level = consensus.to_string();
    links::trials(&[
        ("condition", condition),
        ("metric", "consensus"),
        ("min", &level),
        ("max", &level),
    ])
}

/// The names of the members; those that share one are numbered.
fn names(found: &EnsembleFindings) -> Vec<String> {
    let shared = |name: &str| {
        found.members.iter().filter(|member| member.name == name).count() > 1
    };
    found
        .members
        .iter()
        .enumerate()
        .map(|(index, member)| match shared(&member.name) {
            true => format!("{} ({})", member.name, index + 1),
            false => member.name.clone(),
        })
        .collect()
}

fn sentences(found: &EnsembleFindings) -> Vec<String> {
    let mut sentences = vec![format!(
        "{} with votes of up to {}.",
        words::counted(u64::from(found.trials), "trial", "trials"),
        words::counted(found.members.len() as u64, "member", "members")
    )];
    if let Some(disagreement) = found.mean_disagreement {
        sentences.push(format!(
            "Two members disagree in {} of the trials, on average over the pairs.",
            percent(disagreement)
        ));
    }
    if let (Some(phi), Some(effective)) = (found.mean_phi, found.effective_members) {
        sentences.push(format!(
            "The correlation φ of being right is {} on average: by the design effect the {} are worth {} with independent errors (Kish 1965).",
            round::significant(phi, 2),
            words::counted(found.members.len() as u64, "member", "members"),
            round::significant(effective, 2)
        ));
    }
    sentences.extend(found.notes.iter().cloned());
    sentences
}

fn share(share: Option<f64>, interval: Option<[f64; 2]>) -> String {
    let Some(share) = share else { return "–".to_owned() };
    match interval {
        Some([low, high]) => {
            format!("{} [{}, {}]", percent(share), percent(low), percent(high))
        }
        None => percent(share),
    }
}

fn percent(share: f64) -> String {
    round::value(share, Scale::Binary)
}

fn number(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| round::significant(value, 2))
}
