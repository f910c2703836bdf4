//! `vote`: several strategies answer, and a rule says which answer wins.
//!
//! What wins, and when it is settled, are pure functions of the ballots (`rules`, `stop`);
//! `run` calls the members in the order that the vote's schedule says. To add a way of
//! counting, add a variant of `Rule`, its score, its word in `signature` and what does not
//! go with it in `check`.

mod ballot;
mod build;
mod calibrate;
mod check;
mod outcome;
mod reckon;
mod rules;
mod run;
mod signature;
mod stop;

use std::sync::Arc;

use async_trait::async_trait;

use crate::model::Gateway;
use crate::record::{Failure, Item, Output};
use crate::script::{Callable, Extractor};
use crate::spec::SourceText;
use crate::strategy::context::TrialContext;
use crate::strategy::contract::{Combinator, Strategy};
use crate::strategy::forecast::CallForecast;
use crate::strategy::hedge::Hedge;
use crate::strategy::past::{Past, Took};

use self::calibrate::Calibration;
use self::rules::Counting;
pub(super) use self::signature::{ANSWER, SAME, SIGNATURE};
pub use self::signature::{SCHEDULES, SIMILAR};

pub(super) const COMBINATOR: Combinator =
    Combinator { signature: SIGNATURE, build: build::build };

/// Asks its members and returns the answer that wins.
///
/// # Source
///
/// X. Wang, J. Wei, D. Schuurmans, Q. Le, E. Chi, S. Narang, A. Chowdhery and D. Zhou,
/// "Self-Consistency Improves Chain of Thought Reasoning in Language Models", ICLR 2023.
#[derive(Debug)]
pub struct Vote {
    name: String,
    members: Vec<Arc<dyn Strategy>>,
    answer: Option<Extractor>,
    counting: Counting,
    /// Where the weights are learned from.
    calibration: Option<Calibration>,
    /// A closure of the votes that says which answer wins, in place of the rule.
    chooser: Option<Callable>,
    schedule: Schedule,
    /// The fewest members that must answer.
    quorum: usize,
    /// The share of the trials in which each member is reckoned to be called.
    shares: Vec<f64>,
    sources: Arc<[SourceText]>,
}

/// In which order the members are called, and when that ends.
#[derive(Debug)]
enum Schedule {
    /// All at the same time.
    Parallel,
    /// One after the other, until the winner is settled or has this share of all members.
    Sequential { until: Option<f64> },
    /// One after the other, until one is as sure as this.
    Cascade { confidence: f64 },
    /// The first, with the others as its backups.
    Hedged(Box<Hedge>),
}

#[async_trait]
impl Strategy for Vote {
    async fn run(&self, ctx: &TrialContext) -> Result<Output, Failure> {
        self.vote(ctx).await
    }

    fn forecast(&self, item: &Item, gateway: &Gateway) -> CallForecast {
        let calibration = self.calibration.as_ref().map(|calibration| {
            let once = self.members.iter().map(|member| member.forecast(item, gateway));
            let once = once.fold(CallForecast::default(), CallForecast::beside);
            once.repeated(calibration.len()).times(calibration.share())
        });
        let members = self.members.iter().zip(&self.shares);
        let each =
            members.map(|(member, share)| (member.forecast(item, gateway), *share));
        let votes = match &self.schedule {
            Schedule::Hedged(hedge) => hedge.forecast(item, gateway),
            Schedule::Parallel => each
                .map(|(forecast, _)| forecast)
                .fold(CallForecast::default(), CallForecast::beside),
            Schedule::Sequential { .. } | Schedule::Cascade { .. } => each
                .map(|(forecast, share)| CallForecast {
                    seconds: forecast.seconds * share,
                    ..forecast.times(share)
                })
                .fold(CallForecast::default(), CallForecast::then),
        };
        match calibration {
            Some(once) => CallForecast { seconds: votes.seconds, ..votes.beside(once) },
            None => votes,
        }
    }

    fn learns(&self) -> bool {
        let raced = matches!(&self.schedule, Schedule::Hedged(hedge) if hedge.learns());
        raced || self.members.iter().any(|member| member.learns())
    }

    fn recall(&self, ctx: &TrialContext, past: &Past<'_>) -> Option<Took> {
        let join = match &self.schedule {
            Schedule::Hedged(hedge) => return hedge.recall(ctx, past),
            Schedule::Parallel => Took::beside,
            Schedule::Sequential { .. } | Schedule::Cascade { .. } => Took::then,
        };
        let places = (0..self.members.len()).map(|index| ctx.child(index));
        let called = self.members.iter().zip(places);
        let called = called.take_while(|(_, place)| past.is_known(place));
        // Each of them is to learn, also where one does not say what it took.
        let took: Vec<Option<Took>> =
            called.map(|(member, place)| member.recall(&place, past)).collect();
        took.into_iter().collect::<Option<Vec<Took>>>()?.into_iter().reduce(join)
    }

    fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests;
