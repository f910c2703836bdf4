//! Words for sizes of effects, and whose words they are.

use crate::stats::StatsError;

/// A word for the size of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Magnitude {
    /// Below the threshold of small.
    Negligible,
    /// Small.
    Small,
    /// Medium.
    Medium,
    /// Large.
    Large,
}

impl Magnitude {
    /// Returns the word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Negligible => "negligible",
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }
}

/// A measure of effect for which somebody named thresholds.
///
/// # Formula
///
/// ```text
/// measure                     small   medium  large   whose
/// Cohen's d, g, Glass's Δ     0.2     0.5     0.8     Cohen 1988, 25–27
/// Cohen's h                   0.2     0.5     0.8     Cohen 1988, 184–185
/// Cohen's w                   0.1     0.3     0.5     Cohen 1988, 227
/// Cohen's f                   0.1     0.25    0.4     Cohen 1988, 285–287
/// η², ω², ε²                  0.0099  0.0588  0.1379  Cohen 1988, 285–287 (f² / (1 + f²))
/// r                           0.1     0.3     0.5     Cohen 1988, 79–81
/// Cliff's δ                   0.147   0.33    0.474   Romano et al. 2006
/// A                           0.56    0.64    0.71    Vargha and Delaney 2000
/// ```
///
/// Signs are dropped; `A`, the probability of superiority, is folded about ½ first. An
/// effect at a threshold has the larger word. "Negligible" is Romano's word; for Cohen's
/// measures it stands for less than small.
///
/// # Source
///
/// J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd ed., 1988; J.
/// Romano, J. D. Kromrey, J. Coraggio and J. Skowronek, "Appropriate statistics for ordinal
/// level data", annual meeting of the Florida Association of Institutional Research, 2006; A.
/// Vargha and H. D. Delaney, Journal of Educational and Behavioral Statistics 25(2), 2000,
/// 101–132.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thresholds {
    /// Standardised differences: Cohen's d, Hedges' g, Glass's Δ, `d_z`.
    StandardisedDifference,
    /// Cohen's h.
    CohensH,
    /// Cohen's w; φ, and Cramér's V of a table with two rows or columns.
    CohensW,
    /// Cohen's f.
    CohensF,
    /// η², ω², ε².
    VarianceExplained,
    /// Correlations.
    Correlation,
    /// Cliff's δ, the rank-biserial correlation.
    CliffsDelta,
    /// The probability of superiority, A.
    Superiority,
}

/// What an effect is called, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The word.
    pub magnitude: Magnitude,
    /// Whose thresholds these are.
    pub source: &'static str,
}

impl Thresholds {
    /// Returns the thresholds of small, medium and large, in this order.
    #[must_use]
    pub fn bounds(self) -> [f64; 3] {
        match self {
            Self::StandardisedDifference | Self::CohensH => [0.2, 0.5, 0.8],
            Self::CohensW | Self::Correlation => [0.1, 0.3, 0.5],
            Self::CohensF => [0.1, 0.25, 0.4],
            Self::VarianceExplained => [0.0099, 0.0588, 0.1379],
            Self::CliffsDelta => [0.147, 0.33, 0.474],
            Self::Superiority => [0.56, 0.64, 0.71],
        }
    }

    /// Returns whose thresholds these are.
    #[must_use]
    pub fn source(self) -> &'static str {
        match self {
            Self::StandardisedDifference
            | Self::CohensH
            | Self::CohensW
            | Self::CohensF
            | Self::VarianceExplained
            | Self::Correlation => "Cohen 1988",
            Self::CliffsDelta => "Romano et al. 2006",
            Self::Superiority => "Vargha and Delaney 2000",
        }
    }

    /// Returns the word for an effect.
    ///
    /// # Errors
    ///
    /// `NotFinite` for NaN; an infinite effect is large.
    pub fn read(self, effect: f64) -> Result<Reading, StatsError> {
        if effect.is_nan() {
            return Err(StatsError::NotFinite { index: 0 });
        }
        let size = match self {
            // A negative ω² or ε² is a small one that chance pushed below zero.
            Self::VarianceExplained => effect,
            Self::Superiority => effect.max(1.0 - effect),
            Self::StandardisedDifference
            | Self::CohensH
            | Self::CohensW
            | Self::CohensF
            | Self::Correlation
            | Self::CliffsDelta => effect.abs(),
        };
        let [small, medium, large] = self.bounds();
        let magnitude = if size >= large {
            Magnitude::Large
        } else if size >= medium {
            Magnitude::Medium
        } else if size >= small {
            Magnitude::Small
        } else {
            Magnitude::Negligible
        };
        Ok(Reading { magnitude, source: self.source() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Thresholds; 8] = [
        Thresholds::StandardisedDifference,
        Thresholds::CohensH,
        Thresholds::CohensW,
        Thresholds::CohensF,
        Thresholds::VarianceExplained,
        Thresholds::Correlation,
        Thresholds::CliffsDelta,
        Thresholds::Superiority,
    ];

    #[test]
    fn an_effect_at_a_threshold_has_the_larger_word() {
        for thresholds in ALL {
            let words = [Magnitude::Small, Magnitude::Medium, Magnitude::Large];
            for (bound, word) in thresholds.bounds().into_iter().zip(words) {
                assert_eq!(thresholds.read(bound).unwrap().magnitude, word);
                assert!(thresholds.read(bound - 1e-9).unwrap().magnitude < word);
            }
        }
    }

    #[test]
    fn the_sign_does_not_matter_but_to_shares_of_variance() {
        let read = |thresholds: Thresholds, effect| thresholds.read(effect).unwrap();
        let cliff = read(Thresholds::CliffsDelta, -0.4);
        assert_eq!(cliff.magnitude.word(), "medium");
        assert_eq!(cliff.source, "Romano et al. 2006");
        let below = read(Thresholds::Superiority, 0.29);
        assert_eq!(below.magnitude, Magnitude::Large);
        let chance = read(Thresholds::VarianceExplained, -0.2);
        assert_eq!(chance.magnitude, Magnitude::Negligible);
    }

    #[test]
    fn nothing_is_said_of_nan() {
        assert!(Thresholds::CohensH.read(f64::NAN).is_err());
        let endless = Thresholds::CohensH.read(f64::INFINITY).unwrap();
        assert_eq!(endless.magnitude.word(), "large");
    }
}
