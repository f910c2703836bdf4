//! The language's own library, as a reader sees it: what each file of it defines.

use crate::base::FileId;
use crate::lang::stdlib;
use crate::lang::syntax;
use crate::lang::syntax::tree::{Body, Definition, Script};
use crate::script::Host;

/// A file of the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LibraryFile {
    /// The path that `use` gives: `std::prompts`.
    pub path: &'static str,
    /// What it is about.
    pub doc: String,
    /// What it defines, in its order.
    pub entries: Vec<LibraryEntry>,
}

/// Something that the library defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LibraryEntry {
    /// Its name.
    pub name: String,
    /// Its kind: `prompt`, `function` …
    pub kind: String,
    /// What it is for.
    pub doc: String,
    /// Its text.
    pub text: String,
}

/// Returns the files of the library, in the order of their paths.
#[must_use]
pub fn library() -> Vec<LibraryFile> {
    let host = Host::default();
    stdlib::modules()
        .map(|path| {
            let text = stdlib::text(path).unwrap_or_default();
            let tree = syntax::parse(FileId(0), text).tree;
            let entries =
                tree.definitions.iter().flat_map(|one| entries(one, text, &host));
            LibraryFile { path, entries: entries.collect(), doc: tree.docs.clone() }
        })
        .collect()
}

fn entries(definition: &Definition, text: &str, host: &Host) -> Vec<LibraryEntry> {
    if let Body::Script(Script::Text(rhai)) = &definition.body {
        let functions = host.study_block(&rhai.text).functions.into_iter();
        return functions
            .map(|function| LibraryEntry {
                text: undented(
                    rhai.text.get(function.start..function.end).unwrap_or_default(),
                ),
                name: function.name,
                kind: "function".to_owned(),
                doc: function.doc,
            })
            .collect();
    }
    let span = definition.span;
    let own = text.get(span.start as usize..span.end as usize).unwrap_or_default();
    let named = definition.name.iter().map(|name| LibraryEntry {
        name: name.text.clone(),
        kind: definition.kind.text.clone(),
        doc: definition.doc.clone(),
        text: own.to_owned(),
    });
    named.collect()
}

/// Takes off the indentation that all lines below the first share.
fn undented(text: &str) -> String {
    let space = |line: &str| line.len() - line.trim_start().len();
    let below = text.lines().skip(1).filter(|line| !line.trim().is_empty());
    let shared = below.map(space).min().unwrap_or(0);
    let lines = text.lines().enumerate().map(|(index, line)| {
        let cut = if index == 0 { 0 } else { shared };
        line.get(cut..).unwrap_or_default()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_in_the_library_is_documented() {
        let files = library();
        assert!(files.len() >= 2);
        for file in files {
            assert!(!file.doc.is_empty(), "{}", file.path);
            assert!(!file.entries.is_empty(), "{}", file.path);
            for entry in file.entries {
                assert!(entry.doc.ends_with('.'), "{}::{}", file.path, entry.name);
                assert!(entry.text.contains(&entry.name));
            }
        }
    }

    #[test]
    fn a_function_stands_without_the_indentation_of_its_script() {
        assert_eq!(undented("fn f() {\n        1\n    }"), "fn f() {\n    1\n}");
    }
}
