//! Whether a claim has a test, said before anything runs.

use crate::spec::{Claim, Header, Hypothesis};
use crate::stats::Resampling;

use super::choose::Row;
use super::error::Unsupported;
use super::evaluate::Question;

/// The test that a hypothesis will get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestChoice {
    /// Its name; several joined by commas for a claim with `and` or `or`.
    pub test: String,
    /// Why this test: one sentence.
    pub reason: String,
}

/// Returns the test that the claim of a hypothesis will get.
///
/// # Errors
///
/// [`Unsupported`] when no test fits, or when the author names one that does not.
pub fn supports(
    hypothesis: &Hypothesis,
    header: &Header,
) -> Result<TestChoice, Unsupported> {
    let rows = rows(&hypothesis.claim, header)?;
    let mut names: Vec<&str> = rows.iter().map(|row| row.test()).collect();
    names.dedup();
    let test = names.join(", ");
    if let Some(named) = &hypothesis.test
        && named != "auto"
        && *named != test
    {
        return Err(Unsupported::new(
            format!("the test `{named}` does not fit; this claim is tested by `{test}`"),
            "leave `test:` out",
        ));
    }
    let floor = Resampling::new(0, "").floor() / 2.0;
    let resampled = |row: &Row| matches!(row, Row::NumericMean | Row::QuantileContrast);
    if hypothesis.alpha < floor && rows.iter().any(resampled) {
        return Err(Unsupported::new(
            format!(
                "the level {} lies below {floor:.0e}, the smallest p that {} resamples can give",
                hypothesis.alpha,
                Resampling::DEFAULT
            ),
            "set `alpha:` to 0.1% or more",
        ));
    }
    let reason = rows.first().map_or("", |row| row.why()).to_owned();
    Ok(TestChoice { test, reason })
}

fn rows(claim: &Claim, header: &Header) -> Result<Vec<Row>, Unsupported> {
    match claim {
        Claim::All(parts) | Claim::Any(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(rows(part, header)?);
            }
            Ok(all)
        }
        Claim::Compare { .. } | Claim::Equivalent { .. } => {
            let question = question(claim, 1.0)?;
            Ok(vec![question.row(header.repeats, header.cluster.is_some())?])
        }
    }
}

/// Returns the question of a single claim over so many items.
pub(super) fn question(claim: &Claim, items: f64) -> Result<Question, Unsupported> {
    match claim {
        Claim::Compare { left, direction, right } => {
            Question::compare(left, *direction, right, items)
        }
        Claim::Equivalent { left, right, within } => {
            Question::equivalent(left, right, *within, items)
        }
        Claim::All(_) | Claim::Any(_) => {
            Err(Unsupported::new("a joined claim is several questions", "ask each part"))
        }
    }
}
