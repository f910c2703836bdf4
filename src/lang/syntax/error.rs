//! What can be wrong with the text of a file.

use crate::base::Span;
use crate::diag::Diagnostic;

/// A reason why a stretch of text could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SyntaxError {
    /// A bracket that nothing closes.
    Unclosed {
        /// The bracket.
        bracket: char,
        /// Where it stands.
        at: Span,
        /// Where the piece of text that should have closed it ends.
        end: Span,
    },
    /// A bracket that nothing opened.
    Unopened {
        /// The bracket.
        bracket: char,
        /// Where it stands.
        at: Span,
    },
    /// A bracket closed by one of another shape.
    Mismatched {
        /// What was opened.
        open: char,
        /// Where.
        open_at: Span,
        /// What closes it.
        close: char,
        /// Where.
        at: Span,
    },
    /// A string that does not end.
    UnclosedText {
        /// What it begins with, and should end with.
        quote: String,
        /// Where it begins.
        at: Span,
    },
    /// A `/*` without its `*/`.
    UnclosedComment {
        /// Where it begins.
        at: Span,
    },
    /// Brackets, comments or operators nested too deep.
    TooDeep {
        /// Where it becomes too deep.
        at: Span,
        /// How deep one may go.
        most: usize,
    },
    /// Something else than what may stand here.
    Unexpected {
        /// What was found, in a reader's words.
        found: String,
        /// What may stand here, in a reader's words; never empty.
        wanted: Vec<&'static str>,
        /// What to write instead.
        help: Option<String>,
        /// Where.
        at: Span,
    },
    /// A line that begins with a dot, below a closure that ended with the line above.
    ClosureLine {
        /// The dot.
        at: Span,
        /// The closure.
        closure: Span,
    },
    /// A line that begins with an operator, outside brackets.
    LineStart {
        /// The operator.
        operator: String,
        /// Where it stands.
        at: Span,
    },
    /// Letters straight after a number that are no unit.
    Unit {
        /// The number and its unit as written.
        text: String,
        /// The unit as written.
        unit: String,
        /// Where the unit stands.
        at: Span,
        /// What to write instead.
        help: String,
    },
    /// A number too large to be kept.
    Number {
        /// The number as written.
        text: String,
        /// Where it stands.
        at: Span,
    },
    /// A backslash in a string with something after it that is no escape.
    Escape {
        /// The escape as written.
        text: String,
        /// Where it stands.
        at: Span,
    },
}

impl SyntaxError {
    /// Returns the error's stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unclosed { .. } => "syntax::unclosed",
            Self::Unopened { .. } => "syntax::unopened",
            Self::Mismatched { .. } => "syntax::mismatched",
            Self::UnclosedText { .. } => "syntax::unclosed_text",
            Self::UnclosedComment { .. } => "syntax::unclosed_comment",
            Self::TooDeep { .. } => "syntax::too_deep",
            Self::Unexpected { .. } => "syntax::unexpected",
            Self::ClosureLine { .. } => "syntax::closure_line",
            Self::LineStart { .. } => "syntax::line_start",
            Self::Unit { .. } => "syntax::unit",
            Self::Number { .. } => "syntax::number",
            Self::Escape { .. } => "syntax::escape",
        }
    }

    /// Returns where the error is.
    #[must_use]
    pub fn at(&self) -> Span {
        match self {
            Self::Unclosed { at, .. }
            | Self::Unopened { at, .. }
            | Self::Mismatched { at, .. }
            | Self::UnclosedText { at, .. }
            | Self::UnclosedComment { at }
            | Self::TooDeep { at, .. }
            | Self::Unexpected { at, .. }
            | Self::ClosureLine { at, .. }
            | Self::LineStart { at, .. }
            | Self::Unit { at, .. }
            | Self::Number { at, .. }
            | Self::Escape { at, .. } => *at,
        }
    }

    /// Returns the error as it is shown.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        let shown =
            Diagnostic::error(self.code(), self.message()).label(self.at(), self.label());
        let shown = match self {
            Self::Unclosed { end, bracket, .. } => {
                shown.label(*end, format!("no `{}` up to here", closing(*bracket)))
            }
            Self::Mismatched { open, open_at, .. } => {
                shown.label(*open_at, format!("this `{open}` is still open"))
            }
            Self::ClosureLine { closure, .. } => {
                shown.label(*closure, "the closure ends here")
            }
            Self::Unopened { .. }
            | Self::UnclosedText { .. }
            | Self::UnclosedComment { .. }
            | Self::TooDeep { .. }
            | Self::Unexpected { .. }
            | Self::LineStart { .. }
            | Self::Unit { .. }
            | Self::Number { .. }
            | Self::Escape { .. } => shown,
        };
        match self.advice() {
            Some(help) => shown.help(help),
            None => shown,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Unclosed { bracket, .. } => format!("`{bracket}` is never closed"),
            Self::Unopened { bracket, .. } => format!("`{bracket}` closes nothing"),
            Self::Mismatched { open, close, .. } => {
                format!("`{close}` closes a `{open}`, wanted `{}`", closing(*open))
            }
            Self::UnclosedText { quote, .. } => {
                format!("the text that `{quote}` begins never ends")
            }
            Self::UnclosedComment { .. } => {
                "the comment that `/*` begins never ends".to_owned()
            }
            Self::TooDeep { most, .. } => format!("nested more than {most} deep"),
            Self::Unexpected { found, wanted, .. } => {
                format!("found {found}, wanted {}", list(wanted))
            }
            Self::ClosureLine { .. } => {
                "a line begins with `.`, but the closure above has ended".to_owned()
            }
            Self::LineStart { operator, .. } => {
                format!("a line begins with `{operator}`, but the one above has ended")
            }
            Self::Unit { text, unit, .. } if unit.is_empty() => {
                format!("`{text}` is no number of the language")
            }
            Self::Unit { text, unit, .. } => format!("`{unit}` is no unit in `{text}`"),
            Self::Number { text, .. } => format!("`{text}` is too large a number"),
            Self::Escape { text, .. } => format!("`{text}` is no escape"),
        }
    }

    fn label(&self) -> &'static str {
        match self {
            Self::Unclosed { .. } => "opened here",
            Self::Unopened { .. } => "nothing is open here",
            Self::Mismatched { .. } => "closed by another bracket",
            Self::UnclosedText { .. } | Self::UnclosedComment { .. } => "begins here",
            Self::TooDeep { .. } => "too deep here",
            Self::Unexpected { .. } => "not expected here",
            Self::ClosureLine { .. } => "this line is no longer Rhai",
            Self::LineStart { .. } => "begins the line",
            Self::Unit { .. } => "not a unit here",
            Self::Number { .. } => "too large",
            Self::Escape { .. } => "means nothing",
        }
    }

    fn advice(&self) -> Option<String> {
        Some(match self {
            Self::Unclosed { bracket, .. } => {
                format!("write `{}` where it should end", closing(*bracket))
            }
            Self::Unopened { .. } => "take it out, or open it before".to_owned(),
            Self::Mismatched { open, .. } => format!("write `{}` first", closing(*open)),
            Self::UnclosedText { quote, .. } if quote == "\"" => {
                "write `\"` at the end of the text; text over several lines stands between \
                 `\"\"\"`, and in Rhai between backticks"
                    .to_owned()
            }
            Self::UnclosedText { quote, .. } => {
                let end: String = quote.chars().rev().collect();
                format!("write `{end}` at the end of the text")
            }
            Self::UnclosedComment { .. } => {
                "write `*/` at its end; each `/*` inside it needs one of its own".to_owned()
            }
            Self::TooDeep { .. } => "name a part of it with `let`".to_owned(),
            Self::Unexpected { help, .. } => return help.clone(),
            Self::ClosureLine { .. } => {
                "put the closure's Rhai into braces: `|x| { … }` may span lines".to_owned()
            }
            Self::LineStart { operator, .. } if operator.starts_with('.') => {
                "join the two lines".to_owned()
            }
            Self::LineStart { operator, .. } => {
                format!("put the `{operator}` at the end of the line above")
            }
            Self::Unit { help, .. } => help.clone(),
            Self::Number { .. } => "numbers go up to 1.8e308".to_owned(),
            Self::Escape { .. } => {
                "the escapes are `\\n`, `\\t`, `\\r`, `\\0`, `\\\"`, `\\\\` and `\\u{e9}`; a backslash \
                 itself is `\\\\`"
                    .to_owned()
            }
        })
    }
}

/// Returns the bracket that closes this one.
fn closing(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        '{' => '}',
        other => other,
    }
}

/// Joins choices: `a`, `b` or `c`.
fn list(words: &[&str]) -> String {
    match words {
        [] => "something else".to_owned(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
