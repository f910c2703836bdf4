//! Runs that are open to be read.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::store::{Store, StoreError};

/// How many are kept open at once.
const MOST: usize = 4;

/// Runs that are open, each used by one request at a time.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    stores: Mutex<Vec<(PathBuf, Store)>>,
}

impl Shelf {
    /// Reads from a run.
    pub(super) fn read<T>(
        &self,
        folder: &Path,
        read: impl FnOnce(&Store) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let store = match self.take(folder) {
            Some(store) => store,
            None => Store::read(folder)?,
        };
        let found = read(&store)?;
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        // Others are of a run that is no longer shown.
        stores.retain(|(other, _)| other == folder);
        if stores.len() < MOST {
            stores.push((folder.to_owned(), store));
        }
        Ok(found)
    }

    fn take(&self, folder: &Path) -> Option<Store> {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        let place = stores.iter().position(|(known, _)| known == folder)?;
        Some(stores.swap_remove(place).1)
    }
}
