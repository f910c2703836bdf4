//! Numbers as people write them: signs, thousands separators, currencies, percentages.

use std::fmt;

use serde_json::Value as Json;

/// Currency signs that may stand before or after a number.
const CURRENCIES: &[char] = &['$', '€', '£', '¥', '₹'];

/// The minus of typesetting, beside the hyphen.
const MINUS: char = '\u{2212}';

/// A decimal number, exact however many digits it has: equal numbers are equal values.
///
/// The value is ±0.d₁d₂… · 10^`exponent`, with neither leading nor trailing zeros among the
/// digits; zero has no digits, exponent 0 and no sign.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal {
    negative: bool,
    exponent: i64,
    digits: String,
}

impl Decimal {
    /// Reads `-12.50e3`: a sign, digits, a fraction, an exponent, and nothing else.
    fn plain(text: &str, negative: bool) -> Option<Self> {
        let (mantissa, power) = match text.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, power.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = || whole.bytes().chain(fraction.bytes());
        if all().next().is_none() || !all().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let joined = format!("{whole}{fraction}");
        let significant = joined.trim_start_matches('0');
        let leading = joined.len() - significant.len();
        let digits = significant.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self::default());
        }
        let shift = i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()?;
        Some(Self { negative, exponent: power.checked_add(shift)?, digits })
    }

    /// Returns a number of JSON, exactly as it prints.
    #[must_use]
    pub fn from_json(number: &serde_json::Number) -> Option<Self> {
        let text = number.to_string();
        match text.strip_prefix('-') {
            Some(rest) => Self::plain(rest, true),
            None => Self::plain(&text, false),
        }
    }

    /// Reads a text that is a number and nothing but a number, as [`number`] does.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = CURRENCIES
            .iter()
            .find_map(|sign| text.strip_prefix(*sign))
            .map_or(text, str::trim_start);
        // Most texts are words, and a word says so with its first letter.
        let begins = |c: char| {
            c.is_ascii_digit()
                || matches!(c, '.' | '-' | '+' | MINUS)
                || CURRENCIES.contains(&c)
        };
        if !text.starts_with(begins) {
            return None;
        }
        let found = next_number(text, 0)?;
        let before = text.get(..found.start)?;
        let after = text.get(found.end..)?.trim();
        let after = after.strip_suffix(['.', ',']).unwrap_or(after);
        let tail = |c: char| c == '%' || CURRENCIES.contains(&c);
        let after = after.strip_prefix(tail).unwrap_or(after);
        if !(before.is_empty() || before == "+") || !after.is_empty() {
            return None;
        }
        found.decimal(text)
    }

    /// Returns the nearest float; infinite where none is near.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// Returns the number as JSON: whole where it is, text where neither a 64-bit integer
    /// nor a float of at most 17 digits holds it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let plain = self.to_plain();
        if let Ok(whole) = plain.parse::<i64>() {
            return Json::from(whole);
        }
        let float = self.to_f64();
        if self.digits.len() <= 17 && float.is_finite() {
            return Json::from(float);
        }
        Json::String(plain)
    }

    /// Writes the number without an exponent, as long as that stays short.
    fn to_plain(&self) -> String {
        let length = i64::try_from(self.digits.len()).unwrap_or(i64::MAX);
        if self.digits.is_empty() {
            return "0".to_owned();
        }
        if !(-20..=400).contains(&self.exponent) {
            return self.to_string();
        }
        let sign = if self.negative { "-" } else { "" };
        let point = usize::try_from(self.exponent).unwrap_or(0);
        if self.exponent <= 0 {
            let zeros = "0".repeat(usize::try_from(-self.exponent).unwrap_or(0));
            return format!("{sign}0.{zeros}{}", self.digits);
        }
        if self.exponent >= length {
            let zeros = usize::try_from(self.exponent - length).unwrap_or(0);
            return format!("{sign}{}{}", self.digits, "0".repeat(zeros));
        }
        let (whole, fraction) = self.digits.split_at(point);
        format!("{sign}{whole}.{fraction}")
    }
}

/// Writes `-0.125e3`, which every reader of floats understands.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.digits.is_empty() {
            return f.write_str("0");
        }
        let sign = if self.negative { "-" } else { "" };
        write!(f, "{sign}0.{}e{}", self.digits, self.exponent)
    }
}

/// Reads a text that is a number: `1,234.50`, `$5`, `-€3`, `7%`, `1e3`, `42.`.
///
/// Thousands separators, one currency sign, one percent sign and a full stop or comma at the
/// end are dropped; a percentage is not divided by a hundred. Digits are ASCII. Anything
/// else in the text makes it no number.
#[must_use]
pub fn number(text: &str) -> Option<f64> {
    Decimal::parse(text).map(|decimal| decimal.to_f64()).filter(|value| value.is_finite())
}

/// Returns the numbers of a running text, from left to right.
///
/// A comma belongs to a number only between groups of three digits (or as in 1,00,000), a
/// full stop only before a digit. A hyphen before the number is its sign unless a letter
/// stands before it (`GPT-4` holds 4; `10-20` holds 10 and −20, as in the harness that most
/// published results were made with).
pub fn numbers(text: &str) -> impl Iterator<Item = Decimal> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let found = next_number(text, at)?;
        at = found.end;
        found.decimal(text)
    })
}

/// Returns the last number of a running text.
pub(super) fn last_number(text: &str) -> Option<Decimal> {
    let mut at = 0;
    let mut last = None;
    while let Some(found) = next_number(text, at) {
        at = found.end;
        last = Some(found);
    }
    last?.decimal(text)
}

/// A number in a text: `start` counts its sign and currency, `body` is its first digit or
/// point.
struct Found {
    start: usize,
    body: usize,
    end: usize,
    negative: bool,
}

impl Found {
    fn decimal(&self, text: &str) -> Option<Decimal> {
        let body = text.get(self.body..self.end)?;
        if body.contains(',') {
            Decimal::plain(&body.replace(',', ""), self.negative)
        } else {
            Decimal::plain(body, self.negative)
        }
    }
}

/// Finds the next number that begins at or after `from`.
fn next_number(text: &str, from: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let body = (from..bytes.len()).find(|&at| {
        let point = bytes.get(at) == Some(&b'.');
        digit(at) || (point && digit(at + 1) && !(at > 0 && digit(at - 1)))
    })?;
    let end = body_end(bytes, body);
    let mut start = body;
    let mut negative = false;
    // The sign may stand before or after the currency: -$5, $-5.
    for _ in 0..2 {
        let before = text.get(from..start).unwrap_or_default();
        let Some(last) = before.chars().next_back() else { break };
        let rest = before.len() - last.len_utf8();
        if matches!(last, '-' | MINUS) && !negative {
            let word = text.get(..from + rest).and_then(|text| text.chars().next_back());
            if word.is_some_and(char::is_alphabetic) {
                break;
            }
            negative = true;
        } else if !CURRENCIES.contains(&last) {
            break;
        }
        start = from + rest;
    }
    Some(Found { start, body, end, negative })
}

/// Returns where the number ends whose first digit or point stands at `body`.
fn body_end(bytes: &[u8], body: usize) -> usize {
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let run = |at: usize| (at..).take_while(|&at| digit(at)).count();
    let mut end = body + run(body);
    if (1..=3).contains(&(end - body)) {
        end = separated_end(bytes, body, end);
    }
    if bytes.get(end) == Some(&b'.') && digit(end + 1) {
        end += 1 + run(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'-' | b'+')));
        let power = run(end + 1 + sign);
        let after = end + 1 + sign + power;
        let word = bytes.get(after).is_some_and(u8::is_ascii_alphanumeric);
        if (1..=4).contains(&power) && !word {
            end = after;
        }
    }
    end
}

/// Returns where the groups after the first end: `1,234,567` or `12,34,567`.
fn separated_end(bytes: &[u8], body: usize, first: usize) -> usize {
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let group = |at: usize| {
        let comma = bytes.get(at) == Some(&b',');
        if comma { (at + 1..).take_while(|&at| digit(at)).take(4).count() } else { 0 }
    };
    let mut end = first;
    while group(end) == 3 {
        end += 4;
    }
    if end == first && first - body <= 2 {
        let mut pairs = first;
        while group(pairs) == 2 {
            pairs += 3;
        }
        if pairs > first && group(pairs) == 3 {
            end = pairs + 4;
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_number_only_as_a_whole() {
        let cases = [
            ("5", Some(5.0)),
            (" -5.50 ", Some(-5.5)),
            ("+3", Some(3.0)),
            ("1,234", Some(1234.0)),
            ("12,34,567", Some(1_234_567.0)),
            ("$1,234.00", Some(1234.0)),
            ("-$3", Some(-3.0)),
            ("$-3", Some(-3.0)),
            ("$ 3", Some(3.0)),
            ("3 €", Some(3.0)),
            ("7%", Some(7.0)),
            ("42.", Some(42.0)),
            ("1e3", Some(1000.0)),
            (".5", Some(0.5)),
            ("\u{2212}2", Some(-2.0)),
            ("1,2", None),
            ("1,2345", None),
            ("12345,678", None),
            ("5 apples", None),
            ("a5", None),
            ("1.2.3", None),
            ("--3", None),
            ("1e", None),
            ("1e99999", None),
            ("-", None),
            (".", None),
            ("", None),
            ("NaN", None),
            ("inf", None),
            ("٣", None),
        ];
        for (text, value) in cases {
            assert_eq!(number(text), value, "{text:?}");
        }
    }

    #[test]
    fn the_numbers_of_a_text_come_in_order() {
        let found = |text| numbers(text).map(|n| n.to_f64()).collect::<Vec<_>>();
        assert_eq!(found("from 1,234 to (3,4) and -0.5."), [1234.0, 3.0, 4.0, -0.5]);
        assert_eq!(found("GPT-4 took 10-20 of v1.2.3"), [4.0, 10.0, -20.0, 1.2, 3.0]);
        assert_eq!(
            found("16-3=<<16-3=13>>13é(-7é"),
            [16.0, -3.0, 16.0, -3.0, 13.0, 13.0, -7.0]
        );
        assert_eq!(found("no … number"), [0.0; 0]);
    }

    #[test]
    fn equal_numbers_are_equal_values_however_long() {
        let decimal = |text| Decimal::parse(text).unwrap();
        assert_eq!(decimal("5"), decimal("5.00"));
        assert_eq!(decimal("0.50"), decimal(".5"));
        assert_eq!(decimal("-0"), decimal("0.0"));
        assert_eq!(decimal("1e3"), decimal("1,000"));
        assert_ne!(decimal("5"), decimal("-5"));
        // As floats these two would be the same.
        assert_ne!(decimal("121932631112635269"), decimal("121932631112635270"));
    }

    #[test]
    fn a_number_becomes_json_without_loss() {
        let json = |text| Decimal::parse(text).unwrap().to_json();
        assert_eq!(json("1,000"), Json::from(1000));
        assert_eq!(json("-2.5"), Json::from(-2.5));
        assert_eq!(json("0.00"), Json::from(0));
        assert_eq!(json("0.001"), Json::from(0.001));
        let long = "123456789012345678901234567890";
        assert_eq!(json(long), Json::from(long));
    }

    #[test]
    fn every_json_number_is_read_back() {
        for number in [0.1, -1e-9, 1e300, 5e-324, 123_456.789] {
            let Json::Number(number) = Json::from(number) else { unreachable!() };
            let decimal = Decimal::from_json(&number).unwrap();
            assert_eq!(decimal.to_json(), Json::Number(number));
        }
    }
}
