//! What tells one state of a file from another without reading it.

use std::fs::Metadata;
use std::path::Path;
use std::time::SystemTime;

/// The state of a file: that it is there, and what the disk says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Print {
    length: u64,
    modified: Option<SystemTime>,
    /// Which file stands under the name; editors that save by rename put another there.
    place: u64,
}

impl Print {
    /// Takes the print of what a path leads to; `None` where there is nothing.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let found = std::fs::metadata(path).ok()?;
        Some(Self {
            length: found.len(),
            modified: found.modified().ok(),
            place: place(&found),
        })
    }
}

#[cfg(unix)]
fn place(found: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(found)
}

#[cfg(not(unix))]
fn place(_: &Metadata) -> u64 {
    0
}
