//! What the notebook is to repeat: for each claim its samples and the numbers of the report.

use serde_json::{Value as Json, json};

use crate::analysis::{Findings, HypothesisFindings};
use crate::report::facts::RunFacts;
use crate::report::figures::Figure;
use crate::spec::{
    Alternative, Claim, Condensed, Direction, Estimand, Experiment, Hypothesis, Missing,
    Over, Sample, Scale,
};

/// The version of this document; it rises when a field changes its meaning.
const FORMAT: u32 = 1;

/// Measures that the table of trials has as they are.
const MEASURES: &[&str] = &["latency", "cost", "requests", "tokens_in", "tokens_out"];

/// Returns what the notebook reads.
pub(in crate::report) fn document(
    experiment: &Experiment,
    facts: &RunFacts,
    findings: &Findings,
    figures: &[Figure],
) -> Json {
    let hypotheses: Vec<Json> = experiment
        .hypotheses
        .iter()
        .filter_map(|hypothesis| {
            let found = findings.hypotheses.get(&hypothesis.name)?;
            Some(claim(experiment, hypothesis, found))
        })
        .collect();
    json!({
        "format": FORMAT,
        "experiment": experiment.name,
        "digest": facts.digest,
        "version": facts.version,
        "notebook_seed": facts.seed.wrapping_add(1),
        "correction": findings.correction.word(),
        "removed_hypotheses": facts.removed_hypotheses.len(),
        "samples": samples(experiment, findings),
        "hypotheses": hypotheses,
        "figures": figures,
    })
}

/// Returns the mean of every metric under every condition, as the report has it.
fn samples(experiment: &Experiment, findings: &Findings) -> Vec<Json> {
    let mut rows = Vec::new();
    for (condition, found) in &findings.conditions {
        for (metric, found) in &found.metrics {
            let main = experiment.metrics.iter().any(|own| own.name == *metric);
            if !main && (!MEASURES.contains(&metric.as_str()) || found.mean.is_none()) {
                continue;
            }
            let sample = Sample {
                condition: condition.clone(),
                metric: metric.clone(),
                scale: found.scale,
            };
            rows.push(json!({
                "condition": condition,
                "metric": metric,
                "main": main,
                "failed": failed(experiment, &sample, false),
                "mean": found.mean,
                "ci": found.ci,
                "ci_method": found.ci_method,
            }));
        }
    }
    rows
}

/// Returns what a failed trial counts as: a number, `inf`, or nothing.
fn failed(experiment: &Experiment, sample: &Sample, quantile: bool) -> Json {
    let own = experiment.metrics.iter().find(|metric| metric.name == sample.metric);
    match own.map_or(Missing::ByScale, |metric| metric.missing) {
        Missing::Drop => Json::Null,
        Missing::ByScale if quantile && sample.scale == Scale::Duration => json!("inf"),
        Missing::Wrong => json!(0.0),
        Missing::ByScale if sample.scale.is_fraction() => json!(0.0),
        Missing::ByScale => Json::Null,
    }
}

/// A claim that the notebook can repeat: one sample, or two of one kind.
#[derive(Debug)]
struct Plain<'a> {
    left: &'a Sample,
    right: Option<&'a Sample>,
    direction: Direction,
    quantile: Option<f64>,
}

fn claim(
    experiment: &Experiment,
    hypothesis: &Hypothesis,
    found: &HypothesisFindings,
) -> Json {
    let plain = plain(experiment, hypothesis);
    let quantile = plain.as_ref().ok().and_then(|plain| plain.quantile);
    let mut row = json!({
        "name": hypothesis.name,
        "claim": found.claim,
        "verdict": found.verdict.word(),
        "test": found.test,
        "statistic": found.statistic,
        "p": found.p,
        "p_adjusted": found.p_adjusted,
        "alpha": found.alpha,
        "alternative": match found.alternative {
            Alternative::TwoSided => "two_sided",
            Alternative::OneSided => "one_sided",
        },
        "margin": found.margin,
        "estimate": found.estimate,
        "ci": found.ci,
        "interval_level": found.interval_level,
        "unpaired": experiment.header.design.is_unpaired(),
        "quantile": quantile,
        "not_repeated": Json::Null,
    });
    match plain {
        Ok(_) if found.test.is_empty() => {
            row["not_repeated"] = json!("the report has no test of it");
        }
        Ok(plain) => {
            let sample = |sample: &Sample| {
                json!({
                    "condition": sample.condition,
                    "metric": sample.metric,
                    "failed": failed(experiment, sample, quantile.is_some()),
                })
            };
            row["direction"] = json!(match plain.direction {
                Direction::Greater => "greater",
                Direction::Less => "less",
            });
            row["left"] = sample(plain.left);
            if let Some(right) = plain.right {
                row["right"] = sample(right);
            }
        }
        Err(why) => row["not_repeated"] = json!(why),
    }
    row
}

/// Returns the samples of a claim, or why the notebook does not repeat it.
fn plain<'a>(
    experiment: &Experiment,
    hypothesis: &'a Hypothesis,
) -> Result<Plain<'a>, &'static str> {
    if experiment.header.cluster.is_some() {
        return Err("the groups of the items are not in SciPy's tests");
    }
    if hypothesis.over == Over::Repeats {
        return Err("it speaks of these items alone");
    }
    let Claim::Compare { left, direction, right } = &hypothesis.claim else {
        return Err("it is an equivalence, or joined of parts");
    };
    let Estimand::Of(kind, left) = left else {
        return Err("its left side is no plain mean or quantile");
    };
    let quantile = match kind {
        Condensed::Mean => None,
        Condensed::Quantile(q) => Some(*q),
        Condensed::Sum | Condensed::Sd => {
            return Err("sums and deviations are not repeated");
        }
    };
    let right = other(right)?;
    if right.is_some_and(|(other, _)| other != kind) {
        return Err("its sides are of two kinds");
    }
    if quantile.is_some() && right.is_none() {
        return Err("a quantile of one condition is not repeated");
    }
    let right = right.map(|(_, sample)| sample);
    let told = |sample: &Sample| {
        let own = experiment.metrics.iter().any(|metric| metric.name == sample.metric);
        own || MEASURES.contains(&sample.metric.as_str())
    };
    if !told(left) || !right.is_none_or(told) {
        return Err("the table of trials does not have the measure");
    }
    Ok(Plain { left, right, direction: *direction, quantile })
}

/// Returns the sample on the right side, beside a margin, or nothing for a number.
fn other(right: &Estimand) -> Result<Option<(&Condensed, &Sample)>, &'static str> {
    match right {
        Estimand::Constant(_) => Ok(None),
        Estimand::Of(kind, sample) => Ok(Some((kind, sample))),
        Estimand::Sum(a, b) | Estimand::Difference(a, b) => {
            match (a.as_ref(), b.as_ref()) {
                (Estimand::Of(kind, sample), Estimand::Constant(_)) => {
                    Ok(Some((kind, sample)))
                }
                _ => Err("its right side is no plain mean or quantile"),
            }
        }
        Estimand::Trend { .. }
        | Estimand::Effect { .. }
        | Estimand::Correlation(..)
        | Estimand::Product(..)
        | Estimand::Quotient(..) => Err("its right side is no plain mean or quantile"),
    }
}
