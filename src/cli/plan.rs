//! `plan FILE`, and what a run is prepared from.
#![expect(clippy::format_push_string, reason = "a few short lines of a page")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Value as Json, json};

use super::args::{Choice, Look};
use super::exit::{Exit, Trouble};
use super::load::{self, Checked};
use super::lock::{DataLock, Lock};
use super::runs::{self, Done};
use super::{cached, environment, prospect, say, tell};
use crate::analysis::HypothesisForecast;
use crate::base::{Digest, grouped};
use crate::catalogue::{self, Materials, Needs};
use crate::engine::Bench;
use crate::model::GatewaySettings;
use crate::plan::{self, Estimate, Forecast, Plan, Selection};
use crate::record::{AnswerCache, Items, Recording, Tape};
use crate::spec::Experiment;
use crate::store::RunInfo;

/// An experiment with its items and its plan.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) experiment: Experiment,
    pub(super) plan: Arc<Plan>,
    materials: Materials,
}

/// A prepared experiment whose models are ready.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) prepared: Prepared,
    pub(super) bench: Arc<Bench>,
    data: BTreeMap<String, DataLock>,
}

/// Loads the items and makes the plan.
pub(super) fn prepare(checked: Checked, choice: &Choice) -> Result<Prepared, Trouble> {
    let experiment = checked.experiment;
    if experiment.conditions.is_empty() || experiment.dataset.is_none() {
        return Err(Trouble::Wrong(
            "the file checks, and there is nothing to run: a run needs a dataset and a \
             condition"
                .to_owned(),
        ));
    }
    let materials = Materials::load(&experiment, checked.host)
        .map_err(|error| load::told(&experiment, &error))?;
    let selection = Selection { limit: choice.limit, only: choice.only() };
    let plan = plan::compile(&experiment, &materials.items, &selection)
        .map_err(|error| Trouble::wrong(&error))?;
    let plan = Arc::new(plan);
    Ok(Prepared { experiment, plan, materials })
}

/// What a session knows beside the experiment.
#[derive(Default)]
pub(super) struct Session {
    /// Answers that were paid for before.
    pub(super) cache: Option<Arc<dyn AnswerCache>>,
    /// Whether no request may leave the program.
    pub(super) offline: bool,
    /// Whether calls are made although their answers are in the cache.
    pub(super) refresh: bool,
    /// Where calls are recorded.
    pub(super) tape: Option<Arc<dyn Tape>>,
    /// The recording that is replayed.
    pub(super) replay: Option<Arc<dyn Recording>>,
    /// What the run has spent before, in dollars.
    pub(super) spent_usd: f64,
    /// How many requests could be under way when the last session ended, by model.
    pub(super) windows: BTreeMap<String, usize>,
}

impl Prepared {
    /// Builds models, strategies and metrics.
    pub(super) fn assembled(self, session: Session) -> Result<Ready, Trouble> {
        let header = &self.experiment.header;
        let needs = Needs {
            environment: environment::variables(),
            gateway: GatewaySettings {
                timeout: header.timeout.map(std::time::Duration::from_secs_f64),
                budget: header.budget,
                spent_usd: session.spent_usd,
                offline: session.offline,
                seed: header.seed,
                cache: session.cache,
                refresh: session.refresh,
                tape: session.tape,
                replay: session.replay,
                windows: session.windows,
            },
        };
        let assembly = catalogue::assemble(&self.experiment, &self.materials, &needs)
            .map_err(|error| load::told(&self.experiment, &error))?;
        let data = assembly
            .files
            .iter()
            .map(|file| {
                let lock =
                    DataLock { bytes: file.bytes, blake3: file.digest.to_string() };
                (beside(&file.path, &self.experiment), lock)
            })
            .collect();
        let bench = Arc::new(Bench::new(assembly, header.seed));
        Ok(Ready { prepared: self, bench, data })
    }

    /// Returns the items, in the order of the dataset.
    pub(super) fn items(&self) -> &Items {
        &self.materials.items
    }

    /// Warns of too few groups to generalise from, where a column groups the items.
    pub(super) fn few_groups(&self) -> Option<String> {
        let column = self.experiment.header.cluster.as_ref()?;
        let items = self.items().iter().filter_map(|item| item.lookup(column));
        let groups: BTreeSet<String> = items.map(|value| value.to_string()).collect();
        (groups.len() < 10).then(|| {
            format!(
                "the items stand in {} of `{column}`: ten are the least to generalise from, and no number of items makes up for them",
                match groups.len() {
                    1 => "one group".to_owned(),
                    n => format!("{n} groups"),
                }
            )
        })
    }

    /// Returns the digest of all items.
    pub(super) fn items_digest(&self) -> Digest {
        RunInfo::digest_of(self.items())
    }
}

/// Returns a path as seen from the folder of the experiment's file, where the lock stands.
fn beside(path: &str, experiment: &Experiment) -> String {
    let folder = experiment.sources.first().map_or("", |source| source.folder.as_str());
    let inside = if folder.is_empty() { None } else { path.strip_prefix(folder) };
    inside.map_or(path, |inside| inside.trim_start_matches('/')).to_owned()
}

impl Ready {
    /// Returns what carries out the trials.
    pub(super) fn bench(&self) -> &Bench {
        &self.bench
    }

    /// Returns the indices of the conditions that are meant.
    pub(super) fn conditions(&self) -> &[u32] {
        self.prepared.plan.conditions()
    }

    /// Returns the budget in dollars.
    pub(super) fn budget(&self) -> Option<f64> {
        self.prepared.experiment.header.budget
    }

    /// Returns what the data are now.
    pub(super) fn lock(&self) -> Lock {
        Lock::of_data(self.data.clone())
    }

    /// Says whether there is anything to lock: a data file, or a model asked over a network.
    pub(super) fn relies_on_something(&self) -> bool {
        let gateway = &self.bench.assembly().gateway;
        let network = |model| gateway.profile(model).network;
        !self.data.is_empty() || gateway.models().iter().any(network)
    }

    /// Says whether a call may cost money: whether a model is asked over a network, away from
    /// this machine, that is not known to be free.
    pub(super) fn spends_money(&self) -> bool {
        let gateway = &self.bench.assembly().gateway;
        gateway.models().iter().any(|model| {
            let profile = gateway.profile(model);
            profile.network
                && !profile.free
                && !(profile.loopback && profile.price.is_none())
        })
    }

    /// Returns the names of the models whose calls are sent in batches.
    pub(super) fn batched_models(&self) -> Vec<String> {
        let gateway = &self.bench.assembly().gateway;
        let batched = |model: &&crate::model::ModelRef| gateway.profile(model).batched;
        let models = gateway.models().iter().filter(batched);
        models.map(|model| model.name.to_string()).collect()
    }

    /// Returns the names of the models whose answers are kept in the cache.
    pub(super) fn cacheable_models(&self) -> BTreeSet<String> {
        let gateway = &self.bench.assembly().gateway;
        let cacheable =
            |model: &&crate::model::ModelRef| gateway.profile(model).cacheable;
        gateway
            .models()
            .iter()
            .filter(cacheable)
            .map(|model| model.name.to_string())
            .collect()
    }

    /// Says what of a forecast is left when some trials are done.
    #[expect(clippy::cast_precision_loss, reason = "counts of trials are below 2⁵³")]
    pub(super) fn left(&self, forecast: &Forecast, done: &Done) -> Left {
        let mut left = Left {
            trials: forecast.trials.saturating_sub(done.total()),
            calls: 0.0,
            cost_usd: Some(0.0),
            seconds: forecast.seconds,
        };
        for (index, condition) in self.conditions().iter().zip(&forecast.conditions) {
            let gone = done.by_condition.get(index).copied().unwrap_or(0);
            let trials = condition.trials.saturating_sub(gone);
            left.calls += condition.each.calls * trials as f64;
            if trials > 0 {
                let cost = condition.each.cost_usd.map(|cost| cost * trials as f64);
                left.cost_usd = left.cost_usd.zip(cost).map(|(sum, cost)| sum + cost);
            }
        }
        let share = left.trials as f64 / forecast.trials.max(1) as f64;
        left.seconds = left.seconds.map(|seconds| seconds * share);
        left
    }

    /// Says what the plan takes.
    pub(super) fn forecast(&self) -> Forecast {
        let assembly = self.bench.assembly();
        let estimates: Vec<Estimate> = (0..assembly.strategies.len())
            .map(|condition| match assembly.forecast(condition) {
                Some(found) => Estimate {
                    calls: found.calls,
                    worst_calls: found.worst_calls,
                    at_least: found.at_least,
                    cost_usd: found.cost_usd,
                    seconds: Some(found.seconds),
                },
                None => Estimate { at_least: true, ..Estimate::default() },
            })
            .collect();
        let concurrency = self.prepared.experiment.header.concurrency;
        plan::forecast(&self.prepared.plan, &estimates, concurrency)
    }
}

/// `plan FILE`: says what a run takes, and spends nothing.
pub(super) fn plan(
    file: &str,
    choice: &Choice,
    out: &Path,
    format: Look,
) -> Result<Exit, Trouble> {
    let checked = load::load(file, &choice.set, format)?;
    let prepared = prepare(checked, choice)?;
    let done = runs::done(
        out,
        &prepared.experiment,
        &prepared.items_digest(),
        &prepared.plan,
        false,
    )?;
    let ready = prepared.assembled(Session::default())?;
    let forecast = ready.forecast();
    let cached = cached::cached(&ready, out)?;
    let counts: Vec<(&str, Option<u64>)> = forecast
        .conditions
        .iter()
        .zip(cached.values())
        .map(|(condition, count)| (condition.name.as_str(), *count))
        .collect();
    let left = ready.left(&forecast, &done);
    let prospects = prospect::forecasts(&ready, out);
    let takes = Takes { forecast: &forecast, done: &done, left: &left, cached: &counts };
    match format {
        Look::Json => {
            let document = document(&ready, &takes, &prospects);
            say(&format!("{document:#}\n"));
        }
        Look::Human => {
            say(&page(&ready, &takes, &prospects));
            if let Some(note) = ready.prepared.few_groups() {
                tell(&format!("note: {note}\n"));
            }
        }
    }
    Ok(Exit::Complete)
}

/// What a plan takes, and what of it is done already.
struct Takes<'a> {
    forecast: &'a Forecast,
    done: &'a Done,
    left: &'a Left,
    cached: &'a [(&'a str, Option<u64>)],
}

fn document(
    ready: &Ready,
    takes: &Takes<'_>,
    forecasts: &IndexMap<String, HypothesisForecast>,
) -> Json {
    let Takes { forecast, done, left, cached } = *takes;
    let conditions: serde_json::Map<String, Json> = forecast
        .conditions
        .iter()
        .zip(cached)
        .map(|(condition, (_, cached))| {
            let value = json!({
                "trials": condition.trials,
                "calls": rounded(condition.calls),
                "calls_each": condition.each.calls,
                "worst_calls_each": condition.each.worst_calls,
                "at_least": condition.each.at_least,
                "cost_usd": condition.cost_usd,
                "cached": cached,
            });
            (condition.name.clone(), value)
        })
        .collect();
    let batched = ready.batched_models();
    json!({
        "trials": forecast.trials,
        "committed": done.committed,
        "taken_over": done.taken_over,
        "spared": done.spared,
        "left": {
            "trials": left.trials,
            "calls": rounded(left.calls),
            "cost_usd": left.cost_usd,
            "seconds": left.seconds,
        },
        "calls": rounded(forecast.calls),
        "worst_calls": forecast.worst_calls,
        "at_least": forecast.at_least,
        "cost_usd": forecast.cost_usd,
        "seconds": forecast.seconds.filter(|_| batched.is_empty()),
        "cached": cached.iter().filter_map(|(_, count)| *count).sum::<u64>(),
        "batched": batched,
        "conditions": conditions,
        "hypotheses": prospect::document(forecasts),
    })
}

/// A number of calls, whole where it is whole.
fn rounded(calls: f64) -> Json {
    if calls.fract().abs() < 1e-9 && calls.abs() < 9e15 {
        #[expect(clippy::cast_possible_truncation, reason = "whole and in range")]
        let whole = calls.round() as i64;
        json!(whole)
    } else {
        json!(calls)
    }
}

fn page(
    ready: &Ready,
    takes: &Takes<'_>,
    forecasts: &IndexMap<String, HypothesisForecast>,
) -> String {
    let Takes { forecast, done, left, cached } = *takes;
    let experiment = &ready.prepared.experiment;
    let mut page = format!(
        "{}\n\n",
        experiment.title.as_deref().unwrap_or(experiment.name.as_str())
    );
    let width =
        forecast.conditions.iter().map(|c| c.name.chars().count()).max().unwrap_or(0);
    for condition in &forecast.conditions {
        let least = if condition.each.at_least { "at least " } else { "" };
        page += &format!(
            "{:width$}  {} trials, {least}{} calls, {}\n",
            condition.name,
            grouped(condition.trials),
            whole(condition.calls),
            money(condition.cost_usd)
        );
    }
    let least = if forecast.at_least { "at least " } else { "" };
    let batched = ready.batched_models();
    let seconds = forecast.seconds.filter(|_| batched.is_empty());
    page += &format!(
        "\n{} trials, {least}{} calls, {}{}\n",
        grouped(forecast.trials),
        whole(forecast.calls),
        cost_words(forecast.cost_usd),
        seconds.map_or(String::new(), |s| format!(", about {}", time(s)))
    );
    if done.total() > 0 {
        let which = match (done.committed, done.taken_over) {
            (n, 0) => format!("{} are committed", grouped(n)),
            (_, n) => format!("{} are taken over from earlier runs", grouped(n)),
        };
        let which = match done.spared {
            0 => which,
            n => format!("{which}, {} are spared by an early stop", grouped(n)),
        };
        page += &if left.trials == 0 {
            format!("{which}: nothing is left to ask\n")
        } else {
            format!(
                "{which}; left: {} trials, {least}{} calls, {}{}\n",
                grouped(left.trials),
                whole(left.calls),
                cost_words(left.cost_usd),
                left.seconds.map_or(String::new(), |s| format!(", about {}", time(s)))
            )
        };
    }
    page += &format!("{}\n", cached::words(cached));
    if !batched.is_empty() {
        let names: Vec<String> = batched.iter().map(|name| format!("`{name}`")).collect();
        page += &format!(
            "in batches, at half the price: {}; answers may take up to 24 hours\n",
            names.join(", ")
        );
    }
    page += &prospect::lines(forecasts);
    page
}

/// Shows an expected number of calls as a whole one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count, not negative and below 2⁵³"
)]
pub(super) fn whole(calls: f64) -> String {
    grouped(calls.round() as u64)
}

/// What is left of a plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Left {
    /// Trials to be carried out.
    pub(super) trials: u64,
    /// Calls expected of them.
    pub(super) calls: f64,
    /// Dollars; `None` where a price is unknown.
    pub(super) cost_usd: Option<f64>,
    /// Seconds; `None` where nothing is known.
    pub(super) seconds: Option<f64>,
}

/// Puts the cost of a plan into words.
pub(super) fn cost_words(cost_usd: Option<f64>) -> String {
    match cost_usd {
        Some(0.0) => "no cost".to_owned(),
        Some(dollars) => format!("about ${dollars:.4}"),
        None => "an unknown amount (a price is not known)".to_owned(),
    }
}

fn money(dollars: Option<f64>) -> String {
    dollars.map_or("unknown cost".to_owned(), |dollars| format!("${dollars:.4}"))
}

/// Puts a time into words.
pub(super) fn time(seconds: f64) -> String {
    if seconds < 120.0 {
        format!("{seconds:.1} s")
    } else if seconds < 7_200.0 {
        format!("{:.0} min", seconds / 60.0)
    } else {
        format!("{:.1} h", seconds / 3_600.0)
    }
}
