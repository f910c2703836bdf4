//! From a checked call to a vote.

use std::sync::Arc;

use crate::base::Unit;
use crate::script::Callable;
use crate::spec::{Call, Value};
use crate::strategy::contract::{BuildError, Builder, Strategy};
use crate::strategy::hedge::Hedge;
use crate::strategy::vote::calibrate::Calibration;
use crate::strategy::vote::reckon;
use crate::strategy::vote::rules::{Counting, Rule, Ties, Weights, log_odds};
use crate::strategy::vote::{Schedule, Vote};

pub(super) fn build(
    call: &Call,
    builder: &dyn Builder,
) -> Result<Arc<dyn Strategy>, BuildError> {
    let members = call.list("strategies").unwrap_or_default();
    if members.is_empty() {
        return Err(BuildError::new("`vote` needs at least one member", call.span));
    }
    let members: Vec<Arc<dyn Strategy>> = members
        .iter()
        .map(|member| builder.strategy(member))
        .collect::<Result<_, _>>()?;
    let answer = match call.args.get("answer") {
        Some(answer) => Some(builder.extractor(&answer.value, answer.span)?),
        None => None,
    };
    let mut counting = counting(call);
    let schedule = schedule(call, &members, builder)?;
    let quorum = quorum(call, members.len());
    let calibration = Calibration::of(call, builder)?;
    if calibration.is_some() {
        // What is not known yet is reckoned as if it were equal.
        counting.rule = Rule::Majority;
    }
    let shares =
        reckon::shares(&counting, &schedule, quorum, &likely(call, members.len()));
    if let Some(calibration) = &calibration {
        counting.rule = Rule::Weighted(Weights::Learned(calibration.weights()));
    }
    Ok(Arc::new(Vote {
        name: call.shown().to_owned(),
        members,
        answer,
        counting,
        calibration,
        chooser: chooser(call, builder)?,
        schedule,
        quorum,
        shares,
        sources: builder.sources(),
    }))
}

fn counting(call: &Call) -> Counting {
    let rule = match call.text("by").unwrap_or("majority") {
        "weighted" | "weighted_majority" => Rule::Weighted(weights(call)),
        "best_confidence" => Rule::BestConfidence,
        "unanimous" => Rule::Unanimous,
        "ranked" => Rule::Ranked,
        _ => Rule::Majority,
    };
    let ties = match call.text("ties").unwrap_or("first") {
        "random" => Ties::Random,
        "abstain" => Ties::Abstain,
        _ => Ties::First,
    };
    let alike = call.call("same").map(|similar| similar.number("level").unwrap_or(0.8));
    Counting { rule, ties, alike }
}

fn weights(call: &Call) -> Weights {
    match (numbers(call, "weights"), numbers(call, "accuracies")) {
        (Some(weights), _) => Weights::Fixed(weights),
        (None, Some(accuracies)) => {
            Weights::Fixed(accuracies.into_iter().map(log_odds).collect())
        }
        (None, None) => Weights::Confidence,
    }
}

fn numbers(call: &Call, name: &str) -> Option<Vec<f64>> {
    let list = call.list(name)?;
    Some(list.iter().filter_map(|value| Some(value.as_quantity()?.value)).collect())
}

/// How often each member is reckoned to give the answer that most give.
fn likely(call: &Call, members: usize) -> Vec<f64> {
    let known = numbers(call, "accuracies").unwrap_or_default();
    (0..members).map(|one| known.get(one).copied().unwrap_or(reckon::USUAL)).collect()
}

fn chooser(call: &Call, builder: &dyn Builder) -> Result<Option<Callable>, BuildError> {
    let Some(by) = call.args.get("by") else { return Ok(None) };
    let Value::Function(function) = &by.value else { return Ok(None) };
    let callable = builder.workshop().callable(function);
    callable
        .map(Some)
        .map_err(|problem| BuildError::of_script(&problem, &by.value, by.span))
}

fn schedule(
    call: &Call,
    members: &[Arc<dyn Strategy>],
    builder: &dyn Builder,
) -> Result<Schedule, BuildError> {
    let Some(schedule) = call.call("run") else {
        return Ok(match call.text("run") {
            Some("sequential") => Schedule::Sequential { until: None },
            Some(_) | None => Schedule::Parallel,
        });
    };
    Ok(match schedule.name.as_str() {
        "sequential" => Schedule::Sequential { until: schedule.number("until") },
        "cascade" => {
            Schedule::Cascade { confidence: schedule.number("confidence").unwrap_or(1.0) }
        }
        "hedged" => Schedule::Hedged(Box::new(Hedge::among(members, schedule, builder)?)),
        name => {
            let message = format!("`{name}` is not a schedule of a vote");
            return Err(BuildError::new(message, schedule.span));
        }
    })
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of at most thousands of members"
)]
fn quorum(call: &Call, members: usize) -> usize {
    match call.quantity("quorum") {
        Some(share) if share.unit == Unit::Fraction => {
            // 60% of five are three, however the product is rounded.
            (share.value * members as f64 - 1e-9).ceil() as usize
        }
        Some(count) => count.value as usize,
        None => 0,
    }
}
