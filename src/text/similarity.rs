//! How much two texts in free words say the same.

use super::normalize::Normalize;

/// The words of a text, without case, punctuation and articles; ready for comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(Vec<String>);

impl Words {
    /// Takes a text apart.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let plain = Normalize::SQUAD.apply(text);
        let mut words: Vec<String> =
            plain.split_whitespace().map(str::to_owned).collect();
        words.sort_unstable();
        Self(words)
    }

    /// Returns how much two texts share, 0 to 1: the token F1.
    ///
    /// # Formula
    ///
    /// ```text
    /// F1 = 2 · |A ∩ B| / (|A| + |B|)
    /// ```
    ///
    /// A and B are the words of the texts as multisets; two texts without words are the same.
    ///
    /// # Source
    ///
    /// P. Rajpurkar, J. Zhang, K. Lopyrev and P. Liang, "`SQuAD`: 100,000+ Questions for
    /// Machine Comprehension of Text", Proceedings of EMNLP 2016, 2383–2392, section 6.1. As
    /// a measure of overlap it is that of L. R. Dice, Ecology 26(3), 1945, 297–302.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a text has fewer than 2⁵² words")]
    pub fn similarity(&self, other: &Self) -> f64 {
        let all = self.0.len() + other.0.len();
        if all == 0 {
            return 1.0;
        }
        let mut theirs = other.0.iter().peekable();
        let shared = self.0.iter().filter(|word| {
            while theirs.next_if(|their| their < word).is_some() {}
            theirs.next_if(|their| their == word).is_some()
        });
        2.0 * shared.count() as f64 / all as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn similarity(a: &str, b: &str) -> f64 {
        Words::of(a).similarity(&Words::of(b))
    }

    #[test]
    fn shared_words_count_and_their_order_does_not() {
        let table = [
            ("The cat sat.", "a CAT sat", 1.0),
            ("cat sat", "sat cat", 1.0),
            // Two of three and two of two: P = 2/3, R = 1, F1 = 4/5.
            ("big cat sat", "cat sat", 0.8),
            ("cat cat", "cat", 2.0 / 3.0),
            ("cat", "dog", 0.0),
            ("cat", "", 0.0),
            ("", "the", 1.0),
        ];
        for (a, b, expected) in table {
            assert!((similarity(a, b) - expected).abs() < 1e-12, "{a} and {b}");
        }
    }

    proptest! {
        #[test]
        fn it_is_symmetric_within_bounds_and_whole_for_the_same(
            a in "[a-e ]{0,20}", b in "[a-e ]{0,20}"
        ) {
            let forth = similarity(&a, &b);
            prop_assert!((forth - similarity(&b, &a)).abs() < 1e-15);
            prop_assert!((0.0..=1.0).contains(&forth));
            prop_assert!((similarity(&a, &a) - 1.0).abs() < 1e-15);
        }
    }
}
