//! What no format may show as it is.

/// Returns a character that can be shown on one line: white space becomes a space, and what
/// could hide or forge words (controls, and what turns the direction of text) a mark.
pub(super) fn harmless(character: char) -> char {
    match character {
        '\n' | '\r' | '\t' => ' ',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        hidden if hidden.is_control() => '\u{fffd}',
        plain => plain,
    }
}
