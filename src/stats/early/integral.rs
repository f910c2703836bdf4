//! The path of a test statistic over several looks, integrated look by look.

use std::f64::consts::TAU;

use crate::stats::dist::Normal;
use crate::stats::special::{bracketed_root, climb};

/// Below this many standard deviations nothing is left to integrate (1e-33).
const FAR_BELOW: f64 = 12.0;
/// Beyond this many standard deviations a normal tail is below 1e-308.
const FAR_ABOVE: f64 = 38.0;
/// Increments beyond this many standard deviations add nothing (1e-35).
const REACH: f64 = 12.5;
/// Half a panel, in standard deviations of the narrower increment next to it.
const HALF_PANEL: f64 = 1.0;

/// Nodes (positive half) and weights of the Gauss-Legendre rule with 16 points.
const RULE: [(f64, f64); 8] = [
    (0.095_012_509_837_637_44, 0.189_450_610_455_068_5),
    (0.281_603_550_779_258_9, 0.182_603_415_044_923_6),
    (0.458_016_777_657_227_37, 0.169_156_519_395_002_54),
    (0.617_876_244_402_643_7, 0.149_595_988_816_576_73),
    (0.755_404_408_355_003, 0.124_628_971_255_533_87),
    (0.865_631_202_387_831_8, 0.095_158_511_682_492_78),
    (0.944_575_023_073_232_6, 0.062_253_523_938_647_89),
    (0.989_400_934_991_649_9, 0.027_152_459_411_754_095),
];

/// Where paths that have crossed nothing stand at a look, on the scale of Brownian motion.
///
/// With `S = Z √t`, increments between looks are independent normal with variance `Δt`. A
/// mass is the density of `S` at a node times the weight of the node.
///
/// # Source
///
/// P. Armitage, C. K. `McPherson` and B. C. Rowe, "Repeated Significance Tests on
/// Accumulating Data", Journal of the Royal Statistical Society A 132(2), 1969, 235–244.
#[derive(Debug, Clone)]
pub(super) struct Paths {
    at: f64,
    nodes: Vec<f64>,
    masses: Vec<f64>,
}

impl Paths {
    /// Returns the start: all paths at zero, without information.
    pub(super) fn start() -> Self {
        Self { at: 0.0, nodes: vec![0.0], masses: vec![1.0] }
    }

    /// Returns the probability of first being above `z` at the look with information `t`.
    pub(super) fn above(&self, t: f64, z: f64) -> f64 {
        let sd = (t - self.at).sqrt();
        let bound = z * t.sqrt();
        let from = self.nodes.partition_point(|s| (bound - s) / sd > FAR_ABOVE);
        let pairs = self.nodes.iter().zip(&self.masses).skip(from);
        pairs.map(|(s, mass)| mass * tail((bound - s) / sd)).sum()
    }

    /// Returns the `z` above which a path first stands with this probability at `t`.
    ///
    /// Infinite when nothing is to be spent, minus infinity when more than there is.
    pub(super) fn bound(&self, t: f64, spend: f64) -> f64 {
        if spend <= 0.0 || self.above(t, FAR_ABOVE) > spend {
            return f64::INFINITY;
        }
        let excess = |z: f64| self.above(t, z).ln() - spend.ln();
        if excess(-FAR_ABOVE) <= 0.0 {
            return f64::NEG_INFINITY;
        }
        let low = climb(2.0, -1.0, |z| excess(z) > 0.0);
        let high = climb(low, 1.0, |z| excess(z) < 0.0);
        bracketed_root(low, high, excess)
    }

    /// Moves to the look at `t`, keeping the paths whose `z` lies between two bounds.
    ///
    /// `next` is the information of the look after it.
    pub(super) fn advance(&self, t: f64, low: f64, high: f64, next: f64) -> Self {
        let root = t.sqrt();
        let sd = (t - self.at).sqrt();
        let (low, high) = (low.max(-FAR_BELOW) * root, high.min(FAR_ABOVE) * root);
        let width = sd.min((next - t).sqrt());
        let (nodes, weights) = rule(low, high, HALF_PANEL * width);
        let masses = nodes.iter().zip(weights).map(|(s, w)| w * self.density(*s, sd));
        Self { at: t, masses: masses.collect(), nodes }
    }

    fn density(&self, s: f64, sd: f64) -> f64 {
        let reach = if self.at > 0.0 { REACH } else { f64::INFINITY };
        let from = self.nodes.partition_point(|u| (s - u) / sd > reach);
        let near = self.nodes.iter().zip(&self.masses).skip(from);
        let near = near.take_while(|(u, _)| (**u - s) / sd <= reach);
        let kernel = |u: f64| (-0.5 * ((s - u) / sd).powi(2)).exp();
        near.map(|(u, mass)| mass * kernel(*u)).sum::<f64>() / (sd * TAU.sqrt())
    }
}

/// Returns the upper tail; arguments are differences of finite numbers.
fn tail(z: f64) -> f64 {
    Normal.sf(z).unwrap_or(f64::NAN)
}

/// Returns nodes in ascending order, with weights, on panels about `2 half` wide.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of panels, at least one, below some millions by the door of the room"
)]
fn rule(low: f64, high: f64, half: f64) -> (Vec<f64>, Vec<f64>) {
    if high <= low {
        return (Vec::new(), Vec::new());
    }
    let panels = ((high - low) / (2.0 * half)).ceil().max(1.0);
    let half = (high - low) / (2.0 * panels);
    let (mut nodes, mut weights) = (Vec::new(), Vec::new());
    for panel in 0..panels as usize {
        let centre = low + half * (2.0 * panel as f64 + 1.0);
        let left = RULE.iter().rev().map(|(x, w)| (-x, w));
        let right = RULE.iter().map(|(x, w)| (*x, w));
        for (x, w) in left.chain(right) {
            nodes.push(centre + half * x);
            weights.push(half * w);
        }
    }
    (nodes, weights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn the_rule_integrates_the_normal_density() {
        let (nodes, weights) = rule(-9.0, 9.0, 1.0);
        let density = |x: f64| (-0.5 * x * x).exp() / TAU.sqrt();
        let mass: f64 = nodes.iter().zip(&weights).map(|(x, w)| w * density(*x)).sum();
        assert_relative_eq!(mass, 1.0, max_relative = 1e-14);
        assert!(nodes.is_sorted());
    }

    #[test]
    fn a_look_that_stops_nothing_changes_no_tail() {
        let once = Paths::start().above(1.0, 3.0);
        let free = Paths::start().advance(0.37, f64::NEG_INFINITY, f64::INFINITY, 1.0);
        assert_relative_eq!(free.above(1.0, 3.0), once, max_relative = 1e-12);
        assert_relative_eq!(free.above(1.0, 12.0), tail(12.0), max_relative = 1e-10);
        assert_relative_eq!(
            free.bound(1.0, 0.025),
            1.959_963_984_540_054,
            max_relative = 1e-12
        );
    }
}
