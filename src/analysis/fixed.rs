//! Inference over repeats: these items are all there are, and each would be asked again.

use crate::spec::{Header, Scale};
use crate::stats::{StatsError, mean};

use super::error::{AnalysisError, Unsupported};
use super::evaluate::{Evaluated, Question, Setting};
use super::linear::{Linear, What};
use super::method::Method;
use super::samples::{Asked, Column, Samples, shared};
use super::satterthwaite::{Part, Summed, decide};

/// The test in words.
pub(super) const METHOD: Method = Method {
    test: "t over repeats",
    short: &["t", "repeats"],
    why: "Chosen because the hypothesis speaks of these items alone (over: repeats): only the repeats of an item vary.",
    interval: "t over repeats",
    resampled: false,
};

/// Says whether a contrast can be tested over repeats.
pub(super) fn fits(gap: &Linear, header: &Header) -> Result<(), Unsupported> {
    if header.stop.is_some() {
        return Err(Unsupported::new(
            "`stop:` leaves items out, and a claim `over: repeats` speaks of every one of them",
            "leave `stop:` out of the experiment, or `over:` out of the hypothesis",
        ));
    }
    if header.repeats < 2 {
        return Err(Unsupported::new(
            "a claim `over: repeats` needs two repeats of each item or more",
            "add `repeats: 3` to the `experiment`, or leave `over:` out",
        ));
    }
    if gap.terms.is_empty() {
        return Err(Unsupported::new(
            "the claim compares nothing that varies",
            "name two conditions",
        ));
    }
    if gap.terms.iter().any(|term| term.what != What::Mean) {
        return Err(Unsupported::new(
            "a quantile `over: repeats` has no test",
            "compare the means, or leave `over:` out",
        ));
    }
    Ok(())
}

/// Evaluates a question over the repeats of its items.
///
/// # Formula
///
/// ```text
/// θ̂   = n⁻¹ Σᵢ Σₜ fₜ ȳᵢₜ
/// SE² = n⁻² Σₜ fₜ² Σᵢ sᵢₜ² / Kᵢₜ,   ν by Satterthwaite from each Kᵢₜ − 1
/// ```
///
/// `sᵢₜ²` is the variance of the `Kᵢₜ` repeats of item i in term t. Binary terms get one
/// pseudo-item each, of which one repeat differs: where no repeat differs their variance is
/// small, and not nothing.
pub(super) fn evaluate(
    question: &Question,
    samples: &mut Samples<'_>,
    asked: Asked,
    setting: &Setting,
) -> Result<Evaluated, AnalysisError> {
    let gap = question.gap();
    let columns = samples.columns(gap, asked.counts)?;
    let mut items = shared(&columns).unwrap_or_default();
    let enough = |item: &u32| {
        columns
            .iter()
            .all(|column| column.of(std::slice::from_ref(item)).all(|own| own.len() > 1))
    };
    let all = items.len();
    items.retain(enough);
    let data = samples.paired(gap, asked.counts)?;
    let mut found = Evaluated::blank(question, &data, setting);
    found.method = Some(METHOD);
    (found.items, found.units) = (items.len(), items.len());
    found.unit_word = "items";
    if items.is_empty() {
        found.reason =
            Some("No item has two repeats with a value on every side.".to_owned());
        return Ok(found);
    }
    if items.len() < all {
        found.remarks.push(format!(
            "{} of {all} items have fewer than two repeats with a value on some side and are left out.",
            all - items.len()
        ));
    }
    let repeats = samples.experiment.header.repeats as usize;
    let ready = |gap: &Linear| over_repeats(gap, &columns, &items, repeats);
    match decide(&mut found, question, (asked, setting), ready) {
        Ok(summed) => found.assumptions = assumptions(&summed),
        Err(error) => {
            found.reason = Some(format!("The test could not be computed: {error}."));
        }
    }
    Ok(found)
}

fn over_repeats(
    gap: &Linear,
    columns: &[Column],
    items: &[u32],
    repeats: usize,
) -> Result<Summed, StatsError> {
    let n = items.len() as f64;
    let (mut parts, mut estimate) = (Vec::new(), 0.0);
    for (term, column) in gap.terms.iter().zip(columns) {
        let weight = (term.factor / n).powi(2);
        let mut means = Vec::with_capacity(items.len());
        for own in column.of(items) {
            let size = own.len() as f64;
            let centre = mean(own)?;
            let square: f64 = own.iter().map(|y| (y - centre).powi(2)).sum();
            means.push(centre);
            parts.push(Part {
                variance: weight * square / (size - 1.0) / size,
                df: size - 1.0,
            });
        }
        if term.sample.scale == Scale::Binary {
            let size = repeats as f64;
            parts.push(Part { variance: weight / (size * size), df: size - 1.0 });
        }
        estimate += term.factor * mean(&means)?;
    }
    Ok(Summed::new(estimate, &parts, repeats))
}

fn assumptions(found: &Summed) -> Vec<String> {
    let mut lines = vec![
        "It speaks of these items alone, asked again and again, and says nothing of other items."
            .to_owned(),
        "It assumes independent repeats, and enough of them that vary for their mean to be near normal."
            .to_owned(),
    ];
    if found.se == 0.0 {
        lines.push(
            "There is no spread: the repeats of every item agree, and p is that of the sign test over the repeats of one item."
                .to_owned(),
        );
        return lines;
    }
    let df = (found.df * 10.0).round() / 10.0;
    lines.push(if found.df >= 10.0 {
        format!("That held: what varies has {df} degrees of freedom, and 10 are asked for.")
    } else {
        format!(
            "That is in doubt: what varies has {df} degrees of freedom, and 10 are asked for."
        )
    });
    lines
}
