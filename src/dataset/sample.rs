//! Which rows are kept: all, the first, or some at random.

use std::collections::BinaryHeap;
use std::io;

use crate::base::Stream;
use crate::dataset::row::Row;
use crate::dataset::shelf::{depth, size_of_json};
use crate::dataset::spool::{Spool, Spooled};
use crate::spec::{Call, Complaint, Param, Signature, Type};

const N: &[Param] = &[Param::required("n", Type::Count, "How many items; at least 1.")];

/// `first(n)`.
pub(super) const FIRST: Signature = Signature::new(
    "first",
    Type::Sampling,
    "Keeps the first items of the source, in its order.",
)
.with_details("Where there are fewer, all of them. What follows is not read as items.")
.with_params(N)
.with_example("dataset few = jsonl(\"data.jsonl\") { sample: first(20) }")
.with_check(check);

/// `random(n)`.
pub(super) const RANDOM: Signature = Signature::new(
    "random",
    Type::Sampling,
    "Keeps items drawn at random without replacement, in the order of the source.",
)
.with_details(
    "The draw depends on the experiment's seed and the numbers of the rows alone, and a larger \
     sample holds every smaller one. Fewer rows than asked for are an error.",
)
.with_params(N)
.with_example("dataset some = jsonl(\"data.jsonl\") { sample: random(200) }")
.with_check(check);

fn check(call: &Call) -> Vec<Complaint> {
    let none = call.count("n") == Some(0);
    let complaint = Complaint {
        param: Some("n"),
        message: "a sample of 0 items leaves nothing to ask".to_owned(),
        help: Some("write at least 1".to_owned()),
    };
    none.then_some(complaint).into_iter().collect()
}

/// How rows are sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sampling {
    All,
    First(u64),
    Random(u64),
}

impl Sampling {
    /// Reads `sample:`.
    pub(super) fn of(call: &Call) -> Self {
        let Some(sample) = call.call("sample") else { return Self::All };
        let n = sample.count("n").unwrap_or(0);
        if sample.name == "first" { Self::First(n) } else { Self::Random(n) }
    }
}

/// The rows with the smallest draws so far. Those that come when the rows take more than
/// their share of memory are kept in a temporary file.
///
/// # Source
///
/// Sampling by random sort keys in one pass: D. E. Knuth, The Art of Computer Programming 2,
/// third edition, section 3.4.2, exercise 16; each row's key comes from its own stream.
#[derive(Debug)]
pub(super) struct Reservoir {
    seed: u64,
    size: usize,
    in_memory: usize,
    taken: usize,
    rows: BinaryHeap<Drawn>,
    spool: Option<Spool>,
}

#[derive(Debug)]
struct Drawn {
    draw: u64,
    number: u64,
    kept: Kept,
}

#[derive(Debug)]
enum Kept {
    /// In memory, with the bytes that it takes.
    Here(Box<Row>, usize),
    /// In the file: where, and how long.
    There(u64, usize),
}

impl Drawn {
    fn key(&self) -> (u64, u64) {
        (self.draw, self.number)
    }
}

impl PartialEq for Drawn {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Drawn {}

impl PartialOrd for Drawn {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Drawn {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl Reservoir {
    /// Returns an empty reservoir for `size` rows.
    pub(super) fn new(seed: u64, size: u64, in_memory: usize) -> Self {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        Self { seed, size, in_memory, taken: 0, rows: BinaryHeap::new(), spool: None }
    }

    /// Offers a row.
    pub(super) fn offer(&mut self, row: Row) -> io::Result<()> {
        let number = row.number;
        let draw = Stream::keyed(self.seed, "sample", &[&number.to_le_bytes()]).bits();
        if self.rows.len() >= self.size {
            let smaller =
                self.rows.peek().is_some_and(|largest| (draw, number) < largest.key());
            if !smaller {
                return Ok(());
            }
            if let Some(Drawn { kept: Kept::Here(_, bytes), .. }) = self.rows.pop() {
                self.taken -= bytes;
            }
        }
        let kept = self.keep(row)?;
        self.rows.push(Drawn { draw, number, kept });
        Ok(())
    }

    fn keep(&mut self, row: Row) -> io::Result<Kept> {
        let bytes = size_of::<Row>() + size_of_json(&row.columns);
        if self.taken + bytes <= self.in_memory || depth(&row.columns) > DEEPEST {
            self.taken += bytes;
            return Ok(Kept::Here(Box::new(row), bytes));
        }
        let spool = match &mut self.spool {
            Some(spool) => spool,
            None => self.spool.insert(Spool::new(self.in_memory)),
        };
        let start = spool.end();
        let written = serde_json::to_vec(&row)?;
        spool.write(&written)?;
        Ok(Kept::There(start, written.len()))
    }

    /// Returns the rows in the order of the source.
    pub(super) fn into_rows(self) -> io::Result<impl Iterator<Item = io::Result<Row>>> {
        let file = self.spool.map(Spool::finish).transpose()?;
        let mut rows = self.rows.into_vec();
        rows.sort_unstable_by_key(|drawn| drawn.number);
        Ok(rows.into_iter().map(move |drawn| drawn.kept.row(file.as_ref())))
    }
}

/// JSON that is nested deeper than this is not parsed again: such a row stays in memory.
const DEEPEST: usize = 100;

impl Kept {
    fn row(self, file: Option<&Spooled>) -> io::Result<Row> {
        match (self, file) {
            (Self::Here(row, _), _) => Ok(*row),
            (Self::There(start, length), Some(file)) => {
                let mut bytes = vec![0; length];
                file.read(start, &mut bytes)?;
                Ok(serde_json::from_slice(&bytes)?)
            }
            (Self::There(..), None) => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::error::Place;
    use serde_json::Map;

    fn drawn(seed: u64, size: u64, rows: u64) -> Vec<u64> {
        // Some rows stay in memory, some do not.
        let mut reservoir = Reservoir::new(seed, size, 1_000);
        for number in 1..=rows {
            let columns = Map::from_iter([("n".to_owned(), number.into())]);
            reservoir.offer(Row::new(number, Place::Row(number), columns)).unwrap();
        }
        let rows: Vec<Row> = reservoir.into_rows().unwrap().map(Result::unwrap).collect();
        assert!(rows.iter().all(|row| row.columns["n"] == row.number));
        rows.iter().map(|row| row.number).collect()
    }

    #[test]
    fn a_larger_sample_holds_every_smaller_one_in_order() {
        let small = drawn(7, 10, 100);
        let large = drawn(7, 40, 100);
        assert_eq!((small.len(), large.len()), (10, 40));
        assert!(small.iter().all(|number| large.contains(number)));
        assert!(large.is_sorted());
        assert_ne!(small, drawn(8, 10, 100));
        assert_eq!(drawn(7, 100, 5), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn every_row_is_drawn_equally_often() {
        let mut counts = [0_u32; 20];
        for seed in 0..2_000 {
            for number in drawn(seed, 5, 20) {
                counts[usize::try_from(number - 1).unwrap()] += 1;
            }
        }
        // Binomial: 500 ± 5 standard deviations of 19.4.
        assert!(counts.iter().all(|n| (403..=597).contains(n)), "{counts:?}");
    }
}
