//! The language's own library: files of definitions inside the program.

use crate::lang::syntax::tree::{Path, Word};

/// Every file of the library, by the path that `use` gives.
const FILES: &[(&str, &str)] = &[
    ("std::extract", include_str!("../../stdlib/extract.crucible")),
    ("std::prompts", include_str!("../../stdlib/prompts.crucible")),
    ("std::strategies", include_str!("../../stdlib/strategies.crucible")),
];

/// Returns the text of a file of the library.
pub(super) fn text(name: &str) -> Option<&'static str> {
    FILES.iter().find(|(file, _)| *file == name).map(|(_, text)| *text)
}

/// Finds the file that a path names, and the one name in it that the path asks for.
pub(super) fn find(path: &Path) -> Option<(String, Option<&Word>)> {
    let whole = path.text();
    if text(&whole).is_some() {
        return Some((whole, None));
    }
    let (last, rest) = path.words.split_last()?;
    let words: Vec<&str> = rest.iter().map(|word| word.text.as_str()).collect();
    let file = words.join("::");
    text(&file)?;
    Some((file, Some(last)))
}

/// Returns the paths of all files.
pub(super) fn modules() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

/// Returns the paths of all files, for suggestions.
pub(super) fn names() -> Vec<String> {
    modules().map(str::to_owned).collect()
}
