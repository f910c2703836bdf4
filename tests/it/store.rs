//! Runs on disk: written once, read by all, and clear about what is wrong.

#![expect(clippy::disallowed_methods, reason = "these tests make and break files")]
#![expect(clippy::unwrap_used, reason = "the helpers of tests may fall over")]

use std::path::Path;

use chrono::{DateTime, FixedOffset};
use crucible::base::{CallId, Digest, FileId, Span, TrialId};
use crucible::record::{
    Answer, CallRecord, Failure, FailureKind, Item, Items, Marks, Message, Observation,
    Outcome, Output, Place, Role, SampleSource, Score, TokenParts, TrialRecord, Usage,
    Vote,
};
use crucible::spec::{
    Alternative, Argument, Call, Claim, Condition, Correction, DatasetDef, Design,
    Experiment, Header, Hooks, Hypothesis, Metric, Missing, Over, ReportSpec, Scale,
    SourceText, Value,
};
use crucible::store::{
    NewRun, RunStatus, ShownVerdict, Store, StoreError, find_runs, resolve_run,
};
use serde_json::{Map, json};

fn call(name: &str) -> Call {
    let args = [("text", name)].into_iter().map(|(key, value)| {
        let value = Value::Text(value.to_owned());
        let span = Span::default();
        (key.to_owned(), Argument { value, span, given: true, operational: false })
    });
    Call {
        name: name.to_owned(),
        args: args.collect(),
        span: Span::default(),
        label: None,
        body: None,
    }
}

/// An experiment with these conditions and metrics, each a call of its own name.
pub(crate) fn experiment(
    conditions: &[&str],
    metrics: &[&str],
    repeats: u32,
) -> Experiment {
    Experiment {
        name: "voting".into(),
        title: None,
        doc: String::new(),
        header: Header {
            authors: Vec::new(),
            seed: 42,
            repeats,
            budget: None,
            timeout: None,
            concurrency: 32,
            max_failures: 0.1,
            correction: Correction::Holm,
            cluster: None,
            design: Design::Paired,
            stop: None,
            hooks: Hooks::default(),
            cluster_span: Span::default(),
        },
        models: Vec::new(),
        dataset: Some(DatasetDef {
            name: "d".into(),
            title: None,
            doc: String::new(),
            call: call("items"),
        }),
        conditions: conditions
            .iter()
            .map(|name| Condition {
                name: (*name).to_owned(),
                title: None,
                doc: String::new(),
                family: None,
                strategy: call(name),
                span: Span::default(),
            })
            .collect(),
        metrics: metrics
            .iter()
            .map(|name| Metric {
                name: (*name).to_owned(),
                title: None,
                doc: String::new(),
                call: call(name),
                scale: Scale::Binary,
                missing: Missing::ByScale,
                by: Vec::new(),
            })
            .collect(),
        hypotheses: vec![hypothesis("h1", "a")],
        report: ReportSpec::default(),
        libraries: Vec::new(),
        sources: vec![SourceText {
            file: FileId::default(),
            path: "lab/voting.crucible".into(),
            folder: "lab".into(),
            text: "experiment voting {}\n".into(),
        }],
    }
}

fn hypothesis(name: &str, claim: &str) -> Hypothesis {
    Hypothesis {
        name: name.into(),
        title: None,
        doc: String::new(),
        claim: Claim::All(Vec::new()),
        claim_text: claim.into(),
        alpha: 0.05,
        alternative: Alternative::TwoSided,
        power: None,
        test: None,
        over: Over::Items,
        span: Span::default(),
        digest: Digest::of(claim.as_bytes()),
    }
}

/// `n` items, whose targets are their indices.
pub(crate) fn items(n: u32) -> Items {
    (0..n)
        .map(|index| {
            let mut columns = Map::new();
            columns.insert("group".into(), json!(index % 3));
            let id = (index + 1).to_string();
            let input = format!("What is {index}?");
            Item::new(index, id, input, json!(index), columns)
        })
        .collect()
}

pub(crate) fn moment() -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339("2026-11-23T08:45:12+01:00").unwrap()
}

pub(crate) fn create(out: &Path, experiment: &Experiment, items: &Items) -> Store {
    let command = ["crucible-run".to_owned(), "voting.crucible".to_owned()];
    let environment = json!({"version": "0.1.0"});
    let run = NewRun {
        experiment,
        items,
        created: moment(),
        command: &command,
        environment: &environment,
    };
    Store::create(out, &run).unwrap()
}

fn asked(n: u32, result: Result<Answer, Failure>) -> CallRecord {
    CallRecord {
        id: CallId::from_digest(&Digest::of(&n.to_le_bytes())),
        place: "0#0".into(),
        model: "mini".into(),
        system: Some("be brief".into()),
        messages: vec![Message { role: Role::User, text: format!("What is {n}?") }],
        result,
        attempts: 2,
        latency: Some(0.5),
        ttft: None,
        waited: 0.25,
        cost: Some(0.125),
        presumed: 0.0,
        cached: false,
    }
}

fn done(item: u32, condition: u32, repeat: u32, scores: Vec<Score>) -> TrialRecord {
    let usage =
        Usage { requests: 1, cost: Some(0.125), latency: Some(0.5), ..Usage::default() };
    let answer = Answer { text: "é 12".into(), tokens_in: Some(9), ..Answer::default() };
    let vote = Vote {
        member: "mini".into(),
        model: Some("mini".into()),
        answer: json!(12),
        confidence: Some(0.5),
        latency: Some(0.25),
        cost: None,
        won: true,
        error: None,
    };
    TrialRecord {
        id: TrialId::from_digest(&Digest::of(
            &[item, condition, repeat].map(|n| u8::try_from(n).unwrap()),
        )),
        item,
        condition,
        repeat,
        outcome: Outcome::Done(Output {
            text: "12".into(),
            confidence: Some(0.75),
            votes: vec![vote],
            usage,
            marks: Marks {
                consensus: Some(0.75),
                margin: Some(0.5),
                members_called: Some(4),
                ..Marks::default()
            },
            trace: vec!["a line".into()],
        }),
        usage,
        scores,
        calls: vec![asked(item, Ok(answer))],
    }
}

fn failed(item: u32, condition: u32, repeat: u32, metrics: usize) -> TrialRecord {
    let failure = Failure::new(FailureKind::Server, "500 from the provider");
    TrialRecord {
        outcome: Outcome::Failed(failure.clone()),
        scores: vec![Score::Failed("the trial failed".into()); metrics],
        calls: vec![asked(item, Err(failure))],
        ..done(item, condition, repeat, Vec::new())
    }
}

#[test]
fn a_trial_comes_back_as_it_was_committed() {
    let dir = tempfile::tempdir().unwrap();
    let mut store =
        create(dir.path(), &experiment(&["a", "b"], &["m", "n", "o"], 2), &items(5));
    let scores =
        vec![Score::Value(1.0), Score::Unscored, Score::Failed("no such column".into())];
    let records = [done(4, 1, 1, scores), failed(0, 0, 0, 3)];
    assert_eq!(store.commit(&records).unwrap(), 2);
    let folder = store.folder().to_owned();
    drop(store);
    let store = Store::read(&folder).unwrap();
    for record in records {
        assert_eq!(store.trial(record.place()).unwrap(), Some(record));
    }
    assert_eq!(store.trial(Place { item: 1, condition: 0, repeat: 0 }).unwrap(), None);
    assert_eq!(store.experiment().unwrap(), experiment(&["a", "b"], &["m", "n", "o"], 2));
    let mut stored: Vec<Item> = Vec::new();
    store.each_item(|item| stored.push(item)).unwrap();
    let given: Vec<Item> = items(5).iter().map(|item| (*item).clone()).collect();
    assert_eq!(stored, given);
    let source = folder.join("source/voting.crucible");
    assert_eq!(std::fs::read_to_string(source).unwrap(), "experiment voting {}\n");
    assert!(folder.join("environment.json").is_file());
}

/// A trial that was streamed, and whose provider counted tokens apart.
fn streamed(item: u32) -> TrialRecord {
    let mut record = done(item, 0, 0, vec![Score::Value(1.0)]);
    let parts = TokenParts { cached: 1_024, written: 7, reasoning: 64 };
    record.calls[0].ttft = Some(0.125);
    if let Ok(answer) = &mut record.calls[0].result {
        answer.parts = parts;
    }
    record.usage.tokens_cached = parts.cached;
    record.usage.tokens_reasoning = parts.reasoning;
    record.usage.ttft = Some(0.125);
    if let Outcome::Done(output) = &mut record.outcome {
        output.usage = record.usage;
    }
    record
}

#[test]
fn what_was_counted_apart_and_when_the_first_token_came_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = create(dir.path(), &experiment(&["a"], &["m"], 1), &items(3));
    let plain = done(0, 0, 0, vec![Score::Value(1.0)]);
    store.commit(std::slice::from_ref(&plain)).unwrap();
    assert!(!store.gives(0, "ttft").unwrap());
    store.commit(&[streamed(1), streamed(2)]).unwrap();
    assert_eq!(store.trial(plain.place()).unwrap(), Some(plain));
    assert_eq!(store.trial(streamed(2).place()).unwrap(), Some(streamed(2)));
    let values = |measure| -> Vec<Observation> {
        store.sample(0, measure).unwrap().into_iter().map(|one| one.value).collect()
    };
    let known = Observation::Value;
    assert!(store.gives(0, "ttft").unwrap());
    assert_eq!(values("ttft"), [Observation::Unscored, known(0.125), known(0.125)]);
    assert_eq!(values("tokens_cached"), [known(0.0), known(1024.0), known(1024.0)]);
    assert_eq!(values("tokens_reasoning"), [known(0.0), known(64.0), known(64.0)]);
}

#[test]
fn a_trial_is_committed_once_unless_it_failed() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = create(dir.path(), &experiment(&["a"], &["m"], 1), &items(3));
    let first = done(1, 0, 0, vec![Score::Value(1.0)]);
    let second = done(1, 0, 0, vec![Score::Value(0.0)]);
    assert_eq!(store.commit(&[first.clone(), second.clone()]).unwrap(), 1);
    assert_eq!(store.commit(&[second]).unwrap(), 0);
    assert_eq!(store.trial(first.place()).unwrap(), Some(first));
    store.commit(&[failed(2, 0, 0, 1)]).unwrap();
    let again = done(2, 0, 0, vec![Score::Value(1.0)]);
    assert_eq!(store.commit(std::slice::from_ref(&again)).unwrap(), 1);
    assert_eq!(store.trial(again.place()).unwrap(), Some(again));
    let totals = store.totals().unwrap();
    assert_eq!((totals.committed, totals.failed), (2, 0));
    // The call of the trial that failed was paid for and stays in the sums.
    assert_eq!((totals.calls, totals.attempts), (3, 6));
    assert!((totals.cost_usd - 0.375).abs() < 1e-12);
}

#[test]
fn a_sample_is_ordered_and_says_what_is_not_a_number() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = create(dir.path(), &experiment(&["a", "b"], &["m"], 2), &items(4));
    let mut unpriced = done(3, 1, 1, vec![Score::Unscored]);
    unpriced.usage.cost = None;
    store
        .commit(&[
            unpriced,
            failed(3, 1, 0, 1),
            done(0, 1, 1, vec![Score::Value(f64::NAN)]),
            done(0, 1, 0, vec![Score::Value(0.5)]),
            done(1, 0, 0, vec![Score::Value(1.0)]),
        ])
        .unwrap();
    let sample = |metric| {
        let seen = store.sample(1, metric).unwrap();
        seen.iter().map(|o| (o.item, o.repeat, o.value)).collect::<Vec<_>>()
    };
    assert_eq!(
        sample("m"),
        [
            (0, 0, Observation::Value(0.5)),
            (0, 1, Observation::ScoreFailed),
            (3, 0, Observation::Failed),
            (3, 1, Observation::Unscored),
        ]
    );
    let values = |metric| sample(metric).into_iter().map(|o| o.2).collect::<Vec<_>>();
    let known = Observation::Value;
    assert_eq!(
        values("latency"),
        [known(0.5), known(0.5), Observation::Failed, known(0.5)]
    );
    assert_eq!(
        values("cost"),
        [known(0.125), known(0.125), known(0.125), Observation::Unscored]
    );
    assert_eq!(values("requests"), [known(1.0); 4]);
    assert!(store.sample(1, "nothing").is_err() && store.sample(9, "m").is_err());
    assert_eq!(store.clusters("group").unwrap(), [0, 1, 2, 0]);
    assert!(store.clusters("absent").is_err());
    let counts = store.scoreless().unwrap();
    assert_eq!((counts.len(), counts[0].unscored, counts[0].failed), (1, 1, 1));
    let failures = store.failures().unwrap();
    assert_eq!((failures.len(), failures[0].kind), (1, FailureKind::Server));
    assert_eq!(store.failed_trials(1, FailureKind::Server, 5).unwrap().len(), 1);
    assert_eq!(store.score_problems(0, 5).unwrap(), [("the score is NaN".to_owned(), 1)]);
}

#[test]
fn a_second_writer_is_refused_and_a_reader_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = create(dir.path(), &experiment(&["a"], &["m"], 1), &items(3));
    let folder = store.folder().to_owned();
    let error = Store::open(&folder).unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error}");
    let reader = Store::read(&folder).unwrap();
    store.commit(&[done(1, 0, 0, vec![Score::Value(1.0)])]).unwrap();
    assert_eq!(reader.counts().unwrap()[0].committed, 1);
    assert!(find_runs(dir.path(), None).unwrap()[0].busy);
    drop(store);
    assert!(!find_runs(dir.path(), Some("voting")).unwrap()[0].busy);
    Store::open(&folder).unwrap();
}

#[test]
fn runs_are_found_newest_first() {
    let dir = tempfile::tempdir().unwrap();
    assert!(find_runs(&dir.path().join("none"), None).unwrap().is_empty());
    let experiment = experiment(&["a"], &["m"], 1);
    let first = create(dir.path(), &experiment, &items(2)).folder().to_owned();
    let environment = json!({});
    let later = NewRun {
        experiment: &experiment,
        items: &items(2),
        created: DateTime::parse_from_rfc3339("2026-11-23T08:00:00+00:00").unwrap(),
        command: &[],
        environment: &environment,
    };
    let second = Store::create(dir.path(), &later).unwrap().folder().to_owned();
    std::fs::create_dir(dir.path().join("voting/junk")).unwrap();
    let found: Vec<_> =
        find_runs(dir.path(), None).unwrap().into_iter().map(|run| run.folder).collect();
    assert_eq!(found, [second.clone(), first.clone()], "by the moment, not by the name");
    assert_eq!(resolve_run(dir.path(), "voting").unwrap(), second);
    assert_eq!(resolve_run(dir.path(), first.to_str().unwrap()).unwrap(), first);
    assert!(matches!(resolve_run(dir.path(), "x"), Err(StoreError::NoRun { .. })));
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Store::read(dir.path()), Err(StoreError::NoRun { .. })));
    let path = dir.path().join("run.db");
    std::fs::write(&path, "not a database, and long enough to be read as one".repeat(90))
        .unwrap();
    assert!(matches!(Store::open(dir.path()), Err(StoreError::Corrupt { .. })));
    std::fs::remove_file(&path).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(matches!(Store::read(dir.path()), Err(StoreError::Foreign { .. })));

    let made = create(dir.path(), &experiment(&["a"], &["m"], 1), &items(2));
    let folder = made.folder().to_owned();
    drop(made);
    let raw = rusqlite::Connection::open(folder.join("run.db")).unwrap();
    raw.execute_batch("PRAGMA user_version = 99").unwrap();
    let error = Store::open(&folder).unwrap_err();
    assert!(matches!(error, StoreError::Format { found: 99, .. }), "{error}");
}

#[test]
fn a_hypothesis_that_came_later_is_exploratory() {
    let dir = tempfile::tempdir().unwrap();
    let mut before = experiment(&["a"], &["m"], 1);
    before.hypotheses.push(hypothesis("gone", "g"));
    let mut earlier = create(dir.path(), &before, &items(2));
    assert!(earlier.exploratory().unwrap().is_empty());
    let mut after = experiment(&["a"], &["m"], 1);
    after.hypotheses.push(hypothesis("h2", "b"));
    let mut later = create(dir.path(), &after, &items(2));
    later.inherit_family(&earlier).unwrap();
    assert_eq!(later.exploratory().unwrap(), ["h2"]);
    assert_eq!(later.removed_hypotheses().unwrap()[0].name, "gone");

    // More items after a verdict was shown: nothing of the family stands.
    let mut grown = create(dir.path(), &after, &items(3));
    grown.inherit_family(&earlier).unwrap();
    assert_eq!(grown.exploratory().unwrap(), ["h2"], "no verdict was shown yet");
    earlier
        .show_verdict(&ShownVerdict {
            at: moment().to_rfc3339(),
            hypothesis: "h1".into(),
            digest: "d".into(),
            verdict: "supported".into(),
        })
        .unwrap();
    grown.inherit_family(&earlier).unwrap();
    assert_eq!(grown.exploratory().unwrap(), ["h1", "h2"]);
}

#[test]
fn events_and_status_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = create(dir.path(), &experiment(&["a"], &["m"], 1), &items(2));
    assert_eq!(store.status().unwrap(), RunStatus::Underway);
    store.note(moment(), "started", &json!({"limit": 3})).unwrap();
    store.set_status(RunStatus::Budget).unwrap();
    let store = Store::read(store.folder()).unwrap();
    assert_eq!(store.events().unwrap()[0].detail, json!({"limit": 3}));
    assert_eq!(store.status().unwrap(), RunStatus::Budget);
}

/// A trial without what the first format did not keep: the marks, and most of a vote.
fn as_it_was(mut record: TrialRecord) -> TrialRecord {
    if let Outcome::Done(output) = &mut record.outcome {
        output.marks = Marks::default();
        for vote in &mut output.votes {
            (vote.model, vote.confidence, vote.latency) = (None, None, None);
        }
    }
    record
}

/// `tests/data/store/format-1` was written by the first version. It was made by this test
/// with the variable `KEEP_STORE_FORMAT` set.
#[test]
fn the_oldest_kept_format_is_read() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/store/format-1");
    let record = done(1, 1, 0, vec![Score::Value(1.0)]);
    if std::env::var("KEEP_STORE_FORMAT").is_ok() {
        let dir = tempfile::tempdir().unwrap();
        let mut store =
            create(dir.path(), &experiment(&["a", "b"], &["m"], 1), &items(3));
        store.commit(&[record.clone(), failed(0, 0, 0, 1)]).unwrap();
        store.settle().unwrap();
        let folder = store.folder().to_owned();
        drop(store);
        std::fs::create_dir_all(&kept).unwrap();
        std::fs::copy(folder.join("run.db"), kept.join("run.db")).unwrap();
    }
    // A copy: reading may make files beside the database.
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(kept.join("run.db"), dir.path().join("run.db")).unwrap();
    let store = Store::read(dir.path()).unwrap();
    assert_eq!(store.info().name, "voting");
    let read = store.trial(record.place()).unwrap();
    assert_eq!(read, Some(as_it_was(record)));
    assert_eq!(store.failures().unwrap()[0].trials, 1);
}
