//! The syntax tree: what stands in a file, before anybody asks what it means.
//!
//! Names are not resolved, types are not known and no kind, call or field is known by name.
//! Every node has its span. A tree is at most [`MAX_HEIGHT`] high, so a walk may recurse.

use crate::base::Quantity;
use crate::base::{FileId, Span};

/// How high the tree of one expression may be; the parser refuses what is higher.
pub const MAX_HEIGHT: usize = 250;

/// The definitions of one file, in its order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct File {
    /// The file.
    pub id: FileId,
    /// The text of the `//!` lines, without the marks, joined by newlines.
    pub docs: String,
    /// What the file defines.
    pub definitions: Vec<Definition>,
}

/// A word, such as a name, a kind or a label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Word {
    /// The word.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// Words joined by `::`; most paths have one word.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// The words, at least one.
    pub words: Vec<Word>,
    /// From the first word to the last.
    pub span: Span,
}

impl Path {
    /// Returns the word of a path that has only one.
    #[must_use]
    pub fn as_word(&self) -> Option<&Word> {
        match self.words.as_slice() {
            [word] => Some(word),
            _ => None,
        }
    }

    /// Returns the path as it is written: `std::prompts::step_by_step`.
    #[must_use]
    pub fn text(&self) -> String {
        let words: Vec<&str> = self.words.iter().map(|word| word.text.as_str()).collect();
        words.join("::")
    }
}

/// A string, with its escapes resolved and, for `"""`, its indentation taken off.
#[derive(Debug, Clone, PartialEq)]
pub struct StringLit {
    /// What the string says.
    pub value: String,
    /// The literal, quotes included.
    pub span: Span,
    /// Where each stretch of `value` comes from, in rising order.
    pub origins: Vec<Origin>,
}

/// The start of a stretch of a string's value and where it stands in the file. Up to the
/// next origin, one byte of the value is one byte of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// Byte offset in the value.
    pub value: u32,
    /// Byte offset in the file.
    pub source: u32,
}

impl StringLit {
    /// Returns where the bytes `start..end` of the value stand in the file.
    #[must_use]
    pub fn span_of(&self, start: usize, end: usize) -> Span {
        let from = self.source_of(start);
        let to = if end > start { self.source_of(end - 1) + 1 } else { from };
        Span::new(self.span.file, from, to)
    }

    /// Returns where one byte of the value stands; what lies past the end is at the end.
    fn source_of(&self, offset: usize) -> usize {
        let next = self.origins.partition_point(|origin| origin.value as usize <= offset);
        let last = (self.span.end as usize).saturating_sub(1);
        match next.checked_sub(1).and_then(|index| self.origins.get(index)) {
            Some(origin) => {
                (origin.source as usize + offset - origin.value as usize).min(last)
            }
            None => self.span.start as usize,
        }
    }
}

/// One definition: `kind name? ([family] | (params))? "title"? (= expression | { fields })`.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// The first word: `model`, `condition`, `use` …
    pub kind: Word,
    /// The name; `report`, `script` and `use` have none.
    pub name: Option<Word>,
    /// The variables of a family: `[n in 1..=7]`.
    pub family: Vec<Over>,
    /// The parameters: `(models, rounds: 2)`.
    pub params: Vec<Param>,
    /// The title.
    pub title: Option<StringLit>,
    /// The text of the `///` lines above, without the marks, joined by newlines.
    pub doc: String,
    /// What it is defined as.
    pub body: Body,
    /// From the kind to the end of the body, without the `///` lines.
    pub span: Span,
}

/// One variable of a family: `n in 1..=7`.
#[derive(Debug, Clone, PartialEq)]
pub struct Over {
    /// The variable.
    pub name: Word,
    /// What it runs over.
    pub values: Expr,
    /// From the variable to the end of its values.
    pub span: Span,
}

/// One parameter of a definition: `models` or `rounds: 2`.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// The name.
    pub name: Word,
    /// The value of a call that does not give one.
    pub default: Option<Expr>,
    /// From the name to the end of the default.
    pub span: Span,
}

/// The right-hand side of a definition.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// `= expression`.
    Expr(Expr),
    /// `{ fields }`.
    Block(Block),
    /// `script { … }` or `script = "file.rhai"`.
    Script(Script),
    /// `use std::prompts::step_by_step` or `use "file.crucible"`.
    Use(Use),
}

/// What a `script` definition holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Script {
    /// Rhai text in the file.
    Text(Rhai),
    /// The path of a file of Rhai, from the folder of this one.
    File(StringLit),
}

/// What a `use` definition names.
#[derive(Debug, Clone, PartialEq)]
pub enum Use {
    /// Something of the program itself: `std::…`.
    Path(Path),
    /// Another file.
    File(StringLit),
}

/// Rhai as it stands in the file, byte for byte.
#[derive(Debug, Clone, PartialEq)]
pub struct Rhai {
    /// The text.
    pub text: String,
    /// Where it stands; `text` begins at its first byte.
    pub span: Span,
}

/// Fields in braces.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The fields, in the order of the file; names may repeat.
    pub fields: Vec<Field>,
    /// The braces and all between.
    pub span: Span,
}

/// One field: `name: value`.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The text of the `///` lines above.
    pub doc: String,
    /// The name.
    pub name: Word,
    /// The value.
    pub value: Expr,
    /// From the name to the end of the value.
    pub span: Span,
}

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// Which one.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

impl Expr {
    /// Returns the word of an expression that is a single word: a name or a choice.
    #[must_use]
    pub fn as_word(&self) -> Option<&Word> {
        if let ExprKind::Path(path) = &self.kind { path.as_word() } else { None }
    }

    /// Returns the expression inside any number of round brackets.
    #[must_use]
    pub fn ungrouped(&self) -> &Self {
        let mut inner = self;
        while let ExprKind::Group(group) = &inner.kind {
            inner = group;
        }
        inner
    }
}

/// The kinds of expression, loosest last.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// `|output, item| output.text == item.target`.
    Closure(Closure),
    /// `250ms`; never negative, see [`ExprKind::Negative`].
    Quantity(Literal),
    /// `"text"` or `"""text"""`.
    Text(StringLit),
    /// `[a, b]`.
    List(Vec<Expr>),
    /// `{ input: "1 + 1", output: "2" }`.
    Map(Block),
    /// `(a + b)`.
    Group(Box<Expr>),
    /// `majority` or `std::prompts::step_by_step`.
    Path(Path),
    /// `openai("gpt-4o-mini") { temperature: 0 }`.
    Call(Call),
    /// `grid[strong, direct]`.
    Index {
        /// What is indexed.
        base: Box<Expr>,
        /// The values in the brackets.
        values: Vec<Expr>,
        /// The brackets and all between.
        brackets: Span,
    },
    /// `majority.correct`.
    Member {
        /// What stands before the dot.
        base: Box<Expr>,
        /// The word after it.
        name: Word,
    },
    /// `-x`.
    Negative(Box<Expr>),
    /// `a + b`, `a - b`, `a * b`, `a / b`.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Where the operator stands.
        at: Span,
        /// What stands before it.
        left: Box<Expr>,
        /// What stands after it.
        right: Box<Expr>,
    },
    /// `1..=5` or `0..n`.
    Range {
        /// The first value.
        from: Box<Expr>,
        /// The last value, or the one after it.
        to: Box<Expr>,
        /// `..=`: the last value belongs to it.
        inclusive: bool,
    },
    /// `a.correct > b.correct + 2pp` or `a.cost ~= b.cost within 10%`.
    Relation {
        /// The operator.
        op: RelationOp,
        /// Where the operator stands.
        at: Span,
        /// What stands before it.
        left: Box<Expr>,
        /// What stands after it.
        right: Box<Expr>,
        /// The margin after `within`.
        within: Option<Box<Expr>>,
    },
    /// `80% to detect 5pp`.
    Detect {
        /// The power.
        power: Box<Expr>,
        /// The effect.
        effect: Box<Expr>,
    },
    /// `a > b and c > d`: at least two terms, joined by one operator.
    Logic {
        /// The operator between each two.
        op: LogicOp,
        /// The terms, in order.
        terms: Vec<Expr>,
    },
}

/// Parameters in bars and Rhai after them.
#[derive(Debug, Clone, PartialEq)]
pub struct Closure {
    /// The names between the bars.
    pub params: Vec<Word>,
    /// The Rhai after the bars, without space around it.
    pub body: Rhai,
}

/// A number as it is written and what it is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Literal {
    /// Value and unit.
    pub quantity: Quantity,
    /// The text: `$0.15/Mtok`, `4k`, `1_000`.
    pub text: String,
}

/// A call, with the block that may follow it.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// What is called.
    pub path: Path,
    /// The arguments in round brackets.
    pub args: Vec<Arg>,
    /// The round brackets and all between.
    pub brackets: Span,
    /// More named arguments, in braces.
    pub block: Option<Block>,
}

/// One argument: `value` or `label: value`.
#[derive(Debug, Clone, PartialEq)]
pub struct Arg {
    /// The parameter it is for.
    pub label: Option<Word>,
    /// The value.
    pub value: Expr,
    /// From the label to the end of the value.
    pub span: Span,
}

/// The operators of arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

/// The operators of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelationOp {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `~=`
    Equivalent,
}

/// What joins claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogicOp {
    /// `and`, which binds tighter.
    And,
    /// `or`
    Or,
}

macro_rules! symbols {
    ($op:ident { $($variant:ident => $text:literal),+ $(,)? }) => {
        impl $op {
            /// Returns the operator as it is written.
            #[must_use]
            pub fn symbol(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }

            /// Returns the operator that is written so.
            #[must_use]
            pub fn from_symbol(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

symbols!(BinaryOp { Add => "+", Subtract => "-", Multiply => "*", Divide => "/" });
symbols!(RelationOp {
    Less => "<",
    LessOrEqual => "<=",
    Greater => ">",
    GreaterOrEqual => ">=",
    Equivalent => "~=",
});
symbols!(LogicOp { And => "and", Or => "or" });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_string_is_found_in_the_file() {
        // `"a\nb"` at byte 10: the value is a, newline, b; the escape takes two bytes.
        let text = StringLit {
            value: "a\nb".to_owned(),
            span: Span::new(FileId(0), 10, 16),
            origins: vec![
                Origin { value: 0, source: 11 },
                Origin { value: 2, source: 14 },
            ],
        };
        assert_eq!(text.span_of(0, 1), Span::new(FileId(0), 11, 12));
        assert_eq!(text.span_of(2, 3), Span::new(FileId(0), 14, 15));
        assert_eq!(text.span_of(0, 3), Span::new(FileId(0), 11, 15));
        assert_eq!(text.span_of(99, 120).end, 16);
    }

    #[test]
    fn operators_are_read_as_they_are_written() {
        for op in [BinaryOp::Add, BinaryOp::Divide] {
            assert_eq!(BinaryOp::from_symbol(op.symbol()), Some(op));
        }
        assert_eq!(RelationOp::from_symbol(">>"), None);
    }
}
