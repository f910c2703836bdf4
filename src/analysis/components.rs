//! How the variance of a metric is split between its items and their repeats.

use crate::base::grouped;
use crate::spec::Scale;

use super::findings::Components;
use super::samples::Column;

/// Splits the variance of a sample whose items have repeats; `None` where fewer than two
/// items have two values.
///
/// # Formula
///
/// ```text
/// MSB = Σ kᵢ (ȳᵢ − ȳ)² / (n − 1),   MSW = Σᵢ Σₖ (yᵢₖ − ȳᵢ)² / (N − n)
/// k₀ = (N − Σ kᵢ² / N) / (n − 1)
/// repeat = MSW,   item = max(0, (MSB − MSW) / k₀),   share = item / (item + repeat)
/// SE² of n items with K repeats = (item + repeat / K) / n
/// ```
///
/// `n` items, the `i`th with `kᵢ` values, `N` values in all; `ȳ` is the mean of all values.
///
/// # Source
///
/// S. R. Searle, G. Casella and C. E. `McCulloch`, Variance Components, Wiley 1992, section
/// 3.6 (analysis of variance of unbalanced data).
pub(super) fn components(
    column: &Column,
    scale: Scale,
    clustered: bool,
) -> Option<Components> {
    let n = column.items.len() as f64;
    let all = column.values.len() as f64;
    if n < 2.0 || all <= n {
        return None;
    }
    let centre = column.values.iter().sum::<f64>() / all;
    if !centre.is_finite() {
        return None;
    }
    let (mut between, mut within, mut squares) = (0.0, 0.0, 0.0);
    for own in column.of(&column.items) {
        let k = own.len() as f64;
        let middle = own.iter().sum::<f64>() / k;
        between += k * (middle - centre).powi(2);
        within += own.iter().map(|y| (y - middle).powi(2)).sum::<f64>();
        squares += k * k;
    }
    let (between, repeat) = (between / (n - 1.0), within / (all - n));
    let k0 = (all - squares / all) / (n - 1.0);
    let item = ((between - repeat) / k0).max(0.0);
    let total = item + repeat;
    let repeats = all / n;
    let se = ((item + repeat / repeats) / n).sqrt();
    let se_once = (total / all).sqrt();
    let advice = if clustered {
        String::new()
    } else {
        advice(
            Shape { items: column.items.len(), trials: column.values.len(), scale },
            item,
            repeat,
        )
    };
    Some(Components {
        item,
        repeat,
        item_share: (total > 0.0).then(|| item / total),
        repeats,
        se,
        se_once,
        advice,
    })
}

#[derive(Clone, Copy)]
struct Shape {
    items: usize,
    trials: usize,
    scale: Scale,
}

/// Says what other shares of the same trials would have given.
fn advice(shape: Shape, item: f64, repeat: f64) -> String {
    let Shape { items, trials, scale } = shape;
    let (n, all) = (items as f64, trials as f64);
    let se = ((item + repeat * n / all) / n).sqrt();
    let once = ((item + repeat) / all).sqrt();
    let shown = |value: f64| {
        if scale.is_fraction() {
            format!("{:.2} pp", value * 100.0)
        } else {
            let digits: f64 = format!("{value:.2e}").parse().unwrap_or(value);
            digits.to_string()
        }
    };
    let repeats = (all / n * 100.0).round() / 100.0;
    let had = format!(
        "{repeats} repeats of {} items give the mean a standard error of {}",
        grouped(items as u64),
        shown(se)
    );
    let trials = grouped(trials as u64);
    let least = shown((item / n).sqrt());
    if item + repeat == 0.0 {
        return format!("{had}: every trial scored the same.");
    }
    if once < 0.95 * se {
        format!(
            "{had}; with the same {trials} trials, {trials} items asked once would give {}. More repeats of these items cannot bring it below {least}.",
            shown(once)
        )
    } else {
        format!(
            "{had}; with the same {trials} trials, {trials} items asked once would give {}, hardly less: here repeats are nearly as good as items.",
            shown(once)
        )
    }
}
