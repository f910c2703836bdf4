//! Confidence sequences for the mean of bounded scores, in closed form.

use super::bounds::Bounds;
use super::capital::{Bettor, ville};
use crate::stats::StatsError;
use crate::stats::outcome::{Interval, Tails, level};

/// The largest bet.
const LARGEST: f64 = 0.5;

/// An interval for the mean of bounded scores that holds at every score, in closed form.
///
/// Wider than [`BettingSequence`](super::BettingSequence), but its state is a handful of
/// numbers and its ends are not rounded to a grid.
///
/// # Formula
///
/// ```text
/// Σ λᵢ Xᵢ / Σ λᵢ ± (ln(2/α) + Σ vᵢ) / Σ λᵢ
/// vᵢ = (Xᵢ − μ̂ᵢ₋₁)² (−ln(1 − λᵢ) − λᵢ),   λᵢ at most ½
/// greater = 1 / max over t of exp(Σ λᵢ (Xᵢ − margin) − Σ vᵢ),   less with −λᵢ
/// ```
///
/// `Xᵢ` are the scores moved to `[0, 1]`; `λᵢ` and `μ̂ᵢ₋₁` look at the scores before the
/// `i`-th only. The interval is the intersection of those so far.
///
/// # Shapes and units
///
/// As [`BettingSequence`](super::BettingSequence).
///
/// # Errors
///
/// `InvalidParameter` for a score or a margin out of bounds, `NotFinite`.
///
/// # Source
///
/// I. Waudby-Smith and A. Ramdas, "Estimating means of bounded random variables by
/// betting", Journal of the Royal Statistical Society B 86(1), 2024, 1–27, Theorem 2: the
/// predictable plug-in empirical-Bernstein confidence sequence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BernsteinSequence {
    bounds: Bounds,
    alpha: f64,
    margin: f64,
    bettor: Bettor,
    bets: f64,
    weighted: f64,
    variation: f64,
    interval: Interval,
    peak_up: f64,
    peak_down: f64,
}

impl BernsteinSequence {
    /// Returns the sequence before the first score.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for a level outside `(0, 1)` or a margin out of bounds,
    /// `NotFinite`.
    pub fn new(bounds: Bounds, confidence: f64, margin: f64) -> Result<Self, StatsError> {
        let alpha = 1.0 - level(confidence)?;
        Ok(Self {
            bounds,
            alpha,
            margin: bounds.share(margin, "margin")?,
            bettor: Bettor::new(alpha),
            bets: 0.0,
            weighted: 0.0,
            variation: 0.0,
            interval: Interval { low: 0.0, high: 1.0 },
            peak_up: 0.0,
            peak_down: 0.0,
        })
    }

    /// Sees one score.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for a score out of bounds, `NotFinite`; the sequence is then
    /// what it was.
    pub fn push(&mut self, score: f64) -> Result<(), StatsError> {
        let x = self.bounds.share(score, "score")?;
        let bet = self.bettor.bet().min(LARGEST);
        self.bets += bet;
        self.weighted += bet * x;
        self.variation += (x - self.bettor.guess()).powi(2) * (-(-bet).ln_1p() - bet);
        self.bettor.see(x);

        let centre = self.weighted / self.bets;
        let reach = ((2.0 / self.alpha).ln() + self.variation) / self.bets;
        self.interval = self.interval.within(centre - reach, centre + reach);
        let gain = self.weighted - self.margin * self.bets;
        self.peak_up = self.peak_up.max(gain - self.variation);
        self.peak_down = self.peak_down.max(-gain - self.variation);
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
        (n > 0).then(|| self.bounds.at(self.bettor.total() / n as f64))
    }

    /// Returns the interval; it never widens.
    ///
    /// Where the scores contradict every mean, which has probability at most
    /// `1 − confidence`, it is the point between the two ends.
    #[must_use]
    pub fn interval(&self) -> Interval {
        let Interval { mut low, mut high } = self.interval;
        if low > high {
            low = f64::midpoint(low, high);
            high = low;
        }
        Interval { low: self.bounds.at(low), high: self.bounds.at(high) }
    }

    /// Returns the p-values against the margin; they only ever fall.
    #[must_use]
    pub fn tails(&self) -> Tails {
        Tails { greater: ville(self.peak_up), less: ville(self.peak_down) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Stream;
    use approx::assert_relative_eq;

    fn scores() -> impl Iterator<Item = f64> {
        (1..=200_u32).map(|i| f64::from((7 * i * i + 3 * i) % 11) / 10.0)
    }

    #[test]
    fn two_hundred_scores_give_the_interval_of_the_paper() {
        // tests/data/stats/early_reference.py.
        let mut sequence = BernsteinSequence::new(Bounds::unit(), 0.95, 0.35).unwrap();
        for score in scores() {
            sequence.push(score).unwrap();
        }
        let Interval { low, high } = sequence.interval();
        assert_relative_eq!(low, 0.317_976_776_910_380_07, max_relative = 1e-10);
        assert_relative_eq!(high, 0.487_297_235_512_415_05, max_relative = 1e-10);
        let greater = sequence.tails().greater;
        assert_relative_eq!(greater, 0.280_608_096_110_147_3, max_relative = 1e-9);
        assert_relative_eq!(sequence.tails().less, 1.0);
        let mut above = BernsteinSequence::new(Bounds::unit(), 0.95, 0.48).unwrap();
        for score in scores() {
            above.push(score).unwrap();
        }
        assert_relative_eq!(
            above.tails().less,
            0.043_551_432_735_400_915,
            max_relative = 1e-9
        );
    }

    #[test]
    fn a_shifted_and_stretched_range_shifts_and_stretches_the_interval() {
        let wide = Bounds::new(1e9, 1e9 + 10.0).unwrap();
        let mut one = BernsteinSequence::new(Bounds::unit(), 0.9, 0.5).unwrap();
        let mut other = BernsteinSequence::new(wide, 0.9, 1e9 + 5.0).unwrap();
        for score in scores() {
            one.push(score).unwrap();
            other.push(1e9 + 10.0 * score).unwrap();
        }
        let (a, b) = (one.interval(), other.interval());
        assert_relative_eq!(b.low - 1e9, 10.0 * a.low, max_relative = 1e-6);
        assert_relative_eq!(
            one.tails().greater,
            other.tails().greater,
            max_relative = 1e-5
        );
    }

    #[test]
    fn looking_after_every_score_errs_at_most_at_the_level() {
        let mut stream = Stream::new(5, "bernstein");
        let (mut missed, mut rejected) = (0.0, 0.0);
        for _ in 0..2_000 {
            let mut sequence = BernsteinSequence::new(Bounds::unit(), 0.95, 0.5).unwrap();
            for _ in 0..300 {
                sequence.push(stream.unit()).unwrap();
            }
            missed += f64::from(u8::from(!sequence.interval().holds(0.5)));
            rejected += f64::from(u8::from(sequence.tails().two_sided() <= 0.05));
        }
        let most = 0.05 + 3.7 * (0.0475_f64 / 2_000.0).sqrt();
        assert!(missed / 2_000.0 <= most && rejected / 2_000.0 <= most);
    }

    #[test]
    fn before_the_first_score_nothing_is_known() {
        let mut sequence = BernsteinSequence::new(Bounds::unit(), 0.95, 0.5).unwrap();
        assert_eq!(sequence.interval(), Interval { low: 0.0, high: 1.0 });
        assert_eq!(sequence.tails(), Tails { greater: 1.0, less: 1.0 });
        assert_eq!((sequence.n(), sequence.mean()), (0, None));
        assert!(sequence.push(f64::NAN).is_err());
        assert_eq!(sequence.n(), 0);
        assert!(BernsteinSequence::new(Bounds::unit(), 1.0, 0.5).is_err());
        assert!(BernsteinSequence::new(Bounds::unit(), 0.95, -0.5).is_err());
    }
}
