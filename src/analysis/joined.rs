//! Joined claims: which rule joins them, and what each part came to.

use crate::spec::{Claim, Direction, Hypothesis, StopRule};
use crate::stats::{Correction, Interval, adjust};

use super::evaluate::{Evaluated, Question};
use super::findings::{JoinRule, Joined, PartFindings};
use super::stopping::named;
use super::supports::question;

/// Returns the comparisons and equivalences of a claim, in the order of the text.
pub(super) fn leaves(claim: &Claim) -> Vec<&Claim> {
    match claim {
        Claim::All(claims) | Claim::Any(claims) => {
            claims.iter().flat_map(leaves).collect()
        }
        Claim::Compare { .. } | Claim::Equivalent { .. } => vec![claim],
    }
}

/// Writes down the parts of a joined claim; `None` for a single one.
pub(super) fn joined(
    hypothesis: &Hypothesis,
    parts: &[Evaluated],
    stop: Option<StopRule>,
) -> Option<Joined> {
    let (rule, claims) = match &hypothesis.claim {
        Claim::All(claims) => (JoinRule::And, claims),
        Claim::Any(claims) => (JoinRule::Or, claims),
        Claim::Compare { .. } | Claim::Equivalent { .. } => return None,
    };
    let p: Vec<f64> = parts.iter().map(|part| part.decision.p).collect();
    let holm = adjust(&p, Correction::Holm).unwrap_or_else(|_| vec![1.0; p.len()]);
    let nested =
        claims.iter().any(|claim| matches!(claim, Claim::All(_) | Claim::Any(_)));
    let leaves = leaves(&hypothesis.claim);
    let parts = leaves
        .into_iter()
        .zip(parts)
        .zip(holm)
        .map(|((claim, part), p_holm)| {
            let counts = match rule {
                JoinRule::And => part.decision.p,
                JoinRule::Or => p_holm,
            };
            PartFindings {
                claim: words(claim, part),
                test: named(part.method.map_or("", |method| method.test), stop),
                estimate: part.estimate.filter(|estimate| estimate.is_finite()),
                is_level: part.is_level,
                scale: part.scale,
                ci: part.interval.and_then(Interval::ends),
                interval_level: part.level,
                p: part.decision.p,
                p_holm,
                verdict: part.decision.verdict(counts, hypothesis.alpha),
                n_items: u32::try_from(part.items).unwrap_or(u32::MAX),
                reason: part.reason.clone(),
            }
        })
        .collect();
    Some(Joined { rule, nested, parts })
}

/// Writes a part as θ against its margin.
fn words(claim: &Claim, part: &Evaluated) -> String {
    let what = &part.estimand;
    let sized = |value: f64| {
        if value == 0.0 {
            "0".to_owned()
        } else if part.scale.is_fraction() {
            let unit = if part.is_level { "%" } else { "pp" };
            format!("{}{unit}", plain(value * 100.0))
        } else {
            plain(value)
        }
    };
    match claim {
        Claim::Compare { direction, .. } => {
            // One condition stands on the left, whichever side it was written on.
            let direction = match question(claim, 1.0) {
                Ok(Question::Compare { direction, .. }) => direction,
                Ok(Question::Equivalent { .. }) | Err(_) => *direction,
            };
            let sign = match direction {
                Direction::Greater => ">",
                Direction::Less => "<",
            };
            format!("{what} {sign} {}", sized(part.margin))
        }
        Claim::Equivalent { within, .. } => format!("{what} ~= 0 within {within}"),
        Claim::All(_) | Claim::Any(_) => what.clone(),
    }
}

/// Writes a number without the digits that only rounding made.
fn plain(value: f64) -> String {
    let rounded: f64 = format!("{value:.9e}").parse().unwrap_or(value);
    let sign = if rounded < 0.0 { "−" } else { "" };
    format!("{sign}{}", rounded.abs())
}
