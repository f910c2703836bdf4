//! The way from a path to an experiment.

use std::collections::BTreeMap;

use crate::base::FileId;
use crate::diag::{Diagnostic, Explanation, SOURCE_EXPLANATIONS, Sources};
use crate::lang::bundle::{self, Files};
use crate::lang::check::{self, Input, Override, codes};
use crate::lang::syntax;
use crate::script::Host;
use crate::spec::{Call, Experiment, Header, Hypothesis, Signatures, TemplateFile};

/// What came of loading a file.
#[derive(Debug)]
pub struct Loaded {
    /// Every file that was read, by the index in its [`crate::base::FileId`].
    pub sources: Sources,
    /// The experiment; `None` when there is an error among the diagnostics.
    pub experiment: Option<Experiment>,
    /// Every error and warning, sorted by place.
    pub diagnostics: Vec<Diagnostic>,
    /// What is fine, whether the whole is or not.
    pub sound: Sound,
}

/// The parts of a file that are fine, so that more can be said of them although others are
/// not.
#[derive(Debug, Clone, Default)]
pub struct Sound {
    /// The header.
    pub header: Option<Header>,
    /// The hypotheses.
    pub hypotheses: Vec<Hypothesis>,
    /// The calls of the datasets that a run would read, each once.
    pub datasets: Vec<Call>,
    /// The template of the report, once it is read.
    pub template: Option<TemplateFile>,
    /// The folders of the files, by their ids: what paths in them are relative to.
    pub folders: BTreeMap<FileId, String>,
}

/// Reads a file and all that it uses, and checks it.
#[must_use]
pub fn load(
    entry: &str,
    files: &dyn Files,
    signatures: &Signatures,
    host: &Host,
    overrides: &[Override],
) -> Loaded {
    let mut bundle = bundle::read(entry, files);
    check::apply_overrides(&mut bundle, overrides, signatures);
    if bundle.units.is_empty() {
        return Loaded {
            sources: bundle.sources,
            experiment: None,
            diagnostics: bundle.out,
            sound: Sound::default(),
        };
    }
    let input = Input { units: &bundle.units, texts: &bundle.texts, signatures, host };
    let said = std::mem::take(&mut bundle.out);
    let (experiment, mut sound, mut diagnostics) = check::check(input, said);
    sound.template = sound.template.and_then(|named| bundle.template(named, files));
    let unread = std::mem::take(&mut bundle.out);
    let experiment = experiment.filter(|_| unread.is_empty());
    diagnostics.extend(unread);
    let folders = bundle.texts.iter().map(|text| (text.file, text.folder.clone()));
    sound.folders = folders.collect();
    let experiment = experiment.map(|mut experiment| {
        experiment.sources.clone_from(&bundle.texts);
        experiment.report.template.clone_from(&sound.template);
        experiment
    });
    Loaded { sources: bundle.sources, experiment, diagnostics, sound }
}

/// Returns the long form of every code that loading a file may report, sorted by code.
#[must_use]
pub fn explanations() -> Vec<&'static Explanation> {
    let lists = codes::EXPLANATIONS
        .into_iter()
        .chain([SOURCE_EXPLANATIONS, syntax::EXPLANATIONS]);
    let mut all: Vec<&Explanation> = lists.flatten().collect();
    all.sort_by_key(|explanation| explanation.code);
    all
}
