//! What a test assumes, and whether that held on its data.

use crate::stats::{Units, skewness};

use super::choose::Row;
use super::evaluate::in_tail;
use super::levels::LevelTest;
use super::linear::{Linear, What};
use super::procedure::Procedure;
use super::samples::Paired;

/// Units on each side, or in a tail, from which a normal approximation is trusted.
const ENOUGH: f64 = 10.0;

/// Returns what the test of a row assumes and whether it held here, a sentence each.
pub(super) fn assumptions(
    row: Row,
    gap: &Linear,
    data: &Paired,
    contrast: &[f64],
    procedure: &Procedure,
) -> Vec<String> {
    let word = if data.units.all_single() { "items" } else { "groups" };
    let (assumed, found) = match (row, procedure) {
        (Row::PairedBinaryMargin, Procedure::Counts { pairs, .. }) => (
            "enough pairs that differ for the score to be near normal".to_owned(),
            Some(counted((pairs.left + pairs.right) as f64, "pairs differ")),
        ),
        (Row::BinaryContrast, _) => (
            format!("enough {word} that differ for their mean to be near normal"),
            Some(counted(differing(contrast, &data.units), &format!("{word} differ"))),
        ),
        (Row::OneShare, Procedure::Share { share, .. }) => (
            "enough right and wrong answers for the share to be near normal".to_owned(),
            Some(counted(
                share.n_eff * share.share.min(1.0 - share.share),
                "effective trials lie on the rarer side",
            )),
        ),
        (Row::OrdinalMean, _) => (
            format!("enough {word} for their mean to be near normal"),
            skewed(contrast, &data.units, word),
        ),
        (Row::NumericMean, _) => (
            format!(
                "a finite variance and enough {word} for their mean to be near normal, of which the bootstrap needs less than t"
            ),
            skewed(contrast, &data.units, word),
        ),
        (Row::QuantileContrast, _) => {
            let beyond = gap.terms.iter().filter_map(|term| match term.what {
                What::Quantile(q) => Some(in_tail(data.units.count(), q)),
                What::Mean | What::Sd => None,
            });
            let fewest = beyond.fold(f64::INFINITY, f64::min);
            (
                format!("enough {word} beyond the quantile"),
                Some(counted(fewest, &format!("{word} lie there"))),
            )
        }
        (Row::Smooth, _) => (
            format!("enough {word} for the bootstrap to see the tails"),
            None,
        ),
        (Row::Levels, Procedure::Levels(found)) => match found.test {
            LevelTest::Hotelling(_) => (
                format!("enough {word} for their mean contrasts to be near normal; levels may vary and correlate as they like"),
                None,
            ),
            LevelTest::Permuted(_) => (
                "that the levels are exchangeable within an item if none has an effect".to_owned(),
                None,
            ),
        },
        (Row::Correlation, _) => (
            "a relation that is linear, in values or in ranks, with a few outliers at most".to_owned(),
            None,
        ),
        (Row::Anytime, _) => (
            "that every item in the planned order has the same expected score, whatever the others were; no shape of their distribution".to_owned(),
            None,
        ),
        _ => ("nothing else".to_owned(), None),
    };
    let first = format!(
        "It assumes independent {word}, which follows from how they were chosen and cannot be seen in the scores, and {assumed}."
    );
    std::iter::once(first).chain(found).collect()
}

fn counted(n: f64, what: &str) -> String {
    let shown = (n * 10.0).round() / 10.0;
    if n >= ENOUGH - 1e-9 {
        format!("That held: {shown} {what}, and 10 are asked for.")
    } else {
        format!("That is in doubt: {shown} {what}, and 10 are asked for.")
    }
}

/// Counts the units with a value other than zero.
fn differing(contrast: &[f64], units: &Units) -> f64 {
    let mut differs = vec![false; units.count()];
    for (value, unit) in contrast.iter().zip(units.of()) {
        differs[*unit] |= *value != 0.0;
    }
    differs.iter().filter(|differs| **differs).count() as f64
}

/// Judges by Cochran's rule, `G > 25 γ²`, on the sums of the units.
fn skewed(contrast: &[f64], units: &Units, word: &str) -> Option<String> {
    let mut sums = vec![0.0; units.count()];
    for (value, unit) in contrast.iter().zip(units.of()) {
        sums[*unit] += value;
    }
    let Ok(skew) = skewness(&sums) else {
        return Some(format!(
            "There is no spread: all {word} agree, and p is that of the sign test."
        ));
    };
    let needed = (25.0 * skew * skew).floor() + 1.0;
    let (had, verdict) = (units.count(), units.count() as f64 >= needed);
    Some(format!(
        "{}: their skewness of {skew:.2} asks for {needed} {word} (Cochran's rule, n > 25 γ²), and there are {had}.",
        if verdict { "That held" } else { "That is in doubt" }
    ))
}
