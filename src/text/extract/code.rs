//! The first fenced block of Markdown.

/// Returns the text of the first fenced block, without its last newline. A block that is not
/// closed goes to the end of the text.
pub(super) fn first_block(text: &str) -> Option<String> {
    let mut lines = text.split_inclusive('\n');
    let fence = lines.by_ref().find_map(opening)?;
    let mut block = String::new();
    for line in lines {
        if closes(line, fence) {
            break;
        }
        block.push_str(line);
    }
    let kept = block.strip_suffix('\n').unwrap_or(&block);
    Some(kept.strip_suffix('\r').unwrap_or(kept).to_owned())
}

/// The mark of a fence and how often it stands there.
type Fence = (char, usize);

fn opening(line: &str) -> Option<Fence> {
    let line = line.trim_start();
    let mark = line.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let length = line.chars().take_while(|c| *c == mark).count();
    // A language may follow; another backtick makes it code within a line.
    let name = line.get(length..).unwrap_or_default();
    (length >= 3 && !(mark == '`' && name.contains('`'))).then_some((mark, length))
}

fn closes(line: &str, (mark, length): Fence) -> bool {
    let line = line.trim();
    line.chars().all(|c| c == mark) && line.chars().count() >= length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_block_is_taken_without_its_fences() {
        let cases = [
            (
                "Here:\n```python\ndef f():\n    return 1\n```\nand ```x```",
                Some("def f():\n    return 1"),
            ),
            ("~~~\na\n```\nb\n~~~~\n", Some("a\n```\nb")),
            ("````\n```\n````", Some("```")),
            ("```\r\na\r\n```", Some("a")),
            ("  ```\n  a\n  ```", Some("  a")),
            ("```\nnever closed", Some("never closed")),
            ("```\n```", Some("")),
            ("``` inline ``` only", None),
            ("no code", None),
        ];
        for (text, block) in cases {
            assert_eq!(first_block(text).as_deref(), block, "{text}");
        }
    }
}
