//! Random streams keyed by what they are for, so that no draw depends on timing.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use super::digest::{Digest, Digester};

/// A stream of random numbers that depends on its key alone.
///
/// The generator is `ChaCha` with eight rounds; the key is a BLAKE3 digest of the seed, the
/// purpose and whatever the stream belongs to.
///
/// # Source
///
/// D. J. Bernstein, "`ChaCha`, a variant of Salsa20", Workshop Record of SASC 2008.
#[derive(Debug, Clone)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// Returns the stream of a seed and a purpose, such as `"order"`.
    #[must_use]
    pub fn new(seed: u64, purpose: &str) -> Self {
        Self::keyed(seed, purpose, &[])
    }

    /// Returns the stream of a seed, a purpose and the bytes it belongs to.
    #[must_use]
    pub fn keyed(seed: u64, purpose: &str, parts: &[&[u8]]) -> Self {
        let mut digester = Digester::new("stream");
        digester.number(seed).text(purpose);
        for part in parts {
            digester.bytes(part);
        }
        Self::from_digest(&digester.finish())
    }

    /// Returns the stream whose key is this digest.
    #[must_use]
    pub fn from_digest(digest: &Digest) -> Self {
        Self(ChaCha8Rng::from_seed(*digest.as_bytes()))
    }

    /// Draws 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Draws a number in `[0, 1)`, a multiple of 2⁻⁵³.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit into an f64")]
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Draws a whole number in `0..bound`, without bias; 0 when `bound` is 0.
    ///
    /// # Source
    ///
    /// D. Lemire, "Fast Random Integer Generation in an Interval", ACM Transactions on
    /// Modeling and Computer Simulation 29(1), 2019, article 3.
    #[expect(clippy::cast_possible_truncation, reason = "the halves of a product")]
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        let floor = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.bits()) * u128::from(bound);
            if product as u64 >= floor {
                return (product >> 64) as u64;
            }
        }
    }

    /// Draws from the standard normal distribution.
    ///
    /// # Source
    ///
    /// G. E. P. Box and M. E. Muller, Annals of Mathematical Statistics 29(2), 1958, 610–611.
    pub fn normal(&mut self) -> f64 {
        let u = 1.0 - self.unit();
        let v = self.unit();
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    /// Shuffles a slice (Fisher and Yates).
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            let chosen = usize::try_from(self.below(last as u64 + 1)).unwrap_or(last);
            values.swap(last, chosen);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_depends_on_its_key_alone() {
        let draw = |purpose| Stream::keyed(7, purpose, &[b"x"]).bits();
        assert_eq!(draw("a"), draw("a"));
        assert_ne!(draw("a"), draw("b"));
    }

    #[test]
    fn draws_below_ten_are_uniform() {
        let mut stream = Stream::new(1, "test");
        let mut counts = [0_u32; 10];
        for _ in 0..100_000 {
            counts[usize::try_from(stream.below(10)).unwrap()] += 1;
        }
        // Binomial: 10,000 ± 5 standard deviations of 95.
        assert!(counts.iter().all(|&n| (9_525..=10_475).contains(&n)), "{counts:?}");
    }

    #[test]
    fn normal_draws_have_mean_zero_and_variance_one() {
        let mut stream = Stream::new(1, "test");
        let draws: Vec<f64> = (0..100_000).map(|_| stream.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 1e5;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.016, "{mean}");
        assert!((variance - 1.0).abs() < 0.023, "{variance}");
    }
}
