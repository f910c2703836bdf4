//! The lists of all rooms, one after the other.

use std::sync::OnceLock;

use crate::dataset::SOURCES;
use crate::model::{DISTRIBUTIONS, PROVIDERS};
use crate::score::SCORERS;
use crate::script::EXTRACTORS;
use crate::spec::{CLAIM_FUNCTIONS, KINDS, STOP_RULES, Signature, Signatures};
use crate::strategy::{COMBINATORS, DELAYS, EVALUATED, SCHEDULES, SIMILAR};

/// A chapter of the reference: signatures of one sort.
#[derive(Debug, Clone)]
pub(super) struct Chapter {
    /// The file of its page.
    pub(super) file: &'static str,
    /// The title of its page.
    pub(super) title: &'static str,
    /// What stands below the title.
    pub(super) preface: &'static str,
    /// Its signatures.
    pub(super) signatures: Vec<Signature>,
}

/// Returns the chapters of what a file may call.
pub(super) fn callable() -> Vec<Chapter> {
    let strategies = COMBINATORS.iter().map(|combinator| combinator.signature);
    vec![
        Chapter {
            file: "strategies.md",
            title: "Strategies",
            preface: "What stands on the right of a `condition`. Each takes strategies and is one; a model stands wherever a strategy may. A `strategy` of the file is called like these.",
            signatures: strategies
                .chain(EVALUATED.iter().chain(DELAYS).chain(SCHEDULES).copied())
                .chain([SIMILAR])
                .collect(),
        },
        Chapter {
            file: "models.md",
            title: "Models",
            preface: "What stands on the right of a `model`.",
            signatures: PROVIDERS.iter().map(|provider| provider.signature).collect(),
        },
        Chapter {
            file: "distributions.md",
            title: "Distributions of latency",
            preface: "What the `latency:` of a simulated model may be.",
            signatures: DISTRIBUTIONS.to_vec(),
        },
        Chapter {
            file: "datasets.md",
            title: "Datasets",
            preface: "What stands on the right of a `dataset`, and how its items are sampled.",
            signatures: SOURCES.to_vec(),
        },
        Chapter {
            file: "metrics.md",
            title: "Metrics",
            preface: "What stands on the right of a `metric`.",
            signatures: SCORERS.iter().map(|scorer| scorer.signature).collect(),
        },
        Chapter {
            file: "extractors.md",
            title: "Extractors",
            preface: "What `extract:` and `answer:` take besides a closure of the output. An extractor that finds nothing abstains.",
            signatures: EXTRACTORS.to_vec(),
        },
        Chapter {
            file: "stopping.md",
            title: "Stopping early",
            preface: "What `stop:` of an `experiment` takes besides the word `decided`. A condition ends when every hypothesis that names it is decided after the correction of the family; what decides are the first items of the keyed order that are complete in all conditions of a hypothesis.",
            signatures: STOP_RULES.to_vec(),
        },
    ]
}

/// Returns the chapters of what a file is made of.
pub(super) fn grammatical() -> Vec<Chapter> {
    vec![
        Chapter {
            file: "definitions.md",
            title: "Definitions",
            preface: "The kinds of definition and their fields. The row `=` is what stands on the right-hand side.",
            signatures: KINDS.to_vec(),
        },
        Chapter {
            file: "claims.md",
            title: "Claims",
            preface: "The functions that may stand in the `claim` of a hypothesis.",
            signatures: CLAIM_FUNCTIONS.to_vec(),
        },
    ]
}

/// Returns every signature that a file may call, for the checker.
#[must_use]
pub fn signatures() -> Signatures {
    static ALL: OnceLock<Signatures> = OnceLock::new();
    ALL.get_or_init(|| {
        let lists: Vec<Vec<Signature>> =
            callable().into_iter().map(|chapter| chapter.signatures).collect();
        let slices: Vec<&[Signature]> = lists.iter().map(Vec::as_slice).collect();
        Signatures::new(&slices)
    })
    .clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::RIGHT_SIDE;

    fn all() -> Vec<(&'static str, Signature)> {
        callable()
            .into_iter()
            .chain(grammatical())
            .flat_map(|chapter| {
                chapter.signatures.into_iter().map(move |one| (chapter.file, one))
            })
            .collect()
    }

    fn ends_sentence(text: &str) -> bool {
        text.ends_with(['.', '…', '`', ')'])
    }

    #[test]
    fn every_signature_says_what_it_is_and_shows_itself() {
        for (file, signature) in all() {
            let name = signature.name;
            assert!(ends_sentence(signature.doc), "{file}: `{name}` has no sentence");
            assert!(!signature.example.is_empty(), "{file}: `{name}` has no example");
            assert!(
                signature.example.contains(name),
                "{file}: the example of `{name}` does not use it"
            );
            for param in signature.params {
                assert!(
                    ends_sentence(param.doc),
                    "{file}: `{name}` says nothing of `{}`",
                    param.name
                );
            }
        }
    }

    #[test]
    fn what_is_due_tells_signatures_of_one_name_apart() {
        let mut seen: Vec<(&str, crate::spec::Type)> = Vec::new();
        for chapter in &callable() {
            for one in &chapter.signatures {
                let twice = seen.contains(&(one.name, one.returns));
                assert!(!twice, "{} gives the same twice", one.name);
                seen.push((one.name, one.returns));
            }
        }
    }

    #[test]
    fn parameters_are_named_once_and_required_ones_come_first() {
        for (file, signature) in all() {
            let mut optional = false;
            let mut seen = std::collections::BTreeSet::new();
            for param in signature.params {
                let place = format!("{file}: `{}` of `{}`", param.name, signature.name);
                assert!(seen.insert(param.name), "{place} is there twice");
                let required = param.fallback == crate::spec::Fallback::Required;
                assert!(!(required && optional), "{place} is required after an optional");
                optional |= !required && param.name != RIGHT_SIDE;
            }
        }
    }

    #[test]
    fn one_call_lifts_a_bare_model() {
        let lifting: Vec<_> = all()
            .into_iter()
            .filter(|(_, one)| one.lifts)
            .map(|(_, one)| one.name)
            .collect();
        assert_eq!(lifting.len(), 1, "{lifting:?}");
    }
}
