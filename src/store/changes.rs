//! What of an experiment changed under a hypothesis.

use std::collections::BTreeSet;

use crate::spec::{Experiment, Hypothesis};

/// Names what a hypothesis reaches that is other than in an earlier experiment, where its
/// digest there is the one of the family.
pub(super) fn changes(
    own: &Experiment,
    earlier: &Experiment,
    hypothesis: &Hypothesis,
    then: &str,
) -> Option<String> {
    let before = earlier.hypotheses.iter().find(|one| one.name == hypothesis.name)?;
    if before.digest.to_string() != then || before.digest == hypothesis.digest {
        return None;
    }
    let mut found: Vec<String> = Vec::new();
    let mut tell = |changed: bool, what: &str| {
        if changed {
            found.push(what.to_owned());
        }
    };
    tell(before.claim != hypothesis.claim, "its claim");
    tell(before.alpha.total_cmp(&hypothesis.alpha).is_ne(), "its `alpha`");
    tell(before.alternative != hypothesis.alternative, "its `alternative`");
    tell(before.test != hypothesis.test, "its `test`");
    tell(before.over != hypothesis.over, "its `over`");
    let (header, old) = (&own.header, &earlier.header);
    tell(header.correction != old.correction, "`correction`");
    tell(header.repeats != old.repeats, "`repeats`");
    tell(header.cluster != old.cluster, "`cluster`");
    tell(header.design != old.design, "`design`");
    tell(header.stop != old.stop, "`stop`");
    let data = |one: &Experiment| one.dataset.as_ref().map(|data| data.call.digest());
    tell(data(own) != data(earlier), "the dataset");
    let samples = hypothesis.claim.samples();
    let conditions: BTreeSet<&str> =
        samples.iter().map(|sample| sample.condition.as_str()).collect();
    for name in conditions {
        let digest = |one: &Experiment| {
            one.condition(name).map(|(_, condition)| condition.strategy.digest())
        };
        tell(digest(own) != digest(earlier), &format!("the condition {name}"));
    }
    let metrics: BTreeSet<&str> =
        samples.iter().map(|sample| sample.metric.as_str()).collect();
    for name in metrics {
        let digest = |one: &Experiment| {
            let metric = one.metrics.iter().find(|metric| metric.name == name)?;
            Some((metric.call.digest(), metric.scale, metric.missing))
        };
        tell(digest(own) != digest(earlier), &format!("the metric {name}"));
    }
    (!found.is_empty()).then(|| found.join(", "))
}
