//! What a vote came to: the output, and what it says of itself.

use std::sync::Arc;

use crate::base::Stream;
use crate::record::{Failure, FailureKind, Marks, Output, Vote as Cast};
use crate::script::{ScriptRun, to_json, vote_value};
use crate::strategy::context::TrialContext;
use crate::strategy::vote::Vote;
use crate::strategy::vote::ballot::{Standing, grouped, speaks};
use crate::strategy::vote::rules::Rule;
use crate::strategy::vote::run::{Heard, Reply};
use crate::text::{AnswerKey, answer, shown};

/// An answer that won.
#[derive(Debug, Default)]
struct Won {
    /// Those who gave it.
    voters: Vec<usize>,
    /// Its text, where that is not the first voter's.
    text: Option<String>,
    confidence: Option<f64>,
    /// The most who gave another one.
    next: usize,
}

impl Vote {
    /// Counts what was heard.
    pub(super) fn decide(
        &self,
        heard: Heard,
        ctx: &TrialContext,
    ) -> Result<Output, Failure> {
        if heard.replies.iter().all(|reply| reply.result.is_err()) {
            return Err(nobody(&heard.replies));
        }
        let spoke =
            heard.ballots.iter().filter(|ballot| speaks(ballot, &self.counting.rule));
        let answered = spoke.count();
        if answered < self.quorum {
            return Err(self.too_few(answered));
        }
        let won = match (heard.sure, &self.chooser) {
            (Some(sure), _) => self.sure(&heard, sure),
            (None, Some(_)) => self.chosen(&heard, ctx)?,
            (None, None) => self.counted(&heard, ctx),
        };
        // Where all abstain there is a text all the same, that of the first who answered.
        let silent = won.is_none()
            && answered == 0
            && self.chooser.is_none()
            && self.counting.rule != Rule::Unanimous;
        Ok(self.output(heard, won, silent))
    }

    fn sure(&self, heard: &Heard, sure: usize) -> Option<Won> {
        let standings = grouped(&heard.ballots, self.counting.alike);
        let index = standings.iter().position(|one| one.voters.contains(&sure))?;
        let confidence = heard.ballots.get(sure)?.confidence;
        let mut won = Won { confidence, next: next(&standings, index), ..Won::default() };
        won.voters.clone_from(&standings.get(index)?.voters);
        won.text = heard
            .replies
            .get(sure)
            .and_then(|reply| reply.result.as_ref().ok())
            .map(|output| output.text.clone());
        Some(won)
    }

    fn counted(&self, heard: &Heard, ctx: &TrialContext) -> Option<Won> {
        let standings = self.counting.standings(&heard.ballots);
        let draw = |bound: usize| {
            let mut stream = Stream::from_digest(&ctx.random_key("ties"));
            usize::try_from(stream.below(bound as u64)).unwrap_or(0)
        };
        let index = self.counting.winner(&standings, draw)?;
        let standing = standings.get(index)?;
        let text = (self.counting.rule == Rule::Ranked)
            .then(|| ranked_text(&heard.replies, &standing.key));
        Some(Won {
            voters: standing.voters.clone(),
            text,
            confidence: self.confidence(heard, &standings, standing),
            next: next(&standings, index),
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "at most thousands of members")]
    fn confidence(
        &self,
        heard: &Heard,
        standings: &[Standing],
        standing: &Standing,
    ) -> Option<f64> {
        match &self.counting.rule {
            Rule::Majority | Rule::Unanimous => {
                Some(share(standing.voters.len(), heard.replies.len()))
            }
            Rule::Weighted(_) => {
                let spoke = heard.ballots.iter().filter(|ballot| ballot.key.is_some());
                let all: f64 = spoke.map(|ballot| ballot.weight.abs()).sum();
                (all > 0.0).then(|| (standing.score / all).clamp(0.0, 1.0))
            }
            Rule::BestConfidence => Some(standing.score).filter(|sure| *sure >= 0.0),
            Rule::Ranked => {
                let spoke = heard.ballots.iter();
                let spoke = spoke.filter(|one| speaks(one, &self.counting.rule)).count();
                let most = spoke * (standings.len() - 1);
                Some(if most == 0 { 1.0 } else { standing.score / most as f64 })
            }
        }
    }

    /// Asks the closure which answer wins.
    fn chosen(&self, heard: &Heard, ctx: &TrialContext) -> Result<Option<Won>, Failure> {
        let Some(chooser) = &self.chooser else { return Ok(None) };
        let votes = self.votes(&heard.replies, &[]);
        let votes: rhai::Array = votes.iter().map(vote_value).collect();
        let run = ScriptRun::keyed(ctx.random_key("vote by"));
        let chosen = chooser.call(vec![votes.into()], &run).map_err(|failure| {
            Failure::new(FailureKind::Script, failure.placed(&self.sources))
        })?;
        let chosen = to_json(&chosen);
        let Some(key) = answer::key(&chosen) else { return Ok(None) };
        let standings = grouped(&heard.ballots, None);
        let index = standings.iter().position(|one| one.key == key);
        let voters = index.and_then(|index| standings.get(index));
        let voters = voters.map(|one| one.voters.clone()).unwrap_or_default();
        Ok(Some(Won {
            text: voters.is_empty().then(|| shown(&chosen)),
            confidence: Some(share(voters.len(), heard.replies.len())),
            next: next(&standings, index.unwrap_or(usize::MAX)),
            voters,
        }))
    }

    fn output(&self, heard: Heard, won: Option<Won>, silent: bool) -> Output {
        let called = heard.replies.len();
        let undecided = won.is_none();
        let won = won.unwrap_or_default();
        let votes = self.votes(&heard.replies, &won.voters);
        let results: Vec<Option<Arc<Output>>> =
            heard.replies.into_iter().map(|reply| reply.result.ok()).collect();
        let speaker = heard.sure.or(won.voters.first().copied());
        let spoken = match speaker {
            Some(speaker) => results.into_iter().nth(speaker).flatten(),
            None => results.into_iter().flatten().next(),
        };
        let spoken = spoken.map(Arc::unwrap_or_clone).unwrap_or_default();
        let marks = Marks {
            consensus: Some(share(won.voters.len(), called)),
            margin: Some(share(won.voters.len(), called) - share(won.next, called)),
            members_called: u32::try_from(called).ok(),
            ..spoken.marks
        };
        if undecided && !silent {
            return Output { votes, marks, ..Output::default() };
        }
        let text = won.text.unwrap_or(spoken.text);
        Output { text, confidence: won.confidence, votes, marks, ..spoken }
    }

    fn votes(&self, replies: &[Reply], winners: &[usize]) -> Vec<Cast> {
        replies
            .iter()
            .zip(&self.members)
            .enumerate()
            .map(|(index, (reply, member))| Cast {
                member: member.name().to_owned(),
                model: member.model().map(str::to_owned),
                answer: reply.answer.clone(),
                confidence: reply.result.as_ref().ok().and_then(|one| one.confidence),
                latency: reply.usage.latency,
                cost: reply.usage.cost,
                won: winners.contains(&index),
                error: reply.result.as_ref().err().map(ToString::to_string),
            })
            .collect()
    }

    fn too_few(&self, answered: usize) -> Failure {
        let (all, quorum) = (self.members.len(), self.quorum);
        let message = format!("{answered} of {all} members answered, {quorum} must");
        Failure::new(FailureKind::Quorum, message)
    }
}

/// The most voters of another answer.
fn next(standings: &[Standing], winner: usize) -> usize {
    let others = standings.iter().enumerate().filter(|(index, _)| *index != winner);
    others.map(|(_, one)| one.voters.len()).max().unwrap_or(0)
}

/// The answer that won a ranking as somebody wrote it.
fn ranked_text(replies: &[Reply], key: &AnswerKey) -> String {
    let parts = replies.iter().flat_map(|reply| {
        let list = reply.answer.as_array().map(Vec::as_slice);
        list.unwrap_or(std::slice::from_ref(&reply.answer))
    });
    let mut same = parts.filter(|part| answer::key(part).as_ref() == Some(key));
    same.next().map(shown).unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "a vote has at most thousands of members")]
fn share(part: usize, all: usize) -> f64 {
    if all == 0 { 0.0 } else { part as f64 / all as f64 }
}

/// The failure of a vote in which no member answered: that of its first member, if all
/// failed alike.
fn nobody(replies: &[Reply]) -> Failure {
    let first = replies.iter().find_map(|reply| reply.result.as_ref().err());
    let reason = first.map_or_else(String::new, |failure| format!(": {failure}"));
    let all = replies.len();
    Failure::new(FailureKind::Quorum, format!("all {all} members failed{reason}"))
}
