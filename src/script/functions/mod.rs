//! What the host adds to Rhai's standard package.
//!
//! Each file holds functions and, beside them, their lines of the reference. A function
//! that finds nothing returns `()`.

mod answers;
mod lists;
mod patterns;
mod random;
mod texts;

pub(super) use patterns::{pattern_arity, pattern_fault};

use std::sync::{Arc, OnceLock};

use rhai::{EvalAltResult, Module};

use crate::script::context;
use crate::script::value;

/// A host function, as the reference shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostFunction {
    /// Its name.
    pub name: &'static str,
    /// How it is called and what it returns: `find(text, regex) -> text or ()`.
    pub signature: &'static str,
    /// One sentence.
    pub doc: &'static str,
    /// An expression, and what it gives: `find("a1", "[0-9]") == "1"`.
    pub example: &'static str,
}

/// Every host function, in the order of the reference.
pub const HOST_FUNCTIONS: &[&[HostFunction]] = &[
    patterns::FUNCTIONS,
    texts::FUNCTIONS,
    answers::FUNCTIONS,
    lists::FUNCTIONS,
    random::FUNCTIONS,
];

type Returned<T> = Result<T, Box<EvalAltResult>>;

/// Returns the module of all host functions and types.
pub(super) fn module() -> Arc<Module> {
    static MODULE: OnceLock<Arc<Module>> = OnceLock::new();
    MODULE
        .get_or_init(|| {
            let mut module = Module::new();
            patterns::register(&mut module);
            texts::register(&mut module);
            answers::register(&mut module);
            lists::register(&mut module);
            random::register(&mut module);
            value::register(&mut module);
            context::register(&mut module);
            super::workshop::register(&mut module);
            no_sleep(&mut module);
            module.build_index();
            Arc::new(module)
        })
        .clone()
}

/// Rhai's own `sleep` would hold up the thread; it must not be reached even by its name.
fn no_sleep(module: &mut Module) {
    fn refuse() -> Returned<()> {
        Err("a script has no clock".into())
    }
    module.set_native_fn("sleep", |_: rhai::INT| refuse());
    module.set_native_fn("sleep", |_: rhai::FLOAT| refuse());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Digest;
    use crate::script::control::{self, ScriptRun};
    use crate::script::host;
    use crate::script::limits::Limits;

    #[test]
    fn every_example_is_true() {
        let limits = Limits::default();
        let engine = host::sandbox(&limits);
        for function in HOST_FUNCTIONS.iter().copied().flatten() {
            let run = ScriptRun::keyed(Digest::of(b"example"));
            let _hold = control::hold(&run, &Digest::default(), &limits);
            let held = engine.eval::<bool>(function.example);
            assert!(matches!(held, Ok(true)), "{}: {held:?}", function.example);
            assert!(function.example.contains(function.name));
            assert!(function.signature.starts_with(function.name));
        }
    }

    #[test]
    fn names_are_listed_once() {
        let mut names: Vec<_> =
            HOST_FUNCTIONS.iter().copied().flatten().map(|f| f.signature).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
