//! Figures of latency, of votes and of hedges.

use std::collections::BTreeSet;

use crate::analysis::{Findings, HedgeAudit, TailAudit};
use crate::report::{round, words};
use crate::spec::Scale;

use super::chart::{
    Axis, Chart, Curve, CurvePoint, Curves, Figure, Form, Mark, Place, RowSeries, Rows,
};
use super::choose::{MOST_ROWS, of_all};
use super::colours::MOST_SERIES;
use super::unit::{Unit, largest};

/// Quantiles of the latency.
pub(super) fn latency(findings: &Findings) -> Option<Figure> {
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
pub(super) fn consensus(findings: &Findings) -> Option<Figure> {
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
pub(super) fn hedging(findings: &Findings) -> Vec<Figure> {
    let figure = |(name, audit): (&String, &HedgeAudit)| {
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
            let mark = |(row, tail): (usize, &&TailAudit)| {
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
