//! Which `script` functions a closure reaches: its digest, and the library that it runs with.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::rc::Rc;

use indexmap::IndexMap;

use crate::base::{Digest, Digester};
use crate::script::Study;
use crate::spec::{Library, ScriptFunction, Value};

use super::Checker;
use super::script::{Fun, Key, twice};

impl Checker<'_> {
    /// All functions that these calls reach, each resolved in the file it stands in.
    fn reached(&self, study: &Study, unit: usize) -> BTreeMap<(usize, Key), Rc<Fun>> {
        let mut found = BTreeMap::new();
        let mut open: Vec<(usize, Key)> = keys_of(study, unit, self);
        while let Some((unit, key)) = open.pop() {
            let Some(fun) =
                self.libraries.get(unit).and_then(|shelf| shelf.visible.get(&key))
            else {
                continue;
            };
            let place = (fun.unit, key);
            if let Entry::Vacant(empty) = found.entry(place) {
                open.extend(keys_of(&fun.study, fun.unit, self));
                empty.insert(Rc::clone(fun));
            }
        }
        found
    }

    /// Returns the digest of a closure: its tokens, the functions that it reaches, and what
    /// both read of the file.
    pub(super) fn function_digest(
        &self,
        params: &[String],
        study: &Study,
        captures: &IndexMap<String, Value>,
        unit: usize,
    ) -> Digest {
        let mut digester = Digester::new("function");
        digester.number(params.len() as u64);
        params.iter().for_each(|param| {
            digester.text(param);
        });
        digester.digest(&study.tokens);
        // By name and text, not by file: moving a function to another file changes nothing.
        let mut reached: Vec<_> = self
            .reached(study, unit)
            .into_values()
            .map(|fun| (fun.key(), fun.study.tokens, fun))
            .collect();
        reached.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        for (key, tokens, fun) in reached {
            digester.text(&key.0).number(key.1 as u64).digest(&tokens);
            let shelf = self.libraries.get(fun.unit);
            let captures = shelf.and_then(|shelf| shelf.captures.get(&key));
            for (name, value) in captures.into_iter().flatten() {
                digester.text(name);
                value.digest_into(&mut digester);
            }
        }
        for (name, value) in captures {
            digester.text("let").text(name);
            value.digest_into(&mut digester);
        }
        digester.finish()
    }

    /// The functions that the closures of each file see: the file's own, those it brought,
    /// and what those need.
    pub(super) fn shelves(&mut self) -> Vec<Library> {
        (0..self.libraries.len()).map(|unit| self.library(unit)).collect()
    }

    fn library(&mut self, unit: usize) -> Library {
        let Some(shelf) = self.libraries.get(unit) else {
            return Library::default();
        };
        let own = shelf.own.iter().cloned();
        let brought = shelf.visible.values().filter(|fun| fun.unit != unit).cloned();
        let mut open: Vec<Rc<Fun>> = own.chain(brought).collect();
        open.reverse();
        let mut taken: IndexMap<Key, Rc<Fun>> = IndexMap::new();
        let mut clashes = Vec::new();
        while let Some(fun) = open.pop() {
            if let Some(first) = taken.get(&fun.key()) {
                if first.span != fun.span {
                    clashes.push((Rc::clone(first), Rc::clone(&fun)));
                }
                continue;
            }
            let needs = keys_of(&fun.study, fun.unit, self);
            let needs: Vec<Rc<Fun>> = needs
                .into_iter()
                .filter_map(|(unit, key)| {
                    self.libraries.get(unit)?.visible.get(&key).cloned()
                })
                .collect();
            open.splice(0..0, needs.into_iter().rev());
            taken.insert(fun.key(), fun);
        }
        let functions = taken.values().map(|fun| self.script_function(fun)).collect();
        for (first, second) in clashes {
            self.report(twice(&second, &first));
        }
        Library { functions }
    }

    fn script_function(&self, fun: &Fun) -> ScriptFunction {
        let shelf = self.libraries.get(fun.unit);
        let captures = shelf.and_then(|shelf| shelf.captures.get(&fun.key()));
        ScriptFunction {
            name: fun.name.clone(),
            params: fun.params.clone(),
            text: fun.text.clone(),
            span: fun.span,
            captures: captures.cloned().unwrap_or_default(),
        }
    }
}

/// The functions that a study names: those it calls, and those it passes on as values.
fn keys_of(study: &Study, unit: usize, checker: &Checker<'_>) -> Vec<(usize, Key)> {
    let calls = study.functions.iter().map(|call| (call.name.clone(), call.arity));
    let mut keys: Vec<(usize, Key)> = calls.map(|key| (unit, key)).collect();
    if let Some(shelf) = checker.libraries.get(unit) {
        for variable in &study.variables {
            let named = shelf.visible.keys().filter(|(name, _)| *name == variable.name);
            keys.extend(named.map(|key| (unit, key.clone())));
        }
    }
    keys
}
