//! Numbers with units and conditions, as the command line writes them.

use crate::base::{Quantity, Unit};
use crate::tables::Condition;

/// Reads a quantity: `2pp`, `5%`, `250ms`, `1.5s`, `0.01usd`, `3`.
pub(super) fn quantity(text: &str) -> Result<Quantity, String> {
    const UNITS: &[(&str, Unit, f64)] = &[
        ("usd", Unit::Dollars, 1.0),
        ("pp", Unit::Points, 0.01),
        ("%", Unit::Fraction, 0.01),
        ("us", Unit::Seconds, 1e-6),
        ("ms", Unit::Seconds, 1e-3),
        ("min", Unit::Seconds, 60.0),
        ("s", Unit::Seconds, 1.0),
        ("h", Unit::Seconds, 3600.0),
        ("d", Unit::Seconds, 86_400.0),
        ("", Unit::One, 1.0),
    ];
    let text = text.trim();
    let (sign, size) = match text.strip_prefix(['-', '−']) {
        Some(size) => (-1.0, size),
        None => (1.0, text),
    };
    let written = size.strip_prefix('$').map(|digits| (digits, Unit::Dollars, 1.0));
    let read = |digits: &str| {
        let plain = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
        digits.trim().parse::<f64>().ok().filter(|n| plain && n.is_finite())
    };
    let with_unit = UNITS
        .iter()
        .filter_map(|(end, unit, base)| Some((size.strip_suffix(end)?, *unit, *base)));
    written
        .into_iter()
        .chain(with_unit)
        .find_map(|(digits, unit, base)| {
            Some(Quantity::new(sign * read(digits)? * base, unit))
        })
        .ok_or_else(|| {
            "a number with its unit is due here, such as 2pp, 0.5, 250ms or 0.01usd"
                .to_owned()
        })
}

/// Reads a level: `5%` or `0.05`.
pub(super) fn level(text: &str) -> Result<f64, String> {
    quantity(text)
        .ok()
        .filter(|level| matches!(level.unit, Unit::One | Unit::Fraction))
        .map(|level| level.value)
        .filter(|level| *level > 0.0 && *level < 0.5)
        .ok_or_else(|| "a level between 0 and 50% is due here, such as 5%".to_owned())
}

/// Reads a share: `80%` or `0.8`.
pub(super) fn share(text: &str) -> Result<f64, String> {
    quantity(text)
        .ok()
        .filter(|share| matches!(share.unit, Unit::One | Unit::Fraction))
        .map(|share| share.value)
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "a share is due here, such as 80%".to_owned())
}

/// Reads a condition: `provider=small`.
pub(super) fn condition(text: &str) -> Result<Condition, String> {
    let (column, value) = text.split_once('=').ok_or_else(|| {
        "a column and its value are due here, such as provider=small".to_owned()
    })?;
    Ok(Condition { column: column.trim().to_owned(), value: value.trim().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_those_of_the_language() {
        for (text, value, unit) in [
            ("2pp", 0.02, Unit::Points),
            ("-2pp", -0.02, Unit::Points),
            ("5%", 0.05, Unit::Fraction),
            ("250ms", 0.25, Unit::Seconds),
            ("2min", 120.0, Unit::Seconds),
            ("$0.5", 0.5, Unit::Dollars),
            ("0.5usd", 0.5, Unit::Dollars),
            ("-1.5", -1.5, Unit::One),
            ("1e-3", 1e-3, Unit::One),
        ] {
            let found = quantity(text).unwrap();
            assert_eq!(found.unit, unit, "{text}");
            assert!((found.value - value).abs() < 1e-15, "{text}");
        }
        for text in ["", "pp", "--1", "2 apples", "inf", "nan", "$"] {
            assert!(quantity(text).is_err(), "{text}");
        }
        assert_eq!(level("5%"), Ok(0.05));
        assert!(level("0").is_err() && level("5pp").is_err() && level("60%").is_err());
    }
}
