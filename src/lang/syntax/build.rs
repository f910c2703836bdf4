//! From the nodes of the grammar to the tree: definitions, fields and values.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "most rules and tokens cannot stand here"
)]

use crate::base::Span;

use super::error::SyntaxError;
use super::grammar::{Node, Place, Rule};
use super::literal;
use super::tree::{
    Arg, Block, Body, Call, Closure, Definition, Expr, ExprKind, Field, MAX_HEIGHT, Over,
    Param, Path, Rhai, Script, StringLit, Use, Word,
};

/// An expression and how high its tree is.
#[derive(Debug)]
pub(super) struct Tall<T> {
    pub(super) it: T,
    pub(super) height: usize,
}

/// Builds one piece of a file. Whatever is wrong is in `errors`; what was built beside an
/// error is not to be used.
#[derive(Debug)]
pub(super) struct Builder {
    pub(super) place: Place,
    pub(super) errors: Vec<SyntaxError>,
    /// Brackets around the place that is being built.
    pub(super) inside: usize,
}

impl Builder {
    pub(super) fn new(place: Place) -> Self {
        Self { place, errors: Vec::new(), inside: 0 }
    }

    pub(super) fn span(&self, node: &Node<'_>) -> Span {
        self.place.span(node)
    }

    /// Builds a `definition`; nothing when the node is of another rule.
    pub(super) fn definition(&mut self, node: Node<'_>) -> Option<Definition> {
        let mut docs = Vec::new();
        for child in node.into_inner() {
            match child.as_rule() {
                Rule::doc => docs.push(doc_line(child.as_str())),
                Rule::use_def | Rule::script_def | Rule::plain_def => {
                    let mut definition = self.head(child)?;
                    definition.doc = docs.join("\n");
                    return Some(definition);
                }
                _ => {}
            }
        }
        None
    }

    fn head(&mut self, node: Node<'_>) -> Option<Definition> {
        let (span, rule) = (self.span(&node), node.as_rule());
        let mut kind = None;
        let mut body = None;
        let (mut name, mut title) = (None, None);
        let (mut family, mut params) = (Vec::new(), Vec::new());
        for child in node.into_inner() {
            match child.as_rule() {
                Rule::kind | Rule::kw_use | Rule::kw_script => {
                    kind = Some(self.word(&child));
                }
                Rule::name => name = Some(self.word(&child)),
                Rule::family => family = self.family(child),
                Rule::params => params = self.params(child),
                Rule::string => {
                    let text = self.string(&child);
                    match rule {
                        Rule::use_def => body = Some(Body::Use(Use::File(text))),
                        Rule::script_def => body = Some(Body::Script(Script::File(text))),
                        _ => title = Some(text),
                    }
                }
                Rule::path => body = Some(Body::Use(Use::Path(self.path(child)))),
                Rule::rhai_braces => {
                    let inside = child.into_inner().next()?;
                    body = Some(Body::Script(Script::Text(self.rhai(&inside))));
                }
                Rule::expr => body = Some(Body::Expr(self.expr(child).it)),
                Rule::fields => body = Some(Body::Block(self.fields(child).it)),
                _ => {}
            }
        }
        let doc = String::new();
        Some(Definition {
            kind: kind?,
            name,
            family,
            params,
            title,
            doc,
            body: body?,
            span,
        })
    }

    pub(super) fn word(&self, node: &Node<'_>) -> Word {
        Word { text: node.as_str().to_owned(), span: self.span(node) }
    }

    fn family(&mut self, node: Node<'_>) -> Vec<Over> {
        self.inside += 1;
        let mut family = Vec::new();
        for over in node.into_inner().filter(|child| child.as_rule() == Rule::over) {
            let span = self.span(&over);
            let (name, values) = self.named_expr(over);
            if let (Some(name), Some(values)) = (name, values) {
                family.push(Over { name, values: values.it, span });
            }
        }
        self.inside -= 1;
        family
    }

    fn params(&mut self, node: Node<'_>) -> Vec<Param> {
        self.inside += 1;
        let mut params = Vec::new();
        for param in node.into_inner().filter(|child| child.as_rule() == Rule::param) {
            let span = self.span(&param);
            if let (Some(name), default) = self.named_expr(param) {
                params.push(Param { name, default: default.map(|tall| tall.it), span });
            }
        }
        self.inside -= 1;
        params
    }

    /// Builds the name or label and the expression of a node that holds both, or one.
    fn named_expr(&mut self, node: Node<'_>) -> (Option<Word>, Option<Tall<Expr>>) {
        let (mut name, mut value) = (None, None);
        for child in node.into_inner() {
            match child.as_rule() {
                Rule::name => name = Some(self.word(&child)),
                Rule::label => {
                    name = child.into_inner().next().map(|word| self.word(&word));
                }
                Rule::expr => value = Some(self.expr(child)),
                _ => {}
            }
        }
        (name, value)
    }

    fn fields(&mut self, node: Node<'_>) -> Tall<Block> {
        let span = self.span(&node);
        let (mut fields, mut height) = (Vec::new(), 0);
        self.inside += 1;
        for field in node.into_inner().filter(|child| child.as_rule() == Rule::field) {
            let docs =
                field.clone().into_inner().filter(|child| child.as_rule() == Rule::doc);
            let docs: Vec<_> = docs.map(|doc| doc_line(doc.as_str())).collect();
            if let (Some(name), Some(value)) = self.named_expr(field) {
                height = height.max(value.height);
                let span = name.span.to(value.it.span);
                fields.push(Field { doc: docs.join("\n"), name, value: value.it, span });
            }
        }
        self.inside -= 1;
        Tall { it: Block { fields, span }, height }
    }

    /// Builds what an operand begins with; nothing when the node is no value.
    pub(super) fn value(&mut self, node: Node<'_>) -> Option<Tall<Expr>> {
        let mut span = self.span(&node);
        let leaf = |kind| (kind, 1);
        let (kind, height) = match node.as_rule() {
            Rule::closure => {
                let closure = self.closure(node)?;
                span.end = closure.body.span.end;
                leaf(ExprKind::Closure(closure))
            }
            Rule::quantity => leaf(self.quantity(node)?),
            Rule::string => leaf(ExprKind::Text(self.string(&node))),
            Rule::list => {
                let elements = self.elements(node);
                (ExprKind::List(elements.it), elements.height + 1)
            }
            Rule::fields => {
                let block = self.fields(node);
                (ExprKind::Map(block.it), block.height + 1)
            }
            Rule::group => {
                self.inside += 1;
                let inner =
                    node.into_inner().find(|child| child.as_rule() == Rule::expr)?;
                let inner = self.expr(inner);
                self.inside -= 1;
                (ExprKind::Group(Box::new(inner.it)), inner.height + 1)
            }
            Rule::named => self.named(node)?,
            _ => return None,
        };
        self.limit(height, span);
        Some(Tall { it: Expr { kind, span }, height })
    }

    /// Says whether a tree may be this high, and notes the error if not.
    pub(super) fn limit(&mut self, height: usize, at: Span) -> bool {
        if height <= MAX_HEIGHT {
            return true;
        }
        let told = |error: &SyntaxError| matches!(error, SyntaxError::TooDeep { .. });
        if !self.errors.iter().any(told) {
            self.errors.push(SyntaxError::TooDeep { at, most: MAX_HEIGHT });
        }
        false
    }

    /// Builds the expressions between square brackets.
    pub(super) fn elements(&mut self, node: Node<'_>) -> Tall<Vec<Expr>> {
        let (mut elements, mut height) = (Vec::new(), 0);
        self.inside += 1;
        for child in node.into_inner().filter(|child| child.as_rule() == Rule::expr) {
            let element = self.expr(child);
            height = height.max(element.height);
            elements.push(element.it);
        }
        self.inside -= 1;
        Tall { it: elements, height }
    }

    fn named(&mut self, node: Node<'_>) -> Option<(ExprKind, usize)> {
        let (mut path, mut call, mut block, mut height) = (None, None, None, 0);
        for child in node.into_inner() {
            match child.as_rule() {
                Rule::path => path = Some(self.path(child)),
                Rule::args => {
                    let brackets = self.span(&child);
                    let args = self.args(child);
                    height = args.height;
                    call = Some((args.it, brackets));
                }
                Rule::fields => {
                    let fields = self.fields(child);
                    height = height.max(fields.height);
                    block = Some(fields.it);
                }
                _ => {}
            }
        }
        let path = path?;
        let kind = match call {
            None => ExprKind::Path(path),
            Some((args, brackets)) => {
                ExprKind::Call(Call { path, args, brackets, block })
            }
        };
        Some((kind, height + 1))
    }

    fn args(&mut self, node: Node<'_>) -> Tall<Vec<Arg>> {
        let (mut args, mut height) = (Vec::new(), 0);
        self.inside += 1;
        for arg in node.into_inner().filter(|child| child.as_rule() == Rule::arg) {
            if let (label, Some(value)) = self.named_expr(arg) {
                height = height.max(value.height);
                let at = value.it.span;
                let span = label.as_ref().map_or(at, |label| label.span.to(at));
                args.push(Arg { label, value: value.it, span });
            }
        }
        self.inside -= 1;
        Tall { it: args, height }
    }

    pub(super) fn path(&self, node: Node<'_>) -> Path {
        let span = self.span(&node);
        Path { words: node.into_inner().map(|word| self.word(&word)).collect(), span }
    }

    fn string(&mut self, node: &Node<'_>) -> StringLit {
        let (text, errors) = literal::string(node.as_str(), self.span(node));
        self.errors.extend(errors);
        text
    }

    fn quantity(&mut self, node: Node<'_>) -> Option<ExprKind> {
        let span = self.span(&node);
        let mut parts = literal::Parts { text: node.as_str(), ..Default::default() };
        for child in node.into_inner() {
            match child.as_rule() {
                Rule::money => parts.money = true,
                Rule::magnitude => parts.magnitude = child.as_str(),
                Rule::unit => parts.unit = child.as_str(),
                Rule::per => parts.per = child.as_str(),
                _ => {}
            }
        }
        match literal::number(parts, span) {
            Ok(literal) => Some(ExprKind::Quantity(literal)),
            Err(error) => {
                self.errors.push(error);
                None
            }
        }
    }

    fn closure(&self, node: Node<'_>) -> Option<Closure> {
        let mut params = Vec::new();
        for child in node.into_inner() {
            match child.as_rule() {
                Rule::bars => {
                    params = child.into_inner().map(|name| self.word(&name)).collect();
                }
                Rule::rhai_body => {
                    return Some(Closure { params, body: self.rhai(&child) });
                }
                _ => {}
            }
        }
        None
    }

    /// Builds Rhai as it stands, without the space at its end.
    fn rhai(&self, node: &Node<'_>) -> Rhai {
        let text = match node.as_rule() {
            Rule::rhai_body => node.as_str().trim_end_matches([' ', '\t', '\r', '\n']),
            _ => node.as_str(),
        };
        let mut span = self.span(node);
        span.end = span.start + u32::try_from(text.len()).unwrap_or(u32::MAX);
        Rhai { text: text.to_owned(), span }
    }
}

/// Returns what a line of documentation says.
pub(super) fn doc_line(line: &str) -> &str {
    let text = line.get(3..).unwrap_or("");
    text.strip_prefix(' ').unwrap_or(text).trim_end()
}
