//! The models of a run, and what their providers called them.

use serde::Serialize;

use crate::store::error::StoreError;
use crate::store::read::with;
use crate::store::rows::natural;
use crate::store::run::Store;

/// Calls of one model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelCounts {
    /// The model's name in the file.
    pub model: String,
    /// The id under which the provider answered, where it said one.
    pub resolved: Option<String>,
    /// How many calls.
    pub calls: u64,
}

impl Store {
    /// Returns how many calls each model got, by the id under which its provider answered.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn models(&self) -> Result<Vec<ModelCounts>, StoreError> {
        let read = || {
            let mut statement = self.connection.prepare_cached(
                "SELECT model, resolved, COUNT(*) FROM calls
                 GROUP BY model, resolved ORDER BY model, resolved",
            )?;
            let counts = statement.query_map([], |row| {
                Ok(ModelCounts {
                    model: row.get(0)?,
                    resolved: row.get(1)?,
                    calls: natural(row, 2)?,
                })
            })?;
            counts.collect()
        };
        with(read).map_err(|source| self.failed(source))
    }
}
