//! Rhai's own lexer over a text: brackets that do not match, and the digest of the tokens.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the enums of Rhai are open and many times as long as what concerns us"
)]

use rhai::{Engine, Token};

use crate::base::{Digest, Digester};
use crate::script::failure::ScriptProblem;
use crate::script::message;
use crate::script::place;

/// A token and the byte where it begins.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) start: usize,
    /// Whether it goes on with a text between backticks, after a `${ … }`.
    pub(super) within: bool,
}

/// Cuts a text into tokens; space and comments are gone.
pub(super) fn lex(engine: &Engine, text: &str) -> Vec<Placed> {
    let inputs = [text];
    let (stream, control) = engine.lex(&inputs);
    let mut places = Sweep::new(text);
    let mut tokens = Vec::new();
    // How many braces are open in each `${ … }` that we are in.
    let mut interpolations: Vec<usize> = Vec::new();
    let mut within = false;
    for (token, position) in stream {
        let goes_on = std::mem::take(&mut within);
        match &token {
            Token::EOF => break,
            Token::InterpolatedString(_) => interpolations.push(0),
            Token::LeftBrace | Token::MapStart => {
                if let Some(depth) = interpolations.last_mut() {
                    *depth += 1;
                }
            }
            Token::RightBrace => {
                if let Some(depth) = interpolations.last_mut() {
                    *depth = depth.saturating_sub(1);
                    if *depth == 0 {
                        interpolations.pop();
                        control.borrow_mut().is_within_text = true;
                        within = true;
                    }
                }
            }
            _ => {}
        }
        let unterminated = matches!(
            &token,
            Token::LexError(error) if matches!(**error, rhai::LexError::UnterminatedString)
        );
        let start = places.offset(position);
        tokens.push(Placed { token, start, within: goes_on });
        if unterminated {
            break;
        }
    }
    tokens
}

/// Turns positions that never go back into byte offsets, in one pass over the text.
struct Sweep<'a> {
    text: &'a str,
    line: usize,
    line_start: usize,
    column: usize,
    offset: usize,
}

impl<'a> Sweep<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, line: 1, line_start: 0, column: 1, offset: 0 }
    }

    fn offset(&mut self, position: rhai::Position) -> usize {
        let Some(line) = position.line() else {
            return self.offset;
        };
        while self.line < line {
            let rest = self.text.get(self.line_start..).unwrap_or_default();
            let Some(length) = rest.find('\n') else { break };
            self.line += 1;
            self.line_start += length + 1;
            (self.column, self.offset) = (1, self.line_start);
        }
        let column = position.position().unwrap_or(1);
        if column < self.column {
            (self.column, self.offset) = (1, self.line_start);
        }
        let rest = self.text.get(self.offset..).unwrap_or_default();
        for c in rest.chars() {
            if self.column >= column || c == '\n' {
                break;
            }
            self.column += 1;
            self.offset += c.len_utf8();
        }
        self.offset
    }
}

/// Returns the digest of the tokens.
pub(super) fn digest(tokens: &[Placed]) -> Digest {
    let mut digester = Digester::new("rhai");
    for Placed { token, .. } in tokens {
        match token {
            Token::StringConstant(text) => digester.text("string").text(text),
            Token::InterpolatedString(text) => digester.text("template").text(text),
            Token::CharConstant(c) => digester.text("char").number(u64::from(*c)),
            Token::Identifier(name) => digester.text("name").text(name),
            Token::IntegerConstant(number) => {
                digester.text("integer").text(&number.to_string())
            }
            Token::FloatConstant(number) => digester.text("float").text(&number.1),
            other => digester.text("token").text(&other.to_string()),
        };
    }
    digester.finish()
}

/// Finds what is no token at all, and brackets that do not match.
pub(super) fn problems(text: &str, tokens: &[Placed]) -> Vec<ScriptProblem> {
    let mut problems: Vec<ScriptProblem> = tokens
        .iter()
        .filter_map(|placed| {
            let Token::LexError(error) = &placed.token else {
                return None;
            };
            let (message, help) = message::of_lex_error(error);
            Some(problem(text, placed.start, message, help))
        })
        .collect();
    if problems.is_empty() {
        problems = unmatched(text, tokens);
    }
    problems
}

fn problem(
    text: &str,
    start: usize,
    message: String,
    help: Option<String>,
) -> ScriptProblem {
    let start = start.min(text.len());
    let end = place::end_of_token(text, start);
    ScriptProblem { message, start, end, help }
}

fn unmatched(text: &str, tokens: &[Placed]) -> Vec<ScriptProblem> {
    let mut open: Vec<(usize, Pair)> = Vec::new();
    let mut problems = Vec::new();
    for Placed { token, start, .. } in tokens {
        if let Some(pair) = Pair::opened_by(token) {
            open.push((*start, pair));
        } else if let Some(closer) = closer(token) {
            while let Some((start, pair)) = open.pop() {
                if pair.close == closer {
                    break;
                }
                problems.push(unclosed(text, start, pair));
                if !open.iter().any(|(_, pair)| pair.close == closer) {
                    break;
                }
            }
        }
    }
    problems.extend(open.into_iter().map(|(start, pair)| unclosed(text, start, pair)));
    problems.sort_by_key(|problem| problem.start);
    problems
}

fn unclosed(text: &str, start: usize, pair: Pair) -> ScriptProblem {
    let end = (start + pair.open.len()).min(text.len());
    ScriptProblem {
        message: format!("this `{}` is never closed", pair.open),
        start: start.min(end),
        end,
        help: Some(format!("close it with `{}`", pair.close)),
    }
}

/// A kind of bracket.
#[derive(Debug, Clone, Copy)]
struct Pair {
    open: &'static str,
    close: &'static str,
}

impl Pair {
    fn opened_by(token: &Token) -> Option<Self> {
        let (open, close) = match token {
            Token::LeftParen => ("(", ")"),
            Token::LeftBracket => ("[", "]"),
            Token::QuestionBracket => ("?[", "]"),
            Token::LeftBrace => ("{", "}"),
            Token::MapStart => ("#{", "}"),
            _ => return None,
        };
        Some(Self { open, close })
    }
}

fn closer(token: &Token) -> Option<&'static str> {
    match token {
        Token::RightParen => Some(")"),
        Token::RightBracket => Some("]"),
        Token::RightBrace => Some("}"),
        _ => None,
    }
}
