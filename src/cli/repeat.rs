//! The command that repeats a run.

use crate::report::SelectionFacts;
use crate::spec::Experiment;
use crate::store::Store;

/// Fields whose value says how the work is done, not what is asked.
const OPERATIONAL: &[&str] = &[
    "experiment.budget",
    "experiment.timeout",
    "experiment.concurrency",
    "experiment.max_failures",
];

/// Returns the command that asks the same again: the file, the values that were set, and
/// the part that was asked. It says nothing of flags that only said how.
pub(super) fn command(
    store: &Store,
    experiment: &Experiment,
    selection: Option<&SelectionFacts>,
) -> String {
    let file = experiment.sources.first().map_or("", |source| source.path.as_str());
    let mut words = vec!["crucible-run".to_owned(), quoted(file)];
    for set in assignments(&store.info().command) {
        let field = set.split('=').next().unwrap_or_default().trim();
        if !OPERATIONAL.contains(&field) {
            words.extend(["--set".to_owned(), quoted(set)]);
        }
    }
    if let Some(part) = selection {
        if part.items < part.of_items {
            words.extend(["--limit".to_owned(), part.items.to_string()]);
        }
        if part.conditions.len() < part.of_conditions as usize {
            words.extend(["--only".to_owned(), quoted(&part.conditions.join(","))]);
        }
    }
    words.join(" ")
}

/// Returns what a command line gives to `--set`.
fn assignments(command: &[String]) -> Vec<&str> {
    let mut found = Vec::new();
    let mut words = command.iter();
    while let Some(word) = words.next() {
        if word == "--set" {
            found.extend(words.next().map(String::as_str));
        } else if let Some(set) = word.strip_prefix("--set=") {
            found.push(set);
        }
    }
    found
}

/// Puts a word into quotes where a shell would act on it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_set_is_taken_from_the_command_line_and_quoted_for_a_shell() {
        let words =
            ["a.crucible", "--set", "experiment.seed=7", "--yes", "--set=m.x=\"a b\""];
        let command: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        assert_eq!(assignments(&command), ["experiment.seed=7", "m.x=\"a b\""]);
        assert_eq!(quoted("experiment.seed=7"), "experiment.seed=7");
        assert_eq!(quoted("m.x=\"a b\""), "'m.x=\"a b\"'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted("panel[3]"), "'panel[3]'");
    }
}
