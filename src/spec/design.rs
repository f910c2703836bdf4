//! How an experiment is laid out, of what its claims speak, and by what its results are cut.

use serde::{Deserialize, Serialize};

use crate::base::Span;
use crate::spec::claim::Sample;
use crate::spec::scale::Scale;

/// Which conditions an item is asked under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Design {
    /// Under all of them: each item is compared with itself.
    #[default]
    Paired,
    /// Under one of them, which the keyed order deals out in balanced blocks.
    Unpaired,
}

impl Design {
    /// Returns the word of the language.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Paired => "paired",
            Self::Unpaired => "unpaired",
        }
    }

    /// Says whether each item is asked under one condition only.
    #[must_use]
    pub fn is_unpaired(self) -> bool {
        self == Self::Unpaired
    }

    /// Says whether the item of a rank in the keyed order is asked under a condition, by its
    /// index among so many.
    #[must_use]
    pub fn asks(self, rank: u64, condition: u32, conditions: usize) -> bool {
        match self {
            Self::Paired => true,
            Self::Unpaired => rank % conditions.max(1) as u64 == u64::from(condition),
        }
    }
}

/// Which population a claim speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// Items like these, of which these are a sample.
    #[default]
    Items,
    /// These items alone, asked again and again.
    Repeats,
}

impl Over {
    /// Returns the word of the language.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Items => "items",
            Self::Repeats => "repeats",
        }
    }
}

/// A column of the dataset that results are cut by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name; a dotted path reaches into nested JSON.
    pub name: String,
    /// Where it is named.
    pub span: Span,
}

/// A metric over all members of a family, each pair of which is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilySample {
    /// The family's name.
    pub family: String,
    /// Its conditions, in file order.
    pub conditions: Vec<String>,
    /// The metric or measure.
    pub metric: String,
    /// The metric's scale.
    pub scale: Scale,
    /// Where it is asked for.
    pub span: Span,
}

impl FamilySample {
    /// Returns the sample of each condition.
    pub fn samples(&self) -> impl Iterator<Item = Sample> {
        self.conditions.iter().map(|condition| Sample {
            condition: condition.clone(),
            metric: self.metric.clone(),
            scale: self.scale,
        })
    }
}
