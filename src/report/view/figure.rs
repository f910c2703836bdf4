//! The figures by where they stand, with their words.

use schemars::JsonSchema;
use serde::Serialize;

use crate::report::Format;
use crate::report::figures::{Figure, Place, inline};

/// The figures of a report by section.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(in crate::report) struct FigureViews {
    /// Those below the results.
    pub(in crate::report) results: Vec<FigureView>,
    /// Those of the hypotheses.
    pub(in crate::report) hypotheses: Vec<FigureView>,
    /// Those of what stands behind the hypotheses.
    pub(in crate::report) further: Vec<FigureView>,
    /// Those of the method.
    pub(in crate::report) method: Vec<FigureView>,
}

/// One figure.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct FigureView {
    /// The name of its file, without folder and ending.
    pub(in crate::report) name: String,
    pub(in crate::report) title: String,
    pub(in crate::report) caption: String,
    /// What there is to be seen, in words.
    pub(in crate::report) seen: String,
    /// The drawing, in a page that holds it; else empty.
    pub(in crate::report) svg: String,
}

impl FigureViews {
    /// Sorts figures into sections.
    pub(super) fn new(figures: &[Figure], format: Format) -> Self {
        let mut views = Self::default();
        for figure in figures {
            let section = match figure.place {
                Place::Results => &mut views.results,
                Place::Hypotheses => &mut views.hypotheses,
                Place::Further => &mut views.further,
                Place::Method => &mut views.method,
            };
            let svg = match format {
                Format::Html => inline(figure),
                Format::Markdown | Format::Json | Format::Latex | Format::Jupyter => {
                    String::new()
                }
            };
            section.push(FigureView {
                name: figure.name.clone(),
                title: figure.title.clone(),
                caption: figure.caption.clone(),
                seen: figure.seen.clone(),
                svg,
            });
        }
        views
    }
}
