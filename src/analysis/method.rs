//! The test of a claim in the words of the report, and which way it goes: by the table, over
//! repeats, or over items that each side has for itself.

use crate::spec::{Header, Hypothesis, Over};

use super::choose::Row;
use super::error::Unsupported;
use super::evaluate::Question;
use super::{fixed, unpaired};

/// A test in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Method {
    /// Its name.
    pub(super) test: &'static str,
    /// The short names under which `test:` takes it too.
    pub(super) short: &'static [&'static str],
    /// Why this test: one sentence.
    pub(super) why: &'static str,
    /// How the interval is made.
    pub(super) interval: &'static str,
    /// Whether its p is bounded by the number of resamples.
    pub(super) resampled: bool,
}

impl From<Row> for Method {
    fn from(row: Row) -> Self {
        Self {
            test: row.test(),
            short: row.short(),
            why: row.why(),
            interval: row.interval(),
            resampled: matches!(
                row,
                Row::NumericMean | Row::QuantileContrast | Row::Smooth | Row::Levels
            ),
        }
    }
}

/// Which way a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By a row of the table: items are the units, each compared with itself.
    Table(Row),
    /// Over repeats, the items being all there are.
    Fixed,
    /// Each condition has items of its own.
    Unpaired(Method),
}

impl Way {
    /// Chooses the way of a question.
    pub(super) fn of(
        question: &Question,
        over: Over,
        header: &Header,
    ) -> Result<Self, Unsupported> {
        if over == Over::Repeats {
            fixed::fits(question.gap(), header)?;
            return Ok(Self::Fixed);
        }
        if header.design.is_unpaired() && unpaired::is_between(question.gap()) {
            return Ok(Self::Unpaired(unpaired::choose(question, header)?));
        }
        Ok(Self::Table(question.row(header)?))
    }

    /// Returns the test in words.
    pub(super) fn method(self) -> Method {
        match self {
            Self::Table(row) => row.into(),
            Self::Fixed => fixed::METHOD,
            Self::Unpaired(method) => method,
        }
    }

    /// Returns the way of each part of a hypothesis.
    pub(super) fn all(
        hypothesis: &Hypothesis,
        header: &Header,
    ) -> Result<Vec<Self>, Unsupported> {
        let leaves = super::joined::leaves(&hypothesis.claim);
        let way = |claim| {
            Self::of(&super::supports::question(claim, 1.0)?, hypothesis.over, header)
        };
        leaves.into_iter().map(way).collect()
    }
}
