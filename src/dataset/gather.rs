//! Gathers items: each row is offered once, filtered, sampled and made an item.

use std::collections::BTreeSet;
use std::io;

use crate::base::{Digest, Span};
use crate::dataset::error::{DatasetError, Problem};
use crate::dataset::field::FIELD;
use crate::dataset::row::Row;
use crate::dataset::sample::{Reservoir, Sampling};
use crate::dataset::shape::Shape;
use crate::dataset::shelf::Shelf;
use crate::record::Items;
use crate::script::Workshop;
use crate::spec::{Call, Param, Type};

/// What is asked.
pub(super) const INPUT: Param = Param::optional(
    "input",
    FIELD,
    "What is asked: a column, a dotted path, a template or a closure of the row; the column `input` where absent.",
);

/// What is right.
pub(super) const TARGET: Param = Param::optional(
    "target",
    FIELD,
    "A right answer, as for `input`; the column `target` where absent, if there is one.",
);

/// What an item is called.
pub(super) const ID: Param = Param::optional(
    "id",
    FIELD,
    "A name for each item, unlike any other; the column `id` where absent, else the row's number from 1.",
);

/// Which rows are kept.
pub(super) const FILTER: Param =
    Param::optional("filter", Type::Function(&["row"]), "Whether a row is kept.");

/// How many of them are used.
pub(super) const SAMPLE: Param = Param::optional(
    "sample",
    Type::Sampling,
    "Which of the rows that the filter kept: `first(n)` or `random(n)`.",
);

/// Gathers the items of one dataset.
#[derive(Debug)]
pub(super) struct Gatherer {
    shape: Shape,
    sampling: Sampling,
    reservoir: Reservoir,
    shelf: Shelf,
    /// 64 bits of the digest of each id. Two ids that share one are compared by their letters.
    ids: BTreeSet<u64>,
    /// The line, or number, of each item's row.
    lines: Vec<u64>,
    read: u64,
    kept: u64,
    span: Span,
}

impl Gatherer {
    /// Returns a gatherer for a call. Without a workshop closures are left out.
    pub(super) fn new(
        call: &Call,
        workshop: Option<&Workshop>,
        seed: u64,
        in_memory: usize,
    ) -> Result<Self, DatasetError> {
        let sampling = Sampling::of(call);
        let size = if let Sampling::Random(n) = sampling { n } else { 0 };
        Ok(Self {
            shape: Shape::build(call, workshop, seed)?,
            sampling,
            reservoir: Reservoir::new(seed, size, in_memory),
            shelf: Shelf::new(in_memory),
            ids: BTreeSet::new(),
            lines: Vec::new(),
            read: 0,
            kept: 0,
            span: call.span,
        })
    }

    /// Says whether no further row is wanted.
    pub(super) fn is_full(&self) -> bool {
        matches!(self.sampling, Sampling::First(n) if self.kept >= n)
    }

    /// Takes a row.
    pub(super) fn offer(&mut self, row: Row) -> Result<(), DatasetError> {
        self.read += 1;
        if self.is_full() || !self.shape.keeps(&row)? {
            return Ok(());
        }
        self.kept += 1;
        match self.sampling {
            Sampling::All | Sampling::First(_) => self.add(row),
            Sampling::Random(_) => {
                self.reservoir.offer(row).map_err(|error| self.spool(&error))
            }
        }
    }

    fn add(&mut self, row: Row) -> Result<(), DatasetError> {
        let index = u32::try_from(self.shelf.len()).map_err(|_| {
            let message = "a dataset has at most 4,294,967,295 items".to_owned();
            DatasetError::new(self.span, Problem::Shape(message))
        })?;
        let place = row.place.clone();
        let item = self.shape.item(row, index)?;
        if !self.ids.insert(Digest::of(item.id.as_bytes()).head()) {
            let first = self.shelf.find(&item.id).map_err(|error| self.spool(&error))?;
            let line = first.and_then(|first| self.lines.get(first));
            if let Some(line) = line {
                return Err(self.shape.taken(item.id, place.same_source(*line), place));
            }
        }
        self.lines.push(place.number());
        self.shelf.push(item).map_err(|error| self.spool(&error))
    }

    fn spool(&self, error: &io::Error) -> DatasetError {
        DatasetError::spool(self.span, error)
    }

    /// Returns the items.
    pub(super) fn finish(mut self) -> Result<Items, DatasetError> {
        let Self { read, kept, span, .. } = self;
        if kept == 0 {
            return Err(DatasetError::new(span, Problem::Empty { read, kept }));
        }
        if let Sampling::Random(wanted) = self.sampling {
            if kept < wanted {
                let help = format!("write `random({kept})`, or leave `sample:` out");
                let problem = Problem::TooFew { wanted, kept };
                return Err(DatasetError::new(span, problem).with_help(help));
            }
            let empty = Reservoir::new(0, 0, 0);
            let rows = std::mem::replace(&mut self.reservoir, empty).into_rows();
            for row in rows.map_err(|error| self.spool(&error))? {
                self.add(row.map_err(|error| self.spool(&error))?)?;
            }
        }
        drop((self.ids, self.lines));
        self.shelf.finish().map_err(|error| DatasetError::spool(span, &error))
    }
}
