//! Which figures a run has, from its findings: estimates, hypotheses, frontier, votes.

use std::collections::BTreeSet;

use crate::analysis::{ConditionFindings, Findings, HypothesisFindings, Portraits};
use crate::report::{round, words};
use crate::spec::{Experiment, Scale};

use super::chart::{
    Axis, Chart, Curve, CurvePoint, Curves, Figure, Form, Mark, NamedPoint, Place,
    Points, RowSeries, Rows,
};
use super::colours::MOST_SERIES;
use super::spread;

/// Rows of one figure; what stands in more is in the tables alone.
const MOST_ROWS: usize = 40;

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
    figures.extend(latency(findings));
    figures.extend(spread::spend(portraits));
    figures.extend(hypotheses(findings));
    figures.extend(outcomes(findings));
    figures.extend(spread::differences(portraits));
    figures.extend(consensus(findings));
    figures.extend(hedging(findings));
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

/// A scale in the unit of an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Unit {
    /// What a value in base units is times in this one.
    pub(super) factor: f64,
    /// The unit in words; empty for a plain number.
    pub(super) word: &'static str,
}

impl Unit {
    /// Chooses a unit for values up to a size.
    pub(super) fn of(scale: Scale, size: f64) -> Self {
        let (factor, word) = match scale {
            Scale::Binary | Scale::Fraction => (100.0, "%"),
            Scale::Duration if size < 1.0 => (1e3, "ms"),
            Scale::Duration => (1.0, "s"),
            Scale::Money if size < 1e-5 => (1e6, "US$ per million"),
            Scale::Money if size < 0.01 => (1e3, "US$ per 1,000"),
            Scale::Money => (1.0, "US$"),
            Scale::Ordinal | Scale::Continuous | Scale::Count => (1.0, ""),
        };
        Self { factor, word }
    }

    /// The same for differences.
    pub(super) fn difference(scale: Scale, size: f64) -> Self {
        let unit = Self::of(scale, size);
        match scale {
            Scale::Binary | Scale::Fraction => Self { word: "percentage points", ..unit },
            Scale::Duration
            | Scale::Money
            | Scale::Ordinal
            | Scale::Continuous
            | Scale::Count => unit,
        }
    }

    pub(super) fn value(self, value: f64) -> f64 {
        value * self.factor
    }

    pub(super) fn ci(self, ci: Option<[f64; 2]>) -> Option<[f64; 2]> {
        let ci = ci.filter(|ends| ends.iter().all(|end| end.is_finite()));
        ci.map(|ends| ends.map(|end| end * self.factor))
    }

    /// Names an axis: `latency (s)`.
    pub(super) fn axis(self, what: &str) -> Axis {
        let label = if self.word.is_empty() {
            what.to_owned()
        } else {
            format!("{what} ({})", self.word)
        };
        Axis { label, log: false }
    }
}

/// Returns the largest of absolute values that are finite.
pub(super) fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.map(f64::abs).filter(|value| value.is_finite()).fold(0.0, f64::max)
}

/// Says how many rows of how many are drawn, where that is not all.
fn of_all(drawn: usize, all: usize) -> String {
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

/// Quantiles of the latency.
fn latency(findings: &Findings) -> Option<Figure> {
    let known: Vec<(&String, Vec<(&String, f64)>)> = findings
        .conditions
        .iter()
        .filter_map(|(name, found)| {
            let own = found.metrics.get("latency")?;
            let finite = own.quantiles.iter().filter(|(_, value)| value.is_finite());
            let quantiles: Vec<_> = finite.map(|(q, value)| (q, *value)).collect();
            (!quantiles.is_empty()).then_some((name, quantiles))
        })
        .take(MOST_ROWS)
        .collect();
    let names: BTreeSet<&String> =
        known.iter().flat_map(|(_, own)| own.iter().map(|(q, _)| *q)).collect();
    let values = || known.iter().flat_map(|(_, own)| own.iter().map(|(_, value)| *value));
    let most = largest(values());
    if most <= 0.0 {
        return None;
    }
    let unit = Unit::of(Scale::Duration, most);
    let series = names.into_iter().take(MOST_SERIES).map(|quantile| RowSeries {
        name: quantile.clone(),
        marks: known
            .iter()
            .enumerate()
            .filter_map(|(row, (_, own))| {
                let (_, value) = own.iter().find(|(q, _)| *q == quantile)?;
                Some(Mark { row, value: unit.value(*value), ci: None })
            })
            .collect(),
    });
    let told: Vec<String> = known
        .iter()
        .map(|(name, own)| {
            let shown: Vec<String> = own
                .iter()
                .map(|(q, value)| {
                    format!("{q} {}", round::value(*value, Scale::Duration))
                })
                .collect();
            format!("{name} {}", shown.join(", "))
        })
        .collect();
    let least = values().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
    Some(Figure {
        name: "latency-quantiles".to_owned(),
        place: Place::Further,
        title: "Latency by condition".to_owned(),
        caption: "Quantiles of the latency under each condition: half of the trials with a latency took at most p50."
            .to_owned(),
        seen: format!("Quantiles of the latency: {}.", told.join("; ")),
        chart: Chart::Rows(Rows {
            axis: Axis { log: most > 30.0 * least, ..unit.axis("latency") },
            labels: known.iter().map(|(name, _)| (*name).clone()).collect(),
            series: series.collect(),
            reference: None,
        }),
    })
}

/// How often a vote is right by how far its members agree.
fn consensus(findings: &Findings) -> Option<Figure> {
    let unit = Unit::of(Scale::Fraction, 1.0);
    let curves: Vec<Curve> = findings
        .ensembles
        .iter()
        .filter_map(|(name, found)| {
            let points: Vec<CurvePoint> = found
                .levels
                .iter()
                .filter_map(|level| {
                    Some(CurvePoint {
                        x: unit.value(level.consensus),
                        y: unit.value(level.accuracy?),
                        ci: unit.ci(level.ci),
                    })
                })
                .collect();
            (points.len() > 1).then(|| Curve { name: name.clone(), points })
        })
        .collect();
    if curves.is_empty() {
        return None;
    }
    let all = curves.len();
    let series: Vec<Curve> = curves.into_iter().take(MOST_SERIES).collect();
    Some(Figure {
        name: "consensus".to_owned(),
        place: Place::Further,
        title: "Reliability of consensus".to_owned(),
        caption: format!(
            "How often the answer that won a vote is right, by the share of the members called who gave it, with 95% intervals where trials are independent. On the broken line consensus would be a probability.{}",
            of_all(series.len(), all)
        ),
        seen: format!(
            "Accuracy by consensus of {}.",
            words::counted(series.len() as u64, "vote", "votes")
        ),
        chart: Chart::Curves(Curves {
            x: unit.axis("consensus"),
            y: unit.axis("share of answers that are right"),
            categories: Vec::new(),
            form: Form::Marked,
            series,
            diagonal: true,
            reference: None,
            y_range: Some([0.0, 100.0]),
        }),
    })
}

/// The tails of hedged conditions beside those without the hedge.
fn hedging(findings: &Findings) -> Vec<Figure> {
    let figure = |(name, audit): (&String, &crate::analysis::HedgeAudit)| {
        let plain = audit.plain.clone()?;
        let tails = audit.tails.iter().filter(|tail| tail.plain.is_some());
        let tails: Vec<_> = tails.take(MOST_ROWS).collect();
        let values = tails.iter().flat_map(|tail| [Some(tail.hedged), tail.plain]);
        let most = largest(values.flatten());
        if most <= 0.0 {
            return None;
        }
        let unit = Unit::of(Scale::Duration, most);
        let marks = |hedged: bool| {
            let mark = |(row, tail): (usize, &&crate::analysis::TailAudit)| {
                let (value, ci) = if hedged {
                    (tail.hedged, tail.hedged_ci)
                } else {
                    (tail.plain?, tail.plain_ci)
                };
                value.is_finite().then(|| Mark {
                    row,
                    value: unit.value(value),
                    ci: unit.ci(ci),
                })
            };
            tails.iter().enumerate().filter_map(mark).collect()
        };
        Some(Figure {
            name: format!("hedging-{name}"),
            place: Place::Further,
            title: format!("Latency with and without the hedge of {name}"),
            caption: format!(
                "Quantiles of the latency of {name}, which is hedged, and of {plain}, which does the same without the hedge, with 95% intervals."
            ),
            seen: audit.statement.clone(),
            chart: Chart::Rows(Rows {
                axis: unit.axis("latency"),
                labels: tails
                    .iter()
                    .map(|tail| format!("p{}", round::significant(tail.q * 100.0, 4)))
                    .collect(),
                series: vec![
                    RowSeries { name: name.clone(), marks: marks(true) },
                    RowSeries { name: plain, marks: marks(false) },
                ],
                reference: None,
            }),
        })
    };
    findings.hedging.iter().filter_map(figure).collect()
}

/// How two variables of a family act together on a metric.
fn interactions(experiment: &Experiment, findings: &Findings) -> Vec<Figure> {
    let mut families: Vec<&str> = Vec::new();
    for condition in &experiment.conditions {
        if let Some(member) = &condition.family
            && member.values.len() == 2
            && !families.contains(&member.family.as_str())
        {
            families.push(&member.family);
        }
    }
    let mut figures = Vec::new();
    for family in families {
        for metric in &experiment.metrics {
            figures.extend(interaction(experiment, findings, family, metric));
        }
    }
    figures
}

#[expect(clippy::cast_precision_loss, reason = "places on an axis")]
fn interaction(
    experiment: &Experiment,
    findings: &Findings,
    family: &str,
    metric: &crate::spec::Metric,
) -> Option<Figure> {
    let members: Vec<_> = experiment
        .conditions
        .iter()
        .filter_map(|condition| {
            let own = condition.family.as_ref().filter(|own| own.family == family)?;
            let found = findings.conditions.get(&condition.name)?;
            let found = found.metrics.get(&metric.name)?;
            let mean = found.mean.filter(|mean| mean.is_finite())?;
            let mut values = own.values.iter();
            Some((values.next()?, values.next()?, mean, found.ci))
        })
        .collect();
    let ((across, _), (lines, _), ..) = members.first()?;
    let mut levels: [Vec<&str>; 2] = [Vec::new(), Vec::new()];
    for ((_, a), (_, b), ..) in &members {
        for (levels, value) in levels.iter_mut().zip([a, b]) {
            if !levels.contains(&value.as_str()) {
                levels.push(value);
            }
        }
    }
    let [first, second] = levels;
    if first.len() < 2 || second.len() < 2 || second.len() > MOST_SERIES {
        return None;
    }
    let unit =
        Unit::of(metric.scale, largest(members.iter().map(|(_, _, mean, _)| *mean)));
    let room = second.len() as f64;
    let curve = |(place, level): (usize, &&str)| Curve {
        name: format!("{lines} = {level}"),
        points: members
            .iter()
            .filter(|(_, (_, own), ..)| own == level)
            .filter_map(|((_, own), _, mean, ci)| {
                let at = first.iter().position(|one| one == own)?;
                // Side by side, so that intervals do not lie upon one another.
                let aside = (place as f64 - (room - 1.0) / 2.0) * 0.06;
                let x = at as f64 + 1.0 + aside;
                Some(CurvePoint { x, y: unit.value(*mean), ci: unit.ci(*ci) })
            })
            .collect(),
    };
    let metric = &metric.name;
    Some(Figure {
        name: format!("interaction-{family}-{metric}"),
        place: Place::Results,
        title: format!("{metric} over the variables of {family}"),
        caption: format!(
            "The mean of {metric} by {across}, a line for each value of {lines}, with 95% intervals. Where the lines are parallel the two act apart from one another."
        ),
        seen: format!(
            "{} lines over {} values of {across}; the table of conditions has the numbers.",
            second.len(),
            first.len()
        ),
        chart: Chart::Curves(Curves {
            x: Axis { label: (*across).clone(), log: false },
            y: unit.axis(&format!("mean {metric}")),
            categories: first.iter().map(|level| (*level).to_owned()).collect(),
            form: Form::Marked,
            series: second.iter().enumerate().map(curve).collect(),
            diagonal: false,
            reference: None,
            y_range: None,
        }),
    })
}
