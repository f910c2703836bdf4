//! Why a statistic could not be computed.

use thiserror::Error;

/// A reason why a statistic has no value for the data or parameters given.
///
/// No function of this room panics, whatever the slice; it returns one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StatsError {
    /// A sample, list or table holds nothing.
    #[error("needs values, got none")]
    Empty,
    /// A sample holds fewer values, or fewer independent units, than the method needs.
    #[error("needs at least {needed} {of}, got {got}")]
    TooFew {
        /// What is counted, in the plural: "values", "units".
        of: &'static str,
        /// The smallest number that the method accepts.
        needed: usize,
        /// The number given.
        got: usize,
    },
    /// A value is NaN, or infinite where it must be finite.
    #[error("value {index} is not a finite number")]
    NotFinite {
        /// Its position, from 0.
        index: usize,
    },
    /// All values are equal, and the statistic divides by their spread.
    #[error("all values are equal, so the statistic has no scale")]
    NoSpread,
    /// Two slices that belong together differ in length.
    #[error("{left} values cannot be paired with {right}")]
    LengthMismatch {
        /// Length of the first.
        left: usize,
        /// Length of the second.
        right: usize,
    },
    /// A parameter lies outside its domain.
    #[error("the {name} must be {wanted}")]
    InvalidParameter {
        /// The parameter, in words.
        name: &'static str,
        /// Its domain, in words.
        wanted: &'static str,
    },
    /// A probability lies outside `[0, 1]`.
    #[error("a probability lies outside 0 and 1")]
    OutOfRange,
    /// A table of counts cannot be what it says.
    #[error("the counts of the table do not belong together")]
    InvalidTable,
    /// A row, a column or an expected count is zero, and the method divides by it.
    #[error("a row, a column or an expected count is zero")]
    ZeroMarginal,
    /// Totals that must agree differ.
    #[error("the observed and the expected counts have different totals")]
    SumMismatch,
    /// No pair differs, and the quantity divides by the number of those that do.
    #[error("no pair differs, so the quantity has no scale")]
    NoDifference,
    /// A rank method, a correlation or a regression got a variable that does not vary.
    #[error("a variable does not vary")]
    Constant,
    /// The columns of a design depend on one another, or a term cannot be estimated.
    #[error("the columns of the design depend on one another")]
    Singular,
    /// A logistic model has no finite maximum: the predictors separate the outcomes.
    #[error("the predictors separate the outcomes perfectly")]
    Separation,
    /// The method is right, yet the quantity has no value for these data.
    #[error("{what} has no value for these data")]
    Undefined {
        /// The quantity, in words.
        what: &'static str,
    },
}
