//! One hypothesis in sentences, in the form that the APA asks for.

use schemars::JsonSchema;
use serde::Serialize;

use crate::analysis::{HypothesisFindings, Verdict};
use crate::report::{round, words};
use crate::spec::Alternative;

use super::parts::{self, DiscordantView};

/// A hypothesis as the report shows it.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct HypothesisView {
    pub(in crate::report) name: String,
    pub(in crate::report) title: String,
    pub(in crate::report) claim: String,
    pub(in crate::report) verdict: &'static str,
    pub(in crate::report) estimate: String,
    pub(in crate::report) interval: String,
    pub(in crate::report) p: String,
    /// The p after the correction; for an exploratory one, that there is none.
    pub(in crate::report) p_adjusted: String,
    /// `p = 0.012 (corrected 0.024)` for the terminal.
    pub(in crate::report) p_sentence: String,
    /// Why it is inconclusive, for the terminal; nothing for another verdict.
    pub(in crate::report) why: Vec<String>,
    pub(in crate::report) test: String,
    pub(in crate::report) effect: String,
    pub(in crate::report) exploratory: Option<String>,
    /// One sentence for the summary.
    pub(in crate::report) sentence: String,
    /// The paragraph below the table, sentence by sentence.
    pub(in crate::report) paragraph: Vec<String>,
    /// The parts of a joined claim in short, for a terminal.
    pub(in crate::report) parts: Vec<String>,
    /// Items on which only one side was right.
    pub(in crate::report) discordant: Vec<DiscordantView>,
    /// Where the page of HTML shows its trials.
    pub(in crate::report) link: String,
}

/// What is known of a hypothesis beside its findings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beside {
    /// Whether the groups of a column are the independent units.
    pub(super) clustered: bool,
    /// Whether only a part of the experiment was asked.
    pub(super) selected: bool,
    /// Earlier runs that tested the claim under other seeds.
    pub(super) other_seeds: u64,
}

impl HypothesisView {
    /// Puts what was found into words.
    pub(super) fn new(name: &str, found: &HypothesisFindings, beside: Beside) -> Self {
        let scale = found.scale;
        // The level of one condition has no sign; a difference has.
        let shown = |value: f64| {
            if found.is_level {
                round::value(value, scale)
            } else {
                round::difference(value, scale)
            }
        };
        let estimate = found.estimate.map_or("–".to_owned(), shown);
        let interval = found.ci.map_or("–".to_owned(), |[low, high]| {
            format!("[{}, {}]", shown(low), shown(high))
        });
        Self {
            name: name.to_owned(),
            title: found.title.clone().unwrap_or_default(),
            claim: found.claim.clone(),
            verdict: found.verdict.word(),
            p: round::p(found.p),
            p_adjusted: found.p_adjusted.map_or("not corrected".to_owned(), round::p),
            p_sentence: p_sentence(found),
            why: why(found),
            test: if found.test.is_empty() {
                "none".to_owned()
            } else {
                found.test.clone()
            },
            effect: effect(found),
            exploratory: found.exploratory.clone(),
            sentence: sentence(name, found, &estimate, &interval, beside.selected),
            paragraph: paragraph(found, &estimate, &interval, beside),
            parts: parts::short(found),
            discordant: parts::discordant(found),
            link: String::new(),
            estimate,
            interval,
        }
    }
}

/// Returns the sentences of a comparison that no file declared.
pub(in crate::report) fn sentences(
    found: &HypothesisFindings,
    clustered: bool,
) -> Vec<String> {
    let beside = Beside { clustered, selected: false, other_seeds: 0 };
    HypothesisView::new("", found, beside).paragraph
}

/// Writes the p and what the correction made of it.
fn p_sentence(found: &HypothesisFindings) -> String {
    let own = round::p_sentence(found.p);
    match found.p_adjusted {
        Some(adjusted) => {
            let adjusted = round::p_sentence(adjusted);
            format!(
                "{own} (corrected {})",
                adjusted.trim_start_matches("p = ").trim_start_matches("p ")
            )
        }
        None => format!("{own} (not corrected)"),
    }
}

/// Says why a hypothesis is inconclusive, and what would settle it.
fn why(found: &HypothesisFindings) -> Vec<String> {
    if found.verdict != Verdict::Inconclusive {
        return Vec::new();
    }
    let mut lines: Vec<String> = found.reason.iter().cloned().collect();
    if lines.is_empty() {
        let word = if found.p_adjusted.is_some() { "corrected p" } else { "p" };
        lines.push(format!("The {word} is above α = {}.", round::percent(found.alpha)));
    }
    lines.extend(found.to_settle.iter().cloned());
    lines
}

fn effect(found: &HypothesisFindings) -> String {
    match &found.effect_size {
        Some(effect) => match effect.value {
            Some(value) => {
                let shown = |x: f64| round::significant(x, 3);
                let ci = effect.ci.map_or(String::new(), |[low, high]| {
                    format!(" [{}, {}]", shown(low), shown(high))
                });
                let reading = effect
                    .reading
                    .as_ref()
                    .map_or(String::new(), |word| format!(", {word}"));
                format!("{} = {}{ci}{reading}", effect.name, shown(value))
            }
            // Pairs that differ in favour of one side alone.
            None if found.pairs.is_some_and(|p| p.only_left > 0 && p.only_right == 0) => {
                format!("{} = ∞", effect.name)
            }
            None => format!("{} undefined", effect.name),
        },
        None => "–".to_owned(),
    }
}

fn sentence(
    name: &str,
    found: &HypothesisFindings,
    estimate: &str,
    interval: &str,
    selected: bool,
) -> String {
    let what = found.title.clone().unwrap_or_else(|| found.claim.clone());
    let label = if found.exploratory.is_some() { " (exploratory)" } else { "" };
    let numbers = if found.estimate.is_some() {
        format!(
            " ({estimate}, {} CI {interval}, {})",
            round::percent(found.interval_level),
            match found.p_adjusted {
                Some(p) => format!("adjusted {}", round::p_sentence(p)),
                None => format!("{}, not corrected", round::p_sentence(found.p)),
            }
        )
    } else {
        String::new()
    };
    let part = if selected { " over the selection" } else { "" };
    format!("{name}{label}: “{what}” is {}{part}{numbers}.", found.verdict.word())
}

fn paragraph(
    found: &HypothesisFindings,
    estimate: &str,
    interval: &str,
    beside: Beside,
) -> Vec<String> {
    let mut lines = parts::lead(found);
    if found.estimate.is_some() {
        lines.push(format!(
            "Estimated: {} = {estimate}, {} interval {interval} ({}), over {}{}.",
            found.estimand,
            round::percent(found.interval_level),
            found.ci_method,
            words::counted(u64::from(found.n_items), "item", "items"),
            if beside.clustered {
                let groups = u64::from(found.n_units);
                format!(" in {}", words::counted(groups, "group", "groups"))
            } else {
                String::new()
            },
        ));
    }
    if let Some(pairs) = &found.pairs {
        lines.push(format!(
            "Of the pairs, {} are right on both sides, {} on the left side only, {} on the \
             right side only, {} on neither.",
            round::count(pairs.both),
            round::count(pairs.only_left),
            round::count(pairs.only_right),
            round::count(pairs.neither),
        ));
    }
    if !found.test.is_empty() {
        lines.push(test_sentence(found));
        lines.push(found.test_reason.clone());
    }
    lines.push(decision(found));
    if let Some(effect) = &found.effect_size
        && effect.value.is_some()
    {
        let with = effect.ci.map_or(String::new(), |_| {
            format!(", with its {} interval", round::percent(found.interval_level))
        });
        lines.push(format!("Effect size{with}: {}.", self::effect(found)));
    }
    if let Some(ratio) = &found.ratio {
        let ci = ratio.ci.map_or(String::new(), |[low, high]| {
            format!(" [{}, {}]", round::significant(low, 4), round::significant(high, 4))
        });
        lines.push(format!(
            "As a ratio of left to right side: {}{ci}.",
            round::significant(ratio.value, 4)
        ));
    }
    lines.extend(found.assumptions.iter().cloned());
    if let Some(runner_up) = &found.runner_up {
        lines.push(format!(
            "The runner-up, {}, gives {}; the verdict would {}.",
            runner_up.test,
            round::p_sentence(runner_up.p),
            if runner_up.changes_verdict { "be another" } else { "be the same" }
        ));
    }
    lines.extend(failures(found));
    match beside.other_seeds {
        0 => {}
        1 => lines.push(
            "One earlier run tested this claim under another seed; its outcome is not in this p."
                .to_owned(),
        ),
        n => lines.push(format!(
            "{} earlier runs tested this claim under other seeds; their outcomes are not in this p.",
            round::count(n)
        )),
    }
    lines.extend(found.reason.iter().cloned());
    lines.extend(found.to_settle.iter().cloned());
    lines.extend(found.remarks.iter().cloned());
    lines.into_iter().filter(|line| !line.trim().is_empty()).collect()
}

fn test_sentence(found: &HypothesisFindings) -> String {
    let statistic = match (found.statistic, found.df) {
        (Some(value), Some(df)) => format!(
            ", {}({}) = {}",
            found.statistic_name,
            round::significant(df, 4),
            round::significant(value, 4)
        ),
        (Some(value), None) => {
            format!(", {} = {}", found.statistic_name, round::significant(value, 4))
        }
        (None, _) => String::new(),
    };
    let sides = match found.alternative {
        Alternative::TwoSided => "two-sided",
        Alternative::OneSided => "one-sided",
    };
    let floor = found.p_floor.map_or(String::new(), |floor| {
        format!("; no smaller p than {} was possible", round::significant(floor, 3))
    });
    format!(
        "Test: {}{statistic}, {sides} {}, {}{floor}.",
        found.test,
        round::p_sentence(found.p),
        match found.p_adjusted {
            Some(p) => format!("{} after correction", round::p_sentence(p)),
            None => "not corrected".to_owned(),
        }
    )
}

fn decision(found: &HypothesisFindings) -> String {
    let alpha = round::percent(found.alpha);
    let p = if found.p_adjusted.is_some() { "corrected p" } else { "p" };
    match found.verdict {
        Verdict::Supported => format!(
            "Verdict at α = {alpha}: supported; the estimate lies on the claim's side and the {p} is at most α."
        ),
        Verdict::Refuted => format!(
            "Verdict at α = {alpha}: refuted; the estimate lies on the other side and the {p} is at most α."
        ),
        Verdict::Inconclusive => format!("Verdict at α = {alpha}: inconclusive."),
    }
}

fn failures(found: &HypothesisFindings) -> Vec<String> {
    let mut lines = Vec::new();
    let listed = |counts: &indexmap::IndexMap<String, u32>| {
        counts
            .iter()
            .filter(|(_, n)| **n > 0)
            .map(|(condition, n)| format!("{n} of {condition}"))
            .collect::<Vec<_>>()
    };
    let failed = listed(&found.failed);
    if !failed.is_empty() {
        lines.push(format!("Failed trials: {}.", failed.join(", ")));
    }
    let scores = listed(&found.failed_scores);
    if !scores.is_empty() {
        lines.push(format!(
            "Trials on which the metric failed: {}; they are left out, with their pairs.",
            scores.join(", ")
        ));
    }
    let unscored = listed(&found.unscored);
    if !unscored.is_empty() {
        lines.push(format!("Trials without a score: {}.", unscored.join(", ")));
    }
    if let Some(bounds) = &found.with_failures {
        lines.push(format!(
            "With {} counted against the claim the verdict is {}, counted for it {}{}.",
            match (failed.is_empty(), scores.is_empty()) {
                (_, true) => "every failed trial",
                (true, false) => "every failed score",
                (false, false) => "every failed trial and failed score",
            },
            bounds.worst.word(),
            bounds.best.word(),
            if bounds.worst == found.verdict && bounds.best == found.verdict {
                ""
            } else {
                ": the failures decide"
            }
        ));
    }
    lines
}
