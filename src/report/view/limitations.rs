//! What the data cannot show, as it follows from them.

use crate::analysis::{Findings, HypothesisFindings, Verdict};
use crate::report::facts::RunFacts;
use crate::report::{round, words};
use crate::spec::{Experiment, Over, Scale};

/// From so many items on the width of a share's interval is no limitation worth a sentence.
const MANY_ITEMS: u32 = 400;

/// A share of failures from which they matter whatever the verdicts say.
const MANY_FAILURES: f64 = 0.01;

/// Returns one sentence, or a few, for each limitation.
pub(super) fn sentences(
    experiment: &Experiment,
    facts: &RunFacts,
    findings: &Findings,
) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(part(facts));
    lines.extend(few_items(experiment, facts));
    lines.extend(clusters(experiment, findings));
    lines.extend(repeats(experiment));
    lines.extend(answers(experiment));
    lines.extend(failures(facts, findings));
    lines.extend(costs(facts));
    lines.extend(unresolved(experiment, facts));
    lines.extend(cached(facts));
    lines.extend(hypotheses(findings));
    lines.extend(other_seeds(facts));
    lines
}

fn part(facts: &RunFacts) -> Option<String> {
    if !facts.complete {
        return Some(
            "The run is not complete; what was not run may differ from what was."
                .to_owned(),
        );
    }
    facts.selection.as_ref().map(|_| {
        "Only a part of the experiment was asked, and the verdicts are of that part."
            .to_owned()
    })
}

/// Half the width of the 95% interval of a share of one half, which is the widest.
fn few_items(experiment: &Experiment, facts: &RunFacts) -> Option<String> {
    let shares = experiment.metrics.iter().any(|metric| metric.scale == Scale::Binary);
    if !shares || facts.items == 0 || facts.items >= MANY_ITEMS {
        return None;
    }
    let half = 1.96 * (0.25 / f64::from(facts.items)).sqrt();
    Some(format!(
        "With {}, a share near one half is known to about ±{:.0} pp under one condition, and smaller differences may go unseen.",
        words::counted(u64::from(facts.items), "item", "items"),
        half * 100.0
    ))
}

fn clusters(experiment: &Experiment, findings: &Findings) -> Option<String> {
    let column = experiment.header.cluster.as_ref()?;
    let widest = findings.hypotheses.values().max_by_key(|found| found.n_units)?;
    Some(format!(
        "The items come in groups of {column}: {} in {}. What is known is nearer to the number of groups than to that of items.",
        words::counted(u64::from(widest.n_items), "item", "items"),
        words::counted(u64::from(widest.n_units), "group", "groups")
    ))
}

fn repeats(experiment: &Experiment) -> Option<String> {
    let random = |name: &str| name != "recorded";
    let asks = experiment.models.iter().any(|model| random(&model.call.name));
    (experiment.header.repeats == 1 && asks).then(|| {
        "Each item was asked once under a condition, so how much answers vary from one asking to the next is not known apart from how items vary."
            .to_owned()
    })
}

/// Says where the answers come from, if not from models that were asked.
fn answers(experiment: &Experiment) -> Vec<String> {
    let named = |provider: &str| {
        let own = experiment.models.iter().filter(|model| model.call.name == provider);
        own.map(|model| model.name.as_str()).collect::<Vec<_>>()
    };
    let (simulated, recorded) = (named("sim"), named("recorded"));
    let mut lines = Vec::new();
    if !simulated.is_empty() {
        lines.push(format!(
            "The answers of {} are simulated; they say nothing of a real model.",
            simulated.join(", ")
        ));
    }
    if !recorded.is_empty() {
        lines.push(format!(
            "The answers of {} were recorded earlier, under settings that this experiment did not choose.",
            recorded.join(", ")
        ));
    }
    lines
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn failures(facts: &RunFacts, findings: &Findings) -> Vec<String> {
    let mut lines = Vec::new();
    let committed = facts.trials.done + facts.trials.failed;
    let share = facts.trials.failed as f64 / committed.max(1) as f64;
    if share >= MANY_FAILURES {
        lines.push(format!(
            "{} of {} trials failed ({}); what these would have answered is not known.",
            round::count(facts.trials.failed),
            round::count(committed),
            round::value(share, Scale::Fraction)
        ));
    }
    let scores: u64 = facts.score_failures.iter().map(|failure| failure.count).sum();
    if scores > 0 {
        lines.push(format!(
            "On {} a metric failed; they are left out, and may differ from the rest.",
            words::counted(scores, "answer", "answers")
        ));
    }
    let decide = named(findings, |found| {
        found.with_failures.is_some_and(|verdicts| {
            verdicts.worst != found.verdict || verdicts.best != found.verdict
        })
    });
    if !decide.is_empty() {
        lines.push(format!(
            "How failures are counted could change the verdict of {}.",
            decide.join(", ")
        ));
    }
    lines
}

fn costs(facts: &RunFacts) -> Option<String> {
    (facts.calls.unknown_cost > 0).then(|| {
        format!(
            "The price of {} is unknown, so sums of costs are lower bounds and costs cannot be compared.",
            words::counted(facts.calls.unknown_cost, "call", "calls")
        )
    })
}

fn unresolved(experiment: &Experiment, facts: &RunFacts) -> Option<String> {
    let asked = |name: &str| {
        let own = experiment.models.iter().find(|model| model.name == name);
        own.is_some_and(|model| !matches!(model.call.name.as_str(), "sim" | "recorded"))
    };
    let silent: Vec<&str> = facts
        .models
        .iter()
        .filter(|model| {
            model.calls > 0 && model.resolved.is_empty() && asked(&model.name)
        })
        .map(|model| model.name.as_str())
        .collect();
    (!silent.is_empty()).then(|| {
        format!(
            "Which version of {} answered was not told by its provider.",
            silent.join(", ")
        )
    })
}

fn cached(facts: &RunFacts) -> Option<String> {
    (facts.calls.cached > 0).then(|| {
        format!(
            "{} answered from the cache; their latency is not known.",
            words::counted(facts.calls.cached, "call was", "calls were")
        )
    })
}

fn hypotheses(findings: &Findings) -> Vec<String> {
    let mut lines = Vec::new();
    let open = named(findings, |found| found.verdict == Verdict::Inconclusive);
    if !open.is_empty() {
        lines.push(format!(
            "{} inconclusive ({}), which is no evidence that there is no difference.",
            words::counted(open.len() as u64, "hypothesis is", "hypotheses are"),
            open.join(", ")
        ));
    }
    let torn = named(findings, |found| {
        found.runner_up.as_ref().is_some_and(|runner_up| runner_up.changes_verdict)
    });
    if !torn.is_empty() {
        lines.push(format!(
            "The verdict of {} depends on the test: the runner-up would decide otherwise.",
            torn.join(", ")
        ));
    }
    let fixed = named(findings, |found| found.over == Over::Repeats);
    if !fixed.is_empty() {
        lines.push(format!(
            "{} of these items alone, and not of items like them.",
            if fixed.len() == 1 {
                format!("{} speaks", fixed.join(", "))
            } else {
                format!("{} speak", fixed.join(", "))
            }
        ));
    }
    lines
}

fn named(findings: &Findings, is: impl Fn(&HypothesisFindings) -> bool) -> Vec<&str> {
    let all = findings.hypotheses.iter();
    all.filter(|(_, found)| is(found)).map(|(name, _)| name.as_str()).collect()
}

fn other_seeds(facts: &RunFacts) -> Option<String> {
    let other = |run: &&crate::report::facts::EarlierFacts| {
        run.committed > 0 && run.seed.is_some_and(|seed| seed != facts.seed)
    };
    let count = facts.earlier_runs.iter().filter(other).count() as u64;
    (count > 0).then(|| {
        format!(
            "{} of this experiment had another seed; a seed that was chosen for its outcome would make every p too small.",
            words::counted(count, "earlier run", "earlier runs")
        )
    })
}
