//! Keyed random draws for resampling, the same whatever the number of threads.

use rayon::prelude::*;

use crate::base::Stream;

/// How often to resample, and where the random numbers come from.
///
/// Every resample draws from a stream of its own, keyed by seed, name and number, so the
/// result does not depend on threads, order or what else was drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resampling {
    /// Number of resamples, `B`.
    pub resamples: usize,
    /// The experiment's seed.
    pub seed: u64,
    /// What the resamples are for, such as the name of a hypothesis.
    pub name: String,
}

impl Resampling {
    /// From this many independent units on, resamples are drawn as counts of groups of units
    /// instead of unit by unit.
    pub const MANY: usize = 20_000;

    /// Number of resamples that `auto` takes.
    pub const DEFAULT: usize = 10_000;

    /// Returns the usual number of resamples, keyed by a seed and a name.
    #[must_use]
    pub fn new(seed: u64, name: &str) -> Self {
        Self { resamples: Self::DEFAULT, seed, name: name.to_owned() }
    }

    /// Returns the smallest two-sided p that so many resamples can give.
    #[must_use]
    pub fn floor(&self) -> f64 {
        2.0 / (self.resamples as f64 + 1.0)
    }

    /// Carries out every resample, each on a stream of its own, with scratch space made once for each thread.
    pub(in crate::stats) fn run<S, R: Send>(
        &self,
        purpose: &str,
        scratch: impl Fn() -> S + Sync + Send,
        one: impl Fn(&mut S, &mut Draws) -> R + Sync + Send,
    ) -> Vec<R> {
        (0..self.resamples)
            .into_par_iter()
            .with_min_len(64)
            .map_init(scratch, |space, number| {
                let number = (number as u64).to_le_bytes();
                let parts = [self.name.as_bytes(), number.as_slice()];
                one(space, &mut Draws::new(Stream::keyed(self.seed, purpose, &parts)))
            })
            .collect()
    }
}

/// A source of random bits.
pub(super) trait Bits {
    /// Draws 64 random bits.
    fn bits(&mut self) -> u64;

    /// Draws a number in `[0, 1)`, a multiple of 2⁻⁵³.
    fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }
}

impl Bits for Draws {
    fn bits(&mut self) -> u64 {
        self.stream.bits()
    }
}

/// Whole numbers below a bound, two from each draw of 64 bits.
#[derive(Debug)]
pub(in crate::stats) struct Draws {
    stream: Stream,
    kept: Option<u32>,
}

impl Draws {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, kept: None }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the halves of 64 bits")]
    fn half(&mut self) -> u32 {
        self.kept.take().unwrap_or_else(|| {
            let bits = self.stream.bits();
            self.kept = Some((bits >> 32) as u32);
            bits as u32
        })
    }

    /// Draws an index in `0..bound`, without bias; `bound` is at least 1.
    ///
    /// # Source
    ///
    /// D. Lemire, ACM Transactions on Modeling and Computer Simulation 29(1), 2019, 3.
    #[expect(clippy::cast_possible_truncation, reason = "the halves of a product")]
    pub(in crate::stats) fn index(&mut self, bound: usize) -> usize {
        let Ok(narrow) = u32::try_from(bound) else {
            return self.stream.below(bound as u64) as usize;
        };
        let mut product = u64::from(self.half()) * u64::from(narrow);
        if (product as u32) < narrow {
            let floor = narrow.wrapping_neg() % narrow.max(1);
            while (product as u32) < floor {
                product = u64::from(self.half()) * u64::from(narrow);
            }
        }
        (product >> 32) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_threads_changes_no_bit() {
        let plan = Resampling { resamples: 500, seed: 3, name: "h".to_owned() };
        let draw = || plan.run("test", || (), |(), draws| (draws.index(7), draws.bits()));
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let four = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        assert_eq!(one.install(draw), four.install(draw));
    }

    #[test]
    fn indices_are_uniform() {
        let mut draws = Draws::new(Stream::new(5, "test"));
        let mut counts = [0_u32; 3];
        for _ in 0..90_000 {
            counts[draws.index(3)] += 1;
        }
        // Binomial: 30,000 ± 5 standard deviations of 141.
        assert!(counts.iter().all(|n| (29_295..=30_705).contains(n)), "{counts:?}");
    }
}
