//! Reading and checking a file.
#![expect(clippy::format_push_string, reason = "a few short lines of a page")]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::args::Look;
use super::exit::Trouble;
use super::{check, colour_err, columns, environment, tell};
use crate::analysis;
use crate::base::Span;
use crate::catalogue::{self, AssembleError, UnknownMeasure};
use crate::dataset;
use crate::diag::{self, Diagnostic, Explanation, Label, Severity, Sources};
use crate::lang::{self, Files, Override, Sound};
use crate::model;
use crate::report;
use crate::script::{Host, Limits};
use crate::spec::{Call, Experiment, Header, Hypothesis};

const NO_TEST: &str = "check::no_test";
const CANNOT_BUILD: &str = "run::cannot_build";
const TEMPLATE: &str = "check::report_template";
const UNKNOWN_MEASURE: &str = "check::unknown_measure";

/// The codes that the program adds to those of the language.
pub(super) const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: NO_TEST,
        title: "no test decides this claim",
        text: "The claim is a sentence of the language, and the table of tests has no row for \
               its scale and design, or the test that `test:` names does not fit. It is told \
               before anything is asked. `docs/statistics.md` shows the table.",
        example: "hypothesis h { claim: sd(a.latency) < sd(b.latency) }   // no row\n\
                  hypothesis h { claim: p90(a.latency) < p90(b.latency) } // quantiles have one",
    },
    Explanation {
        code: TEMPLATE,
        title: "a template of the report that cannot be rendered",
        text: "The template that `report { template: … }` names is read with the file. It does not \
               parse, its name does not say what it makes, or, as a warning, it shows something \
               that no report has. `crucible-run doc report` lists what there is.",
        example: "# {{ titel }}\n\n<!-- Better: -->\n# {{ title }}",
    },
    Explanation {
        code: UNKNOWN_MEASURE,
        title: "a claim about something that no trial will know",
        text: "This is a warning: the file can be run. A model without a price leaves the cost of \
               its trials unknown, and answers from a file have neither time, tokens nor cost; a \
               claim about them has no values and stays inconclusive.",
        example: "model m = sim(accuracy: 70%) // no price\n\
                  hypothesis h { claim: one.cost < two.cost }\n\n\
                  // Better:\n\
                  model m = sim(accuracy: 70%, price: [$0.15/Mtok, $0.60/Mtok])",
    },
    Explanation {
        code: CANNOT_BUILD,
        title: "a part of the experiment cannot be built",
        text: "The file checks, and something outside it does not fit: a data file is missing \
               or has no such column, a prompt or a closure names a column that no item has, a key is not in the environment, a price is not known \
               while there is a budget.",
        example: "dataset d = jsonl(\"missing.jsonl\") { input: \"question\", target: \"answer\" }",
    },
];

/// The files of this machine.
#[derive(Debug)]
pub(super) struct Disk;

/// The files of this machine, and which of them were asked for.
#[derive(Debug, Default)]
struct Asked(RefCell<BTreeSet<PathBuf>>);

impl Files for Asked {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        self.0.borrow_mut().insert(PathBuf::from(path));
        Disk.read(path)
    }
}

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(path).map_err(|error| {
            if error.kind() == std::io::ErrorKind::NotFound {
                let longer = format!("{path}.crucible");
                let meant = if Path::new(&longer).is_file() {
                    format!("; did you mean `{longer}`?")
                } else {
                    String::new()
                };
                format!("there is no file `{path}`{meant}")
            } else if error.kind() == std::io::ErrorKind::IsADirectory {
                format!("`{path}` is a folder")
            } else {
                format!("`{path}` cannot be read: {error}")
            }
        })
    }
}

/// A file that checked.
#[derive(Debug)]
pub(super) struct Checked {
    /// What it says.
    pub(super) experiment: Experiment,
    /// The host whose compiled scripts it shares.
    pub(super) host: Host,
}

/// All that checking a file gives: the experiment, if it checks, and the diagnostics.
#[derive(Debug)]
pub(super) struct Examined {
    pub(super) sources: Sources,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) experiment: Option<Experiment>,
    pub(super) host: Host,
    /// Every file that was looked for, whether it was there or not, data included.
    pub(super) files: BTreeSet<PathBuf>,
}

/// Reads a file, and all that it uses, and checks it.
pub(super) fn examine(file: &str, set: &[String]) -> Result<Examined, Trouble> {
    if Path::new(file).is_dir() {
        return Err(Trouble::Wrong(format!(
            "`{file}` is a folder; name a .crucible file"
        )));
    }
    let overrides =
        set.iter().map(|text| assignment(text)).collect::<Result<Vec<_>, _>>()?;
    let host = Host::new(Limits::default());
    let standing = model::addresses(&environment::variables());
    let signatures = catalogue::signatures().with_standing(standing);
    let asked = Asked::default();
    let loaded = lang::load(file, &asked, &signatures, &host, &overrides);
    let mut files = asked.0.into_inner();
    files.extend(data_files(&loaded.sound));
    let mut diagnostics = loaded.diagnostics;
    diagnostics.extend(untestable(&loaded.sound));
    diagnostics.extend(absent(&loaded.sound));
    diagnostics.extend(unrendered(&loaded.sound, &loaded.sources));
    let failed = diagnostics.iter().any(|found| found.severity == Severity::Error);
    if failed {
        diagnostics.retain(|found| found.severity == Severity::Error);
    }
    diagnostics
        .sort_by_key(|found| found.span().map(|span| (span.file, span.start, span.end)));
    let experiment = loaded.experiment.filter(|_| !failed);
    files.extend(experiment.iter().flat_map(logs));
    diagnostics.extend(experiment.iter().flat_map(unknown));
    Ok(Examined { sources: loaded.sources, diagnostics, experiment, host, files })
}

/// Finds the hypotheses for which no test is there, before anything is asked. Where the
/// header is not fine, those for which none is there whatever it should say.
fn untestable(sound: &Sound) -> Vec<Diagnostic> {
    let headers = match &sound.header {
        Some(header) => vec![header.clone()],
        None => [1, 2].map(|repeats| Header { repeats, ..Header::default() }).into(),
    };
    let refused = |hypothesis: &Hypothesis| {
        let mut refusals = Vec::new();
        for header in &headers {
            refusals.push(analysis::supports(hypothesis, header).err()?);
        }
        let refused = refusals.into_iter().next()?;
        let found = Diagnostic::error(NO_TEST, refused.reason)
            .label(hypothesis.span, "no test for this claim");
        Some(found.help(refused.help))
    };
    sound.hypotheses.iter().filter_map(refused).collect()
}

/// Finds the data files that are not there. They are not read before a plan is made.
fn absent(sound: &Sound) -> Vec<Diagnostic> {
    let missing = |call: &Call| {
        let folder = sound.folders.get(&call.span.file).map_or("", String::as_str);
        let error = dataset::absent(call, Path::new(folder))?;
        let mut found = Diagnostic::error(CANNOT_BUILD, error.to_string())
            .label(error.span, "looked for from this file's folder");
        found.help.clone_from(&error.help);
        Some(found)
    };
    sound.datasets.iter().filter_map(missing).collect()
}

/// Returns the files that the datasets read.
fn data_files(sound: &Sound) -> impl Iterator<Item = PathBuf> {
    sound.datasets.iter().filter_map(|call| {
        let folder = sound.folders.get(&call.span.file).map_or("", String::as_str);
        dataset::file(call, Path::new(folder))
    })
}

/// Returns the logs that models answer from.
fn logs(experiment: &Experiment) -> impl Iterator<Item = PathBuf> {
    experiment.models.iter().filter_map(|model| {
        let path = model.call.text("dataset")?;
        let source =
            experiment.sources.iter().find(|s| s.file == model.call.span.file)?;
        Some(Path::new(&source.folder).join(path))
    })
}

/// Finds what is wrong with the template of the report.
fn unrendered(sound: &Sound, sources: &Sources) -> Option<Diagnostic> {
    let template = sound.template.as_ref()?;
    let markup = match report::made_by(&template.path) {
        Ok((markup, _)) => markup,
        Err(message) => {
            let found = Diagnostic::error(TEMPLATE, message);
            return Some(found.label(template.span, "this name"));
        }
    };
    let text = sources.get(template.text)?.text();
    let fault = report::check_template(markup, text)?;
    let make = if fault.never { Diagnostic::error } else { Diagnostic::warning };
    let found = make(TEMPLATE, format!("`{}`: {}", template.path, fault.message));
    let found = match fault.range {
        Some(range) => {
            let end = range.end.min(text.len());
            let span = Span::new(template.text, range.start.min(end), end);
            found.label(span, "in this template")
        }
        None => found.label(template.span, "this template"),
    };
    Some(found.help("`crucible-run doc report` lists what a template may show"))
}

/// Finds the claims about a cost, a time or tokens that no trial will know.
fn unknown(experiment: &Experiment) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for hypothesis in &experiment.hypotheses {
        for unknown in catalogue::unknown_measures(experiment, hypothesis) {
            let UnknownMeasure { measure, condition, model, kept } = unknown;
            let (why, help) = if kept {
                let help = "claim something of another condition, or leave the claim out";
                (
                    "has its answers from a file, which does not say what they took",
                    help.to_owned(),
                )
            } else {
                let help =
                    format!("write `price: [$0.15/Mtok, $0.60/Mtok]` for `{model}`");
                ("has no known price", help)
            };
            let message = format!(
                "the {measure} of `{condition}` will not be known, so this claim stays inconclusive: `{model}` {why}"
            );
            found.push(
                Diagnostic::warning(UNKNOWN_MEASURE, message)
                    .label(hypothesis.span, "nothing to decide it by")
                    .help(help),
            );
        }
    }
    found
}

/// Tells a mistake that only building the experiment could find, at its place.
pub(super) fn told(experiment: &Experiment, error: &AssembleError) -> Trouble {
    if error.span.is_empty() {
        let help = error.help.as_ref().map_or(String::new(), |help| format!("; {help}"));
        return Trouble::Wrong(format!("{}{help}", error.message));
    }
    let mut sources = Sources::default();
    for source in &experiment.sources {
        sources.add(source.path.clone(), source.text.clone());
    }
    let diagnostic = Diagnostic {
        severity: Severity::Error,
        code: CANNOT_BUILD,
        message: error.message.clone(),
        labels: vec![Label { span: error.span, text: String::new() }],
        help: error.help.clone(),
    };
    let look = diag::Look { colour: colour_err(), width: columns().clamp(60, 120) };
    tell(&diag::render(&diagnostic, &sources, look));
    Trouble::Told
}

/// Reads and checks a file; prints what is wrong with it to stderr and, where a document is
/// asked for and the file does not check, that of `check` to stdout.
pub(super) fn load(file: &str, set: &[String], format: Look) -> Result<Checked, Trouble> {
    accept(examine(file, set)?, format)
}

/// Prints what is wrong with a file, and returns it where nothing is.
pub(super) fn accept(examined: Examined, format: Look) -> Result<Checked, Trouble> {
    tell(&rendered(&examined));
    if format == Look::Json && examined.experiment.is_none() {
        check::say_json(std::slice::from_ref(&examined));
    }
    match examined.experiment {
        Some(experiment) => Ok(Checked { experiment, host: examined.host }),
        None => Err(Trouble::Told),
    }
}

/// Renders all diagnostics for a terminal.
pub(super) fn rendered(examined: &Examined) -> String {
    let look = diag::Look { colour: colour_err(), width: columns().clamp(60, 120) };
    let mut page = String::new();
    for diagnostic in &examined.diagnostics {
        page += &diag::render(diagnostic, &examined.sources, look);
        page.push('\n');
    }
    let count =
        |severity| examined.diagnostics.iter().filter(|d| d.severity == severity).count();
    match count(Severity::Error) {
        0 => {}
        1 => page += "1 error\n",
        n => page += &format!("{n} errors\n"),
    }
    page
}

fn assignment(text: &str) -> Result<Override, Trouble> {
    let wrong = || {
        Trouble::Wrong(format!(
            "--set takes NAME.FIELD=VALUE, such as experiment.seed=7, not `{text}`"
        ))
    };
    let (path, value) = text.split_once('=').ok_or_else(wrong)?;
    if path.trim().is_empty() || value.trim().is_empty() {
        return Err(wrong());
    }
    Ok(Override { path: path.trim().to_owned(), value: value.trim().to_owned() })
}
