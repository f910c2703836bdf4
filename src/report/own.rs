//! Templates that the author of an experiment wrote: they have the view of the program's own
//! templates, and what they show is escaped for the kind of file that they make.

use std::ops::Range;

use tera::{Context, ErrorKind, Tera};

use crate::analysis::Findings;
use crate::report::error::ReportError;
use crate::report::facts::RunFacts;
use crate::report::view::Report;
use crate::report::{FORMATS, context, html, latex, markdown};
use crate::spec::Experiment;

/// The name under which a template is known to the engine.
const NAME: &str = "template";

/// What kind of file a template makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Markup {
    /// Markdown.
    Markdown,
    /// LaTeX.
    Latex,
    /// HTML.
    Html,
}

/// The endings that a template may have before `.tera`.
const ENDINGS: &[(&str, Markup)] =
    &[(".md", Markup::Markdown), (".tex", Markup::Latex), (".html", Markup::Html)];

/// Something that is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateFault {
    /// What, in a sentence.
    pub message: String,
    /// Where in the text, in bytes, if that is known.
    pub range: Option<Range<usize>>,
    /// Whether it can never be rendered; otherwise it may fail on the run's findings.
    pub never: bool,
}

/// Returns what a template makes, and the name of the file, by the template's own name.
///
/// # Errors
///
/// A sentence that says what name is due, where the name says nothing of that.
pub fn made_by(path: &str) -> Result<(Markup, String), String> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let wanted = "`paper.md.tera`, `paper.tex.tera` or `paper.html.tera`";
    let Some(made) = name.strip_suffix(".tera").filter(|made| !made.is_empty()) else {
        return Err(format!("the name of a template ends like {wanted}, not `{name}`"));
    };
    let known = ENDINGS.iter().find(|(ending, _)| made.ends_with(ending));
    let (markup, made) = match known {
        Some((_, markup)) => (*markup, made.to_owned()),
        None if !made.contains('.') => (Markup::Markdown, format!("{made}.md")),
        None => {
            return Err(format!(
                "the name of a template ends like {wanted}, not `{name}`"
            ));
        }
    };
    let taken = FORMATS.iter().any(|(_, format)| format.files().contains(&made.as_str()));
    if taken {
        return Err(format!(
            "`{name}` would make `{made}`, which a format of its own makes"
        ));
    }
    Ok((markup, made))
}

/// Checks a template: that it parses, and that it names nothing that no report has.
#[must_use]
pub fn check_template(markup: Markup, text: &str) -> Option<TemplateFault> {
    let tera = match engine(markup, text) {
        Ok(tera) => tera,
        Err(error) => return Some(fault(&error, true)),
    };
    let sample = Context::from_serialize(&context::sample()).ok()?;
    tera.render(NAME, &sample).err().map(|error| fault(&error, false))
}

/// Renders a template with what a run found.
///
/// # Errors
///
/// When the template does not render, with the line and why.
pub fn render_template(
    experiment: &Experiment,
    facts: &RunFacts,
    findings: &Findings,
    (markup, text): (Markup, &str),
) -> Result<String, ReportError> {
    let own = |error: &tera::Error| {
        let fault = fault(error, false);
        let start = fault.range.map_or(0, |range| range.start);
        let line = text.get(..start).unwrap_or_default().matches('\n').count() + 1;
        ReportError::Own { line, message: fault.message }
    };
    let context = Context::from_serialize(&Report::new(experiment, facts, findings))?;
    let tera = engine(markup, text).map_err(|error| own(&error))?;
    tera.render(NAME, &context).map_err(|error| own(&error))
}

fn engine(markup: Markup, text: &str) -> Result<Tera, tera::Error> {
    let mut tera = Tera::new();
    tera.autoescape_on(vec![NAME]);
    match markup {
        Markup::Markdown => tera.set_escape_fn(|input, output| {
            output.write_all(markdown::escaped(input).as_bytes())
        }),
        Markup::Latex => tera.set_escape_fn(|input, output| {
            output.write_all(latex::escaped(input).as_bytes())
        }),
        Markup::Html => tera.set_escape_fn(|input, output| {
            output.write_all(html::escaped(input).as_bytes())
        }),
    }
    tera.add_raw_template(NAME, text)?;
    Ok(tera)
}

fn fault(error: &tera::Error, never: bool) -> TemplateFault {
    let report = if let ErrorKind::SyntaxError(report)
    | ErrorKind::RenderingError(report) = error.kind()
    {
        Some(report)
    } else {
        None
    };
    let message =
        report.map_or_else(|| error.to_string(), |report| report.message().to_owned());
    let range = report.map(|report| report.span().range.clone());
    let mut letters = message.chars();
    let message = letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default();
    TemplateFault { message, range, never }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_what_a_template_makes() {
        assert_eq!(
            made_by("a/paper.tex.tera"),
            Ok((Markup::Latex, "paper.tex".to_owned()))
        );
        assert_eq!(made_by("paper.tera"), Ok((Markup::Markdown, "paper.md".to_owned())));
        assert_eq!(made_by("p.html.tera"), Ok((Markup::Html, "p.html".to_owned())));
        for wrong in
            ["paper.tex", "paper.txt.tera", ".tera", "report.md.tera", "numbers.tex.tera"]
        {
            assert!(made_by(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_template_that_does_not_parse_is_told_at_its_place() {
        let text = "# {{ title }}\n{% for x in %}";
        let found = check_template(Markup::Markdown, text).unwrap();
        assert!(found.never);
        assert!(found.range.unwrap().start >= text.find("{% for").unwrap());
    }

    #[test]
    fn a_name_that_no_report_has_is_found_before_the_run() {
        let text = "{{ title }} {{ confirmatory[0].p }} {{ titel }}";
        let found = check_template(Markup::Html, text).unwrap();
        assert!(!found.never);
        assert_eq!(
            found.range.map(|range| text[range].to_owned()).as_deref(),
            Some("titel")
        );
        let right = "{{ title }}{% for h in confirmatory %}{{ h.p }}{% endfor %}\
            {% for row in results.rows %}{{ row.cells[0] }}{% endfor %}{{ sections[0].title }}";
        assert_eq!(check_template(Markup::Html, right), None);
    }
}
