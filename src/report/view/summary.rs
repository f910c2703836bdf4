//! The abstract: the whole in a few sentences, made from the findings.

use crate::analysis::{Findings, HypothesisFindings};
use crate::report::facts::RunFacts;
use crate::report::{round, words};
use crate::spec::Experiment;

/// Up to so many conditions are named with their means; of more, the best and the last.
const NAMED: usize = 4;

/// Returns the sentences of the abstract.
pub(super) fn sentences(
    experiment: &Experiment,
    facts: &RunFacts,
    findings: &Findings,
) -> Vec<String> {
    let mut lines = vec![asked(experiment, facts)];
    lines.extend(first_metric(experiment, findings));
    let confirmatory =
        || findings.hypotheses.iter().filter(|(_, found)| found.exploratory.is_none());
    lines.extend(confirmatory().map(|(name, found)| hypothesis(name, found)));
    let exploratory = findings.hypotheses.len() - confirmatory().count();
    if exploratory > 0 {
        lines.push(format!(
            "{} outside the family {} nothing.",
            words::counted(
                exploratory as u64,
                "exploratory hypothesis",
                "exploratory hypotheses"
            ),
            if exploratory == 1 { "confirms" } else { "confirm" }
        ));
    }
    if facts.trials.failed > 0 {
        lines.push(format!(
            "{} failed.",
            words::counted(facts.trials.failed, "trial", "trials")
        ));
    }
    lines
}

fn asked(experiment: &Experiment, facts: &RunFacts) -> String {
    let conditions = match &facts.selection {
        Some(part) => part.conditions.len(),
        None => experiment.conditions.len(),
    } as u64;
    let dataset = experiment
        .dataset
        .as_ref()
        .map_or(String::new(), |dataset| format!(" of the dataset {}", dataset.name));
    let times = match experiment.header.repeats {
        1 => String::new(),
        n => format!(", {n} times each"),
    };
    let under = if experiment.header.design.is_unpaired() && conditions > 1 {
        format!("each under one of {conditions} conditions")
    } else {
        format!("under {}", words::counted(conditions, "condition", "conditions"))
    };
    format!(
        "{}{dataset} {} asked {under}{times}, in {}.",
        words::counted(u64::from(facts.items), "item", "items"),
        if facts.items == 1 { "was" } else { "were" },
        words::counted(facts.trials.done + facts.trials.failed, "trial", "trials"),
    )
}

/// Says the means of the first metric of the file.
fn first_metric(experiment: &Experiment, findings: &Findings) -> Option<String> {
    let metric = experiment.metrics.first()?;
    let mut means: Vec<(&str, f64)> = findings
        .conditions
        .iter()
        .filter_map(|(name, found)| {
            Some((name.as_str(), found.metrics.get(&metric.name)?.mean?))
        })
        .collect();
    let shown = |(name, mean): &(&str, f64)| {
        format!("{} under {name}", round::value(*mean, metric.scale))
    };
    if means.len() <= NAMED {
        let all: Vec<String> = means.iter().map(shown).collect();
        return (!all.is_empty())
            .then(|| format!("The mean of {} was {}.", metric.name, all.join(", ")));
    }
    means.sort_by(|a, b| b.1.total_cmp(&a.1));
    let (first, last) = (means.first()?, means.last()?);
    Some(format!(
        "The mean of {} was between {} and {}.",
        metric.name,
        shown(last),
        shown(first)
    ))
}

fn hypothesis(name: &str, found: &HypothesisFindings) -> String {
    let what = found.title.as_ref().unwrap_or(&found.claim);
    let shown = |value: f64| {
        if found.is_level {
            round::value(value, found.scale)
        } else {
            round::difference(value, found.scale)
        }
    };
    let mut numbers = Vec::new();
    numbers
        .extend(found.estimate.map(|estimate| format!("estimate {}", shown(estimate))));
    numbers.extend(found.ci.map(|[low, high]| {
        let level = round::percent(found.interval_level);
        format!("{level} CI [{}, {}]", shown(low), shown(high))
    }));
    numbers.push(match found.p_adjusted {
        Some(p) => format!("corrected {}", round::p_sentence(p)),
        None => round::p_sentence(found.p),
    });
    if !found.test.is_empty() {
        numbers.push(found.test.clone());
    }
    format!(
        "Hypothesis {name}, “{what}”, is {} ({}).",
        found.verdict.word(),
        numbers.join("; ")
    )
}
