//! One page of HTML: no network, no script, light and dark, printable.

use tera::{Context, Tera};

use crate::report::error::ReportError;
use crate::report::harmless::harmless;
use crate::report::view::Report;

/// Renders the report's template.
pub(super) fn page(view: &Report) -> Result<String, ReportError> {
    let mut tera = Tera::new();
    tera.autoescape_on(vec![".html"]);
    tera.set_escape_fn(|input, output| output.write_all(escaped(input).as_bytes()));
    tera.add_raw_template("report.html", include_str!("templates/report.html"))?;
    let text = tera.render("report.html", &Context::from_serialize(view)?)?;
    Ok(settled(&text))
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
    fn what_others_said_cannot_act_in_html() {
        assert_eq!(
            escaped("<script>alert(\"x\")</script> & 'y'\u{202e}\u{7}\n"),
            "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;y&#39;\u{fffd}\u{fffd} "
        );
    }
}
