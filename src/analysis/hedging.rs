//! The audit of hedges: when backups started, who won, what that gained and what it cost.

use indexmap::IndexMap;

use crate::base::ItemOrder;
use crate::record::{Observation, Observed};
use crate::spec::{Call, Condition, Experiment, Value};
use crate::stats::{
    Interval, PercentileBootstrap, PlugIn, Pooled, ProportionMethod, Resampling,
    proportion_interval, quantile,
};

use super::error::AnalysisError;
use super::findings::{HedgeAudit, TailAudit, Winner};
use super::samples::Samples;

/// Level of the intervals.
const LEVEL: f64 = 0.95;

/// Parts of the planned order whose delays are told apart.
const PARTS: usize = 4;

/// The quantiles of the latency that are compared.
const QUANTILES: [f64; 4] = [0.5, 0.9, 0.95, 0.99];

/// The name of the combinator whose primary is looked for among the other conditions.
const HEDGE: &str = "hedge";

/// Returns the audit of every condition whose trials were hedged, in file order.
pub(super) fn audits(
    samples: &mut Samples<'_>,
) -> Result<IndexMap<String, HedgeAudit>, AnalysisError> {
    let experiment = samples.experiment;
    let mut found = IndexMap::new();
    for condition in &experiment.conditions {
        if samples.gives(&condition.name, "won_by")? {
            let audit = audit(samples, experiment, condition)?;
            found.extend(audit.map(|audit| (condition.name.clone(), audit)));
        }
    }
    Ok(found)
}

fn audit(
    samples: &mut Samples<'_>,
    experiment: &Experiment,
    condition: &Condition,
) -> Result<Option<HedgeAudit>, AnalysisError> {
    let name = &condition.name;
    let hedged = values(&samples.of(name, "hedged")?);
    if hedged.is_empty() {
        return Ok(None);
    }
    let fired = hedged.iter().filter(|(_, backups)| *backups > 0.0).count() as u64;
    let trials = hedged.len() as u64;
    let share = proportion_interval(fired, trials, LEVEL, ProportionMethod::Wilson).ok();
    let won = values(&samples.of(name, "won_by")?);
    let requests = values(&samples.of(name, "requests")?);
    let (asked, backups) = (total(&requests), total(&hedged));
    let after = values(&samples.of(name, "hedged_after")?);
    let order = ItemOrder::new(experiment.header.seed, samples.items);
    let cost = values(&samples.of(name, "cost")?);
    let wasted = values(&samples.of(name, "wasted_cost")?);
    let plain = plain(experiment, condition).map(|other| other.name.clone());
    let mut tails = Vec::new();
    let own = values(&samples.of(name, "latency")?);
    let other = match &plain {
        Some(plain) => values(&samples.of(plain, "latency")?),
        None => Vec::new(),
    };
    for q in QUANTILES {
        let tail = |values: &[(u32, f64)], of: &str| {
            tail(values, q, experiment.header.seed, of, samples.items)
        };
        let Some((hedged, hedged_ci)) = tail(&own, name) else { continue };
        let plain = plain.as_deref().and_then(|plain| tail(&other, plain));
        tails.push(TailAudit {
            q,
            hedged,
            hedged_ci,
            plain: plain.map(|(value, _)| value),
            plain_ci: plain.and_then(|(_, ci)| ci),
        });
    }
    let statement = statement(&tails, fired, plain.as_deref());
    Ok(Some(HedgeAudit {
        trials,
        fired,
        fire_rate: fired as f64 / trials as f64,
        fire_rate_ci: share.and_then(ends),
        winners: winners(&won),
        delays: delays(&after, &order, samples.items),
        extra_requests: if asked > backups { backups / (asked - backups) } else { 0.0 },
        wasted_cost: (wasted.len() == hedged.len()).then(|| total(&wasted)),
        cost: (cost.len() == hedged.len()).then(|| total(&cost)),
        plain,
        tails,
        statement,
    }))
}

/// The known values, each with its item.
fn values(observed: &[Observed]) -> Vec<(u32, f64)> {
    observed
        .iter()
        .filter_map(|one| match one.value {
            Observation::Value(value) => Some((one.item, value)),
            Observation::Failed | Observation::ScoreFailed | Observation::Unscored => {
                None
            }
        })
        .collect()
}

fn total(values: &[(u32, f64)]) -> f64 {
    values.iter().map(|(_, value)| value).sum()
}

fn ends(interval: Interval) -> Option<[f64; 2]> {
    let ends = [interval.low, interval.high];
    ends.iter().all(|end| end.is_finite()).then_some(ends)
}

fn winners(won: &[(u32, f64)]) -> Vec<Winner> {
    let mut counts: Vec<u64> = Vec::new();
    for (_, by) in won {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small count"
        )]
        let by = by.max(0.0) as usize;
        if counts.len() <= by {
            counts.resize(by + 1, 0);
        }
        counts[by] += 1;
    }
    let name = |run: usize| match run {
        0 => "primary".to_owned(),
        n => format!("backup {n}"),
    };
    counts
        .into_iter()
        .enumerate()
        .map(|(run, trials)| Winner { run: name(run), trials })
        .collect()
}

/// The median delay in each part of the planned order in which a backup started.
fn delays(after: &[(u32, f64)], order: &ItemOrder, items: u32) -> Vec<Option<f64>> {
    let mut parts: Vec<Vec<f64>> = vec![Vec::new(); PARTS];
    for (item, seconds) in after {
        let rank = order.items.rank(u64::from(*item));
        let part = rank as f64 / f64::from(items.max(1)) * PARTS as f64;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a part of a whole"
        )]
        let part = (part as usize).min(PARTS - 1);
        parts[part].push(*seconds);
    }
    parts.iter().map(|part| quantile(part, 0.5).ok()).collect()
}

/// A quantile of the pooled trials with its percentile interval over items.
fn tail(
    values: &[(u32, f64)],
    q: f64,
    seed: u64,
    name: &str,
    items: u32,
) -> Option<(f64, Option<[f64; 2]>)> {
    let (owners, latencies): (Vec<usize>, Vec<f64>) =
        values.iter().map(|(item, value)| (*item as usize, *value)).unzip();
    let value = quantile(&latencies, q).ok()?;
    let plan = Resampling { resamples: 2_000, seed, name: format!("hedge/{name}/{q}") };
    let pooled =
        [Pooled { values: &latencies, units: &owners, what: PlugIn::Quantile(q) }];
    let boot = PercentileBootstrap::new(&pooled, items as usize, |part| part[0], &plan);
    Some((value, boot.and_then(|boot| boot.interval(LEVEL)).ok().and_then(ends)))
}

/// Finds the condition that does what the hedge's primary does, without the hedge.
fn plain<'a>(experiment: &'a Experiment, hedged: &Condition) -> Option<&'a Condition> {
    let primary = primary(&hedged.strategy)?;
    experiment.conditions.iter().find(|other| other.strategy.digest() == primary.digest())
}

fn primary(call: &Call) -> Option<&Call> {
    if call.name != HEDGE {
        return None;
    }
    call.arg("strategy").and_then(Value::as_call)
}

/// Says what the hedge did for the tail, and why it could not do more.
fn statement(tails: &[TailAudit], fired: u64, plain: Option<&str>) -> String {
    if fired == 0 {
        return "No backup was started: no request was late, or too few had ended for a delay to be known."
            .to_owned();
    }
    let last = tails.last();
    let (Some(plain), Some(tail)) = (plain, last) else {
        return "No condition does the same without the hedge, so what it gained cannot be said; add one to compare with."
            .to_owned();
    };
    let Some(before) = tail.plain.filter(|before| *before > 0.0) else {
        return format!(
            "The latencies of {plain} are not known, so what the hedge gained cannot be said."
        );
    };
    let less = 1.0 - tail.hedged / before;
    if less >= 0.1 {
        format!(
            "Its p99 is {:.0}% below that of {plain}: slowness belonged to the request, and asking again escaped it.",
            less * 100.0
        )
    } else {
        format!(
            "Its p99 is not clearly below that of {plain}. Hedging cannot help where slowness belongs to the item (a long answer), to one machine that answers all, or to a tail that is no worse the second time, as a log-normal one."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn winners_are_counted_by_their_place() {
        let found = winners(&[(0, 0.0), (1, 2.0), (2, 0.0)]);
        let told: Vec<_> = found.iter().map(|w| (w.run.as_str(), w.trials)).collect();
        assert_eq!(told, [("primary", 2), ("backup 1", 0), ("backup 2", 1)]);
    }

    #[test]
    fn delays_are_told_by_parts_of_the_planned_order() {
        let order = ItemOrder::new(3, 400);
        let item = |rank: u64| u32::try_from(order.items.at(rank)).unwrap();
        let after = vec![(item(0), 0.1), (item(1), 0.3), (item(399), 0.5)];
        let found = delays(&after, &order, 400);
        assert_eq!(found, [Some(0.2), None, None, Some(0.5)]);
    }

    #[test]
    fn a_tail_that_is_no_shorter_says_when_hedging_cannot_help() {
        let tail = |hedged, plain| TailAudit {
            q: 0.99,
            hedged,
            hedged_ci: None,
            plain: Some(plain),
            plain_ci: None,
        };
        assert!(statement(&[tail(0.1, 1.0)], 3, Some("a")).contains("90% below"));
        assert!(statement(&[tail(1.0, 1.0)], 3, Some("a")).contains("cannot help"));
        assert!(statement(&[tail(1.0, 1.0)], 0, Some("a")).contains("No backup"));
    }
}
