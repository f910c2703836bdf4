//! Whether the levels of a factor differ: row 12 of the table.

use crate::spec::Scale;
use crate::stats::{
    Hotelling, Interval, Resampling, StatsError, Tails, UnitMean, WithinPermutation,
    adjust, anova_repeated, cochran_q, f_effect, hotelling_t2, mean, within_permutation,
};

use super::linear::{Form, Linear};
use super::power::Model;
use super::samples::Paired;

/// Units from which the normal approximation of Hotelling's test is trusted, and how many
/// there must be for each level.
const ENOUGH: (usize, usize) = (50, 5);

/// The levels of a factor over the independent units.
#[derive(Debug)]
pub(super) struct Levels {
    labels: Vec<String>,
    /// The mean of each level, over items.
    pub(super) means: Vec<f64>,
    rows: Vec<Vec<f64>>,
    pub(super) test: LevelTest,
    /// Whether every value is one right or wrong answer.
    is_binary: bool,
}

/// The test of equal levels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum LevelTest {
    /// With many units.
    Hotelling(Hotelling),
    /// With few, or where a contrast has no spread.
    Permuted(WithinPermutation),
}

impl Levels {
    /// Makes the test ready.
    #[expect(clippy::float_cmp, reason = "scores of 0 and 1 are exact")]
    pub(super) fn new(
        gap: &Linear,
        data: &Paired,
        plan: &Resampling,
    ) -> Result<Self, StatsError> {
        let Form::Levels { of, labels } = &gap.form else {
            return Err(StatsError::Undefined { what: "the levels of this claim" });
        };
        let mut columns = vec![vec![0.0; data.items()]; labels.len()];
        for ((term, level), values) in gap.terms.iter().zip(of).zip(&data.means) {
            for (sum, value) in columns[*level].iter_mut().zip(values) {
                *sum += term.factor * value;
            }
        }
        let means = columns.iter().map(|own| mean(own)).collect::<Result<_, _>>()?;
        let columns: Vec<Vec<f64>> =
            columns.into_iter().map(|own| data.by_unit(own)).collect();
        let rows: Vec<Vec<f64>> = (0..data.units.count())
            .map(|unit| columns.iter().map(|own| own[unit]).collect())
            .collect();
        let many = rows.len() >= ENOUGH.0 && rows.len() >= ENOUGH.1 * labels.len();
        let whole = if many { hotelling_t2(&rows).ok() } else { None };
        let test = match whole {
            Some(found) => LevelTest::Hotelling(found),
            None => LevelTest::Permuted(permuted(&rows, plan)?),
        };
        let labels = labels.clone();
        let right_or_wrong = |x: &f64| *x == 0.0 || *x == 1.0;
        let is_binary = rows.iter().flatten().all(right_or_wrong);
        Ok(Self { labels, means, rows, test, is_binary })
    }

    /// Returns the name of the test that decided.
    pub(super) fn name(&self) -> &'static str {
        match self.test {
            LevelTest::Hotelling(_) => "Hotelling's T²",
            LevelTest::Permuted(_) => "within-item permutation F",
        }
    }

    /// Returns what the number of units would be reckoned with: the variance within units
    /// that the levels leave over.
    pub(super) fn model(&self) -> Option<Model> {
        let count = self.means.len();
        let (units, levels) = (self.rows.len() as f64, count as f64);
        if units < 2.0 || count < 2 {
            return None;
        }
        let averages: Vec<f64> =
            self.rows.iter().map(|row| row.iter().sum::<f64>() / levels).collect();
        let whole = averages.iter().sum::<f64>() / units;
        let mut of_level = vec![0.0; count];
        for row in &self.rows {
            for (sum, value) in of_level.iter_mut().zip(row) {
                *sum += value / units;
            }
        }
        let mut squares = 0.0;
        for (row, average) in self.rows.iter().zip(&averages) {
            for (value, level) in row.iter().zip(&of_level) {
                squares += (value - average - level + whole).powi(2);
            }
        }
        let variance = squares / ((units - 1.0) * (levels - 1.0));
        let count = u32::try_from(count).ok()?;
        (variance > 0.0).then_some(Model::Levels { count, variance })
    }

    /// Returns the largest mean less the smallest.
    pub(super) fn range(&self) -> f64 {
        let most = self.means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let least = self.means.iter().copied().fold(f64::INFINITY, f64::min);
        most - least
    }

    /// Returns the p of equal levels as the tail on the side of the claim.
    pub(super) fn tails(&self) -> Tails {
        let p = match self.test {
            LevelTest::Hotelling(found) => found.p,
            LevelTest::Permuted(found) => found.p,
        };
        Tails { greater: p, less: 1.0 }
    }

    /// Returns Cohen's f, of the partial η² of the repeated-measures analysis of variance,
    /// with its interval by the noncentral F.
    pub(super) fn effect(&self, level: f64) -> (Option<f64>, Option<[f64; 2]>) {
        let Ok(found) = anova_repeated(&self.rows) else { return (None, None) };
        let eta = found.partial_eta_sq;
        let f = Some((eta / (1.0 - eta)).sqrt()).filter(|f| f.is_finite());
        let df = [found.df_effect as f64, found.df_error as f64];
        let n = df[0] + df[1] + 1.0;
        let spread = f_effect(found.f, df, n, level).ok();
        let ci = spread.map(|found| found.cohens_f_interval);
        (f, ci.and_then(Interval::ends))
    }

    /// Returns what the runner-up says of equal levels, where there is one: Cochran's Q of
    /// right and wrong answers, else the F of repeated measures with Greenhouse's and
    /// Geisser's correction.
    pub(super) fn runner_up(&self) -> Option<(&'static str, Tails)> {
        let (name, p) = if self.is_binary {
            ("Cochran's Q", cochran_q(&self.rows).ok()?.p)
        } else {
            let found = anova_repeated(&self.rows).ok()?;
            ("repeated-measures F (Greenhouse-Geisser)", found.p_greenhouse_geisser)
        };
        Some((name, Tails { greater: p, less: 1.0 }))
    }

    /// Says what the means are, and which pairs differ after Holm's correction.
    pub(super) fn sentences(&self, scale: Scale, alpha: f64) -> Vec<String> {
        let shown = |x: f64| {
            if scale.is_fraction() {
                format!("{:.1}%", x * 100.0)
            } else {
                format!("{x:.4}")
            }
        };
        let means = self.labels.iter().zip(&self.means);
        let listed: Vec<String> =
            means.map(|(label, mean)| format!("{label} {}", shown(*mean))).collect();
        let mut told = vec![format!("Marginal means: {}.", listed.join(", "))];
        if let LevelTest::Hotelling(found) = self.test {
            told.push(format!(
                "F has {} and {} degrees of freedom.",
                found.df1, found.df2
            ));
        }
        let (mut pairs, mut p) = (Vec::new(), Vec::new());
        for (a, left) in self.labels.iter().enumerate() {
            for (b, right) in self.labels.iter().enumerate().skip(a + 1) {
                let gaps: Vec<f64> =
                    self.rows.iter().map(|row| row[a] - row[b]).collect();
                let units = crate::stats::Units::single(gaps.len());
                let tested = UnitMean::new(&gaps, &units).and_then(|fit| fit.tails(0.0));
                pairs.push(format!("{left} and {right}"));
                p.push(tested.map_or(1.0, Tails::two_sided));
            }
        }
        if let Ok(adjusted) = adjust(&p, crate::stats::Correction::Holm) {
            let differ: Vec<&str> = pairs
                .iter()
                .zip(&adjusted)
                .filter(|(_, p)| **p <= alpha)
                .map(|(pair, _)| pair.as_str())
                .collect();
            told.push(if differ.is_empty() {
                "No pair of levels differs after Holm's correction over the pairs."
                    .to_owned()
            } else {
                format!(
                    "After Holm's correction over the pairs of levels these differ: {}.",
                    differ.join("; ")
                )
            });
        }
        told
    }
}

/// Permutes within units; levels that agree on every unit are equal.
fn permuted(
    rows: &[Vec<f64>],
    plan: &Resampling,
) -> Result<WithinPermutation, StatsError> {
    match within_permutation(rows, plan) {
        Err(StatsError::NoSpread | StatsError::Constant) => {
            Ok(WithinPermutation { f: 0.0, p: 1.0, exact: true })
        }
        found => found,
    }
}
