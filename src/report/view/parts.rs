//! What stands behind a hypothesis: its parts, its population, the items that decided it;
//! and the split of a metric's variance.

use schemars::JsonSchema;
use serde::Serialize;

use crate::analysis::{
    Discordant, DiscordantItem, Findings, HypothesisFindings, JoinRule, PartFindings,
};
use crate::report::{round, words};
use crate::spec::{Experiment, Over};

use super::links;

/// Items on which only one side was right.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct DiscordantView {
    /// Which side was right, and how many items that are.
    pub(in crate::report) head: String,
    pub(in crate::report) left: String,
    pub(in crate::report) right: String,
    pub(in crate::report) rows: Vec<DiscordantRow>,
}

/// One of them.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct DiscordantRow {
    pub(in crate::report) id: String,
    pub(in crate::report) left: String,
    pub(in crate::report) right: String,
    /// Where the page of HTML shows the item, both sides beside one another.
    pub(in crate::report) link: String,
}

/// How a metric varies under a condition.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct SpreadRow {
    pub(in crate::report) condition: String,
    pub(in crate::report) metric: String,
    pub(in crate::report) share: String,
    pub(in crate::report) advice: String,
    /// Where the page of HTML shows its trials.
    pub(in crate::report) link: String,
}

/// Returns the sentences on population and parts that stand first below a hypothesis.
pub(super) fn lead(found: &HypothesisFindings) -> Vec<String> {
    let mut lines = Vec::new();
    if found.over == Over::Repeats {
        lines.push(
            "This hypothesis speaks of these items alone, asked again and again (over: repeats), and not of items like them."
                .to_owned(),
        );
    }
    let Some(joined) = &found.joined else { return lines };
    let mut said = match joined.rule {
        JoinRule::And => {
            "The parts are joined by and, an intersection-union test: supported needs every part, so p is the largest of theirs; one refuted part refutes it, with p times the number of parts."
        }
        JoinRule::Or => {
            "The parts are joined by or, a union-intersection test: supported needs one part, so p is the smallest of theirs times their number (Bonferroni; Holm says which parts hold); refuted needs every part."
        }
    }
    .to_owned();
    if joined.nested {
        said.push_str(
            " Parts that are joined themselves are tested by the same rules from the inside out.",
        );
    }
    lines.push(said);
    lines.extend(joined.parts.iter().enumerate().map(|(at, one)| part(at, one)));
    lines
}

fn numbers(part: &PartFindings) -> String {
    let shown = |value: f64| {
        if part.is_level {
            round::value(value, part.scale)
        } else {
            round::difference(value, part.scale)
        }
    };
    match (part.estimate, part.ci) {
        (Some(estimate), Some([low, high])) => format!(
            "{}, {} interval [{}, {}], ",
            shown(estimate),
            round::percent(part.interval_level),
            shown(low),
            shown(high)
        ),
        (Some(estimate), None) => format!("{}, ", shown(estimate)),
        (None, _) => String::new(),
    }
}

fn part(at: usize, part: &PartFindings) -> String {
    let numbers = numbers(part);
    let test = if part.test.is_empty() { "no test" } else { &part.test };
    let why = part.reason.as_ref().map_or(String::new(), |why| format!(" {why}"));
    format!(
        "Part {}: {}: {numbers}{} (Holm within the parts {}) by {test}, over {}; alone {}.{why}",
        at + 1,
        part.claim,
        round::p_sentence(part.p),
        round::p(part.p_holm),
        words::counted(u64::from(part.n_items), "item", "items"),
        part.verdict.word(),
    )
}

/// Returns each part of a joined claim in short.
pub(super) fn short(found: &HypothesisFindings) -> Vec<String> {
    let parts = found.joined.as_ref().map(|joined| joined.parts.as_slice());
    let shown = |part: &PartFindings| {
        let numbers = numbers(part);
        let p = round::p_sentence(part.p);
        format!("{}: {numbers}{p}, alone {}", part.claim, part.verdict.word())
    };
    parts.unwrap_or_default().iter().map(shown).collect()
}

/// Returns the tables of items on which only one side was right.
pub(super) fn discordant(found: &HypothesisFindings) -> Vec<DiscordantView> {
    found.discordant.as_ref().map(tables).unwrap_or_default()
}

/// Returns one table for each direction that has items.
pub(in crate::report) fn tables(found: &Discordant) -> Vec<DiscordantView> {
    let table = |items: &[DiscordantItem], count: u32, side: &str| {
        let first = if items.len() < count as usize {
            format!("; the first {} in the keyed order", round::count(items.len() as u64))
        } else {
            String::new()
        };
        DiscordantView {
            head: format!(
                "Only {side} was right on {}{first}",
                words::counted(u64::from(count), "item", "items")
            ),
            left: found.left.clone(),
            right: found.right.clone(),
            rows: items.iter().map(|item| row(item, found)).collect(),
        }
    };
    [
        table(&found.only_left, found.only_left_count, &found.left),
        table(&found.only_right, found.only_right_count, &found.right),
    ]
    .into_iter()
    .filter(|table| !table.rows.is_empty())
    .collect()
}

fn row(item: &DiscordantItem, found: &Discordant) -> DiscordantRow {
    let shown = |answer: &Option<String>| {
        answer.as_deref().map_or("(no answer)".to_owned(), words::message)
    };
    DiscordantRow {
        id: item.id.clone(),
        left: shown(&item.left),
        right: shown(&item.right),
        link: links::of_conditions(
            [found.left.as_str(), found.right.as_str()],
            &[("item", &item.id), ("open", &item.id)],
        ),
    }
}

/// Returns how the metrics of the file vary, where items have repeats.
pub(super) fn spread(experiment: &Experiment, findings: &Findings) -> Vec<SpreadRow> {
    let mut rows = Vec::new();
    for metric in &experiment.metrics {
        for (condition, found) in &findings.conditions {
            let own = found.metrics.get(&metric.name);
            let Some(split) = own.and_then(|own| own.components.as_ref()) else {
                continue;
            };
            rows.push(SpreadRow {
                condition: condition.clone(),
                metric: metric.name.clone(),
                share: split
                    .item_share
                    .map_or("–".to_owned(), |share| format!("{:.0}%", share * 100.0)),
                advice: split.advice.clone(),
                link: links::trials(&[
                    ("condition", condition),
                    ("metric", &metric.name),
                ]),
            });
        }
    }
    rows
}
