//! The colours of figures: those of Okabe and Ito for what is drawn, words for the rest.
//!
//! M. Okabe and K. Ito, "Color Universal Design", 2008. Their yellow is left out: it is too
//! light for a line on paper. Series differ by dashes and marks as well.

use kuva::plot::scatter::MarkerShape;
use kuva::render::color::Color;

/// What a shape is painted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    /// Letters, axes, references: the page's ink.
    Page,
    /// What lies behind.
    Grid,
    /// A colour of its own.
    Own([u8; 3]),
}

/// Stands for the page's ink in what is given to the plotting crate.
pub(super) const INK: &str = "#1a1c20";
/// Stands for the lines behind.
pub(super) const GRID: &str = "#d9dce1";

/// The series, in order: colour, dashes, marks.
const SERIES: &[(&str, &str, MarkerShape)] = &[
    ("#0072b2", "", MarkerShape::Circle),
    ("#d55e00", "7 3", MarkerShape::Square),
    ("#009e73", "2 3", MarkerShape::Triangle),
    ("#cc79a7", "9 3 2 3", MarkerShape::Diamond),
    ("#e69f00", "12 4", MarkerShape::TriangleDown),
    ("#56b4e9", "4 2 1 2 1 2", MarkerShape::Pentagon),
];

/// How many series one chart can tell apart.
pub(super) const MOST_SERIES: usize = SERIES.len();

/// How a series looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Look {
    pub(super) colour: &'static str,
    /// Lengths of dash and gap; empty for an unbroken line.
    pub(super) dashes: &'static str,
    pub(super) marker: MarkerShape,
}

/// Returns how the series at a place looks; after the last they begin again.
pub(super) fn look(place: usize) -> Look {
    let (colour, dashes, marker) = SERIES.get(place % SERIES.len()).copied().unwrap_or((
        INK,
        "",
        MarkerShape::Circle,
    ));
    Look { colour, dashes, marker }
}

/// Reads a colour of the plotting crate; nothing where nothing is painted.
pub(super) fn ink(colour: &Color) -> Option<Ink> {
    let Color::Rgb(r, g, b) = colour else { return None };
    let own = [*r, *g, *b];
    let is = |hex: &str| hex == format!("#{r:02x}{g:02x}{b:02x}");
    Some(if is(INK) || own == [0, 0, 0] {
        Ink::Page
    } else if is(GRID) {
        Ink::Grid
    } else {
        Ink::Own(own)
    })
}
