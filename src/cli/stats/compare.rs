//! `stats compare A B`.
#![expect(clippy::format_push_string, reason = "a few short lines of a page")]

use std::path::Path;

use serde_json::json;

use super::super::args::Look;
use super::super::exit::{Exit, Trouble};
use super::super::say;
use super::{Compare, open, trouble};
use crate::base::{Quantity, Unit, grouped};
use crate::logs::Log;
use crate::report::{self, Comparison};
use crate::spec::Alternative;
use crate::tables::{self, Asked, Compared, Condition, Goal, Unmatched};

/// Compares a column of two files.
pub(super) fn compare(args: &Compare) -> Result<Exit, Trouble> {
    if args.second.is_none() && (args.left.is_empty() || args.right.is_empty()) {
        let message = "one file is compared with nothing: name a second one, or pick two parts of it with --left COLUMN=VALUE and --right COLUMN=VALUE";
        return Err(Trouble::Wrong(message.to_owned()));
    }
    let first = open(&args.first)?;
    let second = match &args.second {
        Some(path) => open(path)?,
        None => first.clone(),
    };
    let zero = Quantity::new(0.0, Unit::One);
    let asked = Asked {
        sides: [
            args.column.choice(&args.left, "--left"),
            args.column.choice(&args.right, "--right"),
        ],
        names: names([&first, &second], [&args.left, &args.right]),
        goal: match args.within {
            Some(within) => Goal::Within(within),
            None => Goal::Greater(args.margin.unwrap_or(zero)),
        },
        alpha: args.alpha,
        alternative: if args.one_sided {
            Alternative::OneSided
        } else {
            Alternative::TwoSided
        },
        seed: args.seed,
    };
    let found =
        tables::compare([&first, &second], &asked).map_err(|error| trouble(&error))?;
    say(&match args.format {
        Look::Human => page(&found),
        Look::Json => format!("{:#}\n", document(&found)),
    });
    Ok(Exit::Complete)
}

/// Names the sides: by what picks their rows, by the files' names, by their paths, or A and B.
fn names(logs: [&Log; 2], picked: [&[Condition]; 2]) -> [String; 2] {
    let picked = picked.map(|conditions| {
        let values: Vec<&str> = conditions.iter().map(|one| one.value.as_str()).collect();
        values.join(", ")
    });
    let file = |log: &Log| {
        let name = log.path().file_name().map(|name| name.to_string_lossy().into_owned());
        name.unwrap_or_default()
    };
    let path = |log: &Log| Path::display(log.path()).to_string();
    let choices = [picked, logs.map(file), logs.map(path)];
    choices
        .into_iter()
        .find(|[left, right]| left != right && !left.is_empty() && !right.is_empty())
        .unwrap_or_else(|| ["A".to_owned(), "B".to_owned()])
}

fn told(found: &Compared) -> Comparison<'_> {
    let [left, right] = &found.sides;
    Comparison {
        metric: &found.metric,
        names: [&left.name, &right.name],
        summaries: [left.summary.as_ref(), right.summary.as_ref()],
        findings: &found.findings,
        clustered: found.cluster.is_some(),
    }
}

fn page(found: &Compared) -> String {
    let told = told(found);
    let [left, right] = &found.sides;
    let how = match &found.by {
        Some(by) => format!("paired by {by}"),
        None => "not paired; --by COLUMN pairs them".to_owned(),
    };
    let mut page =
        format!("{} of {} against {}, {how}\n\n", found.metric, left.name, right.name);
    for (line, side) in report::sides(&told).iter().zip(&found.sides) {
        page += &format!("  {line} ({})\n", side.format);
    }
    page.push('\n');
    for line in report::comparison(&told).iter().chain(&left_out(found)) {
        page += &format!("{line}\n");
    }
    page.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}

/// Says which ids have no partner.
fn left_out(found: &Compared) -> Vec<String> {
    let Some(unmatched) = &found.unmatched else { return Vec::new() };
    let line = |side: &Unmatched, name: &str| {
        if side.count == 0 {
            return None;
        }
        let more = side.count - side.ids.len() as u64;
        let more = if more == 0 {
            String::new()
        } else {
            format!(" and {} more", grouped(more))
        };
        let [ids, stand, are] = if side.count == 1 {
            ["id", "stands", "is"]
        } else {
            ["ids", "stand", "are"]
        };
        Some(format!(
            "{} {ids} {stand} in {name} only and {are} left out of the comparison: {}{more}.",
            grouped(side.count),
            side.ids.join(", ")
        ))
    };
    unmatched
        .iter()
        .zip(&found.sides)
        .filter_map(|(one, side)| line(one, &side.name))
        .collect()
}

fn document(found: &Compared) -> serde_json::Value {
    let mut sentences = report::comparison(&told(found));
    sentences.extend(left_out(found));
    json!({
        "metric": found.metric,
        "by": found.by,
        "cluster": found.cluster,
        "sides": found.sides,
        "unmatched": found.unmatched,
        "hypothesis": found.findings,
        "sentences": sentences,
    })
}
