//! Where Rhai ends: its brackets, strings and comments, as its own tokenizer has them.

use super::error::SyntaxError;
use super::lex::Lexer;
use super::token::newline_len;

/// What stood last outside brackets: it decides whether a newline ends a closure.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Nothing,
    Question,
    Operator,
}

impl Lexer<'_> {
    /// Moves past the Rhai of a script, its closing brace included. The opening one is on
    /// the stack.
    pub(super) fn script_text(&mut self) {
        let depth = self.open.len();
        while self.open.len() >= depth && self.problem.is_none() {
            if self.at >= self.text.len() {
                return;
            }
            self.rhai();
        }
    }

    /// Moves past the Rhai of a closure.
    pub(super) fn closure_text(&mut self) {
        let depth = self.open.len();
        let mut last = Last::Nothing;
        while self.at < self.text.len() && self.problem.is_none() {
            if self.open.len() > depth {
                self.rhai();
                last = Last::Nothing;
                continue;
            }
            let byte = self.byte(self.at);
            if newline_len(self.text.as_bytes(), self.at) > 0 {
                if last != Last::Operator {
                    return;
                }
                self.at += 1;
                continue;
            }
            if matches!(byte, b',' | b')' | b']' | b'}') || self.starts_with("//") {
                return;
            }
            last = match byte {
                b' ' | b'\t' => last,
                b'?' if last == Last::Question && self.byte(self.at - 1) == b'?' => {
                    Last::Operator
                }
                b'?' => Last::Question,
                b'/' if self.byte(self.at + 1) == b'*' => Last::Nothing,
                b'+' | b'-' | b'*' | b'/' | b'%' | b'<' | b'>' | b'=' | b'&' | b'|'
                | b'^' | b'!' => Last::Operator,
                _ => Last::Nothing,
            };
            self.rhai();
        }
    }

    /// Moves past one comment, string, bracket or character of Rhai, or, inside a string
    /// of several lines, past one character of it.
    fn rhai(&mut self) {
        if let Some(&(b'`', start)) = self.open.last() {
            return self.back_text(start);
        }
        match self.byte(self.at) {
            b'/' if self.byte(self.at + 1) == b'*' => self.long_note(),
            b'/' if self.byte(self.at + 1) == b'/' => self.skip_line(),
            b'"' => self.rhai_string(),
            b'\'' => self.rhai_char(),
            b'#' => self.raw_string(),
            open @ (b'(' | b'[' | b'{' | b'`') => self.nest(open),
            close @ (b')' | b']' | b'}') => {
                self.close(close);
            }
            _ => {
                self.at += 1;
                self.note_cut();
            }
        }
    }

    /// Moves past one character between backticks, which opened at `start`.
    fn back_text(&mut self, start: usize) {
        if self.starts_with("``") || self.starts_with("\\${") {
            self.at += if self.starts_with("``") { 2 } else { 3 };
        } else if self.starts_with("`") {
            self.at += 1;
            self.open.pop();
        } else if self.starts_with("${") {
            self.at += 1;
            self.nest(b'{');
        } else {
            self.at += 1;
        }
        if self.at >= self.text.len() && self.open.last() == Some(&(b'`', start)) {
            self.open_text("`", start);
        }
    }

    fn open_text(&mut self, quote: &str, start: usize) {
        let at = self.span(start, start + quote.len());
        self.fail(start, SyntaxError::UnclosedText { quote: quote.to_owned(), at });
    }

    fn rhai_string(&mut self) {
        let start = self.at;
        self.at += 1;
        loop {
            let newline = newline_len(self.text.as_bytes(), self.at);
            if self.at >= self.text.len() || newline > 0 {
                return self.open_text("\"", start);
            }
            if self.starts_with("\"\"") {
                self.at += 2;
                continue;
            }
            self.at += 1;
            match self.byte(self.at - 1) {
                b'"' => return,
                b'\\' => {
                    let newline = newline_len(self.text.as_bytes(), self.at);
                    self.at = (self.at + newline.max(1)).min(self.text.len());
                }
                _ => {}
            }
        }
    }

    /// Moves past a character in quotes, or past a quote that begins none.
    fn rhai_char(&mut self) {
        let rest = self.text.get(self.at + 1..).unwrap_or("");
        let mut chars = rest.char_indices();
        let end = match chars.next() {
            Some((_, '\\')) => chars
                .next()
                .filter(|(_, escaped)| !matches!(escaped, '\n' | '\r'))
                .map(|(at, escaped)| {
                    let from = at + escaped.len_utf8();
                    let body = rest.get(from..).unwrap_or("");
                    from + body.find(['\'', '\n', '\r']).unwrap_or(body.len())
                }),
            Some((_, '\'' | '\n' | '\r')) | None => None,
            Some((_, plain)) => Some(plain.len_utf8()),
        };
        match end {
            Some(end) if rest.as_bytes().get(end) == Some(&b'\'') => self.at += end + 2,
            _ => self.at += 1,
        }
    }

    /// Moves past `#"…"#`, or past a `#` that begins none.
    fn raw_string(&mut self) {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or(&[]);
        let marks = rest.iter().take_while(|byte| **byte == b'#').count().min(8);
        if self.byte(start + marks) != b'"' {
            self.at += 1;
            return;
        }
        let end = format!("\"{}", "#".repeat(marks));
        let body = self.text.get(start + marks + 1..).unwrap_or("");
        match body.find(&end) {
            Some(len) => self.at = start + marks + 1 + len + end.len(),
            None => self.open_text(&format!("{}\"", "#".repeat(marks)), start),
        }
    }
}
