//! One page of HTML: no network, light and dark, printable. Its only script is its own
//! explorer of trials; the page names it by digest, and no other runs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use tera::{Context, Tera};

use crate::report::error::ReportError;
use crate::report::harmless::harmless;
use crate::report::view::Report;

/// The script of the explorer, and what gives it the trials of the page itself.
const SCRIPT: &str = concat!(
    include_str!("templates/html/explorer.js"),
    include_str!("templates/html/embedded.js")
);

/// Renders the report's template.
pub(super) fn page(view: &Report) -> Result<String, ReportError> {
    let mut tera = Tera::new();
    tera.autoescape_on(vec![".html"]);
    tera.set_escape_fn(|input, output| output.write_all(escaped(input).as_bytes()));
    tera.add_raw_template("explorer.html", include_str!("templates/html/explorer.html"))?;
    tera.add_raw_template("report.html", include_str!("templates/report.html"))?;
    let mut context = Context::from_serialize(view)?;
    context.insert("explorer_style", include_str!("templates/html/explorer.css"));
    context.insert("explorer_script", SCRIPT);
    let text = tera.render("report.html", &context)?;
    Ok(named(&settled(&text)))
}

/// Names the page's own scripts and styles in its policy, by digest. What others said stands
/// escaped in the text, so every element here is the template's.
fn named(page: &str) -> String {
    let scripts = digests(page, "<script>", "</script>");
    let styles = digests(page, "<style>", "</style>");
    page.replacen("the-scripts", &scripts, 1).replacen("the-styles", &styles, 1)
}

fn digests(page: &str, begin: &str, end: &str) -> String {
    let inside = page.split(begin).skip(1).filter_map(|rest| rest.split(end).next());
    let digest = |text: &str| {
        format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())))
    };
    let digests: Vec<String> = inside.map(digest).collect();
    if digests.is_empty() { "'none'".to_owned() } else { digests.join(" ") }
}

/// Escapes text for an element or a quoted attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '"' => shown.push_str("&quot;"),
            '\'' => shown.push_str("&#39;"),
            other => shown.push(harmless(other)),
        }
    }
    shown
}

/// Drops lines that parts which are absent leave empty.
fn settled(text: &str) -> String {
    let mut page = String::with_capacity(text.len());
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        page.push_str(line);
        page.push('\n');
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_each_script_of_the_page_by_its_digest() {
        let page = named("<p the-scripts the-styles><script>\nlet a = 1;\n</script>");
        // `printf '\nlet a = 1;\n' | openssl dgst -sha256 -binary | base64`
        assert!(
            page.contains("'sha256-wCpX6PRaV2tYabHPuD0EVrhGyeiYQpOhQOJ8OhOtDwA='"),
            "{page}"
        );
        assert!(page.contains("'none'"), "{page}");
    }

    #[test]
    fn what_others_said_cannot_act_in_html() {
        assert_eq!(
            escaped("<script>alert(\"x\")</script> & 'y'\u{202e}\u{7}\n"),
            "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;y&#39;\u{fffd}\u{fffd} "
        );
    }
}
