//! Hands the shapes of the plotting crate to a canvas.

use kuva::render::color::Color;
use kuva::render::render::{PathData, Primitive, Scene, TextAnchor};

use super::colours::{Ink, ink};
use super::letters::Letters;

/// Something that shapes are drawn on, y downwards.
pub(super) trait Canvas {
    /// Draws an open or closed path.
    fn path(&mut self, path: &Path, paint: &Paint);
    /// Draws a disc.
    fn disc(&mut self, centre: [f64; 2], radius: f64, paint: &Paint);
    /// Sets a text that begins at a place.
    fn text(&mut self, text: &Text<'_>);
}

/// Points that are joined by straight lines, in pieces.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Path {
    pub(super) pieces: Vec<Vec<[f64; 2]>>,
    pub(super) closed: bool,
}

/// How a shape is painted.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Paint {
    pub(super) fill: Option<Ink>,
    pub(super) stroke: Option<Ink>,
    pub(super) width: f64,
    /// Lengths of dash and gap.
    pub(super) dashes: Vec<f64>,
    pub(super) opacity: f64,
}

/// A line of text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Text<'a> {
    pub(super) words: &'a str,
    pub(super) size: f64,
    /// Where its first letter begins.
    pub(super) start: [f64; 2],
    /// Whether it runs upwards.
    pub(super) upright: bool,
}

/// Draws a scene.
pub(super) fn draw(scene: &Scene, letters: &Letters, canvas: &mut dyn Canvas) {
    for shape in &scene.elements {
        match shape {
            Primitive::Circle { cx, cy, r, fill, stroke, stroke_width, fill_opacity } => {
                let paint = painted(fill, stroke.as_ref(), *stroke_width, *fill_opacity);
                canvas.disc([*cx, *cy], *r, &paint);
            }
            Primitive::CircleBatch {
                cx,
                cy,
                r,
                fill,
                fill_opacity,
                stroke,
                stroke_width,
            } => {
                let paint = painted(fill, stroke.as_ref(), *stroke_width, *fill_opacity);
                for (x, y) in cx.iter().zip(cy) {
                    canvas.disc([*x, *y], *r, &paint);
                }
            }
            Primitive::Line {
                x1,
                y1,
                x2,
                y2,
                stroke,
                stroke_width,
                stroke_dasharray,
            } => {
                let path =
                    Path { pieces: vec![vec![[*x1, *y1], [*x2, *y2]]], closed: false };
                canvas.path(
                    &path,
                    &lined(stroke, *stroke_width, stroke_dasharray.as_deref()),
                );
            }
            Primitive::PolyLine { points, stroke, stroke_width, stroke_dasharray } => {
                let piece = points.iter().map(|(x, y)| [*x, *y]).collect();
                let path = Path { pieces: vec![piece], closed: false };
                canvas.path(
                    &path,
                    &lined(stroke, *stroke_width, stroke_dasharray.as_deref()),
                );
            }
            Primitive::Rect {
                x,
                y,
                width,
                height,
                fill,
                stroke,
                stroke_width,
                opacity,
            } => {
                let paint = painted(fill, stroke.as_ref(), *stroke_width, *opacity);
                canvas.path(&rectangle([*x, *y], [x + width, y + height]), &paint);
            }
            Primitive::Path(data) => drawn(data, canvas),
            Primitive::Text { x, y, content, size, anchor, rotate, .. } => {
                let upright = rotate.is_some_and(|degrees| degrees < -45.0);
                let size = f64::from(*size);
                let back = before(*anchor, letters.width(content, size));
                let start = if upright { [*x, y + back] } else { [x - back, *y] };
                canvas.text(&Text { words: content, size, start, upright });
            }
            // No chart of ours makes these; what is clipped lies within its axes.
            Primitive::RichText { .. }
            | Primitive::RectBatch { .. }
            | Primitive::GroupStart { .. }
            | Primitive::GroupEnd
            | Primitive::ClipStart { .. }
            | Primitive::ClipEnd => {}
        }
    }
}

/// Returns how much of a text stands before its anchor.
fn before(anchor: TextAnchor, width: f64) -> f64 {
    match anchor {
        TextAnchor::Start => 0.0,
        TextAnchor::Middle => width / 2.0,
        TextAnchor::End => width,
    }
}

fn rectangle([left, top]: [f64; 2], [right, bottom]: [f64; 2]) -> Path {
    let corners = vec![[left, top], [right, top], [right, bottom], [left, bottom]];
    Path { pieces: vec![corners], closed: true }
}

fn painted(
    fill: &Color,
    stroke: Option<&Color>,
    width: Option<f64>,
    opacity: Option<f64>,
) -> Paint {
    Paint {
        fill: ink(fill),
        stroke: stroke.and_then(ink),
        width: width.unwrap_or(1.0),
        dashes: Vec::new(),
        opacity: opacity.unwrap_or(1.0),
    }
}

fn lined(stroke: &Color, width: f64, dashes: Option<&str>) -> Paint {
    let lengths = dashes.unwrap_or_default().split([' ', ',']);
    Paint {
        fill: None,
        stroke: ink(stroke),
        width,
        dashes: lengths.filter_map(|length| length.parse().ok()).collect(),
        opacity: 1.0,
    }
}

/// Draws a path that is written as in SVG: moves, lines and closings, all absolute.
fn drawn(data: &PathData, canvas: &mut dyn Canvas) {
    let mut path = Path::default();
    let mut numbers: Vec<f64> = Vec::new();
    let take = |path: &mut Path, numbers: &mut Vec<f64>, begins: bool| {
        for pair in numbers.chunks_exact(2) {
            let point = [pair[0], pair[1]];
            match path.pieces.last_mut() {
                Some(piece) if !begins => piece.push(point),
                Some(_) | None => path.pieces.push(vec![point]),
            }
        }
        numbers.clear();
    };
    let spaced: String = data
        .d
        .chars()
        .flat_map(|c| {
            let around = if c.is_ascii_alphabetic() && c != 'e' { " " } else { "" };
            let shown = if c == ',' { ' ' } else { c };
            around.chars().chain(std::iter::once(shown)).chain(around.chars())
        })
        .collect();
    let mut begins = true;
    for word in spaced.split_whitespace() {
        match word {
            "M" | "L" | "Z" | "z" => {
                take(&mut path, &mut numbers, begins);
                begins = word == "M";
                path.closed |= word.eq_ignore_ascii_case("z");
            }
            number => numbers.extend(number.parse::<f64>().ok()),
        }
    }
    take(&mut path, &mut numbers, begins);
    let mut paint =
        lined(&data.stroke, data.stroke_width, data.stroke_dasharray.as_deref());
    paint.fill = data.fill.as_ref().and_then(ink);
    paint.opacity = data.opacity.unwrap_or(1.0);
    canvas.path(&path, &paint);
}
