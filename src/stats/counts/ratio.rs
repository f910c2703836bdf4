//! Intervals of ratios of two proportions, and of their odds.

use super::proportions::Proportion;
use super::table::total;
use crate::stats::StatsError;
use crate::stats::dist::Normal;
use crate::stats::outcome::{Interval, level};

/// How an interval of a ratio of two independent proportions is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RatioMethod {
    /// Of the ratio of shares, on the log scale.
    Log,
    /// The same with ½ added to successes and trials.
    LogAdjusted,
    /// Of the ratio of odds, on the log scale.
    Logit,
    /// The same with ½ added to successes and failures.
    LogitAdjusted,
}

/// Returns an interval of the ratio of two independent proportions, or of their odds.
///
/// # Formula
///
/// ```text
/// ratio of shares  ln(p₁/p₂) ± z √(1/x₁ − 1/n₁ + 1/x₂ − 1/n₂)
/// ratio of odds    ln(p₁ q₂ / (q₁ p₂)) ± z √(1/x₁ + 1/(n₁ − x₁) + 1/x₂ + 1/(n₂ − x₂))
/// ```
///
/// # Shapes and units
///
/// Two independent samples; a ratio has no unit and is positive.
///
/// # Errors
///
/// `InvalidParameter` for the level; `Undefined` for the logarithm or the inverse of zero.
///
/// # Source
///
/// D. Katz, J. Baptista, S. P. Azen and M. C. Pike, Biometrics 34(3), 1978, 469–474; B. Woolf,
/// Annals of Human Genetics 19(4), 1955, 251–253; ½: J. J. Gart and J. R. Zweifel, Biometrika
/// 54(1–2), 1967, 181–187; as statsmodels 0.15, `confint_proportions_2indep`.
pub fn proportion_ratio_interval(
    first: Proportion,
    second: Proportion,
    confidence: f64,
    method: RatioMethod,
) -> Result<Interval, StatsError> {
    let z = Normal.upper_quantile((1.0 - level(confidence)?) / 2.0)?;
    let cells = |more: f64, failures: f64| Cells {
        a: first.successes() as f64 + more,
        b: first.failures() as f64 + failures,
        c: second.successes() as f64 + more,
        d: second.failures() as f64 + failures,
    };
    let ratio = match method {
        RatioMethod::Log => cells(0.0, 0.0).risk(),
        RatioMethod::LogAdjusted => cells(0.5, 0.0).risk(),
        RatioMethod::Logit => cells(0.0, 0.0).odds(),
        RatioMethod::LogitAdjusted => cells(0.5, 0.5).odds(),
    };
    ratio.map(|ratio| ratio.reach(z))
}

/// A ratio with its error on the log scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogRatio {
    /// The ratio, positive.
    pub ratio: f64,
    /// The standard error of its logarithm.
    pub log_se: f64,
}

impl LogRatio {
    /// Returns the two-sided p of a ratio of one.
    ///
    /// # Errors
    ///
    /// None for a positive ratio, which the constructors see to.
    pub fn p(&self) -> Result<f64, StatsError> {
        let z = self.ratio.ln().abs() / self.log_se;
        Ok((2.0 * Normal.sf(z)?).min(1.0))
    }

    /// Returns the interval of a level of confidence.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for the level.
    pub fn interval(&self, confidence: f64) -> Result<Interval, StatsError> {
        Ok(self.reach(Normal.upper_quantile((1.0 - level(confidence)?) / 2.0)?))
    }

    fn reach(&self, z: f64) -> Interval {
        let (log, reach) = (self.ratio.ln(), z * self.log_se);
        Interval { low: (log - reach).exp(), high: (log + reach).exp() }
    }
}

/// Ratio of odds and ratio of risks of a table of two groups.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OddsRiskRatio {
    /// `ad / bc`.
    pub odds: LogRatio,
    /// `a/(a + b)` over `c/(c + d)`.
    pub risk: LogRatio,
}

/// What is done about a cell that is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ZeroCells {
    /// ½ is added to all four cells.
    #[default]
    AddHalf,
    /// Cells that are zero become ½, the others stay, as in statsmodels 0.15.
    Half,
    /// Nothing: a ratio that divides by it is refused.
    Keep,
}

/// Returns the ratios of odds and of risks of two groups.
///
/// # Formula
///
/// ```text
/// OR = ad / bc,                    se of ln OR = √(1/a + 1/b + 1/c + 1/d)
/// RR = (a / (a + b)) / (c / (c + d)),  se of ln RR = √(b/(a(a + b)) + d/(c(c + d)))
/// ```
///
/// # Shapes and units
///
/// In `[[a, b], [c, d]]` rows are groups, the first column counts the event.
///
/// # Errors
///
/// `InvalidTable` beyond 64 bits; `ZeroMarginal` for an empty group; `Undefined` for a zero
/// cell that is kept.
///
/// # Source
///
/// B. Woolf, Annals of Human Genetics 19(4), 1955, 251–253; D. Katz, J. Baptista, S. P. Azen
/// and M. C. Pike, Biometrics 34(3), 1978, 469–474; ½: J. B. S. Haldane, Annals of Human
/// Genetics 20(4), 1956, 309–311.
///
/// # Example
///
/// ```
/// use crucible::stats::{ZeroCells, odds_risk_ratio};
///
/// let ratios = odds_risk_ratio([[20, 80], [10, 90]], ZeroCells::AddHalf)?;
/// assert!((ratios.odds.ratio - 2.25).abs() < 1e-12 && (ratios.risk.ratio - 2.0).abs() < 1e-12);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn odds_risk_ratio(
    table: [[u64; 2]; 2],
    zero_cells: ZeroCells,
) -> Result<OddsRiskRatio, StatsError> {
    total(table.iter().flatten())?;
    if table.iter().any(|[event, none]| event + none == 0) {
        return Err(StatsError::ZeroMarginal);
    }
    let any = table.iter().flatten().any(|count| *count == 0);
    let [[a, b], [c, d]] = table.map(|row| {
        row.map(|count| match zero_cells {
            ZeroCells::AddHalf if any => count as f64 + 0.5,
            ZeroCells::Half if count == 0 => 0.5,
            ZeroCells::AddHalf | ZeroCells::Half | ZeroCells::Keep => count as f64,
        })
    });
    let cells = Cells { a, b, c, d };
    Ok(OddsRiskRatio { odds: cells.odds()?, risk: cells.risk()? })
}

/// Events and others of two groups, perhaps with a half more.
#[derive(Debug, Clone, Copy)]
struct Cells {
    a: f64,
    b: f64,
    c: f64,
    d: f64,
}

impl Cells {
    fn odds(self) -> Result<LogRatio, StatsError> {
        let Self { a, b, c, d } = self;
        if [a, b, c, d].contains(&0.0) {
            return Err(StatsError::Undefined {
                what: "a ratio of odds with a zero cell",
            });
        }
        let log_se = (1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d).sqrt();
        Ok(LogRatio { ratio: (a / b) / (c / d), log_se })
    }

    fn risk(self) -> Result<LogRatio, StatsError> {
        let Self { a, b, c, d } = self;
        if a == 0.0 || c == 0.0 {
            return Err(StatsError::Undefined {
                what: "a ratio of shares that are zero",
            });
        }
        let (n, m) = (a + b, c + d);
        let log_se = (b / a / n + d / c / m).sqrt();
        Ok(LogRatio { ratio: (a / n) / (c / m), log_se })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn swapping_the_samples_inverts_the_interval() {
        let (one, two) =
            (Proportion::new(9, 10).unwrap(), Proportion::new(3, 12).unwrap());
        for method in [
            RatioMethod::Log,
            RatioMethod::LogAdjusted,
            RatioMethod::Logit,
            RatioMethod::LogitAdjusted,
        ] {
            let there = proportion_ratio_interval(one, two, 0.9, method).unwrap();
            let back = proportion_ratio_interval(two, one, 0.9, method).unwrap();
            assert_relative_eq!(there.low, 1.0 / back.high, max_relative = 1e-12);
            assert!(there.low < there.high);
        }
    }

    #[test]
    fn ratios_of_nothing_are_refused_unless_a_half_is_added() {
        let (none, some) =
            (Proportion::new(0, 10).unwrap(), Proportion::new(3, 10).unwrap());
        let test = |method| proportion_ratio_interval(none, some, 0.95, method);
        assert!(matches!(test(RatioMethod::Log), Err(StatsError::Undefined { .. })));
        assert!(matches!(test(RatioMethod::Logit), Err(StatsError::Undefined { .. })));
        assert!(test(RatioMethod::LogAdjusted).is_ok());
        assert!(test(RatioMethod::LogitAdjusted).is_ok());
        let table = [[0, 10], [3, 7]];
        assert!(odds_risk_ratio(table, ZeroCells::AddHalf).is_ok());
        assert!(odds_risk_ratio(table, ZeroCells::Keep).is_err());
        let half = odds_risk_ratio(table, ZeroCells::Half).unwrap();
        assert_relative_eq!(half.odds.ratio, 0.5 * 7.0 / 30.0, max_relative = 1e-14);
    }

    #[test]
    fn an_empty_group_has_no_risk() {
        let empty = odds_risk_ratio([[0, 0], [9, 2]], ZeroCells::AddHalf);
        assert_eq!(empty, Err(StatsError::ZeroMarginal));
        assert!(odds_risk_ratio([[u64::MAX, 2], [9, 2]], ZeroCells::AddHalf).is_err());
    }

    #[test]
    fn equal_risks_have_a_ratio_of_one() {
        let ratios = odds_risk_ratio([[15, 30], [10, 20]], ZeroCells::AddHalf).unwrap();
        assert_relative_eq!(ratios.odds.p().unwrap(), 1.0, max_relative = 1e-12);
        assert_relative_eq!(ratios.risk.ratio, 1.0, max_relative = 1e-15);
        assert!(ratios.risk.interval(0.95).unwrap().holds(1.0));
        assert!(ratios.risk.interval(1.0).is_err());
    }
}
