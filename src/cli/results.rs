//! From a run's store to its reports: `report RUN`, `show RUN`, and the end of a run.

use std::collections::BTreeSet;
use std::path::Path;

use super::args::{Look, Table};
use super::exit::{Exit, Trouble};
use super::{colour_out, columns, explored, export, repeat, runs, say, sections};
use crate::analysis::{self, Findings, Memory};
use crate::base::{Digest, ItemOrder};
use crate::report::{
    self, CallTotals, EarlierFacts, FailureCount, Format, ModelFacts, RunFacts,
    SectionText, SelectionFacts, SourceFacts, TrialTotals,
};
use crate::spec::{Experiment, TemplateFile};
use crate::store::{RunInfo, RunStatus, Store};
use crate::watch::Remembered;

/// What the store says of a run, worked out.
#[derive(Debug)]
pub(super) struct Results {
    pub(super) experiment: Experiment,
    pub(super) facts: RunFacts,
    pub(super) findings: Findings,
}

/// `report RUN`: writes the reports anew.
pub(super) fn report(run: &Path, format: Look) -> Result<Exit, Trouble> {
    let store = runs::read(run)?;
    let results = Results::stored(&store)?;
    // A name stands for its newest run, as it does for `show`.
    let folder = Path::new(&results.facts.run_dir);
    let written = results.write(&store, folder)?;
    match format {
        Look::Human => {
            for file in written {
                say(&format!("{}\n", folder.join(file).display()));
            }
        }
        Look::Json => results.print_json(),
    }
    Ok(Exit::Complete)
}

/// `show RUN`: prints what was found.
pub(super) fn show(run: &Path, format: Look) -> Result<Exit, Trouble> {
    let results = Results::stored(&runs::read(run)?)?;
    match format {
        Look::Human => results.print(),
        Look::Json => results.print_json(),
    }
    Ok(Exit::Complete)
}

impl Results {
    /// Reads a run's store, and analyses it by the experiment that it holds.
    pub(super) fn stored(store: &Store) -> Result<Self, Trouble> {
        let experiment = store.experiment().map_err(|error| Trouble::failed(&error))?;
        Self::gather(store, experiment, None, 0)
    }

    /// Reads the store and analyses it.
    ///
    /// `planned` is the number of trials that were asked for; without it, it follows from the
    /// store. `reused` trials were there before.
    pub(super) fn gather(
        store: &Store,
        experiment: Experiment,
        planned: Option<u64>,
        reused: u64,
    ) -> Result<Self, Trouble> {
        let removed = removed(store)?;
        let history = history(store)?;
        let findings = analysis::analyse(&experiment, store, &history)
            .map_err(|error| Trouble::failed(&error))?;
        let mut facts = facts(store, &experiment, planned, reused)?;
        facts.removed_hypotheses = removed;
        facts.earlier_runs = earlier_runs(store)?;
        facts.sections = own_sections(&experiment, &facts, &findings)?;
        Ok(Self { experiment, facts, findings })
    }

    /// Works out again what another experiment that asks the same trials finds in them.
    /// `facts` are those of the run; what was found before is in `memory`.
    pub(super) fn anew(
        samples: &Remembered<Store>,
        memory: &mut Memory,
        experiment: Experiment,
        facts: &RunFacts,
    ) -> Result<Self, Trouble> {
        let failed = |error: crate::store::StoreError| Trouble::failed(&error);
        let store = samples.source();
        let exploratory = store.why_exploratory_of(&experiment).map_err(failed)?;
        let removed = store.removed_from(&experiment).map_err(failed)?;
        let history = analysis::History {
            exploratory: exploratory.into_iter().collect(),
            removed: u32::try_from(removed.len()).unwrap_or(u32::MAX),
        };
        let findings = analysis::analyse_again(&experiment, samples, &history, memory)
            .map_err(|error| Trouble::failed(&error))?;
        let facts = RunFacts {
            digest: experiment.digest().to_string(),
            sources: sources(&experiment),
            removed_hypotheses: removed.into_iter().map(|entry| entry.name).collect(),
            ..facts.clone()
        };
        Ok(Self { experiment, facts, findings })
    }

    /// Writes the reports that the experiment asks for; returns the files to open.
    pub(super) fn write(
        &self,
        store: &Store,
        folder: &Path,
    ) -> Result<Vec<String>, Trouble> {
        let mut written = Vec::new();
        let formats = self.formats();
        if formats.is_empty() {
            return Ok(written);
        }
        let (experiment, findings) = (&self.experiment, &self.findings);
        let portraits = analysis::portray(experiment, store, findings)
            .map_err(|error| Trouble::failed(&error))?;
        for format in formats {
            let pages =
                report::render(experiment, &self.facts, findings, &portraits, format)
                    .map_err(|error| Trouble::failed(&error))?;
            for page in pages {
                let path = folder.join(page.file);
                match page.around_trials() {
                    Some(around) => {
                        make_room(&path)?;
                        explored::write(store, experiment, around, &path)?;
                    }
                    None => put(&path, page.text.as_bytes())?,
                }
            }
            let figures = report::figure_files(experiment, findings, &portraits, format)
                .map_err(|error| Trouble::failed(&error))?;
            for figure in figures {
                put(&folder.join(figure.file), &figure.bytes)?;
            }
            if let Some(file) = format.trials() {
                let path = folder.join(file);
                make_room(&path)?;
                export::write(store, Table::Jsonl, Some(&path))?;
            }
            written.push(format.file().to_owned());
        }
        if let Some(template) = &self.experiment.report.template {
            written.push(self.write_own(template, folder)?);
        }
        Ok(written)
    }

    /// Renders the template of the file; returns the name of what it made.
    fn write_own(
        &self,
        template: &TemplateFile,
        folder: &Path,
    ) -> Result<String, Trouble> {
        let (markup, made) = report::made_by(&template.path).map_err(Trouble::Wrong)?;
        let source = self.experiment.sources.iter().find(|s| s.file == template.text);
        let source = (markup, source.map_or("", |source| source.text.as_str()));
        let text = report::render_template(
            &self.experiment,
            &self.facts,
            &self.findings,
            source,
        )
        .map_err(|error| {
            Trouble::Wrong(format!(
                "`{}` cannot be rendered: {error}; the trials are kept: mend it, and run the file again",
                template.path
            ))
        })?;
        let path = folder.join(&made);
        std::fs::write(&path, text).map_err(|error| {
            Trouble::Failed(format!("write {}: {error}", path.display()))
        })?;
        Ok(made)
    }

    /// Returns the files of the reports that the experiment asks for.
    pub(super) fn files(&self) -> Vec<String> {
        let own = self.experiment.report.template.as_ref();
        let own = own.and_then(|template| report::made_by(&template.path).ok());
        let formats = self.formats().into_iter();
        formats
            .map(|format| format.file().to_owned())
            .chain(own.map(|(_, made)| made))
            .collect()
    }

    fn formats(&self) -> Vec<Format> {
        self.experiment.report.formats.iter().filter_map(|f| report::format(f)).collect()
    }

    /// Prints the summary.
    pub(super) fn print(&self) {
        say(&report::summary(
            &self.experiment,
            &self.facts,
            &self.findings,
            colour_out(),
            columns(),
        ));
    }

    /// Prints the document of `--format json`.
    pub(super) fn print_json(&self) {
        let document = report::document(&self.experiment, &self.facts, &self.findings);
        say(&format!("{document:#}\n"));
    }
}

/// Calls the closures of `sections` with what `--format json` prints; the folder of the run,
/// which another machine has elsewhere, is not in it.
fn own_sections(
    experiment: &Experiment,
    facts: &RunFacts,
    findings: &Findings,
) -> Result<Vec<SectionText>, Trouble> {
    if experiment.report.sections.is_empty() {
        return Ok(Vec::new());
    }
    let mut document = report::document(experiment, facts, findings);
    if let Some(map) = document.as_object_mut() {
        map.remove("run_dir");
    }
    sections::written(experiment, &document)
}

/// Returns the names of the hypotheses of the stored family that the file no longer has.
fn removed(store: &Store) -> Result<Vec<String>, Trouble> {
    let gone = store.removed_hypotheses().map_err(|error| Trouble::failed(&error))?;
    Ok(gone.into_iter().map(|entry| entry.name).collect())
}

/// Returns what a store knows of the family before it is analysed.
pub(super) fn history(store: &Store) -> Result<analysis::History, Trouble> {
    let exploratory = store.why_exploratory().map_err(|error| Trouble::failed(&error))?;
    Ok(analysis::History {
        exploratory: exploratory.into_iter().collect(),
        removed: u32::try_from(removed(store)?.len()).unwrap_or(u32::MAX),
    })
}

/// Writes a file, in a folder that is made where it is not there.
fn put(path: &Path, bytes: &[u8]) -> Result<(), Trouble> {
    make_room(path)?;
    std::fs::write(path, bytes)
        .map_err(|error| Trouble::Failed(format!("write {}: {error}", path.display())))
}

/// Makes the folder that a file is to stand in.
fn make_room(path: &Path) -> Result<(), Trouble> {
    let Some(folder) = path.parent() else { return Ok(()) };
    std::fs::create_dir_all(folder)
        .map_err(|error| Trouble::Failed(format!("make {}: {error}", folder.display())))
}

fn facts(
    store: &Store,
    experiment: &Experiment,
    planned: Option<u64>,
    reused: u64,
) -> Result<RunFacts, Trouble> {
    let failed = |error: crate::store::StoreError| Trouble::failed(&error);
    let totals = store.totals().map_err(failed)?;
    let status = store.status().map_err(failed)?;
    let (items, selection) = asked_part(store)?;
    let command = repeat::command(store, experiment, selection.as_ref());
    let complete = stopped(status).is_none();
    let asked = match (planned, complete) {
        _ if status == RunStatus::Decided => store.info().planned,
        (Some(planned), _) => planned.max(totals.committed),
        (None, true) => totals.committed,
        (None, false) => store.info().planned,
    };
    Ok(RunFacts {
        run_dir: store.folder().display().to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        digest: store.info().experiment.to_string(),
        complete,
        stopped: stopped(status).map(str::to_owned),
        items,
        selection,
        command,
        seed: store.info().seed,
        trials: TrialTotals {
            planned: asked,
            done: totals.committed - totals.failed,
            failed: totals.failed,
            reused,
            retried: store.retried().map_err(failed)?,
        },
        calls: CallTotals {
            calls: totals.calls,
            cached: totals.cached,
            retries: totals.attempts.saturating_sub(totals.calls - totals.cached),
            cost_usd: totals.cost_usd,
            unknown_cost: totals.cost_unknown,
            tokens_in: totals.tokens_in,
            tokens_out: totals.tokens_out,
        },
        models: models(store)?,
        failures: failures(store)?,
        score_failures: score_failures(store)?,
        sources: sources(experiment),
        ..RunFacts::default()
    })
}

fn earlier_runs(store: &Store) -> Result<Vec<EarlierFacts>, Trouble> {
    let runs = store.earlier_runs().map_err(|error| Trouble::failed(&error))?;
    Ok(runs
        .into_iter()
        .map(|run| EarlierFacts {
            name: run.name,
            created: run.created.format("%Y-%m-%d %H:%M").to_string(),
            planned: run.planned,
            committed: run.committed,
            failed: run.failed,
            status: status_then(run.status).to_owned(),
            same_experiment: run.same_experiment,
            seed: run.seed,
            claims: run.claims,
        })
        .collect())
}

/// How far a run was when a later one was made.
fn status_then(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Complete => "complete",
        RunStatus::Decided => "complete, stopped early",
        RunStatus::Selection => "complete as far as it was asked for",
        RunStatus::Underway => "under way or killed",
        RunStatus::Interrupted => "interrupted",
        RunStatus::Budget => "stopped at its budget",
        RunStatus::TooManyFailures => "stopped for too many failures",
        RunStatus::Offline => "stopped for missing answers while offline",
        RunStatus::Unreachable => "stopped: a model could not be reached",
        RunStatus::Stopped => "stopped by a hook of its file",
    }
}

/// Why a run is not complete.
fn stopped(status: RunStatus) -> Option<&'static str> {
    match status {
        RunStatus::Complete | RunStatus::Selection | RunStatus::Decided => None,
        RunStatus::Underway => Some("it is under way, or was killed"),
        RunStatus::Interrupted => Some("it was interrupted"),
        RunStatus::Budget => Some("the budget is spent"),
        RunStatus::TooManyFailures => Some("too many trials failed"),
        RunStatus::Offline => Some("answers were missing (offline, or replayed)"),
        RunStatus::Unreachable => Some("a model could not be reached"),
        RunStatus::Stopped => Some("a hook of the file stopped it"),
    }
}

/// Counts the items that were asked, and says which part of the experiment that was, where
/// a selection is what was asked for.
fn asked_part(store: &Store) -> Result<(u32, Option<SelectionFacts>), Trouble> {
    let failed = |error: crate::store::StoreError| Trouble::failed(&error);
    let info = store.info();
    let mut seen: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); info.conditions.len()];
    let mut committed = 0_u64;
    store
        .committed(|trial| {
            committed += 1;
            if let Some(items) = seen.get_mut(trial.place.condition as usize) {
                items.insert(trial.place.item);
            }
        })
        .map_err(failed)?;
    if committed == info.planned {
        return Ok((info.items, None));
    }
    let count = |items: &BTreeSet<u32>| u32::try_from(items.len()).unwrap_or(u32::MAX);
    let items = count(&seen.iter().flatten().copied().collect());
    if store.status().map_err(failed)? != RunStatus::Selection {
        return Ok((items, None));
    }
    let asked = || seen.iter().zip(&info.conditions).filter(|(own, _)| !own.is_empty());
    let unpaired = info.design.is_unpaired();
    let selection = SelectionFacts {
        items: if unpaired { dealt(info, &seen) } else { items },
        of_items: info.items,
        conditions: asked().map(|(_, name)| name.clone()).collect(),
        of_conditions: u32::try_from(info.conditions.len()).unwrap_or(u32::MAX),
        uneven: !unpaired && asked().any(|(own, _)| count(own) != items),
    };
    Ok((items, Some(selection)))
}

/// Returns how many items of the keyed order were looked at where each has one condition:
/// all, where every condition that was asked has all of its own.
fn dealt(info: &RunInfo, seen: &[BTreeSet<u32>]) -> u32 {
    let order = ItemOrder::new(info.seed, info.items).items;
    let conditions = u32::try_from(seen.len()).unwrap_or(u32::MAX).max(1);
    let share =
        |condition: u32| info.items.saturating_sub(condition).div_ceil(conditions);
    let whole = (0..).zip(seen).all(|(condition, own)| {
        own.is_empty() || own.len() as u64 == u64::from(share(condition))
    });
    if whole {
        return info.items;
    }
    let ranks = seen.iter().flatten().map(|item| order.rank(u64::from(*item)) + 1);
    u32::try_from(ranks.max().unwrap_or(0)).unwrap_or(u32::MAX)
}

fn models(store: &Store) -> Result<Vec<ModelFacts>, Trouble> {
    let mut models: Vec<ModelFacts> = Vec::new();
    for count in store.models().map_err(|error| Trouble::failed(&error))? {
        let known = models.iter_mut().find(|model| model.name == count.model);
        let model = match known {
            Some(model) => model,
            None => {
                models.push(ModelFacts { name: count.model, ..ModelFacts::default() });
                let Some(model) = models.last_mut() else { continue };
                model
            }
        };
        model.calls += count.calls;
        model.resolved.extend(count.resolved);
    }
    Ok(models)
}

fn failures(store: &Store) -> Result<Vec<FailureCount>, Trouble> {
    let mut rows = Vec::new();
    for count in store.failures().map_err(|error| Trouble::failed(&error))? {
        let example = store
            .failed_trials(count.condition, count.kind, 1)
            .map_err(|error| Trouble::failed(&error))?
            .into_iter()
            .find_map(|trial| match trial.outcome {
                crate::record::Outcome::Failed(failure) => Some(failure.message),
                crate::record::Outcome::Done(_) => None,
            });
        rows.push(FailureCount {
            condition: condition(store, count.condition),
            kind: count.kind.words().to_owned(),
            count: count.trials,
            example: example.unwrap_or_default(),
        });
    }
    Ok(rows)
}

fn score_failures(store: &Store) -> Result<Vec<FailureCount>, Trouble> {
    let mut rows = Vec::new();
    for count in store.scoreless().map_err(|error| Trouble::failed(&error))? {
        if count.failed == 0 {
            continue;
        }
        let problems = store
            .score_problems(count.metric, 1)
            .map_err(|error| Trouble::failed(&error))?;
        rows.push(FailureCount {
            condition: condition(store, count.condition),
            kind: store
                .info()
                .metrics
                .get(count.metric as usize)
                .map_or_else(String::new, |metric| metric.name.clone()),
            count: count.failed,
            example: problems
                .into_iter()
                .next()
                .map(|(text, _)| text)
                .unwrap_or_default(),
        });
    }
    Ok(rows)
}

fn condition(store: &Store, index: u32) -> String {
    store.info().conditions.get(index as usize).cloned().unwrap_or_default()
}

fn sources(experiment: &Experiment) -> Vec<SourceFacts> {
    experiment
        .sources
        .iter()
        .map(|source| SourceFacts {
            path: source.path.clone(),
            digest: Digest::of(source.text.as_bytes()).to_string(),
        })
        .collect()
}
