//! How much scores differ between items and between repeats, and what that asks for.

use serde::{Deserialize, Serialize};

use super::StatsError;
use super::describe::{mean, sum};
use super::outcome::{enough, finite, paired};
use super::units::Units;

/// The most repeats of an item that a plan considers.
const MOST_REPEATS: u64 = 100_000;

/// The variance of scores, split into that between items and that between repeats.
///
/// # Formula
///
/// ```text
/// MS_w = Σᵢ Σⱼ (xᵢⱼ − x̄ᵢ)² / (N − I),   MS_b = Σᵢ Kᵢ (x̄ᵢ − x̄)² / (I − 1)
/// K₀   = (N − Σ Kᵢ² / N) / (I − 1)
/// σ²_repeat = MS_w,   σ²_item = (MS_b − MS_w) / K₀
/// ```
///
/// with `N` scores of `I` items and `Kᵢ` repeats of item `i`.
///
/// # Shapes and units
///
/// One score an observation, and whose each is; at least two items and one repeat. Variances
/// have the squared unit of the scores.
///
/// # Numerics
///
/// Scores are measured from the first; sums are compensated. The estimate between items may
/// be negative by chance: [`Components::item`] is then zero, and `uncut` keeps it.
///
/// # Errors
///
/// `LengthMismatch`, `Empty`, `NotFinite`; `TooFew` for fewer than two items or no repeat.
///
/// # Source
///
/// C. R. Henderson, "Estimation of Variance and Covariance Components", Biometrics 9(2),
/// 1953, 226–252; S. R. Searle, G. Casella and C. E. `McCulloch`, Variance Components, 1992.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Components {
    /// Variance between items, at least zero.
    pub item: f64,
    /// Variance between repeats of an item.
    pub repeat: f64,
    /// The estimate between items as it comes out.
    pub uncut: f64,
    /// Number of items.
    pub items: usize,
    /// Number of scores.
    pub n: usize,
}

impl Components {
    /// Splits the variance of scores of these items.
    ///
    /// # Errors
    ///
    /// As the type says.
    pub fn new(scores: &[f64], items: &Units) -> Result<Self, StatsError> {
        paired(scores.len(), items.values())?;
        finite(scores)?;
        enough(scores.len(), 1)?;
        let got = items.count();
        if got < 2 {
            return Err(StatsError::TooFew { of: "items", needed: 2, got });
        }
        if items.all_single() {
            return Err(StatsError::TooFew {
                of: "repeats of an item",
                needed: 2,
                got: 1,
            });
        }
        let gaps: Vec<f64> = scores.iter().map(|x| x - scores[0]).collect();
        let centre = mean(&gaps)?;
        let mut own: Vec<Vec<f64>> = vec![Vec::new(); got];
        for (x, item) in gaps.iter().zip(items.of()) {
            own[*item].push(*x);
        }
        let (mut within, mut between, mut squares) = (Vec::new(), Vec::new(), 0.0);
        for repeats in &own {
            let k = repeats.len() as f64;
            let of_item = sum(repeats.iter().copied()) / k;
            within.extend(repeats.iter().map(|x| (x - of_item).powi(2)));
            between.push(k * (of_item - centre).powi(2));
            squares += k * k;
        }
        let (n, count) = (scores.len() as f64, got as f64);
        let repeat = sum(within) / (n - count);
        let size = (n - squares / n) / (count - 1.0);
        let uncut = (sum(between) / (count - 1.0) - repeat) / size;
        Ok(Self { item: uncut.max(0.0), repeat, uncut, items: got, n: scores.len() })
    }

    /// Returns the share of the variance that lies between items, in `[0, 1]`.
    ///
    /// # Errors
    ///
    /// `NoSpread` when all scores are equal.
    pub fn intraclass(&self) -> Result<f64, StatsError> {
        let total = self.item + self.repeat;
        if total > 0.0 { Ok(self.item / total) } else { Err(StatsError::NoSpread) }
    }

    /// Returns the variance of the mean of so many items with so many repeats each.
    ///
    /// # Formula
    ///
    /// ```text
    /// σ²_item / n + σ²_repeat / (n K)
    /// ```
    #[must_use]
    pub fn variance_of_mean(&self, items: u64, repeats: u64) -> f64 {
        (self.item + self.repeat / repeats as f64) / items as f64
    }
}

/// What items and repeats cost, in one unit of money, time or tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    /// Cost of one more item, whatever its repeats: writing it, or judging it once.
    pub item: f64,
    /// Cost of one repeat of one item.
    pub repeat: f64,
    /// What may be spent in all.
    pub budget: f64,
    /// How many items there are, where their number is limited.
    pub most_items: Option<u64>,
}

/// How many items and repeats to buy.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SamplingPlan {
    /// Number of items.
    pub items: u64,
    /// Repeats of each.
    pub repeats: u64,
    /// Standard error of the mean that they give.
    pub se: f64,
    /// What they cost.
    pub cost: f64,
}

/// Returns the items and repeats that give the smallest standard error for a budget.
///
/// # Formula
///
/// ```text
/// minimise σ²_item / n + σ²_repeat / (n K)  subject to  n (c_item + K c_repeat) ≤ budget
/// unlimited and continuous: K = √(σ²_repeat c_item / (σ²_item c_repeat))
/// ```
///
/// # Shapes and units
///
/// Costs in one unit; the error in the unit of the scores. At least two items. Where
/// several plans give the same error the one with the fewest repeats is returned.
///
/// # Numerics
///
/// Whole numbers of items and repeats are tried, up to 100,000 repeats; nothing is rounded
/// from the continuous solution.
///
/// # Errors
///
/// `InvalidParameter` for costs that are negative or not finite, for repeats that cost
/// nothing, and for a budget that does not pay two items of one repeat, or fewer than two
/// items at most.
///
/// # Source
///
/// W. G. Cochran, Sampling Techniques, 3rd ed., 1977, section 10.6.
///
/// # Example
///
/// ```
/// use crucible::stats::{Components, Costs, Units, best_plan};
///
/// let scores = [1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0];
/// let split = Components::new(&scores, &Units::labelled(&[0, 0, 1, 1, 2, 2, 3, 3]))?;
/// let costs = Costs { item: 0.0, repeat: 0.01, budget: 5.0, most_items: Some(100) };
/// assert_eq!(best_plan(&split, &costs)?.repeats, 5);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn best_plan(split: &Components, costs: &Costs) -> Result<SamplingPlan, StatsError> {
    let bad = |name, wanted| Err(StatsError::InvalidParameter { name, wanted });
    if !(costs.item >= 0.0 && costs.item.is_finite()) {
        return bad("cost of an item", "zero or positive, and finite");
    }
    if !(costs.repeat > 0.0 && costs.repeat.is_finite()) {
        return bad("cost of a repeat", "positive and finite");
    }
    if !costs.budget.is_finite() || costs.items(1) < 2 {
        return bad("budget", "enough for two items of one repeat");
    }
    let mut best: Option<SamplingPlan> = None;
    for repeats in 1..=MOST_REPEATS {
        let items = costs.items(repeats);
        if items < 2 {
            break;
        }
        let se = split.variance_of_mean(items, repeats).sqrt();
        if best.is_none_or(|plan| se < plan.se) {
            let cost = items as f64 * costs.of_item(repeats);
            best = Some(SamplingPlan { items, repeats, se, cost });
        }
    }
    best.map_or_else(|| bad("budget", "enough for two items of one repeat"), Ok)
}

impl Costs {
    fn of_item(&self, repeats: u64) -> f64 {
        self.item + repeats as f64 * self.repeat
    }

    /// Returns how many items with so many repeats can be paid.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast from float saturates, and a negative budget pays nothing"
    )]
    fn items(&self, repeats: u64) -> u64 {
        // A relative slack of 1e-12: three times 0.1 pays what costs 0.3.
        let paid = (self.budget / self.of_item(repeats) * (1.0 + 1e-12)).floor() as u64;
        self.most_items.map_or(paid, |most| paid.min(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn unequal_repeats_give_the_components_of_the_formulas() {
        // Items {1, 3}, {2}, {6, 8, 7}: N = 6, K₀ = (6 − 14/6)/2.
        let scores = [1.0, 3.0, 2.0, 6.0, 8.0, 7.0];
        let items = Units::labelled(&["a", "a", "b", "c", "c", "c"]);
        let split = Components::new(&scores, &items).unwrap();
        let within = (2.0 + 2.0) / 3.0;
        let centre = 4.5_f64;
        let between = (2.0 * (2.0 - centre).powi(2)
            + (2.0 - centre).powi(2)
            + 3.0 * (7.0 - centre).powi(2))
            / 2.0;
        assert_relative_eq!(split.repeat, within, max_relative = 1e-14);
        let size = (6.0 - 14.0 / 6.0) / 2.0;
        assert_relative_eq!(split.item, (between - within) / size, max_relative = 1e-14);
    }

    #[test]
    fn offsets_and_order_change_nothing_and_scales_scale() {
        let scores = [0.25, 0.5, 1.0, 0.75, 0.0, 0.25];
        let items = Units::labelled(&[0, 0, 1, 1, 2, 2]);
        let near = Components::new(&scores, &items).unwrap();
        let far: Vec<f64> = scores.iter().map(|x| 1e9 - 4.0 * x).collect();
        let far = Components::new(&far, &items).unwrap();
        assert_relative_eq!(far.repeat, 16.0 * near.repeat, max_relative = 1e-12);
        assert_relative_eq!(far.item, 16.0 * near.item, max_relative = 1e-12);
        let turned: Vec<f64> = scores.iter().rev().copied().collect();
        let turned = Components::new(&turned, &Units::labelled(&[2, 2, 1, 1, 0, 0]));
        assert_relative_eq!(turned.unwrap().item, near.item, max_relative = 1e-12);
    }

    #[test]
    fn items_that_differ_less_than_chance_have_no_variance() {
        let items = Units::labelled(&[0, 0, 1, 1]);
        let split = Components::new(&[0.0, 1.0, 1.0, 0.0], &items).unwrap();
        assert_relative_eq!(split.item, 0.0);
        assert!(split.uncut < 0.0);
        assert_relative_eq!(split.intraclass().unwrap(), 0.0);
        let flat = Components::new(&[0.1; 4], &items).unwrap();
        assert_eq!(flat.intraclass(), Err(StatsError::NoSpread));
    }

    #[test]
    fn scores_without_repeats_cannot_be_split() {
        let new = |scores: &[f64], items: &Units| Components::new(scores, items);
        assert!(matches!(
            new(&[1.0, 2.0], &Units::single(2)),
            Err(StatsError::TooFew { .. })
        ));
        assert!(new(&[1.0, 2.0], &Units::labelled(&[0, 0])).is_err());
        assert_eq!(new(&[], &Units::single(0)), Err(StatsError::Empty));
        assert!(new(&[1.0], &Units::single(2)).is_err());
        assert!(new(&[1.0, f64::NAN], &Units::labelled(&[0, 0])).is_err());
    }

    fn split(item: f64, repeat: f64) -> Components {
        Components { item, repeat, uncut: item, items: 10, n: 20 }
    }

    #[test]
    fn free_items_are_asked_once_and_dear_ones_as_the_root_says() {
        let free = Costs { item: 0.0, repeat: 1.0, budget: 100.0, most_items: None };
        let plan = best_plan(&split(0.2, 0.1), &free).unwrap();
        assert_eq!((plan.items, plan.repeats), (100, 1));
        // √(0.4 · 9 / (0.1 · 1)) = 6 repeats at a cost of 15 an item.
        let dear = Costs { item: 9.0, repeat: 1.0, budget: 1_500.0, most_items: None };
        let plan = best_plan(&split(0.1, 0.4), &dear).unwrap();
        assert_eq!((plan.items, plan.repeats), (100, 6));
        assert_relative_eq!(plan.cost, 1_500.0);
        let least = split(0.1, 0.4).variance_of_mean(100, 6).sqrt();
        assert_relative_eq!(plan.se, least);
    }

    #[test]
    fn few_items_leave_the_rest_of_the_budget_to_repeats() {
        let costs = Costs { item: 0.0, repeat: 0.1, budget: 30.0, most_items: Some(50) };
        let plan = best_plan(&split(0.2, 0.1), &costs).unwrap();
        assert_eq!((plan.items, plan.repeats), (50, 6));
        let none = best_plan(&split(0.2, 0.0), &costs).unwrap();
        assert_eq!((none.items, none.repeats), (50, 1));
    }

    #[test]
    fn a_budget_that_pays_nothing_is_refused() {
        let costs = Costs { item: 1.0, repeat: 1.0, budget: 4.0, most_items: None };
        assert!(best_plan(&split(0.1, 0.1), &costs).is_ok());
        for bad in [
            Costs { budget: 3.9, ..costs },
            Costs { budget: f64::NAN, ..costs },
            Costs { budget: f64::INFINITY, ..costs },
            Costs { budget: -1.0, ..costs },
            Costs { item: -1.0, ..costs },
            Costs { repeat: 0.0, ..costs },
            Costs { repeat: f64::NAN, ..costs },
            Costs { most_items: Some(1), ..costs },
        ] {
            assert!(best_plan(&split(0.1, 0.1), &bad).is_err(), "{bad:?}");
        }
    }
}
