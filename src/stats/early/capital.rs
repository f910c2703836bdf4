//! Wealth of a bettor, and the bets that the values seen so far suggest.

/// Products leave this range for their logarithm.
const LARGE: f64 = 1e140;

/// A product of positive factors and its largest value so far, free of overflow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Capital {
    scale: f64,
    product: f64,
    peak: f64,
    peak_log: f64,
}

impl Capital {
    /// Returns the capital before the first bet: one.
    pub(super) fn start() -> Self {
        Self { scale: 0.0, product: 1.0, peak: 1.0, peak_log: 0.0 }
    }

    /// Multiplies by the outcome of one bet.
    pub(super) fn multiply(&mut self, factor: f64) {
        self.product *= factor;
        self.peak = self.peak.max(self.product);
        if self.product > LARGE || self.product < 1.0 / LARGE {
            self.peak_log = self.log_peak();
            self.scale += self.product.ln();
            self.product = 1.0;
            self.peak = 1.0;
        }
    }

    /// Returns the logarithm of the largest capital so far.
    pub(super) fn log_peak(&self) -> f64 {
        self.peak_log.max(self.scale + self.peak.ln())
    }
}

/// The p-value of a capital: by Ville's inequality, one over its largest value.
pub(super) fn ville(log_peak: f64) -> f64 {
    (-log_peak).exp().min(1.0)
}

/// What the values so far say about the next bet; each lies in `[0, 1]`.
///
/// # Formula
///
/// ```text
/// μ̂_t  = (½ + Σ Xᵢ) / (t + 1)
/// σ̂²_t = (¼ + Σ (Xᵢ − μ̂ᵢ)²) / (t + 1)
/// λ_t  = √( 2 ln(2/α) / (σ̂²_{t−1} t ln(1 + t)) )
/// ```
///
/// # Source
///
/// I. Waudby-Smith and A. Ramdas, "Estimating means of bounded random variables by
/// betting", Journal of the Royal Statistical Society B 86(1), 2024, 1–27, equations for
/// the predictable plug-in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bettor {
    log_term: f64,
    seen: u64,
    total: f64,
    squares: f64,
}

impl Bettor {
    /// Returns the bettor that aims at a level of error.
    pub(super) fn new(alpha: f64) -> Self {
        Self { log_term: 2.0 * (2.0 / alpha).ln(), seen: 0, total: 0.0, squares: 0.0 }
    }

    /// Returns the number of values seen.
    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    /// Returns the sum of the values seen.
    pub(super) fn total(&self) -> f64 {
        self.total
    }

    /// Returns the guess at the mean before the next value.
    pub(super) fn guess(&self) -> f64 {
        (0.5 + self.total) / (self.seen as f64 + 1.0)
    }

    /// Returns the bet on the next value, before its cap.
    pub(super) fn bet(&self) -> f64 {
        let t = self.seen as f64 + 1.0;
        let variance = (0.25 + self.squares) / t;
        (self.log_term / (variance * t * t.ln_1p())).sqrt()
    }

    /// Sees a value.
    pub(super) fn see(&mut self, x: f64) {
        self.seen += 1;
        self.total += x;
        self.squares += (x - self.guess()).powi(2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn a_capital_keeps_its_peak_beyond_the_range_of_floats() {
        let mut capital = Capital::start();
        for _ in 0..1_000 {
            capital.multiply(10.0);
        }
        for _ in 0..2_000 {
            capital.multiply(0.1);
        }
        assert_relative_eq!(capital.log_peak(), 1_000.0 * 10.0_f64.ln(), epsilon = 1e-9);
        let mut poor = Capital::start();
        for _ in 0..2_000 {
            poor.multiply(0.1);
        }
        assert_relative_eq!(poor.log_peak(), 0.0);
    }

    #[test]
    fn the_first_bet_knows_nothing_but_the_level() {
        let bettor = Bettor::new(0.05);
        // √(2 ln 40 / (¼ · 1 · ln 2))
        assert_relative_eq!(bettor.bet(), 6.524_984_66, max_relative = 1e-7);
        assert_relative_eq!(bettor.guess(), 0.5);
    }
}
