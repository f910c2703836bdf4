//! How sure an answer says it is.

use std::sync::LazyLock;

use regex::Regex;

/// What an answer says of itself, and the answer without it.
#[derive(Debug, Clone, PartialEq)]
pub struct Stated {
    /// How sure it says it is, 0 to 1.
    pub confidence: f64,
    /// The text without the line that said so; the whole text where the line says more.
    pub rest: String,
}

static WORD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\bconfiden(?:ce|t)\b").ok());

/// A line that says nothing but how sure the answer is, but for what Markdown adds.
static OWN_LINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^[\s*_#>-]*(?:(?:my|answer|final)\s+)*confidence\b").ok()
});

static ASIDE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\([^)]*\)").ok());

/// A number, what makes it a percentage, and the whole that it is a part of.
static NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?P<n>\d+(?:\.\d+)?|\.\d+)\s*(?:(?P<percent>%|percent)|(?:/|out of)\s*(?P<whole>\d+(?:\.\d+)?))?",
    )
    .ok()
});

/// Reads how sure an answer says it is: the last line with the word "confidence" that has a
/// number after it, or a percentage before it or before "confident".
///
/// `85%` and `85/100` are what they say; a bare number up to 1 is a share, one up to 100 a
/// percentage. A line that begins with the word is taken out of the text.
#[must_use]
pub fn stated(text: &str) -> Option<Stated> {
    let mut end = text.len();
    for line in text.rsplit('\n') {
        let start = end - line.len();
        if let Some(confidence) = of_line(line) {
            let own = OWN_LINE.as_ref().is_some_and(|own| own.is_match(line));
            let before = text.get(..start).unwrap_or_default();
            let after = text.get(end..).unwrap_or_default();
            let rest = if own {
                format!("{before}{}", after.trim_start_matches('\n'))
            } else {
                text.to_owned()
            };
            return Some(Stated { confidence, rest: rest.trim_end().to_owned() });
        }
        end = start.saturating_sub(1);
    }
    None
}

fn of_line(line: &str) -> Option<f64> {
    let word = WORD.as_ref()?.find_iter(line).last()?;
    let (before, after) = (line.get(..word.start())?, line.get(word.end()..)?);
    // What comes after "confident" is what somebody is confident of.
    if word.as_str().ends_with(['t', 'T']) {
        return percentage(before);
    }
    let plain = ASIDE.as_ref()?.replace_all(after, " ");
    last_share(&plain).or_else(|| last_share(after)).or_else(|| percentage(before))
}

/// Reads the last number of a text as a share; a bare one only where nothing follows it.
fn last_share(text: &str) -> Option<f64> {
    let found = NUMBER.as_ref()?.captures_iter(text).last()?;
    let n: f64 = found.name("n")?.as_str().parse().ok()?;
    if found.name("percent").is_some() {
        return (n <= 100.0).then_some(n / 100.0);
    }
    if let Some(whole) = found.name("whole") {
        let part = n / whole.as_str().parse::<f64>().ok()?;
        return (part <= 1.0).then_some(part);
    }
    let after = text.get(found.get(0)?.end()..)?;
    let is_last = !after.contains(char::is_alphanumeric);
    share(n).filter(|_| is_last)
}

/// Reads the last number of a text where it is a percentage.
fn percentage(text: &str) -> Option<f64> {
    let found = NUMBER.as_ref()?.captures_iter(text).last()?;
    found.name("percent")?;
    last_share(text)
}

/// Reads a bare number as a share: up to 1 it is one, up to 100 it is a percentage.
#[must_use]
pub fn share(n: f64) -> Option<f64> {
    match n {
        n if (0.0..=1.0).contains(&n) => Some(n),
        n if (0.0..=100.0).contains(&n) => Some(n / 100.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confidence_is_read_in_each_of_its_forms() {
        for (text, wanted) in [
            ("42\nConfidence: 85%", Some(0.85)),
            ("42\n**Confidence:** 0.85\n", Some(0.85)),
            ("42\nconfidence = 85", Some(0.85)),
            ("42\nConfidence (0-100): 85", Some(0.85)),
            ("42\nConfidence: 85 (on a scale of 0 to 100)", Some(0.85)),
            ("42\nConfidence: high (85%)", Some(0.85)),
            ("42\nMy confidence is 17 out of 20.", Some(0.85)),
            ("42\nConfidence: 85/100", Some(0.85)),
            ("I am 85 percent confident that it is 42.", Some(0.85)),
            ("Confidence: 10%\nNo, wait.\nConfidence: 85%", Some(0.85)),
            ("Confidence: 85%\n\nI have no confidence in that.", Some(0.85)),
            ("Confidence: 1", Some(1.0)),
            ("Confidence: 0%", Some(0.0)),
            ("Confidence: 120%", None),
            ("Confidence: 850", None),
            ("Confidence: 3/0", None),
            ("Confidence: high", None),
            ("I am confident that it is 42.", None),
            ("My confidence in 42 is high.", None),
            ("It is 42, with 85% confidence.", Some(0.85)),
            ("The answer is 42, 85% of 50.", None),
            ("Confidential: 85%", None),
            ("", None),
        ] {
            let read = stated(text).map(|stated| stated.confidence);
            assert_eq!(read, wanted, "{text}");
        }
    }

    #[test]
    fn a_line_of_its_own_is_taken_out_and_no_other() {
        let rest = |text| stated(text).unwrap().rest;
        assert_eq!(rest("It is 42.\nConfidence: 85%"), "It is 42.");
        assert_eq!(rest("- Confidence: 85%\nIt is 42."), "It is 42.");
        assert_eq!(rest("a\nFinal confidence: 85%\nb\n"), "a\nb");
        assert_eq!(rest("It is 42 (confidence: 85%)."), "It is 42 (confidence: 85%).");
    }
}
