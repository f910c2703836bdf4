//! A run: what it says of itself, and how it is made and opened.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::base::{Digest, Digester, ItemOrder, Permutation};
use crate::record::{Items, Place};
use crate::spec::Experiment;
use crate::store::error::StoreError;
use crate::store::exchanges::Exchanges;
use crate::store::{checkpoint, folder, schema};

/// What a new run is made of.
#[derive(Debug, Clone, Copy)]
pub struct NewRun<'a> {
    /// The checked experiment.
    pub experiment: &'a Experiment,
    /// Its items, all of them.
    pub items: &'a Items,
    /// When it was asked for, by the user's clock.
    pub created: DateTime<FixedOffset>,
    /// The command line, without anything secret.
    pub command: &'a [String],
    /// Versions, machine and seeds: `environment.json`.
    pub environment: &'a Json,
}

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

/// A metric as the run knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredMetric {
    /// Its name.
    pub name: String,
    /// Digest of its call: while it stands, the scores do.
    pub digest: Digest,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// It runs; or, when no process holds it, it was killed.
    Underway,
    /// Every trial is recorded.
    Complete,
    /// What was selected is recorded; the experiment has more.
    Selection,
    /// The user stopped it.
    Interrupted,
    /// The budget was spent.
    Budget,
    /// Too large a share of the trials failed.
    TooManyFailures,
    /// Answers were missing: offline, or in a recording.
    Offline,
    /// A model was given up.
    Unreachable,
    /// A hook of the file stopped it.
    Stopped,
}

/// A run on disk.
///
/// A store that was created or opened holds the run's lock until it is dropped; one that
/// was opened to read holds nothing and cannot commit.
#[derive(Debug)]
pub struct Store {
    pub(super) folder: PathBuf,
    pub(super) path: PathBuf,
    pub(super) connection: Connection,
    pub(super) info: RunInfo,
    pub(super) kept: Option<KeptAnswers>,
    /// The numbers of the trials that have checkpoints.
    pub(super) loose: BTreeSet<i64>,
    /// Held, never read.
    _lock: Option<File>,
}

/// Where answers go when their trial is committed, and those of which models.
#[derive(Debug)]
pub(super) struct KeptAnswers {
    pub(super) cache: Arc<Exchanges>,
    pub(super) models: BTreeSet<String>,
}

impl Store {
    /// Makes a new run below `out`: its folder, sources, environment and database.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written.
    pub fn create(out: &Path, run: &NewRun<'_>) -> Result<Self, StoreError> {
        let digest = run.experiment.digest();
        let folder = folder::create(out, &run.experiment.name, run.created, &digest)?;
        let lock = folder::lock(&folder)?;
        folder::write_sources(&folder, &run.experiment.sources)?;
        let environment = format!("{:#}\n", run.environment);
        folder::write(&folder, Path::new("environment.json"), &environment)?;
        let path = folder.join(folder::DATABASE);
        let info = RunInfo::new(run, digest);
        schema::make(
            &path,
            |path| schema::create(path, schema::RUN_TABLES),
            |connection| fill(connection, run, &info),
        )?;
        let connection = schema::open(&path)?;
        Ok(Self {
            folder,
            path,
            connection,
            info,
            kept: None,
            loose: BTreeSet::new(),
            _lock: Some(lock),
        })
    }

    /// Opens a run to go on with it.
    ///
    /// # Errors
    ///
    /// When there is no run, another process holds it, or its file cannot be used.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = existing(dir)?;
        let lock = folder::lock(dir)?;
        let connection = schema::open(&path)?;
        Self::with(dir, path, connection, Some(lock))
    }

    /// Opens a run to read it, also while another process runs it.
    ///
    /// # Errors
    ///
    /// When there is no run, or its file cannot be used.
    pub fn read(dir: &Path) -> Result<Self, StoreError> {
        let path = existing(dir)?;
        let connection = schema::read(&path)?;
        Self::with(dir, path, connection, None)
    }

    fn with(
        dir: &Path,
        path: PathBuf,
        connection: Connection,
        lock: Option<File>,
    ) -> Result<Self, StoreError> {
        let info = RunInfo::load(&connection, &path)?;
        let loose = checkpoint::loose(&connection)
            .map_err(|source| StoreError::database(&path, source))?;
        let folder = dir.to_owned();
        Ok(Self { folder, path, connection, info, kept: None, loose, _lock: lock })
    }

    /// Keeps the answers of some models in a cache as their trials are committed.
    pub fn keep_answers(&mut self, cache: Arc<Exchanges>, models: BTreeSet<String>) {
        self.kept = Some(KeptAnswers { cache, models });
    }

    /// Returns the run's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns what the run says of itself.
    #[must_use]
    pub fn info(&self) -> &RunInfo {
        &self.info
    }

    /// Returns the experiment as it was when the run was made.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn experiment(&self) -> Result<Experiment, StoreError> {
        self.meta("experiment")
    }

    /// Returns how far the run is.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn status(&self) -> Result<RunStatus, StoreError> {
        self.meta("status")
    }

    /// Says how far the run is.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn set_status(&mut self, status: RunStatus) -> Result<(), StoreError> {
        let text = serde_json::to_string(&status).unwrap_or_default();
        self.connection
            .execute("INSERT OR REPLACE INTO meta VALUES ('status', ?1)", [text])
            .map(|_| ())
            .map_err(|source| self.failed(source))
    }

    /// Lets the log run into the database's file, so that it stands alone.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn settle(&mut self) -> Result<(), StoreError> {
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(|source| self.failed(source))
    }

    pub(super) fn failed(&self, source: rusqlite::Error) -> StoreError {
        StoreError::database(&self.path, source)
    }

    fn meta<T: for<'de> Deserialize<'de>>(&self, key: &str) -> Result<T, StoreError> {
        meta(&self.connection, key, &self.path)
    }
}

impl RunInfo {
    fn new(run: &NewRun<'_>, experiment: Digest) -> Self {
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
            planned: conditions.len() as u64
                * run.items.len() as u64
                * u64::from(repeats),
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

    fn load(connection: &Connection, path: &Path) -> Result<Self, StoreError> {
        let names = |sql: &str| -> rusqlite::Result<Vec<String>> {
            connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
        };
        let failed = |source| StoreError::database(path, source);
        let conditions =
            names("SELECT name FROM conditions ORDER BY condition").map_err(failed)?;
        let items: u32 = meta(connection, "items", path)?;
        let repeats: u32 = meta(connection, "repeats", path)?;
        let seed = meta(connection, "seed", path)?;
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
            planned: conditions.len() as u64 * u64::from(items) * u64::from(repeats),
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

fn existing(dir: &Path) -> Result<PathBuf, StoreError> {
    let path = dir.join(folder::DATABASE);
    if path.is_file() {
        Ok(path)
    } else {
        Err(StoreError::NoRun { path: dir.to_owned() })
    }
}

fn meta<T: for<'de> Deserialize<'de>>(
    connection: &Connection,
    key: &str,
    path: &Path,
) -> Result<T, StoreError> {
    find_meta(connection, key, path)?
        .ok_or_else(|| StoreError::corrupt(path, format!("it does not say its {key}")))
}

fn find_meta<T: for<'de> Deserialize<'de>>(
    connection: &Connection,
    key: &str,
    path: &Path,
) -> Result<Option<T>, StoreError> {
    let text: Option<String> = connection
        .query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0))
        .optional()
        .map_err(|source| StoreError::database(path, source))?;
    text.map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|error| StoreError::corrupt(path, format!("its {key}: {error}")))
}

/// Writes everything that a run knows before its first trial, in one transaction.
fn fill(
    connection: &mut Connection,
    run: &NewRun<'_>,
    info: &RunInfo,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    {
        let json = |value: serde_json::Result<String>| value.unwrap_or_default();
        let entries = [
            ("name", json(serde_json::to_string(&info.name))),
            ("created", json(serde_json::to_string(&info.created))),
            ("command", json(serde_json::to_string(&info.command))),
            ("experiment_digest", json(serde_json::to_string(&info.experiment))),
            ("items_digest", json(serde_json::to_string(&info.items_digest))),
            ("seed", info.seed.to_string()),
            ("items", info.items.to_string()),
            ("repeats", info.repeats.to_string()),
            ("planned", info.planned.to_string()),
            ("metrics", json(serde_json::to_string(&info.metrics))),
            ("numbers", "\"by_rank\"".to_owned()),
            ("status", json(serde_json::to_string(&RunStatus::Underway))),
            ("experiment", json(serde_json::to_string(run.experiment))),
        ];
        let mut meta = transaction.prepare("INSERT INTO meta VALUES (?1, ?2)")?;
        for (key, value) in entries {
            meta.execute([key, &value])?;
        }
        let mut rows =
            transaction.prepare("INSERT INTO items VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
        let mut written = 0;
        for item in run.items.iter() {
            written += 1;
            rows.execute(params![
                item.index,
                item.id,
                item.input,
                item.target.to_string(),
                json(serde_json::to_string(&item.columns)),
                item.digest.to_string(),
            ])?;
        }
        if written != run.items.len() {
            let message = format!("item {} can no longer be read", written + 1);
            return Err(rusqlite::Error::ToSqlConversionFailure(message.into()));
        }
        let mut rows =
            transaction.prepare("INSERT INTO conditions VALUES (?1, ?2, ?3)")?;
        for (index, condition) in (0_i64..).zip(&run.experiment.conditions) {
            let digest = condition.strategy.digest().to_string();
            rows.execute(params![index, condition.name, digest])?;
        }
        let mut rows = transaction.prepare("INSERT INTO metrics VALUES (?1, ?2, ?3)")?;
        for (index, metric) in (0_i64..).zip(&info.metrics) {
            rows.execute(params![index, metric.name, metric.digest.to_string()])?;
        }
        let mut rows =
            transaction.prepare("INSERT INTO family VALUES (?1, ?2, ?3, ?4)")?;
        for (index, hypothesis) in (0_i64..).zip(&run.experiment.hypotheses) {
            rows.execute(params![
                index,
                hypothesis.name,
                hypothesis.digest.to_string(),
                hypothesis.claim_text,
            ])?;
        }
    }
    transaction.commit()
}
