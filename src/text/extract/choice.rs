//! Answers out of a few: letters, and yes or no.

/// The words of a truth value.
const TRUTH: &[(&str, bool)] =
    &[("true", true), ("false", false), ("yes", true), ("no", false)];

/// Finds the letter of a multiple choice among `A..=last`.
///
/// Three steps, the first that finds one counts: the letter after the first "answer is" that
/// has one, in brackets or not; the letter after the last "Answer:" of the first line that
/// has one; the last letter that stands alone. Only capital letters count, and what follows
/// the letter does not: "Answer: Apple" is A.
///
/// # Source
///
/// Y. Wang et al., "MMLU-Pro: A More Robust and Challenging Multi-Task Language Understanding
/// Benchmark", Advances in Neural Information Processing Systems 37, 2024, with the extraction
/// of its published evaluation.
#[must_use]
pub fn letter_among(text: &str, last: char) -> Option<char> {
    let letter = |c: char| ('A'..=last).contains(&c);
    let named = text.match_indices("answer is ").find_map(|(at, phrase)| {
        let rest = text.get(at + phrase.len()..)?;
        rest.strip_prefix('(').unwrap_or(rest).chars().next().filter(|c| letter(*c))
    });
    named.or_else(|| after_colon(text, letter)).or_else(|| last_alone(text, letter))
}

/// Returns the letter after the last "nswer:" of the first line on which one is found.
fn after_colon(text: &str, letter: impl Fn(char) -> bool) -> Option<char> {
    let mut best: Option<(usize, char)> = None;
    for (at, phrase) in text.match_indices("nswer:") {
        let before = text.get(..at).unwrap_or_default();
        if !before.ends_with(['a', 'A']) {
            continue;
        }
        if let Some((first, _)) = best
            && text.get(first..at).is_some_and(|between| between.contains('\n'))
        {
            break;
        }
        let rest = text.get(at + phrase.len()..).unwrap_or_default();
        if let Some(found) = rest.trim_start().chars().next().filter(|c| letter(*c)) {
            best = Some((at, found));
        }
    }
    best.map(|(_, found)| found)
}

/// Returns the last letter with no letter, digit or underscore beside it.
fn last_alone(text: &str, letter: impl Fn(char) -> bool) -> Option<char> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.char_indices().rev().find_map(|(at, c)| {
        let before = text.get(..at)?.chars().next_back();
        let after = text.get(at + c.len_utf8()..)?.chars().next();
        let alone = !before.is_some_and(part) && !after.is_some_and(part);
        (letter(c) && alone).then_some(c)
    })
}

/// Reads a text that is one of the words yes, no, true and false.
#[must_use]
pub fn boolean_word(text: &str) -> Option<bool> {
    let word = text.trim();
    TRUTH
        .iter()
        .find(|(name, _)| word.eq_ignore_ascii_case(name))
        .map(|(_, value)| *value)
}

/// Finds a truth value: the first one after the last "answer", the one that the text begins
/// with, else the last one.
pub(super) fn boolean(text: &str) -> Option<bool> {
    let lower = text.to_ascii_lowercase();
    let after = lower
        .rfind("answer")
        .and_then(|at| truths(lower.get(at..).unwrap_or_default()).next());
    after
        .or_else(|| words(&lower).next().and_then(boolean_word))
        .or_else(|| truths(&lower).last())
}

fn truths(text: &str) -> impl Iterator<Item = bool> {
    words(text).filter_map(boolean_word)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_found_in_three_steps() {
        let cases = [
            ("The answer is (C). Not D", Some('C')),
            ("the answer is unclear, but the answer is B", Some('B')),
            ("Answer: A. Then answer: B\nAnswer: C", Some('B')),
            ("Danswer: x\nanswer:\n  D", Some('D')),
            ("(A) is wrong, (B) is right", Some('B')),
            ("B2 or A_1", None),
            ("option b", None),
            ("ÉA", None),
        ];
        for (text, letter) in cases {
            assert_eq!(letter_among(text, 'J'), letter, "{text}");
        }
        assert_eq!(letter_among("The answer is (E)", 'D'), None);
    }

    #[test]
    fn a_truth_value_after_answer_wins_over_the_first_and_the_last() {
        let cases = [
            ("Yes, there is no doubt.", Some(true)),
            ("There is no way around it: yes", Some(true)),
            ("No. The answer is yes, not no.", Some(true)),
            ("**False**", Some(false)),
            ("Answer: NO", Some(false)),
            ("The answer eludes me. True or not, I pass.", Some(true)),
            ("nothing known, notably", None),
            ("", None),
        ];
        for (text, value) in cases {
            assert_eq!(boolean(text), value, "{text}");
        }
    }

    #[test]
    fn a_word_is_a_truth_value_only_alone() {
        assert_eq!(boolean_word(" Yes "), Some(true));
        assert_eq!(boolean_word("yes."), None);
    }
}
