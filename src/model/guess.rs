//! What a simulated model says: the target, or a plausible answer that is wrong.

use serde_json::Value as Json;

/// How many wrong answers there are for everything but a yes or no.
pub(super) const WRONG: u64 = 9;

/// Words that stand in for a wrong text. None contains another.
const WORDS: [&str; 12] = [
    "amber",
    "birch",
    "cobalt",
    "delta",
    "ember-gold",
    "falcon",
    "garnet",
    "harbour",
    "indigo",
    "juniper",
    "kestrel",
    "lagoon",
];

/// Pairs of words that are each other's only wrong answer.
const OPPOSITES: [(&str, &str); 2] = [("true", "false"), ("yes", "no")];

/// Returns the text of a right answer; empty where there is no target.
pub(super) fn right(target: &Json) -> String {
    match target {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            target.to_string()
        }
    }
}

/// Returns a wrong answer; `draw(n)` draws a whole number below `n`, uniformly.
///
/// A number becomes one of nine near it with as many decimals; a letter one of nine others;
/// `true`, `false`, `yes` and `no` their opposite; a text that holds a number the same text
/// with another number; any other text one of nine words that are not in it.
pub(super) fn wrong(target: &Json, draw: impl FnOnce(u64) -> u64) -> String {
    let text = right(target);
    let bare = text.trim();
    if let Some(opposite) = opposite(bare) {
        return opposite;
    }
    if let Some(letter) = single_letter(bare) {
        return other_letter(letter, draw(WRONG));
    }
    match last_number(&text) {
        Some((start, end)) => {
            let number = other_number(text.get(start..end).unwrap_or("0"), draw(WRONG));
            let before = text.get(..start).unwrap_or_default();
            format!("{before}{number}{}", text.get(end..).unwrap_or_default())
        }
        None => other_word(bare, draw(WRONG)),
    }
}

fn opposite(text: &str) -> Option<String> {
    let small = text.to_lowercase();
    let word = OPPOSITES.iter().find_map(|(yes, no)| {
        if small == *yes { Some(*no) } else { (small == *no).then_some(*yes) }
    })?;
    let mut letters = text.chars();
    let shouted = text.chars().all(char::is_uppercase);
    let capital = letters.next().is_some_and(char::is_uppercase);
    Some(match (shouted, capital) {
        (true, _) => word.to_uppercase(),
        (false, true) => capitalised(word),
        (false, false) => word.to_owned(),
    })
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn single_letter(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [letter] if letter.is_ascii_alphabetic() => Some(*letter),
        _ => None,
    }
}

/// Returns one of nine other letters: of A to J, or of the ten from A where it is later.
fn other_letter(letter: u8, choice: u64) -> String {
    let first = if letter.is_ascii_uppercase() { b'A' } else { b'a' };
    (first..first + 10)
        .filter(|other| *other != letter)
        .nth(usize::try_from(choice).unwrap_or(0))
        .map_or_else(String::new, |other| char::from(other).to_string())
}

fn other_word(text: &str, choice: u64) -> String {
    let small = text.to_lowercase();
    let word = WORDS
        .iter()
        .filter(|word| !small.contains(**word) && !word.contains(small.as_str()))
        .nth(usize::try_from(choice).unwrap_or(0))
        .or_else(|| WORDS.get(usize::try_from(choice).unwrap_or(0)))
        .map_or("", |word| *word);
    if text.starts_with(char::is_uppercase) { capitalised(word) } else { word.to_owned() }
}

/// Finds the last number of a text, with its sign, thousands separators and decimals.
fn last_number(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let end = bytes.iter().rposition(u8::is_ascii_digit)? + 1;
    let mut start = end;
    while let Some(before) = start.checked_sub(1) {
        let part = match bytes.get(before) {
            Some(byte) if byte.is_ascii_digit() => true,
            Some(b'.' | b',') => {
                before > 0 && bytes.get(before - 1).is_some_and(u8::is_ascii_digit)
            }
            _ => false,
        };
        if !part {
            break;
        }
        start = before;
    }
    if let Some(before) = start.checked_sub(1)
        && bytes.get(before) == Some(&b'-')
        && (before == 0 || !bytes.get(before - 1).is_some_and(u8::is_ascii_alphanumeric))
    {
        start = before;
    }
    Some((start, end))
}

/// Returns one of nine numbers near another: its last place moved by −4 to 5, or by 1 to 9
/// where that would make a number of at least zero negative.
fn other_number(text: &str, choice: u64) -> String {
    let plain: String = text.chars().filter(|c| *c != ',').collect();
    let decimals = plain.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let digits: String = plain.chars().filter(|c| *c != '.').collect();
    let Ok(number) = digits.parse::<i128>() else {
        return format!("{}{}", choice + 1, plain.trim_start_matches('-'));
    };
    let choice = i128::from(choice);
    let step = if (0..4).contains(&number) {
        choice + 1
    } else if choice < 4 {
        choice - 4
    } else {
        choice - 3
    };
    let moved = number.saturating_add(step);
    let sign = if moved < 0 { "-" } else { "" };
    let width = digits.trim_start_matches('-').len();
    let padded = digits.trim_start_matches('-').starts_with('0') || decimals > 0;
    let shown = moved.unsigned_abs().to_string();
    let shown = if padded { format!("{shown:0>width$}") } else { shown };
    let (whole, part) = shown.split_at(shown.len().saturating_sub(decimals));
    let dot = if decimals > 0 { "." } else { "" };
    format!("{sign}{whole}{dot}{part}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    fn all(target: &Json) -> BTreeSet<String> {
        (0..WRONG).map(|choice| wrong(target, |_| choice)).collect()
    }

    #[test]
    fn there_are_nine_wrong_answers_and_the_target_is_none_of_them() {
        let targets = [
            json!(0),
            json!(3),
            json!(4),
            json!(18),
            json!(-2),
            json!(-40),
            json!(3.75),
            json!(0.05),
            json!("1,234"),
            json!("72"),
            json!("A"),
            json!("j"),
            json!("z"),
            json!("Paris"),
            json!("Amber Road"),
            json!("#### 18"),
            json!("$12.50 each"),
            json!(["x"]),
            json!(null),
            json!(u64::MAX),
            json!(""),
        ];
        for target in targets {
            let wrong = all(&target);
            assert_eq!(wrong.len(), 9, "{target}: {wrong:?}");
            assert!(!wrong.contains(&right(&target)), "{target}: {wrong:?}");
        }
    }

    #[test]
    fn no_wrong_number_equals_the_target_as_a_value() {
        for target in -30_i64..200 {
            for text in all(&json!(target)) {
                assert_ne!(text.parse::<i64>().unwrap(), target);
            }
        }
        for text in all(&json!("0.5")) {
            assert!((text.parse::<f64>().unwrap() - 0.5).abs() > 0.01, "{text}");
        }
    }

    #[test]
    fn a_wrong_answer_looks_like_a_right_one() {
        assert_eq!(wrong(&json!(true), |_| 0), "false");
        assert_eq!(wrong(&json!("Yes"), |_| 0), "No");
        assert_eq!(wrong(&json!("NO"), |_| 0), "YES");
        assert_eq!(wrong(&json!(3.75), |_| 0), "3.71");
        assert_eq!(wrong(&json!("so #### 18."), |_| 8), "so #### 23.");
        assert_eq!(wrong(&json!("Oslo"), |_| 0), "Amber");
        assert_eq!(wrong(&json!(-2), |_| 8), "3");
        assert_eq!(wrong(&json!(18), |_| 0), "14");
    }
}
