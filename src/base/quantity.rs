//! Numbers with units.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a number counts or measures. Each unit has one base, in which values are kept.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A plain number or a count: `70`, `4k`.
    One,
    /// A fraction of one: `95%` is kept as 0.95.
    Fraction,
    /// A difference of fractions, in percentage points: `3pp` is kept as 0.03.
    Points,
    /// A duration, in seconds: `250ms` is kept as 0.25.
    Seconds,
    /// Money, in US dollars: `$0.15`.
    Dollars,
    /// A price, in US dollars a token: `$0.15/Mtok` is kept as 1.5e-7.
    DollarsPerToken,
    /// A rate, in events a second: `600/min` is kept as 10.
    PerSecond,
}

impl Unit {
    /// Returns what a person calls the unit, with an article: "a duration".
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::One => "a plain number",
            Self::Fraction => "a fraction",
            Self::Points => "a difference in percentage points",
            Self::Seconds => "a duration",
            Self::Dollars => "an amount of money",
            Self::DollarsPerToken => "a price per token",
            Self::PerSecond => "a rate",
        }
    }

    /// Returns how a value of the unit is written: "`30s`".
    #[must_use]
    pub fn example(self) -> &'static str {
        match self {
            Self::One => "3",
            Self::Fraction => "70%",
            Self::Points => "5pp",
            Self::Seconds => "30s",
            Self::Dollars => "$0.15",
            Self::DollarsPerToken => "$0.15/Mtok",
            Self::PerSecond => "600/min",
        }
    }
}

/// A number and its unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quantity {
    /// The value in the unit's base; finite.
    pub value: f64,
    /// The unit.
    pub unit: Unit,
}

impl Quantity {
    /// Returns `value`, in the base of `unit`.
    #[must_use]
    pub fn new(value: f64, unit: Unit) -> Self {
        Self { value, unit }
    }
}

/// Writes the quantity as the language reads it: `95%`, `250ms`, `$0.15/Mtok`.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value;
        match self.unit {
            Unit::One => write!(f, "{value}"),
            Unit::Fraction => write!(f, "{}%", tidy(value * 100.0)),
            Unit::Points => write!(f, "{}pp", tidy(value * 100.0)),
            Unit::Seconds if value != 0.0 && value.abs() < 1.0 => {
                write!(f, "{}ms", tidy(value * 1e3))
            }
            Unit::Seconds => write!(f, "{value}s"),
            Unit::Dollars if value < 0.0 => write!(f, "-${}", -value),
            Unit::Dollars => write!(f, "${value}"),
            Unit::DollarsPerToken => write!(f, "${}/Mtok", tidy(value * 1e6)),
            Unit::PerSecond => write!(f, "{}/min", tidy(value * 60.0)),
        }
    }
}

/// Rounds to twelve significant digits, so that 0.07 · 100 is shown as 7.
fn tidy(value: f64) -> f64 {
    format!("{value:.11e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_shown_as_they_are_written() {
        let shown = |value, unit| Quantity::new(value, unit).to_string();
        assert_eq!(shown(0.07, Unit::Fraction), "7%");
        assert_eq!(shown(0.029, Unit::Points), "2.9pp");
        assert_eq!(shown(0.25, Unit::Seconds), "250ms");
        assert_eq!(shown(1.5, Unit::Seconds), "1.5s");
        assert_eq!(shown(1.5e-7, Unit::DollarsPerToken), "$0.15/Mtok");
        assert_eq!(shown(10.0, Unit::PerSecond), "600/min");
        assert_eq!(shown(-2.5, Unit::Dollars), "-$2.5");
    }
}
