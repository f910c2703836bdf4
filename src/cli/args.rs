//! Flags and commands.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::serve::Address;

/// The words that are commands; any other first word is a file to run.
pub(super) const COMMANDS: &[&str] = &[
    "run",
    "check",
    "plan",
    "report",
    "list",
    "show",
    "export",
    "fmt",
    "doc",
    "explain",
    "new",
    "stats",
    "cite-check",
    "serve",
    "help",
];

/// Runs experiments on language models.
#[derive(Debug, Parser)]
#[command(
    name = "crucible-run",
    version,
    about = "Runs experiments on language models",
    long_about = "Runs experiments on language models.\n\n`crucible-run FILE` checks the file, says what it will cost, runs it, decides every hypothesis and writes the reports. It goes on with what was interrupted.",
    after_help = "`crucible-run FILE` is short for `crucible-run run FILE`. Exit codes: 0 complete, 1 the program or the machine failed, 2 the command line is wrong or the file does not check, 3 incomplete and resumable, 4 complete but with --strict a hypothesis is not supported, 130 interrupted and resumable."
)]
pub(super) struct Line {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a file, or go on with what was interrupted
    Run(RunArgs),
    /// Say all that can be said of files without running them
    Check {
        /// The files
        #[arg(required = true)]
        files: Vec<String>,
        /// How the diagnostics are printed
        #[arg(long, value_enum, default_value_t = Look::Human)]
        format: Look,
    },
    /// Say what a run would ask, cost and take; spends nothing
    Plan {
        /// The file
        file: String,
        #[command(flatten)]
        choice: Choice,
        /// Folder that holds the runs
        #[arg(long, default_value = "runs")]
        out: PathBuf,
        /// How the plan is printed
        #[arg(long, value_enum, default_value_t = Look::Human)]
        format: Look,
    },
    /// Make the reports of a run again, from its store alone
    Report {
        /// The run's folder, or an experiment's name for its newest run in `runs`
        run: PathBuf,
        /// What is printed of it
        #[arg(long, value_enum, default_value_t = Look::Human)]
        format: Look,
    },
    /// List the runs, newest first
    List {
        /// Folder that holds the runs
        #[arg(long, default_value = "runs")]
        out: PathBuf,
        /// How the list is printed
        #[arg(long, value_enum, default_value_t = Look::Human)]
        format: Look,
    },
    /// Show what a run found
    Show {
        /// The run's folder, or an experiment's name for its newest run in `runs`
        run: PathBuf,
        /// All items on which only one side of this hypothesis was right
        #[arg(long, value_name = "HYPOTHESIS")]
        discordant: Option<String>,
        /// How it is printed
        #[arg(long, value_enum, default_value_t = Look::Human)]
        format: Look,
    },
    /// Write the trials of a run as a table, to stdout or a file
    Export {
        /// The run's folder, or an experiment's name for its newest run in `runs`
        run: PathBuf,
        /// The format
        #[arg(long, value_enum)]
        to: Table,
        /// The file to write; stdout without it
        #[arg(long)]
        output: Option<PathBuf>,
    },
    /// List the numbers of papers that no run backs; exit 2 if there are some
    CiteCheck {
        /// The papers, in LaTeX
        #[arg(required = true)]
        papers: Vec<PathBuf>,
        /// A run that backs them, by folder or name; without it, the newest of every experiment
        #[arg(long, value_name = "RUN")]
        run: Vec<PathBuf>,
        /// Folder that holds the runs
        #[arg(long, default_value = "runs")]
        out: PathBuf,
        /// How they are printed
        #[arg(long, value_enum, default_value_t = Look::Human)]
        format: Look,
    },
    /// Serve the page of a run until Ctrl-C
    Serve {
        /// The run's folder, or an experiment's name for its newest run in `runs`
        run: PathBuf,
        /// Where, such as 8080 or 0.0.0.0:8080; on this machine at 4848 without it
        #[arg(long, value_name = "ADDR")]
        address: Option<Address>,
    },
    /// Settle the layout of files
    Fmt {
        /// The files
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Only say which files are not settled; exit 2 if one is not
        #[arg(long)]
        check: bool,
    },
    /// Print the signature of a name, with an example
    Doc {
        /// A strategy, provider, source, scorer, kind, function …; without it, all names
        name: Option<String>,
        /// Write the whole reference, to stdout or into the folder given by --output
        #[arg(long, conflicts_with = "name")]
        all: bool,
        /// The folder that the whole reference is written into
        #[arg(long, requires = "all")]
        output: Option<PathBuf>,
    },
    /// Explain the code of a diagnostic
    Explain {
        /// The code, such as `check::unknown_name`
        code: String,
    },
    /// Compute statistics of tables and of the logs of other tools
    Stats {
        #[command(subcommand)]
        what: super::stats::Stats,
    },
    /// Write a commented starter file
    New {
        /// The experiment's name; the file is NAME.crucible
        name: String,
    },
}

/// The flags of a run.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct RunArgs {
    /// The file
    pub(super) file: String,
    #[command(flatten)]
    pub(super) choice: Choice,
    /// Trials under way at once
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) concurrency: Option<u32>,
    /// Begin a new run, whatever was there before
    #[arg(long)]
    pub(super) fresh: bool,
    /// Run the trials again that failed; what they failed of stays in the store
    #[arg(long)]
    pub(super) retry_failed: bool,
    /// Folder that holds the runs
    #[arg(long, default_value = "runs")]
    pub(super) out: PathBuf,
    /// The most that the run may spend, such as 5usd
    #[arg(long, value_parser = money)]
    pub(super) budget: Option<f64>,
    /// Do not ask before money is spent
    #[arg(long, short)]
    pub(super) yes: bool,
    /// Send nothing over the network: answers come from the cache, or fail
    #[arg(long)]
    pub(super) offline: bool,
    /// Keep every exchange with the models in this folder
    #[arg(long, value_name = "DIR")]
    pub(super) record: Option<PathBuf>,
    /// Answer from what was recorded in this folder, and send nothing
    #[arg(
        long,
        value_name = "DIR",
        conflicts_with_all = ["record", "refresh", "cache_limit"]
    )]
    pub(super) replay: Option<PathBuf>,
    /// Ask again although an answer is in the cache, and let the new one take its place
    #[arg(long, conflicts_with = "offline")]
    pub(super) refresh: bool,
    /// After the run, let answers go that were used longest ago until the cache is not
    /// larger than this, such as 500MB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(super) cache_limit: Option<u64>,
    /// Follow the file and all that it uses; on each save do again what the change asks for
    #[arg(long, conflicts_with_all = ["strict", "cancel_batches", "format"])]
    pub(super) watch: bool,
    /// Serve a page that follows the run until Ctrl-C, at 127.0.0.1:4848 or ADDR
    #[arg(
        long,
        value_name = "ADDR",
        num_args = 0..=1,
        default_missing_value = "",
        value_parser = address
    )]
    pub(super) serve: Option<Address>,
    /// Cancel the batches of the run that are under way at providers, and run nothing
    #[arg(long)]
    pub(super) cancel_batches: bool,
    /// Fail if the lock file is missing where there is something to lock, or would change
    #[arg(long)]
    pub(super) locked: bool,
    /// Exit with 4 if a hypothesis of the family is not supported
    #[arg(long)]
    pub(super) strict: bool,
    /// What is printed on stdout
    #[arg(long, value_enum, default_value_t = Look::Human)]
    pub(super) format: Look,
    /// Write a log of the run to stderr; `RUST_LOG` says how much of it
    #[arg(long, value_enum)]
    pub(super) log: Option<Log>,
}

impl Command {
    /// Returns the log that is asked for.
    pub(super) fn log(&self) -> Option<Log> {
        if let Self::Run(args) = self { args.log } else { None }
    }
}

/// A form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Log {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

/// Which part of the experiment is meant.
#[derive(Debug, Args, Clone, Default)]
pub(super) struct Choice {
    /// Only the first N items of the keyed order
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) limit: Option<u32>,
    /// Only these conditions, separated by commas
    #[arg(long)]
    pub(super) only: Vec<String>,
    /// Another value for a field, such as experiment.seed=7
    #[arg(long = "set", value_name = "NAME.FIELD=VALUE")]
    pub(super) set: Vec<String>,
}

impl Choice {
    /// Returns the names given with `--only`, split at commas outside brackets.
    pub(super) fn only(&self) -> Vec<String> {
        let mut names = Vec::new();
        for list in &self.only {
            let mut depth = 0_u32;
            let mut name = String::new();
            for character in list.chars() {
                match character {
                    '[' => depth += 1,
                    ']' => depth = depth.saturating_sub(1),
                    ',' if depth == 0 => {
                        names.push(std::mem::take(&mut name));
                        continue;
                    }
                    _ => {}
                }
                name.push(character);
            }
            names.push(name);
        }
        names
            .iter()
            .map(|name| name.trim().to_owned())
            .filter(|n| !n.is_empty())
            .collect()
    }
}

/// How something is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Look {
    /// For people
    Human,
    /// One JSON document
    Json,
}

/// A format of exported tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Table {
    /// Comma-separated values
    Csv,
    /// One JSON object a line
    Jsonl,
}

/// Reads an amount of money as the command line writes it.
fn money(text: &str) -> Result<f64, String> {
    let lower = text.trim().to_ascii_lowercase();
    let digits = lower.strip_suffix("usd").or_else(|| lower.strip_prefix('$'));
    digits
        .and_then(|digits| digits.trim().parse::<f64>().ok())
        .filter(|amount| amount.is_finite() && *amount >= 0.0)
        .ok_or_else(|| {
            "an amount of money is due here, such as 5usd or 0.50usd".to_owned()
        })
}

/// Reads where a page is served; nothing stands for the usual place.
fn address(text: &str) -> Result<Address, String> {
    if text.is_empty() { Ok(Address::default()) } else { text.parse() }
}

/// Reads a size as the command line writes it: bytes, or with k, M or G.
fn size(text: &str) -> Result<u64, String> {
    let lower = text.trim().to_ascii_lowercase();
    let number = lower.strip_suffix('b').unwrap_or(&lower);
    let scales = [('k', 1_000), ('m', 1_000_000), ('g', 1_000_000_000)];
    let scaled = scales
        .iter()
        .find_map(|(letter, scale)| Some((number.strip_suffix(*letter)?, *scale)));
    let (digits, scale) = scaled.unwrap_or((number, 1_u64));
    digits
        .trim()
        .parse::<u64>()
        .ok()
        .and_then(|count| count.checked_mul(scale))
        .ok_or_else(|| "a size is due here, such as 500MB, 64k or 2G".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_commands_are_those_that_clap_knows() {
        Line::command().debug_assert();
        let mut known: Vec<String> =
            Line::command().get_subcommands().map(|c| c.get_name().to_owned()).collect();
        known.push("help".to_owned());
        known.sort();
        let mut listed: Vec<String> = COMMANDS.iter().map(|&c| c.to_owned()).collect();
        listed.sort();
        assert_eq!(known, listed);
    }

    #[test]
    fn money_has_its_currency() {
        assert_eq!(money("5usd"), Ok(5.0));
        assert_eq!(money("$0.25"), Ok(0.25));
        assert!(money("5").is_err());
        assert!(money("-1usd").is_err());
        assert!(money("nanusd").is_err());
    }

    #[test]
    fn a_size_has_its_unit_or_is_in_bytes() {
        for (text, bytes) in
            [("500MB", 500_000_000), ("64k", 64_000), ("2 G", 2_000_000_000), ("7", 7)]
        {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MB", "-1k", "1.5G", "5T", "99999999999G"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_splits_at_commas_outside_brackets() {
        let choice = Choice {
            only: vec!["a, grid[x, y]".into(), "b".into()],
            ..Choice::default()
        };
        assert_eq!(choice.only(), ["a", "grid[x, y]", "b"]);
    }
}
