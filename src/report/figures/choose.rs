//! Which figures a run has: those of estimates, hypotheses, cost and score are here.

use std::collections::BTreeSet;

use crate::analysis::{ConditionFindings, Findings, HypothesisFindings, Portraits};
use crate::report::round;
use crate::spec::{Experiment, Scale};

use super::chart::{Chart, Figure, Mark, NamedPoint, Place, Points, RowSeries, Rows};
use super::interaction::interactions;
use super::unit::{Unit, largest};
use super::{spread, timing};

/// Rows of one figure; what stands in more is in the tables alone.
pub(super) const MOST_ROWS: usize = 40;

/// Returns the figures of a run, in the order of the report.
pub(in crate::report) fn figures(
    experiment: &Experiment,
    findings: &Findings,
    portraits: &Portraits,
) -> Vec<Figure> {
    let mut figures = Vec::new();
    for metric in &experiment.metrics {
        figures.extend(estimates(findings, &metric.name, metric.scale));
    }
    figures.extend(interactions(experiment, findings));
    figures.extend(frontier(experiment, findings));
    figures.extend(spread::distributions(portraits));
    figures.extend(timing::latency(findings));
    figures.extend(spread::spend(portraits));
    figures.extend(hypotheses(findings));
    figures.extend(outcomes(findings));
    figures.extend(spread::differences(portraits));
    figures.extend(timing::consensus(findings));
    figures.extend(timing::hedging(findings));
    figures.extend(spread::power(portraits));
    let mut taken = BTreeSet::new();
    for figure in &mut figures {
        let plain = named(&figure.name);
        let mut name = plain.clone();
        let mut next = 2;
        while !taken.insert(name.clone()) {
            name = format!("{plain}-{next}");
            next += 1;
        }
        figure.name = name;
    }
    figures
}

/// Makes the name of a file of letters, digits and single hyphens.
fn named(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

/// Says how many rows of how many are drawn, where that is not all.
pub(super) fn of_all(drawn: usize, all: usize) -> String {
    if drawn == all {
        return String::new();
    }
    format!(
        " The first {} of {} are drawn; the tables have all.",
        round::count(drawn as u64),
        round::count(all as u64)
    )
}

/// The means of a metric under every condition.
fn estimates(findings: &Findings, metric: &str, scale: Scale) -> Option<Figure> {
    let known: Vec<(&String, f64, Option<[f64; 2]>)> = findings
        .conditions
        .iter()
        .filter_map(|(name, found)| {
            let own = found.metrics.get(metric)?;
            Some((name, own.mean.filter(|mean| mean.is_finite())?, own.ci))
        })
        .collect();
    let all = known.len();
    let drawn: Vec<_> = known.into_iter().take(MOST_ROWS).collect();
    if drawn.is_empty() {
        return None;
    }
    let unit = Unit::of(scale, largest(drawn.iter().map(|(_, mean, _)| *mean)));
    let told: Vec<String> = drawn
        .iter()
        .map(|(name, mean, ci)| {
            let interval = ci.map_or(String::new(), |[low, high]| {
                let (low, high) = (round::value(low, scale), round::value(high, scale));
                format!(" from {low} to {high}")
            });
            format!("{name} {}{interval}", round::value(*mean, scale))
        })
        .collect();
    let marks = drawn.iter().enumerate().map(|(row, (_, mean, ci))| Mark {
        row,
        value: unit.value(*mean),
        ci: unit.ci(*ci),
    });
    Some(Figure {
        name: format!("estimates-{metric}"),
        place: Place::Results,
        title: format!("{metric} by condition"),
        caption: format!(
            "The mean of {metric} under each condition, with its 95% interval.{}",
            of_all(drawn.len(), all)
        ),
        seen: format!("Means with 95% intervals: {}.", told.join("; ")),
        chart: Chart::Rows(Rows {
            axis: unit.axis(&format!("mean {metric}")),
            labels: drawn.iter().map(|(name, ..)| (*name).clone()).collect(),
            series: vec![RowSeries { name: "mean".to_owned(), marks: marks.collect() }],
            reference: None,
        }),
    })
}

/// The differences that hypotheses are about, a figure for each scale.
fn hypotheses(findings: &Findings) -> Vec<Figure> {
    let groups: [(&str, &[Scale]); 4] = [
        ("shares", &[Scale::Binary, Scale::Fraction]),
        ("durations", &[Scale::Duration]),
        ("costs", &[Scale::Money]),
        ("numbers", &[Scale::Ordinal, Scale::Continuous, Scale::Count]),
    ];
    let figure = |(word, scales): (&str, &[Scale])| {
        let own: Vec<(&String, &HypothesisFindings, f64)> = findings
            .hypotheses
            .iter()
            .filter(|(_, found)| scales.contains(&found.scale) && !found.is_level)
            .filter_map(|(name, found)| {
                Some((name, found, found.estimate.filter(|value| value.is_finite())?))
            })
            .collect();
        let all = own.len();
        let drawn: Vec<_> = own.into_iter().take(MOST_ROWS).collect();
        let scale = drawn.first()?.1.scale;
        let unit = Unit::difference(
            scale,
            largest(drawn.iter().map(|(.., estimate)| *estimate)),
        );
        let marks = drawn.iter().enumerate().map(|(row, (_, found, estimate))| Mark {
            row,
            value: unit.value(*estimate),
            ci: unit.ci(found.ci),
        });
        let told: Vec<String> = drawn
            .iter()
            .map(|(name, found, estimate)| {
                let shown = round::difference(*estimate, found.scale);
                format!("{name} {shown}, {}", found.verdict.word())
            })
            .collect();
        Some(Figure {
            name: format!("hypotheses-{word}"),
            place: Place::Hypotheses,
            title: format!("Hypotheses on {word}: estimates"),
            caption: format!(
                "The estimate of each hypothesis on {word}, left side minus right side, with its interval before correction. The broken line is no difference.{}",
                of_all(drawn.len(), all)
            ),
            seen: format!("Estimates: {}.", told.join("; ")),
            chart: Chart::Rows(Rows {
                axis: unit.axis("difference"),
                labels: drawn.iter().map(|(name, ..)| (*name).clone()).collect(),
                series: vec![RowSeries {
                    name: "difference".to_owned(),
                    marks: marks.collect(),
                }],
                reference: Some(0.0),
            }),
        })
    };
    groups.into_iter().filter_map(figure).collect()
}

/// On how many items only one side was right.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn outcomes(findings: &Findings) -> Option<Figure> {
    let own: Vec<_> = findings
        .hypotheses
        .iter()
        .filter_map(|(name, found)| Some((name, found.pairs?)))
        .collect();
    let all = own.len();
    let drawn: Vec<_> = own.into_iter().take(MOST_ROWS).collect();
    if drawn.is_empty() {
        return None;
    }
    let series = |name: &str, left: bool| RowSeries {
        name: name.to_owned(),
        marks: drawn
            .iter()
            .enumerate()
            .map(|(row, (_, pairs))| {
                let n = pairs.both + pairs.only_left + pairs.only_right + pairs.neither;
                let hits = if left { pairs.only_left } else { pairs.only_right };
                let value = 100.0 * hits as f64 / n.max(1) as f64;
                Mark { row, value, ci: None }
            })
            .collect(),
    };
    let told: Vec<String> = drawn
        .iter()
        .map(|(name, pairs)| {
            format!("{name} {} left, {} right", pairs.only_left, pairs.only_right)
        })
        .collect();
    Some(Figure {
        name: "discordant".to_owned(),
        place: Place::Hypotheses,
        title: "Items on which only one side was right".to_owned(),
        caption: format!(
            "The share of the items on which only the left side of a hypothesis was right, and on which only the right side was: what McNemar's test compares. On all other items both or neither were.{}",
            of_all(drawn.len(), all)
        ),
        seen: format!("Items on which only one side was right: {}.", told.join("; ")),
        chart: Chart::Rows(Rows {
            axis: Unit::of(Scale::Fraction, 1.0).axis("share of the items"),
            labels: drawn.iter().map(|(name, _)| (*name).clone()).collect(),
            series: vec![
                series("only the left side right", true),
                series("only the right side right", false),
            ],
            reference: None,
        }),
    })
}

/// Cost and score of the conditions, and which of them no other beats.
fn frontier(experiment: &Experiment, findings: &Findings) -> Option<Figure> {
    let metric = experiment.metrics.iter().find(|metric| metric.scale.is_fraction())?;
    let of = |found: &ConditionFindings, name: &str| {
        let own = found.metrics.get(name)?;
        Some((own.mean.filter(|mean| mean.is_finite())?, own.ci))
    };
    let known: Vec<_> = findings
        .conditions
        .iter()
        .filter_map(|(name, found)| {
            Some((name, of(found, "cost")?, of(found, &metric.name)?))
        })
        .take(MOST_ROWS)
        .collect();
    let most = largest(known.iter().map(|(_, (cost, _), _)| *cost));
    if known.len() < 2 || most <= 0.0 {
        return None;
    }
    let cost = Unit::of(Scale::Money, most);
    let score = Unit::of(metric.scale, 1.0);
    let points: Vec<NamedPoint> = known
        .iter()
        .map(|(name, (x, x_ci), (y, y_ci))| NamedPoint {
            name: (*name).clone(),
            x: cost.value(*x),
            y: score.value(*y),
            x_ci: cost.ci(*x_ci),
            y_ci: score.ci(*y_ci),
            frontier: !known.iter().any(|(_, (cheaper, _), (better, _))| {
                cheaper <= x && better >= y && (cheaper < x || better > y)
            }),
        })
        .collect();
    let best: Vec<&str> =
        points.iter().filter(|p| p.frontier).map(|p| p.name.as_str()).collect();
    let x = if cost.word == "US$" { "cost of a trial" } else { "cost of trials" };
    Some(Figure {
        name: "frontier".to_owned(),
        place: Place::Further,
        title: format!("{} and cost", metric.name),
        caption: format!(
            "Mean {} and mean cost of each condition, with 95% intervals. The line joins the conditions that no other beats in both: {}.",
            metric.name,
            best.join(", ")
        ),
        seen: format!(
            "No other condition is cheaper and better than {}.",
            best.join(", ")
        ),
        chart: Chart::Points(Points {
            x: cost.axis(x),
            y: score.axis(&format!("mean {}", metric.name)),
            points,
        }),
    })
}
