//! A figure as SVG: alone in a file, or within a page.
#![expect(clippy::format_push_string, reason = "short lines of a drawing")]

use std::collections::BTreeMap;

use super::chart::Figure;
use super::colours::Ink;
use super::letters::{Letters, Stroke};
use super::pen::{Canvas, Paint, Path, Text, draw};
use super::plot::scene;
use crate::report::html::escaped;

/// Where an SVG stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Dress {
    /// In a file, with paper and ink of its own, light or dark.
    Alone,
    /// Within a page, whose ink it takes.
    Inline,
}

/// What a file paints its ink with; a page has its own style.
const STYLE: &str = "<style>.p{fill:#fff}.i{fill:#1a1c20}.l{stroke:#1a1c20}.g{stroke:#d9dce1}\
@media (prefers-color-scheme:dark){.p{fill:#16181c}.i{fill:#e8eaed}.l{stroke:#e8eaed}.g{stroke:#3a3f47}}</style>";

/// Writes a figure as SVG.
pub(in crate::report) fn svg(figure: &Figure, dress: Dress) -> String {
    let letters = Letters::new();
    let scene = scene(figure, &letters);
    let mut sheet = Sheet {
        letters: &letters,
        prefix: figure.name.clone(),
        outlines: BTreeMap::new(),
        body: String::new(),
    };
    draw(&scene, &letters, &mut sheet);
    let name = &figure.name;
    let (width, height) = (number(scene.width), number(scene.height));
    let namespace = match dress {
        Dress::Alone => " xmlns=\"http://www.w3.org/2000/svg\"",
        Dress::Inline => "",
    };
    let mut page = format!(
        "<svg{namespace} class=\"drawing\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-labelledby=\"{name}-title {name}-seen\">\
         <title id=\"{name}-title\">{}</title><desc id=\"{name}-seen\">{}</desc>",
        escaped(&figure.title),
        escaped(&figure.seen)
    );
    if dress == Dress::Alone {
        page += STYLE;
        page += &format!(
            "<rect class=\"p\" width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>"
        );
    }
    page += "<defs>";
    for (glyph, outline) in &sheet.outlines {
        page += &format!("<path id=\"{name}-{glyph}\" d=\"{outline}\"/>");
    }
    page += "</defs>";
    page += &sheet.body;
    page += "</svg>";
    if dress == Dress::Alone {
        page.push('\n');
    }
    page
}

/// What is drawn so far.
struct Sheet<'a> {
    letters: &'a Letters,
    prefix: String,
    /// The outlines that are used, by letter.
    outlines: BTreeMap<u16, String>,
    body: String,
}

impl Canvas for Sheet<'_> {
    fn path(&mut self, path: &Path, paint: &Paint) {
        let mut line = String::new();
        for piece in &path.pieces {
            for (at, [x, y]) in piece.iter().enumerate() {
                line.push(if at == 0 { 'M' } else { 'L' });
                line += &format!("{} {}", number(*x), number(*y));
            }
            if path.closed {
                line.push('Z');
            }
        }
        self.body += &format!("<path d=\"{line}\"{}/>", attributes(paint));
    }

    fn disc(&mut self, [x, y]: [f64; 2], radius: f64, paint: &Paint) {
        self.body += &format!(
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\"{}/>",
            number(x),
            number(y),
            number(radius),
            attributes(paint)
        );
    }

    fn text(&mut self, text: &Text<'_>) {
        let (set, _) = self.letters.set(text.words);
        let scale = text.size / self.letters.units();
        let turn = if text.upright { "rotate(-90)" } else { "" };
        let [x, y] = text.start;
        self.body += &format!(
            "<g class=\"i\" fill=\"#1a1c20\" transform=\"translate({} {}){turn}scale({scale:.5} -{scale:.5})\">",
            number(x),
            number(y),
        );
        for letter in set {
            let outline = self
                .outlines
                .entry(letter.glyph)
                .or_insert_with(|| written(&self.letters.outline(letter.glyph)));
            if !outline.is_empty() {
                self.body += &format!(
                    "<use href=\"#{}-{}\" x=\"{}\"/>",
                    self.prefix, letter.glyph, letter.at
                );
            }
        }
        self.body += "</g>";
    }
}

/// Writes an outline.
fn written(strokes: &[Stroke]) -> String {
    let mut line = String::new();
    for stroke in strokes {
        match stroke {
            Stroke::Move([x, y]) => line += &format!("M{x} {y}"),
            Stroke::Line([x, y]) => line += &format!("L{x} {y}"),
            Stroke::Curve([a, b], [x, y]) => line += &format!("Q{a} {b} {x} {y}"),
            Stroke::Close => line.push('Z'),
        }
    }
    line
}

fn attributes(paint: &Paint) -> String {
    let mut words = String::new();
    let mut class = String::new();
    match paint.fill {
        None => words += " fill=\"none\"",
        Some(Ink::Own([r, g, b])) => {
            words += &format!(" fill=\"#{r:02x}{g:02x}{b:02x}\"");
        }
        Some(Ink::Page | Ink::Grid) => {
            class.push('i');
            words += " fill=\"#1a1c20\"";
        }
    }
    if let Some(stroke) = paint.stroke {
        match stroke {
            Ink::Own([r, g, b]) => {
                words += &format!(" stroke=\"#{r:02x}{g:02x}{b:02x}\"");
            }
            Ink::Page => {
                class += " l";
                words += " stroke=\"#1a1c20\"";
            }
            Ink::Grid => {
                class += " g";
                words += " stroke=\"#d9dce1\"";
            }
        }
        words += &format!(" stroke-width=\"{}\"", number(paint.width));
        if !paint.dashes.is_empty() {
            let lengths: Vec<String> =
                paint.dashes.iter().map(|one| number(*one)).collect();
            words += &format!(" stroke-dasharray=\"{}\"", lengths.join(" "));
        }
    }
    if paint.opacity < 1.0 {
        words += &format!(" opacity=\"{}\"", number(paint.opacity));
    }
    let class = class.trim();
    if class.is_empty() { words } else { format!(" class=\"{class}\"{words}") }
}

/// Writes a coordinate to a hundredth of a pixel.
fn number(value: f64) -> String {
    let shown = format!("{value:.2}");
    let shown = shown.trim_end_matches('0').trim_end_matches('.');
    if shown == "-0" { "0".to_owned() } else { shown.to_owned() }
}
