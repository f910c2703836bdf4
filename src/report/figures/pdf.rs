//! A figure as one page of PDF, for LaTeX: shapes and outlines, no fonts, no date.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::{Content, Filter, Finish as _, Name, Pdf, Rect, Ref};

use super::chart::Figure;
use super::colours::Ink;
use super::letters::{Letters, Stroke};
use super::pen::{Canvas, Paint, Path, Text, draw};
use super::plot::scene;

/// Points of a PDF for each pixel of a drawing.
const POINTS: f32 = 0.75;

/// How far from a corner the handles of a quarter of a circle lie, by its radius.
const QUARTER: f64 = 0.552_284_75;

/// Writes a figure as PDF.
///
/// # Errors
///
/// When the drawing cannot be packed.
pub(in crate::report) fn pdf(figure: &Figure) -> Result<Vec<u8>, std::io::Error> {
    let letters = Letters::new();
    let scene = scene(figure, &letters);
    let mut sheet = Sheet { letters: &letters, content: Content::new() };
    let height = narrow(scene.height);
    sheet.content.transform([POINTS, 0.0, 0.0, -POINTS, 0.0, height * POINTS]);
    draw(&scene, &letters, &mut sheet);
    let drawing = sheet.content.finish();
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&drawing)?;
    let packed = packed.finish()?;

    let [catalog, pages, page, content, half] = [1, 2, 3, 4, 5].map(Ref::new);
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(pages);
    pdf.pages(pages).kids([page]).count(1);
    let mut one = pdf.page(page);
    one.parent(pages).contents(content);
    one.media_box(Rect::new(0.0, 0.0, narrow(scene.width) * POINTS, height * POINTS));
    one.resources().ext_g_states().pair(Name(b"Half"), half);
    one.finish();
    pdf.ext_graphics(half).non_stroking_alpha(0.25);
    pdf.stream(content, &packed).filter(Filter::FlateDecode);
    Ok(pdf.finish())
}

#[expect(clippy::cast_possible_truncation, reason = "a place on a page")]
fn narrow(value: f64) -> f32 {
    value as f32
}

struct Sheet<'a> {
    letters: &'a Letters,
    content: Content,
}

impl Sheet<'_> {
    fn paint(&mut self, paint: &Paint) {
        if let Some(fill) = paint.fill {
            let [r, g, b] = rgb(fill);
            self.content.set_fill_rgb(r, g, b);
        }
        if let Some(stroke) = paint.stroke {
            let [r, g, b] = rgb(stroke);
            self.content.set_stroke_rgb(r, g, b);
            self.content.set_line_width(narrow(paint.width));
            let lengths: Vec<f32> = paint.dashes.iter().copied().map(narrow).collect();
            self.content.set_dash_pattern(lengths, 0.0);
        }
        if paint.opacity < 1.0 {
            self.content.set_parameters(Name(b"Half"));
        }
    }

    fn finish(&mut self, paint: &Paint) {
        match (paint.fill, paint.stroke) {
            (Some(_), Some(_)) => self.content.fill_nonzero_and_stroke(),
            (Some(_), None) => self.content.fill_nonzero(),
            (None, Some(_)) => self.content.stroke(),
            (None, None) => self.content.end_path(),
        };
    }
}

impl Canvas for Sheet<'_> {
    fn path(&mut self, path: &Path, paint: &Paint) {
        self.content.save_state();
        self.paint(paint);
        for piece in &path.pieces {
            for (at, [x, y]) in piece.iter().enumerate() {
                let (x, y) = (narrow(*x), narrow(*y));
                if at == 0 {
                    self.content.move_to(x, y);
                } else {
                    self.content.line_to(x, y);
                }
            }
            if path.closed {
                self.content.close_path();
            }
        }
        self.finish(paint);
        self.content.restore_state();
    }

    fn disc(&mut self, [x, y]: [f64; 2], radius: f64, paint: &Paint) {
        let handle = radius * QUARTER;
        self.content.save_state();
        self.paint(paint);
        self.content.move_to(narrow(x + radius), narrow(y));
        for turn in [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]] {
            let [a, b]: [f64; 2] = turn;
            // From the point (a, b) of the circle to (−b, a), a quarter further on.
            let bend = |along: f64, across: f64| {
                [narrow(x + a * along - b * across), narrow(y + b * along + a * across)]
            };
            let [x1, y1] = bend(radius, handle);
            let [x2, y2] = bend(handle, radius);
            let [x3, y3] = bend(0.0, radius);
            self.content.cubic_to(x1, y1, x2, y2, x3, y3);
        }
        self.content.close_path();
        self.finish(paint);
        self.content.restore_state();
    }

    fn text(&mut self, text: &Text<'_>) {
        let scale = narrow(text.size / self.letters.units());
        let [x, y] = text.start.map(narrow);
        let turned = if text.upright {
            [0.0, -scale, -scale, 0.0, x, y]
        } else {
            [scale, 0.0, 0.0, -scale, x, y]
        };
        self.content.save_state();
        let [r, g, b] = rgb(Ink::Page);
        self.content.set_fill_rgb(r, g, b);
        self.content.transform(turned);
        for letter in self.letters.set(text.words).0 {
            let mut last = [0.0, 0.0];
            let shift = |[x, y]: [f64; 2]| [narrow(x + letter.at), narrow(y)];
            for stroke in self.letters.outline(letter.glyph) {
                match stroke {
                    Stroke::Move(to) => {
                        let [x, y] = shift(to);
                        self.content.move_to(x, y);
                        last = to;
                    }
                    Stroke::Line(to) => {
                        let [x, y] = shift(to);
                        self.content.line_to(x, y);
                        last = to;
                    }
                    Stroke::Curve(by, to) => {
                        // A parabola as a cubic: its handles lie two thirds on the way.
                        let near = |end: [f64; 2]| {
                            shift([0, 1].map(|i| end[i] + (by[i] - end[i]) * 2.0 / 3.0))
                        };
                        let ([x1, y1], [x2, y2]) = (near(last), near(to));
                        let [x3, y3] = shift(to);
                        self.content.cubic_to(x1, y1, x2, y2, x3, y3);
                        last = to;
                    }
                    Stroke::Close => {
                        self.content.close_path();
                    }
                }
            }
            self.content.fill_nonzero();
        }
        self.content.restore_state();
    }
}

/// Returns a colour on paper.
fn rgb(ink: Ink) -> [f32; 3] {
    let bytes = match ink {
        Ink::Page => [0x1a, 0x1c, 0x20],
        Ink::Grid => [0xd9, 0xdc, 0xe1],
        Ink::Own(bytes) => bytes,
    };
    bytes.map(|byte: u8| f32::from(byte) / 255.0)
}
