//! Scales of measurement, and the measures that every trial has.

use serde::{Deserialize, Serialize};

/// What kind of number a metric gives; the statistics follow from it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Right or wrong: 0 or 1.
    Binary,
    /// Ordered grades whose distances mean little; bounded.
    Ordinal,
    /// A number on a line, no bound known.
    Continuous,
    /// A fraction of one that is not only 0 or 1.
    Fraction,
    /// Seconds.
    Duration,
    /// US dollars.
    Money,
    /// How many.
    Count,
}

impl Scale {
    /// Says whether scores lie between 0 and 1.
    #[must_use]
    pub fn is_fraction(self) -> bool {
        matches!(self, Self::Binary | Self::Fraction)
    }

    /// Returns the word of the language.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Ordinal => "ordinal",
            Self::Continuous => "continuous",
            Self::Fraction => "fraction",
            Self::Duration => "duration",
            Self::Money => "money",
            Self::Count => "count",
        }
    }
}

/// A measure that every trial has without a `metric` of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// Its name after the dot: `majority.latency`.
    pub name: &'static str,
    /// Its scale.
    pub scale: Scale,
    /// One line for the reference.
    pub doc: &'static str,
}

/// Every measure.
pub const MEASURES: &[Measure] = &[
    Measure {
        name: "latency",
        scale: Scale::Duration,
        doc: "Seconds from the admission of the trial's first call to its output, waiting for limits left out; unknown for answers from the cache or a file.",
    },
    Measure {
        name: "cost",
        scale: Scale::Money,
        doc: "US dollars that the trial's calls cost; unknown where a price is unknown.",
    },
    Measure { name: "requests", scale: Scale::Count, doc: "Calls that the trial made." },
    Measure {
        name: "tokens_in",
        scale: Scale::Count,
        doc: "Tokens sent, as the provider counted them.",
    },
    Measure {
        name: "tokens_out",
        scale: Scale::Count,
        doc: "Tokens received, as the provider counted them.",
    },
    Measure {
        name: "tokens_cached",
        scale: Scale::Count,
        doc: "Of the tokens sent, those that the provider says it read from its own cache; none where it says nothing.",
    },
    Measure {
        name: "tokens_reasoning",
        scale: Scale::Count,
        doc: "Of the tokens received, those that the provider says were thinking; none where it says nothing.",
    },
    Measure {
        name: "ttft",
        scale: Scale::Duration,
        doc: "Time to first token: seconds from the admission of the trial's first call to the first token of an answer, waiting for limits left out; unknown where no answer is streamed (`stream: true`).",
    },
    Measure {
        name: "consensus",
        scale: Scale::Fraction,
        doc: "Of a vote: the share of the members called who gave the answer that won.",
    },
    Measure {
        name: "margin",
        scale: Scale::Fraction,
        doc: "Of a vote: the consensus less the share of the next answer.",
    },
    Measure {
        name: "members_called",
        scale: Scale::Count,
        doc: "Of a vote: the members that were called.",
    },
    Measure {
        name: "hedged",
        scale: Scale::Count,
        doc: "Backup requests of the trial's hedges; none without a hedge.",
    },
    Measure {
        name: "hedged_after",
        scale: Scale::Duration,
        doc: "Of a hedge that fired: seconds from the admission of the primary to the first backup.",
    },
    Measure {
        name: "won_by",
        scale: Scale::Count,
        doc: "Of a hedge: who answered first, 0 for the primary, 1 for the first backup.",
    },
    Measure {
        name: "wasted_cost",
        scale: Scale::Money,
        doc: "US dollars of the `cost` that went to requests which lost a race, at most: a request that was cancelled is booked at its upper bound.",
    },
];

/// Finds a measure by its name.
#[must_use]
pub fn measure(name: &str) -> Option<&'static Measure> {
    MEASURES.iter().find(|measure| measure.name == name)
}
