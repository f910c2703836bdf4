//! `crucible-run FILE`.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{Look, RunArgs};
use super::carry::{Company, carry_out};
use super::exit::{Exit, Trouble};
use super::kept::Kept;
use super::lock::{self, Lock};
use super::plan::{self, Prepared, Ready, Session};
use super::results::Results;
use super::runs::{self, Done};
use super::serve::Page;
use super::{batches, environment, foresee, load, say, tell};
use crate::analysis::Verdict;
use crate::base::grouped;
use crate::engine::{self, RunSummary, StopReason};
use crate::record::BatchLedger;
use crate::serve::Live;
use crate::store::{self, Batches, NewRun, ShownVerdict, Spent, Store};
use serde_json::json;

/// Runs a file, or goes on with what was interrupted.
pub(super) fn run(args: &RunArgs) -> Result<Exit, Trouble> {
    if args.watch {
        return super::watch::watch(args);
    }
    let page = args
        .serve
        .map(|address| Page::open(address, Live::new(&args.file)))
        .transpose()?;
    let checked = load::load(&args.file, &args.choice.set, args.format)?;
    let prepared = plan::prepare(checked, &args.choice)?;
    let mut company = Company { page: page.as_ref(), vigil: None };
    let ran = once(prepared, args, &mut company)?;
    match page {
        // A run that was stopped is to end.
        Some(page) if ran.exit != Exit::Interrupted => page.stay()?,
        Some(_) | None => {}
    }
    Ok(ran.exit)
}

/// What came of a run.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) exit: Exit,
    /// What it found; `None` where it was stopped for another, or nothing was to be run.
    pub(super) results: Option<Results>,
}

/// Runs an experiment that is prepared.
pub(super) fn once(
    mut prepared: Prepared,
    args: &RunArgs,
    company: &mut Company<'_>,
) -> Result<Ran, Trouble> {
    adjust(&mut prepared, args);
    let found = earlier(&prepared, args)?;
    for note in prepared.few_groups().into_iter().chain(found.notes.clone()) {
        tell(&format!("note: {note}\n"));
    }
    let kept = Kept::open(args)?;
    let ready = prepared.assembled(Session {
        spent_usd: found.spent.total(),
        windows: found.windows.clone(),
        ..kept.session(args)
    })?;
    if args.cancel_batches {
        let gateway = &ready.bench.assembly().gateway;
        let exit = batches::cancel(gateway, found.same.as_deref())?;
        return Ok(Ran { exit, results: None });
    }
    let lock = locked(&ready, args)?;
    let left = ready.left(&ready.forecast(), &found.done).trials;
    for hint in foresee::hints(&ready, left, found.spent.total()) {
        tell(&format!("note: {hint}\n"));
    }
    agree(&ready, &found, args)?;
    let mut store = open(&ready, &found, args)?;
    let batches =
        Arc::new(Batches::open(store.folder()).map_err(|error| Trouble::failed(&error))?);
    let ledger: Arc<dyn BatchLedger> = batches;
    let gateway = &ready.bench.assembly().gateway;
    gateway.keep_batches(&ledger).map_err(|error| Trouble::wrong(&error))?;
    if let Some(cache) = &kept.cache {
        store.keep_answers(Arc::clone(cache), ready.cacheable_models());
    }
    let folder = store.folder().to_owned();
    company.begins(&ready, &folder);
    let summary = carry_out(&ready, store, args, company)?;
    let store = Store::open(&folder).map_err(|error| Trouble::failed(&error))?;
    // A recording that failed must not cost the report.
    let closed = kept.close(&store, summary.reused > 0, args);
    if company.is_superseded() {
        closed?;
        return Ok(Ran { exit: Exit::Incomplete, results: None });
    }
    let results = Results::gather(
        &store,
        ready.prepared.experiment.clone(),
        Some(summary.planned - summary.spared),
        summary.reused,
    )?;
    finish(store, &results)?;
    company.ends(&results, summary.complete);
    let contradicted = keep_lock(&ready, &results, lock, args)?;
    if let Some(line) = more_than_asked(&results, &ready) {
        tell(&format!("note: {line}\n"));
    }
    show(&results, &summary, &folder, args)?;
    batches::tell_open(&*ledger);
    closed?;
    if let Some(trouble) = contradicted {
        return Err(trouble);
    }
    Ok(Ran { exit: ending(&results, &summary, args), results: Some(results) })
}

/// Lets the flags win over the file.
fn adjust(prepared: &mut Prepared, args: &RunArgs) {
    let header = &mut prepared.experiment.header;
    if let Some(concurrency) = args.concurrency {
        header.concurrency = concurrency;
    }
    if args.budget.is_some() {
        header.budget = args.budget;
    }
}

/// Reads the lock file and compares it with the data as they are.
fn locked(ready: &Ready, args: &RunArgs) -> Result<Option<Lock>, Trouble> {
    let path = lock::path(Path::new(&args.file));
    let lock = lock::read(&path)?;
    match &lock {
        None if args.locked && ready.relies_on_something() => {
            return Err(Trouble::Wrong(format!(
                "--locked, and there is no {}; a run without --locked writes it",
                path.display()
            )));
        }
        None => {}
        Some(lock) => {
            let changed = lock.contradictions(&ready.lock());
            if args.locked && !changed.is_empty() {
                return Err(Trouble::Wrong(format!(
                    "--locked, and {} says otherwise: {}",
                    path.display(),
                    changed.join("; ")
                )));
            }
            for change in changed {
                tell(&format!("note: {change} since {} was written\n", path.display()));
            }
        }
    }
    Ok(lock)
}

/// The runs of the experiment that are there.
#[derive(Debug, Default)]
struct Earlier {
    /// The run that is gone on with.
    same: Option<PathBuf>,
    /// Runs to take trials over from, newest first.
    others: Vec<PathBuf>,
    /// The trials that need not be asked.
    done: Done,
    /// What there is to say of runs that cannot be read.
    notes: Vec<String>,
    /// What it has spent.
    spent: Spent,
    /// How many requests could be under way when it ended, by model.
    windows: BTreeMap<String, usize>,
}

fn earlier(prepared: &Prepared, args: &RunArgs) -> Result<Earlier, Trouble> {
    if args.fresh {
        return Ok(Earlier::default());
    }
    let runs = store::find_runs(&args.out, Some(&prepared.experiment.name))
        .map_err(|error| Trouble::failed(&error))?;
    let (digest, items) = (prepared.experiment.digest(), prepared.items_digest());
    let is_same = |run: &store::FoundRun| {
        run.info.experiment == digest && run.info.items_digest == items
    };
    let same = runs.iter().find(|run| is_same(run));
    let (spent, windows) = match same {
        Some(run) => Store::read(&run.folder)
            .and_then(|store| Ok((store.spent()?, store.windows()?)))
            .map_err(|error| Trouble::failed(&error))?,
        None => Default::default(),
    };
    Ok(Earlier {
        spent,
        windows,
        same: same.map(|run| run.folder.clone()),
        done: runs::done(
            &args.out,
            &prepared.experiment,
            &items,
            &prepared.plan,
            args.retry_failed,
        )?,
        notes: runs::damaged_notes(&args.out, &prepared.experiment.name)?,
        others: runs
            .iter()
            .filter(|run| !is_same(run))
            .map(|run| run.folder.clone())
            .collect(),
    })
}

/// Asks before money is spent, where somebody can answer.
fn agree(ready: &Ready, found: &Earlier, args: &RunArgs) -> Result<(), Trouble> {
    let left = ready.left(&ready.forecast(), &found.done);
    if args.yes
        || args.offline
        || args.replay.is_some()
        || !ready.spends_money()
        || left.trials == 0
    {
        return Ok(());
    }
    let cost = plan::cost_words(left.cost_usd);
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return match ready.prepared.experiment.header.budget {
            Some(_) => Ok(()),
            None => Err(Trouble::NotAgreed(format!(
                "this run would cost {cost}; agree with --yes, or set a budget \
                 (--budget 5usd, or `budget: $5.00` in the file)"
            ))),
        };
    }
    tell(&format!(
        "{} trials, about {} calls, {cost}. Run it? [y/N] ",
        grouped(left.trials),
        plan::whole(left.calls)
    ));
    drop(std::io::stderr().flush());
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    let agreed = matches!(answer.trim().to_lowercase().as_str(), "y" | "yes");
    if read.is_ok() && agreed {
        Ok(())
    } else {
        Err(Trouble::NotAgreed("nothing was run and nothing was spent".to_owned()))
    }
}

/// Opens the run that is gone on with, or makes a new one that takes over what it shares.
fn open(ready: &Ready, found: &Earlier, args: &RunArgs) -> Result<Store, Trouble> {
    let prepared = &ready.prepared;
    let failed = |error: store::StoreError| Trouble::failed(&error);
    if let Some(folder) = &found.same {
        return Store::open(folder).map_err(failed);
    }
    // With --fresh too: a report says how often the experiment was run before.
    let before = store::find_runs(&args.out, Some(&prepared.experiment.name));
    let started = environment::now();
    let seed = prepared.experiment.header.seed;
    let mut store = Store::create(
        &args.out,
        &NewRun {
            experiment: &prepared.experiment,
            items: prepared.items(),
            created: started,
            command: &environment::command(),
            environment: &environment::document(seed, started),
        },
    )
    .map_err(failed)?;
    store.note_earlier_runs(started, &before.map_err(failed)?).map_err(failed)?;
    for folder in &found.others {
        let Ok(other) = Store::read(folder) else { continue };
        let taken = engine::take_over(&prepared.plan, &*ready.bench, &mut store, &other)
            .map_err(|error| Trouble::failed(&error))?;
        if taken.trials > 0 {
            let changes = store.changes_since(&other).map_err(failed)?;
            let detail = json!({
                "from": folder.display().to_string(),
                "taken": taken,
                "changes": changes,
            });
            store.note(environment::now(), "taken_over", &detail).map_err(failed)?;
        }
    }
    Ok(store)
}

/// Writes the reports, and what was shown, so that it can be told later.
fn finish(mut store: Store, results: &Results) -> Result<(), Trouble> {
    let failed = |error: store::StoreError| Trouble::failed(&error);
    results.write(&store, store.folder())?;
    let at = environment::now().to_rfc3339();
    for hypothesis in &results.experiment.hypotheses {
        if let Some(found) = results.findings.hypotheses.get(&hypothesis.name) {
            store
                .show_verdict(&ShownVerdict {
                    at: at.clone(),
                    hypothesis: hypothesis.name.clone(),
                    digest: hypothesis.digest.to_string(),
                    verdict: found.verdict.word().to_owned(),
                })
                .map_err(failed)?;
        }
    }
    store.settle().map_err(failed)
}

/// Writes the lock file; with `--locked` says what it would have changed instead.
fn keep_lock(
    ready: &Ready,
    results: &Results,
    before: Option<Lock>,
    args: &RunArgs,
) -> Result<Option<Trouble>, Trouble> {
    let mut now = ready.lock();
    let resolved: BTreeMap<_, _> = results
        .facts
        .models
        .iter()
        .filter(|model| !model.resolved.is_empty())
        .map(|model| (model.name.clone(), model.resolved.clone()))
        .collect();
    now.models = resolved;
    if !ready.relies_on_something() {
        return Ok(None);
    }
    let before = before.unwrap_or_default();
    let changed = before.contradictions(&now);
    if args.locked {
        return Ok((!changed.is_empty())
            .then(|| Trouble::Wrong(format!("--locked, and {}", changed.join("; ")))));
    }
    // A file in a folder that cannot be written runs all the same.
    if let Err(trouble) =
        lock::write(&lock::path(Path::new(&args.file)), &before.joined(&now))
    {
        tell(&format!("note: no lock file: {trouble}\n"));
    }
    Ok(None)
}

fn show(
    results: &Results,
    summary: &RunSummary,
    folder: &Path,
    args: &RunArgs,
) -> Result<(), Trouble> {
    match args.format {
        Look::Json => results.print_json(),
        Look::Human => {
            results.print();
            for file in results.files() {
                say(&format!("{}\n", folder.join(file).display()));
            }
            say(&format!("{}\n", folder.display()));
        }
    }
    if let Some(reason) = summary.stopped {
        let because =
            summary.because.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
        tell(&format!(
            "crucible-run: stopped: {}{because}; {}\n",
            why(reason),
            after(reason)
        ));
    }
    Ok(())
}

fn why(reason: StopReason) -> &'static str {
    match reason {
        StopReason::Interrupted => "interrupted",
        StopReason::Budget => {
            "the budget does not allow another call (--budget raises it)"
        }
        StopReason::TooManyFailures => {
            "too many trials failed (`max_failures` in `experiment` is the share allowed)"
        }
        StopReason::Offline => "answers were not in the cache (--offline)",
        StopReason::NotReplayed => "calls were not in the recording (--replay)",
        StopReason::Unreachable => "a model was given up",
        StopReason::Hook => "a hook of the file stopped it",
    }
}

/// What to do after a run has stopped.
fn after(reason: StopReason) -> &'static str {
    match reason {
        StopReason::TooManyFailures => {
            "mend what made them fail, as the report tells it: the same command tries them again, \
             and asks nothing of the trials that are done"
        }
        StopReason::Interrupted
        | StopReason::Budget
        | StopReason::Offline
        | StopReason::NotReplayed
        | StopReason::Hook
        | StopReason::Unreachable => "the same command goes on with it",
    }
}

/// Says that the results are of more than was asked for now: what the run had before is in
/// them.
fn more_than_asked(results: &Results, ready: &Ready) -> Option<String> {
    let plan = &ready.prepared.plan;
    let trials = results.facts.trials.done + results.facts.trials.failed;
    (trials > plan.len()).then(|| {
        format!(
            "the run holds {} trials, and the results are of all of them, not of the {} that --limit and --only select",
            grouped(trials),
            grouped(plan.len())
        )
    })
}

fn ending(results: &Results, summary: &RunSummary, args: &RunArgs) -> Exit {
    match summary.stopped {
        Some(StopReason::Interrupted) => Exit::Interrupted,
        Some(
            StopReason::Budget
            | StopReason::TooManyFailures
            | StopReason::Offline
            | StopReason::NotReplayed
            | StopReason::Unreachable
            | StopReason::Hook,
        ) => Exit::Incomplete,
        None if !summary.complete => Exit::Incomplete,
        None => {
            let doubted = results.findings.hypotheses.values().any(|found| {
                found.exploratory.is_none() && found.verdict != Verdict::Supported
            });
            if args.strict && doubted { Exit::NotSupported } else { Exit::Complete }
        }
    }
}
