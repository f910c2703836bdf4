//! Whether two trees say the same, wherever their words stand.

use super::tree::File;

/// Says whether two files mean the same: their trees are equal but for places.
pub(super) fn same(one: &File, other: &File) -> bool {
    shape(one) == shape(other)
}

/// Returns a tree as text without its spans: numbers in `Span` and `Origin` are left out.
fn shape(file: &File) -> String {
    let text = format!("{file:?}");
    let mut shape = String::with_capacity(text.len() / 2);
    let mut rest = text.as_str();
    let marks = ["Span { file: FileId(", "Origin { value: "];
    while let Some(at) = marks.iter().filter_map(|mark| rest.find(mark)).min() {
        let (before, place) = rest.split_at_checked(at).unwrap_or((rest, ""));
        shape.push_str(before);
        rest = place.find('}').and_then(|end| place.get(end + 1..)).unwrap_or("");
    }
    shape.push_str(rest);
    shape
}
