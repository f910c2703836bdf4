//! The files that diagnostics speak of.

use crate::base::{FileId, Span};

use super::diagnostic::{Diagnostic, Explanation};

/// The files of one experiment; a [`FileId`] is an index here.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<Source>,
}

/// One file: its name as the user knows it, and its text.
#[derive(Debug, Clone)]
pub struct Source {
    name: String,
    text: String,
    /// The text with `\n` for each `\r` that ends a line alone, where there is one: what
    /// draws lines knows no other end.
    drawn: Option<String>,
    /// The offset at which each line begins.
    lines: Vec<usize>,
}

/// A place as people count: lines and columns from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// What [`Sources`] itself may say about a file.
pub const SOURCE_EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: "source::encoding",
        title: "the file is not UTF-8",
        text: "Experiment files are text in UTF-8. The bytes at the place shown are none: \
               the file may have been saved in another encoding, such as Latin-1 or UTF-16. \
               Save it as UTF-8 in your editor, or convert it: `iconv -f latin1 -t utf-8`.",
        example: "// A name such as Zoë is saved as one byte in Latin-1 and as two in UTF-8.\n",
    },
    Explanation {
        code: "source::too_large",
        title: "the file is larger than 4 GB",
        text: "Places in a file are kept in four bytes. Data belongs into a dataset file \
               that the experiment names.",
        example: "dataset big = jsonl(\"big.jsonl\")\n",
    },
];

impl Sources {
    /// Returns no files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file whose text is known.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(Source::new(name.into(), text.into()));
        id
    }

    /// Adds a file as it was read from disk.
    ///
    /// # Errors
    ///
    /// The diagnostic of a file that is not UTF-8, or too large. The file is added all the
    /// same, with replacement characters, so that the diagnostic can be shown.
    pub fn add_bytes(
        &mut self,
        name: impl Into<String>,
        bytes: &[u8],
    ) -> Result<FileId, Box<Diagnostic>> {
        if u32::try_from(bytes.len()).is_err() {
            let id = self.add(name, "");
            let error =
                Diagnostic::error("source::too_large", "the file is larger than 4 GB");
            return Err(Box::new(error.label(Span::new(id, 0, 0), "this file")));
        }
        let fault = match std::str::from_utf8(bytes) {
            Ok(text) => return Ok(self.add(name, text)),
            Err(fault) => fault,
        };
        let id = self.add(name, String::from_utf8_lossy(bytes));
        let start = fault.valid_up_to();
        let byte = bytes.get(start).copied().unwrap_or(0);
        let message = format!("the file is not UTF-8: found the byte 0x{byte:02X}");
        let span = Span::new(id, start, start + char::REPLACEMENT_CHARACTER.len_utf8());
        let error = Diagnostic::error("source::encoding", message)
            .label(span, "no character of UTF-8")
            .help("save the file as UTF-8");
        Err(Box::new(error))
    }

    /// Returns a file, if it is one of these.
    #[must_use]
    pub fn get(&self, id: FileId) -> Option<&Source> {
        self.files.get(usize::try_from(id.0).ok()?)
    }

    /// Returns the text of a span, if it lies in one of these files.
    #[must_use]
    pub fn text(&self, span: Span) -> Option<&str> {
        self.get(span.file)?.text.get(span.start as usize..span.end as usize)
    }

    /// Returns the name, line and column of the start of a span: `voting.crucible:3:14`.
    #[must_use]
    pub fn place(&self, span: Span) -> Option<String> {
        let source = self.get(span.file)?;
        let Position { line, column } = source.position(span.start as usize);
        Some(format!("{}:{line}:{column}", source.name))
    }
}

/// Returns the offsets after the ends of lines: `\n`, `\r\n`, or `\r` alone.
fn ends(text: &[u8]) -> impl Iterator<Item = usize> {
    let is_end = |at: usize, byte: u8| {
        byte == b'\n' || byte == b'\r' && text.get(at + 1) != Some(&b'\n')
    };
    text.iter()
        .enumerate()
        .filter(move |&(at, &byte)| is_end(at, byte))
        .map(|(at, _)| at + 1)
}

/// Returns the text with `\n` for each `\r` that ends a line alone; nothing where there is
/// none. Offsets stay what they are.
fn with_plain_ends(text: &str, lines: &[usize]) -> Option<String> {
    let alone = |end: usize| text.get(..end).is_some_and(|before| before.ends_with('\r'));
    let mut ends = lines.iter().copied().filter(|&end| alone(end)).peekable();
    ends.peek()?;
    let mut drawn = String::with_capacity(text.len());
    for end in ends {
        drawn.push_str(text.get(drawn.len()..end - 1).unwrap_or(""));
        drawn.push('\n');
    }
    drawn.push_str(text.get(drawn.len()..).unwrap_or(""));
    Some(drawn)
}

impl Source {
    fn new(name: String, text: String) -> Self {
        let lines: Vec<usize> = std::iter::once(0).chain(ends(text.as_bytes())).collect();
        let drawn = with_plain_ends(&text, &lines);
        Self { name, text, drawn, lines }
    }

    /// Returns the name, as the user knows it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the line and column of a byte offset; past the end, those of the end.
    ///
    /// A byte-order mark at the start counts no column.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).and_then(|index| self.lines.get(index)).copied();
        let before = self.text.get(start.unwrap_or(0)..offset).unwrap_or("");
        let before =
            if line <= 1 { before.trim_start_matches('\u{feff}') } else { before };
        Position { line, column: before.chars().count() + 1 }
    }

    /// Returns where a line, counted from 1, begins, and the text from there to the end of
    /// another line.
    pub(super) fn lines(&self, first: usize, last: usize) -> (usize, &str) {
        let start = first.checked_sub(1).and_then(|index| self.lines.get(index));
        let start = start.copied().unwrap_or(self.text.len());
        let end = self.lines.get(last).copied().unwrap_or(self.text.len());
        let drawn = self.drawn.as_ref().unwrap_or(&self.text);
        (start, drawn.get(start..end).unwrap_or(""))
    }

    /// Returns the bytes of a line, counted from 1, without its end.
    #[must_use]
    pub fn line(&self, line: usize) -> &str {
        let start = line.checked_sub(1).and_then(|index| self.lines.get(index));
        let end = self.lines.get(line).copied().unwrap_or(self.text.len());
        let text = start.and_then(|start| self.text.get(*start..end)).unwrap_or("");
        text.trim_end_matches(['\n', '\r'])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(text: &str, offset: usize) -> (usize, usize) {
        let mut sources = Sources::new();
        let id = sources.add("a", text);
        let Position { line, column } = sources.get(id).unwrap().position(offset);
        (line, column)
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(position("", 0), (1, 1));
        assert_eq!(position("äb\nc", 2), (1, 2));
        assert_eq!(position("日本x", 6), (1, 3));
        assert_eq!(position("a\tb", 2), (1, 3));
        assert_eq!(position("a\r\nb", 3), (2, 1));
        assert_eq!(position("a\rb\r\nc", 2), (2, 1));
        assert_eq!(position("a\rb\r\nc", 5), (3, 1));
        assert_eq!(position("a\n", 2), (2, 1));
        assert_eq!(position("a", 99), (1, 2));
        assert_eq!(position("ä", 1), (1, 1));
        assert_eq!(position("\u{feff}ab", 4), (1, 2));
    }

    #[test]
    fn a_file_that_is_not_utf8_is_refused_at_its_first_bad_byte() {
        let mut sources = Sources::new();
        let error = sources.add_bytes("a", b"x\ny\xc3\xa9 \xff z").unwrap_err();
        assert_eq!(error.code, "source::encoding");
        assert_eq!(sources.place(error.span().unwrap()).unwrap(), "a:2:4");
        assert!(error.message.ends_with("0xFF"), "{}", error.message);
        let cut = sources.add_bytes("b", b"x\xe2\x82").unwrap_err();
        assert_eq!(sources.place(cut.span().unwrap()).unwrap(), "b:1:2");
        assert_eq!(sources.text(cut.span().unwrap()), Some("\u{fffd}"));
    }
}
