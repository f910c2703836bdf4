//! From Rhai's positions to bytes of the file.

use rhai::Position;

use crate::base::{FileId, Span};

/// Returns the byte offset of a position in `text`; `None` without a position.
///
/// Rhai counts lines from 1 and characters of a line from 1.
pub(super) fn offset(text: &str, position: Position) -> Option<usize> {
    let line = position.line()?;
    offset_in_line(text, line - 1, position.position().unwrap_or(1).saturating_sub(1))
}

fn offset_in_line(text: &str, line: usize, column: usize) -> Option<usize> {
    let mut start = 0;
    for _ in 0..line {
        start += text.get(start..)?.find('\n')? + 1;
    }
    let rest = text.get(start..)?;
    let rest = rest.split('\n').next().unwrap_or(rest);
    let within = rest.char_indices().nth(column).map_or(rest.len(), |(offset, _)| offset);
    Some(start + within)
}

/// Returns the end of the word, number or symbol that begins at `start`.
pub(super) fn end_of_token(text: &str, start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let word =
        rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    let length =
        if word > 0 { word } else { rest.chars().next().map_or(0, char::len_utf8) };
    start + length
}

/// Where the texts of a compiled script stand in the files.
///
/// Every text is compiled with as many empty lines before it as the texts before it have,
/// so that a line number says which text it is from.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    texts: Vec<PlacedText>,
    lines: usize,
}

#[derive(Debug, Clone)]
struct PlacedText {
    text: String,
    span: Span,
    first_line: usize,
    insertion: Option<Insertion>,
}

/// What was put into a text before it was compiled; it holds no line break.
#[derive(Debug, Clone, Copy)]
pub(super) struct Insertion {
    /// The byte before which it was put.
    pub(super) at: usize,
    /// Its length in characters.
    pub(super) length: usize,
}

/// Rhai counts lines with sixteen bits.
const MOST_LINES: usize = 60_000;

impl Places {
    /// Takes up a text and returns the empty lines that have to stand before it.
    pub(super) fn add(
        &mut self,
        text: &str,
        span: Span,
        insertion: Option<Insertion>,
    ) -> String {
        let first_line = self.lines.min(MOST_LINES);
        self.lines = first_line + text.matches('\n').count() + 1;
        self.texts.push(PlacedText {
            text: text.to_owned(),
            span,
            first_line,
            insertion,
        });
        "\n".repeat(first_line)
    }

    /// Returns where a position stands in the files.
    pub(super) fn find(&self, position: Position) -> Option<Span> {
        let line = position.line()?.checked_sub(1)?;
        let column = position.position().unwrap_or(1).saturating_sub(1);
        self.texts.iter().rev().find(|text| text.first_line <= line)?.find(line, column)
    }
}

impl PlacedText {
    fn find(&self, line: usize, column: usize) -> Option<Span> {
        let line = line - self.first_line;
        let column = self.without_insertion(line, column);
        let start = offset_in_line(&self.text, line, column)?;
        let end = end_of_token(&self.text, start);
        let base = self.span.start as usize;
        Some(span_at(self.span.file, base + start, base + end))
    }

    fn without_insertion(&self, line: usize, column: usize) -> usize {
        let Some(Insertion { at, length }) = self.insertion else {
            return column;
        };
        let before = self.text.get(..at).unwrap_or_default();
        let last_line = before.rsplit('\n').next().unwrap_or(before);
        let column_of_insertion = last_line.chars().count();
        if before.matches('\n').count() != line || column < column_of_insertion {
            return column;
        }
        column.saturating_sub(length).max(column_of_insertion)
    }
}

fn span_at(file: FileId, start: usize, end: usize) -> Span {
    Span::new(file, start, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_counts_characters_not_bytes() {
        let text = "é\nab 世界 cd";
        assert_eq!(offset(text, Position::new(2, 7)), Some("é\nab 世界 ".len()));
        assert_eq!(offset(text, Position::new(1, 1)), Some(0));
        assert_eq!(offset(text, Position::new(2, 99)), Some(text.len()));
        assert_eq!(offset(text, Position::new(9, 1)), None);
        assert_eq!(offset(text, Position::NONE), None);
    }

    #[test]
    fn a_line_number_says_which_text_it_is_from() {
        let mut places = Places::default();
        let file = FileId(0);
        assert_eq!(places.add("fn a() {\n1\n}", Span::new(file, 100, 112), None), "");
        let lines = places.add("x + y", Span::new(file, 500, 505), None);
        assert_eq!(lines, "\n\n\n");
        let at = |line, column| places.find(Position::new(line, column)).unwrap();
        assert_eq!(at(2, 1), Span::new(file, 109, 110));
        assert_eq!(at(4, 5), Span::new(file, 504, 505));
    }

    #[test]
    fn what_was_inserted_takes_no_place() {
        let mut places = Places::default();
        let text = "fn a() { xx }";
        let insertion = Some(Insertion { at: 8, length: 20 });
        let _lines = places.add(text, Span::new(FileId(0), 0, text.len()), insertion);
        let at = |column| places.find(Position::new(1, column)).unwrap().start;
        assert_eq!(at(4), 3);
        assert_eq!(at(10 + 20), 9);
        assert_eq!(at(15), 8, "inside the insertion");
    }
}
