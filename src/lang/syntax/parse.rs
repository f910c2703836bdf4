//! A file, definition by definition.

use pest::Parser;

use crate::base::{FileId, Span};

use super::build::{Builder, doc_line};
use super::error::SyntaxError;
use super::found;
use super::grammar::{Grammar, Place, Rule};
use super::lex::{Piece, Problem, lex, next_cut};
use super::token::{Kind, Token};
use super::tree::{Definition, File, Word};

/// What came of reading a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parsed {
    /// Everything that could be read.
    pub tree: File,
    /// Everything that could not, in the order of the file.
    pub errors: Vec<SyntaxError>,
    /// The names of definitions that are not in the tree because of an error: they count as
    /// defined, of any type.
    pub broken_names: Vec<Word>,
    /// The kinds of definitions that are not in the tree because of an error.
    pub broken_kinds: Vec<Word>,
}

/// Reads a file. Never fails and never panics, whatever the text.
///
/// The time taken is proportional to the length of the text.
#[must_use]
pub fn parse(file: FileId, text: &str) -> Parsed {
    let mut reader = Reader {
        file,
        text,
        parsed: Parsed {
            tree: File { id: file, ..File::default() },
            ..Parsed::default()
        },
        file_docs: Vec::new(),
        wasted: 0,
    };
    let mut at = beginning(text);
    while at < text.len() {
        at = reader.piece(at).max(at + 1);
    }
    reader.parsed.tree.docs = reader.file_docs.join("\n");
    reader.parsed
}

/// Returns where the language begins: after a byte-order mark and a `#!` line.
pub(super) fn beginning(text: &str) -> usize {
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let rest = text.get(mark..).unwrap_or("");
    let shebang = if rest.starts_with("#!") { rest.find(['\n', '\r']) } else { Some(0) };
    shebang.map_or(text.len(), |len| mark + len)
}

/// How many times the length of the text may be read in vain before pieces are no longer
/// looked for beyond the next line that may begin a definition.
const PATIENCE: usize = 8;

struct Reader<'a> {
    file: FileId,
    text: &'a str,
    parsed: Parsed,
    file_docs: Vec<String>,
    /// Bytes read for pieces that then had to be cut.
    wasted: usize,
}

impl Reader<'_> {
    /// Reads the piece that begins at `from`; returns where the next one begins.
    fn piece(&mut self, from: usize) -> usize {
        let patient = self.wasted <= self.text.len().saturating_mul(PATIENCE);
        let limit = if patient { None } else { next_cut(self.text, from) };
        let mut piece = lex(self.file, self.text, from, limit.unwrap_or(self.text.len()));
        if let Some(Problem { error: SyntaxError::Unopened { .. }, .. }) = &piece.problem
        {
            return self.unopened(piece);
        }
        match (piece.problem.take(), piece.cut) {
            (None, cut) => match (self.read(&piece), cut) {
                (Ok(()), _) => piece.end,
                // Perhaps two definitions were taken for one.
                (Err(_), Some(cut)) if patient => {
                    self.wasted += piece.end - from;
                    self.alone(from, cut);
                    cut
                }
                (Err(errors), _) => {
                    self.refuse(&piece, errors);
                    piece.end
                }
            },
            (Some(_), Some(cut)) => {
                self.wasted += piece.end - from;
                self.alone(from, cut);
                cut
            }
            (Some(problem), None) => {
                self.refuse(&piece, vec![problem.error]);
                limit
                    .or_else(|| next_cut(self.text, problem.at))
                    .unwrap_or(self.text.len())
            }
        }
    }

    /// Reads the bytes `from..to`, which are known to be a piece of their own.
    fn alone(&mut self, from: usize, to: usize) {
        let mut piece = lex(self.file, self.text, from, to);
        let errors = match piece.problem.take() {
            Some(problem) => vec![problem.error],
            None => match self.read(&piece) {
                Ok(()) => return,
                Err(errors) => errors,
            },
        };
        self.refuse(&piece, errors);
    }

    /// Reads what stands before a bracket that nothing opened; returns where to go on.
    fn unopened(&mut self, mut piece: Piece) -> usize {
        let Some(problem) = piece.problem.take() else { return piece.end };
        piece.end = problem.at;
        match self.read(&piece) {
            Ok(()) => self.parsed.errors.push(problem.error),
            Err(_) => self.refuse(&piece, vec![problem.error]),
        }
        next_cut(self.text, problem.at).unwrap_or(self.text.len())
    }

    fn refuse(&mut self, piece: &Piece, errors: Vec<SyntaxError>) {
        self.parsed.errors.extend(errors);
        let words: Vec<Word> = piece
            .tokens
            .iter()
            .filter(|token| !token.kind.is_trivia() && !token.kind.is_doc())
            .map_while(|token| self.word(*token))
            .take(2)
            .collect();
        let mut words = words.into_iter();
        self.parsed.broken_kinds.extend(words.next());
        self.parsed.broken_names.extend(words.next());
    }

    fn word(&self, token: Token) -> Option<Word> {
        let text =
            (token.kind == Kind::Word).then(|| token.text(self.text).to_owned())?;
        let span = Span::new(self.file, token.start, token.end);
        Some(Word { text, span })
    }

    /// Reads the definitions of a piece whose brackets balance.
    fn read(&mut self, piece: &Piece) -> Result<(), Vec<SyntaxError>> {
        let text = self.text.get(piece.start..piece.end).unwrap_or("");
        let nodes = Grammar::parse(Rule::file, text)
            .map_err(|error| vec![found::explain(self.file, self.text, piece, &error)])?;
        let place = Place { file: self.file, offset: piece.start };
        let mut builder = Builder::new(place);
        let mut docs = Vec::new();
        let mut definitions: Vec<Definition> = Vec::new();
        for node in nodes.flat_map(pest::iterators::Pair::into_inner) {
            if node.as_rule() == Rule::file_doc {
                docs.push(doc_line(node.as_str()).to_owned());
            } else if node.as_rule() == Rule::definition {
                definitions.extend(builder.definition(node));
            }
        }
        if !builder.errors.is_empty() {
            return Err(builder.errors);
        }
        self.file_docs.append(&mut docs);
        self.parsed.tree.definitions.append(&mut definitions);
        Ok(())
    }
}
