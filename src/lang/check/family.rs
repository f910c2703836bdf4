//! Families: `condition name[v in list, w in 1..=5] = …`, one condition for each
//! combination of values.

use std::rc::Rc;

use indexmap::IndexMap;

use crate::base::{Quantity, Span, Unit};
use crate::diag::Diagnostic;
use crate::lang::syntax::tree::{Body, Expr, ExprKind, Over};
use crate::spec::{Call, Condition, FamilyMember, Type, Value};

use super::definition::{Kind, Space};
use super::due::Due;
use super::settle::Settled;
use super::table::Found;
use super::{Bound, BoundValue, Checker, Def, MOST_CONDITIONS, Scope};

/// How many names in a row may stand for one another.
const MOST_STEPS: usize = 64;

impl<'a> Checker<'a> {
    /// Works out a `condition` definition: one condition, or those of a family.
    pub(super) fn members(&mut self, def: Def<'a>) -> Option<Vec<Condition>> {
        let name = def.node.name.as_ref();
        let expr = self.right_side(def)?;
        let due = Due::of(Type::Strategy);
        let name = name?.text.clone();
        if def.node.family.is_empty() {
            self.room_for(1, def.node.span)?;
            let value = self.value(expr, due, &Scope::of(def.unit));
            return Some(vec![condition(def, name, None, value)]);
        }
        let variables = self.variables(def)?;
        let count = variables.iter().map(Vec::len).try_fold(1_usize, usize::checked_mul);
        self.room_for(count.unwrap_or(usize::MAX), def.node.span)?;
        let mut members = Vec::new();
        for index in 0..count.unwrap_or(0) {
            let family = combination(&variables, index);
            let labels: Vec<&str> = family.iter().map(|bound| &*bound.label).collect();
            let member = FamilyMember {
                family: name.clone(),
                values: family
                    .iter()
                    .map(|bound| (bound.name.to_owned(), bound.label.to_string()))
                    .collect::<IndexMap<_, _>>(),
            };
            let full = format!("{name}[{}]", labels.join(", "));
            let scope = Scope { unit: def.unit, family: &family, prompt: None };
            let value = self.value(expr, due, &scope);
            members.push(condition(def, full, Some(member), value));
        }
        Some(members)
    }

    /// Says whether there may be so many more conditions.
    fn room_for(&mut self, more: usize, at: Span) -> Option<()> {
        self.conditions = self.conditions.saturating_add(more);
        if self.conditions <= MOST_CONDITIONS {
            return Some(());
        }
        self.conditions = self.conditions.saturating_sub(more);
        self.report(
            Diagnostic::error(
                "check::too_large",
                format!(
                    "a file has at most {MOST_CONDITIONS} conditions, families spread out"
                ),
            )
            .label(at, "too many with this one")
            .help("give the family fewer values"),
        );
        None
    }

    /// The variables of a family, each with its values.
    fn variables(&mut self, def: Def<'a>) -> Option<Vec<Vec<Bound<'a>>>> {
        let mut variables: Vec<Vec<Bound<'a>>> = Vec::new();
        let mut whole = true;
        for over in &def.node.family {
            let twice = variables
                .iter()
                .filter_map(|values| values.first())
                .any(|bound| bound.name == over.name.text);
            if twice {
                self.report(
                    Diagnostic::error(
                        "check::duplicate_name",
                        format!(
                            "`{}` is a variable of the family already",
                            over.name.text
                        ),
                    )
                    .label(over.name.span, "again here"),
                );
                whole = false;
                continue;
            }
            match self.variable(over, def.unit) {
                Some(values) => variables.push(values),
                None => whole = false,
            }
        }
        whole.then_some(variables)
    }

    fn variable(&mut self, over: &'a Over, unit: usize) -> Option<Vec<Bound<'a>>> {
        let mut values = Vec::new();
        self.spread(over, &over.values, unit, 0, &mut values)?;
        if values.is_empty() {
            self.report(
                Diagnostic::error(
                    "check::family_values",
                    format!(
                        "`{}` has no values, so there is no condition",
                        over.name.text
                    ),
                )
                .label(over.values.span, "empty"),
            );
            return None;
        }
        let mut seen = std::collections::BTreeSet::new();
        for bound in &values {
            if !seen.insert(Rc::clone(&bound.label)) {
                self.report(
                    Diagnostic::error(
                        "check::family_values",
                        format!(
                            "`{}` has the value `{}` twice",
                            over.name.text, bound.label
                        ),
                    )
                    .label(bound.span, "again here")
                    .help("each value names a condition, so no two may be the same"),
                );
                return None;
            }
        }
        Some(values)
    }

    /// Spreads a list, a range or the name of one into the values of a variable.
    fn spread(
        &mut self,
        over: &'a Over,
        expr: &'a Expr,
        unit: usize,
        steps: usize,
        values: &mut Vec<Bound<'a>>,
    ) -> Option<()> {
        let name = over.name.text.as_str();
        let number = |value: f64, span: Span| {
            let quantity = Quantity::new(value, Unit::One);
            let label = Rc::from(quantity.to_string());
            Bound { name, label, value: BoundValue::Number(quantity), span }
        };
        match &expr.ungrouped().kind {
            ExprKind::Range { .. } => {
                let numbers = self.range_numbers(expr.ungrouped(), &Scope::of(unit))?;
                values.extend(numbers.into_iter().map(|value| number(value, expr.span)));
                Some(())
            }
            ExprKind::List(items) => {
                for item in items {
                    let item = item.ungrouped();
                    if let ExprKind::Range { .. } = item.kind {
                        self.spread(over, item, unit, steps + 1, values)?;
                        continue;
                    }
                    let label = match &item.kind {
                        ExprKind::Quantity(literal) => literal.quantity.to_string(),
                        _ => self.one_line(item.span),
                    };
                    let value = BoundValue::Expr(item, unit);
                    values.push(Bound {
                        name,
                        label: Rc::from(label),
                        value,
                        span: item.span,
                    });
                }
                Some(())
            }
            ExprKind::Path(path) if steps < MOST_STEPS => {
                let word = path.as_word();
                let found = word.map_or(Found::Nothing, |word| {
                    self.find(unit, Space::Values, &word.text, word.span)
                });
                match found {
                    Found::Broken => None,
                    Found::Nothing => {
                        let due = Due::of(Type::List(&Type::Any));
                        self.unknown(&path.text(), path.span, due, &Scope::of(unit));
                        None
                    }
                    Found::Def(id) => {
                        let def = self.def(id)?;
                        if let Settled::Nothing = self.settle(id, path.span) {
                            return None;
                        }
                        match (&def.node.body, def.kind) {
                            (Body::Expr(list), Kind::Let) => {
                                self.spread(over, list, def.unit, steps + 1, values)
                            }
                            _ => self.no_values(over, expr.span),
                        }
                    }
                }
            }
            _ => self.no_values(over, expr.span),
        }
    }

    fn no_values(&mut self, over: &Over, at: Span) -> Option<()> {
        self.report(
            Diagnostic::error(
                "check::family_values",
                format!("`{}` runs over a list or a range", over.name.text),
            )
            .label(at, "neither of them")
            .help(format!("write `{0} in [a, b]` or `{0} in 1..=5`", over.name.text)),
        );
        None
    }

    /// The whole numbers of a range.
    pub(super) fn range_numbers(
        &mut self,
        expr: &'a Expr,
        scope: &Scope<'a, '_>,
    ) -> Option<Vec<f64>> {
        let ExprKind::Range { from, to, inclusive } = &expr.kind else {
            return None;
        };
        let ends = (self.constant(from, scope), self.constant(to, scope));
        let (first, last) = (ends.0?, ends.1?);
        for (end, at) in [(first, from.span), (last, to.span)] {
            let whole = end.unit == Unit::One && end.value.fract() == 0.0;
            if !whole || end.value.abs() > 9e15 {
                self.mismatch(at, Due::of(Type::Count), &format!("`{end}`"), None);
                return None;
            }
        }
        let last = if *inclusive { last.value } else { last.value - 1.0 };
        let mut numbers = Vec::new();
        let mut next = first.value;
        while next <= last {
            if numbers.len() >= MOST_CONDITIONS {
                self.report(
                    Diagnostic::error(
                        "check::too_large",
                        format!("a range has at most {MOST_CONDITIONS} numbers"),
                    )
                    .label(expr.span, "too many"),
                );
                return None;
            }
            numbers.push(next);
            next += 1.0;
        }
        Some(numbers)
    }

    /// A member of a family where a strategy is due: `panel[3]`.
    pub(super) fn family_member(
        &mut self,
        expr: &'a Expr,
        due: Due<'_>,
        scope: &Scope<'a, '_>,
    ) -> Option<Value> {
        let condition = self.indexed(expr, scope.unit)?;
        if is_broken(&condition) {
            return None;
        }
        if !self.spend(super::settle::size_of(&condition.strategy), expr.span) {
            return None;
        }
        let mut call = condition.strategy.clone();
        call.label = Some(condition.name);
        self.take(call, Type::Strategy, expr.span, due, scope, "a condition")
    }
}

/// The values of the variables in one combination; the last variable runs fastest.
fn combination<'a>(variables: &[Vec<Bound<'a>>], mut index: usize) -> Vec<Bound<'a>> {
    let mut family: Vec<Bound<'a>> = Vec::with_capacity(variables.len());
    for values in variables.iter().rev() {
        let count = values.len().max(1);
        family.extend(values.get(index % count).cloned());
        index /= count;
    }
    family.reverse();
    family
}

/// Makes a condition. One whose strategy has a mistake is kept, so that claims can name it;
/// its call has no name, and no experiment comes of the file.
fn condition(
    def: Def<'_>,
    name: String,
    family: Option<FamilyMember>,
    value: Option<Value>,
) -> Condition {
    let strategy = match value {
        Some(Value::Call(call)) => *call,
        _ => Call {
            name: String::new(),
            args: IndexMap::new(),
            span: def.node.span,
            label: None,
            body: None,
        },
    };
    Condition {
        name,
        title: def.node.title.as_ref().map(|title| title.value.clone()),
        doc: def.node.doc.clone(),
        family,
        strategy,
        span: def.node.span,
    }
}

/// Says whether the strategy of a condition has a mistake that is told already.
pub(super) fn is_broken(condition: &Condition) -> bool {
    condition.strategy.name.is_empty()
}
