//! Confidence sequences for the mean of bounded scores, by betting.

use super::bounds::Bounds;
use super::capital::{Bettor, Capital, ville};
use crate::stats::StatsError;
use crate::stats::outcome::{Alternative, Interval, Tails, level};

/// The part of the capital that a bet may lose at most.
const AT_STAKE: f64 = 0.5;
/// The most means that may be watched.
const FINEST: usize = 1_000_000;

/// What a [`BettingSequence`] is to watch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BettingSpec {
    /// Where the scores lie.
    pub bounds: Bounds,
    /// The confidence at which the bets aim, in `(0, 1)`. Intervals of other levels hold
    /// too, but are a little wider than they could be.
    pub confidence: f64,
    /// The mean against which [`BettingSequence::tails`] tests, in the unit of the scores.
    pub margin: f64,
    /// Into how many steps the range is cut: ends of intervals are rounded outwards to a
    /// step. From 1 to a million.
    pub steps: usize,
}

impl BettingSpec {
    /// Returns the watch over scores in these bounds: 95%, margin 0 or else the middle of
    /// the range, a thousand steps.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        let inside = bounds.low() < 0.0 && 0.0 < bounds.high();
        let margin = if inside { 0.0 } else { bounds.at(0.5) };
        Self { bounds, confidence: 0.95, margin, steps: 1_000 }
    }
}

/// An interval for the mean of bounded scores that holds at every score.
///
/// The probability that it ever misses the mean, from the first score to the last and
/// however often one looks, is at most `1 − confidence`. The same holds of its p-values:
/// whoever stops when `p ≤ α` errs with probability at most `α`.
///
/// # Formula
///
/// ```text
/// K⁺_t(m) = Π (1 + λ⁺ᵢ(m) (Xᵢ − m)),   λ⁺ᵢ(m) = min(λᵢ, ½ / m)
/// K⁻_t(m) = Π (1 − λ⁻ᵢ(m) (Xᵢ − m)),   λ⁻ᵢ(m) = min(λᵢ, ½ / (1 − m))
/// interval  = { m : max over s ≤ t of K±_s(m) < 2/α }
/// greater   = 1 / max K⁺(margin),   less = 1 / max K⁻(margin),   at most 1
/// ```
///
/// `Xᵢ` are the scores moved to `[0, 1]`; the bet `λᵢ` looks at the scores before the
/// `i`-th only. One-sided intervals have `1/α` in place of `2/α`.
///
/// # Shapes and units
///
/// Scores within their bounds, one at a time, in the order of the plan: each with the same
/// mean, whatever the others were (independent items; of a cluster, its mean counts as one
/// score). For paired items give the differences and [`Bounds::of_differences`].
///
/// # Numerics
///
/// The state is two capitals for each step of the range. Ends of intervals are rounded
/// outwards to a step; the p-values are exact.
///
/// # Errors
///
/// `InvalidParameter` for a score or a margin out of bounds, `NotFinite`.
///
/// # Source
///
/// I. Waudby-Smith and A. Ramdas, "Estimating means of bounded random variables by
/// betting", Journal of the Royal Statistical Society B 86(1), 2024, 1–27, Theorem 3: the
/// hedged capital process with equal weights and predictable plug-in bets. The p-values:
/// J. Ville, Étude critique de la notion de collectif, 1939.
///
/// # Example
///
/// ```
/// use crucible::stats::{BettingSequence, BettingSpec, Bounds};
///
/// let mut sequence = BettingSequence::new(BettingSpec::new(Bounds::unit()))?;
/// for _ in 0..50 {
///     sequence.push(1.0)?;
/// }
/// assert!(sequence.tails().greater < 1e-6); // the mean is above one half
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct BettingSequence {
    spec: BettingSpec,
    bettor: Bettor,
    /// For the mean at each step of the range, and last for the margin.
    watched: Vec<Watched>,
    margin: Watched,
}

/// The capitals against one mean.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Watched {
    mean: f64,
    most_up: f64,
    most_down: f64,
    up: Capital,
    down: Capital,
}

impl Watched {
    fn new(mean: f64) -> Self {
        Self {
            mean,
            most_up: AT_STAKE / mean,
            most_down: AT_STAKE / (1.0 - mean),
            up: Capital::start(),
            down: Capital::start(),
        }
    }

    fn see(&mut self, x: f64, bet: f64) {
        let gap = x - self.mean;
        self.up.multiply(1.0 + bet.min(self.most_up) * gap);
        self.down.multiply(1.0 - bet.min(self.most_down) * gap);
    }
}

impl BettingSequence {
    /// Returns the sequence before the first score.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for a level outside `(0, 1)`, a margin out of bounds or a number
    /// of steps that is not between 1 and a million; `NotFinite`.
    pub fn new(spec: BettingSpec) -> Result<Self, StatsError> {
        level(spec.confidence)?;
        let margin = spec.bounds.share(spec.margin, "margin")?;
        if !(1..=FINEST).contains(&spec.steps) {
            let wanted = "from 1 to 1,000,000";
            return Err(StatsError::InvalidParameter { name: "number of steps", wanted });
        }
        let means = (0..=spec.steps).map(|step| step as f64 / spec.steps as f64);
        Ok(Self {
            spec,
            bettor: Bettor::new(1.0 - spec.confidence),
            watched: means.map(Watched::new).collect(),
            margin: Watched::new(margin),
        })
    }

    /// Sees one score.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for a score out of bounds, `NotFinite`; the sequence is then
    /// what it was.
    pub fn push(&mut self, score: f64) -> Result<(), StatsError> {
        let x = self.spec.bounds.share(score, "score")?;
        let bet = self.bettor.bet();
        for watched in &mut self.watched {
            watched.see(x, bet);
        }
        self.margin.see(x, bet);
        self.bettor.see(x);
        Ok(())
    }

    /// Returns the number of scores seen.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.bettor.seen()
    }

    /// Returns the mean of the scores seen; `None` before the first.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let n = self.bettor.seen();
        (n > 0).then(|| self.spec.bounds.at(self.bettor.total() / n as f64))
    }

    /// Returns the two-sided interval of the level that the bets aim at.
    ///
    /// It never widens. Where the scores contradict every mean, which has probability at
    /// most `1 − confidence`, it is the point between the two ends.
    #[must_use]
    pub fn interval(&self) -> Interval {
        self.between((2.0 / (1.0 - self.spec.confidence)).ln(), Alternative::TwoSided)
    }

    /// Returns the interval of another level, or that of one side.
    ///
    /// One-sided intervals end at the bound of the scores on the other side.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for the level.
    pub fn bound(
        &self,
        confidence: f64,
        alternative: Alternative,
    ) -> Result<Interval, StatsError> {
        let alpha = 1.0 - level(confidence)?;
        let sides = match alternative {
            Alternative::TwoSided => 2.0,
            Alternative::Less | Alternative::Greater => 1.0,
        };
        Ok(self.between((sides / alpha).ln(), alternative))
    }

    /// Returns the p-values against the margin; they only ever fall.
    #[must_use]
    pub fn tails(&self) -> Tails {
        Tails {
            greater: ville(self.margin.up.log_peak()),
            less: ville(self.margin.down.log_peak()),
        }
    }

    fn between(&self, threshold: f64, alternative: Alternative) -> Interval {
        let refuted = |capital: &Capital| capital.log_peak() >= threshold;
        let below = self.watched.iter().rev().find(|w| refuted(&w.up));
        let above = self.watched.iter().find(|w| refuted(&w.down));
        let low = below.map_or(0.0, |w| w.mean);
        let high = above.map_or(1.0, |w| w.mean);
        let (low, high) = match alternative {
            Alternative::TwoSided if low > high => {
                (f64::midpoint(low, high), f64::midpoint(low, high))
            }
            Alternative::TwoSided => (low, high),
            Alternative::Less => (0.0, high),
            Alternative::Greater => (low, 1.0),
        };
        let bounds = self.spec.bounds;
        Interval { low: bounds.at(low), high: bounds.at(high) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Stream;
    use approx::assert_relative_eq;

    /// 200 scores between 0 and 1 without pattern: `((7 i² + 3 i) mod 11) / 10`.
    fn scores() -> impl Iterator<Item = f64> {
        (1..=200_u32).map(|i| f64::from((7 * i * i + 3 * i) % 11) / 10.0)
    }

    fn fed(spec: BettingSpec, scores: impl IntoIterator<Item = f64>) -> BettingSequence {
        let mut sequence = BettingSequence::new(spec).unwrap();
        for score in scores {
            sequence.push(score).unwrap();
        }
        sequence
    }

    #[test]
    fn two_hundred_scores_give_the_interval_of_the_paper() {
        // tests/data/stats/early_reference.py: bisection in m, no grid.
        let spec = BettingSpec {
            margin: 0.35,
            steps: 10_000,
            ..BettingSpec::new(Bounds::unit())
        };
        let sequence = fed(spec, scores());
        let (low, high) = (0.330_691_138_252_140_3, 0.482_753_704_325_726_2);
        let Interval { low: l, high: h } = sequence.interval();
        assert!(low - 1e-4 <= l && l <= low, "{l}");
        assert!(high <= h && h <= high + 1e-4, "{h}");
        assert_relative_eq!(
            sequence.tails().greater,
            0.167_601_533_032_619_8,
            max_relative = 1e-9
        );
        let above = fed(BettingSpec { margin: 0.48, ..spec }, scores());
        assert_relative_eq!(
            above.tails().less,
            0.032_191_496_037_179_08,
            max_relative = 1e-9
        );
        assert_eq!(sequence.n(), 200);
        let mean = scores().sum::<f64>() / 200.0;
        assert_relative_eq!(sequence.mean().unwrap(), mean, max_relative = 1e-12);
    }

    #[test]
    fn mirrored_scores_mirror_the_interval_and_the_tails() {
        let spec = BettingSpec { margin: 0.4, ..BettingSpec::new(Bounds::unit()) };
        let up = fed(spec, scores());
        let down = fed(BettingSpec { margin: 0.6, ..spec }, scores().map(|x| 1.0 - x));
        assert_relative_eq!(up.tails().greater, down.tails().less, max_relative = 1e-9);
        assert_relative_eq!(
            up.interval().low,
            1.0 - down.interval().high,
            epsilon = 1e-9
        );
    }

    #[test]
    fn differences_are_shares_of_twice_the_range() {
        let gap = BettingSpec::new(Bounds::unit().of_differences());
        assert_relative_eq!(gap.margin, 0.0);
        let of_gaps = fed(gap, scores().map(|x| 2.0 * x - 1.0));
        let of_shares = fed(BettingSpec::new(Bounds::unit()), scores());
        assert_eq!(of_gaps.tails(), of_shares.tails());
        let (wide, narrow) = (of_gaps.interval(), of_shares.interval());
        assert_relative_eq!(wide.low, 2.0 * narrow.low - 1.0, epsilon = 1e-12);
        assert_relative_eq!(wide.high, 2.0 * narrow.high - 1.0, epsilon = 1e-12);
    }

    #[test]
    fn intervals_and_p_values_only_shrink() {
        let mut sequence =
            BettingSequence::new(BettingSpec::new(Bounds::unit())).unwrap();
        let (mut interval, mut tails) = (sequence.interval(), sequence.tails());
        assert_eq!(interval, Interval { low: 0.0, high: 1.0 });
        assert_eq!(sequence.mean(), None);
        for score in scores() {
            sequence.push(score).unwrap();
            let next = sequence.interval();
            assert!(interval.low <= next.low && next.high <= interval.high);
            interval = next;
            assert!(sequence.tails().greater <= tails.greater);
            tails = sequence.tails();
        }
        let one = sequence.bound(0.95, Alternative::Greater).unwrap();
        assert!(one.low >= interval.low);
        assert_relative_eq!(one.high, 1.0);
        let wide = sequence.bound(0.99, Alternative::TwoSided).unwrap();
        assert!(wide.low <= interval.low && interval.high <= wide.high);
        assert!(sequence.bound(1.0, Alternative::Less).is_err());
    }

    #[test]
    fn the_interval_excludes_the_margin_when_the_p_says_so() {
        for margin in [0.3, 0.45, 0.55, 0.7] {
            let spec =
                BettingSpec { margin, steps: 100, ..BettingSpec::new(Bounds::unit()) };
            let sequence = fed(spec, scores());
            let outside = !sequence.interval().holds(margin);
            let on_grid = sequence.tails().two_sided() <= 0.05;
            assert!(!outside || on_grid, "{margin}");
        }
    }

    /// The share of courses of 300 scores in which the truth is ever refuted.
    fn ever_wrong(seed: u64, rate: f64) -> (f64, f64) {
        let runs = 2_000;
        let mut stream = Stream::new(seed, "betting");
        let (mut missed, mut rejected) = (0.0, 0.0);
        for _ in 0..runs {
            let spec = BettingSpec {
                margin: rate,
                steps: 20,
                ..BettingSpec::new(Bounds::unit())
            };
            let draws = (0..300).map(|_| f64::from(u8::from(stream.unit() < rate)));
            let sequence = fed(spec, draws);
            // Peaks are kept, so the end of the course tells of all its looks.
            missed += f64::from(u8::from(!sequence.interval().holds(rate)));
            rejected += f64::from(u8::from(sequence.tails().two_sided() <= 0.05));
        }
        (missed / f64::from(runs), rejected / f64::from(runs))
    }

    #[test]
    fn looking_after_every_score_errs_at_most_at_the_level() {
        let most = 0.05 + 3.7 * (0.0475_f64 / 2_000.0).sqrt();
        for (seed, rate) in [(1, 0.5), (2, 0.1), (3, 0.95)] {
            let (missed, rejected) = ever_wrong(seed, rate);
            assert!(missed <= most && rejected <= most, "{rate}: {missed}, {rejected}");
            assert!(missed <= rejected, "{rate}: the grid rounds outwards");
        }
    }

    #[test]
    fn scores_out_of_bounds_leave_the_sequence_as_it_was() {
        let mut sequence = fed(BettingSpec::new(Bounds::unit()), scores());
        let before = sequence.clone();
        for bad in [1.1, -0.1, f64::NAN, f64::INFINITY] {
            assert!(sequence.push(bad).is_err());
        }
        assert_eq!(sequence, before);
        let spec = BettingSpec::new(Bounds::unit());
        assert!(BettingSequence::new(BettingSpec { steps: 0, ..spec }).is_err());
        assert!(BettingSequence::new(BettingSpec { margin: 1.5, ..spec }).is_err());
        assert!(BettingSequence::new(BettingSpec { confidence: 0.0, ..spec }).is_err());
    }

    #[test]
    fn a_constant_score_at_the_end_of_the_range_stays_inside() {
        let ones = fed(BettingSpec::new(Bounds::unit()), std::iter::repeat_n(1.0, 500));
        let Interval { low, high } = ones.interval();
        assert!(low > 0.98 && low < 1.0, "{low}");
        assert_relative_eq!(high, 1.0);
        assert!(ones.tails().greater < 1e-60);
        assert_relative_eq!(ones.tails().less, 1.0);
    }
}
