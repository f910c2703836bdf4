//! Whole runs with a laboratory that answers by itself.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may fall over")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use crucible::base::{Stream, TrialId};
use crucible::catalogue::{self, Materials, Needs};
use crucible::dataset::Desk;
use crucible::engine::{
    Attempt, Bench, EngineError, EngineOptions, Laboratory, Observer, Progress,
    RunSummary, Silent, Spend, StopReason, StopSignal, run, take_over,
};
use crucible::lang::{self, Files};
use crucible::plan::{Plan, Selection, TrialSpec, compile};
use crucible::record::{
    Failure, FailureKind, Item, Outcome, Output, SampleSource, Score, TrialRecord, Usage,
};
use crucible::script::Host;
use crucible::store::{RunStatus, Store, StoreError};
use tokio::sync::watch;

use crate::store::{create, experiment, items};

/// Answers after a keyed time; what it does with a trial follows from the trial's key.
#[derive(Debug, Default)]
struct Fake {
    asked: Mutex<Vec<TrialId>>,
    scored: AtomicU64,
    /// The longest time a trial takes; none at all for zero.
    latency: Duration,
    /// The share of trials that fail.
    failing: f64,
    /// After so many trials the budget is spent.
    budget: Option<usize>,
    /// The condition whose strategy panics.
    panics: Option<u32>,
    offline: bool,
    /// Whether the metric panics.
    scorer_panics: bool,
}

#[async_trait]
impl Laboratory for Fake {
    async fn attempt(&self, trial: &TrialSpec) -> Attempt {
        let mut stream = Stream::from_digest(&trial.key);
        let (time, luck) = (stream.unit(), stream.unit());
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency.mul_f64(time)).await;
        }
        let count = {
            let mut asked = self.asked.lock().unwrap();
            asked.push(trial.id);
            asked.len()
        };
        assert!(self.panics != Some(trial.condition), "a bug in a strategy");
        let failure = if self.budget.is_some_and(|most| count > most) {
            Some(FailureKind::Budget)
        } else if self.offline && luck < 0.5 {
            Some(FailureKind::Offline)
        } else if luck < self.failing {
            Some(FailureKind::Server)
        } else {
            None
        };
        let outcome = match failure {
            Some(kind) => Err(Failure::new(kind, "no")),
            None => {
                Ok(Arc::new(Output { text: trial.id.to_string(), ..Output::default() }))
            }
        };
        Attempt { outcome, usage: Usage::default(), calls: Vec::new(), item: None }
    }

    fn metrics(&self) -> usize {
        1
    }

    fn item(&self, trial: &TrialSpec) -> Option<Arc<Item>> {
        items(trial.item + 1).get(trial.item as usize)
    }

    fn score(
        &self,
        _: usize,
        trial: &TrialSpec,
        _: &Arc<Item>,
        _: &Arc<Output>,
    ) -> Score {
        assert!(!self.scorer_panics, "a bug in a metric");
        self.scored.fetch_add(1, Ordering::Relaxed);
        Score::Value(Stream::from_digest(&trial.key).unit())
    }

    fn spend(&self) -> Spend {
        Spend::default()
    }

    fn stop(&self) {}
}

fn plan(n: u32, selection: &Selection) -> Plan {
    compile(&experiment(&["a", "b"], &["m"], 2), &items(n), selection).unwrap()
}

fn fresh(out: &Path, n: u32) -> Store {
    create(out, &experiment(&["a", "b"], &["m"], 2), &items(n))
}

async fn go(plan: &Plan, fake: &Arc<Fake>, store: Store, concurrency: u32) -> RunSummary {
    let (_stop, signal) = watch::channel(StopSignal::GoOn);
    let options = EngineOptions { concurrency, ..EngineOptions::default() };
    run(plan, fake.clone(), store, options, signal, &Silent).await.unwrap()
}

fn records(folder: &Path) -> Vec<TrialRecord> {
    let store = Store::read(folder).unwrap();
    let mut places = Vec::new();
    store.committed(|trial| places.push(trial.place)).unwrap();
    places.into_iter().map(|place| store.trial(place).unwrap().unwrap()).collect()
}

#[test]
fn a_plan_holds_each_trial_once_whole_items_first_and_its_limit_is_a_prefix() {
    let whole = plan(50, &Selection::default());
    let trials: Vec<TrialSpec> = (0..whole.len()).map(|at| whole.trial(at)).collect();
    let places: BTreeSet<_> = trials.iter().map(TrialSpec::place).collect();
    let ids: BTreeSet<_> = trials.iter().map(|trial| trial.id).collect();
    assert_eq!((whole.len(), places.len(), ids.len()), (200, 200, 200));
    for block in trials.chunks(4) {
        assert!(block.iter().all(|trial| trial.item == block[0].item));
    }
    let limited = plan(50, &Selection { limit: Some(7), only: Vec::new() });
    assert_eq!(limited.len(), 28);
    assert!((0..28).all(|at| limited.trial(at) == whole.trial(at)));
    let only = plan(50, &Selection { limit: None, only: vec!["b".into()] });
    assert_eq!(only.len(), 100);
    assert!((0..100).all(|at| only.trial(at).condition == 1));
    let wrong = Selection { limit: None, only: vec!["c".into()] };
    assert!(compile(&experiment(&["a"], &["m"], 1), &items(1), &wrong).is_err());
}

#[test]
fn ids_of_trials_do_not_change_from_version_to_version() {
    let plan = plan(50, &Selection::default());
    let shown: Vec<String> = [0, 1, 199]
        .map(|at| plan.trial(at))
        .iter()
        .map(|t| {
            format!("{} {} {} {} {}", t.item, t.condition, t.repeat, t.id, t.key.short())
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn results_do_not_depend_on_concurrency() {
    let dir = tempfile::tempdir().unwrap();
    let plan = plan(40, &Selection::default());
    let mut seen = Vec::new();
    for concurrency in [1, 7, 64] {
        let latency = Duration::from_millis(300);
        let fake = Arc::new(Fake { latency, failing: 0.05, ..Fake::default() });
        let store = fresh(dir.path(), 40);
        let folder = store.folder().to_owned();
        let summary = go(&plan, &fake, store, concurrency).await;
        assert!(summary.complete && summary.done == 160, "{summary:?}");
        seen.push(records(&folder));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
}

#[tokio::test(start_paused = true)]
async fn a_run_goes_on_where_it_stopped_and_asks_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Arc::new(Fake::default());
    let store = fresh(dir.path(), 30);
    let folder = store.folder().to_owned();
    let few = plan(30, &Selection { limit: Some(5), only: Vec::new() });
    let first = go(&few, &fake, store, 4).await;
    assert!(first.complete && first.done == 20 && first.stopped.is_none(), "{first:?}");
    assert_eq!(Store::read(&folder).unwrap().status().unwrap(), RunStatus::Selection);
    let whole = plan(30, &Selection::default());
    let second = go(&whole, &fake, Store::open(&folder).unwrap(), 4).await;
    assert_eq!((second.done, second.reused, second.complete), (120, 20, true));
    let third = go(&few, &fake, Store::open(&folder).unwrap(), 4).await;
    assert_eq!((third.done, third.reused, third.planned), (20, 20, 20));
    let asked = fake.asked.lock().unwrap();
    assert_eq!((asked.len(), asked.iter().collect::<BTreeSet<_>>().len()), (120, 120));
}

#[tokio::test]
async fn a_run_dropped_at_any_moment_loses_nothing_that_was_committed() {
    let dir = tempfile::tempdir().unwrap();
    let plan = plan(60, &Selection::default());
    let folder = fresh(dir.path(), 60).folder().to_owned();
    let mut before = BTreeSet::new();
    for round in 0..40_u64 {
        // A commit that was under way when its run was dropped ends by itself.
        let store = loop {
            match Store::open(&folder) {
                Ok(store) => break store,
                Err(StoreError::Busy { .. }) => {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                Err(error) => panic!("{error}"),
            }
        };
        let mut now = BTreeSet::new();
        store.committed(|trial| assert!(now.insert(trial.id))).unwrap();
        assert!(before.is_subset(&now), "a committed trial was lost");
        before = now;
        let latency = Duration::from_millis(20);
        let fake = Arc::new(Fake { latency, ..Fake::default() });
        let wait = Duration::from_millis(Stream::new(round, "drop").below(400));
        let running = go(&plan, &fake, store, 8);
        let ended = tokio::time::timeout(wait, running).await;
        let asked: BTreeSet<_> = fake.asked.lock().unwrap().iter().copied().collect();
        assert!(asked.is_disjoint(&before), "a committed trial was asked again");
        if ended.is_ok_and(|summary| summary.complete) {
            break;
        }
    }
    let fake = Arc::new(Fake::default());
    let summary = go(&plan, &fake, wait_open(&folder).await, 8).await;
    assert!(summary.complete && summary.done == 240, "{summary:?}");
    assert_eq!(records(&folder).len(), 240);
}

async fn wait_open(folder: &Path) -> Store {
    loop {
        match Store::open(folder) {
            Ok(store) => return store,
            Err(_) => tokio::time::sleep(Duration::from_millis(2)).await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_with_too_many_failures_stops_and_tries_them_again() {
    let dir = tempfile::tempdir().unwrap();
    let plan = plan(100, &Selection::default());
    let store = fresh(dir.path(), 100);
    let folder = store.folder().to_owned();
    let broken = Arc::new(Fake { failing: 1.0, ..Fake::default() });
    let summary = go(&plan, &broken, store, 4).await;
    assert_eq!(summary.stopped, Some(StopReason::TooManyFailures));
    assert!(!summary.complete && (20..=24).contains(&summary.failed), "{summary:?}");
    let mended = Arc::new(Fake::default());
    let summary = go(&plan, &mended, Store::open(&folder).unwrap(), 4).await;
    assert!(
        summary.complete && summary.failed == 0 && summary.done == 400,
        "{summary:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_few_failures_are_recorded_and_the_run_is_complete() {
    let dir = tempfile::tempdir().unwrap();
    let store = fresh(dir.path(), 100);
    let folder = store.folder().to_owned();
    let fake = Arc::new(Fake { failing: 0.05, ..Fake::default() });
    let summary = go(&plan(100, &Selection::default()), &fake, store, 8).await;
    assert!(summary.complete && (5..40).contains(&summary.failed), "{summary:?}");
    let counts = Store::read(&folder).unwrap().counts().unwrap();
    assert_eq!(counts.iter().map(|count| count.failed).sum::<u64>(), summary.failed);
}

#[tokio::test(start_paused = true)]
async fn a_spent_budget_stops_the_run_and_is_no_failure_of_a_trial() {
    let dir = tempfile::tempdir().unwrap();
    let plan = plan(100, &Selection::default());
    let store = fresh(dir.path(), 100);
    let folder = store.folder().to_owned();
    let poor = Arc::new(Fake { budget: Some(50), ..Fake::default() });
    let summary = go(&plan, &poor, store, 4).await;
    assert_eq!((summary.done, summary.failed), (50, 0));
    assert_eq!(summary.stopped, Some(StopReason::Budget));
    let summary =
        go(&plan, &Arc::new(Fake::default()), Store::open(&folder).unwrap(), 4).await;
    assert_eq!((summary.done, summary.reused, summary.complete), (400, 50, true));
}

#[tokio::test(start_paused = true)]
async fn offline_the_rest_is_done_and_what_is_missing_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let plan = plan(50, &Selection::default());
    let fake = Arc::new(Fake { offline: true, ..Fake::default() });
    let summary = go(&plan, &fake, fresh(dir.path(), 50), 4).await;
    assert_eq!(summary.done + summary.unrecorded, 200);
    assert!(summary.unrecorded > 50 && summary.failed == 0, "{summary:?}");
    assert_eq!(summary.stopped, Some(StopReason::Offline));
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failed_trial() {
    let dir = tempfile::tempdir().unwrap();
    let store = fresh(dir.path(), 30);
    let folder = store.folder().to_owned();
    let fake = Arc::new(Fake { panics: Some(1), ..Fake::default() });
    let (_stop, signal) = watch::channel(StopSignal::GoOn);
    let options = EngineOptions { max_failures: 1.0, ..EngineOptions::default() };
    let plan = plan(30, &Selection::default());
    let summary = run(&plan, fake, store, options, signal, &Silent).await.unwrap();
    assert_eq!((summary.done, summary.failed, summary.complete), (120, 60, true));
    let shown = records(&folder);
    let Outcome::Failed(failure) = &shown[119].outcome else {
        panic!("{:?}", shown[119])
    };
    assert!(failure.message.contains("a bug in a strategy"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn a_metric_that_panics_fails_its_scores_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = fresh(dir.path(), 10);
    let folder = store.folder().to_owned();
    let fake = Arc::new(Fake { scorer_panics: true, ..Fake::default() });
    let summary = go(&plan(10, &Selection::default()), &fake, store, 8).await;
    assert!(summary.complete && summary.failed == 0, "{summary:?}");
    let shown = records(&folder);
    let Score::Failed(message) = &shown[0].scores[0] else { panic!("{:?}", shown[0]) };
    assert!(message.contains("a bug in a metric"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn failed_trials_are_run_again_when_asked_and_what_they_failed_of_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let plan = plan(100, &Selection::default());
    let store = fresh(dir.path(), 100);
    let folder = store.folder().to_owned();
    let shaky = Arc::new(Fake { failing: 0.05, ..Fake::default() });
    let failed = go(&plan, &shaky, store, 8).await.failed;
    assert!(failed > 0);
    let mended = Arc::new(Fake::default());
    let summary = go(&plan, &mended, Store::open(&folder).unwrap(), 8).await;
    assert_eq!((summary.failed, summary.reused), (failed, 400), "nothing is run again");
    let (_stop, signal) = watch::channel(StopSignal::GoOn);
    let options = EngineOptions { retry_failed: true, ..EngineOptions::default() };
    let store = Store::open(&folder).unwrap();
    let summary = run(&plan, mended.clone(), store, options, signal, &Silent);
    let summary = summary.await.unwrap();
    assert_eq!((summary.failed, summary.reused), (0, 400 - failed));
    let asked = mended.asked.lock().unwrap().len() as u64;
    assert_eq!(asked, failed, "the failed ones alone");
    let store = Store::read(&folder).unwrap();
    assert_eq!(store.retried().unwrap(), failed);
    let mut told = 0;
    store
        .committed(|trial| {
            for earlier in store.earlier_failures(trial.place).unwrap() {
                assert_eq!(earlier.failure, Failure::new(FailureKind::Server, "no"));
                assert!(!earlier.at.is_empty());
                told += 1;
            }
        })
        .unwrap();
    assert_eq!(told, failed);
}

/// Stops the run at its first progress with something done.
struct Stopper(watch::Sender<StopSignal>, StopSignal);

impl Observer for Stopper {
    fn progress(&self, progress: &Progress) {
        if progress.done > 0 {
            self.0.send_replace(self.1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_stop_lets_trials_finish_and_the_second_drops_them() {
    for (signal, latency, kept) in [
        (StopSignal::Finish, Duration::from_secs(1), true),
        (StopSignal::Finish, Duration::from_secs(100), false),
        (StopSignal::AtOnce, Duration::from_secs(1), false),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let plan = plan(100, &Selection::default());
        let store = fresh(dir.path(), 100);
        let folder = store.folder().to_owned();
        let fake = Arc::new(Fake { latency, ..Fake::default() });
        let (sender, receiver) = watch::channel(StopSignal::GoOn);
        let stopper = Stopper(sender, signal);
        let options = EngineOptions { concurrency: 8, ..EngineOptions::default() };
        let began = tokio::time::Instant::now();
        let summary =
            run(&plan, fake.clone(), store, options, receiver, &stopper).await.unwrap();
        assert_eq!(summary.stopped, Some(StopReason::Interrupted));
        assert_eq!(summary.unrecorded == 0, kept, "{signal:?} {latency:?} {summary:?}");
        assert!(summary.done >= 1 && summary.done < 400 && summary.failed == 0);
        assert_eq!(records(&folder).len() as u64, summary.done);
        assert_eq!(fake.asked.lock().unwrap().len() as u64, summary.done);
        assert!(began.elapsed() < latency + Duration::from_secs(12));
        let status = Store::read(&folder).unwrap().status().unwrap();
        assert_eq!(status, RunStatus::Interrupted);
    }
}

#[tokio::test(start_paused = true)]
async fn a_changed_file_takes_over_what_it_shares_and_scores_what_changed() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Arc::new(Fake::default());
    let store = fresh(dir.path(), 20);
    let folder = store.folder().to_owned();
    go(&plan(20, &Selection::default()), &fake, store, 8).await;
    let earlier = Store::read(&folder).unwrap();

    // Condition `b` goes, `c` comes first, ten items come, and the metric stays.
    let changed = experiment(&["c", "a"], &["m"], 2);
    let more = compile(&changed, &items(30), &Selection::default()).unwrap();
    let mut store = create(dir.path(), &changed, &items(30));
    let taken = take_over(&more, &*fake, &mut store, &earlier).unwrap();
    assert_eq!((taken.trials, taken.rescored), (40, 0));
    let theirs = earlier.sample(0, "m").unwrap();
    assert_eq!(store.sample(1, "m").unwrap(), theirs, "scores came along");
    let asked = fake.asked.lock().unwrap().len();
    let summary = go(&more, &fake, store, 8).await;
    assert_eq!((summary.done, summary.reused), (120, 40));
    assert_eq!(fake.asked.lock().unwrap().len() - asked, 80);

    // Another metric: nothing is asked again, everything is scored again.
    let rescored = experiment(&["a", "b"], &["other"], 2);
    let again = compile(&rescored, &items(20), &Selection::default()).unwrap();
    let mut store = create(dir.path(), &rescored, &items(20));
    let taken = take_over(&again, &*fake, &mut store, &earlier).unwrap();
    assert_eq!((taken.trials, taken.rescored), (80, 80));
    let summary = go(&again, &fake, store, 8).await;
    assert_eq!((summary.done, summary.reused, summary.complete), (80, 80, true));
}

#[tokio::test(start_paused = true)]
async fn a_store_of_other_items_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = fresh(dir.path(), 20);
    let (_stop, signal) = watch::channel(StopSignal::GoOn);
    let other = plan(21, &Selection::default());
    let options = EngineOptions::default();
    let result =
        run(&other, Arc::new(Fake::default()), store, options, signal, &Silent).await;
    assert!(matches!(result, Err(EngineError::OtherExperiment { .. })));
}

/// Prints what a trial costs: `cargo test --release --test it a_hundred -- --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_trials_stream_to_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let n = if cfg!(debug_assertions) { 5_000 } else { 25_000 };
    let plan = plan(n, &Selection::default());
    let store = fresh(dir.path(), n);
    let folder = store.folder().to_owned();
    let began = tokio::time::Instant::now();
    let summary = go(&plan, &Arc::new(Fake::default()), store, 32).await;
    let each = began.elapsed() / u32::try_from(summary.done).unwrap();
    println!("{} trials, {each:?} each", summary.done);
    assert!(summary.complete && summary.done == u64::from(n) * 4);
    let store = Store::read(&folder).unwrap();
    assert_eq!(store.sample(1, "m").unwrap().len(), 2 * n as usize);
}

const FILE: &str = "experiment sums { seed: 3\n repeats: 2 }
model m = sim(accuracy: 70%, latency: constant(1s), price: [$1/Mtok, $1/Mtok])
dataset d = items(25, |i| #{ input: `What is ${i} + 5?`, target: i + 5 })
condition one = ask(m)
condition three = vote(repeat(m, 3), answer: last_number, prompt: \"{{ input }}!\")
metric correct = exact_match(extract: last_number)
metric broken = score(|output, item| { throw \"no\" })
";

struct Memory;

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        if path == "sums.crucible" { Ok(FILE.into()) } else { Err("no".into()) }
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_runs_from_its_text_to_samples_whatever_the_concurrency() {
    let host = Host::default();
    let loaded =
        lang::load("sums.crucible", &Memory, &catalogue::signatures(), &host, &[]);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    let experiment = loaded.experiment.unwrap();
    let materials = Materials::load(&experiment, host).unwrap();
    // The same items, none of them in memory.
    let desk = Desk {
        workshop: &materials.workshop,
        folders: &[],
        seed: experiment.header.seed,
        in_memory: 0,
    };
    let dataset = &experiment.dataset.as_ref().unwrap().call;
    let items = crucible::dataset::load(dataset, &desk).unwrap().items;
    let on_disk = Materials { items, ..materials.clone() };
    let plan = compile(&experiment, &on_disk.items, &Selection::default()).unwrap();
    let same = compile(&experiment, &materials.items, &Selection::default()).unwrap();
    assert!((0..plan.len()).all(|at| plan.trial(at) == same.trial(at)));
    let dir = tempfile::tempdir().unwrap();
    let mut seen = Vec::new();
    for (concurrency, materials) in [(1, &materials), (16, &materials), (16, &on_disk)] {
        let assembly =
            catalogue::assemble(&experiment, materials, &Needs::default()).unwrap();
        let store = create(dir.path(), &experiment, &materials.items);
        let folder = store.folder().to_owned();
        let (_stop, signal) = watch::channel(StopSignal::GoOn);
        let options = EngineOptions { concurrency, ..EngineOptions::default() };
        let summary = run(
            &plan,
            Arc::new(Bench::new(assembly, 3)),
            store,
            options,
            signal,
            &Silent,
        )
        .await
        .unwrap();
        assert!(summary.complete && summary.done == 100, "{summary:?}");
        let store = Store::read(&folder).unwrap();
        assert_eq!(store.totals().unwrap().calls, 200);
        assert_eq!(store.sample(1, "requests").unwrap().len(), 50);
        assert_eq!(store.scoreless().unwrap().len(), 2, "`broken` fails everywhere");
        let problem = &store.score_problems(1, 1).unwrap()[0];
        assert!(problem.0.starts_with("sums.crucible:8:40: "), "{problem:?}");
        seen.push(records(&folder));
    }
    for other in &seen[1..] {
        assert_eq!(seen[0].len(), other.len());
        for (one, many) in seen[0].iter().zip(other) {
            assert_eq!(
                (one.id, &one.outcome, &one.scores),
                (many.id, &many.outcome, &many.scores)
            );
        }
    }
}
