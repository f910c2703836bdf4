//! The syntax of the language: what is read, what is refused, and how that is told.

#![expect(clippy::disallowed_methods, reason = "these tests read example files")]

use std::path::{Path, PathBuf};

use crucible::base::FileId;
use crucible::lang::syntax::{Parsed, SyntaxError, parse};

/// Every experiment file that stands beside the tests, and those shared with others.
pub(crate) fn example_files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = std::env::var("SHARED_DIR")
        .map_or_else(|_| root.join("../shared"), PathBuf::from)
        .join("acceptance");
    if !shared.is_dir() {
        eprintln!("skipped: no acceptance files at {}", shared.display());
    }
    let folders = [root.join("examples"), root.join("fuzz/seeds/files"), shared];
    folders
        .iter()
        .filter(|folder| folder.is_dir())
        .flat_map(|folder| files(folder))
        .collect()
}

fn files(folder: &Path) -> Vec<(String, String)> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "crucible"))
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()))
        .collect()
}

fn read(text: &str) -> Parsed {
    parse(FileId(0), text)
}

/// Each error as its code and the text that it points at.
fn told(text: &str) -> Vec<(&'static str, String)> {
    read(text)
        .errors
        .iter()
        .map(|error| {
            let at = error.at();
            (error.code(), text[at.start as usize..at.end as usize].to_owned())
        })
        .collect()
}

#[test]
fn every_example_is_read_without_an_error() {
    for (name, text) in example_files() {
        let parsed = read(&text);
        let shown: Vec<_> = parsed.errors.iter().map(SyntaxError::diagnostic).collect();
        assert!(shown.is_empty(), "{name}: {shown:#?}");
        assert!(!parsed.tree.definitions.is_empty(), "{name}");
    }
}

#[test]
fn dbg_bad() {
    for n in ["05-syntax", "06-script"] {
        let text =
            std::fs::read_to_string(format!("/work/shared/acceptance/bad/{n}.crucible"))
                .unwrap();
        for e in read(&text).errors {
            println!("{:#?}", e.diagnostic());
        }
    }
}
