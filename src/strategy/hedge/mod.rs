//! `hedge`: a second request where the first is late, and the first answer wins.

mod bandit;
mod delay;
mod race;
mod site;
mod survival;

use std::sync::Arc;

use async_trait::async_trait;

use crate::base::Stream;
use crate::model::Gateway;
use crate::record::{Failure, Item, Output};
use crate::spec::{Call, Complaint, Fallback, Param, Signature, Type};
use crate::strategy::context::TrialContext;
use crate::strategy::contract::{BuildError, Builder, Combinator, Strategy};
use crate::strategy::forecast::CallForecast;
use crate::strategy::past::{Past, Took};

pub use self::delay::BY_WORKLOAD;
use self::delay::Delay;

/// Starts the same work again where it is late, and takes the first answer.
///
/// # Source
///
/// J. Dean and L. A. Barroso, "The Tail at Scale", Communications of the ACM 56(2), 2013,
/// 74–80.
#[derive(Debug)]
pub struct Hedge {
    name: String,
    primary: Arc<dyn Strategy>,
    backups: Vec<Arc<dyn Strategy>>,
    delay: Delay,
}

/// The words for quantiles of the latency.
pub(super) const QUANTILES: &[(&str, f64)] =
    &[("p50", 0.5), ("p75", 0.75), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)];

/// Extra requests of an adaptive hedge that names no budget.
const USUAL_BUDGET: f64 = 0.1;

/// The most backups.
const MOST: u64 = 10;

/// What `after:` takes.
pub(super) const AFTER: Type = Type::OneOf(&[
    Type::Duration,
    Type::Fraction,
    Type::Choice(&["p50", "p75", "p90", "p95", "p99", "adaptive"]),
    Type::Delay,
]);

const SIGNATURE: Signature = Signature::new(
    "hedge",
    Type::Strategy,
    "Starts the same work once more where it is late, takes the first answer and cancels the rest.",
)
.with_details(
    "`after:` is how long the first request may take before the second starts, counted from its admission: a duration; `p90` or any share such as `92%`, the quantile of the latencies of this hedge's own primaries as they come, in which a request that was cancelled or is under way counts as *at least* so long (Kaplan-Meier); `adaptive`, which finds the delay with the least 99th percentile within the budget (Thompson sampling over both curves of survival); or `by_workload(|item| class, after: p90)`, which learns each class of items apart. Until twenty primaries ended no quantile is known and nothing is hedged. Each further backup starts after the same delay again. A request that fails starts the next backup at once. `budget:` caps the backups at a share of the primaries so far, over the whole run.\n\nThe loser is dropped: its connection closes, what it may have cost is booked at its upper bound, and its latency enters the estimate as cut off. The measures `hedged`, `won_by`, `requests` and `wasted_cost` say what became of it. Hedging helps where slowness belongs to the request (a queue, a machine's pause): then a tail of stragglers shrinks to little more than the delay and one usual latency. It cannot help where slowness belongs to the item (a long answer), where every request is about equally slow, or where the extra load makes the provider slower.\n\n| tail (`after: p90, budget: 10%`, 3,000 trials) | p99 plain | p99 hedged | less | extra requests |\n| --- | --- | --- | --- | --- |\n| stragglers: 4% at 20 times a median of 40 ms | 872 ms | 107 ms | 88% | 7.7% |\n| log-normal, σ = 0.6 | 167 ms | 137 ms | 18% | 9.1% |\n| constant | 48 ms | 48 ms | 0% | 0% |\n\nMeasured by `crucible-run examples/hedging.crucible`; `adaptive` came to 102 ms, 138 ms and 48 ms. The 50% to 75% for 5% to 15% more requests that are often promised hold for stragglers alone.",
)
.with_params(&[
    Param::required("strategy", Type::Strategy, "What is done, and hedged."),
    Param::default(
        "after",
        AFTER,
        Fallback::Word("p95"),
        "How late the work must be before a backup starts.",
    ),
    Param::default(
        "backups",
        Type::Count,
        Fallback::Quantity(1.0, crate::base::Unit::One),
        "The most backups for one trial, 1 to 10; without `to:` each is the strategy itself.",
    ),
    Param::optional(
        "to",
        Type::OneOf(&[Type::Strategy, Type::List(&Type::Strategy)]),
        "What a backup does: another model or strategy, or a list, one for each backup.",
    ),
    Param::optional(
        "budget",
        Type::Fraction,
        "The most backups as a share of the primaries, over the whole run; 10% for `adaptive` where it is not given.",
    ),
    Param::optional("prompt", Type::Prompt, "What is sent to each bare model in it."),
])
.with_example("condition hedged = hedge(api, after: p95, budget: 10%)")
.with_check(check);

pub(super) const COMBINATOR: Combinator = Combinator { signature: SIGNATURE, build };

/// Finds what is wrong with `after` and `budget`.
pub(super) fn check_delay(call: &Call) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if let Some(budget) =
        call.quantity("budget").filter(|b| !(b.value > 0.0 && b.value <= 10.0))
    {
        complaints.push(Complaint {
            param: Some("budget"),
            message: format!("`budget` is {budget}, wanted more than 0%"),
            help: Some("`budget: 10%` for one backup in ten requests".to_owned()),
        });
    }
    complaints.extend(call.arg("after").into_iter().flat_map(delay::check));
    complaints
}

fn check(call: &Call) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if let Some(n) = call.count("backups").filter(|n| !(1..=MOST).contains(n)) {
        complaints.push(Complaint {
            param: Some("backups"),
            message: format!("`backups` is {n}, wanted 1 to {MOST}"),
            help: Some("`backups: 1`".to_owned()),
        });
    }
    complaints.extend(check_delay(call));
    complaints
}

fn build(call: &Call, builder: &dyn Builder) -> Result<Arc<dyn Strategy>, BuildError> {
    let Some(strategy) = call.arg("strategy") else {
        return Err(BuildError::new("`hedge` needs a strategy", call.span));
    };
    let primary = builder.strategy(strategy)?;
    let wanted = call.count("backups").unwrap_or(1).clamp(1, MOST);
    let given = call.args.get("backups").is_some_and(|argument| argument.given);
    let to: Vec<Arc<dyn Strategy>> = match call.args.get("to") {
        None => Vec::new(),
        Some(argument) => match argument.value.as_list() {
            Some(list) => list
                .iter()
                .map(|value| builder.strategy(value))
                .collect::<Result<_, _>>()?,
            None => vec![builder.strategy(&argument.value)?],
        },
    };
    let count = if given { wanted } else { wanted.max(to.len() as u64) };
    let backups = (0..usize::try_from(count).unwrap_or(1))
        // Further backups than `to:` names do what the last one does.
        .map(|index| to.get(index).or(to.last()).unwrap_or(&primary).clone())
        .collect();
    let delay = Delay::of(call, builder, call.number("budget"))?;
    Ok(Arc::new(Hedge { name: call.shown().to_owned(), primary, backups, delay }))
}

impl Hedge {
    /// Returns the race of strategies, the first of which is the primary and the others its
    /// backups, one after the other. The call has the delay, in `after`.
    pub(super) fn among(
        members: &[Arc<dyn Strategy>],
        call: &Call,
        builder: &dyn Builder,
    ) -> Result<Self, BuildError> {
        let Some((primary, backups)) = members.split_first() else {
            return Err(BuildError::new("a race needs somebody who runs it", call.span));
        };
        let delay = Delay::of(call, builder, call.number("budget"))?;
        let (primary, backups) = (Arc::clone(primary), backups.to_vec());
        Ok(Self { name: call.shown().to_owned(), primary, backups, delay })
    }
}

#[async_trait]
impl Strategy for Hedge {
    async fn run(&self, ctx: &TrialContext) -> Result<Output, Failure> {
        self.race(ctx).await.map(|raced| raced.output)
    }

    fn forecast(&self, item: &Item, gateway: &Gateway) -> CallForecast {
        let primary = self.primary.forecast(item, gateway);
        let late = self.delay.late(primary.seconds);
        let fires = self.delay.budget().map_or(late, |budget| late.min(budget));
        let mut all = primary.clone();
        let mut share = fires;
        for backup in &self.backups {
            all = all.beside(backup.forecast(item, gateway).times(share));
            share *= fires;
        }
        CallForecast { seconds: primary.seconds, ..all }
    }

    fn learns(&self) -> bool {
        let mut all = self.backups.iter();
        self.delay.learns() || self.primary.learns() || all.any(|one| one.learns())
    }

    fn recall(&self, ctx: &TrialContext, past: &Past<'_>) -> Option<Took> {
        let strategies = std::iter::once(&self.primary).chain(&self.backups);
        let places = (0..=self.backups.len()).map(|run| ctx.child(run));
        let started = strategies.zip(places);
        let started = started.take_while(|(_, place)| past.is_known(place));
        let runs: Vec<Option<Took>> =
            started.map(|(one, place)| one.recall(&place, past)).collect();
        let runs = runs.into_iter().collect::<Option<Vec<Took>>>()?;
        let (primary, backups) = runs.split_first()?;
        self.delay.site(ctx).ok()?.recalls(*primary, backups);
        Some(race::took(*primary, backups))
    }

    fn model(&self) -> Option<&str> {
        let model = self.primary.model()?;
        let same = |backup: &Arc<dyn Strategy>| backup.model() == Some(model);
        self.backups.iter().all(same).then_some(model)
    }

    fn name(&self) -> &str {
        &self.name
    }
}

/// Returns the stream of a site's choices.
fn stream(name: &str) -> Stream {
    Stream::new(0, &format!("hedge/{name}"))
}

#[cfg(test)]
mod tests;
