//! Normalisers: what is taken off a text before it is compared.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// Which differences between two texts do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(clippy::struct_excessive_bools, reason = "six independent switches")]
pub struct Normalize {
    /// Compatibility forms of Unicode (NFKC): `ﬁ` is `fi`.
    pub unicode: bool,
    /// Case.
    pub case: bool,
    /// White space around the text, and its amount inside.
    pub space: bool,
    /// The 32 punctuation characters of ASCII.
    pub punctuation: bool,
    /// The English articles as words of their own.
    pub articles: bool,
    /// How a number is written: `5`, `5.00` and `$5` are one value.
    pub numbers: bool,
}

impl Normalize {
    /// Nothing: texts are equal character by character.
    pub const EXACT: Self = Self {
        unicode: false,
        case: false,
        space: false,
        punctuation: false,
        articles: false,
        numbers: false,
    };

    /// How answers are compared where nothing is said: as values. Unicode forms, case, white
    /// space and the writing of numbers do not count; signs and decimals do.
    pub const ANSWER: Self =
        Self { unicode: true, case: true, space: true, numbers: true, ..Self::EXACT };

    /// As the evaluation of `SQuAD`: lower case, no ASCII punctuation, no articles, single
    /// spaces; nothing else.
    ///
    /// # Source
    ///
    /// P. Rajpurkar, J. Zhang, K. Lopyrev and P. Liang, "`SQuAD`: 100,000+ Questions for
    /// Machine Comprehension of Text", Proceedings of EMNLP 2016, 2383–2392, section 6.1.
    pub const SQUAD: Self = Self {
        case: true,
        space: true,
        punctuation: true,
        articles: true,
        ..Self::EXACT
    };

    /// The words of the language and what they switch on.
    pub const WORDS: &'static [(&'static str, Self)] = &[
        ("answer", Self::ANSWER),
        ("exact", Self::EXACT),
        ("squad", Self::SQUAD),
        ("unicode", Self { unicode: true, ..Self::EXACT }),
        ("case", Self { case: true, ..Self::EXACT }),
        ("space", Self { space: true, ..Self::EXACT }),
        ("punctuation", Self { punctuation: true, ..Self::EXACT }),
        ("articles", Self { articles: true, ..Self::EXACT }),
        ("numbers", Self { numbers: true, ..Self::EXACT }),
    ];

    /// Returns what a word of the language switches on.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS
            .iter()
            .find(|(name, _)| *name == word)
            .map(|(_, normalize)| *normalize)
    }

    /// Returns everything that either switches on.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            unicode: self.unicode || other.unicode,
            case: self.case || other.case,
            space: self.space || other.space,
            punctuation: self.punctuation || other.punctuation,
            articles: self.articles || other.articles,
            numbers: self.numbers || other.numbers,
        }
    }

    /// Returns the text without the differences that do not count.
    ///
    /// The steps run in this order: Unicode forms, case, punctuation, articles, space.
    /// Numbers are left alone: [`super::answer::key`] reads them.
    #[must_use]
    pub fn apply<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        if self.unicode && !text.is_ascii() {
            text = Cow::Owned(text.nfkc().collect());
        }
        if self.case {
            text = Cow::Owned(self.folded(&text));
        }
        if self.punctuation && text.contains(|c: char| c.is_ascii_punctuation()) {
            text = Cow::Owned(text.replace(|c: char| c.is_ascii_punctuation(), ""));
        }
        if self.articles {
            text = Cow::Owned(without_articles(&text));
        }
        if self.space {
            text = Cow::Owned(single_spaced(&text));
        }
        text
    }

    /// Takes the case off. With `unicode`, ß and SS are the same, as in case folding; alone
    /// it is plain lower case, which is what `SQuAD` means.
    fn folded(self, text: &str) -> String {
        if text.is_ascii() {
            text.to_ascii_lowercase()
        } else if self.unicode {
            text.to_uppercase().to_lowercase().nfkc().collect()
        } else {
            text.to_lowercase()
        }
    }
}

/// Puts a space in the place of each article that is a word of its own.
fn without_articles(text: &str) -> String {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        kept.push_str(if is_article(word) { " " } else { word });
        let gap = after.find(part).unwrap_or(after.len());
        let (between, next) = after.split_at(gap);
        kept.push_str(between);
        rest = next;
    }
    kept
}

fn is_article(word: &str) -> bool {
    ["a", "an", "the"].iter().any(|article| word.eq_ignore_ascii_case(article))
}

fn single_spaced(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.push_str(word);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_keep_signs_and_decimals_but_not_case_and_space() {
        let answer = |text| Normalize::ANSWER.apply(text).into_owned();
        assert_eq!(answer("  The  BIG\tDog.\n"), "the big dog.");
        assert_eq!(answer("-5.0"), "-5.0");
        assert_eq!(answer("ﬁne"), "fine");
        assert_eq!(answer("STRASSE"), answer("straße"));
        assert_eq!(answer("Cafe\u{301}"), answer("café"));
    }

    #[test]
    fn squad_deletes_punctuation_before_it_looks_for_articles() {
        let squad = |text| Normalize::SQUAD.apply(text).into_owned();
        assert_eq!(squad("The U.S.A."), "usa");
        assert_eq!(squad("a. theatre, an anthem"), "theatre anthem");
        assert_eq!(squad("“the”"), "“ ”");
        assert_eq!(squad("THE"), "");
    }

    #[test]
    fn exact_leaves_every_character() {
        assert_eq!(Normalize::EXACT.apply(" The É "), " The É ");
    }

    #[test]
    fn words_can_be_joined() {
        let both = Normalize::from_word("case")
            .unwrap()
            .and(Normalize::from_word("articles").unwrap());
        assert_eq!(both.apply("The  Cat"), "   cat");
        assert_eq!(Normalize::from_word("cases"), None);
    }
}
