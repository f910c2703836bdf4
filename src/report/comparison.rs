//! A comparison of two files in sentences.

use crate::analysis::{HypothesisFindings, MetricFindings, Verdict};
use crate::report::view::sentences;
use crate::report::{round, words};

/// A comparison as it is told.
#[derive(Debug, Clone, Copy)]
pub struct Comparison<'a> {
    /// What was compared.
    pub metric: &'a str,
    /// What the sides are called.
    pub names: [&'a str; 2],
    /// The metric of each side over its own items.
    pub summaries: [Option<&'a MetricFindings>; 2],
    /// The findings, as of a hypothesis.
    pub findings: &'a HypothesisFindings,
    /// Whether the groups of a column are the independent units.
    pub clustered: bool,
}

/// Returns the sentences of a comparison: the conclusion first, then what a report says of a
/// hypothesis.
#[must_use]
pub fn comparison(told: &Comparison<'_>) -> Vec<String> {
    let mut found = told.findings.clone();
    // One comparison is a family of one: nothing was corrected.
    found.p_adjusted = None;
    let mut lines = vec![conclusion(told)];
    lines.extend(sentences(&found, told.clustered));
    lines
}

/// Returns a line for each side: its name, how many, its mean and interval.
#[must_use]
pub fn sides(told: &Comparison<'_>) -> Vec<String> {
    told.names
        .iter()
        .zip(told.summaries)
        .map(|(name, summary)| match summary {
            Some(summary) => format!("{name}: {}", summary_of(summary)),
            None => format!("{name}: no values"),
        })
        .collect()
}

/// Returns mean, interval and numbers of a metric.
fn summary_of(summary: &MetricFindings) -> String {
    let mean = summary.mean.map_or("–".to_owned(), |x| round::value(x, summary.scale));
    let interval = summary.ci.map_or(String::new(), |[low, high]| {
        let ends = [low, high].map(|end| round::value(end, summary.scale));
        format!(", 95% CI [{}, {}] ({})", ends[0], ends[1], summary.ci_method)
    });
    let items = words::counted(u64::from(summary.n_items), "item", "items");
    let values = if summary.n == summary.n_items {
        items
    } else {
        let values = words::counted(u64::from(summary.n), "value", "values");
        format!("{values} of {items}")
    };
    format!("mean {mean}{interval}, {values}")
}

/// Says in a sentence what the comparison came to.
fn conclusion(told: &Comparison<'_>) -> String {
    let found = told.findings;
    let ([left, right], metric) = (told.names, told.metric);
    let Some(estimate) = found.estimate.filter(|_| !found.test.is_empty()) else {
        return format!("{left} and {right} could not be compared by {metric}.");
    };
    let plain = found.claim == format!("{left} > {right}");
    let numbers = numbers(found);
    let size = round::difference(estimate.abs(), found.scale);
    let size = size.trim_start_matches('+');
    if !plain {
        let verdict = found.verdict.word();
        return format!(
            "The claim “{}” about {metric} is {verdict} ({numbers}).",
            found.claim
        );
    }
    match found.verdict {
        Verdict::Supported => {
            format!(
                "{metric} is higher in {left} than in {right}, by {size} ({numbers})."
            )
        }
        Verdict::Refuted => {
            format!("{metric} is lower in {left} than in {right}, by {size} ({numbers}).")
        }
        Verdict::Inconclusive => format!(
            "These data do not show whether {metric} differs between {left} and {right} ({numbers})."
        ),
    }
}

/// Returns the numbers of a test as the APA writes them.
fn numbers(found: &HypothesisFindings) -> String {
    let interval = found.ci.map_or(String::new(), |[low, high]| {
        let ends = [low, high].map(|end| round::difference(end, found.scale));
        let level = round::percent(found.interval_level);
        format!("{level} CI [{}, {}], ", ends[0], ends[1])
    });
    let difference =
        found.estimate.map_or(String::new(), |x| round::difference(x, found.scale));
    let statistic = match (found.statistic, found.df) {
        (Some(value), Some(df)) => format!(
            "{}({}) = {}, ",
            found.statistic_name,
            round::significant(df, 4),
            round::significant(value, 3)
        ),
        (Some(value), None) => {
            format!("{} = {}, ", found.statistic_name, round::significant(value, 3))
        }
        (None, _) => String::new(),
    };
    let p = round::p_sentence(found.p);
    format!("difference {difference}, {interval}{}, {statistic}{p}", found.test)
}

/// Returns the cells of a described column: mean, deviation, interval, quartiles.
#[must_use]
pub fn description(
    summary: &MetricFindings,
    sd: Option<f64>,
    quartiles: Option<[f64; 5]>,
) -> Vec<String> {
    let shown = |value: f64| round::value(value, summary.scale);
    let mut lines = vec![summary_of(summary)];
    if let Some(sd) = sd {
        lines.push(format!("standard deviation {}", shown(sd)));
    }
    if let Some([low, first, median, third, high]) = quartiles {
        lines.push(format!(
            "smallest {}, quartiles {}, {}, {}, largest {}",
            shown(low),
            shown(first),
            shown(median),
            shown(third),
            shown(high)
        ));
    }
    let missing = [(summary.failed, "failed"), (summary.unscored, "without a value")];
    for (count, what) in missing.into_iter().filter(|(count, _)| *count > 0) {
        lines.push(format!("{} {what}", words::counted(u64::from(count), "row", "rows")));
    }
    lines
}
