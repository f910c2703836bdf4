//! Calling the members.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::record::{Failure, FailureKind, Marks, Output, Usage, Vote as Cast};
use crate::script::ScriptRun;
use crate::strategy::context::{Ran, TrialContext};
use crate::strategy::hedge::Hedge;
use crate::strategy::vote::ballot::Ballot;
use crate::strategy::vote::stop::{Needs, is_settled};
use crate::strategy::vote::{Schedule, Vote};
use crate::text::answer;

/// What a member that was called replied.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) result: Result<Arc<Output>, Failure>,
    pub(super) usage: Usage,
    pub(super) answer: Json,
}

/// What was heard when the members had been called.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// The replies, in the order of the members.
    pub(super) replies: Vec<Reply>,
    pub(super) ballots: Vec<Ballot>,
    /// The member whose answer is taken without counting: it is sure enough.
    pub(super) sure: Option<usize>,
}

impl Vote {
    /// Runs the vote.
    pub(super) async fn vote(&self, ctx: &TrialContext) -> Result<Output, Failure> {
        self.calibrated(ctx).await?;
        let mut heard = Heard::default();
        match &self.schedule {
            Schedule::Hedged(hedge) => return self.hedged(ctx, hedge).await,
            Schedule::Parallel => {
                for ran in ctx.run_all(&self.members).await {
                    self.hear(&mut heard, ran, ctx)?;
                }
            }
            Schedule::Sequential { until } => {
                let needs = Needs {
                    members: self.members.len(),
                    quorum: self.quorum,
                    until: *until,
                };
                for member in 0..self.members.len() {
                    self.ask(&mut heard, member, ctx).await?;
                    if is_settled(&self.counting, &heard.ballots, needs) {
                        break;
                    }
                }
            }
            Schedule::Cascade { confidence } => {
                for member in 0..self.members.len() {
                    self.ask(&mut heard, member, ctx).await?;
                    let enough = |ballot: &Ballot| {
                        ballot.key.is_some()
                            && ballot.confidence.is_some_and(|sure| sure >= *confidence)
                    };
                    if heard.ballots.last().is_some_and(enough) {
                        heard.sure = Some(member);
                        break;
                    }
                }
            }
        }
        self.decide(heard, ctx)
    }

    /// Calls one member, after those before it.
    async fn ask(
        &self,
        heard: &mut Heard,
        member: usize,
        ctx: &TrialContext,
    ) -> Result<(), Failure> {
        let Some(strategy) = self.members.get(member) else { return Ok(()) };
        let child = ctx.child(member);
        let result = ctx.run_at(&child, strategy.as_ref()).await;
        self.hear(heard, Ran { result, usage: child.usage() }, ctx)
    }

    /// Takes up what the next member came to.
    fn hear(
        &self,
        heard: &mut Heard,
        ran: Ran,
        ctx: &TrialContext,
    ) -> Result<(), Failure> {
        let result = ran.result.map(Arc::new);
        let answer = match &result {
            Ok(output) => self.answer(output, ctx)?,
            Err(_) => Json::Null,
        };
        let confidence = result.as_ref().ok().and_then(|output| output.confidence);
        heard.ballots.push(Ballot {
            key: answer::key(&answer),
            confidence,
            weight: self.counting.weight(heard.ballots.len(), confidence),
        });
        heard.replies.push(Reply { result, usage: ran.usage, answer });
        Ok(())
    }

    pub(super) fn answer(
        &self,
        output: &Arc<Output>,
        ctx: &TrialContext,
    ) -> Result<Json, Failure> {
        let Some(extractor) = &self.answer else {
            return Ok(Json::String(output.text.clone()));
        };
        let run = ScriptRun::keyed(ctx.random_key("vote"));
        extractor.extract(output, &run).map_err(|failure| {
            Failure::new(FailureKind::Script, failure.placed(&self.sources))
        })
    }

    /// Runs the members as a race.
    async fn hedged(&self, ctx: &TrialContext, hedge: &Hedge) -> Result<Output, Failure> {
        let raced = hedge.race(ctx).await?;
        let called = u32::try_from(raced.runs.len()).ok();
        let votes = raced.runs.into_iter().zip(&self.members).enumerate();
        let votes = votes.map(|(index, (run, member))| {
            let won = index == raced.won;
            let late = || "another member answered first".to_owned();
            Cast {
                member: member.name().to_owned(),
                model: member.model().map(str::to_owned),
                answer: if won { raced.output.text.clone().into() } else { Json::Null },
                confidence: raced.output.confidence.filter(|_| won),
                latency: run.usage.latency.filter(|_| won),
                cost: run.usage.cost,
                won,
                error: if won { None } else { Some(run.failure.unwrap_or_else(late)) },
            }
        });
        let votes = votes.collect();
        // Nobody voted: there is no consensus, and no margin.
        let marks = Marks {
            consensus: None,
            margin: None,
            members_called: called,
            ..raced.output.marks
        };
        Ok(Output { votes, marks, ..raced.output })
    }
}
