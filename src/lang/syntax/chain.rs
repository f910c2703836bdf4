//! Operands and operators in a row, brought into a tree by how tight each operator binds.
//!
//! From loose to tight: `or`; `and`; the relations, `within`, `to detect`; the ranges; `+`
//! and `-`; `*` and `/`; the sign; what picks (`.x`, `[i]`).
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "most rules and tokens cannot stand here"
)]

use crate::base::Span;

use super::build::{Builder, Tall};
use super::error::SyntaxError;
use super::grammar::{Node, Rule};
use super::tree::{BinaryOp, Expr, ExprKind, LogicOp, MAX_HEIGHT, RelationOp};

/// An operator between two operands.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Op {
    Logic(LogicOp),
    Relation(RelationOp),
    Within,
    Detect,
    Range { inclusive: bool },
    Binary(BinaryOp),
}

/// What is left of a row: operators and, after each, its operand. `next` is the operator
/// that comes next.
struct Row {
    rest: std::iter::Peekable<std::vec::IntoIter<(Op, Span, Tall<Expr>)>>,
}

impl Row {
    /// Takes the next operator and its operand when `wanted` says so.
    fn take<T>(
        &mut self,
        wanted: impl Fn(Op) -> Option<T>,
    ) -> Option<(T, Span, Tall<Expr>)> {
        let (op, ..) = self.rest.peek()?;
        let wanted = wanted(*op)?;
        self.rest.next().map(|(_, at, operand)| (wanted, at, operand))
    }
}

impl Builder {
    /// Builds an `expr`.
    pub(super) fn expr(&mut self, node: Node<'_>) -> Tall<Expr> {
        let nothing = Expr { kind: ExprKind::List(Vec::new()), span: self.span(&node) };
        let (mut first, mut op, mut row) = (None, None, Vec::new());
        let (mut minus, mut operand): (Option<Span>, Option<Tall<Expr>>) = (None, None);
        let mut finish = |builder: &mut Self, minus: Option<Span>, operand, op| {
            let Some(operand) = operand else { return };
            let operand = builder.signed(minus, operand);
            match op {
                Some((op, at)) => row.push((op, at, operand)),
                None => first = Some(operand),
            }
        };
        for child in node.into_inner() {
            match child.as_rule() {
                Rule::minus => minus = Some(self.span(&child)),
                Rule::index | Rule::member => {
                    operand = operand.map(|base| self.picked(base, child));
                }
                Rule::mark_op | Rule::minus_op | Rule::word_op => {
                    finish(self, minus.take(), operand.take(), op.take());
                    self.check_line_start(&child);
                    op = read(child.as_str()).map(|op| (op, self.span(&child)));
                }
                _ => operand = self.value(child),
            }
        }
        finish(self, minus, operand, op);
        let Some(first) = first else {
            return Tall { it: nothing, height: 1 };
        };
        let mut row = Row { rest: row.into_iter().peekable() };
        let built = self.any(first, &mut row);
        if let Some((op, at, _)) = row.rest.next() {
            self.errors.push(misplaced(op, at));
        }
        built
    }

    fn signed(&mut self, minus: Option<Span>, operand: Tall<Expr>) -> Tall<Expr> {
        let Some(minus) = minus else { return operand };
        let span = minus.to(operand.it.span);
        let height = operand.height + 1;
        if !self.limit(height, span) {
            return operand;
        }
        Tall { it: Expr { kind: ExprKind::Negative(Box::new(operand.it)), span }, height }
    }

    fn picked(&mut self, base: Tall<Expr>, node: Node<'_>) -> Tall<Expr> {
        let at = self.span(&node);
        let span = base.it.span.to(at);
        if base.height + 1 > MAX_HEIGHT {
            self.limit(base.height + 1, at);
            return base;
        }
        if node.as_rule() == Rule::index {
            let values = self.elements(node);
            let height = base.height.max(values.height) + 1;
            let kind = ExprKind::Index {
                base: Box::new(base.it),
                values: values.it,
                brackets: at,
            };
            return Tall { it: Expr { kind, span }, height };
        }
        let Some(name) = node.into_inner().next().map(|word| self.word(&word)) else {
            return base;
        };
        let kind = ExprKind::Member { base: Box::new(base.it), name };
        Tall { it: Expr { kind, span }, height: base.height + 1 }
    }

    /// Notes an operator that begins a line although no bracket is open.
    fn check_line_start(&mut self, node: &Node<'_>) {
        let before = node.get_input().get(..node.as_span().start()).unwrap_or("");
        let before = before.trim_end_matches([' ', '\t']);
        if self.inside == 0 && before.ends_with(['\n', '\r']) {
            let operator = node.as_str().to_owned();
            self.errors.push(SyntaxError::LineStart { operator, at: self.span(node) });
        }
    }

    fn any(&mut self, first: Tall<Expr>, row: &mut Row) -> Tall<Expr> {
        let first = self.all(first, row);
        self.logic(LogicOp::Or, first, row, Self::all)
    }

    fn all(&mut self, first: Tall<Expr>, row: &mut Row) -> Tall<Expr> {
        let first = self.relation(first, row);
        self.logic(LogicOp::And, first, row, Self::relation)
    }

    fn logic(
        &mut self,
        op: LogicOp,
        first: Tall<Expr>,
        row: &mut Row,
        tighter: fn(&mut Self, Tall<Expr>, &mut Row) -> Tall<Expr>,
    ) -> Tall<Expr> {
        let (mut span, mut height) = (first.it.span, first.height);
        let mut terms = vec![first.it];
        while let Some(((), _, operand)) =
            row.take(|next| (next == Op::Logic(op)).then_some(()))
        {
            let term = tighter(self, operand, row);
            span = span.to(term.it.span);
            height = height.max(term.height);
            terms.push(term.it);
        }
        match <[Expr; 1]>::try_from(terms) {
            Ok([only]) => Tall { it: only, height },
            Err(terms) => {
                self.limit(height + 1, span);
                Tall {
                    it: Expr { kind: ExprKind::Logic { op, terms }, span },
                    height: height + 1,
                }
            }
        }
    }

    fn relation(&mut self, first: Tall<Expr>, row: &mut Row) -> Tall<Expr> {
        let left = self.range(first, row);
        if let Some(((), _, operand)) = row.take(|op| (op == Op::Detect).then_some(())) {
            let effect = self.range(operand, row);
            return self
                .pair(left, effect, |power, effect| ExprKind::Detect { power, effect });
        }
        let relation = |op| if let Op::Relation(op) = op { Some(op) } else { None };
        let Some((op, at, operand)) = row.take(relation) else { return left };
        let right = self.range(operand, row);
        let within = row.take(|op| (op == Op::Within).then_some(()));
        let Some(((), _, operand)) = within else {
            return self.pair(left, right, |left, right| ExprKind::Relation {
                op,
                at,
                left,
                right,
                within: None,
            });
        };
        let margin = self.range(operand, row);
        let span = left.it.span.to(margin.it.span);
        let height = margin.height;
        let within = Some(Box::new(margin.it));
        let mut built = self.pair(left, right, |left, right| ExprKind::Relation {
            op,
            at,
            left,
            right,
            within,
        });
        built.it.span = span;
        built.height = built.height.max(height + 1);
        self.limit(built.height, span);
        built
    }

    fn range(&mut self, first: Tall<Expr>, row: &mut Row) -> Tall<Expr> {
        let from = self.sum(first, row);
        let range =
            |op| if let Op::Range { inclusive } = op { Some(inclusive) } else { None };
        let Some((inclusive, _, operand)) = row.take(range) else { return from };
        let to = self.sum(operand, row);
        self.pair(from, to, |from, to| ExprKind::Range { from, to, inclusive })
    }

    fn sum(&mut self, first: Tall<Expr>, row: &mut Row) -> Tall<Expr> {
        let mut left = self.product(first, row);
        let sum = |op| match op {
            Op::Binary(op @ (BinaryOp::Add | BinaryOp::Subtract)) => Some(op),
            _ => None,
        };
        while let Some((op, at, operand)) = row.take(sum) {
            let right = self.product(operand, row);
            left = self.binary(op, at, left, right);
        }
        left
    }

    fn product(&mut self, first: Tall<Expr>, row: &mut Row) -> Tall<Expr> {
        let mut left = first;
        let product = |op| match op {
            Op::Binary(op @ (BinaryOp::Multiply | BinaryOp::Divide)) => Some(op),
            _ => None,
        };
        while let Some((op, at, right)) = row.take(product) {
            left = self.binary(op, at, left, right);
        }
        left
    }

    fn binary(
        &mut self,
        op: BinaryOp,
        at: Span,
        left: Tall<Expr>,
        right: Tall<Expr>,
    ) -> Tall<Expr> {
        self.pair(left, right, |left, right| ExprKind::Binary { op, at, left, right })
    }

    /// Joins two operands; keeps only the first when the tree would become too high.
    fn pair(
        &mut self,
        left: Tall<Expr>,
        right: Tall<Expr>,
        join: impl FnOnce(Box<Expr>, Box<Expr>) -> ExprKind,
    ) -> Tall<Expr> {
        let span = left.it.span.to(right.it.span);
        let height = left.height.max(right.height) + 1;
        if !self.limit(height, span) {
            return left;
        }
        let kind = join(Box::new(left.it), Box::new(right.it));
        Tall { it: Expr { kind, span }, height }
    }
}

fn read(text: &str) -> Option<Op> {
    let logic = LogicOp::from_symbol(text).map(Op::Logic);
    let relation = RelationOp::from_symbol(text).map(Op::Relation);
    let binary = BinaryOp::from_symbol(text).map(Op::Binary);
    logic.or(relation).or(binary).or(match text {
        ".." => Some(Op::Range { inclusive: false }),
        "..=" => Some(Op::Range { inclusive: true }),
        "within" => Some(Op::Within),
        _ => Some(Op::Detect),
    })
}

/// Says why an operator is left over: it binds no tighter than the one before it.
fn misplaced(op: Op, at: Span) -> SyntaxError {
    let (found, wanted, help) = match op {
        Op::Within => (
            "`within`",
            "a relation before it",
            "a margin follows a relation: `a.x ~= b.x within 5pp`",
        ),
        Op::Range { .. } => {
            ("a second range", "one `..` or `..=`", "a range has two ends: `1..=5`")
        }
        Op::Detect => {
            ("`to detect`", "a power before it", "write `power: 80% to detect 5pp`")
        }
        Op::Logic(_) | Op::Relation(_) | Op::Binary(_) => (
            "a second relation",
            "one relation, or `and` between two",
            "compare two at a time: `a.x < b.x and b.x < c.x`",
        ),
    };
    SyntaxError::Unexpected {
        found: found.to_owned(),
        wanted: vec![wanted],
        help: Some(help.to_owned()),
        at,
    }
}
