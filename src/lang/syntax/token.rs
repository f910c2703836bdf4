//! The tokens of a file: what the formatter moves and what errors speak of.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One end of line.
    Newline,
    /// `// …` to the end of the line.
    Note,
    /// `/* … */`.
    LongNote,
    /// `/// …` to the end of the line.
    Doc,
    /// `//! …` to the end of the line.
    FileDoc,
    /// A name, a kind, a word that is an operator.
    Word,
    /// A number with its unit.
    Number,
    /// `"…"`.
    Text,
    /// `"""…"""`.
    LongText,
    /// The bars of a closure and what stands between them.
    Bars,
    /// Rhai: the body of a closure, or what a script holds between its braces.
    Rhai,
    /// `(`, `[` or `{`.
    Open,
    /// `)`, `]` or `}`.
    Close,
    /// Any other sign of the language.
    Mark,
    /// A character that the language does not know.
    Unknown,
}

impl Kind {
    /// Says whether the token is space or a comment, documentation not counted.
    pub(super) fn is_trivia(self) -> bool {
        matches!(self, Self::Newline | Self::Note | Self::LongNote)
    }

    /// Says whether the token is documentation.
    pub(super) fn is_doc(self) -> bool {
        matches!(self, Self::Doc | Self::FileDoc)
    }
}

/// A token and the bytes of the file that it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Token {
    /// Returns the token's text.
    pub(super) fn text<'a>(&self, file: &'a str) -> &'a str {
        file.get(self.start..self.end).unwrap_or("")
    }
}

/// Returns how many bytes of `text` from `at` make a word; 0 if no word begins there.
pub(super) fn word_len(text: &[u8], at: usize) -> usize {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    match text.get(at) {
        Some(first) if is_word(first) && !first.is_ascii_digit() => {
            text.iter().skip(at).take_while(|byte| is_word(byte)).count()
        }
        _ => 0,
    }
}

/// Returns how many bytes of `text` from `at` make a number with its unit; 0 if none.
pub(super) fn number_len(text: &[u8], at: usize) -> usize {
    let byte = |index: usize| text.get(index).copied().unwrap_or(0);
    let digits = |mut index: usize, also: u8| {
        while byte(index).is_ascii_digit() || byte(index) == also && also != 0 {
            index += 1;
        }
        index
    };
    let first = at + usize::from(byte(at) == b'$');
    if !byte(first).is_ascii_digit() {
        return 0;
    }
    let mut end = digits(first, b'_');
    if byte(end) == b'.' && byte(end + 1).is_ascii_digit() {
        end = digits(end + 1, 0);
    }
    if matches!(byte(end), b'e' | b'E') {
        let sign = usize::from(matches!(byte(end + 1), b'-' | b'+'));
        if byte(end + 1 + sign).is_ascii_digit() {
            end = digits(end + 1 + sign, 0);
        }
    }
    end += if byte(end) == b'%' { 1 } else { word_len(text, end) };
    end + per_len(text, end) - at
}

/// Returns how many bytes from `at` make the second half of a rate or a price.
fn per_len(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or(&[]);
    let per = ["/Mtok", "/ktok", "/min", "/s", "/h"];
    let Some(found) = per.iter().find(|per| rest.starts_with(per.as_bytes())) else {
        return 0;
    };
    let after = rest.get(found.len()..).unwrap_or(&[]);
    let goes_on = match after.first() {
        Some(next) => next.is_ascii_alphanumeric() || matches!(next, b'_' | b'(' | b'.'),
        None => false,
    };
    if goes_on || after.starts_with(b"::") { 0 } else { found.len() }
}

/// Returns how many bytes from `at` make a sign of the language; 0 if none.
pub(super) fn mark_len(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or(&[]);
    let marks = ["..=", "..", "::", "<=", ">=", "~="];
    if let Some(mark) = marks.iter().find(|mark| rest.starts_with(mark.as_bytes())) {
        return mark.len();
    }
    let single = b"=:,.+-*/<>";
    usize::from(rest.first().is_some_and(|byte| single.contains(byte)))
}

/// Returns how many bytes from `at` make an end of line: 0, 1, or 2 for `\r\n`.
pub(super) fn newline_len(text: &[u8], at: usize) -> usize {
    match (text.get(at), text.get(at + 1)) {
        (Some(b'\r'), Some(b'\n')) => 2,
        (Some(b'\r' | b'\n'), _) => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_belongs_to_its_number() {
        let len = |text: &str| number_len(text.as_bytes(), 0);
        for whole in
            ["95%", "3pp", "$0.15/Mtok", "600/min", "4k", "1e-6", "1_000", "10/s"]
        {
            assert_eq!(len(whole), whole.len(), "{whole}");
        }
        assert_eq!(len("10 / s"), 2);
        assert_eq!(len("1..=5"), 1);
        assert_eq!(len("4.x"), 1);
        assert_eq!(len("10/size"), 2);
        assert_eq!(len("10/s(x)"), 2);
        assert_eq!(len("10/s.x"), 2);
        assert_eq!(len("10/s::x"), 2);
        assert_eq!(len("10/s: x"), 4);
        assert_eq!(len("$x"), 0);
        assert_eq!(len(""), 0);
    }

    #[test]
    fn words_do_not_begin_with_digits() {
        assert_eq!(word_len(b"a1_ b", 0), 3);
        assert_eq!(word_len(b"1a", 0), 0);
        assert_eq!(word_len(b"", 0), 0);
    }

    #[test]
    fn the_longest_sign_wins() {
        let len = |text: &str| mark_len(text.as_bytes(), 0);
        assert_eq!((len("..=5"), len("..5"), len(".5")), (3, 2, 1));
        assert_eq!((len("~="), len("~"), len(";")), (2, 0, 0));
    }
}
