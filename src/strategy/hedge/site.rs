//! What the trials of one hedge learn together: latencies, the delay, extra requests.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::{Duration, Instant};

use crate::base::Stream;
use crate::strategy::hedge::bandit;
use crate::strategy::hedge::survival::Survival;
use crate::strategy::past::{Ended, Took};

/// Requests that must have ended before their latencies are trusted.
const ENOUGH: u64 = 20;

/// Requests after which the delay is worked out anew.
const STALE: u32 = 25;

/// Requests after which it is, while no delay is known.
const SOON: u32 = 5;

/// Backups that may be saved up for a bad moment.
const MOST_TOKENS: f64 = 100.0;

/// When a backup starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Rule {
    /// After so long.
    Fixed(Duration),
    /// Once a request takes longer than this share of them, 0 to 1.
    Quantile(f64),
    /// After what a bandit finds to be best within a share of extra requests.
    Adaptive(f64),
}

/// What the trials of one hedge, or of one class of its items, learn together.
#[derive(Debug)]
pub(super) struct Site {
    rule: Rule,
    /// Extra requests for each primary; no bound where `None`.
    budget: Option<f64>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    primaries: Survival,
    backups: Survival,
    /// Primaries under way, by a number of their own.
    under_way: BTreeMap<u64, Instant>,
    next: u64,
    tokens: f64,
    delay: Option<Duration>,
    since: u32,
    stream: Stream,
}

/// A primary that is under way; it ends as one of three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

impl Site {
    pub(super) fn new(rule: Rule, budget: Option<f64>, stream: Stream) -> Self {
        let state = State {
            primaries: Survival::default(),
            backups: Survival::default(),
            under_way: BTreeMap::new(),
            next: 0,
            tokens: 0.0,
            delay: None,
            since: STALE,
            stream,
        };
        Self { rule, budget, state: Mutex::new(state) }
    }

    /// Notes that a primary leaves; returns when its backup starts, if it is to have one.
    pub(super) fn leaves(&self, at: Instant) -> (Ticket, Option<Duration>) {
        let mut state = self.locked();
        let ticket = state.next;
        state.next += 1;
        state.under_way.insert(ticket, at);
        if let Some(budget) = self.budget {
            state.tokens = (state.tokens + budget).min(MOST_TOKENS);
        }
        state.since += 1;
        let delay = match self.rule {
            Rule::Fixed(delay) => Some(delay),
            Rule::Quantile(_) | Rule::Adaptive(_) => {
                if state.since >= STALE {
                    state.since = 0;
                    state.delay = state.worked_out(self.rule, at);
                    if state.delay.is_none() {
                        state.since = STALE - SOON;
                    }
                }
                state.delay
            }
        };
        (Ticket(ticket), delay)
    }

    /// Takes the right to one backup, if the budget has one.
    pub(super) fn take(&self) -> bool {
        if self.budget.is_none() {
            return true;
        }
        let mut state = self.locked();
        let may = state.tokens >= 1.0;
        if may {
            state.tokens -= 1.0;
        }
        may
    }

    /// Notes that a primary ended after so many seconds.
    pub(super) fn ended(&self, ticket: Ticket, seconds: f64) {
        let mut state = self.locked();
        if state.under_way.remove(&ticket.0).is_some() {
            state.primaries.ended(seconds);
        }
    }

    /// Notes that a primary was dropped, or failed, after so many seconds.
    pub(super) fn cut(&self, ticket: Ticket, seconds: f64) {
        let mut state = self.locked();
        if state.under_way.remove(&ticket.0).is_some() {
            state.primaries.censored(seconds);
        }
    }

    /// Notes how long a backup took, or that it was dropped by then.
    pub(super) fn backup(&self, seconds: f64, has_ended: bool) {
        let mut state = self.locked();
        if has_ended {
            state.backups.ended(seconds);
        } else {
            state.backups.censored(seconds);
        }
    }

    /// Learns again what a race of an earlier session taught, and what it took of the budget.
    pub(super) fn recalls(&self, primary: Took, backups: &[Took]) {
        let mut state = self.locked();
        let is_first = primary.ended == Ended::Answered;
        if is_first {
            state.primaries.ended(primary.seconds);
        } else {
            state.primaries.censored(primary.seconds);
        }
        for backup in backups {
            match backup.ended {
                Ended::Answered if !is_first => state.backups.ended(backup.seconds),
                Ended::Answered | Ended::Failed | Ended::Dropped => {
                    state.backups.censored(backup.seconds);
                }
            }
        }
        if let Some(budget) = self.budget {
            let left = state.tokens + budget - backups.len() as f64;
            state.tokens = left.min(MOST_TOKENS);
        }
        state.since = STALE;
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        // Counts are whole whatever became of a thread.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn worked_out(&mut self, rule: Rule, now: Instant) -> Option<Duration> {
        if self.primaries.seen() < ENOUGH {
            return None;
        }
        let under_way = self.under_way.values();
        let elapsed =
            under_way.map(|at| now.saturating_duration_since(*at).as_secs_f64());
        let curve = self.primaries.curve(elapsed);
        let seconds = match rule {
            Rule::Fixed(delay) => return Some(delay),
            Rule::Quantile(q) => Some(curve.quantile(q)),
            Rule::Adaptive(budget) => {
                // Until backups were seen they are taken for what primaries are.
                let backups = if self.backups.seen() < ENOUGH {
                    curve.clone()
                } else {
                    self.backups.curve(std::iter::empty())
                };
                bandit::choose(&curve, &backups, budget, &mut self.stream)
            }
        };
        seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(rule: Rule, budget: Option<f64>) -> Site {
        Site::new(rule, budget, Stream::new(1, "site"))
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_hedged_before_latencies_are_known() {
        let site = site(Rule::Quantile(0.9), None);
        for n in 1..=60_u32 {
            let (ticket, delay) = site.leaves(Instant::now());
            assert_eq!(delay.is_some(), n >= 21, "{n}");
            site.ended(ticket, 0.1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn extra_requests_never_exceed_their_share_of_the_primaries() {
        let site = site(Rule::Fixed(Duration::ZERO), Some(0.1));
        let mut backups = 0;
        for primaries in 1..=1_000_u32 {
            let _left = site.leaves(Instant::now());
            backups += u32::from(site.take());
            assert!(f64::from(backups) <= 0.1 * f64::from(primaries) + 1e-9);
        }
        assert!((98..=100).contains(&backups), "{backups}");
    }

    /// Latencies in seconds.
    type Law = fn(&mut Stream) -> f64;

    fn stragglers(stream: &mut Stream) -> f64 {
        let factor = if stream.unit() < 0.04 { 20.0 } else { 1.0 };
        0.04 * factor * (0.2 * stream.normal()).exp()
    }

    fn lognormal(stream: &mut Stream) -> f64 {
        0.04 * (0.6 * stream.normal()).exp()
    }

    fn constant(_: &mut Stream) -> f64 {
        0.04
    }

    /// The 99th percentile and the share of extra requests with a fixed delay.
    fn fixed(law: Law, delay: Option<f64>) -> (f64, f64) {
        let mut stream = Stream::new(99, "fixed");
        let mut extra = 0.0;
        let mut took: Vec<f64> = (0..100_000)
            .map(|_| {
                let (first, second) = (law(&mut stream), law(&mut stream));
                match delay {
                    Some(delay) if first > delay => {
                        extra += 1.0;
                        first.min(delay + second)
                    }
                    _ => first,
                }
            })
            .collect();
        took.sort_by(f64::total_cmp);
        (took[99_000], extra / 100_000.0)
    }

    /// Runs a site for so many requests, one after the other; returns its delay then, and
    /// the backups that it started.
    fn learn(law: Law, rule: Rule, budget: f64, seed: u64) -> (Option<f64>, u32) {
        let site = Site::new(rule, Some(budget), Stream::new(seed, "learn"));
        let mut stream = Stream::new(seed, "requests");
        let mut backups = 0;
        let now = Instant::now();
        for _ in 0..2_000 {
            let (ticket, delay) = site.leaves(now);
            let (first, second) = (law(&mut stream), law(&mut stream));
            let late = delay.map(|d| d.as_secs_f64()).filter(|delay| first > *delay);
            match late.filter(|_| site.take()) {
                Some(delay) => {
                    backups += 1;
                    if first <= delay + second {
                        site.ended(ticket, first);
                        site.backup(first - delay, false);
                    } else {
                        site.cut(ticket, delay + second);
                        site.backup(second, true);
                    }
                }
                None => site.ended(ticket, first),
            }
        }
        let (_, delay) = site.leaves(now);
        (delay.map(|delay| delay.as_secs_f64()), backups)
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_learned_blind_is_near_the_best_fixed_delay_on_each_tail() {
        let budget = 0.1;
        for (name, law) in [
            ("stragglers", stragglers as Law),
            ("lognormal", lognormal),
            ("constant", constant),
        ] {
            let grid = (1..60).map(|step| Some(0.04 * 1.05_f64.powi(step - 10)));
            let best = std::iter::once(None)
                .chain(grid)
                .map(|delay| fixed(law, delay))
                .filter(|(_, extra)| *extra <= budget)
                .map(|(tail, _)| tail)
                .fold(f64::INFINITY, f64::min);
            for seed in 0..20 {
                let (delay, backups) = learn(law, Rule::Adaptive(budget), budget, seed);
                let (tail, _) = fixed(law, delay);
                assert!(
                    tail <= 1.15 * best,
                    "{name}, seed {seed}: {delay:?} gives {tail}, the best {best}"
                );
                assert!(f64::from(backups) <= 200.0, "{name}: {backups}");
            }
        }
    }
}
