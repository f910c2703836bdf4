//! An expression against what is due at its place.

use indexmap::IndexMap;

use crate::base::{Quantity, Span, Unit};
use crate::diag::Diagnostic;
use crate::lang::syntax::tree::{Block, Expr, ExprKind, StringLit};
use crate::spec::{PromptSpec, Type, Value};
use crate::text::Template;

use super::arith::{self, ArithError};
use super::due::{self, Due};
use super::{Checker, Scope};

impl<'a> Checker<'a> {
    /// Checks an expression and returns its value.
    pub(super) fn value(
        &mut self,
        expr: &'a Expr,
        due: Due<'_>,
        scope: &Scope<'a, '_>,
    ) -> Option<Value> {
        let expr = expr.ungrouped();
        if !self.spend(1, expr.span) {
            return None;
        }
        self.deeper(expr.span, |checker| checker.value_here(expr, due, scope))
    }

    fn value_here(
        &mut self,
        expr: &'a Expr,
        due: Due<'_>,
        scope: &Scope<'a, '_>,
    ) -> Option<Value> {
        if let Type::OneOf(types) = due.ty {
            let ty = self.alternative(expr, types, scope);
            let Some(ty) = ty else {
                return self.no_alternative(expr, due, scope);
            };
            return self.value_here(expr, due.with(ty), scope);
        }
        match &expr.kind {
            ExprKind::Path(path) => self.path(path, due, scope),
            ExprKind::Quantity(literal) => self.number(literal.quantity, expr.span, due),
            ExprKind::Negative(_) | ExprKind::Binary { .. } => {
                let quantity = self.constant(expr, scope)?;
                self.number(quantity, expr.span, due)
            }
            ExprKind::Text(text) => self.string(text, due),
            ExprKind::List(items) => self.list(items, expr.span, due, scope),
            ExprKind::Range { .. } => self.range(expr, due, scope),
            ExprKind::Map(block) => self.map(block, due, scope),
            ExprKind::Closure(closure) => self.closure(closure, expr.span, due, scope),
            ExprKind::Call(call) => self.call(call, expr.span, due, scope),
            ExprKind::Index { .. } => self.family_member(expr, due, scope),
            ExprKind::Group(inner) => self.value(inner, due, scope),
            ExprKind::Member { .. }
            | ExprKind::Relation { .. }
            | ExprKind::Detect { .. }
            | ExprKind::Logic { .. } => {
                self.mismatch(expr.span, due, "a part of a claim", None);
                None
            }
        }
    }

    /// Reports that something else is due.
    pub(super) fn mismatch(
        &mut self,
        at: Span,
        due: Due<'_>,
        found: &str,
        help: Option<String>,
    ) {
        let number = due::unit_of(due.ty).is_some() && due::is_unit(found);
        let code = if number { "check::unit" } else { "check::type" };
        let mut problem = Diagnostic::error(code, due.mismatch(found))
            .label(at, format!("this is {found}"));
        problem.help = help;
        self.report(problem);
    }

    /// Checks a number against what is due.
    pub(super) fn number(
        &mut self,
        quantity: Quantity,
        at: Span,
        due: Due<'_>,
    ) -> Option<Value> {
        if due.ty == Type::Any {
            return Some(Value::Quantity(quantity));
        }
        let found = quantity.unit.name();
        let Some(unit) = due::unit_of(due.ty) else {
            let help = match due.ty {
                Type::List(&of) if due::unit_of(of) == Some(quantity.unit) => {
                    Some(format!("write it in a list: `[{quantity}]`"))
                }
                Type::Sampling => {
                    Some(format!("write `first({quantity})` or `random({quantity})`"))
                }
                _ => None,
            };
            self.mismatch(at, due, found, help);
            return None;
        };
        if quantity.unit != unit {
            self.mismatch(at, due, found, Some(due::unit_help(quantity, unit)));
            return None;
        }
        let complaint = match due.ty {
            Type::Count if quantity.value < 0.0 || quantity.value.fract() != 0.0 => {
                Some("a whole number of at least zero is due here")
            }
            Type::Duration | Type::Money | Type::Price | Type::Rate
                if quantity.value < 0.0 =>
            {
                Some("this cannot be less than nothing")
            }
            _ => None,
        };
        if let Some(complaint) = complaint {
            let message = match due.name {
                Some(name) => format!("`{name}` cannot be `{quantity}`"),
                None => format!("`{quantity}` cannot stand here"),
            };
            self.report(
                Diagnostic::error("check::range", message)
                    .label(at, "out of range")
                    .help(complaint),
            );
            return None;
        }
        Some(Value::Quantity(quantity))
    }

    /// Works out an expression that must be a number.
    pub(super) fn constant(
        &mut self,
        expr: &'a Expr,
        scope: &Scope<'a, '_>,
    ) -> Option<Quantity> {
        let expr = expr.ungrouped();
        match &expr.kind {
            ExprKind::Quantity(literal) => Some(literal.quantity),
            ExprKind::Negative(inner) => {
                let inner = self.constant(inner, scope)?;
                Some(Quantity::new(-inner.value, inner.unit))
            }
            ExprKind::Binary { op, left, right, .. } => {
                let (first, second) = (
                    self.deeper(left.span, |checker| checker.constant(left, scope)),
                    self.deeper(right.span, |checker| checker.constant(right, scope)),
                );
                let (first, second) = (first?, second?);
                match arith::apply(*op, first, second) {
                    Ok(result) => Some(result),
                    Err(error) => {
                        self.report(arithmetic(
                            error,
                            *op,
                            (first, left.span),
                            (second, right.span),
                        ));
                        None
                    }
                }
            }
            _ => match self.value(expr, Due::of(Type::Any), scope)? {
                Value::Quantity(quantity) => Some(quantity),
                other => {
                    let due = Due::of(Type::Number);
                    self.mismatch(expr.span, due, described_value(&other), None);
                    None
                }
            },
        }
    }

    fn string(&mut self, text: &StringLit, due: Due<'_>) -> Option<Value> {
        match due.ty {
            Type::Any | Type::Text => Some(Value::Text(text.value.clone())),
            Type::Template => {
                self.template(text)?;
                Some(Value::Text(text.value.clone()))
            }
            Type::Prompt => {
                self.template(text)?;
                let template = text.value.clone();
                Some(Value::Prompt(Box::new(PromptSpec {
                    template,
                    ..PromptSpec::default()
                })))
            }
            _ => {
                let help = match due.ty {
                    Type::Choice(words) if words.contains(&text.value.as_str()) => {
                        Some(format!("write the word without quotes: `{}`", text.value))
                    }
                    Type::List(Type::Choice(words))
                        if words.contains(&text.value.as_str()) =>
                    {
                        Some(format!("write a list of words: `[{}]`", text.value))
                    }
                    Type::List(&Type::Text) => {
                        Some(format!("write it in a list: `[\"{}\"]`", text.value))
                    }
                    ty => due::unit_of(ty).map(|unit| {
                        format!("write it without quotes: `{}`", unit.example())
                    }),
                };
                self.mismatch(text.span, due, "a string", help);
                None
            }
        }
    }

    /// Checks that a string is a template.
    pub(super) fn template(&mut self, text: &StringLit) -> Option<()> {
        match Template::parse(&text.value) {
            Ok(_) => Some(()),
            Err(error) => {
                self.report(
                    Diagnostic::error("check::template", error.message.clone())
                        .label(text.span_of(error.start, error.end), "in this template")
                        .help("a place in a template is a column's name: `{{ input }}`"),
                );
                None
            }
        }
    }

    fn list(
        &mut self,
        items: &'a [Expr],
        at: Span,
        due: Due<'_>,
        scope: &Scope<'a, '_>,
    ) -> Option<Value> {
        let of = match due.ty {
            Type::Any => Type::Any,
            Type::List(&of) => of,
            _ => {
                self.mismatch(at, due, "a list", None);
                items.iter().for_each(|item| self.touch(item, scope));
                return None;
            }
        };
        let mut values = Vec::with_capacity(items.len());
        let mut whole = true;
        for item in items {
            let flat = of == Type::Strategy && self.is_list(item, scope, 0);
            let wanted = if flat { due } else { due.with(of) };
            match self.value(item, wanted, scope) {
                Some(Value::List(inner)) if flat => values.extend(inner),
                Some(value) => values.push(value),
                None => whole = false,
            }
        }
        whole.then_some(Value::List(values))
    }

    fn range(
        &mut self,
        expr: &'a Expr,
        due: Due<'_>,
        scope: &Scope<'a, '_>,
    ) -> Option<Value> {
        let numbers = self.range_numbers(expr, scope)?;
        let of = match due.ty {
            Type::Any => Type::Any,
            Type::List(&of) => of,
            _ => {
                self.mismatch(expr.span, due, "a range", None);
                return None;
            }
        };
        if !self.spend(numbers.len() as u64, expr.span) {
            return None;
        }
        let values: Option<Vec<Value>> = numbers
            .into_iter()
            .map(|value| {
                self.number(Quantity::new(value, Unit::One), expr.span, due.with(of))
            })
            .collect();
        values.map(Value::List)
    }

    fn map(
        &mut self,
        block: &'a Block,
        due: Due<'_>,
        scope: &Scope<'a, '_>,
    ) -> Option<Value> {
        if !matches!(due.ty, Type::Any | Type::Map) {
            let help = match due.ty {
                Type::List(&Type::Map) => {
                    Some("write it in a list: `[{ … }]`".to_owned())
                }
                _ => None,
            };
            self.mismatch(block.span, due, "a map", help);
            return None;
        }
        let mut map = IndexMap::with_capacity(block.fields.len());
        let mut whole = true;
        for field in &block.fields {
            let value = self.value(&field.value, Due::of(Type::Any), scope);
            whole &= value.is_some();
            let Some(value) = value else { continue };
            if map.insert(field.name.text.clone(), value).is_some() {
                self.report(
                    Diagnostic::error(
                        "check::duplicate_argument",
                        format!("`{}` stands twice in the map", field.name.text),
                    )
                    .label(field.name.span, "again here"),
                );
                whole = false;
            }
        }
        whole.then_some(Value::Map(map))
    }
}

/// Says why two numbers do not go together.
pub(super) fn arithmetic(
    error: ArithError,
    op: crate::lang::syntax::tree::BinaryOp,
    left: (Quantity, Span),
    right: (Quantity, Span),
) -> Diagnostic {
    let (first, second) = (left.0.unit.name(), right.0.unit.name());
    match error {
        ArithError::Units => {
            Diagnostic::error("check::arithmetic", arith::sentence(op, first, second))
                .label(left.1, first)
                .label(right.1, second)
        }
        ArithError::NotFinite => Diagnostic::error(
            "check::arithmetic",
            format!("`{} {} {}` has no result", left.0, op.symbol(), right.0),
        )
        .label(left.1.to(right.1), "divided by nothing, or too large"),
    }
}

/// Returns what a reader calls a value.
pub(super) fn described_value(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "a switch",
        Value::Quantity(quantity) => quantity.unit.name(),
        Value::Text(_) => "a string",
        Value::Word(_) => "a word",
        Value::List(_) => "a list",
        Value::Map(_) => "a map",
        Value::Prompt(_) => "a prompt",
        Value::Function(_) => "a closure",
        Value::Call(_) => "a call",
    }
}
