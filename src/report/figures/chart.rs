//! What a figure shows: numbers in the unit of its axes, names, and what they mean.

use serde::Serialize;

/// Where in a report a figure stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::report) enum Place {
    /// With the table of conditions and metrics.
    Results,
    /// With the hypotheses.
    Hypotheses,
    /// With what votes and hedges say of themselves, and cost and latency.
    Further,
    /// With the methods.
    Method,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::report) struct Figure {
    /// The name of its file, without an ending: letters, digits and hyphens.
    pub(in crate::report) name: String,
    pub(in crate::report) place: Place,
    pub(in crate::report) title: String,
    /// What is drawn, in sentences.
    pub(in crate::report) caption: String,
    /// What there is to be seen, in words, for those who do not see it.
    pub(in crate::report) seen: String,
    pub(in crate::report) chart: Chart,
}

/// A kind of chart with its numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(in crate::report) enum Chart {
    /// Names down, one quantity across: estimates with intervals.
    Rows(Rows),
    /// Lines over two quantities.
    Curves(Curves),
    /// Points with names in the plane of two quantities.
    Points(Points),
}

/// An axis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::report) struct Axis {
    /// What it measures, with its unit.
    pub(in crate::report) label: String,
    /// Whether its steps are factors.
    pub(in crate::report) log: bool,
}

/// Names down, one quantity across.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::report) struct Rows {
    pub(in crate::report) axis: Axis,
    /// The names, from the top.
    pub(in crate::report) labels: Vec<String>,
    /// What stands in the rows; several have a legend.
    pub(in crate::report) series: Vec<RowSeries>,
    /// A line down at this value.
    pub(in crate::report) reference: Option<f64>,
}

/// One mark in each row that has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::report) struct RowSeries {
    pub(in crate::report) name: String,
    pub(in crate::report) marks: Vec<Mark>,
}

/// A value with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(in crate::report) struct Mark {
    /// Which row, from 0 at the top.
    pub(in crate::report) row: usize,
    pub(in crate::report) value: f64,
    pub(in crate::report) ci: Option<[f64; 2]>,
}

/// Lines over two quantities.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::report) struct Curves {
    pub(in crate::report) x: Axis,
    pub(in crate::report) y: Axis,
    /// The names of the places on the x axis, where it has no numbers: 1, 2, 3…
    pub(in crate::report) categories: Vec<String>,
    pub(in crate::report) form: Form,
    pub(in crate::report) series: Vec<Curve>,
    /// Whether the line x = y is drawn.
    pub(in crate::report) diagonal: bool,
    /// A line down at this value.
    pub(in crate::report) reference: Option<f64>,
    /// The ends of the y axis, where they are given.
    pub(in crate::report) y_range: Option<[f64; 2]>,
}

/// How the points of a curve are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::report) enum Form {
    /// By straight lines.
    Line,
    /// By steps: a value holds until the next.
    Step,
    /// By straight lines, each point with a mark.
    Marked,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::report) struct Curve {
    pub(in crate::report) name: String,
    pub(in crate::report) points: Vec<CurvePoint>,
}

/// One point of a line.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(in crate::report) struct CurvePoint {
    pub(in crate::report) x: f64,
    pub(in crate::report) y: f64,
    pub(in crate::report) ci: Option<[f64; 2]>,
}

/// Points with names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::report) struct Points {
    pub(in crate::report) x: Axis,
    pub(in crate::report) y: Axis,
    pub(in crate::report) points: Vec<NamedPoint>,
}

/// A point with its intervals.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::report) struct NamedPoint {
    pub(in crate::report) name: String,
    pub(in crate::report) x: f64,
    pub(in crate::report) y: f64,
    pub(in crate::report) x_ci: Option<[f64; 2]>,
    pub(in crate::report) y_ci: Option<[f64; 2]>,
    /// Whether no other point is as good on one axis and better on the other.
    pub(in crate::report) frontier: bool,
}
