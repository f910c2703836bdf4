//! Figures of factorial designs: how two variables of a family act together.

use crate::analysis::Findings;
use crate::spec::{Experiment, Metric};

use super::chart::{Axis, Chart, Curve, CurvePoint, Curves, Figure, Form, Place};
use super::colours::MOST_SERIES;
use super::unit::{Unit, largest};

/// How two variables of a family act together on a metric.
pub(super) fn interactions(experiment: &Experiment, findings: &Findings) -> Vec<Figure> {
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
    metric: &Metric,
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
