//! Where gathered items stand: in memory while they are few, else in a temporary file.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::base::Digest;
use crate::dataset::spool::{Spool, Spooled};
use crate::record::{Item, ItemSource, Items};

/// JSON that is nested deeper than this is not parsed again: such an item stays in memory.
const DEEPEST: usize = 100;

/// Bytes of a digest, with which an item begins in the file.
const DIGEST: usize = 32;

/// Takes items one by one.
#[derive(Debug)]
pub(super) struct Shelf {
    most: usize,
    taken: usize,
    items: Vec<Arc<Item>>,
    spool: Option<Writing>,
}

#[derive(Debug)]
struct Writing {
    file: Spool,
    index: Index,
    buffer: Vec<u8>,
}

/// Where the items stand in the file, and those that do not.
#[derive(Debug, Default)]
struct Index {
    /// Where each item ends.
    ends: Vec<u64>,
    deep: BTreeMap<usize, Arc<Item>>,
}

impl Shelf {
    /// Returns an empty shelf that keeps up to so many bytes in memory.
    pub(super) fn new(most: usize) -> Self {
        Self { most, taken: 0, items: Vec::new(), spool: None }
    }

    /// Returns how many items there are.
    pub(super) fn len(&self) -> usize {
        self.spool.as_ref().map_or(self.items.len(), |spool| spool.index.ends.len())
    }

    /// Takes an item.
    pub(super) fn push(&mut self, item: Item) -> io::Result<()> {
        if let Some(spool) = &mut self.spool {
            return spool.push(Arc::new(item));
        }
        self.taken += size_of_item(&item);
        self.items.push(Arc::new(item));
        if self.taken > self.most {
            let mut spool = Writing {
                file: Spool::new(self.most),
                index: Index::default(),
                buffer: Vec::new(),
            };
            for item in std::mem::take(&mut self.items) {
                spool.push(item)?;
            }
            self.spool = Some(spool);
        }
        Ok(())
    }

    /// Returns the index of the first item with this id.
    pub(super) fn find(&mut self, id: &str) -> io::Result<Option<usize>> {
        let Some(spool) = &mut self.spool else {
            return Ok(self.items.iter().position(|item| item.id == id));
        };
        let file = spool.file.so_far()?;
        for index in 0..spool.index.ends.len() {
            if spool.index.item(&file, index)?.is_some_and(|item| item.id == id) {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// Returns the items.
    pub(super) fn finish(self) -> io::Result<Items> {
        match self.spool {
            None => Ok(Items::from(self.items)),
            Some(mut spool) => {
                spool.index.ends.shrink_to_fit();
                let file = spool.file.finish()?;
                Ok(Items::new(Arc::new(OnDisk { file, index: spool.index })))
            }
        }
    }
}

impl Writing {
    fn push(&mut self, item: Arc<Item>) -> io::Result<()> {
        self.buffer.clear();
        self.buffer.extend_from_slice(item.digest.as_bytes());
        let deep =
            depth(&item.target).max(item.columns.values().map(depth).max().unwrap_or(0));
        if deep > DEEPEST {
            self.index.deep.insert(self.index.ends.len(), item);
        } else {
            serde_json::to_writer(&mut self.buffer, &item.id)?;
            serde_json::to_writer(&mut self.buffer, &item.input)?;
            serde_json::to_writer(&mut self.buffer, &item.target)?;
            self.buffer.push(b'\n');
            serde_json::to_writer(&mut self.buffer, &item.columns)?;
        }
        let end = self.file.write(&self.buffer)?;
        self.index.ends.push(end);
        Ok(())
    }
}

impl Index {
    /// Returns where an item begins and how long it is.
    fn place(&self, index: usize) -> Option<(u64, usize)> {
        let end = *self.ends.get(index)?;
        let before = index.checked_sub(1).and_then(|before| self.ends.get(before));
        let start = before.copied().unwrap_or(0);
        Some((start, usize::try_from(end - start).ok()?))
    }

    fn item(&self, file: &Spooled, index: usize) -> io::Result<Option<Arc<Item>>> {
        if let Some(item) = self.deep.get(&index) {
            return Ok(Some(Arc::clone(item)));
        }
        let Some((start, length)) = self.place(index) else { return Ok(None) };
        let number = u32::try_from(index).map_err(io::Error::other)?;
        if let Some(bytes) = file.kept(start, length) {
            return Ok(Some(Arc::new(read_item(number, bytes)?)));
        }
        let mut bytes = vec![0; length];
        file.read(start, &mut bytes)?;
        Ok(Some(Arc::new(read_item(number, &bytes)?)))
    }

    fn digest(&self, file: &Spooled, index: usize) -> io::Result<Option<Digest>> {
        let Some((start, _)) = self.place(index) else { return Ok(None) };
        let mut bytes = [0; DIGEST];
        file.read(start, &mut bytes)?;
        Ok(Some(Digest::from_bytes(bytes)))
    }
}

fn read_item(index: u32, bytes: &[u8]) -> io::Result<Item> {
    let (digest, rest) = bytes
        .split_first_chunk::<DIGEST>()
        .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
    let mut rest = serde_json::Deserializer::from_slice(rest);
    Ok(Item {
        index,
        id: String::deserialize(&mut rest)?,
        input: String::deserialize(&mut rest)?,
        target: Json::deserialize(&mut rest)?,
        columns: Map::deserialize(&mut rest)?,
        digest: Digest::from_bytes(*digest),
    })
}

/// Items in a file: each is read and parsed when it is asked for.
#[derive(Debug)]
struct OnDisk {
    file: Spooled,
    index: Index,
}

impl ItemSource for OnDisk {
    fn count(&self) -> usize {
        self.index.ends.len()
    }

    fn get(&self, index: usize) -> Option<Arc<Item>> {
        told(self.index.item(&self.file, index), index)
    }

    fn digest(&self, index: usize) -> Option<Digest> {
        told(self.index.digest(&self.file, index), index)
    }
}

fn told<T>(read: io::Result<Option<T>>, index: usize) -> Option<T> {
    read.unwrap_or_else(|error| {
        tracing::error!(index, %error, "an item cannot be read back from its temporary file");
        None
    })
}

/// Says about how many bytes an item takes in memory.
fn size_of_item(item: &Item) -> usize {
    size_of::<Item>()
        + 64
        + item.id.len()
        + item.input.len()
        + size_of_json(&item.target)
        + size_of_map(&item.columns)
}

/// Says about how many bytes a value takes beside its place.
pub(super) fn size_of_json(value: &Json) -> usize {
    match value {
        Json::Null | Json::Bool(_) | Json::Number(_) => 0,
        Json::String(text) => text.len() + 16,
        Json::Array(list) => {
            list.iter().map(|x| size_of::<Json>() + size_of_json(x)).sum()
        }
        Json::Object(map) => size_of_map(map),
    }
}

fn size_of_map(map: &Map<String, Json>) -> usize {
    let slot = size_of::<Json>() + size_of::<String>() + 40;
    64 + map
        .iter()
        .map(|(name, value)| slot + name.len() + size_of_json(value))
        .sum::<usize>()
}

/// Says how deep a value is nested.
pub(super) fn depth(value: &Json) -> usize {
    match value {
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => 0,
        Json::Array(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        Json::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<u64>().prop_map(Json::from),
            any::<f64>().prop_map(Json::from),
            ".*".prop_map(Json::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                prop::collection::vec((".*", inner), 0..4)
                    .prop_map(|pairs| Json::Object(pairs.into_iter().collect())),
            ]
        })
    }

    fn kept(items: &[Item], most: usize) -> (Items, bool) {
        let mut shelf = Shelf::new(most);
        items.iter().for_each(|item| shelf.push(item.clone()).unwrap());
        assert_eq!(shelf.len(), items.len());
        for (index, item) in items.iter().enumerate() {
            let first = items.iter().position(|other| other.id == item.id);
            assert!(first <= Some(index));
            assert_eq!(shelf.find(&item.id).unwrap(), first);
        }
        let spooled = shelf.spool.is_some();
        (shelf.finish().unwrap(), spooled)
    }

    proptest! {
        #[test]
        fn items_come_back_from_the_file_as_they_went_in(
            rows in prop::collection::vec((".*", ".*", json(), json()), 1..20),
            most in 0_usize..4_000,
        ) {
            let items: Vec<Item> = (0..)
                .zip(rows)
                .map(|(index, (id, input, target, column))| {
                    let columns = Map::from_iter([("column".to_owned(), column)]);
                    Item::new(index, id, input, target, columns)
                })
                .collect();
            let (memory, spooled) = kept(&items, usize::MAX);
            prop_assert!(!spooled);
            let (file, _) = kept(&items, most);
            prop_assert_eq!(file.len(), items.len());
            prop_assert!(memory.iter().eq(file.iter()));
            prop_assert!(file.iter().map(|item| (*item).clone()).eq(items.clone()));
            prop_assert!(memory.digests().eq(file.digests()));
            prop_assert!(file.get(items.len()).is_none());
            prop_assert!(file.digest(items.len()).is_none());
        }
    }

    #[test]
    fn what_is_nested_too_deeply_to_be_parsed_again_stays() {
        let deep = (0..150).fold(Json::from(1), |inner, _| Json::from(vec![inner]));
        let item = |index, target| {
            Item::new(index, index.to_string(), "q".to_owned(), target, Map::new())
        };
        let items = [item(0, Json::from(7)), item(1, deep), item(2, Json::Null)];
        let (kept, spooled) = kept(&items, 0);
        assert!(spooled);
        assert!(kept.iter().map(|item| (*item).clone()).eq(items));
    }
}
