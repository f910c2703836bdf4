//! What numbers and strings are worth.

use crate::base::Span;
use crate::base::{Quantity, Unit};

use super::error::SyntaxError;
use super::tree::{Literal, Origin, StringLit};

/// How large a unit is in its base: ten to the power of `tens`, times `times`, by `by`.
#[derive(Debug, Clone, Copy)]
struct Size {
    tens: i64,
    times: f64,
    by: f64,
}

impl Size {
    const fn tens(tens: i64) -> Self {
        Self { tens, times: 1.0, by: 1.0 }
    }

    const fn times(times: f64) -> Self {
        Self { tens: 0, times, by: 1.0 }
    }
}

/// Every unit: how it is written, what it measures and its size in the base of that.
const UNITS: &[(&str, Unit, Size)] = &[
    ("%", Unit::Fraction, Size::tens(-2)),
    ("pp", Unit::Points, Size::tens(-2)),
    ("us", Unit::Seconds, Size::tens(-6)),
    ("ms", Unit::Seconds, Size::tens(-3)),
    ("s", Unit::Seconds, Size::tens(0)),
    ("min", Unit::Seconds, Size::times(60.0)),
    ("h", Unit::Seconds, Size::times(3600.0)),
    ("d", Unit::Seconds, Size::times(86400.0)),
    ("k", Unit::One, Size::tens(3)),
    ("M", Unit::One, Size::tens(6)),
];

/// What people write for a unit, and what it is here.
const OTHERWISE: &[(&str, &str)] = &[
    ("sec", "s"),
    ("secs", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("S", "s"),
    ("m", "min"),
    ("mins", "min"),
    ("minute", "min"),
    ("minutes", "min"),
    ("hr", "h"),
    ("hrs", "h"),
    ("hour", "h"),
    ("hours", "h"),
    ("H", "h"),
    ("day", "d"),
    ("days", "d"),
    ("millis", "ms"),
    ("msec", "ms"),
    ("K", "k"),
    ("pt", "pp"),
    ("points", "pp"),
    ("percent", "%"),
    ("pct", "%"),
];

/// The parts of a number as the grammar cuts it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Parts<'a> {
    pub(super) text: &'a str,
    pub(super) money: bool,
    pub(super) magnitude: &'a str,
    /// The unit, empty when there is none.
    pub(super) unit: &'a str,
    /// The `/min` of a rate, empty when there is none.
    pub(super) per: &'a str,
}

/// Returns what a number is worth; `at` is where it stands.
pub(super) fn number(parts: Parts<'_>, at: Span) -> Result<Literal, SyntaxError> {
    let plain: String = parts.magnitude.chars().filter(|digit| *digit != '_').collect();
    let scale = match parts.unit {
        "" => Some((Unit::One, Size::tens(0))),
        unit => UNITS
            .iter()
            .find(|(name, ..)| *name == unit)
            .map(|(_, of, size)| (*of, *size)),
    };
    let combined = scale.and_then(|(unit, size)| combine(parts, unit, size));
    let Some((unit, size)) = combined else {
        return Err(bad_unit(parts, &plain, at));
    };
    let value = scaled(&plain, size);
    if !value.is_finite() {
        return Err(SyntaxError::Number { text: parts.text.to_owned(), at });
    }
    Ok(Literal { quantity: Quantity::new(value, unit), text: parts.text.to_owned() })
}

/// Returns the magnitude times the size. Powers of ten move the decimal point before the
/// number is read, so the float is the one nearest to what was written: `2.9%` is 0.029.
fn scaled(plain: &str, size: Size) -> f64 {
    let (digits, exponent) = plain.split_once(['e', 'E']).unwrap_or((plain, "0"));
    let exponent = exponent.parse::<i64>().unwrap_or(i64::from(i32::MAX));
    let moved = format!("{digits}e{}", exponent.saturating_add(size.tens));
    moved.parse::<f64>().unwrap_or(f64::INFINITY) * size.times / size.by
}

/// Returns the unit and size of a number with a `$` before it or a `/min` after it.
fn combine(parts: Parts<'_>, unit: Unit, size: Size) -> Option<(Unit, Size)> {
    let less = |tens: i64| Size { tens: size.tens - tens, ..size };
    match (parts.money, parts.per, unit) {
        (false, "", unit) => Some((unit, size)),
        (true, "", Unit::One) => Some((Unit::Dollars, size)),
        (true, "/Mtok", Unit::One) => Some((Unit::DollarsPerToken, less(6))),
        (true, "/ktok", Unit::One) => Some((Unit::DollarsPerToken, less(3))),
        (false, "/s", Unit::One) => Some((Unit::PerSecond, size)),
        (false, "/min", Unit::One) => Some((Unit::PerSecond, Size { by: 60.0, ..size })),
        (false, "/h", Unit::One) => Some((Unit::PerSecond, Size { by: 3600.0, ..size })),
        _ => None,
    }
}

fn bad_unit(parts: Parts<'_>, plain: &str, at: Span) -> SyntaxError {
    let known = UNITS.iter().any(|(name, ..)| *name == parts.unit);
    let otherwise = OTHERWISE.iter().find(|(name, _)| *name == parts.unit);
    let help = match (known || parts.unit.is_empty(), otherwise) {
        (true, _) if parts.money => format!(
            "money is `${plain}`, `${plain}k` or `${plain}M`; a price is `${plain}/Mtok` or `${plain}/ktok`"
        ),
        (true, _) if matches!(parts.per, "/Mtok" | "/ktok") => {
            format!("a price begins with `$`: `${plain}{}`", parts.per)
        }
        (true, _) => {
            format!("a rate is a plain number of events: `{plain}{}`", parts.per)
        }
        (false, Some((_, unit))) => format!("did you mean `{plain}{unit}`?"),
        (false, None) if matches!(parts.unit, "usd" | "USD" | "dollars" | "cents") => {
            format!("money begins with `$`: `${plain}`")
        }
        (false, None) => {
            "the units are `%`, `pp`, `us`, `ms`, `s`, `min`, `h`, `d`, `k` and \
             `M`; `$` before a number is money"
                .to_owned()
        }
    };
    let start = at.start as usize + usize::from(parts.money) + parts.magnitude.len();
    let unit = format!("{}{}", parts.unit, parts.per);
    let at =
        if unit.is_empty() { at } else { Span::new(at.file, start, at.end as usize) };
    SyntaxError::Unit { text: parts.text.to_owned(), unit, at, help }
}

/// Returns what a string says, and an error for each escape that means nothing.
pub(super) fn string(text: &str, span: Span) -> (StringLit, Vec<SyntaxError>) {
    let long = text.starts_with("\"\"\"") && text.len() >= 6;
    let quote = if long { 3 } else { 1 };
    let inner = text.get(quote..text.len().saturating_sub(quote)).unwrap_or("");
    let mut reader = Reader {
        file_offset: span.start as usize + quote,
        span,
        literal: StringLit { value: String::new(), span, origins: Vec::new() },
        errors: Vec::new(),
    };
    if long {
        reader.dedented(inner);
    } else {
        reader.line(inner, 0);
    }
    (reader.literal, reader.errors)
}

struct Reader {
    file_offset: usize,
    span: Span,
    literal: StringLit,
    errors: Vec<SyntaxError>,
}

impl Reader {
    /// Adds the lines of a `"""` string without the indentation that all of them share, and
    /// without the line ends next to the quotes.
    fn dedented(&mut self, inner: &str) {
        let mut lines = Vec::new();
        let mut start = 0;
        for piece in inner.split_inclusive('\n') {
            let line = piece.trim_end_matches('\n');
            lines.push((
                start,
                line.strip_suffix('\r').filter(|_| piece != line).unwrap_or(line),
            ));
            start += piece.len();
        }
        if inner.ends_with('\n') {
            lines.push((start, ""));
        }
        let opens_alone =
            lines.len() > 1 && lines.first().is_some_and(|(_, line)| is_blank(line));
        let closes_alone =
            lines.len() > 1 && lines.last().is_some_and(|(_, line)| is_blank(line));
        let indent = shared_indent(&lines);
        let last = lines.len() - usize::from(closes_alone);
        let kept = lines.iter().enumerate().take(last).skip(usize::from(opens_alone));
        let mut first = true;
        for (index, (start, line)) in kept {
            if !first {
                self.origin(start.saturating_sub(1));
                self.literal.value.push('\n');
            }
            first = false;
            let cut = if index == 0 { 0 } else { indent };
            let text = if is_blank(line) && index > 0 {
                ""
            } else {
                line.get(cut..).unwrap_or("")
            };
            self.line(text, start + cut.min(line.len()));
        }
    }

    fn origin(&mut self, at: usize) {
        let place = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        self.literal.origins.push(Origin {
            value: place(self.literal.value.len()),
            source: place(self.file_offset + at),
        });
    }

    /// Adds text that stands `start` bytes after the quotes, its escapes resolved.
    fn line(&mut self, text: &str, start: usize) {
        self.origin(start);
        let mut rest = text;
        while let Some(at) = rest.find('\\') {
            self.literal.value.push_str(rest.get(..at).unwrap_or(""));
            let escape = rest.get(at..).unwrap_or("");
            let begin = start + text.len() - escape.len();
            self.origin(begin);
            let len = match read_escape(escape) {
                Ok((meant, len)) => {
                    self.literal.value.push(meant);
                    len
                }
                Err(len) => {
                    let from = self.file_offset + begin;
                    self.errors.push(SyntaxError::Escape {
                        text: escape.get(..len).unwrap_or("\\").to_owned(),
                        at: Span::new(self.span.file, from, from + len),
                    });
                    len
                }
            };
            rest = escape.get(len..).unwrap_or("");
            self.origin(begin + len);
        }
        self.literal.value.push_str(rest);
    }
}

fn is_blank(line: &str) -> bool {
    line.chars().all(|letter| matches!(letter, ' ' | '\t'))
}

/// Returns how many bytes of space every line that is not blank begins with.
fn shared_indent(lines: &[(usize, &str)]) -> usize {
    let mut shared: Option<&str> = None;
    for (_, line) in lines.iter().skip(1).filter(|(_, line)| !is_blank(line)) {
        let space = line.len() - line.trim_start_matches([' ', '\t']).len();
        let space = line.get(..space).unwrap_or("");
        shared = Some(match shared {
            None => space,
            Some(other) => {
                let same = other.bytes().zip(space.bytes()).take_while(|(a, b)| a == b);
                space.get(..same.count()).unwrap_or("")
            }
        });
    }
    shared.map_or(0, str::len)
}

/// Reads the escape at the start of `text`: the character meant and the bytes read, or
/// how many bytes make no escape.
fn read_escape(text: &str) -> Result<(char, usize), usize> {
    let mut letters = text.chars().skip(1);
    match letters.next() {
        Some('n') => Ok(('\n', 2)),
        Some('t') => Ok(('\t', 2)),
        Some('r') => Ok(('\r', 2)),
        Some('0') => Ok(('\0', 2)),
        Some(same @ ('\\' | '"' | '\'')) => Ok((same, 2)),
        Some('u') => {
            let end = text.find('}').filter(|end| *end <= 10).ok_or(2_usize)?;
            let digits = text.get(2..end).and_then(|inner| inner.strip_prefix('{'));
            let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
            code.and_then(char::from_u32).map(|meant| (meant, end + 1)).ok_or(end + 1)
        }
        Some(other) => Err(1 + other.len_utf8()),
        None => Err(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::FileId;

    fn value(text: &str) -> String {
        let (literal, errors) = string(text, Span::new(FileId(0), 0, text.len()));
        assert_eq!(errors, [], "{text}");
        literal.value
    }

    #[test]
    fn long_strings_lose_the_indentation_that_their_lines_share() {
        assert_eq!(value("\"\"\"\n    a\n\n      b\n    \"\"\""), "a\n\n  b");
        assert_eq!(value("\"\"\"\na\n\"\"\""), "a");
        assert_eq!(value("\"\"\"\r\n\ta\r\n\tb\r\n\"\"\""), "a\nb");
        assert_eq!(value("\"\"\"a\n   b\n  c\"\"\""), "a\n b\nc");
        assert_eq!(value("\"\"\"one\"\"\""), "one");
        assert_eq!(value("\"\"\"\"\"\""), "");
        assert_eq!(value("\"\"\"\n\"\"\""), "");
        assert_eq!(value("\"\"\"\n  é\n   ü\n\"\"\""), "é\n ü");
    }

    #[test]
    fn escapes_mean_what_they_mean_elsewhere() {
        assert_eq!(value(r#""a\n\t\"\\\u{e9}""#), "a\n\t\"\\é");
        let (_, errors) = string(r#""\d+ \u{110000} \u{""#, Span::new(FileId(0), 5, 22));
        let places: Vec<(String, u32)> = errors
            .into_iter()
            .filter_map(|error| {
                if let SyntaxError::Escape { text, at } = error {
                    Some((text, at.start))
                } else {
                    None
                }
            })
            .collect();
        assert_eq!(
            places,
            [
                ("\\d".to_owned(), 6),
                ("\\u{110000}".to_owned(), 10),
                ("\\u".to_owned(), 21)
            ]
        );
    }

    #[test]
    fn a_place_in_a_dedented_string_is_its_place_in_the_file() {
        let text = "\"\"\"\n    ab\n    c\\nd\n    \"\"\"";
        let (literal, _) = string(text, Span::new(FileId(0), 100, 100 + text.len()));
        for (index, _) in literal.value.match_indices(['a', 'b', 'c', 'd']) {
            let letter = literal.value.get(index..=index).unwrap();
            let span = literal.span_of(index, index + 1);
            assert_eq!(text.find(letter).unwrap() + 100, span.start as usize, "{letter}");
        }
    }

    #[test]
    fn numbers_are_kept_in_the_base_of_their_unit() {
        let worth = |money, magnitude: &'static str, unit, per| {
            let parts = Parts { text: "", money, magnitude, unit, per };
            number(parts, Span::default()).map(|literal| literal.quantity)
        };
        assert_eq!(worth(false, "7", "%", ""), Ok(Quantity::new(0.07, Unit::Fraction)));
        assert_eq!(worth(false, "2.9", "pp", ""), Ok(Quantity::new(0.029, Unit::Points)));
        assert_eq!(worth(false, "250", "ms", ""), Ok(Quantity::new(0.25, Unit::Seconds)));
        assert_eq!(worth(false, "1_000", "k", ""), Ok(Quantity::new(1e6, Unit::One)));
        assert_eq!(
            worth(true, "0.15", "", "/Mtok"),
            Ok(Quantity::new(1.5e-7, Unit::DollarsPerToken))
        );
        assert_eq!(
            worth(false, "600", "", "/min"),
            Ok(Quantity::new(10.0, Unit::PerSecond))
        );
        assert!(worth(false, "1e400", "", "").is_err());
        assert!(worth(true, "3", "%", "").is_err());
        assert!(worth(false, "3", "", "/Mtok").is_err());
    }

    #[test]
    fn a_wrong_unit_is_answered_with_the_right_one() {
        let parts =
            Parts { text: "30sec", magnitude: "30", unit: "sec", ..Parts::default() };
        let Err(SyntaxError::Unit { help, at, .. }) =
            number(parts, Span::new(FileId(0), 10, 15))
        else {
            panic!("`sec` is no unit");
        };
        assert_eq!(help, "did you mean `30s`?");
        assert_eq!((at.start, at.end), (12, 15));
    }
}
