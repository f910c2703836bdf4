//! Bytes that are written once from front to end and then read anywhere: in memory while they
//! are few, then in a temporary file without a name.

use std::fs::File;
use std::io::{self, BufWriter, Write};

/// Bytes that are being written.
#[derive(Debug)]
pub(super) struct Spool {
    kept: Vec<u8>,
    /// The file, once there are many.
    writer: Option<BufWriter<File>>,
    end: u64,
    in_memory: usize,
}

/// Bytes that are read, by any number of threads at once.
#[derive(Debug)]
pub(super) enum Spooled {
    Memory(Vec<u8>),
    File(Reader),
}

#[cfg(unix)]
type Reader = File;
/// Elsewhere a file has one place at which it is read.
#[cfg(not(unix))]
type Reader = std::sync::Mutex<File>;

impl Spool {
    /// Returns an empty one that keeps up to so many bytes in memory.
    pub(super) fn new(in_memory: usize) -> Self {
        Self { kept: Vec::new(), writer: None, end: 0, in_memory }
    }

    /// Writes bytes and returns where they end.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<u64> {
        self.end += bytes.len() as u64;
        if self.writer.is_none() && self.kept.len() + bytes.len() > self.in_memory {
            // The system removes the file when it is closed.
            let mut writer = BufWriter::with_capacity(1 << 16, tempfile::tempfile()?);
            writer.write_all(&std::mem::take(&mut self.kept))?;
            self.writer = Some(writer);
        }
        match &mut self.writer {
            Some(writer) => writer.write_all(bytes)?,
            None => self.kept.extend_from_slice(bytes),
        }
        Ok(self.end)
    }

    /// Returns where the next bytes will begin.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Returns what is there so far, to be read beside the writing.
    pub(super) fn so_far(&mut self) -> io::Result<Spooled> {
        match &mut self.writer {
            Some(writer) => {
                writer.flush()?;
                Ok(Spooled::new(writer.get_ref().try_clone()?))
            }
            None => Ok(Spooled::Memory(self.kept.clone())),
        }
    }

    /// Ends the writing.
    pub(super) fn finish(mut self) -> io::Result<Spooled> {
        match self.writer {
            Some(writer) => Ok(Spooled::new(writer.into_inner()?)),
            None => {
                self.kept.shrink_to_fit();
                Ok(Spooled::Memory(self.kept))
            }
        }
    }
}

impl Spooled {
    #[cfg(unix)]
    fn new(file: File) -> Self {
        Self::File(file)
    }

    #[cfg(not(unix))]
    fn new(file: File) -> Self {
        Self::File(std::sync::Mutex::new(file))
    }

    /// Reads the bytes that begin at a place.
    pub(super) fn read(&self, start: u64, bytes: &mut [u8]) -> io::Result<()> {
        match self {
            Self::Memory(_) => {
                let kept = self.kept(start, bytes.len());
                let kept = kept.ok_or(io::ErrorKind::UnexpectedEof)?;
                bytes.copy_from_slice(kept);
                Ok(())
            }
            Self::File(file) => read_at(file, start, bytes),
        }
    }

    /// Returns bytes that are in memory.
    pub(super) fn kept(&self, start: u64, length: usize) -> Option<&[u8]> {
        match self {
            Self::Memory(kept) => kept.get(usize::try_from(start).ok()?..)?.get(..length),
            Self::File(_) => None,
        }
    }
}

#[cfg(unix)]
fn read_at(file: &Reader, start: u64, bytes: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, start)
}

#[cfg(not(unix))]
fn read_at(file: &Reader, start: u64, bytes: &mut [u8]) -> io::Result<()> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    file.seek(SeekFrom::Start(start))?;
    file.read_exact(bytes)
}
