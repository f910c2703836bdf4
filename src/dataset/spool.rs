//! A temporary file without a name, written once from front to end and then read anywhere.

use std::fs::File;
use std::io::{self, BufWriter, Write};

/// A file that is being written.
#[derive(Debug)]
pub(super) struct Spool {
    writer: BufWriter<File>,
    end: u64,
}

/// A file that is read, by any number of threads at once.
#[derive(Debug)]
pub(super) struct Spooled(Reader);

#[cfg(unix)]
type Reader = File;
/// Elsewhere a file has one place at which it is read.
#[cfg(not(unix))]
type Reader = std::sync::Mutex<File>;

impl Spool {
    /// Makes an empty file, which the system removes when it is closed.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            writer: BufWriter::with_capacity(1 << 16, tempfile::tempfile()?),
            end: 0,
        })
    }

    /// Writes bytes and returns where they end.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<u64> {
        self.writer.write_all(bytes)?;
        self.end += bytes.len() as u64;
        Ok(self.end)
    }

    /// Returns where the next bytes will begin.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Returns the file as it is so far, to be read beside the writing.
    pub(super) fn so_far(&mut self) -> io::Result<Spooled> {
        self.writer.flush()?;
        Ok(Spooled::new(self.writer.get_ref().try_clone()?))
    }

    /// Ends the writing.
    pub(super) fn finish(self) -> io::Result<Spooled> {
        Ok(Spooled::new(self.writer.into_inner()?))
    }
}

impl Spooled {
    #[cfg(unix)]
    fn new(file: File) -> Self {
        Self(file)
    }

    #[cfg(not(unix))]
    fn new(file: File) -> Self {
        Self(std::sync::Mutex::new(file))
    }

    /// Reads the bytes that begin at a place.
    #[cfg(unix)]
    pub(super) fn read(&self, start: u64, bytes: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.0, bytes, start)
    }

    /// Reads the bytes that begin at a place.
    #[cfg(not(unix))]
    pub(super) fn read(&self, start: u64, bytes: &mut [u8]) -> io::Result<()> {
        use std::io::{Read, Seek, SeekFrom};
        let mut file = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(bytes)
    }
}
