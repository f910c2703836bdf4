//! Which of several types an expression is meant for.

use crate::lang::syntax::tree::{Expr, ExprKind, Path};
use crate::spec::{Type, Value};

use super::definition::{Kind, Space};
use super::due::{self, Due};
use super::{BoundValue, Checker, Scope};

/// How many names in a row are followed before it is given up.
const MOST_STEPS: usize = 64;

impl<'a> Checker<'a> {
    /// Picks the first type that has the shape of the expression.
    pub(super) fn alternative(
        &self,
        expr: &'a Expr,
        types: &'static [Type],
        scope: &Scope<'a, '_>,
    ) -> Option<Type> {
        types.iter().copied().find(|&ty| self.fits(expr, ty, scope, 0))
    }

    /// Reports an expression that fits none of the types that are due; where it is a call
    /// or a name that is unknown, that is what is told.
    pub(super) fn no_alternative(
        &mut self,
        expr: &'a Expr,
        due: Due<'_>,
        scope: &Scope<'a, '_>,
    ) -> Option<Value> {
        let Type::OneOf(types) = due.ty else {
            return None;
        };
        match &expr.kind {
            ExprKind::Path(path) => {
                // A choice knows its words best; it is what a bare word is mostly meant for.
                let choice =
                    types.iter().copied().find(|ty| matches!(ty, Type::Choice(_)));
                let known = path.as_word().is_some_and(|word| {
                    self.visible(scope.unit, Space::Values)
                        .iter()
                        .any(|(name, _)| *name == word.text)
                });
                match choice {
                    Some(ty) if !known => self.path(path, due.with(ty), scope),
                    _ => {
                        let value = self.path(path, Due::of(Type::Any), scope)?;
                        let found = super::value::described_value(&value);
                        self.mismatch(expr.span, due, found, None);
                        None
                    }
                }
            }
            ExprKind::Quantity(literal) => {
                let unit = types.iter().copied().find_map(due::unit_of);
                let help = unit.map(|unit| due::unit_help(literal.quantity, unit));
                self.mismatch(expr.span, due, literal.quantity.unit.name(), help);
                None
            }
            _ => {
                let value = self.value(expr, Due::of(Type::Any), scope)?;
                let found = super::value::described_value(&value);
                self.mismatch(expr.span, due, found, None);
                None
            }
        }
    }

    fn fits(
        &self,
        expr: &'a Expr,
        ty: Type,
        scope: &Scope<'a, '_>,
        steps: usize,
    ) -> bool {
        if ty == Type::Any {
            return !matches!(expr.kind, ExprKind::Closure(_));
        }
        if let Type::OneOf(types) = ty {
            return types.iter().any(|&ty| self.fits(expr, ty, scope, steps));
        }
        if steps > MOST_STEPS {
            return false;
        }
        match &expr.kind {
            ExprKind::Group(inner) => self.fits(inner, ty, scope, steps),
            ExprKind::Quantity(literal) => {
                due::unit_of(ty) == Some(literal.quantity.unit)
            }
            ExprKind::Negative(inner) => self.fits(inner, ty, scope, steps + 1),
            ExprKind::Binary { left, right, .. } => {
                self.fits(left, ty, scope, steps + 1)
                    || self.fits(right, ty, scope, steps + 1)
            }
            ExprKind::Text(_) => matches!(ty, Type::Text | Type::Template | Type::Prompt),
            ExprKind::List(_) | ExprKind::Range { .. } => matches!(ty, Type::List(_)),
            ExprKind::Map(_) => ty == Type::Map,
            ExprKind::Closure(_) => matches!(ty, Type::Function(_) | Type::Extractor),
            ExprKind::Call(call) => {
                let name = call.path.text();
                let mut named = self.input.signatures.named(&name).peekable();
                if named.peek().is_none() {
                    return stands_for(Type::Strategy, ty);
                }
                named.any(|signature| stands_for(signature.returns, ty))
            }
            ExprKind::Index { .. } => ty == Type::Strategy,
            ExprKind::Path(path) => self.path_fits(path, ty, scope, steps),
            ExprKind::Member { .. }
            | ExprKind::Relation { .. }
            | ExprKind::Detect { .. }
            | ExprKind::Logic { .. } => false,
        }
    }

    fn path_fits(
        &self,
        path: &'a Path,
        ty: Type,
        scope: &Scope<'a, '_>,
        steps: usize,
    ) -> bool {
        let Some(word) = path.as_word() else {
            return false;
        };
        let name = word.text.as_str();
        if let Type::Choice(words) = ty
            && words.contains(&name)
        {
            return true;
        }
        if ty == Type::Extractor && self.is_word(name) {
            return true;
        }
        if ty == Type::Bool && matches!(name, "true" | "false") {
            return true;
        }
        if let Some(bound) = scope.family.iter().find(|bound| bound.name == name) {
            return match &bound.value {
                BoundValue::Number(quantity) => due::unit_of(ty) == Some(quantity.unit),
                BoundValue::Expr(expr, unit) => {
                    self.fits(expr, ty, &Scope::of(*unit), steps + 1)
                }
            };
        }
        let Some(def) = self.peek(scope.unit, Space::Values, name) else {
            let function = matches!(ty, Type::Function(_) | Type::Extractor);
            return function && self.has_visible_function(scope.unit, name);
        };
        match (def.kind, &def.node.body) {
            (Kind::Model, _) => stands_for(Type::Model, ty),
            (Kind::Dataset, _) => ty == Type::Dataset,
            (Kind::Prompt, _) => ty == Type::Prompt,
            (Kind::Condition, _) => ty == Type::Strategy,
            (Kind::Let, crate::lang::syntax::tree::Body::Expr(expr)) => {
                self.fits(expr, ty, &Scope::of(def.unit), steps + 1)
            }
            _ => false,
        }
    }

    fn is_word(&self, name: &str) -> bool {
        self.input
            .signatures
            .find(name)
            .is_some_and(|signature| signature.returns == Type::Extractor)
    }

    /// Says whether an expression is a list, as far as can be seen without checking it.
    pub(super) fn is_list(
        &self,
        expr: &'a Expr,
        scope: &Scope<'a, '_>,
        steps: usize,
    ) -> bool {
        if steps > MOST_STEPS {
            return false;
        }
        match &expr.kind {
            ExprKind::List(_) | ExprKind::Range { .. } => true,
            ExprKind::Group(inner) => self.is_list(inner, scope, steps + 1),
            ExprKind::Call(call) => self
                .input
                .signatures
                .find(&call.path.text())
                .is_some_and(|signature| matches!(signature.returns, Type::List(_))),
            ExprKind::Path(path) => {
                let Some(word) = path.as_word() else {
                    return false;
                };
                if let Some(bound) =
                    scope.family.iter().find(|bound| bound.name == word.text)
                {
                    return match &bound.value {
                        BoundValue::Number(_) => false,
                        BoundValue::Expr(expr, unit) => {
                            self.is_list(expr, &Scope::of(*unit), steps + 1)
                        }
                    };
                }
                match self.peek(scope.unit, Space::Values, &word.text) {
                    Some(def) if def.kind == Kind::Let => match &def.node.body {
                        crate::lang::syntax::tree::Body::Expr(expr) => {
                            self.is_list(expr, &Scope::of(def.unit), steps + 1)
                        }
                        _ => false,
                    },
                    _ => false,
                }
            }
            _ => false,
        }
    }
}

/// Says whether what returns one type may stand where another is due.
pub(super) fn stands_for(returns: Type, ty: Type) -> bool {
    returns == ty || ty == Type::Any || (returns == Type::Model && ty == Type::Strategy)
}
