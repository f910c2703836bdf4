//! Source files, labels and the rendering of diagnostics.
