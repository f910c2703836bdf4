//! Strategies nested at will over models that answer, fail or hang as the test draws: every
//! trial ends, nobody asks more than was forecast, and what is booked is what was served.

#![expect(clippy::unwrap_used, reason = "a helper that fails, fails the test")]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use async_trait::async_trait;
use crucible::base::{Digest, Stream};
use crucible::catalogue::{self, Assembly, Materials, Needs};
use crucible::lang::{self, Files};
use crucible::model::{
    CallError, Gateway, GatewaySettings, Lane, Limits, Model, Price, Profile,
};
use crucible::record::{
    Answer, CallRecord, Failure, FailureKind, Output, Request, Usage,
};
use crucible::script::Host;
use crucible::strategy::{TrialContext, TrialKey};
use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use tokio::time::{sleep, timeout};

/// A strategy, as it is written in a file.
#[derive(Debug, Clone)]
enum Tree {
    Model(u8),
    /// Members with how often each is repeated, and what else the vote says.
    Vote(Vec<(Self, u8)>, u8, u8),
    /// What is hedged, its delay, its backups, and what a backup does.
    Hedge(Box<Self>, u8, u8, Option<Box<Self>>),
    Route(Vec<Self>),
    Chain(Vec<Self>),
    Fallback(Vec<Self>),
    Refine(Box<Self>, Box<Self>),
    BestOf(Box<Self>, Box<Self>),
    Debate(Vec<Self>),
    Consistency(Box<Self>, u8),
}

fn list(trees: &[Tree]) -> String {
    let written: Vec<String> = trees.iter().map(Tree::written).collect();
    format!("[{}]", written.join(", "))
}

impl Tree {
    fn written(&self) -> String {
        match self {
            Self::Model(n) => ["a", "b", "c"][usize::from(n % 3)].to_owned(),
            Self::Vote(members, by, run) => vote(members, *by, *run),
            Self::Hedge(inner, after, backups, to) => {
                let delay = [
                    "0s",
                    "40ms",
                    "p50",
                    "adaptive",
                    "by_workload(|item| item.target % 2, after: p75)",
                ][usize::from(after % 5)];
                let mut text = format!("hedge({}, after: {delay}", inner.written());
                if let Some(to) = to {
                    write!(text, ", to: {}", to.written()).unwrap();
                }
                let budget = if after % 2 == 0 { "" } else { ", budget: 50%" };
                format!("{text}, backups: {}{budget})", 1 + backups % 3)
            }
            Self::Route(all) => {
                format!("route(|item| item.target % {}, {})", all.len(), list(all))
            }
            Self::Chain(all) => format!("chain({})", list(all)),
            Self::Fallback(all) => format!("fallback({})", list(all)),
            Self::Refine(one, critic) => {
                format!("refine({}, {}, rounds: 1)", one.written(), critic.written())
            }
            Self::BestOf(one, judge) => {
                format!("best_of({}, {}, n: 2)", one.written(), judge.written())
            }
            Self::Debate(all) => format!("debate({}, rounds: 1)", list(all)),
            Self::Consistency(one, n) => {
                format!("self_consistency({}, {})", one.written(), 1 + n % 3)
            }
        }
    }
}

fn vote(members: &[(Tree, u8)], by: u8, run: u8) -> String {
    let written: Vec<String> = members
        .iter()
        .map(|(tree, n)| format!("repeat({}, {})", tree.written(), 1 + n % 2))
        .collect();
    let count: usize = members.iter().map(|(_, n)| 1 + usize::from(n % 2)).sum();
    let weights = vec!["2"; count].join(", ");
    let accuracies = vec!["80%"; count].join(", ");
    let rules = [
        "by: majority, quorum: 50%".to_owned(),
        "by: majority, ties: random".to_owned(),
        "by: unanimous".to_owned(),
        format!("by: weighted_majority, weights: [{weights}]"),
        format!("by: weighted, accuracies: [{accuracies}], ties: abstain"),
        "by: best_confidence".to_owned(),
        "by: |votes| votes[0].answer".to_owned(),
    ];
    let by = usize::from(by) % rules.len();
    let run = match (run % 5, by) {
        (1, 0 | 1 | 3 | 4) => "run: sequential(until: 60%)",
        (2, 0..=4) => "run: sequential",
        (3, 1) => "run: cascade(confidence: 60%)",
        (4, _) if count > 1 => {
            return format!("vote([{}], run: hedged(after: 30ms))", written.join(", "));
        }
        _ => "run: parallel",
    };
    let rule = &rules[by];
    format!("vote([{}], {rule}, {run}, answer: last_number)", written.join(", "))
}

fn trees() -> impl Strategy<Value = Tree> {
    let model = any::<u8>().prop_map(Tree::Model);
    model.prop_recursive(3, 10, 3, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let some = prop::collection::vec(inner.clone(), 1..4);
        let members = prop::collection::vec((inner, any::<u8>()), 1..4);
        let hedge =
            (boxed.clone(), any::<u8>(), any::<u8>(), prop::option::of(boxed.clone()));
        prop_oneof![
            3 => (members, any::<u8>(), any::<u8>())
                .prop_map(|(members, by, run)| Tree::Vote(members, by, run)),
            3 => hedge.prop_map(|(inner, after, n, to)| Tree::Hedge(inner, after, n, to)),
            1 => some.clone().prop_map(Tree::Route),
            1 => some.clone().prop_map(Tree::Chain),
            1 => some.clone().prop_map(Tree::Fallback),
            1 => (boxed.clone(), boxed.clone()).prop_map(|(a, b)| Tree::Refine(a, b)),
            1 => (boxed.clone(), boxed.clone()).prop_map(|(a, b)| Tree::BestOf(a, b)),
            1 => some.prop_map(Tree::Debate),
            1 => (boxed, any::<u8>()).prop_map(|(a, n)| Tree::Consistency(a, n)),
        ]
    })
}

/// What the world does in one case.
#[derive(Debug, Clone)]
struct World {
    seed: u64,
    /// The share of calls that fail, and of those that hang.
    fails: f64,
    hangs: f64,
    /// The share of trials that are dropped at some moment.
    dropped: f64,
    budget: Option<f64>,
    /// Calls of a model that may be under way.
    concurrency: Option<usize>,
}

fn worlds() -> impl Strategy<Value = World> {
    (
        any::<u64>(),
        prop_oneof![Just(0.0), 0.0..1.0],
        prop_oneof![Just(0.0), 0.0..0.5],
        prop_oneof![Just(0.0), 0.0..1.0],
        prop::option::weighted(0.2, 0.000_1..0.005),
        prop::option::weighted(0.2, 1_usize..4),
    )
        .prop_map(|(seed, fails, hangs, dropped, budget, concurrency)| World {
            seed,
            fails,
            hangs,
            dropped,
            budget,
            concurrency,
        })
}

/// What a model saw.
#[derive(Debug, Default)]
struct Seen {
    begun: AtomicU64,
    answered: AtomicU64,
    over: AtomicU64,
}

/// Counts a call as over, however it ends.
struct Over<'a>(&'a AtomicU64);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[derive(Debug)]
struct Drawn {
    world: World,
    seen: Arc<Seen>,
}

const PRICE: Price = Price { input: 1e-6, output: 2e-6, cached: 1e-6, written: 1e-6 };

/// Tokens of every answer.
const LENGTH: u64 = 8;

/// Tokens of a request, by the rule of thumb that the gateway reckons with.
fn sent(request: &Request) -> u64 {
    let tokens = |text: &str| (text.chars().count() as u64).div_ceil(4) + 4;
    request.messages.iter().map(|message| tokens(&message.text)).sum()
}

#[async_trait]
impl Model for Drawn {
    async fn answer(&self, request: &Request) -> Result<Answer, CallError> {
        self.seen.begun.fetch_add(1, Ordering::SeqCst);
        let _over = Over(&self.seen.over);
        let id = request.id.to_string();
        let mut stream = Stream::keyed(self.world.seed, "answer", &[id.as_bytes()]);
        let hangs = stream.unit() < self.world.hangs;
        let millis = if hangs { 1_000_000_000 } else { stream.below(200) };
        sleep(Duration::from_millis(millis)).await;
        if stream.unit() < self.world.fails {
            let kinds =
                [FailureKind::BadRequest, FailureKind::Server, FailureKind::Connection];
            let kind = kinds[usize::try_from(stream.below(3)).unwrap()];
            return Err(CallError::new(kind, "as drawn"));
        }
        self.seen.answered.fetch_add(1, Ordering::SeqCst);
        Ok(Answer {
            text: format!("It is {}.", 1 + stream.below(3)),
            tokens_in: Some(sent(request)),
            tokens_out: Some(LENGTH),
            confidence: Some(stream.unit()),
            ..Answer::default()
        })
    }

    fn profile(&self) -> Profile {
        Profile { price: Some(PRICE), max_tokens: Some(LENGTH), ..Profile::default() }
    }
}

struct Memory(String);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        if path == "e.crucible" { Ok(self.0.clone().into()) } else { Err("no".into()) }
    }
}

fn assembled(strategy: &str) -> Assembly {
    let host = Host::default();
    let files = Memory(format!(
        "use std::strategies\nexperiment e {{ seed: 3 }}\nmodel a = sim(accuracy: 70%)\n\
         model b = sim(accuracy: 60%)\nmodel c = sim(accuracy: 50%)\n\
         dataset d = items({TRIALS}, |i| #{{ input: `What is ${{i}}?`, target: i }})\n\
         condition every = vote([a, b, c])\ncondition asked = {strategy}\n\
         metric correct = exact_match()\n"
    ));
    let loaded = lang::load("e.crucible", &files, &catalogue::signatures(), &host, &[]);
    assert!(loaded.diagnostics.is_empty(), "{strategy}: {:?}", loaded.diagnostics);
    let experiment = loaded.experiment.unwrap();
    let materials = Materials::load(&experiment, host).unwrap();
    catalogue::assemble(&experiment, &materials, &Needs::default()).unwrap()
}

/// The models of an assembly, in its order, in the hands of the test.
fn gateway(assembly: &Assembly, world: &World) -> (Arc<Gateway>, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let lanes = assembly.gateway.models().iter().map(|model| Lane {
        name: model.name.to_string(),
        digest: model.digest,
        model: Box::new(Drawn { world: world.clone(), seen: Arc::clone(&seen) }),
        limits: Limits {
            attempts: 1,
            concurrency: world.concurrency,
            ..Limits::default()
        },
    });
    let settings = GatewaySettings {
        budget: world.budget,
        seed: world.seed,
        ..GatewaySettings::default()
    };
    (Arc::new(Gateway::new(lanes.collect(), settings)), seen)
}

const TRIALS: usize = 24;

/// Trials that are under way together.
const WAVE: usize = 8;

/// A trial that ended.
struct Ended {
    /// `None` where it was dropped.
    result: Option<Result<Output, Failure>>,
    usage: Usage,
    calls: Vec<CallRecord>,
    /// The most calls that were forecast for it.
    worst: Option<u64>,
}

async fn trial(
    assembly: &Assembly,
    gateway: &Arc<Gateway>,
    world: &World,
    item: usize,
) -> Ended {
    // Assemblies put the conditions in the order of the file: the second stands alone.
    let strategy = &assembly.strategies[1];
    let item = assembly.items.get(item).unwrap();
    let worst = strategy.forecast(&item, &assembly.gateway).worst_calls;
    let digest = Digest::of(item.digest.as_bytes());
    let mut stream = Stream::keyed(world.seed, "trial", &[digest.as_bytes()]);
    let drop_after = (stream.unit() < world.dropped).then(|| stream.below(400));
    let key = TrialKey { digest, repeat: 0, seed: 3 };
    let ctx = TrialContext::new(Arc::clone(gateway), item, key);
    let work = ctx.finish(strategy.as_ref());
    let result = match drop_after {
        Some(millis) => timeout(Duration::from_millis(millis), work).await.ok(),
        None => Some(work.await),
    };
    Ended { result, usage: ctx.usage(), calls: ctx.take_calls(), worst }
}

/// Runs the trials of a case on a paused clock. `None` where they do not end.
fn carried_out(strategy: String, world: World) -> Option<(Vec<Ended>, [u64; 3], Money)> {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let assembly = assembled(&strategy);
        let (gateway, seen) = gateway(&assembly, &world);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        let ended = runtime.block_on(async {
            let mut all = Vec::new();
            for first in (0..TRIALS).step_by(WAVE) {
                let wave = (first..first + WAVE)
                    .map(|item| trial(&assembly, &gateway, &world, item));
                all.extend(join_all(wave).await);
            }
            all
        });
        let counts = [&seen.begun, &seen.answered, &seen.over]
            .map(|count| count.load(Ordering::SeqCst));
        let spending = gateway.spending();
        let money = Money {
            spent: spending.spent_usd,
            reserved: spending.reserved_usd,
            waiting: spending.waiting,
        };
        let _unheard = send.send((ended, counts, money));
    });
    // Seconds of the wall: on a paused clock nothing waits.
    receive.recv_timeout(Duration::from_secs(120)).ok()
}

struct Money {
    spent: f64,
    reserved: f64,
    waiting: u64,
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-6)
}

/// What each trial must be whatever happened.
fn a_trial_is_whole(trial: &Ended) -> Result<(), TestCaseError> {
    let Ended { result, usage, calls, worst } = trial;
    prop_assert_eq!(usage.requests as usize, calls.len());
    prop_assert!(worst.is_none_or(|worst| calls.len() as u64 <= worst), "{:?}", worst);
    prop_assert!(usage.hedged <= usage.requests);
    let ids: BTreeSet<_> = calls.iter().map(|call| call.id).collect();
    prop_assert_eq!(ids.len(), calls.len(), "each call is recorded once");
    if let (Some(cost), Some(wasted)) = (usage.cost, usage.wasted_cost) {
        let booked: f64 =
            calls.iter().map(|call| call.cost.unwrap_or(0.0) + call.presumed).sum();
        prop_assert!(near(cost, booked), "{} of {}", cost, booked);
        prop_assert!(wasted <= cost * (1.0 + 1e-9), "{} of {}", wasted, cost);
    }
    let Some(Ok(output)) = result else { return Ok(()) };
    prop_assert_eq!(&output.usage, usage);
    if !output.votes.is_empty() {
        votes_are_counted_once(output)?;
    }
    Ok(())
}

fn votes_are_counted_once(output: &Output) -> Result<(), TestCaseError> {
    let marks = &output.marks;
    let called = marks.members_called.unwrap() as usize;
    prop_assert_eq!(output.votes.len(), called);
    let won = output.votes.iter().filter(|vote| vote.won).count();
    if let Some(consensus) = marks.consensus {
        prop_assert!(near(consensus, won as f64 / called as f64));
        let margin = marks.margin.unwrap();
        prop_assert!(margin <= consensus + 1e-9 && margin >= -1.0);
    }
    for vote in &output.votes {
        prop_assert!(!vote.won || vote.error.is_none(), "who failed did not win");
        let abstained = vote.error.is_some() && !vote.answer.is_null();
        prop_assert!(!abstained, "who failed said nothing: {:?}", vote);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, rng_seed: RngSeed::Fixed(11), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_nesting_ends_within_its_forecast_and_books_what_was_served(
        tree in trees(),
        world in worlds(),
    ) {
        let strategy = tree.written();
        let Some((trials, [begun, answered, over], money)) =
            carried_out(strategy.clone(), world)
        else {
            return Err(TestCaseError::fail(format!("{strategy} does not end")));
        };
        let (mut attempts, mut known, mut presumed, mut served) = (0, 0.0, 0.0, 0);
        for trial in &trials {
            a_trial_is_whole(trial)
                .map_err(|error| TestCaseError::fail(format!("{strategy}: {error}")))?;
            for call in &trial.calls {
                attempts += u64::from(call.attempts);
                served += u64::from(call.result.is_ok());
                known += call.cost.unwrap_or(0.0);
                presumed += call.presumed;
                if let Ok(answer) = &call.result {
                    let cost = PRICE.of(answer.tokens_in, answer.tokens_out).unwrap();
                    prop_assert!(near(call.cost.unwrap(), cost));
                    prop_assert!(call.presumed <= 0.0, "what is known is not presumed");
                }
            }
        }
        prop_assert_eq!((attempts, over), (begun, begun), "{}", &strategy);
        prop_assert_eq!(served, answered, "{}", &strategy);
        prop_assert!(near(money.spent, known + presumed), "{} is {} and {}", money.spent, known, presumed);
        prop_assert!(money.reserved.abs() < 1e-12, "{}", money.reserved);
        prop_assert_eq!(money.waiting, 0);
    }

    #[test]
    fn what_a_cancelled_call_is_booked_at_is_no_less_than_what_its_answer_costs(
        tree in trees(),
        seed in any::<u64>(),
    ) {
        let world = World {
            seed, fails: 0.0, hangs: 0.0, dropped: 0.5, budget: None, concurrency: None,
        };
        let (trials, _, _) = carried_out(tree.written(), world).unwrap();
        for call in trials.iter().flat_map(|trial| &trial.calls) {
            let left = call.attempts > 0;
            if left && call.result.is_err() {
                let text = &call.messages[0].text;
                let sent = (text.chars().count() as u64).div_ceil(4) + 4;
                let cost = PRICE.of(Some(sent), Some(LENGTH)).unwrap();
                prop_assert!(call.presumed >= cost * (1.0 - 1e-9), "{:?}", call);
            }
        }
    }
}
