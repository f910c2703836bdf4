//! Hypotheses: the claim, and the power that is wanted.

use crate::base::{Digester, Quantity, Span, Unit};
use crate::diag::Diagnostic;
use crate::lang::syntax::tree::{Expr, ExprKind, LogicOp, RelationOp};
use crate::spec::{Claim, Direction, Estimand, PowerGoal};

use super::Checker;
use super::dimension::Dimension;
use super::due;
use super::estimand::Number;

/// A claim with what its two sides measure.
#[derive(Debug)]
pub(super) struct Sentence {
    pub(super) claim: Claim,
    /// The dimension of the first comparison, for the effect of `power`.
    pub(super) dimension: Dimension,
}

impl<'a> Checker<'a> {
    /// Checks a claim.
    pub(super) fn claim(&mut self, expr: &'a Expr, unit: usize) -> Option<Sentence> {
        let expr = expr.ungrouped();
        match &expr.kind {
            ExprKind::Logic { op, terms } => {
                let sentences: Vec<Option<Sentence>> =
                    terms.iter().map(|term| self.claim(term, unit)).collect();
                let sentences: Vec<Sentence> =
                    sentences.into_iter().collect::<Option<_>>()?;
                let dimension = sentences.first()?.dimension;
                let claims =
                    sentences.into_iter().map(|sentence| sentence.claim).collect();
                let claim = match op {
                    LogicOp::And => Claim::All(claims),
                    LogicOp::Or => Claim::Any(claims),
                };
                Some(Sentence { claim, dimension })
            }
            ExprKind::Relation { op, left, right, within, .. } => {
                let sides = (self.estimand(left, unit), self.estimand(right, unit));
                let margin = within.as_deref().map(|within| {
                    let scope = super::Scope::of(unit);
                    (self.constant(within, &scope), within.span)
                });
                let (left, right) = (sides.0?, sides.1?);
                self.relation(*op, left, right, margin, expr.span)
            }
            _ => {
                self.report(
                    Diagnostic::error("check::claim", "a claim compares two numbers")
                        .label(expr.span, "compared with what?")
                        .help("write for example `a.correct > b.correct + 2pp`"),
                );
                None
            }
        }
    }

    fn relation(
        &mut self,
        op: RelationOp,
        left: Number,
        right: Number,
        margin: Option<(Option<Quantity>, Span)>,
        at: Span,
    ) -> Option<Sentence> {
        if !left.dimension.compares_with(right.dimension) {
            self.incomparable(&left, &right);
            return None;
        }
        if left.estimand.samples().is_empty() && right.estimand.samples().is_empty() {
            self.report(
                Diagnostic::error("check::claim", "no condition stands in this claim")
                    .label(at, "known without an experiment")
                    .help("write for example `a.correct > 70%`"),
            );
            return None;
        }
        let dimension = match left.dimension {
            Dimension::Zero => right.dimension,
            dimension => dimension,
        };
        let claim = match (op, margin) {
            (RelationOp::Equivalent, Some((margin, place))) => {
                let within = self.within(margin?, place, dimension)?;
                Claim::Equivalent { left: left.estimand, right: right.estimand, within }
            }
            (RelationOp::Equivalent, None) => {
                let example = example(dimension);
                self.report(
                    Diagnostic::error("check::within", "`~=` needs a margin")
                        .label(at, "equal within what?")
                        .help(format!("add `within {example}`")),
                );
                return None;
            }
            (_, Some((_, place))) => {
                self.report(
                    Diagnostic::error(
                        "check::within",
                        format!("`within` goes with `~=`, not with `{}`", op.symbol()),
                    )
                    .label(place, "a margin of equivalence")
                    .help("add a margin to the right side: `> b.correct + 2pp`"),
                );
                return None;
            }
            (RelationOp::Less | RelationOp::LessOrEqual, None) => Claim::Compare {
                left: left.estimand,
                direction: Direction::Less,
                right: right.estimand,
            },
            (RelationOp::Greater | RelationOp::GreaterOrEqual, None) => Claim::Compare {
                left: left.estimand,
                direction: Direction::Greater,
                right: right.estimand,
            },
        };
        self.omnibus(&claim, at)?;
        Some(Sentence { claim, dimension })
    }

    fn incomparable(&mut self, left: &Number, right: &Number) {
        let (first, second) = (left.dimension.name(), right.dimension.name());
        let help =
            match (left.literal(), right.literal(), left.dimension, right.dimension) {
                (None, Some(found), Dimension::Unit(wanted), _)
                | (Some(found), None, _, Dimension::Unit(wanted)) => {
                    Some(due::unit_help(found, wanted))
                }
                (None, Some(_), Dimension::Slope, _) => Some(
                    "a slope over a quantity with a unit compares with 0 only".to_owned(),
                ),
                _ => None,
            };
        let mut problem = Diagnostic::error(
            "check::compare",
            format!("{first} cannot be compared with {second}"),
        )
        .label(right.at, second)
        .label(left.at, first);
        problem.help = help;
        self.report(problem);
    }

    /// Checks the margin of an equivalence.
    fn within(
        &mut self,
        margin: Quantity,
        at: Span,
        dimension: Dimension,
    ) -> Option<Quantity> {
        if margin.value <= 0.0 {
            self.report(
                Diagnostic::error(
                    "check::range",
                    format!("a margin is more than 0, not `{margin}`"),
                )
                .label(at, "nothing lies within it")
                .help(format!("write `within {}`", example(dimension))),
            );
            return None;
        }
        let fits = match dimension {
            Dimension::Unit(Unit::Fraction | Unit::Points) => margin.unit == Unit::Points,
            Dimension::Unit(unit) => margin.unit == unit || margin.unit == Unit::Fraction,
            Dimension::Ratio => matches!(margin.unit, Unit::One | Unit::Fraction),
            Dimension::Zero | Dimension::Slope => margin.unit == Unit::One,
        };
        if fits {
            return Some(margin);
        }
        let help = match dimension {
            Dimension::Unit(Unit::Fraction | Unit::Points) => {
                due::unit_help(margin, Unit::Points)
            }
            Dimension::Unit(unit) => due::unit_help(margin, unit),
            _ => format!("write `within {}`", example(dimension)),
        };
        let message = if margin.unit == Unit::Fraction {
            "a margin on fractions is written in `pp`".to_owned()
        } else {
            format!("{} is no margin for {}", margin.unit.name(), dimension.name())
        };
        self.report(
            Diagnostic::error("check::margin", message)
                .label(at, margin.unit.name())
                .help(help),
        );
        None
    }

    /// An effect of three or more levels says only that any differs.
    fn omnibus(&mut self, claim: &Claim, at: Span) -> Option<()> {
        let (Claim::Compare { left, right, .. } | Claim::Equivalent { left, right, .. }) =
            claim
        else {
            return Some(());
        };
        if !has_many_levels(left) && !has_many_levels(right) {
            return Some(());
        }
        let plain = matches!(
            claim,
            Claim::Compare {
                left: Estimand::Effect { .. },
                direction: Direction::Greater,
                right: Estimand::Constant(Quantity { value: 0.0, .. }),
            }
        );
        if plain {
            return Some(());
        }
        self.report(
            Diagnostic::error(
                "check::effect_margin",
                "with three or more levels, `effect` says only whether any of them differs",
            )
            .label(at, "asks for more")
            .help("write `effect(…) > 0`, or compare two members of the family"),
        );
        None
    }

    /// Checks `80% to detect 5pp` against what the claim measures.
    pub(super) fn power(
        &mut self,
        expr: &'a Expr,
        dimension: Option<Dimension>,
        unit: usize,
    ) -> Option<PowerGoal> {
        let scope = super::Scope::of(unit);
        let ExprKind::Detect { power, effect } = &expr.ungrouped().kind else {
            self.report(
                Diagnostic::error("check::power", "a power is wanted for some effect")
                    .label(expr.span, "to detect what?")
                    .help("write `80% to detect 5pp`"),
            );
            return None;
        };
        let goal = self.value(power, due::Due::of(crate::spec::Type::Fraction), &scope);
        let effect_at = effect.span;
        let effect = self.constant(effect, &scope);
        let (goal, effect) = (goal?.as_quantity()?.value, effect?);
        if goal <= 0.0 || goal >= 1.0 {
            self.report(
                Diagnostic::error("check::range", "a power lies between 0% and 100%")
                    .label(power.span, "out of range")
                    .help("write `80%`"),
            );
            return None;
        }
        let wanted = match dimension? {
            Dimension::Unit(Unit::Fraction | Unit::Points) => Unit::Points,
            Dimension::Unit(unit) if effect.unit != Unit::Fraction => unit,
            Dimension::Ratio | Dimension::Slope if effect.unit != Unit::Fraction => {
                Unit::One
            }
            Dimension::Unit(_)
            | Dimension::Ratio
            | Dimension::Slope
            | Dimension::Zero => effect.unit,
        };
        if effect.unit != wanted {
            self.report(
                Diagnostic::error(
                    "check::margin",
                    format!(
                        "the effect to detect is {}, not {}",
                        wanted.name(),
                        effect.unit.name()
                    ),
                )
                .label(effect_at, effect.unit.name())
                .help(due::unit_help(effect, wanted)),
            );
            return None;
        }
        Some(PowerGoal { power: goal, effect })
    }
}

/// Adds a claim to a digest.
pub(super) fn digest_claim(claim: &Claim, digester: &mut Digester) {
    // A claim is plain data; it always has a JSON form.
    let json = serde_json::to_string(claim).unwrap_or_default();
    digester.text(&json);
}

fn example(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Unit(Unit::Fraction | Unit::Points) => "2pp",
        Dimension::Unit(_) | Dimension::Ratio => "10%",
        Dimension::Zero | Dimension::Slope => "0.1",
    }
}

fn has_many_levels(estimand: &Estimand) -> bool {
    match estimand {
        Estimand::Effect { levels, .. } => levels.len() > 2,
        Estimand::Sum(a, b)
        | Estimand::Difference(a, b)
        | Estimand::Product(a, b)
        | Estimand::Quotient(a, b) => has_many_levels(a) || has_many_levels(b),
        Estimand::Constant(_)
        | Estimand::Of(..)
        | Estimand::Trend { .. }
        | Estimand::Correlation(..) => false,
    }
}
