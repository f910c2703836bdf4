//! Cuts a file into pieces, one definition each, and the pieces into tokens.
//!
//! Brackets are counted here, before the grammar runs, those of Rhai among them: they must
//! balance and nest at most [`MOST_NESTED`] deep. Nothing in this file recurses.

use crate::base::FileId;
use crate::base::Span;

use super::error::SyntaxError;
use super::token::{Kind, Token, mark_len, newline_len, number_len, word_len};

/// How deep brackets, and comments in comments, may nest.
pub(super) const MOST_NESTED: usize = 100;

/// A stretch of the file with its tokens.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) tokens: Vec<Token>,
    /// Why the tokens end early, if they do, and where.
    pub(super) problem: Option<Problem>,
    /// The first line after the piece's own first at which it might be cut in two.
    pub(super) cut: Option<usize>,
}

/// What is wrong with brackets, strings or comments.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) error: SyntaxError,
    pub(super) at: usize,
}

/// Reads the piece that begins at `from`: to the next definition, at most to `limit`.
pub(super) fn lex(file: FileId, text: &str, from: usize, limit: usize) -> Piece {
    let text = text.get(..limit).unwrap_or(text);
    let mut lexer = Lexer::new(file, text, from);
    let end = lexer.run();
    Piece {
        start: from,
        end,
        tokens: lexer.tokens,
        problem: lexer.problem,
        cut: lexer.cut.filter(|cut| *cut < end),
    }
}

/// Returns the start of the next line after `from` at which a definition might begin.
pub(super) fn next_cut(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        let rest = bytes.get(at..)?;
        at += rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'))? + 1;
        if may_begin_definition(bytes, at) {
            return Some(at);
        }
    }
}

/// Says whether a definition might begin at this start of a line: with a letter, not as a
/// field does, and not as only Rhai does.
fn may_begin_definition(text: &[u8], at: usize) -> bool {
    let Some(word) = text.get(at..at + word_len(text, at)) else {
        return false;
    };
    let rhai: [&[u8]; 10] = [
        b"fn", b"private", b"return", b"if", b"else", b"for", b"while", b"loop",
        b"switch", b"throw",
    ];
    if word.is_empty() || rhai.contains(&word) {
        return false;
    }
    let mut next = at + word.len();
    while matches!(text.get(next), Some(b' ' | b'\t')) {
        next += 1;
    }
    text.get(next) != Some(&b':')
}

#[derive(Debug)]
pub(super) struct Lexer<'a> {
    pub(super) file: FileId,
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// Open brackets, and the backticks around code in Rhai's strings.
    pub(super) open: Vec<(u8, usize)>,
    tokens: Vec<Token>,
    pub(super) problem: Option<Problem>,
    start: usize,
    cut: Option<usize>,
    /// The last token that is neither space nor comment nor documentation.
    last: Option<Token>,
    /// Documentation after it.
    docs_from: Option<usize>,
    script: bool,
}

impl<'a> Lexer<'a> {
    fn new(file: FileId, text: &'a str, from: usize) -> Self {
        Self {
            file,
            text,
            at: from,
            open: Vec::new(),
            tokens: Vec::new(),
            problem: None,
            start: from,
            cut: None,
            last: None,
            docs_from: None,
            script: false,
        }
    }

    pub(super) fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    pub(super) fn starts_with(&self, text: &str) -> bool {
        self.text
            .as_bytes()
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(text.as_bytes()))
    }

    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    pub(super) fn fail(&mut self, at: usize, error: SyntaxError) {
        if self.problem.is_none() {
            self.problem = Some(Problem { error, at });
        }
    }

    fn begins_line(&self) -> bool {
        self.tokens.last().is_some_and(|last| last.kind == Kind::Newline)
    }

    fn push(&mut self, kind: Kind, start: usize) {
        let token = Token { kind, start, end: self.at };
        let begins_line = self.begins_line();
        self.tokens.push(token);
        if kind.is_doc() {
            self.docs_from = self.docs_from.or(begins_line.then_some(start));
        } else if !kind.is_trivia() {
            self.last = Some(token);
            self.docs_from = None;
        }
    }

    /// Reads tokens until the next definition, the end or a problem; returns where.
    fn run(&mut self) -> usize {
        while self.at < self.text.len() && self.problem.is_none() {
            if matches!(self.byte(self.at), b' ' | b'\t') {
                self.at += 1;
                continue;
            }
            if self.ends_here() {
                return self.docs_from.unwrap_or(self.at);
            }
            self.token();
        }
        if self.problem.is_none()
            && let Some(&(bracket, at)) = self.open.last()
        {
            self.unclosed(bracket, at);
        }
        self.at
    }

    fn unclosed(&mut self, bracket: u8, at: usize) {
        let end = self.text.trim_end().len().max(at + 1);
        let error = SyntaxError::Unclosed {
            bracket: char::from(bracket),
            at: self.span(at, at + 1),
            end: self.span(end, end),
        };
        self.fail(at, error);
    }

    /// Says whether the next definition begins here. Notes where one might.
    fn ends_here(&mut self) -> bool {
        let begins_line =
            self.tokens.last().is_some_and(|last| last.kind == Kind::Newline);
        if !begins_line
            || self.last.is_none()
            || !self.byte(self.at).is_ascii_alphabetic()
        {
            return false;
        }
        self.note_cut();
        self.open.is_empty() && !self.is_unfinished()
    }

    /// Notes that the text might be cut here, if this is the start of a line.
    pub(super) fn note_cut(&mut self) {
        let column_one = self.at > self.start
            && matches!(self.byte(self.at - 1), b'\n' | b'\r')
            && may_begin_definition(self.text.as_bytes(), self.at);
        if column_one && self.cut.is_none() {
            self.cut = Some(self.docs_from.unwrap_or(self.at));
        }
    }

    /// Says whether the last token wants something after it, on the next line if need be.
    fn is_unfinished(&self) -> bool {
        self.last.is_some_and(|last| match last.kind {
            Kind::Mark => last.text(self.text) != ",",
            Kind::Word => matches!(last.text(self.text), "and" | "or"),
            Kind::Newline
            | Kind::Note
            | Kind::LongNote
            | Kind::Doc
            | Kind::FileDoc
            | Kind::Number
            | Kind::Text
            | Kind::LongText
            | Kind::Bars
            | Kind::Rhai
            | Kind::Open
            | Kind::Close
            | Kind::Unknown => false,
        })
    }

    fn token(&mut self) {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let newline = newline_len(bytes, start);
        if newline > 0 {
            self.at += newline;
            return self.push(Kind::Newline, start);
        }
        match self.byte(start) {
            b'/' if matches!(self.byte(start + 1), b'/' | b'*') => self.comment(),
            b'"' => self.string(),
            b'|' => self.closure(),
            open @ (b'(' | b'[' | b'{') => self.open(open),
            close @ (b')' | b']' | b'}') => {
                if self.close(close) {
                    self.push(Kind::Close, start);
                }
            }
            _ => self.plain(),
        }
    }

    /// Reads a word, a number, a sign or a character that means nothing.
    fn plain(&mut self) {
        let (start, bytes) = (self.at, self.text.as_bytes());
        let lengths = [
            (Kind::Word, word_len(bytes, start)),
            (Kind::Number, number_len(bytes, start)),
            (Kind::Mark, mark_len(bytes, start)),
        ];
        let unknown = self.text.get(start..).and_then(|rest| rest.chars().next());
        let (kind, len) = lengths
            .into_iter()
            .find(|(_, len)| *len > 0)
            .unwrap_or((Kind::Unknown, unknown.map_or(1, char::len_utf8)));
        self.at += len;
        self.script |= self.last.is_none()
            && self.text.get(start..self.at).is_some_and(|word| word == "script");
        self.push(kind, start);
    }

    fn comment(&mut self) {
        let start = self.at;
        let kind = if self.starts_with("/*") {
            self.long_note();
            Kind::LongNote
        } else {
            self.skip_line();
            match (self.byte(start + 2), self.byte(start + 3)) {
                (b'!', _) => Kind::FileDoc,
                (b'/', b'/') => Kind::Note,
                (b'/', _) => Kind::Doc,
                _ => Kind::Note,
            }
        };
        self.push(kind, start);
    }

    pub(super) fn skip_line(&mut self) {
        while self.at < self.text.len() && newline_len(self.text.as_bytes(), self.at) == 0
        {
            self.at += 1;
        }
    }

    /// Moves past a `/* … */` and those inside it.
    pub(super) fn long_note(&mut self) {
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            if self.at >= self.text.len() {
                let at = self.span(start, start + 2);
                return self.fail(start, SyntaxError::UnclosedComment { at });
            }
            if self.starts_with("/*") {
                depth += 1;
                self.at += 2;
                if depth > MOST_NESTED {
                    return self.too_deep(self.at - 2);
                }
            } else if self.starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return;
                }
            } else {
                self.at += 1;
            }
        }
    }

    fn too_deep(&mut self, at: usize) {
        let span = self.span(at, at + 1);
        self.fail(at, SyntaxError::TooDeep { at: span, most: MOST_NESTED });
    }

    fn string(&mut self) {
        let start = self.at;
        let long = self.starts_with("\"\"\"");
        let quote = if long { "\"\"\"" } else { "\"" };
        self.at += quote.len();
        loop {
            let newline = newline_len(self.text.as_bytes(), self.at) > 0;
            if self.at >= self.text.len() || newline && !long {
                let at = self.span(start, if long { start + 3 } else { self.at });
                let quote = quote.to_owned();
                return self.fail(start, SyntaxError::UnclosedText { quote, at });
            }
            if self.starts_with(quote) {
                self.at += quote.len();
                return self.push(if long { Kind::LongText } else { Kind::Text }, start);
            }
            self.at += 1;
            let protects = self.byte(self.at - 1) == b'\\';
            if protects && newline_len(self.text.as_bytes(), self.at) == 0 {
                self.at = (self.at + 1).min(self.text.len());
            }
        }
    }

    fn open(&mut self, bracket: u8) {
        let (start, script) = (self.at, self.script && self.open.is_empty());
        self.nest(bracket);
        self.push(Kind::Open, start);
        if script && bracket == b'{' {
            let inside = self.at;
            self.script_text();
            if self.problem.is_none() && self.open.is_empty() {
                let end = self.at;
                self.at = end - 1;
                self.push(Kind::Rhai, inside);
                self.at = end;
                self.push(Kind::Close, end - 1);
            }
        }
    }

    /// Moves past an opening bracket and remembers it.
    pub(super) fn nest(&mut self, bracket: u8) {
        if self.open.len() >= MOST_NESTED {
            self.too_deep(self.at);
        }
        self.open.push((bracket, self.at));
        self.at += 1;
    }

    /// Moves past a closing bracket, if it is the one that is due.
    pub(super) fn close(&mut self, bracket: u8) -> bool {
        let at = self.span(self.at, self.at + 1);
        let close = char::from(bracket);
        match self.open.pop() {
            Some((open, _)) if closes(open) == bracket => {
                self.at += 1;
                return true;
            }
            Some((open, open_at)) => {
                let open_span = self.span(open_at, open_at + 1);
                let open = char::from(open);
                let error =
                    SyntaxError::Mismatched { open, open_at: open_span, close, at };
                self.fail(self.at, error);
            }
            None => self.fail(self.at, SyntaxError::Unopened { bracket: close, at }),
        }
        false
    }

    fn closure(&mut self) {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let bars = bytes.get(start + 1..).unwrap_or(&[]);
        let len = bars.iter().take_while(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b',' | b' ' | b'\t')
        });
        let end = start + 1 + len.count();
        if self.byte(end) != b'|' {
            self.at += 1;
            return self.push(Kind::Unknown, start);
        }
        self.at = end + 1;
        self.push(Kind::Bars, start);
        while matches!(self.byte(self.at), b' ' | b'\t' | b'\n' | b'\r')
            && self.at < self.text.len()
        {
            self.at += 1;
        }
        let body = self.at;
        self.closure_text();
        if self.problem.is_none() && self.at > body {
            let after = self.at;
            let text = self.text.get(body..after).unwrap_or("");
            self.at = body + text.trim_end_matches([' ', '\t', '\n', '\r']).len();
            self.push(Kind::Rhai, body);
            self.at = after;
        }
    }
}

/// Returns the bracket that closes this one.
pub(super) fn closes(open: u8) -> u8 {
    match open {
        b'(' => b')',
        b'[' => b']',
        b'{' => b'}',
        other => other,
    }
}
