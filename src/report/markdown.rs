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

/// Escapes text so that Markdown shows it as it is, on one line, in a table too.
pub(super) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '$' => {
                shown.push('\\');
                shown.push(character);
            }
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '&' => shown.push_str("&amp;"),
            other => shown.push(harmless(other)),
        }
    }
    shown
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
    fn blank_lines_fold() {
        assert_eq!(settled("\n\na\n\n\n\nb  \n"), "a\n\nb\n");
    }
}
