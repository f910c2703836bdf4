//! What a change of an experiment asks for.

use crate::base::Digest;
use crate::spec::{Experiment, Metric};

/// What has to be done again when an experiment changes. Each asks for what stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Nothing: every text is as it was.
    Nothing,
    /// The analysis and the reports, from the scores that are there.
    Analysis,
    /// Scores of a metric that is new or another, from the answers that are there.
    Scores,
    /// Trials: those that are new or others.
    Trials,
}

/// Says what a change asks for. The items are compared by `items`: whether they are the same.
#[must_use]
pub fn change(before: &Experiment, after: &Experiment, items: bool) -> Change {
    if !items || trials(before) != trials(after) {
        return Change::Trials;
    }
    let known = |metric: &Metric| {
        let same = |other: &Metric| {
            other.name == metric.name && other.call.digest() == metric.call.digest()
        };
        before.metrics.iter().any(same)
    };
    if !after.metrics.iter().all(known) {
        return Change::Scores;
    }
    let texts = |experiment: &Experiment| -> Vec<(String, Digest)> {
        let digest = |text: &str| Digest::of(text.as_bytes());
        let sources = experiment.sources.iter();
        sources.map(|source| (source.path.clone(), digest(&source.text))).collect()
    };
    // What a value is set to on the command line stands in no text.
    let same = before.digest() == after.digest() && texts(before) == texts(after);
    if same { Change::Nothing } else { Change::Analysis }
}

/// Returns what the ids of trials are made of, and which trials there are.
fn trials(experiment: &Experiment) -> impl PartialEq {
    let header = &experiment.header;
    let conditions = experiment.conditions.iter();
    let conditions: Vec<(String, Digest)> =
        conditions.map(|one| (one.name.clone(), one.strategy.digest())).collect();
    (
        experiment.name.clone(),
        header.seed,
        header.repeats.max(1),
        header.design,
        conditions,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;
    use crate::lang::{self, Files};
    use crate::script::Host;

    struct One(String);

    impl Files for One {
        fn read(&self, _: &str) -> Result<Vec<u8>, String> {
            Ok(self.0.clone().into_bytes())
        }
    }

    const TEXT: &str = "experiment e \"E\" { seed: 1 }\n\
        model m = sim(accuracy: 60%, limit: 10/s)\n\
        dataset d = items(9, |i| #{ input: `${i}`, target: i })\n\
        condition one = ask(m)\n\
        condition two = vote(repeat(m, 3), answer: last_number)\n\
        metric correct = exact_match(extract: last_number)\n\
        hypothesis h { claim: two.correct > one.correct }\n\
        report { formats: [markdown] }\n";

    fn experiment(text: &str) -> Experiment {
        let files = One(text.to_owned());
        let signatures = catalogue::signatures();
        let loaded = lang::load("e.crucible", &files, &signatures, &Host::default(), &[]);
        loaded.experiment.unwrap_or_else(|| panic!("{text}: {:?}", loaded.diagnostics))
    }

    #[test]
    fn a_change_asks_for_the_least_that_it_touches() {
        let before = experiment(TEXT);
        for (old, new, wanted) in [
            ("seed: 1", "seed: 1", Change::Nothing),
            ("\"E\"", "\"Another title\"", Change::Analysis),
            ("seed: 1", "seed: 1, correction: bonferroni", Change::Analysis),
            ("[markdown]", "[html]", Change::Analysis),
            ("10/s", "20/s", Change::Analysis),
            ("> one.correct", "> one.correct + 1pp", Change::Analysis),
            ("metric", "// a comment\nmetric", Change::Analysis),
            ("last_number)\nhypo", "first_number)\nhypo", Change::Scores),
            ("metric", "metric other = contains()\nmetric", Change::Scores),
            ("60%", "61%", Change::Trials),
            ("repeat(m, 3)", "repeat(m, 5)", Change::Trials),
            ("seed: 1", "seed: 2", Change::Trials),
            ("seed: 1", "seed: 1, repeats: 2", Change::Trials),
            ("condition two", "condition three = ask(m)\ncondition two", Change::Trials),
            ("experiment e", "experiment f", Change::Trials),
        ] {
            let text = TEXT.replacen(old, new, 1);
            assert_eq!(
                change(&before, &experiment(&text), true),
                wanted,
                "{old} → {new}"
            );
        }
        assert_eq!(change(&before, &before, false), Change::Trials, "other items");
    }

    #[test]
    fn a_metric_that_goes_asks_for_no_scores() {
        let more = TEXT.replace("metric", "metric other = contains()\nmetric");
        let change = change(&experiment(&more), &experiment(TEXT), true);
        assert_eq!(change, Change::Analysis);
    }
}
