//! What was claimed and shown, and when: so that a claim made after a look at the data can
//! be told from one made before.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, FixedOffset};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::spec::{Experiment, Hypothesis};
use crate::store::changes::changes;
use crate::store::error::StoreError;
use crate::store::read::with;
use crate::store::run::{RunStatus, Store};
use crate::store::runs::FoundRun;

/// A hypothesis of the family as it stood when the first trial was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FamilyEntry {
    /// Its name.
    pub name: String,
    /// Its digest, in hexadecimal; text, since entries of changed data are marked.
    pub digest: String,
    /// Its claim as it stood in the file.
    pub claim: String,
}

/// A verdict that somebody saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShownVerdict {
    /// When, by the user's clock.
    pub at: String,
    /// The hypothesis.
    pub hypothesis: String,
    /// Its digest then.
    pub digest: String,
    /// The verdict.
    pub verdict: String,
}

/// Something that happened to the run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryEvent {
    /// When, by the user's clock.
    pub at: String,
    /// What kind of event: `started`, `stopped`, `taken_over` …
    pub kind: String,
    /// What there is to say of it.
    pub detail: Json,
}

impl HistoryEvent {
    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection
            .prepare_cached("INSERT INTO events (at, kind, detail) VALUES (?1, ?2, ?3)")?
            .execute([&self.at, &self.kind, &self.detail.to_string()])
            .map(|_| ())
    }
}

/// A run of the same experiment that was there when a run was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierRun {
    /// The name of its folder.
    pub name: String,
    /// When it was made, by the clock of whoever made it.
    pub created: DateTime<FixedOffset>,
    /// Trials of its whole experiment.
    pub planned: u64,
    /// Trials committed by then.
    pub committed: u64,
    /// Of those, how many had failed.
    pub failed: u64,
    /// How far it was.
    pub status: RunStatus,
    /// Whether its experiment, by digest, is that of the run which was made.
    pub same_experiment: bool,
    /// Its seed; runs noted by earlier versions do not say.
    #[serde(default)]
    pub seed: Option<u64>,
    /// The claims of its family.
    #[serde(default)]
    pub claims: Vec<String>,
}

/// The kind of event that says which trials were taken over, and what had changed since.
const TAKEN_OVER: &str = "taken_over";

/// Marks a digest of the family whose items changed after a verdict was shown.
const CHANGED_ITEMS: &str = "changed items: ";

/// The kind of event that lists the runs which were there before.
const EARLIER_RUNS: &str = "earlier_runs";

impl Store {
    /// Writes down which runs of the experiment there were when this one was made: kept
    /// here, so that a report says the same whatever becomes of them.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn note_earlier_runs(
        &mut self,
        at: DateTime<FixedOffset>,
        runs: &[FoundRun],
    ) -> Result<(), StoreError> {
        if runs.is_empty() {
            return Ok(());
        }
        let own = self.info().experiment;
        let rows: Vec<EarlierRun> = runs
            .iter()
            .rev()
            .map(|run| EarlierRun {
                name: run
                    .folder
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned())
                    .unwrap_or_default(),
                created: run.info.created,
                planned: run.info.planned,
                committed: run.committed,
                failed: run.failed,
                status: run.status,
                same_experiment: run.info.experiment == own,
                seed: Some(run.info.seed),
                claims: claims(&run.folder),
            })
            .collect();
        self.note(at, EARLIER_RUNS, &serde_json::json!(rows))
    }

    /// Returns the runs that were there when this one was made, oldest first.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn earlier_runs(&self) -> Result<Vec<EarlierRun>, StoreError> {
        let events = self.events()?;
        let noted = events.into_iter().find(|event| event.kind == EARLIER_RUNS);
        Ok(noted
            .and_then(|event| serde_json::from_value(event.detail).ok())
            .unwrap_or_default())
    }

    /// Writes down an event.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn note(
        &mut self,
        at: DateTime<FixedOffset>,
        kind: &str,
        detail: &Json,
    ) -> Result<(), StoreError> {
        let event = HistoryEvent {
            at: at.to_rfc3339(),
            kind: kind.to_owned(),
            detail: detail.clone(),
        };
        event.write(&self.connection).map_err(|source| self.failed(source))
    }

    /// Returns every event, oldest first.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn events(&self) -> Result<Vec<HistoryEvent>, StoreError> {
        let read = || {
            let mut statement = self
                .connection
                .prepare_cached("SELECT at, kind, detail FROM events ORDER BY event")?;
            let events = statement.query_map([], |row| {
                let detail: String = row.get(2)?;
                Ok(HistoryEvent {
                    at: row.get(0)?,
                    kind: row.get(1)?,
                    detail: serde_json::from_str(&detail).unwrap_or(Json::String(detail)),
                })
            })?;
            events.collect()
        };
        with(read).map_err(|source| self.failed(source))
    }

    /// Returns how many requests could be under way at the end of the last session, for each
    /// model of which that was found out.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn windows(&self) -> Result<BTreeMap<String, usize>, StoreError> {
        let read = || {
            let mut statement = self.connection.prepare_cached(
                "SELECT detail ->> 'model', detail ->> 'size' FROM events
                 WHERE kind = 'limit' AND detail ->> 'size' IS NOT NULL ORDER BY event",
            )?;
            let mut windows = BTreeMap::new();
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let size: u32 = row.get(1)?;
                windows.insert(row.get(0)?, size as usize);
            }
            Ok(windows)
        };
        with(read).map_err(|source| self.failed(source))
    }

    /// Returns the confirmatory family: the hypotheses as they stood when the first trial
    /// was stored, here or in the run that trials were taken over from.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn family(&self) -> Result<Vec<FamilyEntry>, StoreError> {
        let read = || {
            let mut statement = self.connection.prepare_cached(
                "SELECT name, digest, claim FROM family ORDER BY place",
            )?;
            let entries = statement.query_map([], |row| {
                Ok(FamilyEntry {
                    name: row.get(0)?,
                    digest: row.get(1)?,
                    claim: row.get(2)?,
                })
            })?;
            entries.collect()
        };
        with(read).map_err(|source| self.failed(source))
    }

    /// Takes over the family of an earlier run: this run's hypotheses are judged by whether
    /// they stood there. Where the items changed after a verdict was shown, none of them
    /// does: its digests are marked, so that no hypothesis matches.
    ///
    /// # Errors
    ///
    /// When either database fails.
    pub fn inherit_family(&mut self, earlier: &Self) -> Result<(), StoreError> {
        let family = earlier.family()?;
        let grown = self.info().items_digest != earlier.info().items_digest;
        let marked = grown && !earlier.shown_verdicts()?.is_empty();
        let path = self.path.clone();
        let write = || {
            let transaction = self.connection.transaction()?;
            transaction.execute("DELETE FROM family", [])?;
            for (place, entry) in (0_i64..).zip(&family) {
                let mark = if marked { CHANGED_ITEMS } else { "" };
                transaction.execute(
                    "INSERT INTO family VALUES (?1, ?2, ?3, ?4)",
                    params![
                        place,
                        entry.name,
                        format!("{mark}{}", entry.digest),
                        entry.claim
                    ],
                )?;
            }
            transaction.commit()
        };
        with(write).map_err(|source| StoreError::database(&path, source))
    }

    /// Returns the names of the run's hypotheses that are exploratory.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn exploratory(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.why_exploratory()?.into_iter().map(|(name, _)| name).collect())
    }

    /// Returns the run's hypotheses that are exploratory, since they were not in the family
    /// or were other claims then, each with why: a sentence.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn why_exploratory(&self) -> Result<Vec<(String, String)>, StoreError> {
        let experiment = self.experiment()?;
        self.exploratory_among(&experiment.hypotheses, |hypothesis, _| {
            self.changed_since(&hypothesis.name)
        })
    }

    /// Returns which hypotheses of another experiment, which asks the same trials, would be
    /// exploratory in a run of it that takes this one over, each with why.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn why_exploratory_of(
        &self,
        later: &Experiment,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let own = self.experiment()?;
        self.exploratory_among(&later.hypotheses, |hypothesis, digest| {
            match changes(later, &own, hypothesis, digest) {
                Some(changes) => {
                    Ok(format!("since the first trial was stored, {changes} changed."))
                }
                None => self.changed_since(&hypothesis.name),
            }
        })
    }

    fn exploratory_among(
        &self,
        hypotheses: &[Hypothesis],
        changed: impl Fn(&Hypothesis, &str) -> Result<String, StoreError>,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let family = self.family()?;
        let mut found = Vec::new();
        for hypothesis in hypotheses {
            let digest = hypothesis.digest.to_string();
            let entry = family.iter().find(|entry| entry.name == hypothesis.name);
            let why = match entry {
                Some(entry) if entry.digest == digest => continue,
                None => "it is new since the first trial was stored.".to_owned(),
                Some(entry) if entry.digest == format!("{CHANGED_ITEMS}{digest}") => {
                    "the items changed after a verdict was shown.".to_owned()
                }
                Some(entry) if entry.claim != hypothesis.claim_text => format!(
                    "its claim was `{}` when the first trial was stored.",
                    entry.claim
                ),
                Some(entry) => {
                    let stood = entry.digest.strip_prefix(CHANGED_ITEMS);
                    changed(hypothesis, stood.unwrap_or(&entry.digest))?
                }
            };
            found.push((hypothesis.name.clone(), why));
        }
        Ok(found)
    }

    /// Says what a hypothesis reaches that changed since the run that its family is from, as
    /// it was noted when its trials were taken over.
    fn changed_since(&self, hypothesis: &str) -> Result<String, StoreError> {
        let noted = self.events()?.into_iter().rev().find_map(|event| {
            let changes = event.detail.get("changes")?.get(hypothesis)?.as_str()?;
            (event.kind == TAKEN_OVER).then(|| changes.to_owned())
        });
        Ok(match noted {
            Some(changes) => {
                format!("since the first trial was stored, {changes} changed.")
            }
            None => {
                "something that it reaches was other when the first trial was stored."
                    .to_owned()
            }
        })
    }

    /// Returns, for each hypothesis that stood in an earlier run and is another now, what of
    /// it changed: to be noted when trials are taken over.
    ///
    /// # Errors
    ///
    /// When either database cannot be read.
    pub fn changes_since(
        &self,
        earlier: &Self,
    ) -> Result<BTreeMap<String, String>, StoreError> {
        let (own, then) = (self.experiment()?, earlier.experiment()?);
        let family = earlier.family()?;
        Ok(own
            .hypotheses
            .iter()
            .filter_map(|hypothesis| {
                let entry = family.iter().find(|entry| entry.name == hypothesis.name)?;
                let digest =
                    entry.digest.strip_prefix(CHANGED_ITEMS).unwrap_or(&entry.digest);
                let changes = changes(&own, &then, hypothesis, digest)?;
                Some((hypothesis.name.clone(), changes))
            })
            .collect())
    }

    /// Returns the family's entries that the run's experiment no longer has by name.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn removed_hypotheses(&self) -> Result<Vec<FamilyEntry>, StoreError> {
        self.removed_from(&self.experiment()?)
    }

    /// Returns the family's entries that an experiment no longer has by name.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn removed_from(
        &self,
        experiment: &Experiment,
    ) -> Result<Vec<FamilyEntry>, StoreError> {
        let mut family = self.family()?;
        let gone = |name: &str| experiment.hypotheses.iter().all(|h| h.name != name);
        family.retain(|entry| gone(&entry.name));
        Ok(family)
    }

    /// Writes down that a verdict was shown.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn show_verdict(&mut self, shown: &ShownVerdict) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO verdicts (at, hypothesis, digest, shown)
                 VALUES (?1, ?2, ?3, ?4)",
            )
            .and_then(|mut statement| {
                statement.execute([
                    &shown.at,
                    &shown.hypothesis,
                    &shown.digest,
                    &shown.verdict,
                ])
            })
            .map(|_| ())
            .map_err(|source| self.failed(source))
    }

    /// Returns every verdict that was shown, oldest first.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn shown_verdicts(&self) -> Result<Vec<ShownVerdict>, StoreError> {
        let read = || {
            let mut statement = self.connection.prepare_cached(
                "SELECT at, hypothesis, digest, shown FROM verdicts ORDER BY verdict",
            )?;
            let verdicts = statement.query_map([], |row| {
                Ok(ShownVerdict {
                    at: row.get(0)?,
                    hypothesis: row.get(1)?,
                    digest: row.get(2)?,
                    verdict: row.get(3)?,
                })
            })?;
            verdicts.collect()
        };
        with(read).map_err(|source| self.failed(source))
    }
}

/// Returns the claims of a run's family; none where it cannot be read.
fn claims(folder: &Path) -> Vec<String> {
    let family = Store::read(folder).and_then(|store| store.family());
    family.unwrap_or_default().into_iter().map(|entry| entry.claim).collect()
}
