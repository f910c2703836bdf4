//! The items of a dataset, wherever they are kept.

use std::fmt;
use std::sync::Arc;

use crate::base::Digest;
use crate::record::Item;

/// Where items are kept: in memory, or in a file from which they are read one by one.
pub trait ItemSource: fmt::Debug + Send + Sync {
    /// Returns how many items there are.
    fn count(&self) -> usize;

    /// Returns an item by its index; `None` where there is none, or where it can no longer
    /// be read.
    fn get(&self, index: usize) -> Option<Arc<Item>>;

    /// Returns the digest of an item by its index, without reading the item.
    fn digest(&self, index: usize) -> Option<Digest>;
}

/// The items of a dataset, in its order. A copy shares them.
#[derive(Clone)]
pub struct Items(Arc<dyn ItemSource>);

impl Items {
    /// Returns the items of a source.
    #[must_use]
    pub fn new(source: Arc<dyn ItemSource>) -> Self {
        Self(source)
    }

    /// Returns how many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.count()
    }

    /// Says whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns an item by its index; `None` where there is none, or where it can no longer
    /// be read.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Arc<Item>> {
        self.0.get(index)
    }

    /// Returns the digest of an item by its index, without reading the item.
    #[must_use]
    pub fn digest(&self, index: usize) -> Option<Digest> {
        self.0.digest(index)
    }

    /// Returns the items one by one; it ends early only where one can no longer be read.
    pub fn iter(&self) -> impl Iterator<Item = Arc<Item>> + '_ {
        (0..self.len()).map_while(|index| self.get(index))
    }

    /// Returns the digests of the items one by one.
    pub fn digests(&self) -> impl Iterator<Item = Digest> + '_ {
        (0..self.len()).map_while(|index| self.digest(index))
    }
}

impl fmt::Debug for Items {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Items").field(&self.len()).finish()
    }
}

impl Default for Items {
    fn default() -> Self {
        Self::from(Vec::new())
    }
}

impl From<Vec<Arc<Item>>> for Items {
    fn from(items: Vec<Arc<Item>>) -> Self {
        Self(Arc::new(InMemory(items)))
    }
}

impl FromIterator<Item> for Items {
    fn from_iter<I: IntoIterator<Item = Item>>(items: I) -> Self {
        Self::from(items.into_iter().map(Arc::new).collect::<Vec<_>>())
    }
}

#[derive(Debug)]
struct InMemory(Vec<Arc<Item>>);

impl ItemSource for InMemory {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn get(&self, index: usize) -> Option<Arc<Item>> {
        self.0.get(index).cloned()
    }

    fn digest(&self, index: usize) -> Option<Digest> {
        self.0.get(index).map(|item| item.digest)
    }
}
