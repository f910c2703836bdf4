//! Every pair of a family: ranks with letters, and the table of pairs.

use schemars::JsonSchema;
use serde::Serialize;

use crate::analysis::{FamilyPairs, Findings, PairFindings};
use crate::report::round;

use super::links;

/// What is shown of a family.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct PairsView {
    /// `panel.correct`.
    pub(in crate::report) name: String,
    /// How to read it, in sentences.
    pub(in crate::report) notes: Vec<String>,
    pub(in crate::report) ranking: Vec<RankRow>,
    pub(in crate::report) rows: Vec<PairRow>,
}

/// A condition among its family.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct RankRow {
    pub(in crate::report) condition: String,
    pub(in crate::report) mean: String,
    pub(in crate::report) letters: String,
    pub(in crate::report) ranks: String,
    /// Where the page of HTML shows its trials.
    pub(in crate::report) link: String,
}

/// A pair.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct PairRow {
    pub(in crate::report) pair: String,
    pub(in crate::report) estimate: String,
    pub(in crate::report) interval: String,
    pub(in crate::report) p: String,
    pub(in crate::report) p_adjusted: String,
    pub(in crate::report) test: String,
    pub(in crate::report) verdict: String,
    /// Where the page of HTML shows its trials.
    pub(in crate::report) link: String,
}

/// Puts the pairs of every family into words.
pub(super) fn pairs(findings: &Findings) -> Vec<PairsView> {
    findings.pairs.iter().map(view).collect()
}

fn view(found: &FamilyPairs) -> PairsView {
    let first = if found.smallest_first { "smallest" } else { "largest" };
    PairsView {
        name: format!("{}.{}", found.family, found.metric),
        notes: vec![
            format!(
                "Each of the {} pairs has the test of its scale and design; p is two-sided and corrected over these pairs by Holm's method, apart from the hypotheses. Conditions that share a letter do not differ at α = {} (Piepho 2004).",
                round::count(found.pairs.len() as u64),
                round::percent(found.alpha)
            ),
            format!(
                "Rank 1 has the {first} mean. The intervals of ranks hold together at {}: the first is 1 plus the number of conditions significantly ahead, the last leaves out those significantly behind (Mogstad et al. 2024).",
                round::percent(1.0 - found.alpha)
            ),
        ],
        ranking: found
            .ranking
            .iter()
            .map(|one| RankRow {
                condition: one.condition.clone(),
                mean: one
                    .mean
                    .map_or("–".to_owned(), |mean| round::value(mean, found.scale)),
                letters: one.letters.clone(),
                ranks: match one.ranks {
                    [low, high] if low == high => low.to_string(),
                    [low, high] => format!("{low} to {high}"),
                },
                link: links::trials(&[
                    ("condition", &one.condition),
                    ("metric", &found.metric),
                ]),
            })
            .collect(),
        rows: found.pairs.iter().map(|pair| row(pair, found)).collect(),
    }
}

fn row(pair: &PairFindings, found: &FamilyPairs) -> PairRow {
    let shown = |value: f64| round::difference(value, found.scale);
    PairRow {
        pair: format!("{} − {}", pair.left, pair.right),
        estimate: pair.estimate.map_or("–".to_owned(), shown),
        interval: pair.ci.map_or("–".to_owned(), |[low, high]| {
            format!("[{}, {}]", shown(low), shown(high))
        }),
        p: round::p(pair.p),
        p_adjusted: round::p(pair.p_adjusted),
        test: pair.test.clone(),
        verdict: match (&pair.reason, pair.differs) {
            (Some(reason), _) => reason.clone(),
            (None, true) => "differs".to_owned(),
            (None, false) => "not told apart".to_owned(),
        },
        link: links::of_conditions(
            [pair.left.as_str(), pair.right.as_str()],
            &[("metric", &found.metric)],
        ),
    }
}
