//! Tidy text: one way to space a file, with every comment in its place.
//!
//! The formatter moves tokens; it never changes one. Line breaks between fields, elements
//! and arguments are the author's; spaces, indentation, blank lines and trailing commas are
//! settled here, and columns that the author aligned stay aligned (`align`). Rhai and long
//! strings stay as they are, byte for byte. What comes out is read again and compared with what went in before it is handed back.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "most tokens are written as they are"
)]

use crate::base::FileId;

use super::align::{Columns, Role};
use super::error::SyntaxError;
use super::lex::lex;
use super::parse::{beginning, parse};
use super::same::same;
use super::token::{Kind, Token};

/// Columns by which what stands in brackets is moved to the right.
const INDENT: usize = 4;

/// Returns the text of a file, tidied. Tidy text stays as it is.
///
/// # Errors
///
/// The syntax errors of a file that has any: such a file is not touched.
pub fn format(text: &str) -> Result<String, Vec<SyntaxError>> {
    let file = FileId::default();
    let before = parse(file, text);
    if !before.errors.is_empty() {
        return Err(before.errors);
    }
    let start = beginning(text);
    let tokens = all_tokens(text, start);
    let mut writer = Writer::new(text);
    writer.first_line(text.get(..start).unwrap_or("").trim_start_matches('\u{feff}'));
    for (index, token) in tokens.iter().enumerate() {
        writer.token(*token, tokens.get(index + 1).copied());
    }
    let tidy = writer.finish();
    let after = parse(file, &tidy);
    let kept = after.errors.is_empty() && same(&before.tree, &after.tree);
    Ok(if kept { tidy } else { text.to_owned() })
}

fn all_tokens(text: &str, start: usize) -> Vec<Token> {
    let (mut at, mut tokens) = (start, Vec::new());
    while at < text.len() {
        let piece = lex(FileId::default(), text, at, text.len());
        tokens.extend(piece.tokens.into_iter().filter(|token| token.start < piece.end));
        at = piece.end.max(at + 1);
    }
    tokens
}

struct Writer<'a> {
    text: &'a str,
    out: String,
    /// Line ends since the last token.
    newlines: usize,
    /// The last token that was written; newlines are none.
    last: Option<Token>,
    /// The last one that is no comment.
    last_plain: Option<Token>,
    /// For each open bracket, whether the line it opened on ended with it.
    open: Vec<Bracket>,
    /// A comma that is written only if something else follows on its line.
    comma: bool,
    /// Whether the line continues an expression from the line above.
    continues: bool,
    columns: Columns,
}

#[derive(Clone, Copy)]
struct Bracket {
    brace: bool,
    /// The indentation of what stands inside, in levels.
    level: usize,
}

impl<'a> Writer<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            out: String::with_capacity(text.len()),
            newlines: 0,
            last: None,
            last_plain: None,
            open: Vec::new(),
            comma: false,
            continues: false,
            columns: Columns::default(),
        }
    }

    fn first_line(&mut self, line: &str) {
        self.out.push_str(line.trim_end());
    }

    fn token(&mut self, token: Token, next: Option<Token>) {
        let shown = token.text(self.text);
        match token.kind {
            Kind::Newline => {
                self.newlines += 1;
                return;
            }
            // A comma is written once it is known what follows.
            Kind::Mark if shown == "," => {
                self.comma = true;
                self.continues = false;
                return;
            }
            _ => {}
        }
        self.gap(token, next);
        match token.kind {
            Kind::Bars => self.bars(shown),
            Kind::Note | Kind::Doc | Kind::FileDoc => self.out.push_str(shown.trim_end()),
            _ => self.out.push_str(shown),
        }
        self.after(token);
    }

    /// Keeps account of brackets.
    fn after(&mut self, token: Token) {
        match token.kind {
            Kind::Open => {
                let level = self.level_of_line() + 1;
                let brace = token.text(self.text) == "{";
                self.open.push(Bracket { brace, level });
            }
            Kind::Close => {
                self.open.pop();
            }
            _ => {}
        }
        self.newlines = 0;
        self.last = Some(token);
        if !matches!(token.kind, Kind::Note | Kind::LongNote) {
            self.last_plain = Some(token);
        }
    }

    /// Returns how many levels the current line is indented.
    fn level_of_line(&self) -> usize {
        let inner = self.open.last().map_or(0, |bracket| bracket.level);
        // Brackets that open on one line share its level.
        let start = self.out.rfind('\n').map_or(0, |at| at + 1);
        let line = self.out.get(start..).unwrap_or("");
        let spaces = line.len() - line.trim_start_matches(' ').len();
        (spaces / INDENT).min(inner + 1)
    }

    /// Writes what stands between the last token and this one.
    fn gap(&mut self, token: Token, next: Option<Token>) {
        let comma = std::mem::take(&mut self.comma);
        let closes = token.kind == Kind::Close;
        let comment = matches!(token.kind, Kind::Note | Kind::LongNote);
        // Between fields in braces a line end is enough, and before the bracket that closes
        // the line a comma says nothing.
        let in_line = self.newlines == 0 || self.is_glued(token);
        let ends_line =
            !in_line || comment && next.is_none_or(|n| n.kind == Kind::Newline);
        let braces = self.open.last().is_some_and(|bracket| bracket.brace);
        let idle = closes && in_line || ends_line && braces || self.after_note();
        if comma && !idle {
            self.out.push(',');
        }
        if in_line {
            let space = !self.out.is_empty()
                && (comma && !closes
                    || self.is_spaced(token)
                    || comment
                    || self.after_comment());
            if space && !self.out.ends_with([' ', '\n']) {
                self.out.push(' ');
            }
            if self.newlines == 0 && self.out.ends_with(' ') {
                self.note_column(token);
            }
            return;
        }
        let blank = self.newlines > 1 && !closes && !self.last_opens();
        if !self.out.is_empty() {
            self.out.push('\n');
            if blank {
                self.out.push('\n');
            }
        }
        let mut level = self.open.last().map_or(0, |bracket| bracket.level);
        if closes {
            level = level.saturating_sub(1);
        } else if self.goes_on(token) {
            level += 1;
        }
        self.out.extend(std::iter::repeat_n(' ', level * INDENT));
        let distance = match token.kind {
            _ if blank => 2,
            Kind::Note | Kind::Doc | Kind::FileDoc => 0,
            _ => 1,
        };
        self.columns.line(self.text, token.start, &self.out, distance);
    }

    /// Notes where a token stands that an author may have put below another.
    fn note_column(&mut self, token: Token) {
        let role = match token.kind {
            Kind::Rhai => return,
            Kind::Note => Role::Note,
            Kind::Mark if token.text(self.text) != "-" => Role::Sign,
            _ => Role::Value,
        };
        self.columns.token(self.text, token.start, &self.out, role);
    }

    /// Says whether the last token takes all that follows on its line.
    fn after_note(&self) -> bool {
        self.last.is_some_and(|last| last.kind == Kind::Note)
    }

    /// Says whether a line end before this token is none: Rhai straight after its bars.
    fn is_glued(&self, token: Token) -> bool {
        token.kind == Kind::Rhai
    }

    fn after_comment(&self) -> bool {
        self.last.is_some_and(|last| last.kind == Kind::LongNote)
    }

    fn last_opens(&self) -> bool {
        self.last.is_some_and(|last| last.kind == Kind::Open)
    }

    /// Says whether the token goes on with an expression of the line above.
    fn goes_on(&self, token: Token) -> bool {
        let operator = |token: Token| {
            let shown = token.text(self.text);
            match token.kind {
                Kind::Mark => !matches!(shown, "," | "::"),
                Kind::Word => matches!(shown, "and" | "or"),
                _ => false,
            }
        };
        let leads = operator(token) && token.text(self.text) != "-";
        leads || self.last_plain.is_some_and(operator)
    }

    /// Says whether a space stands between the last token and this one on the same line.
    fn is_spaced(&self, token: Token) -> bool {
        let Some(last) = self.last else { return false };
        let (before, here) = (last.text(self.text), token.text(self.text));
        match (last.kind, token.kind) {
            (Kind::Open, Kind::Close) => false,
            (Kind::Open, _) => before == "{" && token.kind != Kind::Rhai,
            (_, Kind::Close) => {
                here == "}" && last.kind != Kind::Rhai || self.rhai_then_brace(last, here)
            }
            (_, Kind::Open) => self.opens_apart(last, before, here),
            (Kind::Mark, _) if matches!(before, "." | "::" | ".." | "..=") => false,
            (Kind::Mark, _) if before == "-" => !self.is_sign(last),
            (_, Kind::Mark) => !matches!(here, "." | "::" | ".." | "..=" | ":" | ","),
            _ => true,
        }
    }

    /// A block in one line has a space before its brace, also after Rhai; a script's text
    /// brings its own.
    fn rhai_then_brace(&self, last: Token, here: &str) -> bool {
        let script = self.text.get(..last.start).is_some_and(|text| text.ends_with('{'));
        here == "}" && !script
    }

    fn opens_apart(&self, last: Token, before: &str, here: &str) -> bool {
        match last.kind {
            Kind::Word => {
                here == "{" || matches!(before, "and" | "or" | "in" | "within" | "detect")
            }
            Kind::Close => here == "{",
            Kind::Mark if matches!(before, ".." | "..=") => false,
            Kind::Mark if before == "-" => !self.is_sign(last),
            _ => true,
        }
    }

    /// Says whether a `-` is a sign: nothing it could be subtracted from stands before it.
    fn is_sign(&self, minus: Token) -> bool {
        let before =
            self.text.get(..minus.start).unwrap_or("").trim_end_matches([' ', '\t']);
        let operand = before.ends_with(|last: char| {
            last.is_ascii_alphanumeric()
                || matches!(last, '_' | '%' | ')' | ']' | '}' | '"')
        });
        let word = before.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
        !operand || matches!(word, Some("and" | "or" | "within" | "detect" | "in"))
    }

    fn bars(&mut self, shown: &str) {
        let names: Vec<&str> = shown
            .trim_matches('|')
            .split(',')
            .map(str::trim)
            .filter(|n| !n.is_empty())
            .collect();
        self.out.push('|');
        self.out.push_str(&names.join(", "));
        self.out.push('|');
    }

    fn finish(mut self) -> String {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.columns.align(&self.out)
    }
}
