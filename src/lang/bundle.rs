//! The files of an experiment: the one that is named and all that it uses, each read once.

use std::collections::BTreeMap;

use crate::base::{FileId, Span};
use crate::diag::{Diagnostic, Sources};
use crate::lang::stdlib;
use crate::lang::suggest;
use crate::lang::syntax;
use crate::lang::syntax::tree::{Body, Definition, File, Script, StringLit, Use, Word};
use crate::spec::{SourceText, TemplateFile};

/// No experiment needs more files than this.
const MOST_FILES: usize = 1_000;

/// Where files come from.
pub trait Files {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// A sentence that says why it cannot be read.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;
}

/// One file of definitions.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) tree: File,
    /// Names whose definitions did not parse.
    pub(super) broken: Vec<Word>,
    /// Whether anything of the text did not parse.
    pub(super) damaged: bool,
    pub(super) uses: Vec<Used>,
    pub(super) scripts: Vec<ScriptPart>,
}

/// What one `use` brings.
#[derive(Debug)]
pub(super) struct Used {
    /// Index of the file it comes from.
    pub(super) unit: usize,
    /// The one name, or all.
    pub(super) only: Option<Word>,
    /// Where the `use` stands.
    pub(super) span: Span,
}

/// The text of one `script`.
#[derive(Debug)]
pub(super) struct ScriptPart {
    pub(super) text: String,
    pub(super) span: Span,
}

/// All files, and what was wrong with reading them.
#[derive(Debug, Default)]
pub(super) struct Bundle {
    pub(super) sources: Sources,
    pub(super) texts: Vec<SourceText>,
    pub(super) units: Vec<Unit>,
    pub(super) out: Vec<Diagnostic>,
}

impl Bundle {
    /// Reads the template that the report names; says why where it cannot be read.
    pub(super) fn template(
        &mut self,
        named: TemplateFile,
        files: &dyn Files,
    ) -> Option<TemplateFile> {
        let from = self.texts.iter().find(|text| text.file == named.span.file);
        let path = joined(from.map_or("", |text| text.folder.as_str()), &named.path);
        let bundle = std::mem::take(self);
        let mut reader = Reader { files, bundle, known: BTreeMap::new() };
        let read = reader.text(&path, Some(named.span));
        let text = read.map(|text| reader.source(&path, &text));
        *self = reader.bundle;
        Some(TemplateFile { text: text?, ..named })
    }
}

struct Reader<'f> {
    files: &'f dyn Files,
    bundle: Bundle,
    /// Units by path; `None` for a file that could not be read.
    known: BTreeMap<String, Option<usize>>,
}

/// Reads a file and all that it uses.
pub(super) fn read(entry: &str, files: &dyn Files) -> Bundle {
    let mut reader = Reader { files, bundle: Bundle::default(), known: BTreeMap::new() };
    reader.unit(entry, None);
    let mut next = 0;
    while next < reader.bundle.units.len() {
        reader.follow(next);
        next += 1;
    }
    reader.cycles();
    reader.bundle
}

impl Reader<'_> {
    /// Reads a file of definitions, if it was not read before, and returns its index.
    fn unit(&mut self, path: &str, asked: Option<Span>) -> Option<usize> {
        if let Some(&known) = self.known.get(path) {
            return known;
        }
        if self.bundle.units.len() >= MOST_FILES {
            self.bundle.out.push(located(
                Diagnostic::error(
                    "check::too_large",
                    format!("an experiment is read from at most {MOST_FILES} files"),
                ),
                asked,
                "one file too many",
            ));
            return None;
        }
        let index = match stdlib::text(path) {
            Some(text) => Some(self.parse(path, text.to_owned())),
            None => self.text(path, asked).map(|text| self.parse(path, text)),
        };
        self.known.insert(path.to_owned(), index);
        index
    }

    /// Reads the text of a file.
    fn text(&mut self, path: &str, asked: Option<Span>) -> Option<String> {
        let bytes = match self.files.read(path) {
            Ok(bytes) => bytes,
            Err(reason) => {
                let problem = Diagnostic::error(
                    "check::unreadable",
                    format!("`{path}` cannot be read: {reason}"),
                );
                self.bundle.out.push(located(problem, asked, "asked for here"));
                return None;
            }
        };
        match String::from_utf8(bytes) {
            Ok(text) => Some(text),
            Err(error) => {
                let added = self.bundle.sources.add_bytes(path, error.as_bytes());
                let text = String::from_utf8_lossy(error.as_bytes());
                self.keep(path, &text);
                self.bundle.out.extend(added.err().map(|problem| *problem));
                None
            }
        }
    }

    fn source(&mut self, path: &str, text: &str) -> FileId {
        self.bundle.sources.add(path, text);
        self.keep(path, text)
    }

    /// Keeps a text for the record; its place in the list is its id.
    fn keep(&mut self, path: &str, text: &str) -> FileId {
        let file = FileId(u32::try_from(self.bundle.texts.len()).unwrap_or(u32::MAX));
        self.bundle.texts.push(SourceText {
            file,
            path: path.to_owned(),
            folder: folder(path).to_owned(),
            text: text.to_owned(),
        });
        file
    }

    fn parse(&mut self, path: &str, text: String) -> usize {
        let file = self.source(path, &text);
        let parsed = syntax::parse(file, &text);
        let damaged = !parsed.errors.is_empty();
        self.bundle.out.extend(parsed.errors.iter().map(syntax::SyntaxError::diagnostic));
        self.bundle.units.push(Unit {
            tree: parsed.tree,
            broken: parsed.broken_names,
            damaged,
            uses: Vec::new(),
            scripts: Vec::new(),
        });
        self.bundle.units.len() - 1
    }

    /// Reads what a file uses.
    fn follow(&mut self, index: usize) {
        let Some(unit) = self.bundle.units.get_mut(index) else {
            return;
        };
        let file = unit.tree.id;
        let definitions = std::mem::take(&mut unit.tree.definitions);
        let path = self.path_of(file);
        let mut uses = Vec::new();
        let mut scripts = Vec::new();
        for definition in &definitions {
            match &definition.body {
                Body::Use(what) => uses.extend(self.used(what, definition, &path)),
                Body::Script(Script::Text(rhai)) => {
                    scripts.push(ScriptPart { text: rhai.text.clone(), span: rhai.span });
                }
                Body::Script(Script::File(name)) => {
                    scripts.extend(self.script(name, &path));
                }
                Body::Expr(_) | Body::Block(_) => {}
            }
        }
        if let Some(unit) = self.bundle.units.get_mut(index) {
            unit.tree.definitions = definitions;
            unit.uses = uses;
            unit.scripts = scripts;
        }
    }

    fn path_of(&self, file: FileId) -> String {
        let text = self.bundle.texts.iter().find(|text| text.file == file);
        text.map(|text| text.path.clone()).unwrap_or_default()
    }

    fn used(&mut self, what: &Use, definition: &Definition, path: &str) -> Option<Used> {
        let (target, only, at) = match what {
            Use::File(name) => (joined(folder(path), &name.value), None, name.span),
            Use::Path(path) => {
                let Some((target, only)) = stdlib::find(path) else {
                    self.bundle.out.push(unknown_library(&path.text(), path.span));
                    return None;
                };
                (target, only.cloned(), path.span)
            }
        };
        let unit = self.unit(&target, Some(at))?;
        Some(Used { unit, only, span: definition.span })
    }

    fn script(&mut self, name: &StringLit, path: &str) -> Option<ScriptPart> {
        let target = joined(folder(path), &name.value);
        let text = self.text(&target, Some(name.span))?;
        let file = self.source(&target, &text);
        let span = Span::new(file, 0, text.len());
        Some(ScriptPart { text, span })
    }

    /// Finds files that use one another in a circle.
    fn cycles(&mut self) {
        let units = &self.bundle.units;
        let mut done = vec![false; units.len()];
        let mut found = Vec::new();
        for start in 0..units.len() {
            // The way from `start`: each file and which of its uses comes next.
            let mut way: Vec<(usize, usize)> = vec![(start, 0)];
            while let Some((at, next)) = way.last_mut() {
                let here = *at;
                let Some(used) = units.get(here).and_then(|unit| unit.uses.get(*next))
                else {
                    if let Some(done) = done.get_mut(here) {
                        *done = true;
                    }
                    way.pop();
                    continue;
                };
                *next += 1;
                if let Some(from) = way.iter().position(|(unit, _)| *unit == used.unit) {
                    let round: Vec<(usize, usize)> =
                        way.iter().skip(from).copied().collect();
                    found.push(round);
                } else if done.get(used.unit) == Some(&false) {
                    way.push((used.unit, 0));
                }
            }
        }
        for round in found {
            let diagnostic = self.circle(&round);
            self.bundle.out.push(diagnostic);
        }
    }

    fn circle(&self, round: &[(usize, usize)]) -> Diagnostic {
        let name = |unit: usize| {
            let unit = self.bundle.units.get(unit);
            unit.map(|unit| self.path_of(unit.tree.id)).unwrap_or_default()
        };
        let mut names: Vec<String> = round.iter().map(|(unit, _)| name(*unit)).collect();
        names.extend(round.first().map(|(unit, _)| name(*unit)));
        let mut diagnostic = Diagnostic::error(
            "check::use_cycle",
            format!("these files use one another in a circle: {}", names.join(" → ")),
        );
        for (unit, next) in round {
            let used = self.bundle.units.get(*unit);
            let used = used.and_then(|unit| unit.uses.get(next.saturating_sub(1)));
            if let Some(used) = used {
                diagnostic =
                    diagnostic.label(used.span, format!("uses `{}`", name(used.unit)));
            }
        }
        diagnostic.help("move what both need into a third file")
    }
}

fn located(diagnostic: Diagnostic, at: Option<Span>, label: &str) -> Diagnostic {
    match at {
        Some(span) => diagnostic.label(span, label),
        None => diagnostic,
    }
}

fn unknown_library(name: &str, at: Span) -> Diagnostic {
    let all = stdlib::names();
    let help = suggest::did_you_mean(name, all.iter().map(String::as_str))
        .unwrap_or_else(|| {
            format!(
                "the library has {}; a file of your own is named by a string",
                suggest::listed(stdlib::modules())
            )
        });
    Diagnostic::error("check::unknown_use", format!("there is no `{name}` to use"))
        .label(at, "not in the library")
        .help(help)
}

/// Returns the folder of a path; empty for the working directory.
pub(super) fn folder(path: &str) -> &str {
    path.rfind('/')
        .map_or("", |end| if end == 0 { "/" } else { path.get(..end).unwrap_or("") })
}

/// Joins a folder and a path, and takes `.` and `..` out of the result.
pub(super) fn joined(folder: &str, path: &str) -> String {
    let whole = if path.starts_with('/') || folder.is_empty() {
        path.to_owned()
    } else {
        format!("{folder}/{path}")
    };
    let mut steps: Vec<&str> = Vec::new();
    for step in whole.split('/') {
        match step {
            "" | "." => {}
            ".." if steps.last().is_some_and(|last| *last != "..") => {
                steps.pop();
            }
            _ => steps.push(step),
        }
    }
    let start = if whole.starts_with('/') { "/" } else { "" };
    format!("{start}{}", steps.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_file_that_names_them() {
        assert_eq!(
            joined(folder("exp/a.crucible"), "../shared/m.crucible"),
            "shared/m.crucible"
        );
        assert_eq!(joined(folder("a.crucible"), "./m.crucible"), "m.crucible");
        assert_eq!(joined(folder("/x/a.crucible"), "../../m.crucible"), "/../m.crucible");
        assert_eq!(
            joined(folder("../x/a.crucible"), "../../m.crucible"),
            "../../m.crucible"
        );
    }
}
