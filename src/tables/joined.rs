//! Columns as the analysis sees them: rows of one id are repeats of one item.

use crate::record::{Observed, SampleSource, SourceError};
use crate::tables::column::Column;
use crate::tables::error::TablesError;

/// Columns of one metric, one for each condition, over their items.
#[derive(Debug)]
pub(super) struct Joined {
    columns: Vec<Column>,
    /// For each column the item of each row.
    items_of: Vec<Vec<u32>>,
    items: u32,
    /// The group of each item; empty without groups.
    groups: Vec<u32>,
}

/// How many rows the items have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Repeats {
    pub(super) fewest: u32,
    pub(super) most: u32,
}

impl Joined {
    /// Joins columns: by their ids where they have some, else each row is an item. The file
    /// and the column of the groups are for messages.
    pub(super) fn new(
        mut columns: Vec<Column>,
        (path, cluster): (&str, Option<&str>),
    ) -> Result<Self, TablesError> {
        let rows: usize = columns.iter().map(Column::rows).sum();
        u32::try_from(rows).map_err(|_| TablesError::TooMany)?;
        let ids: Vec<u128> = columns
            .iter_mut()
            .flat_map(|column| std::mem::take(&mut column.ids))
            .collect();
        let (item_of, items) = if ids.len() == rows {
            numbered(&ids)
        } else {
            let all: Vec<u32> = (0..rows).map(narrow).collect();
            (all, narrow(rows))
        };
        drop(ids);
        let grouped: Vec<u128> = columns
            .iter_mut()
            .flat_map(|column| std::mem::take(&mut column.groups))
            .collect();
        let groups = if grouped.is_empty() {
            Vec::new()
        } else {
            let (group_of, _) = numbered(&grouped);
            let mut groups = vec![u32::MAX; items as usize];
            for (item, group) in item_of.iter().zip(&group_of) {
                let own = &mut groups[*item as usize];
                if *own != u32::MAX && *own != *group {
                    let column = cluster.unwrap_or_default().to_owned();
                    return Err(TablesError::Torn { path: path.to_owned(), column });
                }
                *own = *group;
            }
            groups
        };
        let mut rest = item_of.as_slice();
        let items_of = columns
            .iter()
            .map(|column| {
                let (own, others) = rest.split_at(column.rows());
                rest = others;
                own.to_vec()
            })
            .collect();
        Ok(Self { columns, items_of, items, groups })
    }

    /// Returns the number of items.
    pub(super) fn items(&self) -> u32 {
        self.items
    }

    /// Returns the item of each row of a column.
    pub(super) fn items_of(&self, column: usize) -> &[u32] {
        self.items_of.get(column).map_or(&[], Vec::as_slice)
    }

    /// Returns how many rows of a column each item has.
    pub(super) fn sizes(&self, column: usize) -> Vec<u32> {
        let mut sizes = vec![0; self.items as usize];
        for item in self.items_of(column) {
            sizes[*item as usize] += 1;
        }
        sizes
    }

    /// Returns how many rows the items have that every column has.
    pub(super) fn repeats(&self) -> Repeats {
        let sizes: Vec<Vec<u32>> =
            (0..self.columns.len()).map(|column| self.sizes(column)).collect();
        let mut repeats = Repeats { fewest: u32::MAX, most: 1 };
        for item in 0..self.items as usize {
            if sizes.iter().all(|column| column[item] > 0) {
                for column in &sizes {
                    repeats.fewest = repeats.fewest.min(column[item]);
                    repeats.most = repeats.most.max(column[item]);
                }
            }
        }
        if repeats.fewest == u32::MAX {
            repeats.fewest = repeats.most;
        }
        repeats
    }

    /// Returns a column.
    pub(super) fn column(&self, column: usize) -> Option<&Column> {
        self.columns.get(column)
    }
}

impl SampleSource for Joined {
    fn sample(&self, condition: u32, metric: &str) -> Result<Vec<Observed>, SourceError> {
        let index = condition as usize;
        // Only the metric was gathered; of measures nothing is known.
        let Some(column) = self.columns.get(index).filter(|one| one.name == metric)
        else {
            return Ok(Vec::new());
        };
        let mut sample: Vec<Observed> = self
            .items_of(index)
            .iter()
            .enumerate()
            .map(|(row, item)| Observed {
                item: *item,
                repeat: narrow(row),
                value: column.value(row),
            })
            .collect();
        sample.sort_unstable_by_key(|observed| (observed.item, observed.repeat));
        Ok(sample)
    }

    fn items(&self) -> Result<u32, SourceError> {
        Ok(self.items)
    }

    fn clusters(&self, _column: &str) -> Result<Vec<u32>, SourceError> {
        Ok(self.groups.clone())
    }
}

/// Numbers keys in the order in which they first appear; returns the number of each and how
/// many there are.
fn numbered(keys: &[u128]) -> (Vec<u32>, u32) {
    let mut order: Vec<u32> = (0..keys.len()).map(narrow).collect();
    order.sort_unstable_by_key(|place| (keys[*place as usize], *place));
    // First the place at which each key first appears, then its rank among those.
    let mut numbers = vec![0; keys.len()];
    let mut first = 0;
    for (rank, place) in order.iter().enumerate() {
        let new = rank == 0 || keys[order[rank - 1] as usize] != keys[*place as usize];
        if new {
            first = *place;
        }
        numbers[*place as usize] = first;
    }
    drop(order);
    let mut count = 0;
    for place in 0..numbers.len() {
        let first = numbers[place] as usize;
        if first == place {
            numbers[place] = count;
            count += 1;
        } else {
            numbers[place] = numbers[first];
        }
    }
    (numbers, count)
}

fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_numbered_as_they_appear() {
        assert_eq!(numbered(&[9, 4, 9, 1, 4, 7]), (vec![0, 1, 0, 2, 1, 3], 4));
        assert_eq!(numbered(&[]), (vec![], 0));
    }
}
