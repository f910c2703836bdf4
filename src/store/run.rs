//! A run: what it says of itself, and how it is made and opened.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::record::Items;
use crate::spec::Experiment;
use crate::store::error::StoreError;
use crate::store::exchanges::Exchanges;
use crate::store::info::RunInfo;
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
    /// Every trial is recorded that the stop rule asks for: the other conditions are over.
    Decided,
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

    /// Says whether some process carries the run out now.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        folder::is_locked(&self.folder)
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

fn existing(dir: &Path) -> Result<PathBuf, StoreError> {
    let path = dir.join(folder::DATABASE);
    if path.is_file() {
        Ok(path)
    } else {
        Err(StoreError::NoRun { path: dir.to_owned() })
    }
}

pub(super) fn meta<T: for<'de> Deserialize<'de>>(
    connection: &Connection,
    key: &str,
    path: &Path,
) -> Result<T, StoreError> {
    find_meta(connection, key, path)?
        .ok_or_else(|| StoreError::corrupt(path, format!("it does not say its {key}")))
}

pub(super) fn find_meta<T: for<'de> Deserialize<'de>>(
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
            ("design", json(serde_json::to_string(&info.design))),
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
