//! What no format may show as it is.

/// Returns a character that can be shown on one line: white space becomes a space, and what
/// could hide or forge words (controls, signs without width that no script needs, and what
/// turns the direction of text) a mark.
pub(super) fn harmless(character: char) -> char {
    match character {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
        // Direction: marks, embeddings, overrides and isolates.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' => '\u{fffd}',
        '\u{2060}'..='\u{206f}' | '\u{200b}' | '\u{feff}' => '\u{fffd}',
        '\u{fff9}'..='\u{fffb}' | '\u{e0001}' | '\u{e0020}'..='\u{e007f}' => '\u{fffd}',
        hidden if hidden.is_control() => '\u{fffd}',
        plain => plain,
    }
}
