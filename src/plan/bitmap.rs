//! Which trials are done: one bit each.

/// A set of indices below a size, one bit each.
#[derive(Debug, Clone)]
pub struct Bitmap {
    words: Vec<u64>,
    size: u64,
    count: u64,
}

impl Bitmap {
    /// Returns the empty set of indices below `size`.
    #[must_use]
    pub fn new(size: u64) -> Self {
        let words = usize::try_from(size.div_ceil(64)).unwrap_or(usize::MAX);
        Self { words: vec![0; words], size, count: 0 }
    }

    /// Adds an index; says whether it was new. An index out of range is not added.
    pub fn insert(&mut self, index: u64) -> bool {
        let Some((word, bit)) = self.place(index) else { return false };
        let Some(word) = self.words.get_mut(word) else { return false };
        let new = *word & bit == 0;
        *word |= bit;
        self.count += u64::from(new);
        new
    }

    /// Says whether an index is in the set.
    #[must_use]
    pub fn contains(&self, index: u64) -> bool {
        self.place(index)
            .and_then(|(word, bit)| self.words.get(word).map(|word| word & bit != 0))
            .unwrap_or(false)
    }

    /// Returns how many indices are in the set.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    fn place(&self, index: u64) -> Option<(usize, u64)> {
        let word = usize::try_from(index / 64).ok()?;
        (index < self.size).then_some((word, 1 << (index % 64)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_counts_once_and_only_below_the_size() {
        let mut set = Bitmap::new(65);
        assert!(set.insert(64) && !set.insert(64) && !set.insert(65));
        assert!(set.contains(64) && !set.contains(0) && !set.contains(65));
        assert_eq!(set.count(), 1);
    }
}
