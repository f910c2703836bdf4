//! The sandbox: one engine, built once, shared by all threads.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, OnceLock};

use rhai::packages::{Package, StandardPackage};
use rhai::{Engine, Module, OptimizationLevel};

use crate::script::block::{self, Block};
use crate::script::control;
use crate::script::functions;
use crate::script::limits::Limits;
use crate::script::study::{self, Snippet, Study};

/// The Rhai host: what a script may call, and its caps.
#[derive(Clone)]
pub struct Host {
    engine: Arc<Engine>,
    limits: Limits,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Default for Host {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Host {
    /// Builds the sandbox.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let mut engine = sandbox(&limits);
        engine.set_optimization_level(OptimizationLevel::None);
        Self { engine: Arc::new(engine), limits }
    }

    /// Returns the caps.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Studies a closure: its mistakes, and what it needs from outside.
    #[must_use]
    pub fn study(&self, snippet: &Snippet<'_>) -> Study {
        study::study(self, snippet)
    }

    /// Cuts a `script` block into its functions and studies each.
    #[must_use]
    pub fn study_block(&self, text: &str) -> Block {
        block::study(self, text)
    }

    /// Returns every function that a script may call without defining it, sorted.
    #[must_use]
    pub fn function_names(&self) -> Vec<&'static str> {
        let mut names: Vec<&str> =
            known_functions().iter().map(|(name, _)| name.as_str()).collect();
        names.extend(KEYWORDS.iter().map(|(name, _)| *name));
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Says whether there is a function with this name and so many arguments; the value
    /// before the dot of a method counts as one.
    #[must_use]
    pub fn has_function(&self, name: &str, arity: usize) -> bool {
        known_functions().contains(&(name.to_owned(), arity))
            || KEYWORDS.iter().any(|(keyword, most)| {
                *keyword == name && most.is_none_or(|most| most == arity)
            })
    }

    /// Returns the name of a function that is close to this one.
    #[must_use]
    pub fn suggest(&self, name: &str) -> Option<&'static str> {
        self.function_names()
            .into_iter()
            .map(|known| (strsim::damerau_levenshtein(known, name), known))
            .filter(|(distance, _)| *distance <= 1 + name.chars().count() / 4)
            .min()
            .map(|(_, known)| known)
    }
}

/// What Rhai itself calls like a function, with its number of arguments where that is fixed.
const KEYWORDS: &[(&str, Option<usize>)] = &[
    ("Fn", Some(1)),
    ("call", None),
    ("curry", None),
    ("is_def_fn", Some(2)),
    ("is_def_var", Some(1)),
    ("is_shared", Some(1)),
    ("type_of", Some(1)),
];

/// Builds an engine with Rhai's standard package, the host's functions and the caps; no
/// files, no modules, no `eval`, no output.
pub(super) fn sandbox(limits: &Limits) -> Engine {
    let mut engine = Engine::new_raw();
    engine
        .register_global_module(standard())
        .register_global_module(functions::module())
        .disable_symbol("eval")
        .disable_symbol("sleep")
        .disable_symbol("import")
        .disable_symbol("export")
        .set_module_resolver(rhai::module_resolvers::DummyModuleResolver::new())
        .on_print(|_| {})
        .on_debug(|_, _, _| {})
        .on_progress(|_| control::progress())
        .set_optimization_level(OptimizationLevel::Simple);
    limits.apply(&mut engine);
    engine
}

fn standard() -> Arc<Module> {
    static STANDARD: OnceLock<Arc<Module>> = OnceLock::new();
    STANDARD.get_or_init(|| StandardPackage::new().as_shared_module()).clone()
}

/// The names and numbers of arguments of all native functions.
fn known_functions() -> &'static BTreeSet<(String, usize)> {
    static KNOWN: OnceLock<BTreeSet<(String, usize)>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        sandbox(&Limits::default())
            .collect_fn_metadata(
                None,
                |function| {
                    let name = function.metadata.name.as_str();
                    let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic())
                        && !name.contains('$');
                    // These are there for Rhai's own use and do nothing in the sandbox.
                    let is_word = is_word && !matches!(name, "sleep" | "print" | "debug");
                    is_word.then(|| (name.to_owned(), function.metadata.num_params))
                },
                true,
            )
            .into_iter()
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sandbox_has_no_way_out() {
        let host = Host::default();
        for (code, word) in [
            ("eval(\"1\")", "eval"),
            ("import \"a\" as b; 1", "import"),
            ("export let x = 1;", "export"),
        ] {
            let study = host.study(&Snippet { params: &[], body: code });
            let problem = &study.problems[0];
            assert!(problem.message.contains(word), "{problem:?}");
            assert_eq!((problem.start, problem.end), (0, word.len()), "{code}");
        }
        for function in
            ["timestamp", "sleep", "open_file", "parse_json_file", "print", "debug"]
        {
            assert!(!host.has_function(function, 0), "{function}");
            assert!(!host.has_function(function, 1), "{function}");
        }
    }

    #[test]
    fn a_script_cannot_sleep_even_by_a_function_pointer() {
        let engine = sandbox(&Limits::default());
        for code in ["Fn(\"sleep\").call(60)", "Fn(\"sleep\").call(60.0)"] {
            let error = engine.eval::<rhai::Dynamic>(code).unwrap_err().to_string();
            assert!(error.contains("no clock"), "{error}");
        }
        assert!(engine.eval::<rhai::Dynamic>("Fn(\"eval\").call(\"1\")").is_err());
    }

    #[test]
    fn functions_are_known_with_their_number_of_arguments() {
        let host = Host::default();
        assert!(host.has_function("find", 2));
        assert!(!host.has_function("find", 1));
        assert!(host.has_function("to_upper", 1));
        assert_eq!(host.suggest("to_uper"), Some("to_upper"));
        assert_eq!(host.suggest("completely_else"), None);
    }
}
