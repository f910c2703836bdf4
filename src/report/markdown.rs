//! Markdown that GitHub renders.

use tera::{Context, Tera};

use crate::report::error::ReportError;
use crate::report::harmless::harmless;
use crate::report::view::Report;

/// Renders the report's template.
pub(super) fn page(view: &Report) -> Result<String, ReportError> {
    let mut tera = Tera::new();
    tera.autoescape_on(vec![".md"]);
    tera.set_escape_fn(|input, output| output.write_all(escaped(input).as_bytes()));
    tera.add_raw_template("report.md", include_str!("templates/report.md"))?;
    let text = tera.render("report.md", &Context::from_serialize(view)?)?;
    Ok(settled(&text))
}

/// Escapes text so that Markdown shows it as it is, on one line, in a table too. What would
/// become a link by itself (`https://`, `www.`, an address with `@`) stays text, and so does
/// what begins a list or underlines a heading where it stands first.
pub(super) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + 8);
    let begin = text.trim_start();
    let digits =
        begin.len() - begin.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let mut first = true;
    for (at, character) in text.char_indices() {
        let rest = text.get(at + character.len_utf8()..).unwrap_or_default();
        let begins = first;
        first &= character.is_whitespace();
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '$' => {
                shown.push('\\');
                shown.push(character);
            }
            '-' | '+' | '=' if begins && opens_block(rest, character) => {
                shown.push('\\');
                shown.push(character);
            }
            '.' | ')' if digits > 0 && at == text.len() - begin.len() + digits => {
                if rest.is_empty() || rest.starts_with(char::is_whitespace) {
                    shown.push('\\');
                }
                shown.push(character);
            }
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '&' => shown.push_str("&amp;"),
            '@' => shown.push_str("&#64;"),
            ':' if rest.starts_with("//") => shown.push_str("&#58;"),
            '.' if shown.ends_with("www") || shown.ends_with("WWW") => {
                shown.push_str("&#46;");
            }
            other => shown.push(harmless(other)),
        }
    }
    shown
}

/// Says whether a sign at the beginning, with what follows, is more than itself: the mark of a
/// list, a rule, the line under a heading.
fn opens_block(rest: &str, sign: char) -> bool {
    rest.is_empty() || rest.starts_with(char::is_whitespace) || rest.starts_with(sign)
}

/// Folds runs of blank lines, so that parts which are absent leave no holes.
fn settled(text: &str) -> String {
    let mut page = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.lines() {
        let line = line.trim_end();
        blank = if line.is_empty() { blank + 1 } else { 0 };
        if blank <= 1 {
            page.push_str(line);
            page.push('\n');
        }
    }
    page.trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_said_cannot_act_in_markdown() {
        assert_eq!(
            escaped("<b>|</b> `x` [a](b)\n\u{1b}[31m\u{202e}"),
            "&lt;b&gt;\\|&lt;/b&gt; \\`x\\` \\[a\\](b) \u{fffd}\\[31m\u{fffd}"
        );
    }

    #[test]
    fn nothing_becomes_a_link_a_list_or_a_heading_by_itself() {
        for (text, wanted) in [
            ("https://evil.example", "https&#58;//evil.example"),
            ("www.evil.example", "www&#46;evil.example"),
            ("@octocat", "&#64;octocat"),
            ("- x", "\\- x"),
            ("---", "\\---"),
            ("===", "\\==="),
            ("1. x", "1\\. x"),
            ("-4.2", "-4.2"),
            ("12.5%", "12.5%"),
            ("a: b", "a: b"),
        ] {
            assert_eq!(escaped(text), wanted, "{text}");
        }
    }

    #[test]
    fn blank_lines_fold() {
        assert_eq!(settled("\n\na\n\n\n\nb  \n"), "a\n\nb\n");
    }
}
