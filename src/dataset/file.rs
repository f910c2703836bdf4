//! Data files: found from the `.crucible` file, digested while they are read.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use crate::base::{Digest, Span};
use crate::dataset::error::{DatasetError, Place, Problem, did_you_mean};
use crate::dataset::{Desk, FileDigest};
use crate::spec::{Call, Complaint};

/// The longest line that is read, in bytes.
const LONGEST_LINE: u64 = 64 << 20;

/// A data file that is being read, without its byte-order mark.
#[derive(Debug)]
pub(super) struct DataFile {
    path: Arc<str>,
    span: Span,
    reader: BufReader<Digesting>,
    lines: Lines,
}

/// Which line a byte is on, for a reader that counts bytes itself.
#[derive(Debug, Default)]
struct Lines {
    /// Bytes handed out so far.
    passed: u64,
    /// Where the line ends are that nobody asked about yet.
    ends: VecDeque<u64>,
    /// Line ends before those.
    before: u64,
}

impl Lines {
    fn pass(&mut self, bytes: &[u8]) {
        let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        self.ends.extend(ends.map(|(at, _)| self.passed + at as u64));
        self.passed += bytes.len() as u64;
    }

    /// Returns the line, from 1, of what begins at a byte or after the line ends there. No
    /// byte before it may be asked about later.
    fn line_of(&mut self, mut byte: u64) -> u64 {
        while let Some(end) = self.ends.front().copied().filter(|end| *end <= byte) {
            byte += u64::from(end == byte);
            self.ends.pop_front();
            self.before += 1;
        }
        self.before + 1
    }
}

impl DataFile {
    /// Opens the file that `path:` names.
    pub(super) fn open(call: &Call, desk: &Desk<'_>) -> Result<Self, DatasetError> {
        let span = call.args.get("path").map_or(call.span, |path| path.span);
        let folder = desk.folders.get(call.span.file.0 as usize);
        let folder = Path::new(folder.map_or("", String::as_str));
        let path = folder.join(call.text("path").unwrap_or_default());
        let shown = path.display().to_string();
        let file = File::open(&path)
            .map_err(|error| unreadable(&shown, &error, span, neighbour(&path)))?;
        let reader = BufReader::with_capacity(1 << 16, Digesting::new(file));
        let mut data = Self { path: shown.into(), span, reader, lines: Lines::default() };
        data.skip_mark()?;
        Ok(data)
    }

    fn skip_mark(&mut self) -> Result<(), DatasetError> {
        let start = match self.reader.fill_buf() {
            Ok(start) => start,
            Err(error) => return Err(self.unreadable(&error)),
        };
        if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
            let message = "the file is UTF-16; save it as UTF-8".to_owned();
            return Err(DatasetError::new(self.span, Problem::Malformed(message))
                .at(self.place(1)));
        }
        if start.starts_with(&[0xef, 0xbb, 0xbf]) {
            self.reader.consume(3);
        }
        Ok(())
    }

    /// Reads the next line into `line`, without its end; says whether there was one.
    pub(super) fn line(
        &mut self,
        line: &mut Vec<u8>,
        number: u64,
    ) -> Result<bool, DatasetError> {
        line.clear();
        let read = (&mut self.reader).take(LONGEST_LINE).read_until(b'\n', line);
        if let Err(error) = read {
            return Err(self.unreadable(&error));
        }
        if line.len() as u64 == LONGEST_LINE {
            return Err(self.malformed(number, "the line is longer than 64 MiB"));
        }
        let any = !line.is_empty();
        for end in [b'\n', b'\r'] {
            if line.last() == Some(&end) {
                line.pop();
            }
        }
        Ok(any)
    }

    /// Returns the line of what begins at a byte that was read, counted from 1. Bytes are
    /// asked about in their order.
    pub(super) fn line_of(&mut self, byte: u64) -> u64 {
        self.lines.line_of(byte)
    }

    /// Returns the place of a line.
    pub(super) fn place(&self, line: u64) -> Place {
        Place::Line { path: Arc::clone(&self.path), line }
    }

    /// Returns the error of a line that cannot be understood.
    pub(super) fn malformed(
        &self,
        line: u64,
        message: impl Into<String>,
    ) -> DatasetError {
        DatasetError::new(self.span, Problem::Malformed(message.into()))
            .at(self.place(line))
    }

    fn unreadable(&self, error: &io::Error) -> DatasetError {
        unreadable(&self.path, error, self.span, None)
    }

    /// Reads the rest and returns the digest of the whole file.
    pub(super) fn finish(mut self) -> Result<FileDigest, DatasetError> {
        if let Err(error) = io::copy(&mut self.reader, &mut io::sink()) {
            return Err(self.unreadable(&error));
        }
        let Self { path, reader, .. } = self;
        let Digesting { hasher, bytes, .. } = reader.into_inner();
        let digest = Digest::from_bytes(*hasher.finalize().as_bytes());
        Ok(FileDigest { path: path.to_string(), bytes, digest })
    }
}

impl Read for DataFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.lines.pass(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

/// A file whose bytes are digested as they pass.
#[derive(Debug)]
struct Digesting {
    file: File,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl Digesting {
    fn new(file: File) -> Self {
        Self { file, hasher: blake3::Hasher::new(), bytes: 0 }
    }
}

impl Read for Digesting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hasher.update(buffer.get(..read).unwrap_or_default());
        self.bytes += read as u64;
        Ok(read)
    }
}

fn unreadable(
    path: &str,
    error: &io::Error,
    span: Span,
    help: Option<String>,
) -> DatasetError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the machine has its own words")]
    let reason = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => error.to_string(),
    };
    let problem = Problem::Unreadable { path: path.to_owned(), reason };
    DatasetError { help, ..DatasetError::new(span, problem) }
}

/// Asks for the file beside the missing one whose name is close.
fn neighbour(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let names: Vec<String> = std::fs::read_dir(folder.unwrap_or(Path::new(".")))
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    did_you_mean(wanted, names.iter().map(String::as_str))
}

/// Says what is wrong with the place that `path:` names, without reading it: that nothing is
/// there, or no file. `folder` is what the path is relative to.
pub(super) fn absent(call: &Call, folder: &Path) -> Option<DatasetError> {
    let span = call.args.get("path")?.span;
    let path = folder.join(call.text("path")?);
    let shown = path.display().to_string();
    let kind = match std::fs::metadata(&path) {
        Ok(found) if found.is_dir() => io::ErrorKind::IsADirectory,
        Err(error) if error.kind() == io::ErrorKind::NotFound => error.kind(),
        // What else the machine says is told when the file is opened.
        Ok(_) | Err(_) => return None,
    };
    Some(unreadable(&shown, &io::Error::from(kind), span, neighbour(&path)))
}

/// Finds what is wrong with the text of `path:`.
pub(super) fn check_path(call: &Call) -> Option<Complaint> {
    let path = call.text("path")?;
    let complaint = |message: &str, help: Option<&str>| Complaint {
        param: Some("path"),
        message: message.to_owned(),
        help: help.map(str::to_owned),
    };
    if path.trim().is_empty() {
        return Some(complaint("the path of a file is due; the text is empty", None));
    }
    let compressed = [".gz", ".zst", ".zip", ".bz2", ".xz"];
    let lower = path.to_ascii_lowercase();
    compressed.iter().any(|end| lower.ends_with(end)).then(|| {
        complaint(
            "compressed files are not read",
            Some("unpack the file and name what comes out"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_whatever_ends_them() {
        let lines_of = |text: &str, bytes: &[u64]| {
            let mut lines = Lines::default();
            lines.pass(text.as_bytes());
            bytes.iter().map(|byte| lines.line_of(*byte)).collect::<Vec<_>>()
        };
        assert_eq!(lines_of("a\nb\nc\n", &[0, 2, 4]), [1, 2, 3]);
        // A reader that ends a record at `\r` begins the next one at `\n`.
        assert_eq!(lines_of("a\r\nb\r\nc", &[0, 2, 5]), [1, 2, 3]);
        assert_eq!(lines_of("a\n\n\nb\nc", &[0, 2, 6]), [1, 4, 5]);
        let mut lines = Lines::default();
        lines.pass(b"a\n");
        lines.pass(b"b\nc");
        assert_eq!(lines.line_of(4), 3);
    }
}
