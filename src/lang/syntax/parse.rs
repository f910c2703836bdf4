//! A file, definition by definition.

use super::error::SyntaxError;
use super::tree::{File, Word};

/// What came of reading a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parsed {
    /// Everything that could be read.
    pub tree: File,
    /// Everything that could not, in the order of the file.
    pub errors: Vec<SyntaxError>,
    /// The names of definitions that are not in the tree because of an error: they count as
    /// defined, of any type.
    pub broken_names: Vec<Word>,
}
