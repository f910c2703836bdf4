//! `doc [NAME]` and `explain CODE`.
#![expect(clippy::format_push_string, reason = "a few short lines of a page")]

use std::path::Path;

use super::exit::{Exit, Trouble};
use super::{columns, load, say};
use crate::catalogue;
use crate::diag::Explanation;
use crate::lang;
use crate::report;

/// Prints a signature, the list of names, or the whole reference.
pub(super) fn doc(
    name: Option<&str>,
    all: bool,
    output: Option<&Path>,
) -> Result<Exit, Trouble> {
    match (name, output) {
        (Some(name), _) => {
            let mut page = catalogue::doc(name).ok_or_else(|| unknown(name))?;
            if name == "report" {
                page += "\n";
                page += &template_context();
            }
            say(&for_terminal(&page, columns().clamp(60, 100)));
        }
        (None, Some(folder)) => write(folder)?,
        (None, None) if all => {
            for page in reference() {
                say(&format!("{}\n", page.text));
            }
        }
        (None, None) => say(&catalogue::names()),
    }
    Ok(Exit::Complete)
}

/// One page of the reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReferencePage {
    /// Its file in `docs/reference`.
    pub(super) file: String,
    /// Its text.
    pub(super) text: String,
}

/// Returns the pages of the whole reference.
pub(super) fn reference() -> Vec<ReferencePage> {
    let mut pages: Vec<ReferencePage> = catalogue::reference()
        .into_iter()
        .map(|page| ReferencePage { file: page.file, text: page.text })
        .collect();
    pages.push(ReferencePage { file: "diagnostics.md".to_owned(), text: diagnostics() });
    pages.push(ReferencePage {
        file: "templates.md".to_owned(),
        text: format!("# Templates of reports\n\n{}", template_context()),
    });
    pages
}

/// What a template of a report may show, as a table.
fn template_context() -> String {
    let mut page = "## What a template may show\n\nA template of `report { template: … }` is in the language of Tera. All numbers are texts, rounded. `[]` is each element of a list; what has a `?` may be missing. `link` leads to trials in the page of HTML.\n\n| value | type | |\n| --- | --- | --- |\n"
        .to_owned();
    for field in report::template_context() {
        page += &format!(
            "| `{}` | {} | {} |\n",
            field.path,
            field.kind,
            field.doc.replace('|', "\\|")
        );
    }
    page
}

fn explanations() -> Vec<&'static Explanation> {
    let mut all = lang::explanations();
    all.extend(load::EXPLANATIONS);
    all
}

fn diagnostics() -> String {
    let mut page = "# Diagnostics\n\nEvery code that `check` may report, as `crucible-run explain CODE` tells it.\n"
        .to_owned();
    for explanation in explanations() {
        page += &format!("\n{}", explained(explanation));
    }
    page
}

/// Explains a code.
pub(super) fn explain(code: &str) -> Result<Exit, Trouble> {
    let known = explanations();
    let found =
        known.iter().find(|explanation| explanation.code == code).ok_or_else(|| {
            let best = known
                .iter()
                .map(|explanation| explanation.code)
                .max_by(|a, b| near(a, code).total_cmp(&near(b, code)));
            let hint = match best {
                Some(best) if near(best, code) > 0.8 => format!("did you mean `{best}`?"),
                Some(_) | None => {
                    "each diagnostic shows its own above the message".to_owned()
                }
            };
            Trouble::Wrong(format!("no diagnostic has the code `{code}`; {hint}"))
        })?;
    say(&explained(found));
    Ok(Exit::Complete)
}

fn explained(explanation: &Explanation) -> String {
    let example: String =
        explanation.example.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "## {}\n\n{}\n\n{}\n\n{example}",
        explanation.code, explanation.title, explanation.text
    )
}

/// Lays a page of Markdown out for a terminal: rows of tables as lines with their last cell
/// below, examples indented.
fn for_terminal(page: &str, width: usize) -> String {
    let mut text = String::new();
    let mut fenced = false;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for line in page.lines() {
        if let Some(row) = line.strip_prefix('|').filter(|_| !fenced) {
            rows.push(cells(row));
            continue;
        }
        text += &table(&std::mem::take(&mut rows), width);
        if line.starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            text += &format!("    {line}\n");
        } else {
            text += &wrapped(line.trim_start_matches(['#', ' ']), "", width);
        }
    }
    text += &table(&rows, width);
    text
}

/// Cuts a row of a table, without its first bar, into cells.
fn cells(row: &str) -> Vec<String> {
    // A bar inside a cell has a backslash before it.
    let row = row.trim_end().trim_end_matches('|').replace("\\|", "\u{1}");
    row.split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect()
}

fn table(rows: &[Vec<String>], width: usize) -> String {
    let rule = |row: &[String]| row.iter().all(|cell| cell == "---");
    let rows: Vec<&[String]> =
        rows.iter().map(Vec::as_slice).filter(|row| !rule(row)).collect();
    let length =
        |row: &&[String], at: usize| row.get(at).map_or(0, |c| c.chars().count());
    let first = rows.iter().map(|row| length(row, 0)).max().unwrap_or(0);
    let mut text = String::new();
    for row in rows {
        let Some((last, before)) = row.split_last() else { continue };
        let Some((name, rest)) = before.split_first() else { continue };
        let rest: Vec<&str> =
            rest.iter().map(String::as_str).filter(|c| !c.is_empty()).collect();
        let line = format!("{name:first$}  {}", rest.join("; "));
        text += &wrapped(line.trim_end(), &" ".repeat(first + 2), width);
        if !last.is_empty() {
            text += &wrapped(&format!("    {last}"), "    ", width);
        }
    }
    text
}

/// Breaks a line between words; the lines below the first begin with `indent`.
fn wrapped(line: &str, indent: &str, width: usize) -> String {
    let mut text = String::new();
    let mut room = width;
    for (index, word) in line.split(' ').enumerate() {
        let length = word.chars().count();
        if index > 0 && !word.is_empty() && length >= room && !text.ends_with('\n') {
            text = text.trim_end().to_owned() + "\n" + indent;
            room = width.saturating_sub(indent.chars().count());
        } else if index > 0 {
            text.push(' ');
            room = room.saturating_sub(1);
        }
        text += word;
        room = room.saturating_sub(length);
    }
    text + "\n"
}

fn unknown(name: &str) -> Trouble {
    let signatures = catalogue::signatures();
    let best = signatures
        .iter()
        .map(|signature| signature.name)
        .max_by(|a, b| near(a, name).total_cmp(&near(b, name)));
    let hint = match best {
        Some(best) if near(best, name) > 0.7 => format!("did you mean `{best}`?"),
        Some(_) | None => "`crucible-run doc` lists all names".to_owned(),
    };
    Trouble::Wrong(format!("nothing is called `{name}`; {hint}"))
}

fn near(a: &str, b: &str) -> f64 {
    strsim::jaro_winkler(a, b)
}

fn write(folder: &Path) -> Result<(), Trouble> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Trouble::Failed(format!("make {}: {error}", folder.display()))
    })?;
    for page in reference() {
        let path = folder.join(&page.file);
        std::fs::write(&path, page.text).map_err(|error| {
            Trouble::Failed(format!("write {}: {error}", path.display()))
        })?;
    }
    say(&format!("{} is written\n", folder.display()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_laid_out_in_lines_for_a_terminal() {
        let page = "## `s`\n\nSays.\n\n| parameter | type | default | |\n| --- | --- | --- | --- |\n\
            | `a:` | function `\\|x\\|` |  | One two three four five six seven. |\n\n\
            ```crucible\nx | y\n```\n";
        let wanted = "`s`\n\nSays.\n\nparameter  type; default\n`a:`       function `|x|`\n    \
            One two three four five\n    six seven.\n\n    x | y\n";
        assert_eq!(for_terminal(page, 30), wanted);
    }
}
