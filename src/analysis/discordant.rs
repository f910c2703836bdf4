//! The items behind a paired comparison: those on which only one side was right.

use crate::base::ItemOrder;
use crate::record::{Observation, Observed, Place};
use crate::spec::{Claim, Experiment, Hypothesis, Sample, Scale};

use super::analyse::History;
use super::error::AnalysisError;
use super::evaluate::Question;
use super::findings::{Discordant, DiscordantItem};
use super::linear::What;
use super::samples::{Column, Lost, Samples, shared};
use super::stopping::Course;
use super::supports::question;
use crate::record::SampleSource;

/// The most items of each direction that findings hold.
const MOST: usize = 20;

/// The most characters of an answer that findings hold.
const LONGEST: usize = 400;

/// How many items are wanted of each direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    First(usize),
    All,
}

/// Returns the items on which only one side of a claim was right, where it compares two
/// conditions on one binary metric item by item.
///
/// With repeats a side is right on an item when more than half of its repeats are.
pub(super) fn discordant(
    claim: &Claim,
    samples: &mut Samples<'_>,
) -> Result<Option<Discordant>, AnalysisError> {
    find(claim, samples, Wanted::First(MOST))
}

/// Returns all items on which only one side of a hypothesis was right; `None` where it does
/// not compare two conditions on one binary metric item by item.
///
/// # Errors
///
/// When the samples cannot be read.
pub fn all_discordant(
    experiment: &Experiment,
    source: &dyn SampleSource,
    history: &History,
    hypothesis: &Hypothesis,
) -> Result<Option<Discordant>, AnalysisError> {
    let mut samples = Samples::new(experiment, source)?;
    // Of the items that its numbers are of, where it was decided early.
    let course = Course::of(&mut samples, history)?;
    samples.cut(course.over());
    let named = |own: &Hypothesis| own.name == hypothesis.name;
    let index = experiment.hypotheses.iter().position(named);
    samples.look(index.and_then(|index| course.window(index)));
    find(&hypothesis.claim, &mut samples, Wanted::All)
}

fn find(
    claim: &Claim,
    samples: &mut Samples<'_>,
    wanted: Wanted,
) -> Result<Option<Discordant>, AnalysisError> {
    let Some([left, right]) = sides(claim, samples.experiment) else {
        return Ok(None);
    };
    let mut read = Vec::new();
    let mut columns = Vec::new();
    for sample in [&left, &right] {
        let observed = samples.of(&sample.condition, &sample.metric)?;
        let lost = Lost::trials(samples.rule(sample, What::Mean));
        columns.push(Column::new(&observed, lost));
        read.push(observed);
    }
    let items = shared(&columns).unwrap_or_default();
    let right_on = |column: &Column| -> Vec<bool> {
        column
            .of(&items)
            .map(|own| own.iter().sum::<f64>() > 0.5 * own.len() as f64)
            .collect()
    };
    let verdicts = [right_on(&columns[0]), right_on(&columns[1])];
    let total = samples.source().items()?;
    let order = ItemOrder::new(samples.experiment.header.seed, total).items;
    let only = |side: usize| -> Vec<u32> {
        let mut found: Vec<u32> = items
            .iter()
            .enumerate()
            .filter(|(at, _)| verdicts[side][*at] && !verdicts[1 - side][*at])
            .map(|(_, item)| *item)
            .collect();
        found.sort_by_key(|item| order.rank(u64::from(*item)));
        found
    };
    let described = |found: &[u32], first_is_right: bool| {
        let most = match wanted {
            Wanted::First(most) => most.min(found.len()),
            Wanted::All => found.len(),
        };
        let mut listed = Vec::new();
        for item in &found[..most] {
            let answer = |side: usize, is_right: bool| {
                let sample = if side == 0 { &left } else { &right };
                answer(samples, sample, &read[side], *item, is_right)
            };
            listed.push(DiscordantItem {
                id: samples.source().id_of(*item)?,
                left: answer(0, first_is_right)?,
                right: answer(1, !first_is_right)?,
            });
        }
        Ok::<_, AnalysisError>(listed)
    };
    let (one, other) = (only(0), only(1));
    let (only_left, only_right) = (described(&one, true)?, described(&other, false)?);
    let count = |found: &[u32]| u32::try_from(found.len()).unwrap_or(u32::MAX);
    Ok(Some(Discordant {
        only_left_count: count(&one),
        only_right_count: count(&other),
        only_left,
        only_right,
        left: left.condition,
        right: right.condition,
        metric: left.metric,
    }))
}

/// Returns the two samples of a paired comparison of one binary metric.
fn sides(claim: &Claim, experiment: &Experiment) -> Option<[Sample; 2]> {
    if experiment.header.design.is_unpaired() {
        return None;
    }
    let asked = question(claim, 1.0).ok()?;
    let (Question::Compare { gap, .. } | Question::Equivalent { gap, .. }) = asked;
    let [left, right] = gap.terms.as_slice() else { return None };
    let one = left.sample.metric == right.sample.metric
        && left.sample.scale == Scale::Binary
        && left.sample.condition != right.sample.condition;
    (one && gap.common_factor().is_some() && gap.named.is_none())
        .then(|| [left.sample.clone(), right.sample.clone()])
}

/// Returns the answer of the first repeat that is as right as most are.
fn answer(
    samples: &Samples<'_>,
    sample: &Sample,
    observed: &[Observed],
    item: u32,
    is_right: bool,
) -> Result<Option<String>, AnalysisError> {
    let from = observed.partition_point(|one| one.item < item);
    let own = observed[from..].iter().take_while(|one| one.item == item);
    let typical = own.clone().find(|one| match one.value {
        Observation::Value(value) => (value > 0.5) == is_right,
        Observation::Failed | Observation::ScoreFailed | Observation::Unscored => false,
    });
    let Some((condition, _)) = samples.experiment.condition(&sample.condition) else {
        return Ok(None);
    };
    let Some(repeat) = typical.or_else(|| own.clone().next()).map(|one| one.repeat)
    else {
        return Ok(None);
    };
    let condition = u32::try_from(condition).unwrap_or(u32::MAX);
    let text = samples.source().answer(Place { item, condition, repeat })?;
    Ok(text.map(|text| cut(&text)))
}

/// Cuts a text in the middle, since answers mostly end with what was decided.
fn cut(text: &str) -> String {
    let count = text.chars().count();
    if count <= LONGEST {
        return text.to_owned();
    }
    let head: String = text.chars().take(LONGEST / 4).collect();
    let tail: String = text.chars().skip(count - (LONGEST - LONGEST / 4 - 3)).collect();
    format!("{head} … {tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_answer_keeps_its_beginning_and_its_end() {
        let text = format!("begin{}end", "x".repeat(1_000));
        let shown = cut(&text);
        assert_eq!(shown.chars().count(), LONGEST);
        assert!(shown.starts_with("begin") && shown.ends_with("end"), "{shown}");
        assert_eq!(cut("short"), "short");
    }
}
