//! The summary that a run leaves in the terminal.
#![expect(clippy::format_push_string, reason = "a few short lines of a page")]

use unicode_width::UnicodeWidthStr;

use crate::analysis::{Discordant, Findings};
use crate::report::facts::RunFacts;
use crate::report::view::{DiscordantView, Report, discordant_tables};
use crate::spec::Experiment;

/// Returns the summary: the table of results, the verdicts, the failures.
///
/// `colour` adds ANSI colour to verdicts; `width` is the number of columns.
#[must_use]
pub fn summary(
    experiment: &Experiment,
    facts: &RunFacts,
    findings: &Findings,
    colour: bool,
    width: usize,
) -> String {
    let view = Report::new(experiment, facts, findings);
    let mut page = format!("{}\n\n", plain(&view.title));
    if let Some(incomplete) = &view.incomplete {
        page += &format!("{incomplete}\n\n");
    }
    if let Some(selection) = &view.selection {
        page += &format!("{}\n\n", plain(selection));
    }
    page += &results(&view, width);
    page += &hypotheses(&view, colour);
    page += &pairs(&view);
    page += &slices(&view, width);
    page += &failures(&view);
    page
}

fn results(view: &Report, width: usize) -> String {
    let mut header = vec!["condition".to_owned()];
    header.extend(view.results.columns.iter().cloned());
    let rows: Vec<Vec<String>> = view
        .results
        .rows
        .iter()
        .map(|row| {
            let mut cells = vec![plain(&row.condition)];
            cells.extend(row.cells.iter().map(|cell| plain(cell)));
            cells
        })
        .collect();
    let wide = table(&header, &rows);
    if wide.lines().all(|line| line.width() <= width) {
        return wide + "\n";
    }
    // Too wide: a block for each condition instead of a row.
    let mut page = String::new();
    for row in &rows {
        let Some((name, cells)) = row.split_first() else { continue };
        page += &format!("{name}\n");
        let label = header.iter().skip(1).map(|head| head.width()).max().unwrap_or(0);
        for (head, cell) in header.iter().skip(1).zip(cells) {
            page += &format!("  {}  {cell}\n", padded(head, label));
        }
    }
    page + "\n"
}

fn hypotheses(view: &Report, colour: bool) -> String {
    let mut page = String::new();
    for found in view.confirmatory.iter().chain(&view.exploratory) {
        let label = if found.exploratory.is_some() { " (exploratory)" } else { "" };
        page += &format!(
            "{}  {}{label}  {}\n",
            painted(found.verdict, colour),
            plain(&found.name),
            plain(&found.claim)
        );
        for part in &found.parts {
            page += &format!("{:14}{}\n", "", plain(part));
        }
        let numbers = if found.parts.is_empty() {
            format!("{} {}, ", found.estimate, found.interval)
        } else {
            String::new()
        };
        page += &format!("{:14}{numbers}{}, {}\n", "", found.p_sentence, found.test);
        let why = found.exploratory.as_ref().map(|why| format!("exploratory: {why}"));
        for line in why.iter().chain(&found.why) {
            page += &format!("{:14}{}\n", "", plain(line));
        }
    }
    if page.is_empty() { page } else { page + "\n" }
}

fn pairs(view: &Report) -> String {
    let mut page = String::new();
    for family in &view.pairs {
        let rows: Vec<Vec<String>> = family
            .ranking
            .iter()
            .map(|row| {
                vec![
                    plain(&row.condition),
                    row.mean.clone(),
                    row.letters.clone(),
                    row.ranks.clone(),
                ]
            })
            .collect();
        let header = ["all pairs of ", "mean", "groups", "rank"].map(str::to_owned);
        let [first, rest @ ..] = header;
        let mut header = vec![format!("{first}{}", plain(&family.name))];
        header.extend(rest);
        page += &format!("{}\n", table(&header, &rows));
    }
    page
}

/// The means by slice, where they fit; the claims stand in the report.
fn slices(view: &Report, width: usize) -> String {
    let mut page = String::new();
    for sliced in &view.slices {
        for metric in &sliced.metrics {
            let mut header =
                vec![plain(&format!("{} by {}", metric.metric, sliced.column))];
            header.extend(metric.columns.iter().map(|column| plain(column)));
            let rows: Vec<Vec<String>> = metric
                .rows
                .iter()
                .map(|row| {
                    let name = row.value.split(" (").next().unwrap_or_default();
                    let cells = row.short.iter().map(|cell| plain(cell));
                    std::iter::once(plain(name)).chain(cells).collect()
                })
                .collect();
            let shown = table(&header, &rows);
            page += &if shown.lines().all(|line| line.width() <= width) {
                format!("{shown}\n")
            } else {
                format!(
                    "{} is in the report, since it is wider than this terminal\n\n",
                    header.first().map_or("", String::as_str)
                )
            };
        }
    }
    page
}

/// Returns all items on which only one side was right, for `show RUN --discordant NAME`.
#[must_use]
pub fn discordant(found: &Discordant) -> String {
    let mut page = String::new();
    for table in discordant_tables(found) {
        let DiscordantView { head, left, right, rows } = table;
        page += &format!("{}\n", plain(&head));
        for row in rows {
            page += &format!(
                "{}\n  {}: {}\n  {}: {}\n",
                plain(&row.id),
                plain(&left),
                plain(&row.left),
                plain(&right),
                plain(&row.right)
            );
        }
        page.push('\n');
    }
    if page.is_empty() {
        page = "there is no item on which only one side was right\n".to_owned();
    }
    page
}

fn failures(view: &Report) -> String {
    let mut page = String::new();
    for row in &view.failures {
        page += &format!(
            "{} failed in {} ({}), e.g. {}\n",
            row.count,
            plain(&row.condition),
            row.kind,
            plain(&row.example)
        );
    }
    for row in &view.score_failures {
        page += &format!(
            "{} scores of {} failed in {}, e.g. {}\n",
            row.count,
            plain(&row.kind),
            plain(&row.condition),
            plain(&row.example)
        );
    }
    for remark in &view.remarks {
        page += &format!("{remark}\n");
    }
    if page.is_empty() { page } else { page + "\n" }
}

fn painted(verdict: &str, colour: bool) -> String {
    let padded = format!("{verdict:12}");
    if !colour {
        return padded;
    }
    let code = match verdict {
        "supported" => "32",
        "refuted" => "31",
        _ => "33",
    };
    format!("\u{1b}[{code}m{padded}\u{1b}[0m")
}

/// Lays cells out in columns, the first to the left and the others to the right.
fn table(header: &[String], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        std::iter::once(header)
            .chain(rows.iter().map(Vec::as_slice))
            .filter_map(|row| row.get(column))
            .map(|cell| cell.width())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |row: &[String]| {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, width))| match column {
                0 => padded(cell, *width),
                _ => format!("{}{cell}", " ".repeat(width.saturating_sub(cell.width()))),
            })
            .collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    let mut page = line(header);
    for row in rows {
        page += &line(row);
    }
    page
}

fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// Takes out what a terminal would act on.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) { ' ' } else { c }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_keep_the_columns_straight() {
        let rows = vec![
            vec!["数学".to_owned(), "1".to_owned()],
            vec!["a".to_owned(), "22".to_owned()],
        ];
        assert_eq!(
            table(&["x".to_owned(), "n".to_owned()], &rows),
            "x      n\n数学   1\na     22\n"
        );
    }

    #[test]
    fn an_escape_sequence_does_not_reach_the_terminal() {
        assert_eq!(plain("a\u{1b}[31mb"), "a [31mb");
    }
}
