//! What a run says of itself, and how its trials are numbered.

use std::path::Path;

use chrono::{DateTime, FixedOffset};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::base::{Digest, Digester, ItemOrder, Permutation};
use crate::record::{Items, Place};
use crate::spec::{Design, Experiment};
use crate::store::error::StoreError;
use crate::store::run::{NewRun, find_meta, meta};

/// What a run says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunInfo {
    /// The experiment's name.
    pub name: String,
    /// When it was made.
    pub created: DateTime<FixedOffset>,
    /// The command line that made it.
    pub command: Vec<String>,
    /// Digest of the experiment.
    pub experiment: Digest,
    /// Digest of all items in their order.
    pub items_digest: Digest,
    /// The experiment's seed.
    pub seed: u64,
    /// How many items it has.
    pub items: u32,
    /// How many repeats.
    pub repeats: u32,
    /// The names of its conditions, in file order.
    pub conditions: Vec<String>,
    /// Its metrics, in file order.
    pub metrics: Vec<StoredMetric>,
    /// Trials of the whole experiment.
    pub planned: u64,
    /// Which conditions an item is asked under.
    pub design: Design,
    /// How trials are numbered.
    #[serde(skip)]
    pub(super) numbers: Numbers,
}

/// How the trials of a condition are numbered.
///
/// They are committed in the order in which items are asked. Numbered in that order, rows
/// that are written together stand together in the file, and a commit touches a few of its
/// pages and not one for each trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    /// By the index of the item: the files of formats 1 and 2.
    ByItem,
    /// By the rank of the item in the order in which items are asked.
    ByRank(Permutation),
}

impl Numbers {
    fn rank(self, item: u32) -> u64 {
        match self {
            Self::ByItem => u64::from(item),
            Self::ByRank(order) => order.rank(u64::from(item)),
        }
    }

    fn item(self, rank: u64) -> u64 {
        match self {
            Self::ByItem => rank,
            Self::ByRank(order) => order.at(rank),
        }
    }
}

/// Returns under how many of its conditions an item is asked.
fn asked(design: Design, conditions: usize) -> u64 {
    match design {
        Design::Paired => conditions as u64,
        Design::Unpaired => conditions.min(1) as u64,
    }
}

/// A metric as the run knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredMetric {
    /// Its name.
    pub name: String,
    /// Digest of its call: while it stands, the scores do.
    pub digest: Digest,
}

impl RunInfo {
    pub(super) fn new(run: &NewRun<'_>, experiment: Digest) -> Self {
        let conditions: Vec<String> =
            run.experiment.conditions.iter().map(|c| c.name.clone()).collect();
        let repeats = run.experiment.header.repeats.max(1);
        Self {
            name: run.experiment.name.clone(),
            created: run.created,
            command: run.command.to_vec(),
            experiment,
            items_digest: Self::digest_of(run.items),
            seed: run.experiment.header.seed,
            items: u32::try_from(run.items.len()).unwrap_or(u32::MAX),
            repeats,
            planned: asked(run.experiment.header.design, conditions.len())
                * run.items.len() as u64
                * u64::from(repeats),
            design: run.experiment.header.design,
            metrics: Self::metrics_of(run.experiment),
            conditions,
            numbers: Numbers::ByRank(
                ItemOrder::new(
                    run.experiment.header.seed,
                    u32::try_from(run.items.len()).unwrap_or(u32::MAX),
                )
                .items,
            ),
        }
    }

    /// Returns the digest of items in their order.
    #[must_use]
    pub fn digest_of(items: &Items) -> Digest {
        let mut digester = Digester::new("items");
        digester.number(items.len() as u64);
        for digest in items.digests() {
            digester.digest(&digest);
        }
        digester.finish()
    }

    fn metrics_of(experiment: &Experiment) -> Vec<StoredMetric> {
        experiment
            .metrics
            .iter()
            .map(|metric| StoredMetric {
                name: metric.name.clone(),
                digest: metric.call.digest(),
            })
            .collect()
    }

    pub(super) fn load(connection: &Connection, path: &Path) -> Result<Self, StoreError> {
        let names = |sql: &str| -> rusqlite::Result<Vec<String>> {
            connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
        };
        let failed = |source| StoreError::database(path, source);
        let conditions =
            names("SELECT name FROM conditions ORDER BY condition").map_err(failed)?;
        let items: u32 = meta(connection, "items", path)?;
        let repeats: u32 = meta(connection, "repeats", path)?;
        let seed = meta(connection, "seed", path)?;
        let design = find_meta(connection, "design", path)?.unwrap_or_default();
        let numbers = match find_meta::<String>(connection, "numbers", path)? {
            None => Numbers::ByItem,
            Some(_) => Numbers::ByRank(ItemOrder::new(seed, items).items),
        };
        Ok(Self {
            numbers,
            name: meta(connection, "name", path)?,
            created: meta(connection, "created", path)?,
            command: meta(connection, "command", path)?,
            experiment: meta(connection, "experiment_digest", path)?,
            items_digest: meta(connection, "items_digest", path)?,
            seed,
            items,
            repeats,
            metrics: meta(connection, "metrics", path)?,
            planned: asked(design, conditions.len())
                * u64::from(items)
                * u64::from(repeats),
            design,
            conditions,
        })
    }

    /// Returns a trial's number in the run.
    #[expect(clippy::cast_possible_wrap, reason = "three u32 counts of a real run")]
    pub(super) fn number(&self, place: Place) -> i64 {
        let cell =
            u64::from(place.condition) * u64::from(self.items) + self.rank(place.item);
        (cell * u64::from(self.repeats) + u64::from(place.repeat)) as i64
    }

    /// Returns the rank by which an item's trials are numbered.
    pub(super) fn rank(&self, item: u32) -> u64 {
        self.numbers.rank(item)
    }

    /// Returns where the trial with a number stands.
    pub(super) fn place(&self, trial: i64) -> Place {
        let trial = u64::try_from(trial).unwrap_or(0);
        let (repeats, items) =
            (u64::from(self.repeats.max(1)), u64::from(self.items.max(1)));
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Place {
            condition: small(trial / repeats / items),
            item: small(self.numbers.item(trial / repeats % items)),
            repeat: small(trial % repeats),
        }
    }

    /// Returns the first and the last number of a condition's trials.
    pub(super) fn range(&self, condition: u32) -> (i64, i64) {
        let length = i64::from(self.items) * i64::from(self.repeats);
        let first = i64::from(condition) * length;
        (first, first + length - 1)
    }
}
