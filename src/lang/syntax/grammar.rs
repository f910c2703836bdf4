//! The parser that `grammar/crucible.pest` describes.

use pest::iterators::Pair;

use crate::base::FileId;
use crate::base::Span;

pub(super) use generated::{Grammar, Rule};

#[expect(unreachable_pub, reason = "written by the derive of the parser")]
mod generated {
    /// Reads text by the rules of `grammar/crucible.pest`.
    #[derive(Debug, pest_derive::Parser)]
    #[grammar = "../grammar/crucible.pest"]
    pub struct Grammar;
}

/// A node of the grammar's own tree.
pub(super) type Node<'a> = Pair<'a, Rule>;

/// Where the text of a node stands: the file, and the bytes before the parsed text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) file: FileId,
    pub(super) offset: usize,
}

impl Place {
    /// Returns the span of a node.
    pub(super) fn span(self, node: &Node<'_>) -> Span {
        let span = node.as_span();
        Span::new(self.file, self.offset + span.start(), self.offset + span.end())
    }
}
