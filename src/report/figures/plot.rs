//! Lays a chart out with the plotting crate.

use std::sync::Arc;

use kuva::plot::annotations::ReferenceLine;
use kuva::plot::legend::{LegendEntry, LegendPosition, LegendShape};
use kuva::plot::line::{LinePlot, LineStyle};
use kuva::plot::scatter::ScatterPlot;
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::{Scene, render_multiple};
use kuva::render::theme::Theme;

use super::chart::{Axis, Chart, Curves, Figure, Form, Points, Rows};
use super::colours::{GRID, INK, look};
use crate::report::harmless::harmless;
use crate::report::round;

/// How wide a figure is, in pixels.
const WIDTH: f64 = 680.0;
/// How high one without rows is.
const HEIGHT: f64 = 400.0;
/// How high a row is, and what stands around the rows.
const ROW: f64 = 26.0;
const AROUND: f64 = 112.0;
/// Letters of a name that are shown; the rest is left out.
const MOST_LETTERS: usize = 34;
/// The size of a name.
const SMALL: u32 = 12;

/// Lays a figure out.
pub(super) fn scene(figure: &Figure) -> Scene {
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
    let legend = legend(&names);
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
    render_multiple(plots, layout)
}

/// Returns the entries of a legend; one series needs none.
fn legend(names: &[String]) -> Vec<LegendEntry> {
    if names.len() < 2 {
        return Vec::new();
    }
    let entry = |(place, name): (usize, &String)| {
        let look = look(place);
        LegendEntry {
            label: shown(name, MOST_LETTERS),
            color: look.colour.to_owned(),
            shape: LegendShape::Line,
            dasharray: (!look.dashes.is_empty()).then(|| look.dashes.to_owned()),
        }
    };
    names.iter().enumerate().map(entry).collect()
}

/// Cuts a text to so many letters, none of which can act.
fn shown(text: &str, most: usize) -> String {
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
            low: (low / step - 1e-9).floor() * step,
            high: (high / step + 1e-9).ceil() * step,
            step,
        }
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
        .flat_map(|mark| [Some(mark.value), mark.ci.map(|ci| ci[0]), mark.ci.map(|ci| ci[1])])
        .flatten()
        .chain(rows.reference);
    let x = Span::of(&rows.axis, values);
    let y = Span { low: 0.5, high: count + 0.5, step: 1.0 };
    let several = rows.series.len();
    let mut plots: Vec<Plot> = Vec::new();
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
                    .with_data(vec![(low.clamp(x.low, x.high), at), (high.clamp(x.low, x.high), at)])
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
    layout = layout.with_height(count * ROW.max(14.0 * several as f64) + AROUND);
    if let Some(value) = rows.reference {
        layout = layout.with_reference_line(reference(value));
    }
    (plots, layout, rows.series.iter().map(|series| series.name.clone()).collect())
}

fn reference(value: f64) -> ReferenceLine {
    ReferenceLine::vertical(value).with_color(INK).with_dasharray("3 3").with_stroke_width(1.0)
}

fn curves_of(curves: &Curves) -> Laid {
    let points = || curves.series.iter().flat_map(|series| &series.points);
    let mut x = Span::of(
        &curves.x,
        points().map(|point| point.x).chain(curves.reference),
    );
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
        let line = LinePlot::new().with_data(ends).with_color(colour).with_stroke_width(width);
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
            line(vec![(low.max(x.low), point.y), (high.min(x.high), point.y)], colour, 1.2);
        }
        if let Some([low, high]) = point.y_ci {
            line(vec![(point.x, low.max(y.low)), (point.x, high.min(y.high))], colour, 1.2);
        }
    }
    let dots = ScatterPlot::new()
        .with_data(list.iter().map(|p| (p.x, p.y)).collect::<Vec<_>>())
        .with_color(colour)
        .with_size(4.5)
        .with_labels(list.iter().map(|p| shown(&p.name, MOST_LETTERS)))
        .with_repel_labels();
    plots.push(dots.into());
    let layout = axes(x, y, &points.x, Some(&points.y)).with_height(HEIGHT);
    (plots, layout, Vec::new())
}
