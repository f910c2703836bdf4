//! An article that pdfLaTeX compiles, the parts it is made of, its numbers as macros, and
//! its sources as BibTeX.
#![expect(clippy::format_push_string, reason = "short lines of a page")]

mod bibliography;
mod escape;

use tera::{Context, Kwargs, State, StringInput, Tera, Value};

use crate::report::Page;
use crate::report::error::ReportError;
use crate::report::numbers::Number;
use crate::report::view::Report;

pub(super) use escape::escaped;

/// The pages that templates make: the article first, then the parts that it takes in.
const TEMPLATES: &[(&str, &str)] = &[
    ("report.tex", include_str!("../templates/latex/report.tex")),
    ("report-abstract.tex", include_str!("../templates/latex/abstract.tex")),
    ("report-methods.tex", include_str!("../templates/latex/methods.tex")),
    ("report-results.tex", include_str!("../templates/latex/results.tex")),
    ("report-hypotheses.tex", include_str!("../templates/latex/hypotheses.tex")),
    ("report-further.tex", include_str!("../templates/latex/further.tex")),
    ("report-failures.tex", include_str!("../templates/latex/failures.tex")),
    ("report-limitations.tex", include_str!("../templates/latex/limitations.tex")),
    ("report-reproduction.tex", include_str!("../templates/latex/reproduction.tex")),
    ("report-references.tex", include_str!("../templates/latex/references.tex")),
];

/// What `numbers.tex` begins with: the command that looks a number up.
const LOOK_UP: &str = include_str!("../templates/latex/crucible.tex");

/// The files, in the order in which they are rendered.
pub(super) const FILES: &[&str] = &[
    "report.tex",
    "report-abstract.tex",
    "report-methods.tex",
    "report-results.tex",
    "report-hypotheses.tex",
    "report-further.tex",
    "report-failures.tex",
    "report-limitations.tex",
    "report-reproduction.tex",
    "report-references.tex",
    "numbers.tex",
    "references.bib",
];

/// Renders the article, its parts, the numbers and the sources.
pub(super) fn pages(view: &Report, numbers: &[Number]) -> Result<Vec<Page>, ReportError> {
    let mut tera = Tera::new();
    tera.autoescape_on(vec![".tex"]);
    tera.set_escape_fn(|input, output| output.write_all(escaped(input).as_bytes()));
    tera.register_filter("number", |input: StringInput, _: Kwargs, _: &State| {
        Value::safe_string(&number(input.as_str()))
    });
    tera.add_raw_templates(TEMPLATES.iter().copied())?;
    let context = Context::from_serialize(view)?;
    let mut pages = Vec::new();
    for (file, _) in TEMPLATES {
        let text = tera.render(file, &context)?;
        pages.push(Page { file, text: settled(&text) });
    }
    pages.push(Page { file: "numbers.tex", text: macros(&view.name, numbers) });
    pages.push(Page {
        file: "references.bib",
        text: bibliography::bibtex(&view.references),
    });
    Ok(pages)
}

/// Writes a number for siunitx, with the sign that stands before it; of anything else its
/// text.
fn number(shown: &str) -> String {
    let digits = shown.trim_start_matches(['<', '>']);
    let plain: String = digits
        .chars()
        .filter(|c| *c != ',')
        .map(|c| if c == '−' { '-' } else { c })
        .collect();
    let whole = plain.trim_start_matches('-');
    let known = whole.chars().all(|c| c.is_ascii_digit() || ".e-".contains(c))
        && whole.starts_with(|c: char| c.is_ascii_digit())
        && plain.parse::<f64>().is_ok();
    if !known {
        return escaped(shown);
    }
    let sign = if shown.starts_with('<') {
        "\\ensuremath{<}"
    } else if shown.starts_with('>') {
        "\\ensuremath{>}"
    } else {
        ""
    };
    format!("{sign}\\num{{{plain}}}")
}

/// Writes `numbers.tex`: one definition for each number.
fn macros(experiment: &str, numbers: &[Number]) -> String {
    let mut text = LOOK_UP.to_owned();
    for number in numbers {
        text += &format!(
            "\\crucibledefine{{{experiment}}}{{{}}}{{{}}}{{{}}}%\n",
            number.of,
            number.key,
            escaped(&number.shown)
        );
    }
    text
}

/// Folds blank lines and drops spaces at the ends of lines; a blank line is a paragraph.
fn settled(text: &str) -> String {
    let mut page = String::with_capacity(text.len());
    let mut blank = true;
    for line in text.lines().map(str::trim_end) {
        if !(line.is_empty() && blank) {
            page.push_str(line);
            page.push('\n');
        }
        blank = line.is_empty();
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_set_by_siunitx_and_words_are_words() {
        assert_eq!(number("6,595"), "\\num{6595}");
        assert_eq!(number("<0.001"), "\\ensuremath{<}\\num{0.001}");
        assert_eq!(number("−0.12"), "\\num{-0.12}");
        assert_eq!(number("–"), escaped("–"));
        assert_eq!(number("1}\\input{x"), escaped("1}\\input{x"));
        assert_eq!(number("e-"), escaped("e-"));
    }

    #[test]
    fn the_files_that_are_named_are_those_that_templates_make() {
        let made: Vec<&str> = TEMPLATES.iter().map(|(file, _)| *file).collect();
        assert_eq!(FILES[..made.len()], made);
    }
}
