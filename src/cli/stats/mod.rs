//! `stats compare|describe|power`: statistics without an experiment.

mod compare;
mod describe;
mod power;
mod quantity;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::args::Look;
use super::exit::{Exit, Trouble};
use crate::base::Quantity;
use crate::logs::Log;
use crate::spec::Scale;
use crate::tables::{Condition, TablesError};

/// What to compute.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Stats {
    /// Compare a column of two files, or of two parts of one
    Compare(Compare),
    /// Describe the columns of a file
    Describe(Describe),
    /// Find the size, effect, power or level of a design from the other three
    Power {
        #[command(subcommand)]
        test: power::Power,
    },
}

/// The flags of `stats compare`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Compare {
    /// A table (CSV, JSONL) or a log of Inspect, lm-evaluation-harness or promptfoo
    first: PathBuf,
    /// The file that it is compared with; without it --left and --right pick parts of one
    second: Option<PathBuf>,
    #[command(flatten)]
    column: Column,
    /// Only rows of the first file with this value
    #[arg(long, value_name = "COLUMN=VALUE", value_parser = quantity::condition)]
    left: Vec<Condition>,
    /// Only rows of the second file with this value
    #[arg(long, value_name = "COLUMN=VALUE", value_parser = quantity::condition)]
    right: Vec<Condition>,
    /// The level of the test
    #[arg(long, default_value = "5%", value_parser = quantity::level)]
    alpha: f64,
    /// Claim that the first is greater than the second and this; negative for non-inferiority
    #[arg(long, allow_hyphen_values = true, value_parser = quantity::quantity)]
    margin: Option<Quantity>,
    /// Claim that both differ by less than this
    #[arg(long, conflicts_with_all = ["margin", "one_sided"], value_parser = quantity::quantity)]
    within: Option<Quantity>,
    /// Test the claim's direction alone
    #[arg(long)]
    one_sided: bool,
    /// The seed of resampling
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Look::Human)]
    format: Look,
}

/// The flags of `stats describe`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Describe {
    /// A table (CSV, JSONL) or a log of Inspect, lm-evaluation-harness or promptfoo
    file: PathBuf,
    #[command(flatten)]
    column: Column,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Look::Human)]
    format: Look,
}

/// What of a file is meant.
#[derive(Debug, Args)]
struct Column {
    /// The column of the ids: rows of one id are repeats of one item, and ids pair two files
    #[arg(long, value_name = "COLUMN")]
    by: Option<String>,
    /// The column of the values; of a tool's log its first score where absent
    #[arg(long, value_name = "COLUMN")]
    metric: Option<String>,
    /// The column whose groups are the independent units
    #[arg(long, value_name = "COLUMN")]
    cluster: Option<String>,
    /// The scale of the values; where absent, binary if all are 0 or 1, else continuous
    #[arg(long, value_enum)]
    scale: Option<Kind>,
    /// Only rows with this value
    #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = quantity::condition)]
    rows: Vec<Condition>,
}

/// The scales of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Right or wrong
    Binary,
    /// Grades whose order alone means something
    Ordinal,
    /// Any number
    Continuous,
    /// Between 0 and 1
    Fraction,
    /// Seconds
    Duration,
    /// Dollars
    Money,
    /// How many
    Count,
}

impl From<Kind> for Scale {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Binary => Self::Binary,
            Kind::Ordinal => Self::Ordinal,
            Kind::Continuous => Self::Continuous,
            Kind::Fraction => Self::Fraction,
            Kind::Duration => Self::Duration,
            Kind::Money => Self::Money,
            Kind::Count => Self::Count,
        }
    }
}

impl Column {
    /// Returns what is looked at; `flag` picks rows, in messages.
    fn choice(&self, more: &[Condition], flag: &'static str) -> crate::tables::Choice {
        crate::tables::Choice {
            metric: self.metric.clone(),
            by: self.by.clone(),
            cluster: self.cluster.clone(),
            scale: self.scale.map(Scale::from),
            rows: self.rows.iter().chain(more).cloned().collect(),
            flag,
        }
    }
}

/// Computes statistics.
pub(in crate::cli) fn stats(what: &Stats) -> Result<Exit, Trouble> {
    match what {
        Stats::Compare(args) => compare::compare(args),
        Stats::Describe(args) => describe::describe(args),
        Stats::Power { test } => power::power(test),
    }
}

fn open(path: &std::path::Path) -> Result<Log, Trouble> {
    Log::open(path).map_err(|error| trouble(&TablesError::from(error)))
}

/// Tells what the user can mend from what the machine did.
fn trouble(error: &TablesError) -> Trouble {
    let machine = matches!(error, TablesError::Analysis(_));
    if machine { Trouble::failed(error) } else { Trouble::wrong(error) }
}
