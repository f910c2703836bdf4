//! From a checked experiment to what its trials need.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;

use crate::base::{Digest, Span};
use crate::catalogue::assembler::{Assembler, has_body, models_in};
use crate::catalogue::columns;
use crate::catalogue::error::AssembleError;
use crate::catalogue::hooks::HookFunctions;
use crate::dataset::{self, Desk, FileDigest, Loaded};
use crate::model::{self, Gateway, GatewaySettings, Surroundings};
use crate::record::Items;
use crate::score::{self, Scorer};
use crate::script::{Host, Workshop};
use crate::spec::{Call, Experiment, SourceText};
use crate::strategy::{CallForecast, Strategy};

/// What can be had without a model: compiled scripts and the items.
#[derive(Debug, Clone)]
pub struct Materials {
    /// Compiles and keeps the functions of the experiment.
    pub workshop: Workshop,
    /// The items, in the order of the dataset.
    pub items: Items,
    /// The data files that they were read from.
    pub files: Vec<FileDigest>,
}

impl Materials {
    /// Compiles the scripts and loads the items.
    ///
    /// # Errors
    ///
    /// When the data cannot be read or does not fit, or no item has a column that a prompt,
    /// a closure or `cluster:` names.
    pub fn load(experiment: &Experiment, host: Host) -> Result<Self, AssembleError> {
        let workshop = Workshop::new(host.clone(), experiment.libraries.clone());
        let Loaded { items, files } = match &experiment.dataset {
            Some(dataset) => load(experiment, &workshop, &dataset.call)?,
            None => Loaded::default(),
        };
        columns::check(experiment, &items, &host)?;
        Ok(Self { workshop, items, files })
    }
}

fn load(
    experiment: &Experiment,
    workshop: &Workshop,
    call: &Call,
) -> Result<Loaded, AssembleError> {
    let folders = folders(experiment);
    let desk = Desk {
        workshop,
        folders: &folders,
        seed: experiment.header.seed,
        in_memory: dataset::IN_MEMORY,
    };
    Ok(dataset::load(call, &desk)?)
}

/// The folder of each file, by its id.
fn folders(experiment: &Experiment) -> Vec<String> {
    let most = experiment.sources.iter().map(|source| source.file.0 as usize + 1).max();
    let mut folders = vec![String::new(); most.unwrap_or(0)];
    for source in &experiment.sources {
        if let Some(folder) = folders.get_mut(source.file.0 as usize) {
            folder.clone_from(&source.folder);
        }
    }
    folders
}

/// What comes from outside the experiment.
#[derive(Clone, Default)]
pub struct Needs {
    /// Keys and addresses, such as `OPENAI_API_KEY`.
    pub environment: BTreeMap<String, SecretString>,
    /// How the gateway is set.
    pub gateway: GatewaySettings,
}

impl fmt::Debug for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Needs")
            .field("environment", &self.environment.keys())
            .field("gateway", &self.gateway)
            .finish()
    }
}

/// Everything that the trials of an experiment need.
#[derive(Debug)]
pub struct Assembly {
    /// The one way to the models.
    pub gateway: Arc<Gateway>,
    /// The strategies, by condition.
    pub strategies: Vec<Arc<dyn Strategy>>,
    /// How many trials of each condition may be under way, where they wait for batches.
    pub crowds: Vec<Option<usize>>,
    /// The scorers, by metric.
    pub scorers: Vec<Box<dyn Scorer>>,
    /// The hooks of the file.
    pub hooks: HookFunctions,
    /// The items.
    pub items: Items,
    /// Compiles and keeps the functions of the experiment.
    pub workshop: Workshop,
    /// The files, for places in messages.
    pub sources: Arc<[SourceText]>,
    /// The data files that were read, those of recorded answers included.
    pub files: Vec<FileDigest>,
}

/// Builds everything that the trials of an experiment need. Asks no model.
///
/// # Errors
///
/// When a model, strategy or metric cannot be built; the first is told.
pub fn assemble(
    experiment: &Experiment,
    materials: &Materials,
    needs: &Needs,
) -> Result<Assembly, AssembleError> {
    let mut calls = Vec::new();
    for condition in &experiment.conditions {
        models_in(&condition.strategy, &mut calls);
    }
    let shelf = Shelf::new(experiment, materials, needs);
    let mut lanes = Vec::new();
    let mut places: BTreeMap<Digest, usize> = BTreeMap::new();
    for call in calls {
        if let Entry::Vacant(place) = places.entry(call.digest_with_label()) {
            place.insert(lanes.len());
            lanes.push(shelf.lane(call)?);
        }
    }
    let gateway = Arc::new(Gateway::new(lanes, needs.gateway.clone()));
    let models = places
        .into_iter()
        .filter_map(|(key, index)| Some((key, gateway.models().get(index)?.clone())))
        .collect();
    let sources: Arc<[SourceText]> = experiment.sources.clone().into();
    let load = |dataset: &Call| shelf.items(dataset);
    let assembler = Assembler {
        models,
        workshop: &materials.workshop,
        sources: Arc::clone(&sources),
        load: &load,
        tested: &materials.items,
    };
    let strategies = experiment
        .conditions
        .iter()
        .map(|condition| assembler.build(&condition.strategy))
        .collect::<Result<_, _>>()?;
    let scorers = experiment
        .metrics
        .iter()
        .map(|metric| {
            score::build(&metric.call, &materials.workshop)
                .map_err(|problem| AssembleError::of_script(&problem, &metric.call))
        })
        .collect::<Result<_, _>>()?;
    let crowds = experiment.conditions.iter().map(|c| crowd_of(&c.strategy)).collect();
    Ok(Assembly {
        gateway,
        crowds,
        strategies,
        scorers,
        hooks: HookFunctions::compile(experiment, &materials.workshop)?,
        items: materials.items.clone(),
        workshop: materials.workshop.clone(),
        sources,
        files: shelf.files.into_inner(),
    })
}

/// Trials that may wait for batches at once; each holds its requests and its item.
const CROWD: usize = 10_000;

/// The same where each of them has a script that waits on a thread of its own.
const SCRIPTED_CROWD: usize = 250;

/// Says how many trials of a strategy may be under way, where a model of it is batched.
fn crowd_of(strategy: &Call) -> Option<usize> {
    let mut models = Vec::new();
    models_in(strategy, &mut models);
    let batched = models.iter().any(|model| model.flag("batch") == Some(true));
    let most = if has_body(strategy) { SCRIPTED_CROWD } else { CROWD };
    batched.then_some(most)
}

/// The datasets of recorded answers, each loaded once.
struct Shelf<'a> {
    experiment: &'a Experiment,
    materials: &'a Materials,
    loaded: RefCell<BTreeMap<Digest, Items>>,
    files: RefCell<Vec<FileDigest>>,
    /// What all models share: the environment and the HTTP clients.
    surroundings: Surroundings<'static>,
}

impl<'a> Shelf<'a> {
    fn new(experiment: &'a Experiment, materials: &'a Materials, needs: &Needs) -> Self {
        let own = experiment.dataset.as_ref().map(|dataset| dataset.call.digest());
        let loaded = own.map(|digest| (digest, materials.items.clone()));
        Self {
            experiment,
            materials,
            loaded: RefCell::new(loaded.into_iter().collect()),
            files: RefCell::new(materials.files.clone()),
            surroundings: Surroundings {
                environment: needs.environment.clone(),
                ..Surroundings::default()
            },
        }
    }

    /// Builds a model with its limits; a `recorded` one gets its items.
    fn lane(&self, call: &Call) -> Result<model::Lane, AssembleError> {
        let failed: RefCell<Option<AssembleError>> = RefCell::default();
        let items = |dataset: &Call| {
            self.items(dataset).map_err(|error| {
                let told = model::BuildError::new(error.message.clone());
                failed.replace(Some(error));
                told
            })
        };
        let shared = self.surroundings.clone();
        let surroundings = Surroundings { recorded: Some(&items), ..shared };
        model::lane(call, &surroundings).map_err(|error| {
            failed.take().unwrap_or_else(|| AssembleError::of_model(error, call))
        })
    }

    fn items(&self, call: &Call) -> Result<Items, AssembleError> {
        let digest = call.digest();
        if let Some(items) = self.loaded.borrow().get(&digest) {
            return Ok(items.clone());
        }
        let Loaded { items, files } =
            load(self.experiment, &self.materials.workshop, call)?;
        self.loaded.borrow_mut().insert(digest, items.clone());
        let mut known = self.files.borrow_mut();
        for file in files {
            if !known.contains(&file) {
                known.push(file);
            }
        }
        Ok(items)
    }
}

/// Items that a forecast looks at.
const FORECAST_ITEMS: usize = 32;

impl Assembly {
    /// Says what a trial of a condition will take, on average over some of the items.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a few items")]
    pub fn forecast(&self, condition: usize) -> Option<CallForecast> {
        let strategy = self.strategies.get(condition)?;
        let step = self.items.len().div_ceil(FORECAST_ITEMS).max(1);
        let each: Vec<CallForecast> = (0..self.items.len())
            .step_by(step)
            .filter_map(|index| self.items.get(index))
            .map(|item| strategy.forecast(&item, &self.gateway))
            .collect();
        let n = each.len() as f64;
        let worst = each.iter().map(|one| one.worst_calls).max_by_key(|worst| {
            // No bound is more than any.
            worst.unwrap_or(u64::MAX)
        })?;
        let sum = each.into_iter().reduce(CallForecast::then)?;
        Some(CallForecast {
            calls: sum.calls / n,
            worst_calls: worst,
            at_least: sum.at_least,
            cost_usd: sum.cost_usd.map(|cost| cost / n),
            seconds: sum.seconds / n,
            models: sum
                .models
                .into_iter()
                .map(|(name, calls)| (name, calls / n))
                .collect(),
        })
    }

    /// Says whether the models could be asked now: keys are there, prices fit the budget.
    ///
    /// # Errors
    ///
    /// Names the first that could not.
    pub fn ready(&self) -> Result<(), AssembleError> {
        self.gateway.ready().map_err(|error| AssembleError {
            message: error.message,
            span: Span::default(),
            help: error.help,
        })
    }
}
