//! Lays a chart out with the plotting crate.

use std::sync::Arc;

use kuva::plot::annotations::ReferenceLine;
use kuva::plot::legend::{LegendEntry, LegendPosition, LegendShape};
use kuva::plot::line::{LinePlot, LineStyle};
use kuva::plot::scatter::ScatterPlot;
use kuva::render::layout::{ComputedLayout, Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::{Scene, render_multiple};
use kuva::render::theme::Theme;

use super::chart::{Axis, Chart, Curves, Figure, Form, Points, Rows};
use super::colours::{GRID, INK, look};
use super::labels::label;
use super::letters::Letters;
use super::pen::{Canvas, Paint, Path, Text, draw};
use crate::report::harmless::harmless;
use crate::report::round;

/// How wide a figure is, in pixels.
const WIDTH: f64 = 680.0;
/// What is left free beside a text at the edge.
const MARGIN: f64 = 4.0;
/// How high one without rows is.
const HEIGHT: f64 = 360.0;
/// How high a row is, and what stands around the rows.
const ROW: f64 = 26.0;
const AROUND: f64 = 112.0;
/// What a legend below takes.
const LEGEND: f64 = 36.0;
/// Letters of a name that are shown; the rest is left out.
pub(super) const MOST_LETTERS: usize = 34;
/// The size of a name.
pub(super) const SMALL: u32 = 12;

/// Lays a figure out.
pub(super) fn scene(figure: &Figure, letters: &Letters) -> Scene {
    let (plots, layout, names) = match &figure.chart {
        Chart::Rows(rows) => rows_of(rows),
        Chart::Curves(curves) => curves_of(curves),
        Chart::Points(points) => points_of(points),
    };
    let mut theme = Theme::light();
    theme.background = "none".to_owned();
    for colour in [&mut theme.axis_color, &mut theme.tick_color, &mut theme.text_color] {
        INK.clone_into(colour);
    }
    GRID.clone_into(&mut theme.grid_color);
    theme.legend_bg = "none".to_owned();
    theme.legend_border = "none".to_owned();
    let marked = match &figure.chart {
        Chart::Rows(_) | Chart::Points(_) => true,
        Chart::Curves(curves) => curves.form == Form::Marked,
    };
    let legend = legend(&names, marked);
    let mut layout = layout
        .with_title(shown(&figure.title, 80))
        .with_title_size(15)
        .with_label_size(13)
        .with_tick_size(SMALL)
        .with_body_size(SMALL)
        .with_theme(theme)
        .with_font_family("DejaVu Sans");
    if !legend.is_empty() {
        layout = layout
            .with_legend_box(false)
            .with_legend_position(LegendPosition::OutsideBottomColumns)
            .with_legend_entries(legend);
    }
    let place = ComputedLayout::from_layout(&layout);
    let mut scene = render_multiple(plots, layout);
    if let Chart::Points(points) = &figure.chart {
        let map = |[x, y]: [f64; 2]| [place.map_x(x), place.map_y(y)];
        label(&mut scene, points, &map);
    }
    fit(&mut scene, letters);
    scene
}

/// Makes the sheet so large that every text is on it: a number at the end of an axis may be
/// half beyond.
fn fit(scene: &mut Scene, letters: &Letters) {
    let mut ends = Ends { letters, right: 0.0, bottom: 0.0 };
    draw(scene, letters, &mut ends);
    scene.width = scene.width.max((ends.right + MARGIN).ceil());
    scene.height = scene.height.max((ends.bottom + MARGIN).ceil());
}

/// How far the texts of a drawing reach.
struct Ends<'a> {
    letters: &'a Letters,
    right: f64,
    bottom: f64,
}

impl Canvas for Ends<'_> {
    fn path(&mut self, _: &Path, _: &Paint) {}

    fn disc(&mut self, _: [f64; 2], _: f64, _: &Paint) {}

    fn text(&mut self, text: &Text<'_>) {
        let long = self.letters.width(text.words, text.size);
        let (right, down) =
            if text.upright { (text.size, 0.0) } else { (long, text.size * 0.25) };
        self.right = self.right.max(text.start[0] + right);
        self.bottom = self.bottom.max(text.start[1] + down);
    }
}

/// Returns the entries of a legend; one series needs none.
fn legend(names: &[String], marked: bool) -> Vec<LegendEntry> {
    if names.len() < 2 {
        return Vec::new();
    }
    let entry = |(place, name): (usize, &String)| {
        let look = look(place);
        LegendEntry {
            label: shown(name, MOST_LETTERS),
            color: look.colour.to_owned(),
            shape: if marked {
                LegendShape::Marker(look.marker)
            } else {
                LegendShape::Line
            },
            dasharray: (!look.dashes.is_empty()).then(|| look.dashes.to_owned()),
        }
    };
    names.iter().enumerate().map(entry).collect()
}

/// Cuts a text to so many letters, none of which can act.
pub(super) fn shown(text: &str, most: usize) -> String {
    let whole: String = text.chars().map(harmless).collect();
    if whole.chars().count() <= most {
        return whole;
    }
    let cut: String = whole.chars().take(most.saturating_sub(1)).collect();
    format!("{cut}…")
}

/// The ends of an axis and the step of its marks.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Span {
    low: f64,
    high: f64,
    step: f64,
}

impl Span {
    /// Finds round ends around values; about five steps lie between.
    fn around(values: impl Iterator<Item = f64>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| value.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            return Self { low: 0.0, high: 1.0, step: 0.2 };
        }
        let size = low.abs().max(high.abs());
        if high - low <= size * 1e-9 {
            let room = if size == 0.0 { 1.0 } else { size * 0.1 };
            (low, high) = (low - room, high + room);
        }
        let rough = (high - low) / 5.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * power)
            .find(|step| *step >= rough * 0.999)
            .unwrap_or(power);
        Self {
            low: (low / step + 1e-9).floor() * step,
            high: (high / step - 1e-9).ceil() * step,
            step,
        }
    }

    /// Returns the marks between the ends.
    fn marks(self) -> Vec<f64> {
        let mut marks = Vec::new();
        let mut next = self.low;
        while self.step > 0.0 && next <= self.high + self.step * 1e-6 && marks.len() < 50
        {
            marks.push(next);
            next += self.step;
        }
        marks
    }

    /// Finds the powers of ten around positive values.
    fn decades(values: impl Iterator<Item = f64>) -> Self {
        let span = Self::around(values.filter(|value| *value > 0.0).map(f64::log10));
        let (low, high) = (span.low.floor(), span.high.ceil());
        Self { low: 10_f64.powf(low), high: 10_f64.powf(high.max(low + 1.0)), step: 0.0 }
    }

    fn of(axis: &Axis, values: impl Iterator<Item = f64>) -> Self {
        if axis.log { Self::decades(values) } else { Self::around(values) }
    }
}

/// Writes the marks of an axis.
fn ticks() -> TickFormat {
    TickFormat::Custom(Arc::new(|value: f64| round::significant(value, 6)))
}

/// Returns a layout with these axes.
fn axes(x: Span, y: Span, x_axis: &Axis, y_axis: Option<&Axis>) -> Layout {
    let mut layout = Layout::new((x.low, x.high), (y.low, y.high))
        .with_width(WIDTH)
        .with_x_label(x_axis.label.clone())
        .with_x_tick_format(ticks())
        .with_y_tick_format(ticks())
        .with_x_axis_min(x.low)
        .with_x_axis_max(x.high)
        .with_y_axis_min(y.low)
        .with_y_axis_max(y.high)
        .with_show_grid(true);
    layout.anchor_y_zero = false;
    if x_axis.log {
        layout = layout.with_log_x();
    } else {
        layout = layout.with_x_tick_step(x.step);
    }
    let Some(y_axis) = y_axis else { return layout };
    layout = layout.with_y_label(y_axis.label.clone());
    if y_axis.log { layout.with_log_y() } else { layout.with_y_tick_step(y.step) }
}

type Laid = (Vec<Plot>, Layout, Vec<String>);

#[expect(clippy::cast_precision_loss, reason = "rows of a page")]
fn rows_of(rows: &Rows) -> Laid {
    let count = rows.labels.len() as f64;
    let marks = rows.series.iter().flat_map(|series| &series.marks);
    let values = marks
        .flat_map(|mark| {
            [Some(mark.value), mark.ci.map(|ci| ci[0]), mark.ci.map(|ci| ci[1])]
        })
        .flatten()
        .chain(rows.reference);
    let x = Span::of(&rows.axis, values);
    let y = Span { low: 0.5, high: count + 0.5, step: 1.0 };
    let several = rows.series.len();
    let mut plots: Vec<Plot> = Vec::new();
    for mark in x.marks() {
        let line = LinePlot::new()
            .with_data(vec![(mark, y.low), (mark, y.high)])
            .with_color(GRID)
            .with_stroke_width(1.0);
        plots.push(line.into());
    }
    for (place, series) in rows.series.iter().enumerate() {
        let look = look(place);
        let side = (place as f64 - (several as f64 - 1.0) / 2.0) * 0.2;
        let height = |row: usize| count - row as f64 - side;
        let mut points = Vec::new();
        for mark in &series.marks {
            let at = height(mark.row);
            points.push((mark.value, at));
            if let Some([low, high]) = mark.ci {
                let line = LinePlot::new()
                    .with_data(vec![
                        (low.clamp(x.low, x.high), at),
                        (high.clamp(x.low, x.high), at),
                    ])
                    .with_color(look.colour)
                    .with_stroke_width(2.0);
                plots.push(line.into());
            }
        }
        let dots = ScatterPlot::new()
            .with_data(points)
            .with_color(look.colour)
            .with_marker(look.marker)
            .with_size(4.5);
        plots.push(dots.into());
    }
    let names = rows.labels.iter().rev().map(|name| shown(name, MOST_LETTERS)).collect();
    let mut layout = axes(x, y, &rows.axis, None).with_y_categories(names);
    let below = if several > 1 { LEGEND } else { 0.0 };
    layout = layout.with_height(count * ROW.max(16.0 * several as f64) + AROUND + below);
    if let Some(value) = rows.reference {
        layout = layout.with_reference_line(reference(value));
    }
    (plots, layout, rows.series.iter().map(|series| series.name.clone()).collect())
}

fn reference(value: f64) -> ReferenceLine {
    ReferenceLine::vertical(value)
        .with_color(INK)
        .with_dasharray("3 3")
        .with_stroke_width(1.0)
}

fn curves_of(curves: &Curves) -> Laid {
    let points = || curves.series.iter().flat_map(|series| &series.points);
    let mut x =
        Span::of(&curves.x, points().map(|point| point.x).chain(curves.reference));
    let mut y = Span::of(
        &curves.y,
        points().flat_map(|p| [p.y].into_iter().chain(p.ci.into_iter().flatten())),
    );
    if let Some([low, high]) = curves.y_range {
        y = Span { low, high, step: (high - low) / 5.0 };
    }
    #[expect(clippy::cast_precision_loss, reason = "places on an axis")]
    if !curves.categories.is_empty() {
        x = Span { low: 0.5, high: curves.categories.len() as f64 + 0.5, step: 1.0 };
    }
    let mut plots: Vec<Plot> = Vec::new();
    if curves.diagonal {
        let (low, high) = (x.low.max(y.low), x.high.min(y.high));
        let line = LinePlot::new()
            .with_data(vec![(low, low), (high, high)])
            .with_color(INK)
            .with_stroke_width(1.0)
            .with_line_style(LineStyle::Custom("3 3".to_owned()));
        plots.push(line.into());
    }
    for (place, series) in curves.series.iter().enumerate() {
        let look = look(place);
        for point in &series.points {
            if let Some([low, high]) = point.ci {
                let line = LinePlot::new()
                    .with_data(vec![(point.x, low), (point.x, high)])
                    .with_color(look.colour)
                    .with_stroke_width(1.2);
                plots.push(line.into());
            }
        }
        let ends = series.points.iter().map(|point| (point.x, point.y));
        let mut line = LinePlot::new()
            .with_data(ends.clone().collect::<Vec<_>>())
            .with_color(look.colour)
            .with_stroke_width(2.0);
        if curves.form == Form::Step {
            line = line.with_step();
        }
        if !look.dashes.is_empty() {
            line = line.with_line_style(LineStyle::Custom(look.dashes.to_owned()));
        }
        plots.push(line.into());
        if curves.form == Form::Marked {
            let dots = ScatterPlot::new()
                .with_data(ends.collect::<Vec<_>>())
                .with_color(look.colour)
                .with_marker(look.marker)
                .with_size(4.5);
            plots.push(dots.into());
        }
    }
    let mut layout = axes(x, y, &curves.x, Some(&curves.y)).with_height(HEIGHT);
    if !curves.categories.is_empty() {
        let names = curves.categories.iter().map(|name| shown(name, 14)).collect();
        layout = layout.with_x_categories(names);
    }
    if let Some(value) = curves.reference {
        layout = layout.with_reference_line(reference(value));
    }
    (plots, layout, curves.series.iter().map(|series| series.name.clone()).collect())
}

fn points_of(points: &Points) -> Laid {
    let list = &points.points;
    let ends = |value: f64, ci: Option<[f64; 2]>| {
        std::iter::once(value).chain(ci.into_iter().flatten())
    };
    let x = Span::of(&points.x, list.iter().flat_map(|p| ends(p.x, p.x_ci)));
    let y = Span::of(&points.y, list.iter().flat_map(|p| ends(p.y, p.y_ci)));
    let colour = look(0).colour;
    let mut plots: Vec<Plot> = Vec::new();
    let mut line = |ends: Vec<(f64, f64)>, colour: &str, width: f64| {
        let line =
            LinePlot::new().with_data(ends).with_color(colour).with_stroke_width(width);
        plots.push(line.into());
    };
    let mut best: Vec<(f64, f64)> =
        list.iter().filter(|p| p.frontier).map(|p| (p.x, p.y)).collect();
    best.sort_by(|a, b| a.0.total_cmp(&b.0));
    if best.len() > 1 {
        line(best, look(1).colour, 1.5);
    }
    for point in list {
        if let Some([low, high]) = point.x_ci {
            line(
                vec![(low.max(x.low), point.y), (high.min(x.high), point.y)],
                colour,
                1.2,
            );
        }
        if let Some([low, high]) = point.y_ci {
            line(
                vec![(point.x, low.max(y.low)), (point.x, high.min(y.high))],
                colour,
                1.2,
            );
        }
    }
    let dots = ScatterPlot::new()
        .with_data(list.iter().map(|p| (p.x, p.y)).collect::<Vec<_>>())
        .with_color(colour)
        .with_size(4.5);
    plots.push(dots.into());
    let layout = axes(x, y, &points.x, Some(&points.y)).with_height(HEIGHT);
    (plots, layout, Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figures::chart::{
        Curve, CurvePoint, Mark, NamedPoint, Place, RowSeries,
    };

    /// Keeps the boxes of the texts and the corners of the shapes.
    struct Boxes<'a> {
        letters: &'a Letters,
        texts: Vec<(String, [f64; 4])>,
        corners: Vec<[f64; 2]>,
    }

    impl Canvas for Boxes<'_> {
        fn path(&mut self, path: &Path, _: &Paint) {
            self.corners.extend(path.pieces.iter().flatten());
        }

        fn disc(&mut self, centre: [f64; 2], _: f64, _: &Paint) {
            self.corners.push(centre);
        }

        fn text(&mut self, text: &Text<'_>) {
            let long = self.letters.width(text.words, text.size);
            let [x, y] = text.start;
            let (up, down) = (text.size * 0.76, text.size * 0.24);
            let place = if text.upright {
                [x - up, y - long, x + down, y]
            } else {
                [x, y - up, x + long, y + down]
            };
            self.texts.push((text.words.to_owned(), place));
        }
    }

    const LONG: &str =
        "a_rather_long_name_of_a_condition[with, brackets] <&\"$x$ \u{202e}漢";

    fn axis(label: &str, log: bool) -> Axis {
        Axis { label: label.to_owned(), log }
    }

    fn charts() -> Vec<Chart> {
        let mut charts = Vec::new();
        for (many, series) in [(1_u32, 1), (2, 2), (7, 1), (40, 3)] {
            let marks = |shift: f64| {
                (0..many)
                    .map(|row| Mark {
                        row: row as usize,
                        value: f64::from(row) + shift,
                        ci: Some([f64::from(row) - 3.0, f64::from(row) + 4.0]),
                    })
                    .collect()
            };
            charts.push(Chart::Rows(Rows {
                axis: axis("mean correct (%)", false),
                labels: (0..many).map(|n| format!("{n} {LONG}")).collect(),
                series: (0..series)
                    .map(|n| RowSeries { name: format!("{n} {LONG}"), marks: marks(0.3) })
                    .collect(),
                reference: Some(0.0),
            }));
        }
        for (series, size, log) in
            [(1_u32, 1e-7, false), (6, 3.0, true), (3, 4e9, false), (2, 0.0, false)]
        {
            let points = |n: u32| {
                (1..=9)
                    .map(|at| CurvePoint {
                        x: f64::from(at) * size * f64::from(n + 1),
                        y: f64::from(at) * 10.0,
                        ci: Some([f64::from(at) * 9.0, f64::from(at) * 11.0]),
                    })
                    .collect()
            };
            charts.push(Chart::Curves(Curves {
                x: axis("latency (s)", log),
                y: axis("share of trials at most so large (%)", false),
                categories: Vec::new(),
                form: if log { Form::Step } else { Form::Marked },
                series: (0..series)
                    .map(|n| Curve { name: format!("{n} {LONG}"), points: points(n) })
                    .collect(),
                diagonal: series == 3,
                reference: Some(size),
                y_range: Some([0.0, 100.0]),
            }));
        }
        for many in [2_u32, 9] {
            charts.push(Chart::Points(Points {
                x: axis("cost of trials (US$ per 1,000)", false),
                y: axis("mean correct (%)", false),
                points: (0..many)
                    .map(|n| NamedPoint {
                        name: format!("{n} condition[{n}]"),
                        x: f64::from(n),
                        y: f64::from(n * n),
                        x_ci: None,
                        y_ci: Some([f64::from(n), f64::from(n * n + 2)]),
                        frontier: n % 2 == 0,
                    })
                    .collect(),
            }));
        }
        charts
    }

    #[test]
    fn every_text_and_shape_lies_within_the_drawing_and_no_text_upon_another() {
        let letters = Letters::new();
        for chart in charts() {
            let figure = Figure {
                name: "one".to_owned(),
                place: Place::Results,
                title: "Latency with and without the hedge of a condition".to_owned(),
                caption: String::new(),
                seen: String::new(),
                chart,
            };
            let scene = scene(&figure, &letters);
            let mut boxes =
                Boxes { letters: &letters, texts: Vec::new(), corners: Vec::new() };
            draw(&scene, &letters, &mut boxes);
            assert!(boxes.texts.len() > 5, "{figure:?}");
            for (words, [left, top, right, bottom]) in &boxes.texts {
                let inside = *left >= 0.0
                    && *top >= 0.0
                    && *right <= scene.width
                    && *bottom <= scene.height;
                assert!(inside, "{words}: {left} {top} {right} {bottom} in {figure:?}");
                assert!(!words.contains('\u{202e}'), "{words}");
            }
            for [x, y] in &boxes.corners {
                let inside = (-0.5..=scene.width + 0.5).contains(x)
                    && (-0.5..=scene.height + 0.5).contains(y);
                assert!(inside, "{x} {y} in {figure:?}");
            }
            for (at, (words, one)) in boxes.texts.iter().enumerate() {
                for (others, other) in &boxes.texts[at + 1..] {
                    let apart = one[2] <= other[0] + 1.0
                        || other[2] <= one[0] + 1.0
                        || one[3] <= other[1] + 3.0
                        || other[3] <= one[1] + 3.0;
                    assert!(apart, "{words} upon {others} in {figure:?}");
                }
            }
        }
    }

    #[test]
    fn the_ends_of_an_axis_are_round_and_hold_the_values() {
        let span = Span::around([0.0, 150.0].into_iter());
        assert_eq!(span, Span { low: 0.0, high: 150.0, step: 50.0 });
        let span = Span::around([62.0, 97.5].into_iter());
        assert_eq!(span, Span { low: 60.0, high: 100.0, step: 10.0 });
        let same = Span::around([5.0, 5.0].into_iter());
        assert!(same.low < 5.0 && same.high > 5.0);
        let none = Span::around(std::iter::empty());
        assert!(none.low < none.high);
        let decades = Span::decades([0.02, 3.0].into_iter());
        assert_eq!(decades, Span { low: 0.01, high: 10.0, step: 0.0 });
    }
}
