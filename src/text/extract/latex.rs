//! The boxed answer of a solution in LaTeX.

/// The commands that box an answer.
const COMMANDS: &[&str] = &["\\boxed", "\\fbox"];

/// Returns what the last box holds whose braces are closed; without braces, the word after
/// the command.
pub(super) fn boxed(text: &str) -> Option<String> {
    let mut before = text;
    loop {
        let (at, command) = COMMANDS
            .iter()
            .filter_map(|command| Some((before.rfind(command)?, *command)))
            .max_by_key(|(at, _)| *at)?;
        let rest = text.get(at + command.len()..).unwrap_or_default();
        if let Some(held) = held(rest) {
            return Some(held.trim().to_owned());
        }
        before = before.get(..at).unwrap_or_default();
    }
}

fn held(rest: &str) -> Option<&str> {
    let inside = rest.trim_start();
    let Some(inside) = inside.strip_prefix('{') else {
        // `\boxed 5` boxes what follows; `\boxedx` is another command.
        let word = if inside.len() < rest.len() { inside } else { return None };
        let end =
            word.find(|c: char| c.is_whitespace() || c == '$').unwrap_or(word.len());
        return word.get(..end).filter(|word| !word.is_empty());
    };
    let mut depth = 1_u32;
    let mut escaped = false;
    for (at, byte) in inside.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return inside.get(..at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_closed_box_counts() {
        let cases = [
            (r"so \boxed{42}.", Some("42")),
            (r"\boxed{1} then \boxed{ \frac{1}{2} }", Some(r"\frac{1}{2}")),
            (r"\boxed{\left\{1, 2\right\}}", Some(r"\left\{1, 2\right\}")),
            (r"\boxed{\{}", Some(r"\{")),
            (r"\boxed{7} and \boxed{unclosed", Some("7")),
            (r"$\boxed 5$", Some("5")),
            (r"\fbox{x}", Some("x")),
            (r"\boxed{{a}{b}}", Some("{a}{b}")),
            (r"\boxed{é}", Some("é")),
            (r"\boxed{}", Some("")),
            (r"\boxed", None),
            (r"\boxedx", None),
            ("boxed{1}", None),
        ];
        for (text, held) in cases {
            assert_eq!(boxed(text).as_deref(), held, "{text}");
        }
    }
}
