//! Reading and checking a file.

use std::path::Path;

use super::exit::Trouble;
use super::{colour_err, columns, tell};
use crate::catalogue::{self, AssembleError};
use crate::diag::{self, Diagnostic, Label, Severity, Sources};
use crate::lang::{self, Files, Override};
use crate::script::{Host, Limits};
use crate::spec::Experiment;

/// The files of this machine.
#[derive(Debug)]
pub(super) struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => format!("there is no file `{path}`"),
            std::io::ErrorKind::IsADirectory => format!("`{path}` is a folder"),
            _ => format!("`{path}` cannot be read: {error}"),
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
}

/// Reads a file, and all that it uses, and checks it.
pub(super) fn examine(file: &str, set: &[String]) -> Result<Examined, Trouble> {
    if Path::new(file).is_dir() {
        return Err(Trouble::Wrong(format!("`{file}` is a folder; name a .crucible file")));
    }
    let overrides = set.iter().map(|text| assignment(text)).collect::<Result<Vec<_>, _>>()?;
    let host = Host::new(Limits::default());
    let signatures = catalogue::signatures();
    let loaded = lang::load(file, &Disk, &signatures, &host, &overrides);
    Ok(Examined {
        sources: loaded.sources,
        diagnostics: loaded.diagnostics,
        experiment: loaded.experiment,
        host,
    })
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
        code: "run::cannot_build",
        message: error.message.clone(),
        labels: vec![Label { span: error.span, text: String::new() }],
        help: error.help.clone(),
    };
    let style = diag::Style { color: colour_err(), width: columns().clamp(60, 120) };
    tell(&diag::render(&sources, &diagnostic, style));
    Trouble::Told
}

/// Reads and checks a file; prints what is wrong with it to stderr.
pub(super) fn load(file: &str, set: &[String]) -> Result<Checked, Trouble> {
    let examined = examine(file, set)?;
    tell(&rendered(&examined));
    match examined.experiment {
        Some(experiment) => Ok(Checked { experiment, host: examined.host }),
        None => Err(Trouble::Told),
    }
}

/// Renders all diagnostics for a terminal.
pub(super) fn rendered(examined: &Examined) -> String {
    let style = diag::Style { color: colour_err(), width: columns().clamp(60, 120) };
    let mut page = String::new();
    for diagnostic in &examined.diagnostics {
        page += &diag::render(&examined.sources, diagnostic, style);
        page.push('\n');
    }
    let count = |severity| {
        examined.diagnostics.iter().filter(|d| d.severity == severity).count()
    };
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
