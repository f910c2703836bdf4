//! Figures of what findings do not hold: distributions, differences, power, spend.

use indexmap::IndexMap;

use crate::analysis::{Differences, Distribution, Portraits, PowerCurve, Step};
use crate::report::round;
use crate::spec::Scale;

use super::chart::{
    Axis, Chart, Curve, CurvePoint, Curves, Figure, Form, Mark, Place, RowSeries, Rows,
};
use super::choose::MOST_ROWS;
use super::colours::MOST_SERIES;
use super::unit::{Unit, largest};

/// How metrics and measures are spread over trials: a step for each value where few
/// conditions are compared, else the middle and most of it.
pub(super) fn distributions(portraits: &Portraits) -> Vec<Figure> {
    let mut by_metric: IndexMap<&str, Vec<&Distribution>> = IndexMap::new();
    for one in &portraits.distributions {
        by_metric.entry(&one.metric).or_default().push(one);
    }
    by_metric.into_iter().filter_map(|(metric, own)| distribution(metric, &own)).collect()
}

fn distribution(metric: &str, own: &[&Distribution]) -> Option<Figure> {
    let scale = own.first()?.scale;
    let values = || own.iter().flat_map(|one| one.steps.iter().map(|step| step.value));
    let (least, most) = (values().fold(f64::INFINITY, f64::min), largest(values()));
    // What is always the same has no spread to be shown.
    if own.iter().all(|one| one.steps.len() < 2) {
        return None;
    }
    let unit = Unit::of(scale, most);
    let without: usize = own.iter().map(|one| one.without).sum();
    let left_out = match without {
        0 => String::new(),
        1 => " One trial without a value is left out.".to_owned(),
        n => format!(" {} trials without a value are left out.", round::count(n as u64)),
    };
    let log = least > 0.0
        && most > 50.0 * least
        && matches!(scale, Scale::Duration | Scale::Money);
    let axis = Axis { log, ..unit.axis(metric) };
    let place = match metric {
        "latency" | "cost" | "tokens_out" => Place::Further,
        _ => Place::Results,
    };
    let seen: Vec<String> = own
        .iter()
        .take(MOST_ROWS)
        .map(|one| {
            let at = |share: f64| round::value(quantile(&one.steps, share), scale);
            format!(
                "{}: a tenth at most {}, half at most {}, nine tenths at most {}",
                one.condition,
                at(0.1),
                at(0.5),
                at(0.9)
            )
        })
        .collect();
    let (caption, chart) = if own.len() <= MOST_SERIES {
        let curves = own.iter().map(|one| Curve {
            name: one.condition.clone(),
            points: stairs(&one.steps, unit),
        });
        (
            format!(
                "The distribution of {metric} over the trials of each condition: the share of the trials in which it was at most so large.{left_out}"
            ),
            cumulative(axis, "share of trials", curves.collect(), None),
        )
    } else {
        let drawn: Vec<_> = own.iter().take(MOST_ROWS).collect();
        let mark = |(row, one): (usize, &&&Distribution)| Mark {
            row,
            value: unit.value(quantile(&one.steps, 0.5)),
            ci: unit.ci(Some([0.1, 0.9].map(|share| quantile(&one.steps, share)))),
        };
        let series = RowSeries {
            name: "median".to_owned(),
            marks: drawn.iter().enumerate().map(mark).collect(),
        };
        (
            format!(
                "The spread of {metric} over the trials of each condition: the median, and from the tenth to the ninth tenth of the trials.{left_out}"
            ),
            Chart::Rows(Rows {
                axis,
                labels: drawn.iter().map(|one| one.condition.clone()).collect(),
                series: vec![series],
                reference: None,
            }),
        )
    };
    Some(Figure {
        name: format!("distribution-{metric}"),
        place,
        title: format!("Distribution of {metric}"),
        caption,
        seen: format!("{}.", seen.join("; ")),
        chart,
    })
}

/// Returns the smallest value that a share of the sample does not exceed.
fn quantile(steps: &[Step], share: f64) -> f64 {
    let reached = steps.iter().find(|step| step.share >= share - 1e-12);
    reached.or(steps.last()).map_or(f64::NAN, |step| step.value)
}

/// Returns the points of a distribution function, which begins at nought.
fn stairs(steps: &[Step], unit: Unit) -> Vec<CurvePoint> {
    let point = |value: f64, share: f64| CurvePoint {
        x: unit.value(value),
        y: share * 100.0,
        ci: None,
    };
    let start = steps.first().map(|step| point(step.value, 0.0));
    start
        .into_iter()
        .chain(steps.iter().map(|step| point(step.value, step.share)))
        .collect()
}

fn cumulative(x: Axis, of: &str, series: Vec<Curve>, reference: Option<f64>) -> Chart {
    Chart::Curves(Curves {
        x,
        y: Axis { label: format!("{of} at most so large (%)"), log: false },
        categories: Vec::new(),
        form: Form::Step,
        series,
        diagonal: false,
        reference,
        y_range: Some([0.0, 100.0]),
    })
}

/// Names a kind of scale, and says which scales one figure can hold.
fn kind(scale: Scale) -> &'static str {
    match scale {
        Scale::Binary | Scale::Fraction => "shares",
        Scale::Duration => "durations",
        Scale::Money => "costs",
        Scale::Ordinal | Scale::Continuous | Scale::Count => "numbers",
    }
}

/// How the differences of hypotheses are spread over the items, by scale.
pub(super) fn differences(portraits: &Portraits) -> Vec<Figure> {
    let mut groups: IndexMap<&str, Vec<&Differences>> = IndexMap::new();
    // What is right or wrong on every item is in the figure of discordant items.
    let spread = |one: &&Differences| {
        one.steps.len() > if one.scale.is_fraction() { 3 } else { 1 }
    };
    for one in portraits.differences.iter().filter(spread) {
        groups.entry(kind(one.scale)).or_default().push(one);
    }
    let figure = |(word, own): (&str, Vec<&Differences>)| {
        let drawn: Vec<&&Differences> = own.iter().take(MOST_SERIES).collect();
        let scale = drawn.first()?.scale;
        let values = drawn.iter().flat_map(|one| one.steps.iter().map(|step| step.value));
        let unit = Unit::difference(scale, largest(values));
        let told: Vec<String> = drawn
            .iter()
            .map(|one| {
                let equal = one.n - one.below - one.above;
                format!(
                    "{}: below nought on {} items, above on {}, nought on {}",
                    one.hypothesis,
                    round::count(one.below as u64),
                    round::count(one.above as u64),
                    round::count(equal as u64)
                )
            })
            .collect();
        let curves = drawn.iter().map(|one| Curve {
            name: one.hypothesis.clone(),
            points: stairs(&one.steps, unit),
        });
        let rest = if drawn.len() < own.len() {
            format!(" The first {} of {} are drawn.", drawn.len(), own.len())
        } else {
            String::new()
        };
        Some(Figure {
            name: format!("differences-{word}"),
            place: Place::Hypotheses,
            title: format!("Paired differences: {word}"),
            caption: format!(
                "The difference of each item between the two sides of a hypothesis: the share of the items on which it was at most so large. The broken line is no difference.{rest}"
            ),
            seen: format!("{}.", told.join("; ")),
            chart: cumulative(
                unit.axis("difference, left side minus right side"),
                "share of items",
                curves.collect(),
                Some(0.0),
            ),
        })
    };
    groups.into_iter().filter_map(figure).collect()
}

/// What the hypotheses could find with the items that there were, by scale.
pub(super) fn power(portraits: &Portraits) -> Vec<Figure> {
    let mut groups: IndexMap<&str, Vec<&PowerCurve>> = IndexMap::new();
    for one in &portraits.power {
        groups.entry(kind(one.scale)).or_default().push(one);
    }
    let figure = |(word, own): (&str, Vec<&PowerCurve>)| {
        let drawn: Vec<&&PowerCurve> = own.iter().take(MOST_SERIES).collect();
        let scale = drawn.first()?.scale;
        let effects = drawn.iter().flat_map(|one| one.points.iter().map(|p| p.effect));
        let unit = Unit::difference(scale, largest(effects));
        let curve = |one: &&&PowerCurve| Curve {
            name: one.hypothesis.clone(),
            points: one
                .points
                .iter()
                .map(|point| CurvePoint {
                    x: unit.value(point.effect),
                    y: point.power * 100.0,
                    ci: None,
                })
                .collect(),
        };
        let told: Vec<String> = drawn
            .iter()
            .filter_map(|one| {
                let point = one.points.iter().find(|point| point.power >= 0.8)?;
                Some(format!(
                    "{} finds {} with a power of 80% or more",
                    one.hypothesis,
                    round::difference(point.effect, one.scale)
                ))
            })
            .collect();
        let declared: Vec<f64> = drawn.iter().filter_map(|one| one.declared).collect();
        let (reference, line) = match declared.as_slice() {
            [one] => (
                Some(unit.value(*one)),
                " The broken line is the effect that the file declares.",
            ),
            _ => (None, ""),
        };
        Some(Figure {
            name: format!("power-{word}"),
            place: Place::Method,
            title: format!("Power of the hypotheses on {word}"),
            caption: format!(
                "With what probability each hypothesis finds a true difference of a size, with the items of this run, at the level that the correction leaves it at least, and with the spread that this run showed, at its upper 80% limit. It says nothing of the differences that were seen.{line}"
            ),
            seen: format!("{}.", told.join("; ")),
            chart: Chart::Curves(Curves {
                x: unit.axis("true difference"),
                y: Axis { label: "power (%)".to_owned(), log: false },
                categories: Vec::new(),
                form: Form::Line,
                series: drawn.iter().map(curve).collect(),
                diagonal: false,
                reference,
                y_range: Some([0.0, 100.0]),
            }),
        })
    };
    groups.into_iter().filter_map(figure).collect()
}

/// What the conditions cost as their items were asked.
pub(super) fn spend(portraits: &Portraits) -> Option<Figure> {
    let mut drawn: Vec<_> = portraits.spend.iter().collect();
    let total = |one: &&crate::analysis::Spend| {
        one.course.last().map_or(0.0, |last| last.cost_usd)
    };
    let all = drawn.len();
    // The dearest are drawn where there are too many, in the order of the file.
    let mut costs: Vec<f64> = drawn.iter().map(total).collect();
    costs.sort_by(|a, b| b.total_cmp(a));
    let least = costs.get(MOST_SERIES - 1).copied().unwrap_or(0.0);
    drawn.retain(|one| total(one) >= least);
    drawn.truncate(MOST_SERIES);
    let most = largest(drawn.iter().map(total));
    if most <= 0.0 {
        return None;
    }
    let cents = most < 1.0;
    let factor = if cents { 100.0 } else { 1.0 };
    let unit = if cents { "US cents" } else { "US$" };
    let told: Vec<String> = drawn
        .iter()
        .map(|one| format!("{} {}", one.condition, round::money(total(one))))
        .collect();
    let rest = if drawn.len() < all {
        format!(" The dearest {} of {all} conditions are drawn.", drawn.len())
    } else {
        String::new()
    };
    let series = drawn.iter().map(|one| Curve {
        name: one.condition.clone(),
        points: one
            .course
            .iter()
            .map(|spent| CurvePoint {
                x: f64::from(spent.items),
                y: spent.cost_usd * factor,
                ci: None,
            })
            .collect(),
    });
    Some(Figure {
        name: "spend".to_owned(),
        place: Place::Further,
        title: "Spend as items were asked".to_owned(),
        caption: format!(
            "What each condition had cost after so many items of the planned order. A report holds no clock: when a trial ran is not in it.{rest}"
        ),
        seen: format!("In all: {}.", told.join("; ")),
        chart: Chart::Curves(Curves {
            x: Axis { label: "items asked".to_owned(), log: false },
            y: Axis { label: format!("spend ({unit})"), log: false },
            categories: Vec::new(),
            form: Form::Line,
            series: series.collect(),
            diagonal: false,
            reference: None,
            y_range: None,
        }),
    })
}
