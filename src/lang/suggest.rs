//! "Did you mean": the known word that is nearest to a misspelt one.

/// Returns the candidate that a person most likely meant, if one is near.
pub(super) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let length = name.chars().count();
    let most = match length {
        0 | 1 => 0,
        2..=5 => 1,
        6..=9 => 2,
        _ => 3,
    };
    let candidates: Vec<&str> =
        candidates.into_iter().filter(|candidate| *candidate != name).collect();
    let near = candidates
        .iter()
        .copied()
        .filter_map(|candidate| {
            let distance = if candidate.eq_ignore_ascii_case(name) {
                0
            } else {
                strsim::damerau_levenshtein(candidate, name)
            };
            (distance <= most && distance < candidate.chars().count())
                .then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate);
    near.or_else(|| shortened(name, &candidates))
}

/// Returns the only candidate that begins with a name of at least three letters: `acc` for
/// `accuracy`.
fn shortened<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let mut longer = candidates.iter().filter(|candidate| candidate.starts_with(name));
    match (longer.next(), longer.next()) {
        (Some(only), None) if name.len() >= 3 => Some(only),
        _ => None,
    }
}

/// Writes "did you mean `x`?" for the nearest candidate.
pub(super) fn did_you_mean<'a, I: IntoIterator<Item = &'a str>>(
    name: &str,
    candidates: I,
) -> Option<String> {
    nearest(name, candidates).map(|found| format!("did you mean `{found}`?"))
}

/// Lists words in backticks, at most a dozen of them.
pub(super) fn listed<'a, I: IntoIterator<Item = &'a str>>(words: I) -> String {
    const MOST: usize = 12;
    let words: Vec<&str> = words.into_iter().collect();
    let mut shown: Vec<String> =
        words.iter().take(MOST).map(|word| format!("`{word}`")).collect();
    if words.len() > MOST {
        shown.push(format!("{} more", words.len() - MOST));
    }
    shown.join(", ")
}

/// Lists all words in backticks.
pub(super) fn listed_all<'a, I: IntoIterator<Item = &'a str>>(words: I) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swapped_and_missing_letters_are_found_and_strangers_are_not() {
        assert_eq!(nearest("aks", ["vote", "ask"]), Some("ask"));
        assert_eq!(nearest("acuracy", ["latency", "accuracy"]), Some("accuracy"));
        assert_eq!(nearest("Markdown", ["json", "markdown"]), Some("markdown"));
        assert_eq!(nearest("acc", ["latency", "accuracy"]), Some("accuracy"));
        assert_eq!(nearest("tem", ["temperature", "template"]), None);
        assert_eq!(nearest("n", ["m", "c"]), None);
        assert_eq!(nearest("colour", ["json", "markdown"]), None);
    }

    #[test]
    fn a_long_list_is_cut() {
        let many: Vec<String> = (0..20).map(|n| format!("w{n}")).collect();
        let text = listed(many.iter().map(String::as_str));
        assert!(text.ends_with("`w11`, 8 more"), "{text}");
    }
}
