//! How the experiment was made: its design, limits, conditions, models and metrics in words.

use crate::analysis::Findings;
use crate::report::facts::{RunFacts, SelectionFacts};
use crate::report::{round, words};
use crate::spec::{Correction, Experiment, ModelDef, Scale, StopRule};

use super::{Definition, strategy};

/// Says which part of the experiment was asked.
pub(super) fn selection(part: &SelectionFacts) -> String {
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

pub(super) fn design(
    experiment: &Experiment,
    facts: &RunFacts,
    findings: &Findings,
) -> Vec<String> {
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
    lines.extend(header.stop.map(stop_rule));
    lines.push(calls(facts));
    lines.extend(limits(experiment));
    lines
}

/// Says when the sampling of a condition may end.
fn stop_rule(rule: StopRule) -> String {
    let (looks, tests) = match rule {
        StopRule::Decided => (
            "while the run went".to_owned(),
            "Its tests and intervals hold however often one looks (Waudby-Smith and Ramdas 2024).",
        ),
        StopRule::Sequential { looks, .. } => (
            format!("at {looks} looks, evenly spread over the items"),
            "p-values are those of the whole sequence of looks (Lan and DeMets 1983), and intervals are repeated ones (Jennison and Turnbull 1989).",
        ),
    };
    format!(
        "The sampling of a condition was to end early, {looks}, once every hypothesis that names it was decided after correction; a look is at the first items of the random order. {tests} Intervals of a condition's own results are those of a fixed number of items."
    )
}

/// Says under which limits the trials were run.
fn limits(experiment: &Experiment) -> Vec<String> {
    let header = &experiment.header;
    let mut lines = vec![format!(
        "The run was to stop once more than {} of the trials had failed.",
        round::percent(header.max_failures),
    )];
    if let Some(timeout) = header.timeout {
        lines.push(format!(
            "A trial had {} of time.",
            round::value(timeout, Scale::Duration)
        ));
    }
    lines.extend(prices(experiment));
    lines
}

/// Says which models have a price in the file.
fn prices(experiment: &Experiment) -> Option<String> {
    let price = |model: &ModelDef| {
        let given = model.call.args.iter().filter(|(name, argument)| {
            argument.given && (name.as_str() == "price" || name.starts_with("price_"))
        });
        let shown: Vec<String> = given
            .map(|(name, argument)| format!("{name} {}", words::value(&argument.value)))
            .collect();
        (!shown.is_empty()).then(|| format!("{} {}", model.name, shown.join(", ")))
    };
    let told: Vec<String> = experiment.models.iter().filter_map(price).collect();
    (!told.is_empty()).then(|| format!("Prices of the file: {}.", told.join("; ")))
}

/// Says for each test and each way of making an interval why it was taken.
pub(super) fn statistics(findings: &Findings) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for found in findings.hypotheses.values().filter(|found| !found.test.is_empty()) {
        let interval = if found.ci_method.is_empty() {
            String::new()
        } else {
            format!(", interval: {}", found.ci_method)
        };
        let line = format!("{}{interval}. {}", found.test, found.test_reason);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
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

pub(super) fn conditions(experiment: &Experiment) -> Vec<Definition> {
    experiment
        .conditions
        .iter()
        .map(|condition| Definition {
            name: condition.name.clone(),
            words: words::call(&condition.strategy),
            title: condition.title.clone().unwrap_or_default(),
            doc: words_of_doc(&condition.doc),
            note: String::new(),
            prose: strategy::prose(&condition.strategy),
            tree: strategy::tree(&condition.strategy),
        })
        .collect()
}

pub(super) fn models(experiment: &Experiment, facts: &RunFacts) -> Vec<Definition> {
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
                prose: String::new(),
                tree: Vec::new(),
            }
        })
        .collect()
}

pub(super) fn metrics(experiment: &Experiment) -> Vec<Definition> {
    experiment
        .metrics
        .iter()
        .map(|metric| Definition {
            name: metric.name.clone(),
            words: format!("{}({})", metric.call.name, words::arguments(&metric.call)),
            title: metric.title.clone().unwrap_or_default(),
            doc: words_of_doc(&metric.doc),
            note: metric.scale.word().to_owned(),
            prose: String::new(),
            tree: Vec::new(),
        })
        .collect()
}

fn words_of_doc(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}
