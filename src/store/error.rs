//! What can go wrong with a run on disk.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use thiserror::Error;

/// A run could not be written or read.
#[derive(Debug, Error)]
pub enum StoreError {
    /// There is no run in the folder.
    #[error("there is no run in `{}`", path.display())]
    NoRun {
        /// The folder.
        path: PathBuf,
    },
    /// There is no recording in the folder.
    #[error(
        "there is no recording in `{}`; `--record {}` makes one",
        path.display(),
        path.display()
    )]
    NoRecording {
        /// The folder.
        path: PathBuf,
    },
    /// Another process holds the run.
    #[error("another process is running `{}`", path.display())]
    Busy {
        /// The run's folder, or the cache.
        path: PathBuf,
    },
    /// The file is a database, but not one of ours.
    #[error("`{}` was not written by this program", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a later version of the program.
    #[error("`{}` has format {found}; this version reads up to {known}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format number.
        found: u32,
        /// The newest format that is known here.
        known: u32,
    },
    /// The file is damaged.
    #[error("`{}` is damaged: {detail}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The place cannot be written to.
    #[error("`{}` cannot be written: no permission, or read-only", path.display())]
    ReadOnly {
        /// The file or folder.
        path: PathBuf,
    },
    /// There is no room left.
    #[error("no space left on the disk of `{}`; what was committed is kept", path.display())]
    DiskFull {
        /// The file or folder.
        path: PathBuf,
    },
    /// Another failure of the disk.
    #[error("cannot use `{}`: {source}", path.display())]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another failure of the database.
    #[error("the database `{}` failed: {source}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

impl StoreError {
    /// Returns the error of a file operation.
    pub(super) fn disk(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        let is = |kinds: &[io::ErrorKind]| kinds.contains(&source.kind());
        if is(&[io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded]) {
            Self::DiskFull { path }
        } else if is(&[
            io::ErrorKind::PermissionDenied,
            io::ErrorKind::ReadOnlyFilesystem,
        ]) {
            Self::ReadOnly { path }
        } else {
            Self::Disk { path, source }
        }
    }

    /// Returns the error of a database operation.
    pub(super) fn database(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        let code = source.sqlite_error_code();
        let is = |wanted: &[ErrorCode]| code.is_some_and(|code| wanted.contains(&code));
        if is(&[ErrorCode::DiskFull]) {
            Self::DiskFull { path }
        } else if is(&[ErrorCode::ReadOnly, ErrorCode::PermissionDenied]) {
            Self::ReadOnly { path }
        } else if is(&[ErrorCode::DatabaseCorrupt, ErrorCode::NotADatabase]) {
            Self::Corrupt { path, detail: source.to_string() }
        } else if is(&[ErrorCode::DatabaseBusy, ErrorCode::DatabaseLocked]) {
            Self::Busy { path }
        } else {
            Self::Database { path, source }
        }
    }

    /// Returns the error of a row that does not hold what it should.
    pub(super) fn corrupt(path: &Path, detail: impl ToString) -> Self {
        Self::Corrupt { path: path.to_owned(), detail: detail.to_string() }
    }
}
