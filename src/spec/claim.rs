//! Claims: the testable sentences of hypotheses.

use serde::{Deserialize, Serialize};

use crate::base::{Digest, Quantity, Span};
use crate::spec::design::Over;
use crate::spec::scale::Scale;

/// A hypothesis of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hypothesis {
    /// Its name.
    pub name: String,
    /// The sentence in quotes after the name.
    pub title: Option<String>,
    /// The documentation above it.
    pub doc: String,
    /// What is claimed.
    pub claim: Claim,
    /// The claim as it stands in the file, on one line.
    pub claim_text: String,
    /// The level, a fraction of one; 0.05 unless the file says otherwise.
    pub alpha: f64,
    /// Two-sided, or one-sided in the claim's direction.
    pub alternative: Alternative,
    /// The power wanted, if declared.
    pub power: Option<PowerGoal>,
    /// The test that the author names in place of the one that follows from the design.
    pub test: Option<String>,
    /// Which population it speaks of.
    #[serde(default)]
    pub over: Over,
    /// Where its claim stands.
    pub span: Span,
    /// Digest of the claim, level, test, alternative and everything that it reaches
    /// (metric, conditions, dataset, sample, repeats): a hypothesis whose digest differs
    /// from the stored one is exploratory.
    pub digest: Digest,
}

/// On which sides of the margin a hypothesis can be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alternative {
    /// Supported, refuted or inconclusive.
    TwoSided,
    /// Supported or inconclusive.
    OneSided,
}

/// `80% to detect 5pp`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PowerGoal {
    /// The power, a fraction of one.
    pub power: f64,
    /// The effect to detect: left minus right side, margin not included.
    pub effect: Quantity,
}

/// What is claimed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// `left > right` or `left < right`; `>=` and `<=` are the same claims.
    Compare {
        /// The left side.
        left: Estimand,
        /// Which side is claimed to be larger.
        direction: Direction,
        /// The right side, margin included.
        right: Estimand,
    },
    /// `left ~= right within δ`.
    Equivalent {
        /// The left side.
        left: Estimand,
        /// The right side.
        right: Estimand,
        /// The margin; a [`crate::base::Unit::Fraction`] is relative to the right side.
        within: Quantity,
    },
    /// Claims joined by `and`.
    All(Vec<Self>),
    /// Claims joined by `or`.
    Any(Vec<Self>),
}

/// The direction of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The left side is larger.
    Greater,
    /// The left side is smaller.
    Less,
}

/// The sample of a metric over the trials of a condition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sample {
    /// The condition's name, `panel[3]` for a member of a family.
    pub condition: String,
    /// The metric or measure.
    pub metric: String,
    /// The metric's scale.
    pub scale: Scale,
}

/// What a sample is condensed to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condensed {
    /// The mean over items.
    Mean,
    /// Items × mean.
    Sum,
    /// The standard deviation.
    Sd,
    /// A quantile of order 0 to 1; the median is 0.5.
    Quantile(f64),
}

/// A number to be estimated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Estimand {
    /// A literal.
    Constant(Quantity),
    /// A sample condensed to a number.
    Of(Condensed, Sample),
    /// `trend(family.metric, n)`: the least-squares slope per unit of the variable.
    Trend {
        /// The family's variable.
        variable: String,
        /// The members with their values, in family order.
        points: Vec<TrendPoint>,
    },
    /// `effect(factor, family.metric)`.
    Effect {
        /// The family's variable.
        factor: String,
        /// Its levels as listed, each with the conditions that have it.
        levels: Vec<Level>,
    },
    /// `correlation(a.x, a.y)`.
    Correlation(Sample, Sample),
    /// The sum of two.
    Sum(Box<Self>, Box<Self>),
    /// The first minus the second.
    Difference(Box<Self>, Box<Self>),
    /// The product of two.
    Product(Box<Self>, Box<Self>),
    /// The first over the second.
    Quotient(Box<Self>, Box<Self>),
}

/// One member of a family in a trend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrendPoint {
    /// The value of the variable, in its base unit.
    pub x: f64,
    /// The samples at this value: one, or one for each combination of the other variables.
    pub samples: Vec<Sample>,
}

/// One level of a factor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// The level as listed.
    pub label: String,
    /// The samples of the conditions that have it, in family order.
    pub samples: Vec<Sample>,
}

impl Estimand {
    /// Returns every sample below, in the order of the text.
    #[must_use]
    pub fn samples(&self) -> Vec<&Sample> {
        match self {
            Self::Constant(_) => Vec::new(),
            Self::Of(_, sample) => vec![sample],
            Self::Trend { points, .. } => {
                points.iter().flat_map(|point| &point.samples).collect()
            }
            Self::Effect { levels, .. } => {
                levels.iter().flat_map(|level| &level.samples).collect()
            }
            Self::Correlation(a, b) => vec![a, b],
            Self::Sum(a, b)
            | Self::Difference(a, b)
            | Self::Product(a, b)
            | Self::Quotient(a, b) => {
                let mut samples = a.samples();
                samples.extend(b.samples());
                samples
            }
        }
    }
}

impl Claim {
    /// Returns every sample that the claim speaks of, in the order of the text.
    #[must_use]
    pub fn samples(&self) -> Vec<&Sample> {
        match self {
            Self::Compare { left, right, .. } | Self::Equivalent { left, right, .. } => {
                let mut samples = left.samples();
                samples.extend(right.samples());
                samples
            }
            Self::All(claims) | Self::Any(claims) => {
                claims.iter().flat_map(Self::samples).collect()
            }
        }
    }
}
