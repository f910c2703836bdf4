//! Numbers in a paper that no run backs.

mod mask;

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::report::numbers::Number;

/// What a paper's numbers came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaperCheck {
    /// How many numbers the text has.
    pub numbers: usize,
    /// Those that equal nothing in the runs.
    pub unbacked: Vec<Unbacked>,
}

/// A number that nothing in the runs equals at the precision in which it is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unbacked {
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// As it is printed.
    pub text: String,
    /// The number of the runs that comes nearest: its macro, and what it is.
    pub nearest: Option<String>,
}

/// Reads the numbers of a LaTeX text, and finds those that equal no number of the runs.
///
/// Left out are comments, the preamble, keys and sizes, numbers within words, years, and the
/// numbers of sections, tables and the like. Several experiments are several lists.
#[must_use]
pub fn check_paper(paper: &str, runs: &[(String, Vec<Number>)]) -> PaperCheck {
    let text = mask::masked(paper);
    let mut check = PaperCheck::default();
    for found in NUMBER.iter().flat_map(|pattern| pattern.captures_iter(&text)) {
        let Some(printed) = Printed::read(&text, &found) else { continue };
        check.numbers += 1;
        let backed = runs
            .iter()
            .flat_map(|(_, numbers)| numbers)
            .any(|number| printed.equals(number));
        if !backed {
            let before = paper.get(..printed.start).unwrap_or_default();
            let line_start = before.rfind('\n').map_or(0, |at| at + 1);
            let in_line = before.get(line_start..).unwrap_or_default();
            check.unbacked.push(Unbacked {
                line: before.matches('\n').count() + 1,
                column: in_line.chars().count() + 1,
                text: printed.text.clone(),
                nearest: printed.nearest(runs),
            });
        }
    }
    check
}

/// Digits, perhaps in groups, perhaps with decimals, perhaps times a power of ten.
static NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?:(?P<whole>\d{1,3}(?:(?:,|\{,\}|\\,)\d{3})+|\d+)(?P<decimals>\.\d+)?|(?P<bare>\.\d+))(?:[eE](?P<exp>[-+]?\d+)\b|\s*\\(?:times|cdot)\s*10\s*\^\s*(?:\{\s*(?P<power>[-+−]?\d+)\s*\}|(?P<digit>\d)))?",
    )
    .ok()
});

/// A number as it is printed.
#[derive(Debug, Clone, PartialEq)]
struct Printed {
    start: usize,
    text: String,
    size: f64,
    /// Half a unit of its last place.
    half: f64,
    sign: Option<char>,
    /// Whether it is an upper bound: `p < 0.001`.
    bound: bool,
    /// Whether it is whole and small, so that rounding to it says little.
    small: bool,
}

impl Printed {
    /// Reads a match; nothing where it is part of a word.
    fn read(text: &str, found: &Captures<'_>) -> Option<Self> {
        let whole = found.get(0)?;
        let before = text.get(..whole.start())?;
        let after = text.get(whole.end()..)?;
        if within_word(before, after) {
            return None;
        }
        let part = |name: &str| found.name(name).map_or("", |part| part.as_str());
        let digits: String = part("whole").chars().filter(char::is_ascii_digit).collect();
        let fraction =
            if part("bare").is_empty() { part("decimals") } else { part("bare") };
        let power = [part("exp"), part("power"), part("digit")].concat();
        let power: i32 = power.replace('−', "-").parse().unwrap_or(0);
        let mantissa: f64 = format!("0{digits}{fraction}").parse().ok()?;
        let decimals = i32::try_from(fraction.len().saturating_sub(1)).ok()?;
        let (sign, lead) = sign(before);
        let scale = 10_f64.powi(power);
        let percent = after.trim_start().starts_with("\\%") || after.starts_with(" pp");
        Some(Self {
            start: whole.start(),
            text: whole.as_str().to_owned(),
            size: mantissa * scale,
            half: 0.5 * 10_f64.powi(power - decimals),
            sign,
            bound: lead.trim_end().ends_with(['<', '≤'])
                || ["\\lt", "\\le", "\\leq", "less than", "below"]
                    .iter()
                    .any(|word| lead.trim_end().ends_with(word)),
            small: decimals == 0 && mantissa < 10.0 && !percent && power == 0,
        })
    }

    /// Says whether it is this number, rounded as it is printed.
    fn equals(&self, number: &Number) -> bool {
        let own = number.values.iter().any(|value| self.rounds(*value));
        own || (self.bound && number.is_p && self.bounds(number))
    }

    fn rounds(&self, value: f64) -> bool {
        let signed = match self.sign {
            Some('+') => value >= 0.0,
            Some(_) => value <= 0.0,
            None => true,
        };
        let room = if self.small { 0.0 } else { self.half };
        let apart = (value.abs() - self.size).abs();
        signed && apart <= room * (1.0 + 1e-9) + 1e-12 * self.size
    }

    /// Says whether a p-value lies below a bound that papers print.
    fn bounds(&self, number: &Number) -> bool {
        let usual = [0.05, 0.01, 0.005, 0.001, 0.0001];
        let is_usual = usual.iter().any(|bound| (bound - self.size).abs() < 1e-12);
        is_usual && number.values.iter().any(|p| *p < self.size)
    }

    fn nearest(&self, runs: &[(String, Vec<Number>)]) -> Option<String> {
        let apart = |value: f64| (value.abs() - self.size).abs();
        let all = runs.iter().flat_map(|(name, numbers)| {
            numbers.iter().flat_map(move |number| {
                number.values.iter().map(move |value| (name, number, *value))
            })
        });
        let (name, number, _) = all
            .filter(|(_, _, value)| value.is_finite())
            .min_by(|a, b| apart(a.2).total_cmp(&apart(b.2)))?;
        Some(format!(
            "\\crucible{{{name}}}{{{}}}{{{}}} is {}",
            number.of, number.key, number.shown
        ))
    }
}

/// Says whether digits belong to a word such as `h1`, `GPT-4` or `175B`.
fn within_word(before: &str, after: &str) -> bool {
    let mut back = before.chars().rev();
    let last = back.next();
    let glued = match last {
        Some('-') => back.next().is_some_and(char::is_alphabetic),
        Some('.') => back.next().is_some_and(char::is_alphanumeric),
        Some(character) => character.is_alphanumeric() || "_^@/".contains(character),
        None => false,
    };
    let unit: String = after.chars().take_while(|c| c.is_alphabetic()).collect();
    let measured =
        matches!(unit.as_str(), "" | "s" | "ms" | "µs" | "pp" | "x" | "k" | "M");
    glued || !measured || after.starts_with(['_', '^', '@'])
}

/// Returns the sign before a number, and the text before that.
fn sign(before: &str) -> (Option<char>, &str) {
    let rest = before.trim_end_matches([' ', '$', '{']);
    for (mark, sign) in [('−', '-'), ('-', '-'), ('+', '+')] {
        if let Some(lead) = rest.strip_suffix(mark) {
            // Behind a number or a word it is a range, a dash or a sum.
            let open = lead.is_empty()
                || lead
                    .ends_with([' ', '(', '[', '$', '{', '=', '<', '>', '~', ',', '\n']);
            return (open.then_some(sign), if open { lead } else { rest });
        }
    }
    (None, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(key: &str, values: &[f64]) -> Number {
        Number {
            of: "h1".to_owned(),
            key: key.to_owned(),
            shown: "21.5 pp".to_owned(),
            values: values.to_vec(),
            is_p: key == "p",
        }
    }

    fn unbacked(text: &str) -> Vec<String> {
        let numbers = vec![
            number("estimate", &[21.456, 0.21456]),
            number("drop", &[-4.32, -0.0432]),
            number("p", &[0.000_012]),
            number("items", &[1319.0]),
            number("conditions", &[5.0]),
        ];
        check_paper(text, &[("v".to_owned(), numbers)])
            .unbacked
            .into_iter()
            .map(|number| format!("{}:{} {}", number.line, number.column, number.text))
            .collect()
    }

    #[test]
    fn numbers_of_the_run_are_backed_at_the_precision_in_which_they_are_printed() {
        let none: Vec<String> = Vec::new();
        for text in [
            "by 21.5\\% over 1,319 items",
            "by 21.46 points, or 0.215, or .21",
            "1{,}319 items under 5 conditions",
            "($p < 0.001$), $p = 1.2\\times 10^{-5}$, 1.2e-5",
            "it fell by 4.3 points ($-4.3$ pp)",
            "h1, GPT-4 and the 175B model in 2021, Section~3.1",
        ] {
            assert_eq!(unbacked(text), none, "{text}");
        }
    }

    #[test]
    fn a_number_that_no_run_has_is_told_with_its_place() {
        assert_eq!(unbacked("ok 21.5\nné 21.6 x"), ["2:4 21.6"]);
        assert_eq!(unbacked("rose by $+4.3$"), ["1:11 4.3"]);
        assert_eq!(unbacked("6 conditions, 1,320 items"), ["1:1 6", "1:15 1,320"]);
        assert_eq!(unbacked("$p = 0.001$"), ["1:6 0.001"]);
    }

    #[test]
    fn the_nearest_number_is_named_by_its_macro() {
        let numbers = vec![number("estimate", &[21.456])];
        let check = check_paper("21.9", &[("v".to_owned(), numbers)]);
        assert_eq!(
            check.unbacked[0].nearest.as_deref(),
            Some("\\crucible{v}{h1}{estimate} is 21.5 pp")
        );
    }
}
