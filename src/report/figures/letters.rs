//! Letters as outlines, so that a figure needs no font where it is shown.
//!
//! The font is `DejaVu Sans`, cut down to Latin, Greek, Cyrillic and signs:
//! `pyftsubset DejaVuSans.ttf --no-hinting --layout-features='' --unicodes=U+20-7E,U+A0-17F,…`.
//! Its licence stands beside it. A letter that it does not have is shown as a box.

use ttf_parser::{Face, GlyphId, OutlineBuilder};

const FONT: &[u8] = include_bytes!("font/DejaVuSans.ttf");

/// The font.
pub(super) struct Letters {
    face: Option<Face<'static>>,
}

/// One stroke of an outline, in units of the font with y upwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Stroke {
    /// Begins somewhere else.
    Move([f64; 2]),
    /// A straight line.
    Line([f64; 2]),
    /// A parabola by its control point.
    Curve([f64; 2], [f64; 2]),
    /// Back to where it began.
    Close,
}

/// A letter of a text: which one, and how far from its beginning in units of the font.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Set {
    pub(super) glyph: u16,
    pub(super) at: f64,
}

impl std::fmt::Debug for Letters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Letters").field("known", &self.face.is_some()).finish()
    }
}

impl Letters {
    /// Reads the font.
    pub(super) fn new() -> Self {
        Self { face: Face::parse(FONT, 0).ok() }
    }

    /// Returns how many units of the font are the size of a letter.
    pub(super) fn units(&self) -> f64 {
        self.face.as_ref().map_or(2048.0, |face| f64::from(face.units_per_em()))
    }

    /// Sets a text: its letters with their places, and its width.
    pub(super) fn set(&self, text: &str) -> (Vec<Set>, f64) {
        let (mut letters, mut at) = (Vec::new(), 0.0);
        let Some(face) = &self.face else { return (letters, at) };
        for letter in text.chars() {
            let glyph = face.glyph_index(letter).unwrap_or(GlyphId(0));
            letters.push(Set { glyph: glyph.0, at });
            at += f64::from(face.glyph_hor_advance(glyph).unwrap_or(0));
        }
        (letters, at)
    }

    /// Returns the width of a text in letters of a size.
    pub(super) fn width(&self, text: &str, size: f64) -> f64 {
        self.set(text).1 * size / self.units()
    }

    /// Returns the outline of a letter.
    pub(super) fn outline(&self, glyph: u16) -> Vec<Stroke> {
        let mut strokes = Outline(Vec::new());
        if let Some(face) = &self.face {
            let _ = face.outline_glyph(GlyphId(glyph), &mut strokes);
        }
        strokes.0
    }
}

struct Outline(Vec<Stroke>);

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.push(Stroke::Move([x.into(), y.into()]));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.push(Stroke::Line([x.into(), y.into()]));
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.0.push(Stroke::Curve([x1.into(), y1.into()], [x.into(), y.into()]));
    }

    fn curve_to(&mut self, x1: f32, y1: f32, _: f32, _: f32, x: f32, y: f32) {
        // A TrueType font has none.
        self.quad_to(x1, y1, x, y);
    }

    fn close(&mut self) {
        self.0.push(Stroke::Close);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_knows_the_letters_of_reports() {
        let letters = Letters::new();
        for letter in "aZ0%−–…≤φß€µÄ$ ".chars() {
            let (set, width) = letters.set(&letter.to_string());
            assert!(set.iter().all(|one| one.glyph != 0), "{letter}");
            assert!(width > 0.0, "{letter}");
        }
        // In DejaVu Sans "a" is 1255 of 2048 units wide.
        assert!((letters.width("aa", 2048.0) - 2510.0).abs() < 1e-9);
        assert!(letters.outline(letters.set("a").0[0].glyph).len() > 10);
        assert!(!letters.outline(letters.set("漢").0[0].glyph).is_empty());
    }
}
