//! The choice of a delay by what was learned: Thompson sampling over the curves of survival.

use crate::base::Stream;
use crate::strategy::hedge::survival::Curve;

/// The quantile of the latency that the choice makes small.
pub(super) const TAIL: f64 = 0.99;

/// Draws of the curves for each choice.
const DRAWS: usize = 9;

/// The shares of requests that may be hedged among which is chosen.
const SHARES: [f64; 16] = [
    0.5, 0.4, 0.3, 0.25, 0.2, 0.17, 0.15, 0.13, 0.11, 0.1, 0.08, 0.06, 0.05, 0.03, 0.02,
    0.01,
];

/// Chooses the delay with the least 99th percentile among those whose extra requests fit the
/// budget, a share of the requests; `None` where no backup makes it smaller.
///
/// # Formula
///
/// ```text
/// P(T_d > t) = S(t) for t < d,  S(t) · B(t − d) for t ≥ d
/// extra(d)   = S(d)
/// ```
///
/// S is the survival of primaries and B that of backups, which were started only behind slow
/// primaries: where slowness is shared, B shows it. Each choice is made under weights drawn
/// from the posterior of both curves (a Dirichlet process without prior: the Bayesian
/// bootstrap), so that a delay is tried as often as it may be the best.
///
/// # Source
///
/// W. R. Thompson, Biometrika 25(3–4), 1933, 285–294; D. B. Rubin, "The Bayesian Bootstrap",
/// Annals of Statistics 9(1), 1981, 130–134.
pub(super) fn choose(
    primary: &Curve,
    backup: &Curve,
    budget: f64,
    stream: &mut Stream,
) -> Option<f64> {
    let mut delays: Vec<Option<f64>> = Vec::with_capacity(DRAWS);
    for _ in 0..DRAWS {
        let mut gamma = |weight: f64| drawn(weight, stream);
        let (s, b) = (primary.redrawn(&mut gamma), backup.redrawn(&mut gamma));
        delays.push(best(&s, &b, budget));
    }
    // The median draw: a single one would jump about where delays are nearly as good.
    delays.sort_by(|a, b| {
        a.unwrap_or(f64::INFINITY).total_cmp(&b.unwrap_or(f64::INFINITY))
    });
    delays.get(DRAWS / 2).copied().flatten()
}

/// Returns the best delay under two curves.
pub(super) fn best(primary: &Curve, backup: &Curve, budget: f64) -> Option<f64> {
    let plain = primary.quantile(TAIL);
    // What is gained must be more than the bins tell apart.
    let mut least = plain * 0.98;
    let mut chosen = None;
    for share in SHARES {
        let delay = primary.quantile(1.0 - share);
        if primary.beyond(delay) > budget {
            continue;
        }
        let tail = hedged_tail(primary, backup, delay);
        if tail < least * 0.995 {
            (least, chosen) = (tail, Some(delay));
        }
    }
    chosen
}

/// Returns the quantile [`TAIL`] of the latency with a backup after `delay` seconds.
pub(super) fn hedged_tail(primary: &Curve, backup: &Curve, delay: f64) -> f64 {
    let plain = primary.quantile(TAIL);
    if plain <= delay {
        return plain;
    }
    let late = |t: f64| primary.beyond(t) * backup.beyond(t - delay);
    let (mut low, mut high) = (delay, plain);
    for _ in 0..40 {
        let middle = f64::midpoint(low, high);
        if late(middle) <= 1.0 - TAIL { high = middle } else { low = middle }
    }
    high
}

/// Draws from the gamma distribution with this shape and scale 1.
///
/// # Source
///
/// G. Marsaglia and W. W. Tsang, "A Simple Method for Generating Gamma Variables", ACM
/// Transactions on Mathematical Software 26(3), 2000, 363–372.
fn drawn(shape: f64, stream: &mut Stream) -> f64 {
    if shape < 1.0 {
        let u = 1.0 - stream.unit();
        return drawn(shape + 1.0, stream) * u.powf(1.0 / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let z = stream.normal();
        let v = (1.0 + c * z).powi(3);
        if v <= 0.0 {
            continue;
        }
        let u = 1.0 - stream.unit();
        if u.ln() < 0.5 * z * z + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::hedge::survival::Survival;

    fn curve(draw: impl Fn(&mut Stream) -> f64) -> Curve {
        let mut stream = Stream::new(3, "bandit");
        let mut survival = Survival::default();
        (0..20_000).for_each(|_| survival.ended(draw(&mut stream)));
        survival.curve(std::iter::empty())
    }

    #[test]
    fn gamma_draws_have_their_mean_and_variance() {
        let mut stream = Stream::new(1, "gamma");
        for shape in [0.3, 1.0, 7.5] {
            let draws: Vec<f64> =
                (0..50_000).map(|_| drawn(shape, &mut stream)).collect();
            let mean = draws.iter().sum::<f64>() / 5e4;
            let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 5e4;
            assert!((mean / shape - 1.0).abs() < 0.03, "{shape}: {mean}");
            assert!((variance / shape - 1.0).abs() < 0.06, "{shape}: {variance}");
        }
    }

    #[test]
    fn a_constant_latency_is_never_hedged() {
        let constant = curve(|_| 0.1);
        assert_eq!(best(&constant, &constant, 0.2), None);
    }

    #[test]
    fn stragglers_are_hedged_within_the_budget() {
        let tail = curve(|stream| {
            let slow = if stream.unit() < 0.04 { 20.0 } else { 1.0 };
            0.04 * slow * (0.2 * stream.normal()).exp()
        });
        let delay = best(&tail, &tail, 0.15).unwrap();
        assert!(tail.beyond(delay) <= 0.15);
        let hedged = hedged_tail(&tail, &tail, delay);
        assert!(hedged < 0.5 * tail.quantile(TAIL), "{hedged}");
        // A tail that belongs to the item, not to the request, is not cut by asking again.
        let shared = curve(|_| 1.5);
        assert_eq!(best(&tail, &shared, 0.15), None);
    }
}
