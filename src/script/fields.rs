//! Fields of a closure's parameters that its text reads plainly: `output.text`.

use rhai::Token;

use crate::script::tokens::Placed;

/// A field of a parameter that is read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldUse {
    /// First byte of the field's name.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// The parameter.
    pub param: String,
    /// The field.
    pub field: String,
}

/// Finds `name.field` for each parameter that keeps its meaning in the whole text. What is
/// doubtful is left out: names that are given anew or assigned, fields whose presence the
/// text asks for (`"hint" in item`), and all of a text that catches errors.
pub(super) fn of(tokens: &[Placed], params: &[String]) -> Vec<FieldUse> {
    if tokens.iter().any(|placed| matches!(placed.token, Token::Try)) {
        return Vec::new();
    }
    let kept: Vec<&String> =
        params.iter().filter(|name| !is_given_anew(tokens, name)).collect();
    let mut found = Vec::new();
    for (index, window) in tokens.windows(3).enumerate() {
        let [Placed { token: Token::Identifier(name), .. }, dot, field] = window else {
            continue;
        };
        let Token::Identifier(read) = &field.token else { continue };
        let before = index.checked_sub(1).and_then(|before| tokens.get(before));
        let after = tokens.get(index + 3).map(|placed| &placed.token);
        let plain = is_dot(&dot.token)
            && !before.is_some_and(|before| is_dot(&before.token))
            && !matches!(after, Some(Token::LeftParen | Token::Unit | Token::Equals))
            && kept.iter().any(|param| param.as_str() == name.as_str())
            && !is_asked_for(tokens, read);
        if plain {
            found.push(FieldUse {
                start: field.start,
                end: field.start + read.len(),
                param: name.to_string(),
                field: read.to_string(),
            });
        }
    }
    found
}

fn is_dot(token: &Token) -> bool {
    matches!(token, Token::Period | Token::Elvis)
}

fn is_asked_for(tokens: &[Placed], field: &str) -> bool {
    tokens.iter().any(|placed| {
        matches!(&placed.token, Token::StringConstant(text) if text.as_str() == field)
    })
}

/// Says whether a name may mean something else somewhere in the text: a `let`, a loop, the
/// parameter of a closure inside it, an assignment.
fn is_given_anew(tokens: &[Placed], name: &str) -> bool {
    let at = |index: Option<usize>| index.and_then(|i| tokens.get(i)).map(|p| &p.token);
    tokens.iter().enumerate().any(|(index, placed)| {
        if !matches!(&placed.token, Token::Identifier(word) if word.as_str() == name) {
            return false;
        }
        let (before, after) = (at(index.checked_sub(1)), at(Some(index + 1)));
        let declared = match before {
            Some(Token::Let | Token::Const | Token::For | Token::Pipe) => true,
            Some(Token::LeftParen) => {
                matches!(at(index.checked_sub(2)), Some(Token::For | Token::Catch))
            }
            Some(Token::Comma) => matches!(after, Some(Token::Pipe)),
            _ => false,
        };
        declared || matches!(after, Some(Token::Equals | Token::Pipe))
    })
}
