//! The progress bar, and what Ctrl-C means.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::watch;

use super::exit::Trouble;
use super::tell;
use crate::engine::{Observer, Progress, StopReason, StopSignal};
use crate::record::TrialRecord;

/// The bar on stderr; silent where stderr is no terminal.
#[derive(Debug)]
pub(super) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// Makes the bar; it draws at most ten times a second.
    pub(super) fn new(wanted: bool) -> Self {
        let target = if wanted && std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr_with_hz(10)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {wide_msg}")
        {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Bar {
    fn progress(&self, progress: &Progress) {
        if self.bar.is_hidden() {
            return;
        }
        self.bar.set_length(progress.planned);
        self.bar.set_position(progress.done);
        self.bar.set_message(message(progress));
    }

    fn failed(&self, record: &TrialRecord) {
        if let crate::record::Outcome::Failed(failure) = &record.outcome {
            tracing::warn!(trial = %record.id, %failure, "a trial failed");
        }
    }

    fn stopping(&self, reason: StopReason, under_way: u64) {
        if reason == StopReason::Interrupted && under_way > 0 {
            self.bar.suspend(|| {
                tell(&format!(
                    "finishing {under_way} trials under way; Ctrl-C again ends at once\n"
                ));
            });
        }
    }
}

/// Puts rate, spend, failures and the time left on one line.
fn message(progress: &Progress) -> String {
    let mut parts = vec![format!("{:.0}/s", progress.rate())];
    if progress.spend.usd > 0.0 || progress.spend.unknown_calls > 0 {
        let unknown = if progress.spend.unknown_calls > 0 { "+?" } else { "" };
        parts.push(format!("${:.4}{unknown}", progress.spend.usd));
    }
    if progress.failed > 0 {
        parts.push(format!("{} failed", progress.failed));
    }
    if progress.spend.retries > 0 {
        parts.push(format!("{} retries", progress.spend.retries));
    }
    if progress.spend.waiting > 0 {
        parts.push(format!("{} waiting", progress.spend.waiting));
    }
    if let Some(left) = progress.seconds_left() {
        parts.push(format!("{} left", time(left)));
    }
    parts.join("  ")
}

fn time(seconds: f64) -> String {
    let whole =
        Duration::try_from_secs_f64(seconds.ceil()).unwrap_or(Duration::MAX).as_secs();
    match whole {
        0..=99 => format!("{whole} s"),
        100..=5_999 => format!("{} min", whole.div_ceil(60)),
        _ => format!("{} h", whole.div_ceil(3_600)),
    }
}

/// Waits for Ctrl-C: the first lets the trials under way finish, the second drops them, the
/// third does not wait for the store. Returns only after the third, or when signals cannot be
/// heard.
pub(super) async fn interrupts(stop: &watch::Sender<StopSignal>) -> Trouble {
    for signal in [StopSignal::Finish, StopSignal::AtOnce] {
        if tokio::signal::ctrl_c().await.is_err() {
            return std::future::pending().await;
        }
        stop.send_replace(signal);
    }
    if tokio::signal::ctrl_c().await.is_err() {
        return std::future::pending().await;
    }
    Trouble::Failed("ended at once; what was committed is kept".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_rounded_up() {
        assert_eq!(time(0.2), "1 s");
        assert_eq!(time(99.0), "99 s");
        assert_eq!(time(101.0), "2 min");
        assert_eq!(time(7_201.0), "3 h");
        assert_eq!(time(f64::INFINITY), format!("{} h", u64::MAX.div_ceil(3_600)));
    }
}
