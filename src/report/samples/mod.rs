//! The trials of a run inside its page of HTML: packed, and a script that looks through them.
//!
//! What can be filtered by (condition, item, failure, scores, latency, cost) stands in one block
//! that the page unpacks when it opens. Texts stand in further blocks, each of some hundred
//! trials, which are unpacked when they are looked at or searched. A block is JSON,
//! compressed by gzip and written as Base64 into an element that runs nothing.

mod album;
mod pack;

pub use album::Album;

use crate::report::html::escaped;

/// Where a page takes the trials in; a page without trials has an empty line there.
pub(super) const PLACE: &str = "<!-- trials -->";

/// Where a page says what may run in it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

const SECTION: &str = include_str!("../templates/html/explorer.html");
const STYLE: &str = include_str!("../templates/html/explorer.css");
const SCRIPT: &str = include_str!("../templates/html/explorer.js");

/// The trials of a run, packed.
#[derive(Debug, Clone)]
pub struct Samples {
    blocks: Vec<Block>,
    trials: u64,
}

/// One element of the page.
#[derive(Debug, Clone)]
struct Block {
    name: String,
    text: String,
}

/// Puts the trials of a run, and what is needed to look through them, into its page.
#[must_use]
pub fn with_samples(page: &str, samples: &Samples) -> String {
    let Some((head, tail)) = page.split_once(PLACE) else { return page.to_owned() };
    // Nothing that a model said can know this word: it follows from all that was said.
    let mut digest = blake3::Hasher::new();
    digest.update(page.as_bytes());
    for block in &samples.blocks {
        digest.update(block.text.as_bytes());
    }
    let word = digest.finalize().to_hex();
    let word = word.as_str().get(..32).unwrap_or_default();
    let policy = format!("{POLICY}; script-src 'nonce-{word}'");
    let size: usize = samples.blocks.iter().map(|block| block.text.len() + 80).sum();
    let mut whole = String::with_capacity(page.len() + size + SCRIPT.len() + 8_192);
    whole.push_str(&head.replacen(POLICY, &policy, 1));
    whole.push_str("<style>\n");
    whole.push_str(STYLE);
    whole.push_str("</style>\n");
    whole.push_str(&SECTION.replace("{trials}", &crate::base::grouped(samples.trials)));
    for block in &samples.blocks {
        whole.push_str("<script type=\"text/plain\" id=\"");
        whole.push_str(&escaped(&block.name));
        whole.push_str("\">");
        whole.push_str(&block.text);
        whole.push_str("</script>\n");
    }
    whole.push_str("<script nonce=\"");
    whole.push_str(word);
    whole.push_str("\">\n");
    whole.push_str(SCRIPT);
    whole.push_str("</script>");
    whole.push_str(tail);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_the_policy_that_is_made_stricter_and_the_place() {
        let page = include_str!("../templates/report.html");
        assert_eq!(page.matches(POLICY).count(), 1);
        assert_eq!(page.matches(PLACE).count(), 1);
    }

    #[test]
    fn the_script_asks_no_network_and_makes_no_markup_of_text() {
        for door in [
            "innerHTML",
            "outerHTML",
            "insertAdjacent",
            "document.write",
            "eval(",
            "Function(",
            "fetch(",
            "XMLHttpRequest",
            "import(",
        ] {
            assert!(!SCRIPT.contains(door), "{door}");
        }
        assert!(!SCRIPT.contains("</script"));
    }
}
