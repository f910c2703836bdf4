//! Why a page could not be made.

use thiserror::Error;

/// Why a report could not be rendered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A template of the program does not render.
    #[error("render the report's template")]
    Template(#[from] tera::Error),
    /// A value cannot be written as JSON.
    #[error("write the report as JSON")]
    Json(#[from] serde_json::Error),
    /// A template of the author's does not render.
    #[error("line {line} of the template: {message}")]
    Own {
        /// The line, from 1.
        line: usize,
        /// Why.
        message: String,
    },
    /// A figure, or the trials, cannot be packed.
    #[error("pack a part of the report")]
    Pack(#[from] std::io::Error),
}
