//! Scales in the units of axes.

use crate::spec::Scale;

use super::chart::Axis;

/// A scale in the unit of an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Unit {
    /// What a value in base units is times in this one.
    pub(super) factor: f64,
    /// The unit in words; empty for a plain number.
    pub(super) word: &'static str,
}

impl Unit {
    /// Chooses a unit for values up to a size.
    pub(super) fn of(scale: Scale, size: f64) -> Self {
        let (factor, word) = match scale {
            Scale::Binary | Scale::Fraction => (100.0, "%"),
            Scale::Duration if size < 1.0 => (1e3, "ms"),
            Scale::Duration => (1.0, "s"),
            Scale::Money if size < 1e-5 => (1e6, "US$ per million"),
            Scale::Money if size < 0.01 => (1e3, "US$ per 1,000"),
            Scale::Money => (1.0, "US$"),
            Scale::Ordinal | Scale::Continuous | Scale::Count => (1.0, ""),
        };
        Self { factor, word }
    }

    /// The same for differences.
    pub(super) fn difference(scale: Scale, size: f64) -> Self {
        let unit = Self::of(scale, size);
        match scale {
            Scale::Binary | Scale::Fraction => Self { word: "percentage points", ..unit },
            Scale::Duration
            | Scale::Money
            | Scale::Ordinal
            | Scale::Continuous
            | Scale::Count => unit,
        }
    }

    pub(super) fn value(self, value: f64) -> f64 {
        value * self.factor
    }

    pub(super) fn ci(self, ci: Option<[f64; 2]>) -> Option<[f64; 2]> {
        let ci = ci.filter(|ends| ends.iter().all(|end| end.is_finite()));
        ci.map(|ends| ends.map(|end| end * self.factor))
    }

    /// Names an axis: `latency (s)`.
    pub(super) fn axis(self, what: &str) -> Axis {
        let label = if self.word.is_empty() {
            what.to_owned()
        } else {
            format!("{what} ({})", self.word)
        };
        Axis { label, log: false }
    }
}

/// Returns the largest of absolute values that are finite.
pub(super) fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.map(f64::abs).filter(|value| value.is_finite()).fold(0.0, f64::max)
}
