//! The page: one file, with a word in it that lets its own script run and no other.

use super::error::ServeError;

const TEMPLATE: &str = include_str!("page.html");

/// Returns the page and the word.
pub(super) fn page() -> Result<(String, String), ServeError> {
    let nonce = word()?;
    Ok((TEMPLATE.replace("{{nonce}}", &nonce), nonce))
}

/// Returns a word of 32 hexadecimal digits that cannot be guessed.
pub(super) fn word() -> Result<String, ServeError> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| ServeError::System(error.to_string()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_needs_nothing_else_and_leaves_no_door_for_text() {
        for network in ["http://", "https://", "src=", "@import", "url("] {
            assert!(!TEMPLATE.contains(network), "{network}");
        }
        for door in
            ["innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval("]
        {
            assert!(!TEMPLATE.contains(door), "{door}");
        }
        let (page, nonce) = page().unwrap();
        assert_eq!(page.matches(&format!("nonce=\"{nonce}\"")).count(), 2);
        assert_ne!(super::page().unwrap().1, nonce, "each page has its own");
    }
}
