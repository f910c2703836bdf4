//! Whether two trees say the same, wherever their words stand.

use super::tree::File;

/// Says whether two files mean the same: their trees are equal but for places.
pub(super) fn same(one: &File, other: &File) -> bool {
    shape(one) == shape(other)
}

/// Returns a tree as text without its spans: numbers in `Span` and `Origin` are left out.
/// Reads the text once, from left to right.
fn shape(file: &File) -> String {
    let text = format!("{file:?}");
    let mut shape = String::with_capacity(text.len() / 2);
    let mut rest = text.as_str();
    while let Some(at) = rest.find(" { ") {
        let (before, fields) = rest.split_at_checked(at).unwrap_or((rest, ""));
        shape.push_str(before);
        let is_place = |name: &str, first: &str| {
            before.ends_with(name)
                && fields.strip_prefix(" { ").is_some_and(|f| f.starts_with(first))
        };
        let place = is_place("Span", "file: FileId(") || is_place("Origin", "value: ");
        let kept =
            if place { fields.find('}').map_or(fields.len(), |end| end + 1) } else { 3 };
        if !place {
            shape.push_str(" { ");
        }
        rest = fields.get(kept..).unwrap_or("");
    }
    shape.push_str(rest);
    shape
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::FileId;
    use crate::lang::syntax::parse;

    fn tree(text: &str) -> File {
        parse(FileId(0), text).tree
    }

    #[test]
    fn places_do_not_count_and_all_else_does() {
        let one = tree("let a = [1, \"b\"]\n");
        assert!(same(&one, &tree("let  a=[1,\n \"b\",]\n")));
        assert!(!same(&one, &tree("let a = [1, \"c\"]\n")));
        assert!(!same(&one, &tree("let a = [2, \"b\"]\n")));
        assert!(!shape(&one).contains("start:"), "{}", shape(&one));
    }
}
