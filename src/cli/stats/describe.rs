//! `stats describe FILE`.
#![expect(clippy::format_push_string, reason = "a few short lines of a page")]

use super::super::args::Look;
use super::super::exit::{Exit, Trouble};
use super::super::say;
use super::{Describe, open, trouble};
use crate::base::grouped;
use crate::report;
use crate::tables::{self, Described};

/// Describes the columns of a file.
pub(super) fn describe(args: &Describe) -> Result<Exit, Trouble> {
    let log = open(&args.file)?;
    let choice = args.column.choice(&[], "--where");
    let found = tables::describe(&log, &choice).map_err(|error| trouble(&error))?;
    let document =
        serde_json::to_value(&found).map_err(|error| Trouble::failed(&error))?;
    say(&match args.format {
        Look::Human => page(&found),
        Look::Json => format!("{document:#}\n"),
    });
    Ok(Exit::Complete)
}

fn page(found: &Described) -> String {
    let mut page = format!("{}: {}\n", found.path, found.format);
    for column in &found.columns {
        page += &format!("\n{} ({})\n", column.column, column.summary.scale.word());
        for line in report::description(&column.summary, column.sd, column.quartiles) {
            page += &format!("  {line}\n");
        }
    }
    for sum in &found.aggregates {
        let filter = if sum.filter.is_empty() {
            String::new()
        } else {
            format!(" ({})", sum.filter)
        };
        let stderr =
            sum.stderr.map_or(String::new(), |se| format!(", standard error {se:.4}"));
        let n = sum.n.map_or(String::new(), |n| format!(", {} samples", grouped(n)));
        page += &format!(
            "\n{}, {}{filter}\n  {:.4}{stderr}{n}\n",
            sum.task, sum.metric, sum.value
        );
    }
    page.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}
