//! Arithmetic on numbers with units.

use crate::base::{Quantity, Unit};
use crate::lang::syntax::tree::BinaryOp;

/// Why two numbers do not go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ArithError {
    /// The units do not fit the operator.
    Units,
    /// Division by nothing, or a result too large.
    NotFinite,
}

/// Returns the unit of a result, if the units fit the operator.
pub(super) fn unit(op: BinaryOp, left: Unit, right: Unit) -> Option<Unit> {
    use BinaryOp::{Add, Divide, Multiply, Subtract};
    match op {
        Add | Subtract => match (left, right) {
            (a, b) if a == b => Some(a),
            (Unit::Fraction, Unit::Points) => Some(Unit::Fraction),
            _ => None,
        },
        Multiply => match (left, right) {
            (Unit::One, other) | (other, Unit::One) => Some(other),
            (Unit::Fraction, other) | (other, Unit::Fraction) => Some(other),
            (Unit::PerSecond, Unit::Seconds) | (Unit::Seconds, Unit::PerSecond) => {
                Some(Unit::One)
            }
            _ => None,
        },
        Divide => match (left, right) {
            (other, Unit::One) => Some(other),
            (a, b) if a == b => Some(Unit::One),
            (other, Unit::Fraction) => Some(other),
            _ => None,
        },
    }
}

/// Works out `left op right`.
pub(super) fn apply(
    op: BinaryOp,
    left: Quantity,
    right: Quantity,
) -> Result<Quantity, ArithError> {
    let unit = unit(op, left.unit, right.unit).ok_or(ArithError::Units)?;
    let value = match op {
        BinaryOp::Add => left.value + right.value,
        BinaryOp::Subtract => left.value - right.value,
        BinaryOp::Multiply => left.value * right.value,
        BinaryOp::Divide => left.value / right.value,
    };
    if value.is_finite() {
        Ok(Quantity::new(value, unit))
    } else {
        Err(ArithError::NotFinite)
    }
}

/// Returns what an operator does, for a sentence: "add … to …".
pub(super) fn sentence(op: BinaryOp, left: &str, right: &str) -> String {
    match op {
        BinaryOp::Add => format!("{right} cannot be added to {left}"),
        BinaryOp::Subtract => format!("{right} cannot be taken from {left}"),
        BinaryOp::Multiply => format!("{left} cannot be multiplied by {right}"),
        BinaryOp::Divide => format!("{left} cannot be divided by {right}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: f64, unit: Unit) -> Quantity {
        Quantity::new(value, unit)
    }

    #[test]
    fn a_duration_and_money_do_not_add_up() {
        let sum = apply(BinaryOp::Add, of(1.0, Unit::Seconds), of(1.0, Unit::Dollars));
        assert_eq!(sum, Err(ArithError::Units));
        let half =
            apply(BinaryOp::Multiply, of(0.5, Unit::Fraction), of(3.0, Unit::Seconds));
        assert_eq!(half, Ok(of(1.5, Unit::Seconds)));
        let ratio =
            apply(BinaryOp::Divide, of(6.0, Unit::Dollars), of(3.0, Unit::Dollars));
        assert_eq!(ratio, Ok(of(2.0, Unit::One)));
        let nothing = apply(BinaryOp::Divide, of(6.0, Unit::One), of(0.0, Unit::One));
        assert_eq!(nothing, Err(ArithError::NotFinite));
    }

    #[test]
    fn points_are_added_to_fractions_and_not_the_other_way_round() {
        assert_eq!(
            unit(BinaryOp::Add, Unit::Fraction, Unit::Points),
            Some(Unit::Fraction)
        );
        assert_eq!(unit(BinaryOp::Add, Unit::Points, Unit::Fraction), None);
    }
}
