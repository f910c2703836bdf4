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
