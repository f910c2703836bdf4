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
        let values = captures.iter().map(|value| workshop.capture(value)).collect();
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
                .map(|(name, value)| (name.as_str().into(), self.capture(value)))
                .collect(),
            places,
            span: function.span,
            digest,
        })))
    }

    /// Returns a value of the file as a script sees it. Lists and maps are shared, so that
    /// a call does not copy them.
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
    let mut lets = String::new();
    for (name, value) in &function.captures {
        let index = captures.len();
        captures.push(value.clone());
        lets.push_str(&format!("const {name}={LET}({index});"));
    }
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
    let mut pointer = match FnPtr::new(CALL) {
        Ok(pointer) => pointer,
        Err(_) => return Dynamic::UNIT,
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
