//! The numbers of a claim: samples, what they are condensed to, and arithmetic on them.

use crate::base::{Quantity, Span, Unit};
use crate::diag::Diagnostic;
use crate::lang::syntax::tree::{BinaryOp, Call, Expr, ExprKind};
use crate::spec::{CLAIM_FUNCTIONS, Condensed, Estimand, Sample, Scale};

use super::bind::Slot;
use super::dimension::Dimension;
use super::{Checker, Scope, arith, due};
use crate::lang::suggest;

/// A number of a claim with what it measures.
#[derive(Debug, Clone)]
pub(super) struct Number {
    pub(super) estimand: Estimand,
    pub(super) dimension: Dimension,
    pub(super) at: Span,
}

impl Number {
    /// Returns the quantity of a literal.
    pub(super) fn literal(&self) -> Option<Quantity> {
        if let Estimand::Constant(quantity) = self.estimand {
            Some(quantity)
        } else {
            None
        }
    }
}

impl<'a> Checker<'a> {
    /// Checks a number of a claim.
    pub(super) fn estimand(&mut self, expr: &'a Expr, unit: usize) -> Option<Number> {
        let expr = expr.ungrouped();
        self.deeper(expr.span, |checker| checker.estimand_here(expr, unit))
    }

    fn estimand_here(&mut self, expr: &'a Expr, unit: usize) -> Option<Number> {
        let at = expr.span;
        match &expr.kind {
            ExprKind::Quantity(literal) => Some(constant(literal.quantity, at)),
            ExprKind::Path(_) => {
                self.claim_number(expr, unit).map(|quantity| constant(quantity, at))
            }
            ExprKind::Negative(inner) => {
                let inner = self.estimand(inner, unit)?;
                let minus = Quantity::new(-1.0, Unit::One);
                Some(match inner.literal() {
                    Some(quantity) => {
                        constant(Quantity::new(-quantity.value, quantity.unit), at)
                    }
                    None => Number {
                        estimand: Estimand::Product(
                            Box::new(Estimand::Constant(minus)),
                            Box::new(inner.estimand),
                        ),
                        at,
                        ..inner
                    },
                })
            }
            ExprKind::Binary { op, left, right, .. } => {
                let (left, right) =
                    (self.estimand(left, unit), self.estimand(right, unit));
                self.combined(*op, left?, right?)
            }
            ExprKind::Member { base, name } => {
                let sample = self.sample(base, name, unit)?;
                Some(condensed(Condensed::Mean, sample, at))
            }
            ExprKind::Call(call) => self.claim_call(call, at, unit),
            ExprKind::Text(_)
            | ExprKind::List(_)
            | ExprKind::Map(_)
            | ExprKind::Closure(_)
            | ExprKind::Index { .. }
            | ExprKind::Range { .. }
            | ExprKind::Group(_)
            | ExprKind::Relation { .. }
            | ExprKind::Detect { .. }
            | ExprKind::Logic { .. } => {
                let help = if let ExprKind::Index { .. } = expr.kind {
                    "name a metric after it: `family[value].metric`"
                } else {
                    "write `condition.metric`, a number with its unit, or a function of them"
                };
                self.report(
                    Diagnostic::error("check::claim", "a number of a claim is due here")
                        .label(at, "not one")
                        .help(help),
                );
                None
            }
        }
    }

    fn combined(&mut self, op: BinaryOp, left: Number, right: Number) -> Option<Number> {
        let at = left.at.to(right.at);
        if let (Some(first), Some(second)) = (left.literal(), right.literal()) {
            return match arith::apply(op, first, second) {
                Ok(quantity) => Some(constant(quantity, at)),
                Err(error) => {
                    let (left, right) = ((first, left.at), (second, right.at));
                    self.report(super::value::arithmetic(error, op, left, right));
                    None
                }
            };
        }
        let sum = matches!(op, BinaryOp::Add | BinaryOp::Subtract);
        let percent = right.literal().filter(|margin| margin.unit == Unit::Fraction);
        if let (true, Some(margin)) = (sum, percent)
            && left.dimension == Dimension::Unit(Unit::Fraction)
        {
            let meant = Quantity::new(margin.value, Unit::Points);
            self.report(
                Diagnostic::error(
                    "check::margin",
                    "a margin on a fraction is written in `pp`",
                )
                .label(right.at, "a fraction, not a difference of fractions")
                .help(format!("did you mean `{meant}`?")),
            );
            return None;
        }
        // A literal percentage is a factor: `115%` of something is more of the same.
        let share = |side: &Number| {
            side.literal().is_some_and(|literal| literal.unit == Unit::Fraction)
        };
        let dimension = match op {
            BinaryOp::Multiply if share(&left) => Some(right.dimension),
            BinaryOp::Multiply | BinaryOp::Divide if share(&right) => {
                Some(left.dimension)
            }
            _ => left.dimension.combined(op, right.dimension),
        };
        let Some(dimension) = dimension else {
            let (first, second) = (left.dimension.name(), right.dimension.name());
            self.report(
                Diagnostic::error(
                    "check::arithmetic",
                    arith::sentence(op, first, second),
                )
                .label(left.at, first)
                .label(right.at, second),
            );
            return None;
        };
        let (left, right) = (Box::new(left.estimand), Box::new(right.estimand));
        let estimand = match op {
            BinaryOp::Add => Estimand::Sum(left, right),
            BinaryOp::Subtract => Estimand::Difference(left, right),
            BinaryOp::Multiply => Estimand::Product(left, right),
            BinaryOp::Divide => Estimand::Quotient(left, right),
        };
        Some(Number { estimand, dimension, at })
    }

    fn claim_call(&mut self, call: &'a Call, at: Span, unit: usize) -> Option<Number> {
        let name = call.path.text();
        let Some(signature) =
            CLAIM_FUNCTIONS.iter().find(|function| function.name == name)
        else {
            self.unknown_claim_function(call, &name);
            return None;
        };
        let slots: Vec<Slot<'_>> = signature.params.iter().map(Slot::from).collect();
        let bound = self.bind(call, &slots, &[], &Scope::of(unit));
        if !bound.whole {
            return None;
        }
        let first = bound.given.first().copied().flatten()?;
        let second = bound.given.get(1).copied().flatten();
        match name.as_str() {
            "trend" => self.trend(first, second?, at, unit),
            "effect" => self.effect(first, second?, at, unit),
            "correlation" => {
                let (x, y) =
                    (self.plain_sample(first, unit), self.plain_sample(second?, unit));
                Some(Number {
                    estimand: Estimand::Correlation(x?, y?),
                    dimension: Dimension::Unit(Unit::One),
                    at,
                })
            }
            _ => {
                let order = self.order(&name, second, unit);
                let sample = self.plain_sample(first, unit);
                self.summary(&name, order?, sample?, at)
            }
        }
    }

    /// The order of a quantile; 0 for functions that have none.
    fn order(&mut self, name: &str, given: Option<&'a Expr>, unit: usize) -> Option<f64> {
        let order = match name {
            "median" | "p50" => 0.5,
            "p90" => 0.9,
            "p95" => 0.95,
            "p99" => 0.99,
            "quantile" => {
                let expr = given?;
                let due = due::Due::param(crate::spec::Type::Fraction, "q");
                let value = self.value(expr, due, &Scope::of(unit))?;
                let order = value.as_quantity()?.value;
                if order <= 0.0 || order >= 1.0 {
                    self.report(
                        Diagnostic::error("check::range", "a quantile has an order between 0% and 100%")
                            .label(expr.span, "out of range")
                            .help("the least and the greatest value cannot be tested; write `99%`"),
                    );
                    return None;
                }
                order
            }
            _ => 0.0,
        };
        Some(order)
    }

    fn summary(
        &mut self,
        name: &str,
        order: f64,
        sample: Sample,
        at: Span,
    ) -> Option<Number> {
        let condensed_to = match name {
            "mean" => Condensed::Mean,
            "sum" => Condensed::Sum,
            "sd" => Condensed::Sd,
            _ => Condensed::Quantile(order),
        };
        if let (Condensed::Quantile(_), Scale::Binary | Scale::Ordinal) =
            (condensed_to, sample.scale)
        {
            self.report(
                Diagnostic::error(
                    "check::quantile_of_grades",
                    format!(
                        "`{}` is {}, so it has no quantile that could be tested",
                        sample.metric,
                        sample.scale.word()
                    ),
                )
                .label(at, "a quantile")
                .help(format!("compare means: `{}.{}`", sample.condition, sample.metric)),
            );
            return None;
        }
        Some(condensed(condensed_to, sample, at))
    }

    /// A sample where nothing else may stand.
    fn plain_sample(&mut self, expr: &'a Expr, unit: usize) -> Option<Sample> {
        let expr = expr.ungrouped();
        if let ExprKind::Member { base, name } = &expr.kind {
            return self.sample(base, name, unit);
        }
        self.report(
            Diagnostic::error("check::claim", "a sample is due here")
                .label(expr.span, "not a sample")
                .help("write `condition.metric`"),
        );
        None
    }

    fn unknown_claim_function(&mut self, call: &Call, name: &str) {
        if let Some((message, help)) = refused(name) {
            self.report(
                Diagnostic::error("check::no_extremes", message)
                    .label(call.path.span, "not in a claim")
                    .help(help),
            );
            return;
        }
        let known = CLAIM_FUNCTIONS.iter().map(|function| function.name);
        let help = suggest::did_you_mean(name, known.clone())
            .unwrap_or_else(|| format!("a claim knows {}", suggest::listed_all(known)));
        self.report(
            Diagnostic::error(
                "check::unknown_call",
                format!("a claim knows no `{name}`"),
            )
            .label(call.path.span, "not a function of claims")
            .help(help),
        );
    }
}

/// Functions that a reader may look for and that no test stands behind.
fn refused(name: &str) -> Option<(&'static str, &'static str)> {
    match name {
        "max" => Some((
            "the greatest value grows with the number of trials",
            "write `p99(…)`, or `quantile(…, 99.9%)` with enough trials",
        )),
        "min" => Some((
            "the least value falls with the number of trials",
            "write `quantile(…, 1%)`",
        )),
        "count" | "n" | "len" => Some((
            "the number of trials follows from the plan and cannot be claimed",
            "write `sum(…)` for a total, or `mean(…)`",
        )),
        _ => None,
    }
}

pub(super) fn constant(quantity: Quantity, at: Span) -> Number {
    Number {
        estimand: Estimand::Constant(quantity),
        dimension: Dimension::of_literal(quantity),
        at,
    }
}

fn condensed(to: Condensed, sample: Sample, at: Span) -> Number {
    let dimension = Dimension::of_scale(sample.scale);
    let dimension = match to {
        Condensed::Mean | Condensed::Quantile(_) => dimension,
        Condensed::Sd => dimension.of_difference(),
        Condensed::Sum if dimension == Dimension::Unit(Unit::Fraction) => {
            Dimension::Unit(Unit::One)
        }
        Condensed::Sum => dimension,
    };
    Number { estimand: Estimand::Of(to, sample), dimension, at }
}
