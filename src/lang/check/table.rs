//! Which names a file has: its own, then those that `use` brought.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Span;
use crate::diag::Diagnostic;
use crate::lang::syntax::tree::Word;
use crate::spec::{self, Type};

use super::definition::{Kind, Space};
use super::{Checker, Def};
use crate::lang::suggest;

/// The names of one file.
#[derive(Debug, Default)]
pub(super) struct Names {
    own: BTreeMap<(Space, String), usize>,
    brought: BTreeMap<(Space, String), Vec<usize>>,
    /// Names whose definitions did not parse: they count as defined, of any type.
    broken: BTreeSet<String>,
    /// Whether a file that it uses could not be read, so that any name may be defined.
    open: bool,
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// A definition.
    Def(usize),
    /// Something that is known to be wrong already.
    Broken,
    /// Nothing.
    Nothing,
}

impl<'a> Checker<'a> {
    /// Collects the definitions of all files and what each file brought.
    pub(super) fn collect(&mut self) {
        let units = self.input.units;
        for (unit, content) in units.iter().enumerate() {
            let mut names = Names {
                broken: content.broken.iter().map(|word| word.text.clone()).collect(),
                ..Names::default()
            };
            for node in &content.tree.definitions {
                if let Some(kind) = self.shape(node) {
                    self.enter(Def { kind, unit, node }, &mut names);
                }
            }
            self.names.push(names);
        }
        for (unit, content) in units.iter().enumerate() {
            let asked = content
                .tree
                .definitions
                .iter()
                .filter(|node| node.kind.text == "use")
                .count();
            if let Some(names) = self.names.get_mut(unit) {
                names.open = asked > content.uses.len();
            }
            for used in &content.uses {
                self.bring(unit, used.unit, used.only.as_ref());
            }
        }
    }

    fn enter(&mut self, def: Def<'a>, names: &mut Names) {
        let id = self.defs.len();
        self.defs.push(def);
        self.states.push(super::settle::State::Fresh);
        let (Some(name), Some(space)) = (&def.node.name, def.kind.space()) else {
            return;
        };
        let signature = self.input.signatures.find(&name.text);
        let taken = match def.kind {
            Kind::Strategy => signature.filter(|call| is_call(call.returns)).is_some(),
            Kind::Metric => spec::measure(&name.text).is_some(),
            _ => false,
        };
        if taken {
            let what = if def.kind == Kind::Metric { "a measure" } else { "a call" };
            self.report(
                Diagnostic::error(
                    "check::reserved_name",
                    format!("`{}` is {what} of the language already", name.text),
                )
                .label(name.span, "choose another name")
                .help(format!("for example `my_{}`", name.text)),
            );
        }
        let key = (space, name.text.clone());
        let first = names.own.get(&key).and_then(|&first| self.def(first));
        if let Some(first) = first.and_then(|first| first.node.name.as_ref()) {
            self.report(
                Diagnostic::error(
                    "check::duplicate_name",
                    format!("`{}` is defined twice", name.text),
                )
                .label(name.span, "defined again here")
                .label(first.span, "first defined here")
                .help("give one of them another name"),
            );
            return;
        }
        names.own.insert(key, id);
    }

    /// Brings the names of `from` into `unit`: all of them, or one.
    fn bring(&mut self, unit: usize, from: usize, only: Option<&Word>) {
        let Some(source) = self.names.get(from) else {
            return;
        };
        let wanted = |name: &str| only.is_none_or(|only| only.text == name);
        let broken: Vec<String> =
            source.broken.iter().filter(|name| wanted(name)).cloned().collect();
        let found: Vec<((Space, String), usize)> = source
            .own
            .iter()
            .filter(|((space, name), _)| *space != Space::Hypotheses && wanted(name))
            .map(|(key, id)| (key.clone(), *id))
            .collect();
        if let Some(only) = only
            && found.is_empty()
            && broken.is_empty()
            && !self.has_function(from, &only.text)
        {
            let known: Vec<String> =
                source.own.keys().map(|(_, name)| name.clone()).collect();
            let known = known.iter().map(String::as_str);
            let help = suggest::did_you_mean(&only.text, known.clone())
                .unwrap_or_else(|| format!("it has {}", suggest::listed(known)));
            self.report(
                Diagnostic::error(
                    "check::unknown_use",
                    format!("there is no `{}` in what is used here", only.text),
                )
                .label(only.span, "not defined there")
                .help(help),
            );
            if let Some(names) = self.names.get_mut(unit) {
                names.broken.insert(only.text.clone());
            }
            return;
        }
        if let Some(names) = self.names.get_mut(unit) {
            names.broken.extend(broken);
            for (key, id) in found {
                let ids = names.brought.entry(key).or_default();
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
    }

    /// Finds what a name stands for in a file, and counts it as used.
    pub(super) fn find(
        &mut self,
        unit: usize,
        space: Space,
        name: &str,
        at: Span,
    ) -> Found {
        let Some(names) = self.names.get(unit) else {
            return Found::Nothing;
        };
        let key = (space, name.to_owned());
        if let Some(&id) = names.own.get(&key) {
            self.used.insert(id);
            return Found::Def(id);
        }
        if names.broken.contains(name) {
            return Found::Broken;
        }
        match names.brought.get(&key).map(Vec::as_slice) {
            Some([id]) => {
                let id = *id;
                self.used.insert(id);
                Found::Def(id)
            }
            Some(ids) => {
                let ids = ids.to_vec();
                self.ambiguous(name, at, &ids);
                Found::Broken
            }
            None if names.open => Found::Broken,
            None => Found::Nothing,
        }
    }

    /// Finds the definition of a name without counting it as used.
    pub(super) fn peek(&self, unit: usize, space: Space, name: &str) -> Option<Def<'a>> {
        let names = self.names.get(unit)?;
        let key = (space, name.to_owned());
        let brought = || match names.brought.get(&key).map(Vec::as_slice) {
            Some([id]) => Some(*id),
            _ => None,
        };
        self.def(names.own.get(&key).copied().or_else(brought)?)
    }

    fn ambiguous(&mut self, name: &str, at: Span, ids: &[usize]) {
        let mut problem = Diagnostic::error(
            "check::ambiguous_name",
            format!("`{name}` is brought by more than one `use`"),
        )
        .label(at, "which one?");
        for id in ids {
            self.used.insert(*id);
            if let Some(word) = self.def(*id).and_then(|def| def.node.name.as_ref()) {
                problem = problem.label(word.span, "defined here");
            }
        }
        self.report(
            problem.help(format!(
                "define `{name}` in this file, or use only one of the files"
            )),
        );
    }

    /// Returns the names of a space that a file sees, its own first.
    pub(super) fn visible(&self, unit: usize, space: Space) -> Vec<(String, usize)> {
        let Some(names) = self.names.get(unit) else {
            return Vec::new();
        };
        let own = names.own.iter().map(|(key, id)| (key, *id));
        let brought = names
            .brought
            .iter()
            .filter(|(key, _)| !names.own.contains_key(*key))
            .filter_map(|(key, ids)| ids.first().map(|id| (key, *id)));
        own.chain(brought)
            .filter(|(key, _)| key.0 == space)
            .map(|(key, id)| (key.1.clone(), id))
            .collect()
    }

    /// Says whether a name belongs to a definition that did not parse.
    pub(super) fn is_broken(&self, unit: usize, name: &str) -> bool {
        self.names
            .get(unit)
            .is_some_and(|names| names.broken.contains(name) || names.open)
    }
}

/// Says whether a signature is one of a call, not of a kind or a claim's function.
pub(super) fn is_call(returns: Type) -> bool {
    !matches!(returns, Type::Definition | Type::Estimand)
}
