//! Texts in Rhai that are not what their author meant: patterns that are none, escapes where
//! there are none.

use std::collections::BTreeSet;

use rhai::{AST, ASTNode, Expr, FnCallExpr, Position, Stmt, Token};

use crate::script::failure::ScriptProblem;
use crate::script::functions;
use crate::script::place;
use crate::script::tokens::Placed;

/// What is to be said of the texts in a piece of Rhai.
#[derive(Debug, Default)]
pub(super) struct Literals {
    /// Patterns that are no regular expressions.
    pub(super) problems: Vec<ScriptProblem>,
    /// Escapes between backticks, where a backslash is a backslash.
    pub(super) doubts: Vec<ScriptProblem>,
}

/// Looks at the texts of a compiled piece of Rhai.
pub(super) fn look(text: &str, tokens: &[Placed], ast: &AST) -> Literals {
    let mut found = Literals::default();
    // Where a pattern stands `\n` is an escape of regular expressions.
    let mut patterns = BTreeSet::new();
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        let argument = match path.last() {
            Some(
                ASTNode::Expr(Expr::FnCall(call, _))
                | ASTNode::Stmt(Stmt::FnCall(call, _)),
            ) => pattern(call, false),
            Some(ASTNode::Expr(Expr::MethodCall(call, _))) => pattern(call, true),
            _ => None,
        };
        match argument {
            Some(Expr::StringConstant(pattern, position)) => {
                patterns.extend(place::offset(text, *position));
                found.problems.extend(fault(text, pattern, *position));
            }
            Some(Expr::InterpolatedString(_, position)) => {
                patterns.extend(place::offset(text, *position));
            }
            _ => {}
        }
        true
    });
    found.problems.sort_by_key(|problem| problem.start);
    found.doubts = escapes(text, tokens, &patterns);
    found
}

/// The argument of a call that is a regular expression.
fn pattern(call: &FnCallExpr, method: bool) -> Option<&Expr> {
    let arity = functions::pattern_arity(call.name.as_str())?;
    let given = call.args.len() + usize::from(method);
    call.args.get(usize::from(!method)).filter(|_| given == arity)
}

fn fault(text: &str, pattern: &str, position: Position) -> Option<ScriptProblem> {
    let message = functions::pattern_fault(pattern)?;
    let start = place::offset(text, position)?;
    Some(ScriptProblem {
        message,
        start,
        end: end_of_text(text, start),
        help: Some(
            "a sign that stands for itself has a backslash before it, as in `\\(`; between \
             double quotes the backslash is written twice"
                .to_owned(),
        ),
    })
}

/// Returns the end of the text that begins with a quote or a backtick at `start`.
fn end_of_text(text: &str, start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '`')) else {
        return place::end_of_token(text, start);
    };
    let mut protected = false;
    for (at, c) in rest.char_indices().skip(1) {
        if c == quote && !protected {
            return start + at + 1;
        }
        protected = quote == '"' && c == '\\' && !protected;
    }
    text.len()
}

/// Finds `\n`, `\t` and `\r` between backticks.
fn escapes(
    text: &str,
    tokens: &[Placed],
    patterns: &BTreeSet<usize>,
) -> Vec<ScriptProblem> {
    let mut found = Vec::new();
    let mut is_pattern = false;
    for (index, placed) in tokens.iter().enumerate() {
        let is_text = matches!(
            placed.token,
            Token::StringConstant(_) | Token::InterpolatedString(_)
        );
        let opens = text.get(placed.start..).is_some_and(|rest| rest.starts_with('`'));
        let from = match index.checked_sub(1).and_then(|before| tokens.get(before)) {
            Some(before) if placed.within => before.start + 1,
            _ if opens => placed.start + 1,
            _ => continue,
        };
        if !is_text {
            continue;
        }
        if !placed.within {
            is_pattern = patterns.contains(&placed.start);
        }
        if is_pattern {
            continue;
        }
        let until = tokens.get(index + 1).map_or(text.len(), |next| next.start);
        let piece = text.get(from..until.max(from)).unwrap_or_default();
        let piece = piece.split('`').next().unwrap_or_default();
        let piece = piece.split("${").next().unwrap_or_default();
        found.extend(of_piece(piece, from));
    }
    found
}

fn of_piece(piece: &str, from: usize) -> impl Iterator<Item = ScriptProblem> {
    let first = ["\\n", "\\t", "\\r"].into_iter().filter_map(|escape| {
        let (at, _) = piece.match_indices(escape).find(|(at, _)| {
            !piece.get(..*at).is_some_and(|before| before.ends_with('\\'))
        })?;
        Some((at, escape))
    });
    first.map(move |(at, escape)| {
        let letter = escape.trim_start_matches('\\');
        ScriptProblem {
            message: format!(
                "between backticks `{escape}` is a backslash and the letter `{letter}`"
            ),
            start: from + at,
            end: from + at + escape.len(),
            help: Some(format!(
                "write the line break itself between the backticks, or add a text in double \
                 quotes: `\"{escape}\"`"
            )),
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::script::{Host, Snippet, Study};

    fn of(body: &str) -> Study {
        let params = ["t".to_owned(), "x".to_owned()];
        Host::default().study(&Snippet { params: &params, body })
    }

    fn places(body: &str) -> Vec<&str> {
        of(body).doubts.iter().map(|doubt| &body[doubt.start..doubt.end]).collect()
    }

    #[test]
    fn a_pattern_that_is_none_is_told_where_it_stands() {
        for body in ["t.find_all(`(a`)", "find(t, \"(a\")", "t.substituted(`(a`, ``)"] {
            let study = of(body);
            let [problem] = &study.problems[..] else { panic!("{body}: {study:?}") };
            assert_eq!(&body[problem.start + 1..problem.end - 1], "(a", "{body}");
            assert!(problem.message.contains("unclosed group"), "{}", problem.message);
        }
        for body in ["t.find(`\\(a`)", "t.find(x)", "t.find(`(${x}`)", "t.contains(`(a`)"]
        {
            assert_eq!(of(body).problems, [], "{body}");
        }
    }

    #[test]
    fn an_escape_between_backticks_is_doubted_and_elsewhere_is_none_of_our_business() {
        assert_eq!(places("`${t}\\nagain ${x}\\tend`"), ["\\n", "\\t"]);
        assert_eq!(places("`a\\nb`"), ["\\n"]);
        assert_eq!(places("`${t}: ` + `\"a\\n\"`"), ["\\n"]);
        for body in [
            "\"a\\nb\"",
            "`${t.split(\"\\n\")[0]}`",
            "t.find(`a\\nb`)",
            "t.find(`a\\n${x}\\n`)",
            "`a\\\\nb`",
            "`a\nb`",
            "1 // `\\n`",
        ] {
            assert_eq!(places(body), [] as [&str; 0], "{body}");
        }
    }
}
