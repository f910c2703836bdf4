//! How long requests take, from those that ended and those that were cancelled.

/// The shortest time that is told apart, in seconds.
const SHORTEST: f64 = 1e-6;

/// The ratio of neighbouring bins: times are known to one per cent.
const STEP: f64 = 1.01;

/// Bins up to more than an hour.
const BINS: usize = 2_250;

/// Observations after which one counts half.
const HALF_LIFE: f64 = 2_000.0;

/// Weights beyond this are scaled down.
const HEAVY: f64 = 1e12;

/// A curve of survival that ages, on bins of time that grow by one per cent.
///
/// # Formula
///
/// ```text
/// S(t) = Π over bins i ≤ t of (1 − ended_i / at_risk_i),  at_risk_i = Σ over j ≥ i of (ended_j + censored_j)
/// ```
///
/// A request that was cancelled, or that is still under way, took *at least* so long: it is
/// at risk up to then and never counts as ended. Each observation weighs 2^(−age/2000), its
/// age in observations.
///
/// # Source
///
/// E. L. Kaplan and P. Meier, "Nonparametric Estimation from Incomplete Observations",
/// Journal of the American Statistical Association 53(282), 1958, 457–481.
#[derive(Debug, Clone)]
pub(super) struct Survival {
    ended: Vec<f64>,
    censored: Vec<f64>,
    /// The weight of the next observation.
    weight: f64,
    /// Observations that ended, whatever their age.
    seen: u64,
}

impl Default for Survival {
    fn default() -> Self {
        let empty = vec![0.0; BINS];
        Self { ended: empty.clone(), censored: empty, weight: 1.0, seen: 0 }
    }
}

/// The bin of a time in seconds.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "cut to the range of the bins"
)]
fn bin(seconds: f64) -> usize {
    let place = (seconds.max(SHORTEST) / SHORTEST).ln() / STEP.ln();
    (place as usize).min(BINS - 1)
}

/// The upper edge of a bin, in seconds.
fn edge(bin: usize) -> f64 {
    SHORTEST * STEP.powf(bin as f64 + 1.0)
}

impl Survival {
    /// Takes a request that ended after so many seconds.
    pub(super) fn ended(&mut self, seconds: f64) {
        self.ended[bin(seconds)] += self.weight;
        self.seen += 1;
        self.age();
    }

    /// Takes a request that took at least so many seconds.
    pub(super) fn censored(&mut self, seconds: f64) {
        self.censored[bin(seconds)] += self.weight;
        self.age();
    }

    fn age(&mut self) {
        self.weight *= (std::f64::consts::LN_2 / HALF_LIFE).exp();
        if self.weight > HEAVY {
            for count in self.ended.iter_mut().chain(&mut self.censored) {
                *count /= self.weight;
            }
            self.weight = 1.0;
        }
    }

    /// Returns how many requests ended.
    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    /// Returns the curve, with requests that are under way for so many seconds.
    pub(super) fn curve(&self, under_way: impl Iterator<Item = f64>) -> Curve {
        let mut censored = self.censored.clone();
        for seconds in under_way {
            censored[bin(seconds)] += self.weight;
        }
        let scale = 1.0 / self.weight;
        let counts = |bins: &[f64]| bins.iter().map(|count| count * scale).collect();
        Curve::new(counts(&self.ended), counts(&censored))
    }
}

/// A curve of survival at one moment: S at the upper edge of each bin.
#[derive(Debug, Clone)]
pub(super) struct Curve {
    ended: Vec<f64>,
    censored: Vec<f64>,
    left: Vec<f64>,
}

impl Curve {
    /// Returns the curve of these weights of ended and censored requests, bin by bin.
    pub(super) fn new(ended: Vec<f64>, censored: Vec<f64>) -> Self {
        let mut at_risk: f64 = ended.iter().chain(&censored).sum();
        let mut left = Vec::with_capacity(ended.len());
        let mut share = 1.0;
        for (over, cut) in ended.iter().zip(&censored) {
            if *over > 0.0 && at_risk > 0.0 {
                share *= (1.0 - over / at_risk).max(0.0);
            }
            at_risk -= over + cut;
            left.push(share);
        }
        Self { ended, censored, left }
    }

    /// Returns the curve with each weight replaced by `draw` of it.
    pub(super) fn redrawn(&self, mut draw: impl FnMut(f64) -> f64) -> Self {
        let mut all = |weights: &[f64]| -> Vec<f64> {
            weights
                .iter()
                .map(|weight| if *weight > 0.0 { draw(*weight) } else { 0.0 })
                .collect()
        };
        let ended = all(&self.ended);
        let censored = all(&self.censored);
        Self::new(ended, censored)
    }

    /// Returns the share of requests that take longer than so many seconds.
    pub(super) fn beyond(&self, seconds: f64) -> f64 {
        if seconds < SHORTEST {
            return 1.0;
        }
        self.left[bin(seconds)]
    }

    /// Returns the time within which a share `q` of the requests ends. Where so few ended
    /// that the curve does not come so far down, the longest time in which one ended.
    pub(super) fn quantile(&self, q: f64) -> f64 {
        let reached = self.left.iter().position(|left| *left <= 1.0 - q + 1e-12);
        let longest = || self.ended.iter().rposition(|over| *over > 0.0).unwrap_or(0);
        edge(reached.unwrap_or_else(longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Stream;

    #[test]
    fn without_censoring_the_curve_is_that_of_the_sample() {
        let mut survival = Survival::default();
        (1..=100).for_each(|n| survival.ended(f64::from(n) / 100.0));
        let curve = survival.curve(std::iter::empty());
        for q in [0.5, 0.9, 0.95] {
            let found = curve.quantile(q);
            assert!((found / q - 1.0).abs() < 0.03, "{q}: {found}");
        }
    }

    #[test]
    fn the_product_limit_is_that_of_the_worked_example() {
        // Times 1, 2+, 3, 4+, 5 (+ is censored): S(1) = 4/5, S(3) = 4/5 · 2/3, S(5) = 0.
        let mut survival = Survival::default();
        for (seconds, over) in
            [(1.0, true), (2.0, false), (3.0, true), (4.0, false), (5.0, true)]
        {
            if over { survival.ended(seconds) } else { survival.censored(seconds) }
        }
        let curve = survival.curve(std::iter::empty());
        for (at, left) in [(1.5, 0.8), (3.5, 0.8 * 2.0 / 3.0), (5.5, 0.0)] {
            assert!((curve.beyond(at) - left).abs() < 2e-3, "{at}: {}", curve.beyond(at));
        }
    }

    #[test]
    fn requests_cancelled_at_the_delay_do_not_pull_the_quantile_down() {
        // Exponential times of mean 1 s; whatever takes longer than 1 s is cancelled there.
        let mut stream = Stream::new(1, "survival");
        let mut survival = Survival::default();
        for _ in 0..20_000 {
            let seconds = -(1.0 - stream.unit()).ln();
            if seconds < 1.0 { survival.ended(seconds) } else { survival.censored(1.0) }
        }
        let curve = survival.curve(std::iter::empty());
        // The median of the exponential is ln 2; the observed median would be 0.38.
        let median = curve.quantile(0.5);
        assert!((median / std::f64::consts::LN_2 - 1.0).abs() < 0.06, "{median}");
        assert!((curve.beyond(0.99) - (-0.99_f64).exp()).abs() < 0.03);
    }

    #[test]
    fn requests_under_way_count_as_at_least_so_long() {
        let mut survival = Survival::default();
        (0..50).for_each(|_| survival.ended(0.1));
        let calm = survival.curve(std::iter::empty()).quantile(0.9);
        assert!((calm / 0.1 - 1.0).abs() < 0.03);
        let stuck = survival.curve(std::iter::repeat_n(5.0, 50));
        assert!(stuck.beyond(0.2) > 0.45);
    }

    #[test]
    fn old_requests_are_forgotten() {
        let mut survival = Survival::default();
        (0..4_000).for_each(|_| survival.ended(0.1));
        (0..8_000).for_each(|_| survival.ended(1.0));
        let curve = survival.curve(std::iter::empty());
        assert!((curve.quantile(0.5) / 1.0 - 1.0).abs() < 0.03);
        assert!(curve.beyond(0.5) > 0.9, "{}", curve.beyond(0.5));
    }
}
