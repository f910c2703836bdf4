//! Compiles the functions of an experiment, once each, and shares them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rhai::{AST, Array, Dynamic, Engine, FnPtr, INT, ImmutableString, Module, Scope};

use crate::base::{Digest, Digester, Span};
use crate::script::control::{self, ScriptRun};
use crate::script::extractor::{self, Extractor};
use crate::script::failure::{ScriptFailure, ScriptProblem};
use crate::script::host::{self, Host};
use crate::script::message;
use crate::script::place::{self, Insertion, Places};
use crate::script::value;
use crate::spec::{Function, Library, ScriptFunction, Value};

/// Compiles the functions of an experiment.
#[derive(Debug, Clone)]
pub struct Workshop {
    inner: Arc<Shop>,
}

struct Shop {
    host: Host,
    engine: Arc<Engine>,
    libraries: Vec<Result<Shelf, ScriptProblem>>,
    /// The `let` values that `script` functions read.
    lets: Arc<OnceLock<Vec<Dynamic>>>,
    compiled: Mutex<BTreeMap<(Span, Digest), Callable>>,
}

impl fmt::Debug for Shop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shop").field("host", &self.host).finish_non_exhaustive()
    }
}

/// The compiled `script` functions of a file.
#[derive(Debug, Clone, Default)]
struct Shelf {
    ast: AST,
    places: Places,
}

/// The function through which a `script` function reads a `let` of its file.
const LET: &str = "let__value";
/// The function that stands behind a function of the file given as a value.
const CALL: &str = "call__function";

impl Workshop {
    /// Compiles the `script` functions of all files.
    #[must_use]
    pub fn new(host: Host, libraries: Vec<Library>) -> Self {
        let lets: Arc<OnceLock<Vec<Dynamic>>> = Arc::default();
        let mut engine = host::sandbox(host.limits());
        let values = Arc::clone(&lets);
        engine.register_fn(LET, move |index: INT| {
            let index = usize::try_from(index).unwrap_or(usize::MAX);
            let value = values.get().and_then(|values| values.get(index));
            value.cloned().unwrap_or(Dynamic::UNIT)
        });
        let mut captures = Vec::new();
        let shelves = libraries
            .iter()
            .map(|library| shelf(&engine, library, &mut captures))
            .collect();
        let shop = Shop {
            host,
            engine: Arc::new(engine),
            libraries: shelves,
            lets,
            compiled: Mutex::default(),
        };
        let workshop = Self { inner: Arc::new(shop) };
        let values = captures.iter().map(|value| workshop.value(value)).collect();
        // Nobody else has the lock: it was made above.
        let _set = workshop.inner.lets.set(values);
        workshop
    }

    /// Returns the host.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.inner.host
    }

    /// Compiles a function, or finds it among those that are compiled.
    ///
    /// # Errors
    ///
    /// When Rhai does not take it; a checked file has no such function.
    pub fn callable(&self, function: &Function) -> Result<Callable, ScriptProblem> {
        let key = (function.span, captures_digest(function));
        if let Some(callable) = self.compiled().get(&key) {
            return Ok(callable.clone());
        }
        let callable = self.compile(function, key.1)?;
        self.compiled().insert(key, callable.clone());
        Ok(callable)
    }

    /// Builds an extractor from an argument.
    ///
    /// # Errors
    ///
    /// When it is no extractor, or its function does not compile.
    pub fn extractor(&self, value: &Value) -> Result<Extractor, ScriptProblem> {
        extractor::build(self, value)
    }

    /// Returns a value of the file as a script sees it; functions in it can be called.
    ///
    /// Lists and maps are shared, so that giving them to a call does not copy them.
    pub fn value(&self, value: &Value) -> Dynamic {
        let value = self.capture(value);
        if value.is_array() || value.is_map() { value.into_shared() } else { value }
    }

    fn compiled(&self) -> std::sync::MutexGuard<'_, BTreeMap<(Span, Digest), Callable>> {
        // A map of finished functions is whole even if a thread fell over.
        self.inner.compiled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn compile(
        &self,
        function: &Function,
        captures: Digest,
    ) -> Result<Callable, ScriptProblem> {
        let shelf = match self.inner.libraries.get(function.library) {
            Some(Ok(shelf)) => shelf.clone(),
            Some(Err(problem)) => return Err(problem.clone()),
            None => Shelf::default(),
        };
        let mut places = shelf.places;
        let lines = places.add(&function.body, function.span, None);
        let body = compile_text(&self.inner.engine, &lines, &function.body)?;
        let digest =
            Digester::new("callable").digest(&function.digest).digest(&captures).finish();
        Ok(Callable(Arc::new(Compiled {
            engine: Arc::clone(&self.inner.engine),
            host: self.inner.host.clone(),
            ast: shelf.ast.merge(&body),
            params: function.params.iter().map(|name| name.as_str().into()).collect(),
            captures: function
                .captures
                .iter()
                .map(|(name, value)| (name.as_str().into(), self.value(value)))
                .collect(),
            places,
            span: function.span,
            digest,
        })))
    }

    fn capture(&self, value: &Value) -> Dynamic {
        match value {
            Value::Function(function) => match self.callable(function) {
                Ok(callable) => function_value(callable),
                Err(_) => Dynamic::UNIT,
            },
            Value::List(values) => {
                values.iter().map(|value| self.capture(value)).collect::<Array>().into()
            }
            Value::Bool(_)
            | Value::Quantity(_)
            | Value::Text(_)
            | Value::Word(_)
            | Value::Map(_)
            | Value::Prompt(_)
            | Value::Call(_) => value::captured(value),
        }
    }
}

fn captures_digest(function: &Function) -> Digest {
    let mut digester = Digester::new("captures");
    for (name, value) in &function.captures {
        digester.text(name);
        value.digest_into(&mut digester);
    }
    digester.finish()
}

fn shelf(
    engine: &Engine,
    library: &Library,
    captures: &mut Vec<Value>,
) -> Result<Shelf, ScriptProblem> {
    let mut shelf = Shelf::default();
    let mut seen = std::collections::BTreeSet::new();
    for function in &library.functions {
        // The file's own functions come first and win.
        if !seen.insert((function.name.as_str(), function.params.len())) {
            continue;
        }
        let (text, insertion) = with_lets(engine, function, captures);
        let lines = shelf.places.add(&function.text, function.span, insertion);
        let ast = compile_text(engine, &lines, &text)?;
        shelf.ast = shelf.ast.merge(&ast);
    }
    Ok(shelf)
}

/// Puts `const name = let__value(…);` at the beginning of the function's body for each
/// value that it captures, on the line of its brace.
fn with_lets(
    engine: &Engine,
    function: &ScriptFunction,
    captures: &mut Vec<Value>,
) -> (String, Option<Insertion>) {
    let text = &function.text;
    let brace = crate::script::tokens::lex(engine, text)
        .iter()
        .find(|placed| matches!(placed.token, rhai::Token::LeftBrace))
        .map(|placed| placed.start + 1);
    let Some(at) = brace.filter(|_| !function.captures.is_empty()) else {
        return (text.clone(), None);
    };
    let lets: String = function
        .captures
        .iter()
        .map(|(name, value)| {
            captures.push(value.clone());
            format!("const {name}={LET}({});", captures.len() - 1)
        })
        .collect();
    let (head, tail) = text.split_at(at);
    (format!("{head}{lets}{tail}"), Some(Insertion { at, length: lets.chars().count() }))
}

fn compile_text(engine: &Engine, lines: &str, text: &str) -> Result<AST, ScriptProblem> {
    engine.compile(format!("{lines}{text}")).map_err(|error| {
        let (message, help) = message::of_parse_error(error.err_type());
        let placed = format!("{lines}{text}");
        let start = place::offset(&placed, error.position()).unwrap_or(placed.len());
        let end = place::end_of_token(&placed, start);
        let start = start.saturating_sub(lines.len()).min(text.len());
        let end = end.saturating_sub(lines.len()).min(text.len());
        ScriptProblem { message, start, end, help }
    })
}

/// A function of the file, compiled. Clones share it.
#[derive(Clone)]
pub struct Callable(Arc<Compiled>);

struct Compiled {
    engine: Arc<Engine>,
    host: Host,
    ast: AST,
    params: Vec<ImmutableString>,
    captures: Vec<(ImmutableString, Dynamic)>,
    places: Places,
    span: Span,
    digest: Digest,
}

impl fmt::Debug for Callable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callable").field("span", &self.0.span).finish_non_exhaustive()
    }
}

impl Callable {
    /// Calls the function.
    ///
    /// # Errors
    ///
    /// When it throws, makes a mistake or goes over a cap.
    pub fn call(
        &self,
        args: Vec<Dynamic>,
        run: &ScriptRun,
    ) -> Result<Dynamic, ScriptFailure> {
        self.call_with(&[], args, run)
    }

    /// Calls the function with further values in its scope, such as the arguments of a
    /// strategy.
    ///
    /// # Errors
    ///
    /// When it throws, makes a mistake or goes over a cap.
    pub fn call_with(
        &self,
        values: &[(ImmutableString, Dynamic)],
        args: Vec<Dynamic>,
        run: &ScriptRun,
    ) -> Result<Dynamic, ScriptFailure> {
        let compiled = self.0.as_ref();
        let _hold = control::hold(run, &compiled.digest, compiled.host.limits());
        let mut scope = Scope::new();
        for (name, value) in compiled.captures.iter().chain(values) {
            scope.push_constant_dynamic(name.as_str(), value.clone());
        }
        for (name, value) in compiled.params.iter().zip(args) {
            scope.push_dynamic(name.as_str(), value);
        }
        compiled
            .engine
            .eval_ast_with_scope::<Dynamic>(&mut scope, &compiled.ast)
            .map(Dynamic::flatten)
            .map_err(|mut error| self.failure(&mut error))
    }

    /// Returns where the function stands.
    #[must_use]
    pub fn span(&self) -> Span {
        self.0.span
    }

    fn failure(&self, error: &mut rhai::EvalAltResult) -> ScriptFailure {
        let told = message::of_runtime_error(error);
        let span = self.0.places.find(told.position).unwrap_or(self.0.span);
        ScriptFailure { message: told.message, span, cause: told.cause }
    }
}

/// Returns a function that a script can `call`.
fn function_value(callable: Callable) -> Dynamic {
    let Ok(mut pointer) = FnPtr::new(CALL) else {
        return Dynamic::UNIT;
    };
    pointer.add_curry(Dynamic::from(callable));
    pointer.into()
}

/// Registers what stands behind functions of the file that a script holds as values.
pub(super) fn register(module: &mut Module) {
    fn call(
        callable: &Callable,
        args: Vec<Dynamic>,
    ) -> Result<Dynamic, Box<rhai::EvalAltResult>> {
        let expected = callable.0.params.len();
        if args.len() != expected {
            let found = args.len();
            return Err(
                format!("the function takes {expected} arguments, not {found}").into()
            );
        }
        callable
            .call(args, &ScriptRun::default())
            .map_err(|failure| failure.message.into())
    }
    module.set_native_fn(CALL, |f: Callable| call(&f, vec![]));
    module.set_native_fn(CALL, |f: Callable, a: Dynamic| call(&f, vec![a]));
    module
        .set_native_fn(CALL, |f: Callable, a: Dynamic, b: Dynamic| call(&f, vec![a, b]));
    module.set_native_fn(CALL, |f: Callable, a: Dynamic, b: Dynamic, c: Dynamic| {
        call(&f, vec![a, b, c])
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{FileId, Quantity, Unit};
    use crate::record::{Item, Output};
    use crate::script::limits::Limits;
    use crate::script::value::{from_json, item_value, output_value, to_json};
    use serde_json::json;

    /// Where the body of each test's function stands in its file.
    const BASE: usize = 1_000;

    fn function(params: &[&str], body: &str) -> Function {
        Function {
            params: params.iter().map(|name| (*name).to_owned()).collect(),
            body: body.to_owned(),
            span: Span::new(FileId(0), BASE, BASE + body.len()),
            library: 0,
            captures: indexmap::IndexMap::new(),
            digest: Digest::of(body.as_bytes()),
        }
    }

    /// Functions with the place of each and what it captures.
    type Functions<'a> = &'a [(&'a str, usize, &'a [(&'a str, Value)])];

    fn library(functions: Functions<'_>) -> Library {
        let functions = functions
            .iter()
            .map(|(text, start, captures)| {
                let name = text["fn ".len()..].split('(').next().unwrap();
                let inside = text.split(['(', ')']).nth(1).unwrap();
                ScriptFunction {
                    name: name.to_owned(),
                    params: inside
                        .split(',')
                        .filter(|param| !param.is_empty())
                        .map(|param| param.trim().to_owned())
                        .collect(),
                    text: (*text).to_owned(),
                    span: Span::new(FileId(0), *start, *start + text.len()),
                    captures: captures
                        .iter()
                        .map(|(name, value)| ((*name).to_owned(), value.clone()))
                        .collect(),
                }
            })
            .collect();
        Library { functions }
    }

    fn run(
        library: Library,
        function: &Function,
        args: Vec<Dynamic>,
    ) -> Result<Dynamic, ScriptFailure> {
        let workshop = Workshop::new(Host::default(), vec![library]);
        workshop.callable(function).unwrap().call(args, &ScriptRun::default())
    }

    fn count(value: f64) -> Value {
        Value::Quantity(Quantity::new(value, Unit::One))
    }

    #[test]
    fn a_closure_calls_the_functions_of_its_file() {
        let library = library(&[
            ("fn twice(x) { 2 * one(x) }", 10, &[]),
            ("fn one(x) { x }", 50, &[]),
        ]);
        let result = run(library, &function(&["a"], "twice(a) + 1"), vec![5_i64.into()]);
        assert_eq!(result.unwrap().as_int().unwrap(), 11);
    }

    #[test]
    fn each_function_reads_the_lets_of_its_own_file() {
        let library = library(&[
            ("fn f(x) { x + k }", 10, &[("k", count(1.0))]),
            ("fn g(x) { [x].map(|y| y + k)[0] }", 50, &[("k", count(100.0))]),
        ]);
        let mut closure = function(&["a"], "f(a) + g(a) + k");
        closure.captures.insert("k".to_owned(), count(10_000.0));
        let result = run(library, &closure, vec![0_i64.into()]);
        assert_eq!(result.unwrap().as_int().unwrap(), 10_101);
    }

    #[test]
    fn a_captured_list_is_read_and_not_changed() {
        let mut closure =
            function(&["i"], "let l = list; l.push(9); list[i] + list.len()");
        closure
            .captures
            .insert("list".to_owned(), Value::List(vec![count(5.0), count(6.0)]));
        let workshop = Workshop::new(Host::default(), vec![]);
        let callable = workshop.callable(&closure).unwrap();
        for _ in 0..2 {
            let result = callable.call(vec![1_i64.into()], &ScriptRun::default());
            assert_eq!(result.unwrap().as_int().unwrap(), 8);
        }
        for body in [
            "{ list.push(1); list }",
            "{ list[0] = 3; list }",
            "{ list += [1]; list }",
            "{ [1].for_each(|x| list.push(x)); list }",
            "{ let f = || { list.clear(); }; f.call(); list }",
        ] {
            let mut writer = function(&[], body);
            writer.captures = closure.captures.clone();
            let writer = workshop.callable(&writer).unwrap();
            let written = writer.call(vec![], &ScriptRun::default());
            let left = callable.call(vec![0_i64.into()], &ScriptRun::default());
            assert_eq!(left.unwrap().as_int().unwrap(), 7, "{body}: {written:?}");
        }
    }

    #[test]
    fn a_captured_function_can_be_called() {
        let mut closure = function(&["x"], "judge.call(x) + [1].map(judge)[0]");
        let judge = Value::Function(Box::new(function(&["y"], "y * 10")));
        closure.captures.insert("judge".to_owned(), judge);
        let result = run(Library::default(), &closure, vec![2_i64.into()]);
        assert_eq!(result.unwrap().as_int().unwrap(), 30);
    }

    #[test]
    fn a_failure_stands_at_its_place_in_the_file() {
        let body = "{\n    let a = 1;\n    a + nothing\n}";
        let failure = run(Library::default(), &function(&[], body), vec![]).unwrap_err();
        assert_eq!(failure.message, "`nothing` is not known here");
        let start = BASE + body.find("nothing").unwrap();
        assert_eq!(failure.span, Span::new(FileId(0), start, start + "nothing".len()));
    }

    #[test]
    fn a_failure_in_a_function_stands_in_the_function() {
        let text = "fn deep(x) { k;\n  x.len()  }";
        let library = library(&[
            ("fn other() {\n\n1 }", 10, &[]),
            (text, 50, &[("k", count(1.0))]),
        ]);
        let closure = function(&["x"], "\n\n deep(x)");
        let failure = run(library, &closure, vec![1_i64.into()]).unwrap_err();
        assert_eq!(failure.span.start as usize, 50 + text.find("len").unwrap());
        assert!(failure.message.ends_with("(in `deep`)"), "{}", failure.message);
    }

    #[test]
    fn an_endless_loop_ends_at_the_cap_of_operations() {
        let body = "{ loop { } }";
        let failure = run(Library::default(), &function(&[], body), vec![]).unwrap_err();
        assert_eq!(
            failure.message,
            "the script went over its cap of 1,000,000 operations"
        );
        let range = BASE..BASE + body.len();
        assert!(range.contains(&(failure.span.start as usize)), "{:?}", failure.span);
    }

    #[test]
    fn endless_work_of_every_kind_ends() {
        let library = || library(&[("fn f(x) { f(x + 1) }", 10, &[])]);
        for body in [
            "f(0)",
            "{ let s = `x`; loop { s += s; } }",
            "{ let l = [0]; loop { l += l; } }",
            "{ let m = #{}; let i = 0; loop { i += 1; m[`k${i}`] = i; } }",
            "{ let l = []; l.pad(1000000000, 0); l }",
            "{ let s = ``; s.pad(1000000000, 'x'); s }",
            "{ try { loop { } } catch { 1 } }",
            "{ let x = 0; for i in 0..1000000000000 { x += i } x }",
        ] {
            let failure = run(library(), &function(&[], body), vec![]);
            assert!(failure.is_err(), "{body}: {failure:?}");
        }
    }

    #[test]
    fn items_and_outputs_are_read_by_their_fields() {
        let serde_json::Value::Object(columns) =
            json!({"level": {"n": 3}, "tags": ["a"]})
        else {
            unreachable!()
        };
        let item = Arc::new(Item::new(0, "7".into(), "q".into(), json!(5), columns));
        let output = Arc::new(Output { text: "t".into(), ..Output::default() });
        let body = "[output.text, output.confidence, output.requests, item.input, \
            item.target + 1, item.id, item.level.n, item.tags[0], item[`level`].n, \
            `tags` in item, `none` in item]";
        let result = run(
            Library::default(),
            &function(&["output", "item"], body),
            vec![output_value(&output), item_value(&item)],
        );
        assert_eq!(
            to_json(&result.unwrap()),
            json!(["t", null, 0, "q", 6, "7", 3, "a", 3, true, false])
        );
    }

    #[test]
    fn a_field_that_is_not_there_is_an_error_with_a_suggestion() {
        let item =
            Arc::new(Item::new(0, "7".into(), "q".into(), json!(5), Default::default()));
        let function = function(&["item"], "item.inptu");
        let failure =
            run(Library::default(), &function, vec![item_value(&item)]).unwrap_err();
        assert_eq!(failure.message, "the item has no `inptu`; did you mean `input`?");
    }

    #[test]
    fn an_early_return_gives_the_value() {
        let function = function(&["x"], "{ if x > 1 { return `big`; } `small` }");
        let result = run(Library::default(), &function, vec![2_i64.into()]);
        assert_eq!(to_json(&result.unwrap()), json!("big"));
    }

    #[test]
    fn rows_are_maps() {
        let row = from_json(&json!({"answer": "#### 42", "nested": {"x": 1}}));
        let function =
            function(&["row"], "number(row.answer.after(`#### `)) + row.nested.x");
        let result = run(Library::default(), &function, vec![row]);
        assert_eq!(to_json(&result.unwrap()), json!(43));
    }

    #[test]
    fn two_functions_at_one_place_with_other_captures_are_two() {
        let workshop = Workshop::new(Host::new(Limits::default()), vec![]);
        let with = |n: f64| {
            let mut closure = function(&[], "n");
            closure.captures.insert("n".to_owned(), count(n));
            let callable = workshop.callable(&closure).unwrap();
            callable.call(vec![], &ScriptRun::default()).unwrap().as_int().unwrap()
        };
        assert_eq!((with(1.0), with(2.0), with(1.0)), (1, 2, 1));
    }

    #[test]
    fn deep_nesting_ends_on_the_stack_that_scripts_are_given() {
        let deep = format!("{}f(x){}", "(1+".repeat(20), ")".repeat(20));
        let text = format!("fn f(x) {{ {deep} }}");
        let work = move || {
            for body in [
                "{ let l = []; loop { l = [l]; } }",
                "{ let m = #{}; loop { m = #{a: m}; } }",
                "{ let m = #{}; loop { m = [#{a: m}]; } }",
                "f(0)",
            ] {
                let limits = Limits {
                    time: std::time::Duration::from_secs(2),
                    ..Limits::default()
                };
                let library = library(&[(&text, 10, &[])]);
                let workshop = Workshop::new(Host::new(limits), vec![library]);
                let callable = workshop.callable(&function(&[], body)).unwrap();
                assert!(callable.call(vec![], &ScriptRun::default()).is_err(), "{body}");
            }
        };
        let thread = std::thread::Builder::new().stack_size(crate::script::STACK_BYTES);
        thread.spawn(work).unwrap().join().unwrap();
    }
}
