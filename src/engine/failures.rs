//! When too many trials have failed.

/// Trials that must be finished before their share is judged, unless all are.
const ENOUGH: u64 = 20;

/// Standard errors between the share that is allowed and the share that stops the run.
const CONFIDENCE: f64 = 3.0;

/// Says whether a run that is under way should stop because too many trials fail.
///
/// It should when the run can no longer end within the allowed share, or when at least 20
/// trials are finished and the lower end of Wilson's interval, at three standard errors,
/// lies above it: 7 of the first 20, or 24 of the first 100, where 10% are allowed. So a
/// run of which 8% fail is not stopped by an unlucky start.
///
/// # Source
///
/// E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference",
/// Journal of the American Statistical Association 22(158), 1927, 209–212.
pub(super) fn too_many(failed: u64, finished: u64, planned: u64, allowed: f64) -> bool {
    if finished < ENOUGH.min(planned) {
        return false;
    }
    exceeds(failed, planned, allowed) || lower_bound(failed, finished) > allowed
}

/// Says whether more than the allowed share of the trials failed.
#[expect(clippy::cast_precision_loss, reason = "counts of trials are below 2⁵³")]
pub(super) fn exceeds(failed: u64, planned: u64, allowed: f64) -> bool {
    // A billionth of a trial keeps 3 of 30 within 10%.
    failed as f64 > allowed * planned as f64 + 1e-9
}

#[expect(clippy::cast_precision_loss, reason = "counts of trials are below 2⁵³")]
fn lower_bound(failed: u64, finished: u64) -> f64 {
    let n = finished.max(1) as f64;
    let share = failed as f64 / n;
    let z2 = CONFIDENCE * CONFIDENCE;
    let centre = share + z2 / (2.0 * n);
    let spread =
        CONFIDENCE * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).max(0.0).sqrt();
    (centre - spread) / (1.0 + z2 / n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_judged_only_once_there_is_enough_to_judge() {
        let cases = [
            // failed, finished, planned, stop
            (1, 1, 1_000, false),
            (19, 19, 1_000, false),
            (20, 20, 1_000, true),
            (6, 20, 1_000, false),
            (7, 20, 1_000, true),
            (17, 100, 1_000, false),
            (24, 100, 1_000, true),
            (100, 900, 1_000, false),
            (101, 950, 1_000, true),
            (3, 30, 30, false),
            (4, 30, 30, true),
            (1, 1, 1, true),
            (1, 2, 4, false),
            (0, 4, 4, false),
        ];
        for (failed, finished, planned, stop) in cases {
            assert_eq!(
                too_many(failed, finished, planned, 0.1),
                stop,
                "{failed} of {finished} finished, {planned} planned"
            );
        }
    }

    #[test]
    fn nothing_is_too_many_where_all_may_fail() {
        assert!(!too_many(1_000, 1_000, 1_000, 1.0));
        assert!(too_many(1, 20, 1_000, 0.0) || too_many(1, 1_000, 1_000, 0.0));
    }
}
