//! Numbers of about thirty-one digits: an unevaluated sum of two floats.

use std::ops::{Add, Div, Mul, Sub};

/// A number held as the sum of a float and of what it lacks.
///
/// # Source
///
/// T. J. Dekker, "A floating-point technique for extending the available precision",
/// Numerische Mathematik 18(3), 1971, 224–242; products by fused multiply-add.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Double {
    high: f64,
    low: f64,
}

impl Double {
    /// Zero.
    pub(super) const ZERO: Self = Self { high: 0.0, low: 0.0 };

    /// Returns a float as it is.
    pub(super) fn new(x: f64) -> Self {
        Self { high: x, low: 0.0 }
    }

    /// Returns the nearest float.
    pub(super) fn value(self) -> f64 {
        self.high + self.low
    }

    /// Returns the square root; zero of what is not positive.
    pub(super) fn sqrt(self) -> Self {
        if self.high <= 0.0 {
            return Self::ZERO;
        }
        let root = self.high.sqrt();
        let rest = self - Self::product(root, root);
        Self::quick(root, rest.high / (2.0 * root))
    }

    /// Adds two floats of which the first is larger.
    fn quick(a: f64, b: f64) -> Self {
        let high = a + b;
        Self { high, low: b - (high - a) }
    }

    fn sum(a: f64, b: f64) -> Self {
        let high = a + b;
        let part = high - a;
        Self { high, low: (a - (high - part)) + (b - part) }
    }

    fn product(a: f64, b: f64) -> Self {
        let high = a * b;
        Self { high, low: a.mul_add(b, -high) }
    }
}

impl Add for Double {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let high = Self::sum(self.high, other.high);
        let low = Self::sum(self.low, other.low);
        let first = Self::quick(high.high, high.low + low.high);
        Self::quick(first.high, first.low + low.low)
    }
}

impl Sub for Double {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + Self { high: -other.high, low: -other.low }
    }
}

impl Mul for Double {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let main = Self::product(self.high, other.high);
        let cross = self.high * other.low + self.low * other.high;
        Self::quick(main.high, main.low + cross)
    }
}

impl Div for Double {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        let first = self.high / other.high;
        let rest = self - other * Self::new(first);
        let second = rest.high / other.high;
        let rest = rest - other * Self::new(second);
        Self::quick(first, second) + Self::new(rest.high / other.high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_undo_one_another_to_thirty_digits() {
        let third = Double::new(1.0) / Double::new(3.0);
        let gap = third * Double::new(3.0) - Double::new(1.0);
        assert!(gap.value().abs() < 1e-31, "{gap:?}");
        let root = Double::new(2.0).sqrt();
        assert!((root * root - Double::new(2.0)).value().abs() < 1e-30);
        let back = Double::new(1e16) + third - Double::new(1e16) - third;
        assert!(back.value().abs() < 1e-15);
    }
}
