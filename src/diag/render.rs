//! Diagnostics for people at a terminal.

use std::fmt;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    SourceCode, SourceSpan, SpanContents,
};

use crate::base::FileId;

use super::diagnostic::{Diagnostic, Label, Severity};
use super::source::{Source, Sources};

/// How diagnostics are to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// With colours.
    pub colour: bool,
    /// Columns of the terminal.
    pub width: usize,
}

impl Default for Look {
    fn default() -> Self {
        Self { colour: false, width: 80 }
    }
}

/// A line of source with more bytes than this is not drawn.
const LONGEST_LINE: usize = 2_000;

/// Returns a diagnostic with the lines that it is about, its labels below them.
#[must_use]
pub fn render(found: &Diagnostic, sources: &Sources, look: Look) -> String {
    if !is_drawable(sources, found) {
        return one_line(found, sources) + "\n";
    }
    let theme = if look.colour {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(look.width)
        .with_links(false);
    let mut text = String::new();
    match handler.render_report(&mut text, &Shown::new(sources, found)) {
        Ok(()) => text,
        Err(fmt::Error) => one_line(found, sources) + "\n",
    }
}

/// Returns a diagnostic in one line: `v.crucible:3:5: error[check::unknown_name]: …`.
#[must_use]
pub fn one_line(found: &Diagnostic, sources: &Sources) -> String {
    let place = found.span().and_then(|span| sources.place(span));
    let place = place.map_or_else(String::new, |place| format!("{place}: "));
    let severity = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let help =
        found.help.as_ref().map_or_else(String::new, |help| format!(" (help: {help})"));
    format!("{place}{severity}[{}]: {}{help}", found.code, found.message)
}

fn is_drawable(sources: &Sources, found: &Diagnostic) -> bool {
    found.labels.iter().all(|label| {
        sources.get(label.span.file).is_some_and(|file| {
            let first = file.position(label.span.start as usize).line;
            let last = file.position(label.span.end as usize).line;
            (first.saturating_sub(1)..=last + 1)
                .all(|line| file.line(line).len() <= LONGEST_LINE)
        })
    })
}

/// A diagnostic as the renderer wants it: the labels of one file, and those of every other
/// file beside it.
#[derive(Debug)]
struct Shown<'a> {
    message: &'a str,
    code: Option<&'a str>,
    help: Option<&'a str>,
    severity: miette::Severity,
    file: Option<Drawn<'a>>,
    labels: Vec<LabeledSpan>,
    others: Vec<Self>,
}

impl<'a> Shown<'a> {
    fn new(sources: &'a Sources, found: &'a Diagnostic) -> Self {
        let mut files: Vec<FileId> = Vec::new();
        for label in &found.labels {
            if !files.contains(&label.span.file) {
                files.push(label.span.file);
            }
        }
        let of = |file: FileId| -> (Option<Drawn<'a>>, Vec<LabeledSpan>) {
            let source = sources.get(file);
            let here = found.labels.iter().filter(|label| label.span.file == file);
            let labels =
                here.enumerate().map(|(index, label)| draw(source, label, index == 0));
            (source.map(Drawn), labels.collect())
        };
        let mut files = files.into_iter();
        let (file, labels) = files.next().map_or((None, Vec::new()), of);
        let others = files.map(|other| {
            let (file, labels) = of(other);
            let severity = miette::Severity::Advice;
            let message = "in another file";
            Self {
                message,
                code: None,
                help: None,
                severity,
                file,
                labels,
                others: Vec::new(),
            }
        });
        Self {
            message: &found.message,
            code: Some(found.code),
            help: found.help.as_deref(),
            severity: match found.severity {
                Severity::Error => miette::Severity::Error,
                Severity::Warning => miette::Severity::Warning,
            },
            file,
            labels,
            others: others.collect(),
        }
    }
}

fn draw(source: Option<&Source>, label: &Label, primary: bool) -> LabeledSpan {
    let end = source.map_or(0, |source| source.text().len());
    let start = (label.span.start as usize).min(end);
    let mut span = (start, (label.span.end as usize).min(end).saturating_sub(start));
    if start == end
        && let Some(last) = source.and_then(|source| source.text().chars().next_back())
    {
        // There is nothing to underline at the very end.
        span = (end - last.len_utf8(), last.len_utf8());
    }
    let text = (!label.text.is_empty()).then(|| label.text.clone());
    if primary {
        LabeledSpan::new_primary_with_span(text, span)
    } else {
        LabeledSpan::new_with_span(text, span)
    }
}

/// A file whose columns are counted in characters.
#[derive(Debug)]
struct Drawn<'a>(&'a Source);

impl SourceCode for Drawn<'_> {
    fn read_span<'b>(
        &'b self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'b> + 'b>, MietteError> {
        // Only the lines around the span are read: a file may be long and have many errors.
        let (start, end) = (span.offset(), span.offset() + span.len());
        let first = self.0.position(start).line.saturating_sub(before + 1).max(1);
        let last = self.0.position(end).line + after + 1;
        let (from, text) = self.0.lines(first, last);
        let near = SourceSpan::new((start - from.min(start)).into(), span.len());
        let contents = text.read_span(&near, before, after)?;
        let shown = contents.span().offset() + from;
        let column = self.0.position(shown).column - 1;
        Ok(Box::new(MietteSpanContents::new_named(
            self.0.name().to_owned(),
            contents.data(),
            SourceSpan::new(shown.into(), contents.span().len()),
            contents.line() + first - 1,
            column,
            contents.line_count(),
        )))
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.code.map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.help.map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.file.as_ref().map(|file| file as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'b>(
        &'b self,
    ) -> Option<Box<dyn Iterator<Item = &'b dyn miette::Diagnostic> + 'b>> {
        if self.others.is_empty() {
            return None;
        }
        Some(Box::new(self.others.iter().map(|other| other as &dyn miette::Diagnostic)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Span;

    fn two_files() -> (Sources, Diagnostic) {
        let mut sources = Sources::new();
        let a = sources.add("a.crucible", "let é = 1\nlet b = 日本 c\n");
        let b = sources.add("b.crucible", "let c = 2\n");
        let found = Diagnostic::error("check::twice", "`c` is defined twice")
            .label(Span::new(a, 26, 27), "used here")
            .label(Span::new(b, 4, 5), "and defined here")
            .help("rename one");
        (sources, found)
    }

    #[test]
    fn every_label_is_drawn_those_of_other_files_too() {
        let (sources, found) = two_files();
        let text = render(&found, &sources, Look::default());
        assert!(text.contains("a.crucible:2:12"), "{text}");
        assert!(
            text.contains("used here") && text.contains("and defined here"),
            "{text}"
        );
        assert!(text.contains("b.crucible:1:5"), "{text}");
        assert!(text.contains("rename one") && !text.contains('\u{1b}'), "{text}");
        let coloured = render(&found, &sources, Look { colour: true, width: 80 });
        assert!(coloured.contains('\u{1b}'), "{coloured}");
    }

    #[test]
    fn what_cannot_be_drawn_takes_one_line() {
        let (mut sources, found) = two_files();
        assert_eq!(
            one_line(&found, &sources),
            "a.crucible:2:12: error[check::twice]: `c` is defined twice (help: rename one)"
        );
        let long = sources.add("long", "x".repeat(1 << 20));
        let found = Diagnostic::error("a::b", "m").label(Span::new(long, 9, 10), "");
        assert_eq!(
            render(&found, &sources, Look::default()),
            "long:1:10: error[a::b]: m\n"
        );
        let nowhere =
            Diagnostic::warning("a::b", "m").label(Span::new(FileId(9), 9, 10), "");
        assert_eq!(render(&nowhere, &sources, Look::default()), "warning[a::b]: m\n");
    }

    #[test]
    fn a_label_past_the_end_is_drawn_at_the_end() {
        let mut sources = Sources::new();
        let id = sources.add("a", "ab");
        let found = Diagnostic::error("a::b", "m").label(Span::new(id, 2, 99), "here");
        assert!(render(&found, &sources, Look::default()).contains("here"));
    }
}
