//! Figures: numbers of a run as charts, drawn once and written as SVG and PDF.
//!
//! `choose` decides which charts a run has and what stands in them; a `Chart` is numbers,
//! names and units, and nothing else. `plot` lays it out with `kuva`, whose shapes `pen`
//! hands to a canvas: `svg` or `pdf`. Letters are outlined with a font that is in the
//! program, so that a figure looks the same everywhere, and the same numbers give the same
//! bytes. To add a figure: a function in `choose`; to add a kind of chart: a variant of
//! `Chart`, its plot, and its drawing in the notebook's `figures.py`.

mod chart;
mod choose;
mod colours;
mod interaction;
mod labels;
mod letters;
mod pdf;
mod pen;
mod plot;
mod spread;
mod svg;
mod timing;
mod unit;

use pdf::pdf;
use svg::{Dress, svg};

pub(super) use chart::{Figure, Place};
pub(super) use choose::figures;

use crate::report::Format;
use crate::report::error::ReportError;

/// A figure in a file of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureFile {
    /// The name of its file in the run's folder: `figures/NAME.svg`.
    pub file: String,
    /// What the file holds.
    pub bytes: Vec<u8>,
}

/// Draws a figure for a page that holds it.
pub(super) fn inline(figure: &Figure) -> String {
    svg(figure, Dress::Inline)
}

/// Draws the figures that stand beside a report: as SVG for Markdown, as PDF for LaTeX.
pub(super) fn files(
    figures: &[Figure],
    format: Format,
) -> Result<Vec<FigureFile>, ReportError> {
    let file = |figure: &Figure| {
        let (end, bytes) = match format {
            Format::Markdown => ("svg", svg(figure, Dress::Alone).into_bytes()),
            Format::Latex => ("pdf", pdf(figure)?),
            Format::Html | Format::Json | Format::Jupyter => return Ok(None),
        };
        let file = format!("figures/{}.{end}", figure.name);
        Ok(Some(FigureFile { file, bytes }))
    };
    figures.iter().filter_map(|figure| file(figure).transpose()).collect()
}
