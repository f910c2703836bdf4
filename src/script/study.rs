//! What can be said of a snippet without running it.

use std::collections::BTreeSet;

use rhai::{AST, ASTNode, Expr, FnCallExpr, Position, ScriptFuncDef, Stmt, Token};

use crate::base::Digest;
use crate::script::failure::ScriptProblem;
use crate::script::fields::{self, FieldUse};
use crate::script::host::Host;
use crate::script::literals::{self, Literals};
use crate::script::message;
use crate::script::place;
use crate::script::tokens::{self, Placed};

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
    /// Why it cannot run: what Rhai does not take, in which case the lists below are empty,
    /// and patterns that are no regular expressions.
    pub problems: Vec<ScriptProblem>,
    /// What is probably not meant.
    pub doubts: Vec<ScriptProblem>,
    /// Variables that it neither defines nor has as parameters, at their first place and in
    /// each closure inside it: captured values, names of `script` functions, or mistakes.
    pub variables: Vec<Use>,
    /// Calls of functions that neither Rhai nor the host has.
    pub functions: Vec<FnUse>,
    /// Fields of its parameters that it reads plainly, `name.field`, in their order.
    pub fields: Vec<FieldUse>,
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
    let Lexed { tokens, problems, digest } = lexed(host, text);
    let empty = |problems| Study {
        problems,
        doubts: Vec::new(),
        variables: Vec::new(),
        functions: Vec::new(),
        fields: Vec::new(),
        tokens: digest,
    };
    if !problems.is_empty() {
        return empty(problems);
    }
    let ast = match compiled(host, text) {
        Ok(ast) => ast,
        Err(problem) => return empty(vec![problem]),
    };
    if ast.statements().is_empty() {
        let problem = ScriptProblem::whole("a Rhai expression is due here", text);
        return empty(vec![problem]);
    }
    if let Some(problem) = defines_function(text, &ast) {
        return empty(vec![problem]);
    }
    let known: BTreeSet<&str> = snippet.params.iter().map(String::as_str).collect();
    let mut variables = free_variables(text, ast.statements());
    variables.retain(|variable| !known.contains(variable.name.as_str()));
    let Literals { problems, doubts } = literals::look(text, &tokens, &ast);
    Study {
        problems,
        doubts,
        variables,
        functions: unknown_functions(host, text, &ast),
        fields: fields::of(&tokens, snippet.params),
        tokens: digest,
    }
}

/// A text cut into tokens.
pub(super) struct Lexed {
    pub(super) tokens: Vec<Placed>,
    /// What is wrong with it so far.
    pub(super) problems: Vec<ScriptProblem>,
    /// The digest of its tokens.
    pub(super) digest: Digest,
}

/// Lexes a text.
pub(super) fn lexed(host: &Host, text: &str) -> Lexed {
    let tokens = tokens::lex(host.engine(), text);
    let (problems, digest) = (tokens::problems(text, &tokens), tokens::digest(&tokens));
    Lexed { tokens, problems, digest }
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
            Some(
                ASTNode::Expr(Expr::FnCall(call, position))
                | ASTNode::Stmt(Stmt::FnCall(call, position)),
            ) => {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(params: &[&str], body: &str) -> Study {
        let params: Vec<String> = params.iter().map(|name| (*name).to_owned()).collect();
        Host::default().study(&Snippet { params: &params, body })
    }

    fn free<'a>(body: &'a str, study: &Study) -> Vec<&'a str> {
        study
            .variables
            .iter()
            .map(|variable| &body[variable.start..variable.end])
            .collect()
    }

    #[test]
    fn an_unclosed_map_is_told_at_its_opening() {
        let body = "#{ input: `q`, target: i ";
        let study = of(&["i"], body);
        assert_eq!(study.problems.len(), 1, "{:?}", study.problems);
        assert_eq!(study.problems[0].message, "this `#{` is never closed");
        assert_eq!((study.problems[0].start, study.problems[0].end), (0, 2));
    }

    #[test]
    fn each_unclosed_bracket_is_told() {
        let study = of(&[], "f([1, 2) + { [3");
        let opened: Vec<_> = study.problems.iter().map(|p| p.start).collect();
        assert_eq!(opened, [2, 11, 13]);
    }

    #[test]
    fn a_string_that_is_never_closed_is_told_where_it_begins() {
        let study = of(&[], "1 + \"abc");
        assert_eq!(study.problems[0].message, "this string is never closed");
        assert_eq!(study.problems[0].start, 4);
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        for body in [
            "\"{[(\" /* {{ */ // ((\n",
            "`a ${ #{b: \"}\"}.b } ]`",
            "`${ `${ [1][0] }` } {`",
            "'{'",
            "#\"{ \" (\"#",
        ] {
            assert_eq!(of(&[], body).problems, [], "{body}");
        }
    }

    #[test]
    fn free_variables_are_those_that_nothing_defines() {
        let body = "let a = x; for i in 0..a { y += i; } item.z + a";
        let study = of(&["item"], body);
        assert_eq!(free(body, &study), ["x", "y"]);
    }

    #[test]
    fn what_an_inner_closure_captures_counts_unless_it_is_defined_around_it() {
        let body = "let k = 1; [1].map(|v| v + k + w).filter(|v| v != item.n)";
        let study = of(&["item"], body);
        assert_eq!(free(body, &study), ["w"]);
        assert_eq!(study.problems, []);
    }

    #[test]
    fn a_mistyped_variable_stands_at_its_place_after_wide_characters() {
        let body = "\"世界 é\" == outptu.text";
        let study = of(&["output"], body);
        assert_eq!(free(body, &study), ["outptu"]);
    }

    #[test]
    fn unknown_functions_are_told_with_their_number_of_arguments() {
        let study =
            of(&["t"], "t.find(`a`) == final_number(t) && t.trmi().len() == fnd(1, 2)");
        let called: Vec<_> = study
            .functions
            .iter()
            .map(|call| (call.name.as_str(), call.arity, call.method))
            .collect();
        assert_eq!(
            called,
            [("final_number", 1, false), ("trmi", 1, true), ("fnd", 2, false)]
        );
    }

    #[test]
    fn a_closure_kept_in_a_map_may_be_called_as_a_method() {
        assert_eq!(of(&[], "let m = #{ inc: |x| x + 1 }; m.inc(1)").functions, []);
    }

    #[test]
    fn functions_in_inner_closures_are_found() {
        let study = of(&["l"], "l.map(|x| clean(x))");
        assert_eq!(study.functions.len(), 1);
    }

    #[test]
    fn space_and_comments_do_not_change_the_digest_but_strings_do() {
        let digest = |body| of(&["a"], body).tokens;
        assert_eq!(digest("a+1"), digest("a /* one */ + 1 // more"));
        assert_ne!(digest("a + 1"), digest("a + \"1\""));
        assert_ne!(digest("`a ${a}`"), digest("`a  ${a}`"));
        assert_eq!(digest("`a ${a}`"), digest("`a ${ a }`"));
    }

    #[test]
    fn the_operators_that_rhai_has_are_known() {
        for body in ["1 in [1]", "1 !in [1]", "-a", "!true", "a ?? 1", "a?.b", "1..=2"] {
            let study = of(&["a"], body);
            assert_eq!((study.problems, study.functions), (vec![], vec![]), "{body}");
        }
    }

    #[test]
    fn plain_reads_of_a_parameter_s_fields_are_found() {
        let read = |body: &str| -> Vec<String> {
            let study = of(&["output", "item"], body);
            assert_eq!(study.problems, [], "{body}");
            study
                .fields
                .iter()
                .map(|one| {
                    assert_eq!(&body[one.start..one.end], one.field);
                    format!("{}.{}", one.param, one.field)
                })
                .collect()
        };
        assert_eq!(read("output.txt == item.target"), ["output.txt", "item.target"]);
        assert_eq!(read("`é ${output.txt} ${item?.hint}`"), ["output.txt", "item.hint"]);
        // Methods, other objects, and names that mean something else from somewhere on.
        for body in [
            "output.len()",
            "let x = #{ output: #{ a: 1 } }; x.output.a",
            "let output = #{ txt: 1 }; output.txt",
            "[#{ a: 1 }].map(|output| output.a)",
            "for item in [#{ a: 1 }] { item.a } 1",
            "output = #{ txt: 1 }; output.txt",
            "try { output.txt } catch { 0 }",
            "if \"hint\" in item { item.hint } else { 0 }",
        ] {
            assert_eq!(read(body), Vec::<String>::new(), "{body}");
        }
    }

    #[test]
    fn nothing_is_not_an_expression() {
        assert_eq!(of(&[], " // nothing\n").problems.len(), 1);
        assert_eq!(of(&[], "").problems[0].message, "a Rhai expression is due here");
    }
}
