//! `script { … }`: its functions, each studied alone.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the enums of Rhai are open and many times as long as what concerns us"
)]

use rhai::Token;

use crate::script::failure::ScriptProblem;
use crate::script::host::Host;
use crate::script::literals;
use crate::script::place;
use crate::script::study::{self, Study, Use};
use crate::script::tokens::{self, Placed};

/// The functions of a `script` block. Offsets count bytes from the start of its text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Block {
    /// The functions, in file order.
    pub functions: Vec<BlockFunction>,
    /// What is wrong: what is not a function, and what is wrong in the functions.
    pub problems: Vec<ScriptProblem>,
}

/// One `fn` of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockFunction {
    /// Its name.
    pub name: String,
    /// The first byte of its name.
    pub name_start: usize,
    /// Its parameters.
    pub params: Vec<String>,
    /// The `///` lines above it, without their slashes.
    pub doc: String,
    /// First byte of `fn`.
    pub start: usize,
    /// One past its closing brace.
    pub end: usize,
    /// The study of the text from `start` to `end`; its offsets count from `start`.
    pub study: Study,
}

/// Cuts a block into its functions and studies each.
pub(super) fn study(host: &Host, text: &str) -> Block {
    let tokens = tokens::lex(host.engine(), text);
    let mut block = Block::default();
    let mut at = 0;
    while let Some(placed) = tokens.get(at) {
        let rest = tokens.get(at..).unwrap_or_default();
        let first = usize::from(matches!(placed.token, Token::Private));
        if matches!(rest.get(first).map(|placed| &placed.token), Some(Token::Fn)) {
            let length = length_of_function(rest);
            let end = rest
                .get(length.saturating_sub(1))
                .map_or(text.len(), |last| end_of_last(text, &last.token, last.start));
            take_function(host, text, placed.start, end, &mut block);
            at += length.max(1);
        } else if matches!(placed.token, Token::SemiColon) {
            at += 1;
        } else {
            let length = length_of_stray(rest);
            block.problems.push(stray(text, placed));
            at += length.max(1);
        }
    }
    block
}

fn end_of_last(text: &str, token: &Token, start: usize) -> usize {
    if matches!(token, Token::RightBrace) { start + 1 } else { text.len() }
}

/// The tokens up to the closing brace of a function, or up to the next `fn` that can only
/// be another definition, or all.
fn length_of_function(tokens: &[Placed]) -> usize {
    let mut depth = 0_usize;
    for (index, Placed { token, .. }) in tokens.iter().enumerate() {
        match token {
            Token::LeftBrace | Token::MapStart => depth += 1,
            Token::RightBrace => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return index + 1;
                }
            }
            Token::Fn if index > 1 => return index,
            _ => {}
        }
    }
    tokens.len()
}

/// The tokens of something that is no function: up to the next `fn` outside braces.
fn length_of_stray(tokens: &[Placed]) -> usize {
    tokens
        .iter()
        .position(|placed| matches!(placed.token, Token::Fn | Token::Private))
        .unwrap_or(tokens.len())
}

fn stray(text: &str, placed: &Placed) -> ScriptProblem {
    let start = placed.start.min(text.len());
    if let Token::LexError(error) = &placed.token {
        let (message, help) = crate::script::message::of_lex_error(error);
        return ScriptProblem {
            message,
            start,
            end: place::end_of_token(text, start),
            help,
        };
    }
    ScriptProblem {
        message: "a `script` block holds functions only".to_owned(),
        start,
        end: place::end_of_token(text, start),
        help: Some(
            "write `fn name(parameters) { … }`, or a `let` of the file for a value"
                .to_owned(),
        ),
    }
}

fn take_function(host: &Host, text: &str, start: usize, end: usize, block: &mut Block) {
    let own = text.get(start..end).unwrap_or_default();
    let study::Lexed { tokens, mut problems, digest } = study::lexed(host, own);
    let mut study = Study {
        fields: Vec::new(),
        problems: Vec::new(),
        doubts: Vec::new(),
        variables: Vec::new(),
        functions: Vec::new(),
        tokens: digest,
    };
    let mut name = String::new();
    let mut params = Vec::new();
    if problems.is_empty() {
        match study::compiled(host, own) {
            Err(problem) => problems.push(problem),
            Ok(ast) => {
                if let Some(function) =
                    ast.iter_fn_def().find(|function| !study::is_anonymous(function))
                {
                    name = function.name.to_string();
                    params = function.params.iter().map(ToString::to_string).collect();
                    let body = place::offset(own, function.body.start_position());
                    study.variables = variables_of_body(host, own, body, &params);
                }
                study.functions = study::unknown_functions(host, own, &ast);
                let literals = literals::look(own, &tokens, &ast);
                problems.extend(literals.problems);
                study.doubts = literals.doubts;
            }
        }
    }
    if name.is_empty() {
        (name, params) = declared(host, own);
    }
    block.problems.extend(problems.iter().map(|problem| ScriptProblem {
        start: problem.start + start,
        end: problem.end + start,
        ..problem.clone()
    }));
    study.problems = problems;
    if name.is_empty() {
        return;
    }
    let name_start = start + own.find(&name).unwrap_or(0);
    let doc = doc_above(text.get(..start).unwrap_or_default());
    block.functions.push(BlockFunction {
        name,
        name_start,
        params,
        doc,
        start,
        end,
        study,
    });
}

/// The free variables of a function, found by compiling its body as a block.
fn variables_of_body(
    host: &Host,
    text: &str,
    body: Option<usize>,
    params: &[String],
) -> Vec<Use> {
    let start = body.unwrap_or(text.len());
    let block = text.get(start..).unwrap_or_default();
    let Ok(ast) = study::compiled(host, block) else {
        return Vec::new();
    };
    let mut variables = study::free_variables(block, ast.statements());
    variables.retain(|variable| !params.contains(&variable.name));
    for variable in &mut variables {
        variable.start += start;
        variable.end += start;
    }
    variables
}

/// The name and parameters of a function whose body does not compile: it counts as defined.
fn declared(host: &Host, text: &str) -> (String, Vec<String>) {
    let tokens = tokens::lex(host.engine(), text);
    let mut names = tokens
        .iter()
        .skip_while(|placed| !matches!(placed.token, Token::Fn))
        .skip(1)
        .take_while(|placed| {
            !matches!(placed.token, Token::RightParen | Token::LeftBrace)
        })
        .filter_map(|placed| match &placed.token {
            Token::Identifier(name) => Some(name.to_string()),
            _ => None,
        });
    (names.next().unwrap_or_default(), names.collect())
}

/// The `///` lines that stand directly above.
fn doc_above(text: &str) -> String {
    let mut lines: Vec<&str> = text
        .trim_end()
        .lines()
        .rev()
        .map_while(|line| line.trim_start().strip_prefix("///"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    lines.reverse();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Block {
        Host::default().study_block(text)
    }

    #[test]
    fn functions_are_cut_out_with_their_docs() {
        let text = "\n/// Doubles.\n/// Twice.\nfn twice(x) { x * k }\n\nprivate fn one() { \"}\" }\n";
        let block = of(text);
        assert_eq!(block.problems, []);
        let [twice, one] = &block.functions[..] else { panic!("{block:?}") };
        assert_eq!(&text[twice.start..twice.end], "fn twice(x) { x * k }");
        assert_eq!(twice.doc, "Doubles.\nTwice.");
        assert_eq!(twice.params, ["x"]);
        let free = &twice.study.variables[0];
        assert_eq!(&text[twice.start + free.start..twice.start + free.end], "k");
        assert_eq!(&text[one.start..one.end], "private fn one() { \"}\" }");
    }

    #[test]
    fn a_statement_outside_a_function_is_told() {
        let block = of("let x = 1;\nfn f() { x }\nprint(2);");
        let places: Vec<_> = block.problems.iter().map(|p| p.start).collect();
        assert_eq!(places, [0, 24]);
        assert_eq!(block.functions.len(), 1);
    }

    #[test]
    fn a_mistake_in_one_function_leaves_the_others_alone() {
        let block = of("fn a(x) { x + }\nfn b() { a(1) }\nfn c( { 1 }\n");
        assert_eq!(block.functions[0].name, "a");
        assert_eq!(block.functions[0].params, ["x"]);
        assert_eq!(block.functions[0].study.problems.len(), 1);
        assert_eq!(block.functions[1].study.problems, []);
        assert_eq!(block.functions[1].study.functions[0].name, "a");
        assert_eq!(block.problems.len(), 2, "{:?}", block.problems);
        assert!(block.problems[0].start < 15);
    }

    #[test]
    fn an_unclosed_function_is_told_and_ends_the_block() {
        let block = of("fn a() { if true { 1 }\nfn b() { 2 }");
        assert!(!block.problems.is_empty());
    }
}
