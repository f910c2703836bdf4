//! The frontier of accuracy against cost over a family: which members no other one beats.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::spec::{Experiment, Scale};

use super::findings::{ConditionFindings, MetricFindings};

/// What was found of accuracy against cost over the members of one family.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FrontierFindings {
    /// The family's name.
    pub family: String,
    /// The metric that is the accuracy: the first of the file that is yes or no.
    pub metric: String,
    /// The measure that is the cost: `cost`, or `requests` where no member costs money.
    pub cost: String,
    /// The members, from cheap to dear.
    pub members: Vec<FrontierMember>,
}

/// Where one member of a family stands between accuracy and cost.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FrontierMember {
    /// The condition.
    pub condition: String,
    /// Its mean accuracy.
    pub accuracy: f64,
    /// The interval of that, 95%.
    pub accuracy_ci: Option<[f64; 2]>,
    /// Its mean cost of a trial, in dollars or requests.
    pub cost: f64,
    /// The interval of that, 95%.
    pub cost_ci: Option<[f64; 2]>,
    /// The member that dominates it: at least as accurate and no dearer, and better in one of
    /// both; of several the most accurate. `None` on the frontier.
    pub dominated_by: Option<String>,
    /// Whether the intervals bear that out: in what the other one is better, they do not touch.
    pub is_clear: bool,
}

/// Returns the frontiers of the families whose members have an accuracy and a cost that
/// differs, in file order.
///
/// # Source
///
/// V. Pareto, Manuale di economia politica, Milan 1906, chapter VI (dominance).
pub(super) fn frontiers(
    experiment: &Experiment,
    conditions: &IndexMap<String, ConditionFindings>,
) -> Vec<FrontierFindings> {
    let mut families: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for condition in &experiment.conditions {
        if let Some(member) = &condition.family {
            families.entry(&member.family).or_default().push(&condition.name);
        }
    }
    let metrics: Vec<&str> = experiment
        .metrics
        .iter()
        .filter(|metric| metric.scale == Scale::Binary)
        .map(|metric| metric.name.as_str())
        .collect();
    families
        .into_iter()
        .filter_map(|(family, members)| frontier(family, &members, &metrics, conditions))
        .collect()
}

fn frontier(
    family: &str,
    members: &[&str],
    metrics: &[&str],
    conditions: &IndexMap<String, ConditionFindings>,
) -> Option<FrontierFindings> {
    let known = |name: &str| -> Option<Vec<&MetricFindings>> {
        let of = |member: &&str| {
            let found = conditions.get(*member)?.metrics.get(name)?;
            found.mean.is_some().then_some(found)
        };
        members.iter().map(of).collect()
    };
    let differs = |found: &[&MetricFindings]| {
        let means = || found.iter().filter_map(|one| one.mean);
        let least = means().fold(f64::INFINITY, f64::min);
        means().any(|mean| mean > least)
    };
    let metric = metrics.iter().find(|metric| known(metric).is_some())?;
    let accuracy = known(metric)?;
    let (cost, costs) = ["cost", "requests"].into_iter().find_map(|name| {
        known(name).filter(|found| differs(found)).map(|found| (name, found))
    })?;
    let both = members.iter().zip(accuracy.iter().zip(&costs));
    let mut standing: Vec<FrontierMember> = both
        .filter_map(|(condition, (accuracy, cost))| {
            Some(FrontierMember {
                condition: (*condition).to_owned(),
                accuracy: accuracy.mean?,
                accuracy_ci: accuracy.ci,
                cost: cost.mean?,
                cost_ci: cost.ci,
                ..FrontierMember::default()
            })
        })
        .collect();
    standing.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    let verdicts: Vec<_> = standing.iter().map(|one| dominator(one, &standing)).collect();
    for (member, found) in standing.iter_mut().zip(verdicts) {
        (member.dominated_by, member.is_clear) = match found {
            Some((name, is_clear)) => (Some(name), is_clear),
            None => (None, false),
        };
    }
    Some(FrontierFindings {
        family: family.to_owned(),
        metric: (*metric).to_owned(),
        cost: cost.to_owned(),
        members: standing,
    })
}

/// Finds who dominates a member, and says whether the intervals bear it out.
fn dominator(one: &FrontierMember, all: &[FrontierMember]) -> Option<(String, bool)> {
    let dominates = |other: &&FrontierMember| {
        other.accuracy >= one.accuracy
            && other.cost <= one.cost
            && (other.accuracy > one.accuracy || other.cost < one.cost)
    };
    let best = all.iter().filter(dominates).reduce(|best, other| {
        if other.accuracy > best.accuracy { other } else { best }
    })?;
    let apart = |low: Option<[f64; 2]>, high: Option<[f64; 2]>| {
        low.zip(high).is_some_and(|(low, high)| low[1] < high[0])
    };
    let more = best.accuracy > one.accuracy;
    let cheaper = best.cost < one.cost;
    let is_clear = (!more || apart(one.accuracy_ci, best.accuracy_ci))
        && (!cheaper || apart(best.cost_ci, one.cost_ci));
    Some((best.condition.clone(), is_clear))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, accuracy: f64, cost: f64) -> FrontierMember {
        FrontierMember {
            condition: name.to_owned(),
            accuracy,
            accuracy_ci: Some([accuracy - 0.02, accuracy + 0.02]),
            cost,
            cost_ci: Some([cost * 0.9, cost * 1.1]),
            ..FrontierMember::default()
        }
    }

    #[test]
    fn who_is_beaten_on_both_axes_is_not_on_the_frontier() {
        let all = [
            member("one", 0.70, 1.0),
            member("three", 0.80, 3.0),
            member("four", 0.79, 4.0),
            member("nine", 0.90, 9.0),
            member("ten", 0.80, 10.0),
            member("twin", 0.80, 3.0),
        ];
        let found: Vec<_> = all.iter().map(|one| dominator(one, &all)).collect();
        assert_eq!(found[..2], [None, None]);
        let by = |name: &str, is_clear| Some((name.to_owned(), is_clear));
        assert_eq!(found[2], by("three", false), "one point is within the intervals");
        assert_eq!(found[3], None);
        assert_eq!(found[4], by("nine", false), "the costs 9 and 10 are not told apart");
        assert_eq!(found[5], None, "two that are equal do not beat one another");
    }

    #[test]
    fn dominance_is_clear_where_no_interval_touches() {
        let all = [member("good", 0.9, 1.0), member("bad", 0.8, 2.0)];
        assert_eq!(dominator(&all[1], &all), Some(("good".to_owned(), true)));
        let unknown = FrontierMember { cost_ci: None, ..all[1].clone() };
        assert_eq!(dominator(&unknown, &all), Some(("good".to_owned(), false)));
    }
}
