//! The race itself: the primary, the backups that start behind it, and what they took.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use serde::{Deserialize, Serialize};
use tokio::time::{Duration, Instant, sleep_until};

use crate::record::{Failure, Marks, Output, Usage};
use crate::strategy::context::{Gathering, TrialContext, backups_among};
use crate::strategy::contract::Strategy;
use crate::strategy::heat::Heat;
use crate::strategy::hedge::Hedge;
use crate::strategy::hedge::site::{Site, Ticket};
use crate::strategy::past::{Ended, Took};

/// What one run of a race came to.
type Finished = (usize, Result<Output, Failure>);

/// What a race came to, as a recording keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Decided {
    /// Runs that were started, the primary among them.
    started: usize,
    /// The run that answered first.
    won: usize,
    /// Seconds from the admission of the primary to the answer, where they are known.
    latency: Option<f64>,
    /// Seconds from the admission of the primary to the first backup.
    after: Option<f64>,
}

/// What a race came to.
#[derive(Debug)]
pub(in crate::strategy) struct Raced {
    /// The winner's output.
    pub(in crate::strategy) output: Output,
    /// The run that won.
    pub(in crate::strategy) won: usize,
    /// Every run that was started.
    pub(in crate::strategy) runs: Vec<Started>,
}

/// A run of a race that was started.
#[derive(Debug)]
pub(in crate::strategy) struct Started {
    /// What it took.
    pub(in crate::strategy) usage: Usage,
    /// Why it failed, if it did so before somebody won.
    pub(in crate::strategy) failure: Option<String>,
}

/// A race while it is run.
struct Race<'a> {
    hedge: &'a Hedge,
    ctx: &'a TrialContext,
    runs: FuturesUnordered<BoxFuture<'a, Finished>>,
    /// The places of the runs, and when each started.
    places: Vec<TrialContext>,
    heats: Vec<Arc<Heat>>,
    starts: Vec<Instant>,
    /// Why runs failed that did.
    failures: BTreeMap<usize, String>,
}

impl<'a> Race<'a> {
    fn new(hedge: &'a Hedge, ctx: &'a TrialContext) -> Self {
        Self {
            hedge,
            ctx,
            runs: FuturesUnordered::new(),
            places: Vec::new(),
            heats: Vec::new(),
            starts: Vec::new(),
            failures: BTreeMap::new(),
        }
    }

    /// The strategy of a run: the primary is run 0.
    fn strategy(&self, run: usize) -> Option<&'a Arc<dyn Strategy>> {
        match run.checked_sub(1) {
            None => Some(&self.hedge.primary),
            Some(backup) => self.hedge.backups.get(backup),
        }
    }

    /// Starts the next run; says whether there was one left.
    fn start(&mut self, gathering: &mut Gathering<'_>) -> bool {
        let run = self.places.len();
        let Some(strategy) = self.strategy(run) else { return false };
        let (place, heat) = self.ctx.child(run).in_heat();
        gathering.add(place.clone());
        self.places.push(place.clone());
        self.heats.push(heat);
        self.starts.push(Instant::now());
        self.runs.push(Box::pin(async move {
            let result = place.finish(strategy.as_ref()).await;
            (run, result)
        }));
        true
    }

    fn is_full(&self) -> bool {
        self.places.len() > self.hedge.backups.len()
    }
}

impl Hedge {
    /// Runs the race.
    pub(in crate::strategy) async fn race(
        &self,
        ctx: &TrialContext,
    ) -> Result<Raced, Failure> {
        if let Some(decision) = ctx.recorded_decision() {
            let decided = decision
                .ok()
                .and_then(|text| serde_json::from_str::<Decided>(&text).ok());
            return match decided {
                Some(decided) => self.again(ctx, decided).await,
                None => self.guessed(ctx).await,
            };
        }
        let site = self.delay.site(ctx)?;
        let mut gathering = Gathering::of_race(ctx);
        let mut race = Race::new(self, ctx);
        race.start(&mut gathering);
        let first = Arc::clone(&race.heats[0]);
        let mut course = Course::new(&site);
        let mut failure = None;
        let winner = loop {
            tokio::select! {
                biased;
                Some((run, result)) = race.runs.next() => match result {
                    Ok(output) => break Some((run, output)),
                    Err(failed) => {
                        course.failed(run, &race);
                        race.failures.insert(run, failed.to_string());
                        failure.get_or_insert(failed);
                        // What failed is not late: the next one starts at once.
                        if race.runs.is_empty() && !course.next(&mut race, &mut gathering) {
                            break None;
                        }
                    }
                },
                at = first.admitted(), if course.ticket.is_none() => course.leaves(at),
                () = until(course.fires), if course.fires.is_some() => {
                    course.next(&mut race, &mut gathering);
                }
            }
        };
        let Some((won, output)) = winner else {
            let taken = race.places.iter().map(TrialContext::usage).reduce(Usage::then);
            let hedged = backups_among(&race.places);
            drop(race);
            let taken = taken.unwrap_or_default();
            gathering.end(Usage { hedged: taken.hedged + hedged, ..taken });
            return Err(failure.unwrap_or_else(|| {
                Failure::new(crate::record::FailureKind::Quorum, "nobody answered")
            }));
        };
        let decided = course.over(won, &race);
        Ok(finish(race, gathering, decided, output))
    }

    /// Runs a race again as it was recorded.
    async fn again(
        &self,
        ctx: &TrialContext,
        decided: Decided,
    ) -> Result<Raced, Failure> {
        let mut gathering = Gathering::of_race(ctx);
        let mut race = Race::new(self, ctx);
        let mut won = None;
        for run in 0..decided.started {
            if !race.start(&mut gathering) {
                break;
            }
            let heat = Arc::clone(&race.heats[run]);
            // A run that lost says so when it comes to the call that was cancelled.
            tokio::select! {
                biased;
                Some((run, result)) = race.runs.next() => {
                    if run == decided.won {
                        won = Some(result?);
                    } else if let Err(failed) = result {
                        race.failures.insert(run, failed.to_string());
                    }
                }
                () = heat.lost() => {}
            }
        }
        match won {
            Some(output) => Ok(finish(race, gathering, decided, output)),
            None => Err(Failure::new(
                crate::record::FailureKind::NotReplayed,
                "the run that won the recorded race is not in the recording",
            )),
        }
    }
}

impl Hedge {
    /// Runs a race again of which only the calls were recorded: the first run that was not
    /// cancelled won. Where all were, a race further out was decided.
    async fn guessed(&self, ctx: &TrialContext) -> Result<Raced, Failure> {
        let mut gathering = Gathering::of_race(ctx);
        let mut race = Race::new(self, ctx);
        while race.start(&mut gathering) {
            let heat = Arc::clone(&race.heats[race.heats.len() - 1]);
            let ended = tokio::select! {
                biased;
                ended = race.runs.next() => ended,
                () = heat.lost() => None,
            };
            let (won, output) = match ended {
                None => continue,
                Some((run, Ok(output))) => (run, output),
                Some((0, Err(failure))) => return Err(failure),
                // It was never started.
                Some((_, Err(_))) => break,
            };
            let usages = race.places.iter().map(TrialContext::usage);
            let latency = usages.reduce(Usage::beside).and_then(|all| all.latency);
            let started = race.places.len();
            let decided = Decided { started, won, latency, after: None };
            return Ok(finish(race, gathering, decided, output));
        }
        ctx.lose();
        std::future::pending().await
    }
}

/// What a race knows of its site while it is run.
struct Course<'a> {
    site: &'a Site,
    ticket: Option<Ticket>,
    /// When the primary was admitted.
    admitted: Option<Instant>,
    delay: Option<Duration>,
    fires: Option<Instant>,
    failed: Vec<usize>,
}

impl<'a> Course<'a> {
    fn new(site: &'a Site) -> Self {
        let failed = Vec::new();
        Self { site, ticket: None, admitted: None, delay: None, fires: None, failed }
    }

    fn leaves(&mut self, at: Instant) {
        let (ticket, delay) = self.site.leaves(at);
        self.ticket = Some(ticket);
        self.admitted = Some(at);
        self.delay = delay;
        self.fires = delay.map(|delay| at + delay);
    }

    /// Starts the next backup if there is one and the budget has it.
    fn next(&mut self, race: &mut Race<'_>, gathering: &mut Gathering<'_>) -> bool {
        self.fires = None;
        if race.is_full() || !self.site.take() {
            return false;
        }
        let started = race.start(gathering);
        if started && !race.is_full() {
            self.fires = self.delay.map(|delay| Instant::now() + delay);
        }
        started
    }

    fn failed(&mut self, run: usize, race: &Race<'_>) {
        self.failed.push(run);
        match run {
            0 => self.cut(),
            _ => self.site.backup(race.starts[run].elapsed().as_secs_f64(), false),
        }
    }

    fn cut(&mut self) {
        if let (Some(ticket), Some(at)) = (self.ticket, self.admitted) {
            self.site.cut(ticket, at.elapsed().as_secs_f64());
        }
    }

    /// Tells the site what the runs took, and returns what the race came to.
    fn over(&mut self, won: usize, race: &Race<'_>) -> Decided {
        let took = race.places[won].usage().latency;
        let begun = self.admitted.unwrap_or(race.starts[0]);
        match (won, self.ticket) {
            (0, Some(ticket)) => {
                let seconds = took.unwrap_or_else(|| begun.elapsed().as_secs_f64());
                self.site.ended(ticket, seconds);
            }
            (_, Some(_)) => self.cut(),
            (_, None) => {}
        }
        for run in 1..race.places.len() {
            if self.failed.contains(&run) {
                continue;
            }
            let seconds = race.starts[run].elapsed().as_secs_f64();
            match (run == won, took) {
                (true, Some(took)) => self.site.backup(took, true),
                (true, None) => {}
                (false, _) => self.site.backup(seconds, false),
            }
        }
        let behind = |run: usize| {
            let start: Instant = race.starts[run];
            start.saturating_duration_since(begun).as_secs_f64()
        };
        let started = race.places.len();
        Decided {
            started,
            won,
            latency: took.map(|took| if won == 0 { took } else { behind(won) + took }),
            after: (started > 1).then(|| behind(1)),
        }
    }
}

impl Drop for Course<'_> {
    /// A race that is dropped says that its primary took at least so long.
    fn drop(&mut self) {
        self.cut();
    }
}

/// Cancels what lost, and adds up what all took.
fn finish(
    race: Race<'_>,
    gathering: Gathering<'_>,
    decided: Decided,
    output: Output,
) -> Raced {
    let Race { ctx, runs, places, heats, mut failures, .. } = race;
    if let Ok(text) = serde_json::to_string(&decided)
        && !ctx.gateway().is_replay()
    {
        ctx.keep_decision(&text);
    }
    heats.iter().for_each(|heat| heat.decide());
    drop(runs);
    let hedged = backups_among(&places);
    let mine = places.get(decided.won).map(TrialContext::usage).unwrap_or_default();
    let mut all = mine;
    for (run, place) in places.iter().enumerate() {
        if run != decided.won {
            let lost = place.usage();
            let wasted = all.wasted_cost.zip(lost.cost).map(|(a, b)| a + b);
            all = Usage { wasted_cost: None, ..all.beside(lost) };
            all.wasted_cost = wasted;
        }
    }
    // The winner's, from the start of the race.
    let begun = decided.latency.zip(mine.latency).map(|(all, own)| (all - own).max(0.0));
    gathering.end(Usage {
        latency: decided.latency,
        ttft: begun.zip(mine.ttft).map(|(begun, first)| begun + first),
        waited: mine.waited,
        hedged: all.hedged + hedged,
        ..all
    });
    let marks = Marks {
        won_by: u32::try_from(decided.won).ok(),
        hedged_after: decided.after,
        ..output.marks
    };
    let started = places.iter().enumerate().map(|(run, place)| Started {
        usage: place.usage(),
        failure: failures.remove(&run),
    });
    let runs = started.collect();
    Raced { output: Output { marks, ..output }, won: decided.won, runs }
}

/// Returns what a race of an earlier session took: what was dropped took at least as long as
/// the race, and behind a primary that failed a backup starts at once.
pub(super) fn took(primary: Took, backups: &[Took]) -> Took {
    let answered = |run: &&Took| run.ended == Ended::Answered;
    let behind = |run: Took| match primary.ended {
        Ended::Answered | Ended::Dropped => primary.seconds,
        Ended::Failed => primary.seconds + run.seconds,
    };
    match backups.iter().find(answered) {
        _ if primary.ended == Ended::Answered => primary,
        Some(winner) => Took { seconds: behind(*winner), ended: Ended::Answered },
        None => backups.iter().fold(primary, |all, run| all.then(*run)),
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
