//! Units of the numbers in a claim, and which of them may be compared.

use crate::base::{Quantity, Unit};
use crate::lang::syntax::tree::BinaryOp;
use crate::spec::Scale;

use super::arith;

/// What a number of a claim measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dimension {
    /// Something with a unit.
    Unit(Unit),
    /// One thing over another of its kind: written as a plain number or in per cent.
    Ratio,
    /// A literal zero, which is zero of anything.
    Zero,
    /// Something per unit of something: only its sign can be claimed.
    Slope,
}

impl Dimension {
    /// Returns the dimension of a metric's scores.
    pub(super) fn of_scale(scale: Scale) -> Self {
        Self::Unit(match scale {
            Scale::Binary | Scale::Fraction => Unit::Fraction,
            Scale::Duration => Unit::Seconds,
            Scale::Money => Unit::Dollars,
            Scale::Ordinal | Scale::Continuous | Scale::Count => Unit::One,
        })
    }

    /// Returns the dimension of a literal.
    pub(super) fn of_literal(quantity: Quantity) -> Self {
        if quantity.value == 0.0 && quantity.unit == Unit::One {
            Self::Zero
        } else {
            Self::Unit(quantity.unit)
        }
    }

    /// Returns the dimension of a difference of two such numbers.
    pub(super) fn of_difference(self) -> Self {
        match self {
            Self::Unit(Unit::Fraction) => Self::Unit(Unit::Points),
            other => other,
        }
    }

    /// Returns what a reader calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Unit(unit) => unit.name(),
            Self::Ratio => "a ratio",
            Self::Zero => "zero",
            Self::Slope => "a slope per unit of its variable",
        }
    }

    /// Says whether two numbers may be compared.
    pub(super) fn compares_with(self, other: Self) -> bool {
        match (self, other) {
            (Self::Zero, _) | (_, Self::Zero) => true,
            (Self::Ratio, Self::Unit(Unit::One | Unit::Fraction))
            | (Self::Unit(Unit::One | Unit::Fraction), Self::Ratio) => true,
            (a, b) => a == b,
        }
    }

    /// Returns the dimension of `self op other`, if there is one.
    pub(super) fn combined(self, op: BinaryOp, other: Self) -> Option<Self> {
        let sum = matches!(op, BinaryOp::Add | BinaryOp::Subtract);
        match (self, other) {
            (Self::Zero, other) if sum => Some(other),
            (one, Self::Zero) if sum => Some(one),
            (Self::Slope, Self::Slope) if sum => Some(Self::Slope),
            (Self::Ratio, Self::Ratio) => Some(Self::Ratio),
            (Self::Slope, Self::Unit(Unit::One | Unit::Fraction) | Self::Ratio)
                if !sum =>
            {
                Some(Self::Slope)
            }
            (Self::Unit(Unit::One | Unit::Fraction) | Self::Ratio, Self::Slope)
                if op == BinaryOp::Multiply =>
            {
                Some(Self::Slope)
            }
            (Self::Slope, _) | (_, Self::Slope) => None,
            (one, other) => {
                let (left, right) = (one.plain(), other.plain());
                let unit = arith::unit(op, left, right)?;
                if op == BinaryOp::Subtract
                    && left == Unit::Fraction
                    && right == Unit::Fraction
                {
                    return Some(Self::Unit(Unit::Points));
                }
                let ratio = op == BinaryOp::Divide && left == right
                    || unit == Unit::One && (one == Self::Ratio || other == Self::Ratio);
                Some(if ratio { Self::Ratio } else { Self::Unit(unit) })
            }
        }
    }

    fn plain(self) -> Unit {
        match self {
            Self::Unit(unit) => unit,
            Self::Ratio | Self::Zero | Self::Slope => Unit::One,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCURACY: Dimension = Dimension::Unit(Unit::Fraction);
    const POINTS: Dimension = Dimension::Unit(Unit::Points);
    const LATENCY: Dimension = Dimension::Unit(Unit::Seconds);

    #[test]
    fn durations_and_points_do_not_compare() {
        assert!(!LATENCY.compares_with(POINTS));
        assert!(LATENCY.compares_with(Dimension::Zero));
        assert!(!ACCURACY.compares_with(POINTS));
    }

    #[test]
    fn a_difference_of_fractions_is_in_points_and_a_margin_keeps_the_fraction() {
        assert_eq!(ACCURACY.combined(BinaryOp::Subtract, ACCURACY), Some(POINTS));
        assert_eq!(ACCURACY.combined(BinaryOp::Add, POINTS), Some(ACCURACY));
        assert_eq!(LATENCY.combined(BinaryOp::Add, POINTS), None);
    }

    #[test]
    fn a_ratio_compares_with_a_percentage_and_a_count_does_not() {
        let ratio = LATENCY.combined(BinaryOp::Divide, LATENCY).unwrap();
        assert!(ratio.compares_with(Dimension::Unit(Unit::Fraction)));
        assert!(!Dimension::Unit(Unit::One).compares_with(ACCURACY));
    }
}
