//! Analysis of variance of two factors.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::sums::{Part, Parts};
use super::triangle::Triangle;
use crate::stats::StatsError;
use crate::stats::dist::FisherF;
use crate::stats::outcome::{finite, paired};

/// For which other terms a term is adjusted, where cells have unequal sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SquaresType {
    /// Type I: for the terms before it: `a`, then `b`, then the interaction.
    Sequential,
    /// Type II: for every term that does not contain it.
    #[default]
    Hierarchical,
    /// Type III: for every other term, with contrasts that sum to zero.
    Marginal,
}

/// How a two-way analysis of variance is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TwoWay {
    /// The kind of sums of squares.
    pub squares: SquaresType,
    /// Whether the model has an interaction.
    pub interaction: bool,
}

impl Default for TwoWay {
    fn default() -> Self {
        Self { squares: SquaresType::default(), interaction: true }
    }
}

/// One term of an analysis of variance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AnovaTerm {
    /// Squares that it explains, in the unit of the values squared.
    pub ss: f64,
    /// Its degrees of freedom.
    pub df: usize,
    /// Fisher's F.
    pub f: f64,
    /// The p of no effect.
    pub p: f64,
    /// Its squares as a share of them and the residual ones.
    pub partial_eta_sq: f64,
}

/// The table of a two-way analysis of variance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TwoWayAnova {
    /// The first factor.
    pub a: AnovaTerm,
    /// The second factor.
    pub b: AnovaTerm,
    /// Their interaction, if the model has it.
    pub interaction: Option<AnovaTerm>,
    /// Squares that the model leaves.
    pub ss_residual: f64,
    /// Their degrees of freedom.
    pub df_residual: usize,
}

/// Tests two crossed factors, with cells of any size.
///
/// # Formula
///
/// ```text
/// yᵢⱼ = μ + αᵢ + βⱼ + (αβ)ᵢⱼ + e
/// SS(term | others) = Σ (Qᵀ y)² over the term's columns, in X = [1, others, term] = Q R
/// F = [SS / df] / [SSe / (N − rank)],  partial η² = SS / (SS + SSe)
/// ```
///
/// The columns are contrasts that sum to zero; the *others* are those of [`SquaresType`].
///
/// # Shapes and units
///
/// One value and one label of each factor for each observation, in any order; at least two
/// levels a factor and more observations than parameters.
///
/// # Numerics
///
/// Fitted to the means of cells, weighted by size, by Householder reflections; squares within
/// cells are added apart. Nothing is a difference of two sums of squares.
///
/// # Errors
///
/// `LengthMismatch`, `Empty`, `NotFinite`; `TooFew` for one level or no residual degrees of
/// freedom; `Singular` when an empty cell leaves a term without an estimate; `NoSpread` when
/// nothing is left unexplained.
///
/// # Source
///
/// F. Yates, "The Analysis of Multiple Classifications with Unequal Numbers in the Different
/// Classes", Journal of the American Statistical Association 29(185), 1934, 51–66; the types
/// after F. M. Speed, R. R. Hocking and O. P. Hackney, ibid. 73(361), 1978, 105–112.
///
/// # Example
///
/// ```
/// use crucible::stats::{TwoWay, anova_two_way};
/// let y = [1.0, 2.0, 2.0, 4.0, 3.0, 3.5, 7.0, 6.0];
/// let model = ["s", "s", "s", "s", "l", "l", "l", "l"];
/// let prompt = [1, 1, 2, 2, 1, 1, 2, 2];
/// let anova = anova_two_way(&y, &model, &prompt, TwoWay::default())?;
/// assert_eq!(anova.df_residual, 4);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn anova_two_way<A: Ord, B: Ord>(
    y: &[f64],
    a: &[A],
    b: &[B],
    model: TwoWay,
) -> Result<TwoWayAnova, StatsError> {
    paired(y.len(), a.len())?;
    paired(y.len(), b.len())?;
    if y.is_empty() {
        return Err(StatsError::Empty);
    }
    finite(y)?;
    let design = Design::of(y, a, b, model)?;
    let (none, rest) = (0..0, design.rest());
    let [only_a, only_b, both] = [&design.a, &design.b, &design.both].map(Clone::clone);
    let term = |others: [&Range<usize>; 2], own: &Range<usize>| design.term(others, own);
    let b_given_a = term([&only_a, &none], &only_b)?;
    let last = term([&only_a, &only_b], &both)?;
    let (first, second) = match model.squares {
        SquaresType::Sequential => (term([&none, &none], &only_a)?, b_given_a),
        SquaresType::Hierarchical => (term([&only_b, &none], &only_a)?, b_given_a),
        SquaresType::Marginal => {
            (term([&only_b, &both], &only_a)?, term([&only_a, &both], &only_b)?)
        }
    };
    let residual = design.within + last.left;
    let df = y.len().saturating_sub(rest.end);
    if df == 0 {
        return Err(StatsError::TooFew {
            of: "values",
            needed: rest.end + 1,
            got: y.len(),
        });
    }
    if residual <= design.noise {
        return Err(StatsError::NoSpread);
    }
    let row = |fit: Fit, columns: &Range<usize>| {
        design.row(fit.explained, columns.len(), residual / df as f64, df)
    };
    Ok(TwoWayAnova {
        a: row(first, &only_a)?,
        b: row(second, &only_b)?,
        interaction: if model.interaction { Some(row(last, &both)?) } else { None },
        ss_residual: residual * design.square,
        df_residual: df,
    })
}

/// What a term explains after others, and what all of them leave between cells.
#[derive(Clone, Copy)]
struct Fit {
    explained: f64,
    left: f64,
}

/// The cells of a design, their weights and the columns of contrasts.
struct Design {
    /// The constant, then the columns of `a`, of `b` and of both, a row for each cell.
    columns: Vec<Vec<f64>>,
    a: Range<usize>,
    b: Range<usize>,
    both: Range<usize>,
    /// `√n ȳ` of each cell.
    y: Vec<f64>,
    within: f64,
    /// Squares that are only rounding.
    noise: f64,
    square: f64,
}

impl Design {
    fn of<A: Ord, B: Ord>(
        y: &[f64],
        a: &[A],
        b: &[B],
        model: TwoWay,
    ) -> Result<Self, StatsError> {
        let (a, a_levels) = numbered(a)?;
        let (b, b_levels) = numbered(b)?;
        let mut cells: BTreeMap<[usize; 2], Vec<f64>> = BTreeMap::new();
        for (i, y) in y.iter().enumerate() {
            cells.entry([a[i], b[i]]).or_default().push(*y);
        }
        if model.interaction && cells.len() < a_levels * b_levels {
            return Err(StatsError::Singular);
        }
        let groups: Vec<Vec<f64>> = cells.values().cloned().collect();
        let parts = Parts::of(&groups)?;
        let centre = parts.grand_mean();
        let places: Vec<([usize; 2], Part)> =
            cells.keys().copied().zip(parts.each.iter().copied()).collect();
        let column = |value: &dyn Fn([usize; 2]) -> f64| {
            places
                .iter()
                .map(|(at, part)| part.n.sqrt() * value(*at))
                .collect::<Vec<f64>>()
        };
        let mut columns = vec![column(&|_| 1.0)];
        let of_a = |i| move |at: [usize; 2]| contrast(at[0], i, a_levels);
        let of_b = |j| move |at: [usize; 2]| contrast(at[1], j, b_levels);
        columns.extend((0..a_levels - 1).map(|i| column(&of_a(i))));
        columns.extend((0..b_levels - 1).map(|j| column(&of_b(j))));
        let (end_a, end_b) = (a_levels, a_levels + b_levels - 1);
        if model.interaction {
            for i in 0..a_levels - 1 {
                columns.extend(
                    (0..b_levels - 1).map(|j| column(&|at| of_a(i)(at) * of_b(j)(at))),
                );
            }
        }
        Ok(Self {
            a: 1..end_a,
            b: end_a..end_b,
            both: end_b..columns.len(),
            columns,
            y: places.iter().map(|(_, p)| p.n.sqrt() * (p.mean - centre)).collect(),
            within: parts.within(),
            noise: y.len() as f64 * (8.0 * f64::EPSILON).powi(2),
            square: parts.unit.powi(2),
        })
    }

    /// Returns the columns of the whole model.
    fn rest(&self) -> Range<usize> {
        0..self.columns.len()
    }

    fn term(
        &self,
        others: [&Range<usize>; 2],
        own: &Range<usize>,
    ) -> Result<Fit, StatsError> {
        let [first, second] = others.map(Clone::clone);
        let order = (0..1).chain(first).chain(second).chain(own.clone());
        let columns: Vec<Vec<f64>> = order.map(|i| self.columns[i].clone()).collect();
        let end = columns.len();
        let fit = Triangle::new(columns, self.y.clone())?;
        let explained = fit.explained(end - own.len()..end);
        Ok(Fit { explained, left: fit.residual() })
    }

    fn row(
        &self,
        explained: f64,
        df: usize,
        mean_square: f64,
        df_residual: usize,
    ) -> Result<AnovaTerm, StatsError> {
        let f = explained / df as f64 / mean_square;
        let left = mean_square * df_residual as f64;
        Ok(AnovaTerm {
            ss: explained * self.square,
            df,
            f,
            p: FisherF::new(df as f64, df_residual as f64)?.sf(f)?,
            partial_eta_sq: explained / (explained + left),
        })
    }
}

/// Returns a contrast that sums to zero over the levels: 1 at its own, −1 at the last.
fn contrast(level: usize, own: usize, levels: usize) -> f64 {
    if level == own {
        1.0
    } else if level + 1 == levels {
        -1.0
    } else {
        0.0
    }
}

/// Returns the number of each label's level, in order of the labels, and how many there are.
fn numbered<L: Ord>(labels: &[L]) -> Result<(Vec<usize>, usize), StatsError> {
    let mut levels: BTreeMap<&L, usize> = labels.iter().map(|label| (label, 0)).collect();
    levels.values_mut().enumerate().for_each(|(i, level)| *level = i);
    match levels.len() {
        0 | 1 => Err(StatsError::TooFew { of: "levels", needed: 2, got: levels.len() }),
        n => Ok((labels.iter().filter_map(|l| levels.get(l).copied()).collect(), n)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const Y: [f64; 9] = [1.0, 2.0, 2.0, 4.0, 3.0, 3.5, 7.0, 6.0, 8.0];
    const A: [u8; 9] = [0, 0, 0, 0, 1, 1, 1, 1, 1];
    const B: [u8; 9] = [0, 0, 1, 1, 0, 0, 1, 1, 1];

    fn run(squares: SquaresType, interaction: bool) -> TwoWayAnova {
        anova_two_way(&Y, &A, &B, TwoWay { squares, interaction }).unwrap()
    }

    #[test]
    fn swapping_the_factors_swaps_their_rows() {
        for squares in [SquaresType::Hierarchical, SquaresType::Marginal] {
            for interaction in [true, false] {
                let model = TwoWay { squares, interaction };
                let plain = run(squares, interaction);
                let swapped = anova_two_way(&Y, &B, &A, model).unwrap();
                assert_relative_eq!(plain.a.f, swapped.b.f, max_relative = 1e-12);
                assert_relative_eq!(plain.b.p, swapped.a.p, max_relative = 1e-12);
            }
        }
    }

    #[test]
    fn sequential_squares_add_up_to_all_squares() {
        let anova = run(SquaresType::Sequential, true);
        let explained = anova.a.ss + anova.b.ss + anova.interaction.unwrap().ss;
        let mean = Y.iter().sum::<f64>() / 9.0;
        let all: f64 = Y.iter().map(|y| (y - mean).powi(2)).sum();
        assert_relative_eq!(explained + anova.ss_residual, all, max_relative = 1e-13);
    }

    #[test]
    fn types_two_and_three_agree_without_an_interaction() {
        let two = run(SquaresType::Hierarchical, false);
        let three = run(SquaresType::Marginal, false);
        assert_relative_eq!(two.a.f, three.a.f, max_relative = 1e-13);
        assert_eq!((two.interaction, two.df_residual), (None, 6));
    }

    #[test]
    fn an_offset_changes_nothing() {
        let moved = Y.map(|y| y + 1e9);
        let far = anova_two_way(&moved, &A, &B, TwoWay::default()).unwrap();
        let near = run(SquaresType::Hierarchical, true);
        assert_relative_eq!(far.a.f, near.a.f, max_relative = 1e-13);
    }

    #[test]
    fn designs_without_an_estimate_are_refused() {
        let model = TwoWay::default();
        let short = anova_two_way(&Y, &A[1..], &B, model);
        assert_eq!(short, Err(StatsError::LengthMismatch { left: 9, right: 8 }));
        assert!(matches!(
            anova_two_way(&Y, &[0; 9], &B, model),
            Err(StatsError::TooFew { .. })
        ));
        let gap = [0, 0, 0, 0, 1, 1, 1, 1, 1];
        assert_eq!(anova_two_way(&Y, &A, &gap, model), Err(StatsError::Singular));
        let additive = TwoWay { interaction: false, ..model };
        assert_eq!(anova_two_way(&Y, &A, &gap, additive), Err(StatsError::Singular));
        let sums = [0.1, 0.2, 0.4, 0.5, 0.7, 0.8];
        let (a, b) = ([0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1]);
        assert_eq!(anova_two_way(&sums, &a, &b, additive), Err(StatsError::NoSpread));
        assert!(matches!(
            anova_two_way(&sums, &a, &b, model),
            Err(StatsError::TooFew { .. })
        ));
    }
}
