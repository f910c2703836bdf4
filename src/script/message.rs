//! Rhai's errors, in the words of this language.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the enums of Rhai are open and many times as long as what concerns us"
)]

use rhai::{Dynamic, EvalAltResult, LexError, ParseErrorType, Position};

use crate::base::grouped;
use crate::record::Failure;
use crate::script::context::failure_of;
use crate::script::control::Stop;

/// Returns what is wrong with a text that Rhai does not take, and what to write instead.
pub(super) fn of_parse_error(error: &ParseErrorType) -> (String, Option<String>) {
    let help = |text: &str| Some(text.to_owned());
    match error {
        ParseErrorType::UnexpectedEOF => {
            ("the Rhai code ends too early".to_owned(), None)
        }
        ParseErrorType::BadInput(error) => of_lex_error(error),
        ParseErrorType::MissingToken(token, purpose) => {
            (format!("`{token}` is due here {purpose}"), None)
        }
        ParseErrorType::ExprExpected(what) => {
            (format!("{what} expression is due here").replace("an a ", "a "), None)
        }
        ParseErrorType::Reserved(word)
            if matches!(word.as_str(), "import" | "export") =>
        {
            (
                format!("`{word}` is not available: scripts are in one sandbox"),
                help(
                    "write the function in a `script` block, and `use` the file it is in",
                ),
            )
        }
        ParseErrorType::Reserved(word) if word == "eval" => {
            ("`eval` is not available in a script".to_owned(), None)
        }
        ParseErrorType::Reserved(word) => {
            (format!("`{word}` is a reserved word of Rhai"), None)
        }
        ParseErrorType::WrongFnDefinition => (
            "a function cannot be defined here".to_owned(),
            help("put it into a `script { … }` block"),
        ),
        ParseErrorType::ExprTooDeep => {
            ("the expression is nested too deeply".to_owned(), None)
        }
        ParseErrorType::LoopBreak => ("there is no loop to leave here".to_owned(), None),
        other => (lower(&other.to_string()), None),
    }
}

/// Returns what is wrong with a piece of text that is no token.
pub(super) fn of_lex_error(error: &LexError) -> (String, Option<String>) {
    match error {
        LexError::UnterminatedString => ("this string is never closed".to_owned(), None),
        LexError::UnexpectedInput(text) => (format!("`{text}` is not Rhai"), None),
        LexError::MalformedEscapeSequence(text) => (
            format!("`{text}` is no escape sequence"),
            Some("in a `backtick` string a backslash stands for itself".to_owned()),
        ),
        LexError::ImproperSymbol(text, _) if text == "eval" => {
            ("`eval` is not available in a script".to_owned(), None)
        }
        LexError::MalformedNumber(text) => (format!("`{text}` is no number"), None),
        LexError::MalformedChar(text) => (
            format!("`{text}` is not one character"),
            Some("text stands in \"double quotes\" or `backticks`".to_owned()),
        ),
        other => (lower(&other.to_string()), None),
    }
}

/// What became of a script that failed.
#[derive(Debug)]
pub(super) struct Told {
    /// What happened.
    pub(super) message: String,
    /// Where, as precisely as it can be told.
    pub(super) position: Position,
    /// The failure of a call that was not caught.
    pub(super) cause: Option<Failure>,
}

/// Returns what happened when a script ran.
pub(super) fn of_runtime_error(error: &mut EvalAltResult) -> Told {
    let position = error.take_position();
    let plain = |message: String| Told { message, position, cause: None };
    match error {
        EvalAltResult::ErrorInFunctionCall(name, _, inner, _) => {
            let mut told = of_runtime_error(inner);
            if told.position.is_none() {
                told.position = position;
            }
            if told.cause.is_none() && !name.starts_with("anon$") {
                told.message = format!("{} (in `{name}`)", told.message);
            }
            told
        }
        EvalAltResult::ErrorTerminated(stop, _) => plain(of_stop(stop)),
        EvalAltResult::ErrorTooManyOperations(_) => {
            plain("the script went over its cap of operations".to_owned())
        }
        EvalAltResult::ErrorRuntime(value, _) => match failure_of(value) {
            Some(failure) => {
                Told { message: failure.message.clone(), position, cause: Some(failure) }
            }
            None => plain(of_thrown(value)),
        },
        EvalAltResult::ErrorVariableNotFound(name, _) => {
            plain(format!("`{name}` is not known here"))
        }
        EvalAltResult::ErrorFunctionNotFound(signature, _) => {
            plain(format!("there is no function {}", tidy_signature(signature)))
        }
        EvalAltResult::ErrorStackOverflow(_) => {
            plain("the script calls functions inside functions too deeply".to_owned())
        }
        EvalAltResult::ErrorDataTooLarge(what, _) => {
            plain(format!("the script went over a cap: {}", lower(what)))
        }
        other => plain(lower(&other.to_string())),
    }
}

fn of_stop(stop: &Dynamic) -> String {
    match stop.clone().try_cast::<Stop>() {
        Some(Stop::Operations(most)) => {
            format!("the script went over its cap of {} operations", grouped(most))
        }
        Some(Stop::Time(most)) => {
            format!("the script went over its cap of {} s", most.as_secs_f64())
        }
        Some(Stop::Cancelled) => "the trial was dropped".to_owned(),
        None => "the script was ended".to_owned(),
    }
}

fn of_thrown(value: &Dynamic) -> String {
    if let Ok(map) = value.as_map_ref()
        && let Some(message) = map.get("message")
    {
        return message.to_string();
    }
    if value.is_unit() { "the script threw".to_owned() } else { value.to_string() }
}

/// Writes `foo (&str | ImmutableString | String, i64)` as a user would: `foo(text, integer)`.
fn tidy_signature(signature: &str) -> String {
    let tidied = signature
        .replace("&str | ImmutableString | String", "text")
        .replace("i64", "integer")
        .replace("f64", "float")
        .replace(" (", "(");
    format!("`{tidied}`")
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_lowercase().to_string()).unwrap_or_default();
    let rest = chars.as_str();
    let keep = rest.chars().next().is_some_and(char::is_uppercase);
    let text = if keep { text.to_owned() } else { format!("{first}{rest}") };
    text.replace('\'', "`")
}
