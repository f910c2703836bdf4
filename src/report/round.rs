//! The one table of rounding rules.
//!
//! | what | shown |
//! | --- | --- |
//! | a fraction | percent with one decimal: `56.3%` |
//! | a difference of fractions | percentage points with one decimal, signed: `+21.5 pp` |
//! | a duration | `µs` below 1 ms, `ms` below 1 s, else `s`; three significant digits |
//! | money | `$` and four significant digits, at least cents |
//! | a count, a continuous score | four significant digits |
//! | p | three decimals; `<0.001` below that; never `0.000` or `1.000` for less than 1 |

use crate::base::grouped;
use crate::spec::Scale;

/// Shows a value of a scale.
pub(super) fn value(value: f64, scale: Scale) -> String {
    match scale {
        Scale::Binary | Scale::Fraction => format!("{:.1}%", value * 100.0),
        Scale::Duration => duration(value),
        Scale::Money => money(value),
        Scale::Ordinal | Scale::Continuous | Scale::Count => significant(value, 4),
    }
}

/// Shows a difference of two values of a scale, with its sign.
pub(super) fn difference(value: f64, scale: Scale) -> String {
    let sign = if value > 0.0 {
        "+"
    } else if value < 0.0 {
        "−"
    } else {
        ""
    };
    let size = value.abs();
    let shown = match scale {
        Scale::Binary | Scale::Fraction => format!("{:.1} pp", size * 100.0),
        Scale::Duration => duration(size),
        Scale::Money => money(size),
        Scale::Ordinal | Scale::Continuous | Scale::Count => significant(size, 4),
    };
    format!("{sign}{shown}")
}

/// Shows a p-value.
pub(super) fn p(p: f64) -> String {
    if p < 0.001 {
        "<0.001".to_owned()
    } else if p < 1.0 && p > 0.999 {
        ">0.999".to_owned()
    } else {
        format!("{p:.3}")
    }
}

/// Shows a p-value after its letter: `p = 0.012`, `p < 0.001`.
pub(super) fn p_sentence(value: f64) -> String {
    let shown = p(value);
    match shown.strip_prefix(['<', '>']) {
        Some(bound) if shown.starts_with('<') => format!("p < {bound}"),
        Some(bound) => format!("p > {bound}"),
        None => format!("p = {shown}"),
    }
}

/// Shows a level or a share: `5%`, `0.1%`.
pub(super) fn percent(share: f64) -> String {
    format!("{}%", significant(share * 100.0, 4))
}

/// Shows a count with groups: `6,595`.
pub(super) fn count(n: u64) -> String {
    grouped(n)
}

/// Shows dollars.
pub(super) fn money(dollars: f64) -> String {
    let size = dollars.abs();
    let sign = if dollars < 0.0 { "−" } else { "" };
    if size == 0.0 {
        "$0.00".to_owned()
    } else if size >= 1.0 {
        format!("{sign}${size:.2}")
    } else {
        format!("{sign}${}", significant(size, 4))
    }
}

fn duration(seconds: f64) -> String {
    let size = seconds.abs();
    if seconds.is_infinite() {
        if seconds > 0.0 { "∞".to_owned() } else { "−∞".to_owned() }
    } else if size >= 1.0 || size == 0.0 {
        format!("{} s", significant(seconds, 3))
    } else if size >= 1e-3 {
        format!("{} ms", significant(seconds * 1e3, 3))
    } else {
        format!("{} µs", significant(seconds * 1e6, 3))
    }
}

/// Rounds to a number of significant digits and leaves out trailing zeros behind the point.
pub(super) fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !value.is_finite() {
        return if value.is_nan() {
            "–".to_owned()
        } else if value > 0.0 {
            "∞".to_owned()
        } else {
            "−∞".to_owned()
        };
    }
    let rounded: f64 =
        format!("{value:.*e}", digits.saturating_sub(1)).parse().unwrap_or(value);
    let size = rounded.abs();
    let shown = if (1e-4..1e15).contains(&size) {
        format!("{size}")
    } else {
        format!("{size:e}")
    };
    if rounded < 0.0 { format!("−{shown}") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_is_never_shown_as_nought() {
        assert_eq!(p(0.0), "<0.001");
        assert_eq!(p(0.000_999), "<0.001");
        assert_eq!(p(0.003_15), "0.003");
        assert_eq!(p(0.9996), ">0.999");
        assert_eq!(p(1.0), "1.000");
        assert_eq!(p_sentence(1e-9), "p < 0.001");
        assert_eq!(p_sentence(0.0123), "p = 0.012");
    }

    #[test]
    fn each_scale_has_its_unit() {
        assert_eq!(value(0.5625, Scale::Binary), "56.2%");
        assert_eq!(value(0.0421, Scale::Duration), "42.1 ms");
        assert_eq!(value(0.000_042_1, Scale::Duration), "42.1 µs");
        assert_eq!(value(61.26, Scale::Duration), "61.3 s");
        assert_eq!(value(f64::INFINITY, Scale::Duration), "∞");
        assert_eq!(value(0.000_012_346, Scale::Money), "$1.235e-5");
        assert_eq!(value(3.456, Scale::Money), "$3.46");
        assert_eq!(value(1234.56, Scale::Count), "1235");
        assert_eq!(difference(-0.0432, Scale::Binary), "−4.3 pp");
        assert_eq!(difference(0.215, Scale::Binary), "+21.5 pp");
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!(count(6595), "6,595");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000_000), "1,000,000");
    }
}
