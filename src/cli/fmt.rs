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
        let Ok(settled) = syntax::format(&text) else {
            let examined = load::examine(&file.to_string_lossy(), &[])?;
            tell(&load::rendered(&examined));
            tell(&format!("{} is left as it is\n", file.display()));
            exit = Exit::Wrong;
            continue;
        };
        if settled == text {
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

fn read(file: &Path) -> Result<String, Trouble> {
    let bytes = std::fs::read(file)
        .map_err(|error| Trouble::Wrong(format!("read {}: {error}", file.display())))?;
    String::from_utf8(bytes)
        .map_err(|_| Trouble::Wrong(format!("{} is not UTF-8", file.display())))
}

/// Writes beside the file and renames, so that a full disk cannot eat it.
fn write(file: &Path, text: &str) -> Result<(), Trouble> {
    let failed = |error: std::io::Error| {
        Trouble::Failed(format!("write {}: {error}", file.display()))
    };
    let mut beside = file.as_os_str().to_owned();
    beside.push(".settling");
    std::fs::write(&beside, text).map_err(failed)?;
    if let Ok(metadata) = std::fs::metadata(file) {
        drop(std::fs::set_permissions(&beside, metadata.permissions()));
    }
    std::fs::rename(&beside, file).map_err(failed)
}
