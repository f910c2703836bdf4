//! The rules of the house, checked against the files themselves.

#![expect(clippy::disallowed_methods, reason = "this test reads the source tree")]

use std::path::{Path, PathBuf};

/// Every room, lowest floor first. A room may use only rooms on lower floors.
const FLOORS: &[&[&str]] = &[
    &["base"],
    &["diag", "spec", "record", "stats", "text"],
    &["script", "model", "store", "logs"],
    &["lang", "dataset", "strategy", "score"],
    &["catalogue"],
    &["plan"],
    &["engine", "analysis"],
    &["report", "tables"],
    &["serve", "watch"],
    &["cli"],
];

/// No file may have more lines than this, its tests not counted.
const LONGEST_FILE: usize = 500;

#[test]
fn rooms_use_only_lower_floors() {
    let mut broken = Vec::new();
    for (place, text) in sources() {
        let room = place.split(['/', '\\', '.']).next().unwrap();
        if matches!(room, "lib" | "main") {
            continue;
        }
        let Some(here) = floor(room) else {
            broken.push(format!("{place}: `{room}` has no floor"));
            continue;
        };
        let code: Vec<_> =
            text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for used in code.iter().flat_map(|line| line.split("crate::").skip(1)) {
            let name =
                used.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
            if name != room && floor(name).is_none_or(|there| there >= here) {
                broken.push(format!("{place}: uses `crate::{name}`"));
            }
        }
    }
    assert!(broken.is_empty(), "imports must go down:\n{}", broken.join("\n"));
}

#[test]
fn files_stay_short() {
    let long: Vec<String> = sources()
        .into_iter()
        .filter_map(|(place, text)| {
            let lines =
                text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count();
            (lines > LONGEST_FILE).then(|| format!("{place}: {lines} lines"))
        })
        .collect();
    assert!(long.is_empty(), "look for a seam:\n{}", long.join("\n"));
}

#[test]
fn every_room_has_a_door_with_a_short_note() {
    for room in FLOORS.iter().flat_map(|rooms| rooms.iter()) {
        let door = source_root().join(room).join("mod.rs");
        let Ok(text) = std::fs::read_to_string(&door) else {
            continue;
        };
        let note = text.lines().take_while(|line| line.starts_with("//!")).count();
        assert!((1..=15).contains(&note), "{}: {note} lines of note", door.display());
    }
}

fn source_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every Rust file below `src`, as its path from there and its text.
fn sources() -> Vec<(String, String)> {
    let root = source_root();
    rust_files(&root)
        .into_iter()
        .map(|file| {
            let place = file.strip_prefix(&root).unwrap().display().to_string();
            (place, std::fs::read_to_string(&file).unwrap())
        })
        .collect()
}

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let (dirs, files): (Vec<_>, Vec<_>) =
        paths.into_iter().partition(|path| path.is_dir());
    files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .chain(dirs.iter().flat_map(|dir| rust_files(dir)))
        .collect()
}
