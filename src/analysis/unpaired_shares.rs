//! Two shares of different items with one trial each: row 4 of the table.

use crate::stats::{
    Alternative, DifferenceMethod, Interval, MiettinenNurminen, Proportion, StatsError,
    Tails, boschloo_exact, odds_risk_ratio, proportion_difference_interval,
};

use super::findings::EffectSize;
use super::method::Method;
use super::procedure::Statistic;
use super::satterthwaite::Answer;

pub(super) const SHARES: Method = Method {
    test: "Miettinen-Nurminen score",
    short: &["miettinen_nurminen", "score"],
    why: "Chosen because right-or-wrong scores of different items are compared, with one trial each; Boschloo's exact test takes its place where fewer than five right or wrong answers are expected on a side and there is no margin.",
    interval: "Miettinen-Nurminen",
    resampled: false,
};

/// The fewest expected answers of a kind for which the score test is trusted.
const ENOUGH: f64 = 5.0;

/// Two shares; θ is `factor` times their difference.
pub(super) struct Shares {
    left: Proportion,
    right: Proportion,
    counts: [[u64; 2]; 2],
    score: MiettinenNurminen,
    factor: f64,
    /// Whether the exact test decides against no difference.
    pub(super) exact: bool,
}

impl Shares {
    /// Takes the scores of both sides, each 0 or 1.
    pub(super) fn new(
        left: &[f64],
        right: &[f64],
        factor: f64,
    ) -> Result<Self, StatsError> {
        let of = |scores: &[f64]| {
            let right = scores.iter().filter(|score| **score > 0.5).count() as u64;
            (right, scores.len() as u64 - right)
        };
        let ((a, c), (b, d)) = (of(left), of(right));
        let (first, second) = (Proportion::new(a, a + c)?, Proportion::new(b, b + d)?);
        let all = (a + b + c + d) as f64;
        let kinds = [(a + b) as f64, (c + d) as f64];
        let sides = [(a + c) as f64, (b + d) as f64];
        let expected =
            kinds.iter().flat_map(|kind| sides.iter().map(move |n| kind * n / all));
        let fewest = expected.fold(f64::INFINITY, f64::min);
        Ok(Self {
            left: first,
            right: second,
            counts: [[a, b], [c, d]],
            score: MiettinenNurminen::new(first, second),
            factor,
            exact: fewest < ENOUGH,
        })
    }

    /// Returns the odds ratio with its interval of a level.
    pub(super) fn effect(&self, level: f64) -> EffectSize {
        let [[a, b], [c, d]] = self.counts;
        // Its rows are the groups.
        let odds = odds_risk_ratio([[a, c], [b, d]], Default::default());
        let found = odds.ok().map(|found| found.odds);
        let ci = found.as_ref().and_then(|odds| odds.interval(level).ok());
        let finite =
            |ends: [f64; 2]| ends.iter().all(|end| end.is_finite()).then_some(ends);
        EffectSize {
            name: "odds ratio".to_owned(),
            value: found.map(|odds| odds.ratio).filter(|ratio| ratio.is_finite()),
            ci: ci.and_then(|interval| finite([interval.low, interval.high])),
            reading: None,
        }
    }

    /// Returns what Newcombe's interval says of a margin: the levels at which its ends reach
    /// it.
    pub(super) fn newcombe(&self, margin: f64) -> Option<Tails> {
        let margin = margin / self.factor;
        let method = DifferenceMethod::Newcombe;
        let at = |level: f64| {
            proportion_difference_interval(self.left, self.right, level, method).ok()
        };
        let level = |reaches: &dyn Fn(Interval) -> bool| -> Option<f64> {
            let (mut low, mut high) = (1e-12, 1.0 - 1e-15);
            if reaches(at(low)?) {
                return Some(0.0);
            }
            for _ in 0..80 {
                let middle = f64::midpoint(low, high);
                if reaches(at(middle)?) { high = middle } else { low = middle }
            }
            Some(high)
        };
        let estimate = self.score.estimate();
        let tail =
            (1.0 - if estimate > margin {
                level(&|interval| interval.low <= margin)?
            } else {
                level(&|interval| interval.high >= margin)?
            }) / 2.0;
        Some(if estimate > margin {
            Tails { greater: tail, less: 1.0 - tail }
        } else {
            Tails { greater: 1.0 - tail, less: tail }
        })
    }
}

impl Answer for Shares {
    fn estimate(&self) -> f64 {
        self.factor * self.score.estimate()
    }

    fn tails(&self, margin: f64) -> Result<Tails, StatsError> {
        if margin == 0.0 && self.exact {
            let p = |side| boschloo_exact(self.counts, side).map(|test| test.p);
            return Ok(Tails {
                greater: p(Alternative::Greater)?,
                less: p(Alternative::Less)?,
            });
        }
        self.score.tails(margin / self.factor)
    }

    fn interval(&self, confidence: f64) -> Result<Interval, StatsError> {
        Ok(self.score.interval(confidence)?.times(self.factor))
    }

    fn statistic(&self, margin: f64) -> Statistic {
        if margin == 0.0 && self.exact {
            let k = self.counts[0][0] as f64;
            return Statistic { name: "k", value: Some(k), df: None };
        }
        Statistic { name: "z", value: self.score.z(margin / self.factor).ok(), df: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    fn scores(right: usize, n: usize) -> Vec<f64> {
        (0..n).map(|i| f64::from(u8::from(i < right))).collect()
    }

    #[test]
    fn few_expected_answers_are_tested_exactly() {
        // scipy.stats.boschloo_exact([[7, 12], [8, 3]]): twice the smaller side,
        // "less" 0.0341 (its documentation).
        let few = Shares::new(&scores(7, 15), &scores(12, 15), 1.0).unwrap();
        assert!(
            !few.exact,
            "30 answers of which 11 are wrong: 5.5 expected on each side"
        );
        let fewer = Shares::new(&scores(1, 15), &scores(7, 15), 1.0).unwrap();
        assert!(fewer.exact);
        let p = fewer.tails(0.0).unwrap().two_sided();
        let exact = boschloo_exact([[1, 7], [14, 8]], Alternative::TwoSided).unwrap().p;
        assert_relative_eq!(p, exact, max_relative = 1e-12);
    }

    #[test]
    fn the_runner_up_is_newcombes_interval_turned_around() {
        let shares = Shares::new(&scores(56, 70), &scores(48, 80), 1.0).unwrap();
        let found = shares.newcombe(0.0).unwrap();
        let method = DifferenceMethod::Newcombe;
        let level = 1.0 - 2.0 * found.greater;
        let interval =
            proportion_difference_interval(shares.left, shares.right, level, method)
                .unwrap();
        assert!(interval.low.abs() < 1e-9, "{interval:?}");
        assert!(found.greater < 0.01);
        let turned = Shares::new(&scores(48, 80), &scores(56, 70), 1.0).unwrap();
        let other = turned.newcombe(0.0).unwrap();
        assert_relative_eq!(other.less, found.greater, max_relative = 1e-9);
    }
}
