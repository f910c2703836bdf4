//! What can be said of a snippet without running it.

use std::collections::BTreeSet;

use rhai::{AST, ASTNode, Expr, FnCallExpr, Position, ScriptFuncDef, Stmt, Token};

use crate::base::Digest;
use crate::script::failure::ScriptProblem;
use crate::script::host::Host;
use crate::script::message;
use crate::script::place;
use crate::script::tokens;

/// A closure's parameters and its body, as they stand in the file.
#[derive(Debug, Clone, Copy)]
pub struct Snippet<'a> {
    /// The names of its parameters.
    pub params: &'a [String],
    /// The expression or block after the bars.
    pub body: &'a str,
}

/// What is known of a snippet. Offsets count bytes from the start of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Study {
    /// Why Rhai does not take it; when there are any, the lists below are empty.
    pub problems: Vec<ScriptProblem>,
    /// Variables that it neither defines nor has as parameters, at their first place and in
    /// each closure inside it: captured values, names of `script` functions, or mistakes.
    pub variables: Vec<Use>,
    /// Calls of functions that neither Rhai nor the host has.
    pub functions: Vec<FnUse>,
    /// The digest of its tokens, without space and comments.
    pub tokens: Digest,
}

/// A variable that is used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Its name.
    pub name: String,
}

/// A function that is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FnUse {
    /// First byte of the name.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// Its name.
    pub name: String,
    /// How many arguments it is given; for a method the value before the dot counts.
    pub arity: usize,
    /// Whether it is called as a method.
    pub method: bool,
}

/// Studies a snippet.
pub(super) fn study(host: &Host, snippet: &Snippet<'_>) -> Study {
    let text = snippet.body;
    let (mut problems, digest) = lexed(host, text);
    if problems.is_empty() && text.trim().is_empty() {
        problems.push(ScriptProblem::whole("a Rhai expression is due here", text));
    }
    let empty = |problems| Study {
        problems,
        variables: Vec::new(),
        functions: Vec::new(),
        tokens: digest,
    };
    if !problems.is_empty() {
        return empty(problems);
    }
    let ast = match compiled(host, text) {
        Ok(ast) => ast,
        Err(problem) => return empty(vec![problem]),
    };
    if let Some(problem) = defines_function(text, &ast) {
        return empty(vec![problem]);
    }
    let known: BTreeSet<&str> = snippet.params.iter().map(String::as_str).collect();
    let mut variables = free_variables(text, ast.statements());
    variables.retain(|variable| !known.contains(variable.name.as_str()));
    Study {
        problems: Vec::new(),
        variables,
        functions: unknown_functions(host, text, &ast),
        tokens: digest,
    }
}

/// Lexes a text: what is wrong with it so far, and the digest of its tokens.
pub(super) fn lexed(host: &Host, text: &str) -> (Vec<ScriptProblem>, Digest) {
    let tokens = tokens::lex(host.engine(), text);
    (tokens::problems(text, &tokens), tokens::digest(&tokens))
}

/// Compiles a text without optimisation, so that nothing in it is folded away.
pub(super) fn compiled(host: &Host, text: &str) -> Result<AST, ScriptProblem> {
    host.engine().compile(text).map_err(|error| {
        let (message, help) = message::of_parse_error(error.err_type());
        let start = place::offset(text, error.position()).unwrap_or(text.len());
        let end = place::end_of_token(text, start);
        ScriptProblem { message, start, end, help }
    })
}

fn defines_function(text: &str, ast: &AST) -> Option<ScriptProblem> {
    let named = ast.iter_fn_def().find(|function| !is_anonymous(function))?;
    let start = text.find("fn ").unwrap_or(0);
    Some(ScriptProblem {
        message: format!("function `{}` cannot be defined here", named.name),
        start,
        end: place::end_of_token(text, start),
        help: Some("put it into a `script { … }` block".to_owned()),
    })
}

pub(super) fn is_anonymous(function: &ScriptFuncDef) -> bool {
    function.name.starts_with("anon$")
}

/// Finds the variables that the parser could not tie to a definition. What a closure
/// captures stands among the arguments with which it is curried.
pub(super) fn free_variables(text: &str, statements: &[Stmt]) -> Vec<Use> {
    let mut found = BTreeSet::new();
    let mut path = Vec::new();
    for statement in statements {
        statement.walk(&mut path, &mut |path: &[ASTNode<'_>]| {
            if let Some(ASTNode::Expr(Expr::Variable(variable, short, position))) =
                path.last()
                && short.is_none()
                && variable.0.is_none()
                && variable.2.is_empty()
            {
                found.extend(named(text, variable.1.as_str(), *position));
            }
            true
        });
    }
    found.into_iter().collect()
}

fn named(text: &str, name: &str, position: Position) -> Option<Use> {
    let start = place::offset(text, position)?;
    Some(Use { start, end: (start + name.len()).min(text.len()), name: name.to_owned() })
}

/// Finds the calls of functions that neither Rhai nor the host has. A method that may be a
/// closure kept in a map is left out.
pub(super) fn unknown_functions(host: &Host, text: &str, ast: &AST) -> Vec<FnUse> {
    let mut found = BTreeSet::new();
    let mut properties = BTreeSet::new();
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        match path.last() {
            Some(ASTNode::Expr(Expr::FnCall(call, position)))
            | Some(ASTNode::Stmt(Stmt::FnCall(call, position))) => {
                found.extend(called(host, text, call, *position, false));
            }
            Some(ASTNode::Expr(Expr::MethodCall(call, position))) => {
                found.extend(called(host, text, call, *position, true));
            }
            Some(ASTNode::Expr(Expr::Map(map, _))) => {
                properties.extend(map.0.iter().map(|(key, _)| key.name.to_string()));
            }
            Some(ASTNode::Expr(Expr::Property(property, _))) => {
                properties.insert(property.2.to_string());
            }
            _ => {}
        }
        true
    });
    found.retain(|call: &FnUse| !call.method || !properties.contains(&call.name));
    found.into_iter().collect()
}

fn called(
    host: &Host,
    text: &str,
    call: &FnCallExpr,
    position: Position,
    method: bool,
) -> Option<FnUse> {
    let arity = call.args.len() + usize::from(method);
    let name = call.name.as_str();
    if call.op_token.as_ref().is_some_and(Token::is_standard_symbol)
        || call.op_token.is_some()
        || name.contains('$')
        || host.has_function(name, arity)
    {
        return None;
    }
    let start = place::offset(text, position)?;
    let end = (start + name.len()).min(text.len());
    Some(FnUse { start, end, name: name.to_owned(), arity, method })
}
