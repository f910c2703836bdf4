//! The trials of a run inside the page of HTML: an index of all of them, and their texts in
//! parts that the page unpacks when it needs them.
//!
//! Everything is deflated and written in base64 into blocks that no browser runs. The index
//! says of each trial what can be filtered by: item, condition, repeat, failure, scores and
//! measures, as columns of numbers. A part holds the answers of some items, a second one what
//! was asked and every call. [`Explorer`] takes the trials item by item and gives the blocks
//! as they fill, so that memory holds the index and a few parts, whatever the run's size.

mod index;
mod part;

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use rayon::prelude::*;

use crate::record::TrialRecord;
use crate::report::error::ReportError;
use crate::spec::Experiment;
use crate::store::ItemText;

use index::Index;
use part::Part;

/// Where in a rendered page the blocks of its trials belong.
pub(super) const PLACE: &str = "<!-- the trials -->";

/// A part is closed when its texts have this many bytes: few enough to open one at once.
const PART_BYTES: usize = 400_000;

/// Or when it holds this many trials.
const PART_TRIALS: usize = 2_000;

/// So many parts are packed at once, on all cores.
const TOGETHER: usize = 8;

/// A column by which a report is cut: its name, and the value of each item by its index.
pub type Labels = (String, Vec<Option<String>>);

/// Packs the trials of a run for its page.
#[derive(Debug)]
pub struct Explorer {
    index: Index,
    part: Part,
    closed: Vec<Part>,
    packed: usize,
}

impl Explorer {
    /// Returns an explorer without trials.
    #[must_use]
    pub fn new(experiment: &Experiment) -> Self {
        Self {
            index: Index::new(experiment),
            part: Part::default(),
            closed: Vec::new(),
            packed: 0,
        }
    }

    /// Adds the trials of an item; returns the blocks that are full.
    ///
    /// # Errors
    ///
    /// When a text cannot be written as JSON.
    pub fn add(
        &mut self,
        item: &ItemText,
        trials: &[TrialRecord],
    ) -> Result<String, ReportError> {
        if trials.is_empty() {
            return Ok(String::new());
        }
        for trial in trials {
            self.index.add(trial);
        }
        self.index.name(item);
        self.part.add(item, trials)?;
        if self.part.bytes() < PART_BYTES && self.part.trials() < PART_TRIALS {
            return Ok(String::new());
        }
        self.close();
        if self.closed.len() < TOGETHER { Ok(String::new()) } else { self.pack() }
    }

    /// Returns the blocks that are left, the index last. `labels` holds for each column by
    /// which the report is cut its name and the value of each item, by the item's index.
    ///
    /// # Errors
    ///
    /// When a text cannot be written as JSON.
    pub fn end(mut self, labels: &[Labels]) -> Result<String, ReportError> {
        if self.part.trials() > 0 {
            self.close();
        }
        let mut text = self.pack()?;
        text.push_str(&block("trials-head", self.index.head(labels)?.as_bytes())?);
        text.push_str(&block("trials-columns", &self.index.columns())?);
        Ok(text)
    }

    fn close(&mut self) {
        self.index.close(self.part.trials());
        self.closed.push(std::mem::take(&mut self.part));
    }

    fn pack(&mut self) -> Result<String, ReportError> {
        let first = self.packed;
        let parts = std::mem::take(&mut self.closed);
        self.packed += parts.len();
        let packed: Vec<Result<String, ReportError>> = parts
            .into_par_iter()
            .enumerate()
            .map(|(at, part)| {
                let number = first + at;
                let (texts, calls) = part.written();
                let mut text = block(&format!("trials-texts-{number}"), &texts)?;
                text.push_str(&block(&format!("trials-calls-{number}"), &calls)?);
                Ok(text)
            })
            .collect();
        packed.into_iter().collect()
    }
}

/// Writes bytes as a block of the page.
fn block(id: &str, bytes: &[u8]) -> Result<String, ReportError> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(4));
    encoder.write_all(bytes)?;
    let packed = STANDARD.encode(encoder.finish()?);
    Ok(format!(
        "<script type=\"application/octet-stream\" id=\"{id}\">{packed}</script>\n"
    ))
}
