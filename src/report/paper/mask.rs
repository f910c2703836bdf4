//! What of a LaTeX file is no number of the text: comments, keys, sizes, years, places.
//!
//! Bytes that do not count become spaces, so that every place stays where it was.

use std::sync::LazyLock;

use regex::Regex;

/// Commands whose arguments are names, keys, files or sizes, and how many arguments.
const NAMES: &[(&str, usize)] = &[
    ("addbibresource", 1),
    ("addtocounter", 2),
    ("addtolength", 2),
    ("autoref", 1),
    ("bibitem", 1),
    ("bibliography", 1),
    ("bibliographystyle", 1),
    ("cline", 1),
    ("cmidrule", 1),
    ("cref", 1),
    ("Cref", 1),
    ("crucible", 3),
    ("crucibledefine", 4),
    ("documentclass", 1),
    ("eqref", 1),
    ("fontsize", 2),
    ("hspace", 1),
    ("href", 1),
    ("hyperref", 0),
    ("include", 1),
    ("includegraphics", 1),
    ("input", 1),
    ("label", 1),
    ("linespread", 1),
    ("multicolumn", 2),
    ("multirow", 2),
    ("nameref", 1),
    ("newcommand", 1),
    ("pageref", 1),
    ("parbox", 1),
    ("ref", 1),
    ("renewcommand", 1),
    ("resizebox", 2),
    ("rule", 2),
    ("scalebox", 1),
    ("setcounter", 2),
    ("setlength", 2),
    ("url", 1),
    ("usepackage", 1),
    ("vref", 1),
    ("vspace", 1),
];

/// Environments whose text is no prose.
const VERBATIM: &[&str] = &[
    "verbatim",
    "Verbatim",
    "lstlisting",
    "minted",
    "comment",
    "thebibliography",
    "filecontents",
    "tikzpicture",
];

/// Environments that take an argument which is no text.
const WITH_ARGUMENT: &[&str] =
    &["tabular", "tabular*", "tabularx", "longtable", "array", "minipage", "multicols"];

/// Replaces what does not count by spaces.
pub(super) fn masked(paper: &str) -> String {
    let mut bytes = paper.as_bytes().to_vec();
    comments(&mut bytes);
    if let Some(start) = find(&bytes, b"\\begin{document}", 0) {
        blank(&mut bytes, 0, start);
    }
    if let Some(end) = find(&bytes, b"\\end{document}", 0) {
        let length = bytes.len();
        blank(&mut bytes, end, length);
    }
    for name in VERBATIM {
        let (open, close) = (format!("\\begin{{{name}}}"), format!("\\end{{{name}}}"));
        while let Some(start) = find(&bytes, open.as_bytes(), 0) {
            let end = find(&bytes, close.as_bytes(), start);
            let end = end.map_or(bytes.len(), |end| end + close.len());
            blank(&mut bytes, start, end);
        }
    }
    commands(&mut bytes);
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    for pattern in PLACES.iter() {
        let spans: Vec<(usize, usize)> =
            pattern.find_iter(&text).map(|found| (found.start(), found.end())).collect();
        let mut bytes = text.into_bytes();
        for (start, end) in spans {
            blank(&mut bytes, start, end);
        }
        text = String::from_utf8_lossy(&bytes).into_owned();
    }
    text
}

/// Blanks bytes, apart from the ends of lines.
fn blank(bytes: &mut [u8], start: usize, end: usize) {
    for byte in bytes.get_mut(start..end).unwrap_or_default() {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(wanted.len()).position(|window| window == wanted).map(|at| at + from)
}

fn comments(bytes: &mut [u8]) {
    let mut at = 0;
    while at < bytes.len() {
        match bytes.get(at) {
            Some(b'\\') => at += 2,
            Some(b'%') => {
                let end = find(bytes, b"\n", at).unwrap_or(bytes.len());
                blank(bytes, at, end);
                at = end;
            }
            Some(_) | None => at += 1,
        }
    }
}

/// Blanks the commands, their optional arguments, and those arguments that are names.
fn commands(bytes: &mut [u8]) {
    let mut at = 0;
    while let Some(start) = find(bytes, b"\\", at) {
        let name_start = start + 1;
        let letters = bytes
            .get(name_start..)
            .unwrap_or_default()
            .iter()
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        if letters == 0 {
            // `\\[2pt]` ends a row; `\%` and `\,` stay, since they belong to numbers.
            at = name_start + 1;
            if bytes.get(name_start) == Some(&b'\\')
                && let Some(end) = group(bytes, at, b'[', b']')
            {
                blank(bytes, start, end);
                at = end;
            }
            continue;
        }
        let name_end = name_start + letters;
        let name =
            String::from_utf8_lossy(bytes.get(name_start..name_end).unwrap_or_default())
                .into_owned();
        at = name_end;
        if matches!(name.as_str(), "times" | "cdot" | "lt" | "le" | "leq" | "ge" | "geq")
        {
            continue;
        }
        let mut end = name_end + usize::from(bytes.get(name_end) == Some(&b'*'));
        while let Some(past) = group(bytes, end, b'[', b']') {
            end = past;
        }
        for _ in 0..arguments(&name) {
            let Some(past) = group(bytes, end, b'{', b'}') else { break };
            let inner = String::from_utf8_lossy(bytes.get(end..past).unwrap_or_default())
                .into_owned();
            end = past;
            let environment = inner.trim().trim_matches(['{', '}']);
            if matches!(name.as_str(), "begin") {
                while let Some(past) = group(bytes, end, b'[', b']') {
                    end = past;
                }
                if WITH_ARGUMENT.contains(&environment)
                    && let Some(past) = group(bytes, end, b'{', b'}')
                {
                    end = past;
                }
            }
        }
        blank(bytes, start, end);
        at = end.max(at);
    }
}

/// Returns how many arguments of a command are names.
fn arguments(name: &str) -> usize {
    if name == "begin" || name == "end" || name.to_lowercase().contains("cite") {
        return 1;
    }
    NAMES.iter().find(|(known, _)| *known == name).map_or(0, |(_, count)| *count)
}

/// Returns the place behind a group that begins here, white space aside.
fn group(bytes: &[u8], from: usize, open: u8, close: u8) -> Option<usize> {
    let spaces = bytes.get(from..)?.iter().take_while(|byte| **byte == b' ').count();
    let start = from + spaces;
    if bytes.get(start) != Some(&open) {
        return None;
    }
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'\\' {
            at += 2;
            continue;
        }
        if byte == open {
            depth += 1;
        } else if byte == close {
            depth -= 1;
            if depth == 0 {
                return Some(at + 1);
            }
        }
        at += 1;
    }
    None
}

/// Numbers that name a place, a year or an index.
static PLACES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        // Section 3.2, Tables 1 and 2, Figure~4, Eq. (5), arXiv:2411.00640, version 1.2.
        r"(?i)(?:\b(?:sections?|secs?\.|chapters?|appendix|tables?|tab\.|figures?|figs?\.|equations?|eqs?\.|theorem|lemma|algorithm|pages?|versions?|python|seed)|§+|arxiv:)[~\s]*\(?\d[\d.]*(?:\s*(?:--|–|-|,|and)\s*\d[\d.]*\b)*\)?",
        // Years.
        r"\b(?:19|20)\d\d\b(?:[^\d.,%\\]|[.,](?:\D|$)|$)",
        // Indices and powers that stand for themselves.
        r"_(?:\{[^{}]*\}|\w)",
        r"[A-Za-z\}\)]\^(?:\{[^{}]*\}|\w)",
        // Sizes.
        r"\d*\.?\d+(?:pt|em|ex|cm|mm|in|bp|pc|sp|mu)\b",
    ]
    .iter()
    .filter_map(|pattern| Regex::new(pattern).ok())
    .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    fn left(text: &str) -> String {
        masked(text).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(PLACES.len(), 5);
    }

    #[test]
    fn keys_comments_sizes_years_and_places_do_not_count() {
        assert_eq!(
            left("a % 12\nb \\cite[p.~3]{x2020} \\label{t1} c\\\\[2pt] d"),
            "a b c d"
        );
        assert_eq!(
            left("In 2021 we, see Section~3.2 and Tables 1--2."),
            "In we, see and ."
        );
        assert_eq!(left("\\crucible{v}{h1}{p3} \\vspace{3em} $x_1$"), "$x $");
        assert_eq!(left("\\begin{tabular}{p{3cm}r} 7 \\end{tabular}"), "7");
        assert_eq!(left("\\begin{verbatim}5\\end{verbatim} 6"), "6");
        assert_eq!(left("\\documentclass[11pt]{a}\n8\n\\begin{document}9"), "9");
    }

    #[test]
    fn places_stay_where_they_were() {
        let text = "é % 1\n\\emph{é 5}";
        assert_eq!(masked(text).len(), text.len());
        assert_eq!(masked(text).find('5'), text.find('5'));
    }
}
