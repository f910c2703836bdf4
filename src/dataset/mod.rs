//! Sources of items: `items`, `jsonl`, `csv`, `log`, and how they are sampled.
//!
//! A source is read row by row; only rows that pass the filter and the sample are kept. Items
//! that take more memory than [`IN_MEMORY`] are kept in a temporary file without a name. What
//! is wrong with the data is told at its file and line, what is wrong with the call at its
//! span. To add a source, write its file (signature, and a function that offers rows to a
//! `Gatherer`), and list it in [`SOURCES`] and in [`load`].
#![expect(clippy::disallowed_methods, reason = "datasets are read from disk")]

mod csv;
mod error;
mod field;
mod file;
mod gather;
mod items;
mod jsonl;
mod log;
mod row;
mod sample;
mod shape;
mod shelf;
mod spool;

use serde::{Deserialize, Serialize};

use crate::base::Digest;
use crate::record::Items;
use crate::script::Workshop;
use crate::spec::{Call, Signature, Value};

pub use error::{DatasetError, Place, Problem};

/// Every source, and the calls that say how items are sampled.
pub const SOURCES: &[Signature] = &[
    items::SIGNATURE,
    jsonl::SIGNATURE,
    csv::SIGNATURE,
    log::SIGNATURE,
    sample::FIRST,
    sample::RANDOM,
];

/// What a source needs beside its call.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    /// Compiles the closures of the call.
    pub workshop: &'a Workshop,
    /// For each source file, by its id, the directory that paths in it are relative to.
    pub folders: &'a [String],
    /// The experiment's seed.
    pub seed: u64,
    /// How many bytes the items may take in memory; [`IN_MEMORY`] but in tests.
    pub in_memory: usize,
}

/// Items that take more bytes in memory than this go to a temporary file.
pub const IN_MEMORY: usize = 8 << 20;

/// A dataset that is loaded.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// Its items, in the order of the source.
    pub items: Items,
    /// The files that they were read from.
    pub files: Vec<FileDigest>,
}

/// A data file as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDigest {
    /// Its path, as it was opened.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// The BLAKE3 digest of its bytes, the same that `b3sum` prints.
    pub digest: Digest,
}

/// Loads the items of a checked call.
///
/// # Errors
///
/// When a file cannot be read, a row does not fit, a script fails or nothing is left.
pub fn load(call: &Call, desk: &Desk<'_>) -> Result<Loaded, DatasetError> {
    match call.name.as_str() {
        "items" => items::load(call, desk),
        "jsonl" => jsonl::load(call, desk),
        "csv" => csv::load(call, desk),
        "log" => log::load(call, desk),
        name => Err(DatasetError::new(
            call.span,
            Problem::Shape(format!("`{name}` is no source of items")),
        )),
    }
}

/// Says which file a source would miss, or find to be a folder, without reading any.
/// `folder` is what paths in the call are relative to.
#[must_use]
pub fn absent(call: &Call, folder: &std::path::Path) -> Option<DatasetError> {
    match call.name.as_str() {
        "jsonl" | "csv" | "log" => file::absent(call, folder),
        _ => None,
    }
}

/// Returns the file that a source reads, if it reads one. `folder` is what paths in the call
/// are relative to.
#[must_use]
pub fn file(call: &Call, folder: &std::path::Path) -> Option<std::path::PathBuf> {
    match call.name.as_str() {
        "jsonl" | "csv" | "log" => Some(folder.join(call.text("path")?)),
        _ => None,
    }
}

/// Returns the number of items where the call alone tells it.
#[must_use]
pub fn count_hint(call: &Call) -> Option<u64> {
    let most = call.call("sample").and_then(|sample| sample.count("n"));
    let whole = match call.arg("items") {
        Some(Value::List(values)) => Some(values.len() as u64),
        Some(_) => call.count("items"),
        None => None,
    };
    let whole = whole.filter(|_| call.arg("filter").is_none());
    match (whole, most) {
        (Some(whole), Some(most)) => Some(whole.min(most)),
        (whole, most) => whole.or(most),
    }
}
