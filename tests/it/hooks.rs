//! Hooks of a file, trials that are run again, and trials that do harm.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crucible::catalogue::{self, Materials, Needs};
use crucible::engine::{
    Bench, EngineOptions, Observer, Progress, RunSummary, StopReason, StopSignal, run,
};
use crucible::lang::{self, Files};
use crucible::plan::{Selection, compile};
use crucible::record::{FailureKind, Outcome, Place, SampleSource, TrialRecord};
use crucible::script::{Host, Limits};
use crucible::spec::Experiment;
use crucible::store::{HistoryEvent, RunStatus, Store};
use tokio::sync::watch;

use crate::store::create;

struct Memory(String);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        if path == "h.crucible" { Ok(self.0.clone().into()) } else { Err("no".into()) }
    }
}

/// Small caps, so that a script that goes over one ends at once.
fn host() -> Host {
    Host::new(Limits {
        operations: 20_000,
        strategy_operations: 50_000,
        ..Limits::default()
    })
}

/// Ten questions, under fields of the experiment.
fn file(fields: &str, conditions: &str) -> String {
    format!(
        "experiment h {{\nseed: 3\nmax_failures: 20%\n{fields}\n}}\n\
         model m = sim(accuracy: 100%, price: [$1/Mtok, $1/Mtok])\n\
         dataset d = items(10, |i| #{{ input: `What is ${{i}} + 5?`, target: i + 5, hard: i >= 5 }})\n\
         {conditions}\n\
         metric correct = exact_match(extract: last_number)\n"
    )
}

const ASK: &str = "condition one = ask(m)";

/// A strategy that asks and fails of five items.
const FLAKY: &str = "strategy flaky(model) = |ctx, item| {\n\
    let answer = ctx.ask(model, item.input);\n\
    if item.hard { throw \"too hard\" }\n\
    answer\n}\n\
    condition one = flaky(m)";

fn checked(text: &str) -> Experiment {
    let files = Memory(text.to_owned());
    let loaded = lang::load("h.crucible", &files, &catalogue::signatures(), &host(), &[]);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    loaded.experiment.unwrap()
}

/// What an observer was told, and when it stops the run.
#[derive(Default)]
struct Ear {
    said: Mutex<Vec<String>>,
    stop: Option<(watch::Sender<StopSignal>, Duration)>,
}

impl Observer for Ear {
    fn said(&self, hook: &'static str, text: &str) {
        self.said.lock().unwrap().push(format!("{hook}: {text}"));
    }

    fn progress(&self, progress: &Progress) {
        if let Some((stop, after)) = &self.stop
            && progress.elapsed >= *after
        {
            stop.send_replace(StopSignal::AtOnce);
        }
    }
}

/// A run that has ended.
struct Ran {
    summary: RunSummary,
    said: Vec<String>,
    store: Store,
    /// What the gateway says it spent in this session.
    spent_usd: f64,
}

impl Ran {
    fn events(&self, kind: &str) -> Vec<HistoryEvent> {
        let mut events = self.store.events().unwrap();
        events.retain(|event| event.kind == kind);
        events
    }

    fn trial(&self, item: u32) -> Option<TrialRecord> {
        self.store.trial(Place { item, condition: 0, repeat: 0 }).unwrap()
    }

    fn trials(&self) -> Vec<Option<TrialRecord>> {
        (0..10).map(|item| self.trial(item)).collect()
    }
}

async fn go_with(
    experiment: &Experiment,
    store: Store,
    options: EngineOptions,
    stop_after: Option<Duration>,
) -> Ran {
    let materials = Materials::load(experiment, host()).unwrap();
    let plan = compile(experiment, &materials.items, &Selection::default()).unwrap();
    let assembly =
        catalogue::assemble(experiment, &materials, &Needs::default()).unwrap();
    let gateway = Arc::clone(&assembly.gateway);
    let folder = store.folder().to_owned();
    let (stop, signal) = watch::channel(StopSignal::GoOn);
    let ear = Ear { stop: stop_after.map(|after| (stop, after)), ..Ear::default() };
    let bench = Arc::new(Bench::new(assembly, experiment.header.seed));
    let options =
        EngineOptions { max_failures: experiment.header.max_failures, ..options };
    let summary = run(&plan, bench, store, options, signal, &ear).await.unwrap();
    Ran {
        summary,
        said: ear.said.into_inner().unwrap(),
        store: Store::read(&folder).unwrap(),
        spent_usd: gateway.spending().spent_usd,
    }
}

fn new(out: &Path, experiment: &Experiment) -> Store {
    let items = Materials::load(experiment, host()).unwrap().items;
    create(out, experiment, &items)
}

async fn go(text: &str) -> (tempfile::TempDir, Ran) {
    let dir = tempfile::tempdir().unwrap();
    let experiment = checked(text);
    let store = new(dir.path(), &experiment);
    let ran = go_with(&experiment, store, EngineOptions::default(), None).await;
    (dir, ran)
}

/// What trials gave and asked, without how long it took.
fn timeless(trials: Vec<Option<TrialRecord>>) -> Vec<String> {
    let calls = |record: &TrialRecord| {
        let calls = record.calls.iter();
        calls
            .map(|call| format!("{} {} {:?}", call.place, call.id, call.result))
            .collect()
    };
    let told = |record: TrialRecord| {
        let Outcome::Done(output) = &record.outcome else { panic!("{record:?}") };
        let calls: Vec<String> = calls(&record);
        format!("{} {:?} {:?} {calls:?}", output.text, output.usage.cost, record.scores)
    };
    trials.into_iter().map(|record| told(record.unwrap())).collect()
}

fn failure(record: Option<TrialRecord>) -> (FailureKind, String) {
    match record.unwrap().outcome {
        Outcome::Failed(failure) => (failure.kind, failure.message),
        Outcome::Done(output) => panic!("it did not fail: {output:?}"),
    }
}

#[tokio::test]
async fn hooks_of_the_experiment_are_told_how_far_it_is_and_may_log() {
    let fields = "before_experiment: |run| log(`${run.name}: ${run.planned} to do, ${run.done} done`)\n\
        after_experiment: |run| log(`${run.done} done, ${run.failed} failed, ${run.complete}, ${run.spent > 0.0}`)";
    let (dir, ran) = go(&file(fields, ASK)).await;
    let expected = [
        "before_experiment: h: 10 to do, 0 done",
        "after_experiment: 10 done, 0 failed, true, true",
    ];
    assert_eq!(ran.said, expected);
    let logged = ran.events("log");
    assert_eq!(logged.len(), 2);
    assert_eq!(logged[0].detail["text"], "h: 10 to do, 0 done");
    assert_eq!(logged[1].detail["hook"], "after_experiment");
    // A session with nothing to run is none.
    let folder = ran.store.folder().to_owned();
    drop(ran);
    let experiment = checked(&file(fields, ASK));
    let store = Store::open(&folder).unwrap();
    let again = go_with(&experiment, store, EngineOptions::default(), None).await;
    assert_eq!(again.said, [""; 0]);
    drop(dir);
}

#[tokio::test]
async fn a_trial_is_skipped_with_its_reason_and_stays_in_the_count() {
    let fields = "before_trial: |trial| if trial.item.hard && trial.condition == \"one\" { `item ${trial.item.id} is hard` }";
    let (_dir, ran) = go(&file(fields, ASK)).await;
    let summary = &ran.summary;
    assert_eq!((summary.done, summary.failed, summary.skipped), (10, 5, 5));
    assert!(summary.complete, "skipped trials are within any share: {summary:?}");
    assert_eq!(ran.store.status().unwrap(), RunStatus::Complete);
    let (kind, message) = failure(ran.trial(7));
    assert_eq!(kind, FailureKind::Skipped);
    assert!(message.starts_with("item ") && message.ends_with(" is hard"), "{message}");
    assert!(matches!(ran.trial(3).unwrap().outcome, Outcome::Done(_)));
    assert_eq!(ran.store.totals().unwrap().calls, 5, "nothing was asked for the others");
}

#[tokio::test]
async fn a_run_that_goes_on_still_does_not_count_what_was_skipped() {
    let fields = "before_trial: |trial| !trial.item.hard";
    let (dir, ran) = go(&file(fields, ASK)).await;
    let folder = ran.store.folder().to_owned();
    drop(ran);
    let experiment = checked(&file(fields, ASK));
    let store = Store::open(&folder).unwrap();
    let again = go_with(&experiment, store, EngineOptions::default(), None).await;
    assert!(again.summary.complete, "{:?}", again.summary);
    assert_eq!((again.summary.reused, again.summary.skipped), (10, 5));
    drop(dir);
}

#[tokio::test]
async fn after_a_trial_its_output_and_scores_are_seen_and_cannot_be_changed() {
    let fields = "after_trial: |trial, output| { log(`${trial.item.target}: ${output.text} ${trial.scores.correct}`); output.text = \"other\"; }";
    let (_dir, ran) = go(&file(fields, ASK)).await;
    assert_eq!(ran.said.len(), 10);
    assert!(ran.said.iter().all(|line| line.ends_with(" 1.0")), "{:?}", ran.said);
    let (_other, plain) = go(&file("", ASK)).await;
    assert_eq!(timeless(ran.trials()), timeless(plain.trials()));
}

#[tokio::test]
async fn hooks_are_not_part_of_what_the_experiment_is() {
    let hooked = checked(&file("on_error: |error, trial| \"skip\"", ASK));
    let plain = checked(&file("", ASK));
    assert_eq!(hooked.digest(), plain.digest());
    let kept = serde_json::to_string(&plain).unwrap();
    assert!(!kept.contains("hooks"), "a store without hooks is as it was");
    let old: Experiment = serde_json::from_str(&kept).unwrap();
    assert!(old.header.hooks.is_empty());
}

#[tokio::test]
async fn a_trial_is_run_again_and_each_of_its_failures_and_calls_is_kept() {
    let fields =
        "on_error: |error, trial| if error.attempts < 3 { \"retry\" } else { \"skip\" }";
    let (_dir, ran) = go(&file(fields, FLAKY)).await;
    assert!(ran.summary.complete, "{:?}", ran.summary);
    assert_eq!((ran.summary.failed, ran.summary.skipped), (5, 5));
    let (kind, message) = failure(ran.trial(8));
    assert_eq!(kind, FailureKind::Skipped);
    assert!(
        message.starts_with("`on_error` let it go: script failed: h.crucible:"),
        "{message}"
    );
    let earlier = ran.store.earlier_failures(Place { item: 8, condition: 0, repeat: 0 });
    let earlier = earlier.unwrap();
    assert_eq!(earlier.len(), 2);
    assert!(earlier.iter().all(|e| e.failure.kind == FailureKind::Script), "{earlier:?}");
    assert!(earlier[0].failure.message.ends_with("too hard"), "{earlier:?}");
    assert_eq!(ran.store.retried().unwrap(), 5);
    // Five trials made one call, five made three, of which two are superseded.
    assert_eq!(ran.trial(8).unwrap().calls.len(), 1);
    let totals = ran.store.totals().unwrap();
    assert_eq!(totals.calls, 20);
    assert!((totals.cost_usd - ran.spent_usd).abs() < 1e-12);
    let spent = ran.store.spent().unwrap();
    assert!(spent.unsettled < 1e-8, "{spent:?}");
}

#[tokio::test]
async fn a_trial_is_run_again_three_times_at_most() {
    let (_dir, ran) = go(&file("on_error: |error, trial| \"retry\"", FLAKY)).await;
    assert_eq!((ran.summary.failed, ran.summary.skipped), (5, 0));
    assert_eq!(ran.summary.stopped, Some(StopReason::TooManyFailures));
    assert_eq!(failure(ran.trial(9)).0, FailureKind::Script);
    let earlier = ran.store.earlier_failures(Place { item: 9, condition: 0, repeat: 0 });
    assert_eq!(earlier.unwrap().len(), 3);
}

#[tokio::test]
async fn abort_stops_the_run_and_leaves_the_trial_to_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let experiment = checked(&file("on_error: |error, trial| \"abort\"", FLAKY));
    let store = new(dir.path(), &experiment);
    let folder = store.folder().to_owned();
    let options = EngineOptions { concurrency: 1, ..EngineOptions::default() };
    let ran = go_with(&experiment, store, options.clone(), None).await;
    let summary = &ran.summary;
    assert_eq!((summary.stopped, summary.failed), (Some(StopReason::Hook), 0));
    assert!(summary.because.as_ref().unwrap().ends_with("too hard"), "{summary:?}");
    assert_eq!(ran.store.status().unwrap(), RunStatus::Stopped);
    assert_eq!(ran.events("aborted").len(), 1);
    let spent = ran.store.spent().unwrap();
    assert!((spent.recorded - ran.spent_usd).abs() < 1e-12 && spent.unsettled < 1e-8);
    let done = summary.done;
    drop(ran);
    let other = checked(&file("on_error: |error, trial| \"skip\"", FLAKY));
    let store = Store::open(&folder).unwrap();
    let ran = go_with(&other, store, options, None).await;
    assert_eq!((ran.summary.reused, ran.summary.done), (done, 10));
    assert!(ran.summary.complete, "{:?}", ran.summary);
}

#[tokio::test]
async fn a_hook_that_fails_is_told_once_with_its_place_and_changes_nothing() {
    let fields = "after_trial: |trial, output| trial.nothing.more\n\
        before_trial: |trial| { loop { } }\n\
        on_error: |error, trial| 7";
    let (_dir, ran) = go(&file(fields, FLAKY)).await;
    assert_eq!(ran.summary.hook_failures, 20, "{:?}", ran.said);
    assert_eq!((ran.summary.done, ran.summary.failed), (10, 5));
    let said = |hook: &str| ran.said.iter().filter(|s| s.starts_with(hook)).count();
    assert_eq!((said("after_trial"), said("before_trial"), said("on_error")), (1, 1, 1));
    let told = ran.said.iter().find(|line| line.starts_with("after_trial")).unwrap();
    assert!(told.starts_with("after_trial: failed: h.crucible:4:"), "{told}");
    let told = ran.said.iter().find(|line| line.starts_with("on_error")).unwrap();
    assert!(told.contains("not `7`"), "{told}");
    assert_eq!(ran.events("hook_failures")[0].detail["before_trial"], 10);
}

#[tokio::test]
async fn a_failing_before_experiment_stops_the_run_before_anything_is_asked() {
    let fields = "before_experiment: |run| throw \"not today\"";
    let (_dir, ran) = go(&file(fields, ASK)).await;
    assert_eq!(ran.summary.stopped, Some(StopReason::Hook));
    let because = ran.summary.because.as_deref().unwrap();
    assert!(because.contains("`before_experiment` failed: h.crucible:4:"), "{because}");
    assert!(because.ends_with("not today"), "{because}");
    assert_eq!(ran.store.totals().unwrap().calls, 0);
    assert_eq!(ran.summary.done, 0);
}

#[tokio::test]
async fn a_hook_may_be_a_function_of_the_file() {
    let conditions = format!("script {{ fn easy(trial) {{ !trial.item.hard }} }}\n{ASK}");
    let (_dir, ran) = go(&file("before_trial: easy", &conditions)).await;
    assert_eq!((ran.summary.done, ran.summary.skipped), (10, 5));
}

#[tokio::test]
async fn mistakes_in_a_hook_are_told_when_the_file_is_checked() {
    for (fields, code) in [
        ("before_trial: |trial, more| true", "check::closure_parameters"),
        ("on_error: |error, trial| unheard_of(error)", "check::unknown_function"),
        ("after_trial: \"log it\"", "check::type"),
    ] {
        let files = Memory(file(fields, ASK));
        let loaded =
            lang::load("h.crucible", &files, &catalogue::signatures(), &host(), &[]);
        assert_eq!(loaded.diagnostics.len(), 1, "{fields}: {:?}", loaded.diagnostics);
        assert_eq!(loaded.diagnostics[0].code, code);
    }
}

#[tokio::test]
async fn poisoned_trials_do_not_stop_the_others() {
    let conditions = "strategy endless(model) = |ctx, item| { loop { } }\n\
        strategy huge(model) = |ctx, item| { let s = \"0123456789\"; loop { s += s; } }\n\
        strategy deep(model) = |ctx, item| { let f = |g, n| g.call(g, n + 1); f.call(f, 0) }\n\
        condition good = ask(m)\n\
        condition lost = endless(m)\n\
        condition wide = huge(m)\n\
        condition down = deep(m)\n\
        metric stuck = score(|output, item| { loop { } }, scale: continuous)";
    let (_dir, ran) = go(&file("", conditions).replace("20%", "100%")).await;
    assert!(ran.summary.complete, "{:?}", ran.summary);
    assert_eq!((ran.summary.done, ran.summary.failed), (40, 30));
    for condition in 1..4 {
        let place = Place { item: 0, condition, repeat: 0 };
        let (kind, message) = failure(ran.store.trial(place).unwrap());
        assert_eq!(kind, FailureKind::Script);
        assert!(message.starts_with("h.crucible:"), "{message}");
    }
    let good = ran.store.sample(0, "correct").unwrap();
    assert!(good.len() == 10, "the others are scored");
    assert_eq!(ran.store.scoreless().unwrap()[0].failed, 10, "and `stuck` fails alone");
}

const STEPS: &str = "strategy steps(model) = |ctx, item| {\n\
    let told = \"\";\n\
    for i in 0..10 { let answer = ctx.ask(model, `${i}: ${item.input}`); told += answer.text + \";\"; }\n\
    told\n}\n\
    condition one = steps(m)";

#[tokio::test]
async fn a_strategy_of_many_calls_goes_on_from_its_last_committed_call() {
    let slow = file("", STEPS)
        .replace("accuracy: 100%", "accuracy: 100%, latency: constant(60ms)");
    let dir = tempfile::tempdir().unwrap();
    let experiment = checked(&slow);
    let store = new(dir.path(), &experiment);
    let folder = store.folder().to_owned();
    let options = EngineOptions::default();
    let half = Some(Duration::from_millis(400));
    let broken = go_with(&experiment, store, options.clone(), half).await;
    assert_eq!(broken.summary.stopped, Some(StopReason::Interrupted));
    assert_eq!(broken.summary.done, 0, "a trial takes 600 ms");
    let known = broken.store.checkpoints().unwrap();
    let kept: usize = known.values().map(Vec::len).sum();
    assert!(known.len() == 10 && kept > 10, "{kept} answers of {} trials", known.len());
    assert_eq!(broken.store.totals().unwrap().calls, kept as u64);
    let spent = broken.store.spent().unwrap();
    assert!(spent.recorded > 0.0);
    assert!(
        (spent.total() - broken.spent_usd).abs() < 1e-8,
        "{spent:?} {}",
        broken.spent_usd
    );
    drop(broken);
    let ended =
        go_with(&experiment, Store::open(&folder).unwrap(), options.clone(), None).await;
    assert!(ended.summary.complete, "{:?}", ended.summary);
    let totals = ended.store.totals().unwrap();
    assert_eq!(totals.calls, 100, "each call is there once");
    assert!(ended.store.checkpoints().unwrap().is_empty());
    let undisturbed =
        go_with(&experiment, new(dir.path(), &experiment), options, None).await;
    let asked_again = ended.spent_usd / undisturbed.spent_usd * 100.0;
    assert!((asked_again - (100 - kept) as f64).abs() < 1.0, "{asked_again} and {kept}");
    assert_eq!(timeless(ended.trials()), timeless(undisturbed.trials()));
    for (place, calls) in known {
        let record = ended.store.trial(place).unwrap().unwrap();
        assert_eq!(record.calls[..calls.len()], calls, "as they were, times included");
    }
}
