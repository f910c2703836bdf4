//! `fmt FILE… [--check]`.

use std::path::{Path, PathBuf};

use super::exit::{Exit, Trouble};
use super::load;
use super::{say, tell};
use crate::lang::syntax;

/// Settles the layout of files, or says which are not settled.
pub(super) fn fmt(files: &[PathBuf], check: bool) -> Result<Exit, Trouble> {
    let mut exit = Exit::Complete;
    for file in files {
        let text = read(file)?;
        let settled = text.as_deref().map(syntax::format);
        let (Some(text), Some(Ok(settled))) = (&text, settled) else {
            let examined = load::examine(&file.to_string_lossy(), &[])?;
            tell(&load::rendered(&examined));
            tell(&format!("{} is left as it is\n", file.display()));
            exit = Exit::Wrong;
            continue;
        };
        if settled == *text {
            continue;
        }
        if check {
            say(&format!("{} is not settled\n", file.display()));
            exit = Exit::Wrong;
        } else {
            write(file, &settled)?;
            say(&format!("{} is settled\n", file.display()));
        }
    }
    Ok(exit)
}

/// Reads a file; nothing when it is not UTF-8.
fn read(file: &Path) -> Result<Option<String>, Trouble> {
    let bytes = std::fs::read(file)
        .map_err(|error| Trouble::Wrong(format!("read {}: {error}", file.display())))?;
    Ok(String::from_utf8(bytes).ok())
}

/// Writes beside the file and renames, so that a full disk cannot eat it.
fn write(file: &Path, text: &str) -> Result<(), Trouble> {
    let failed = |error: std::io::Error| {
        Trouble::Failed(format!("write {}: {error}", file.display()))
    };
    // A link stays one: what it points at is written.
    let file = &std::fs::canonicalize(file).map_err(failed)?;
    let mut beside = file.as_os_str().to_owned();
    beside.push(".settling");
    std::fs::write(&beside, text).map_err(failed)?;
    if let Ok(metadata) = std::fs::metadata(file) {
        drop(std::fs::set_permissions(&beside, metadata.permissions()));
    }
    std::fs::rename(&beside, file).map_err(failed)
}
