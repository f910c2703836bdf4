//! The progress bar, the log of progress, and what Ctrl-C means.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::watch;

use super::exit::Trouble;
use super::tell;
use crate::engine::{Observer, Progress, StopReason, StopSignal};
use crate::record::TrialRecord;

/// How often progress stands in the log.
const LOGGED: Duration = Duration::from_secs(5);

/// The bar on stderr; silent where stderr is no terminal.
#[derive(Debug)]
pub(super) struct Bar {
    bar: ProgressBar,
    /// When progress was last logged, from the beginning of the session.
    logged: Mutex<Option<Duration>>,
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
        Self { bar, logged: Mutex::new(None) }
    }

    /// Writes progress into the log every five seconds, and at the end.
    fn log(&self, progress: &Progress) {
        let mut logged =
            self.logged.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let due = logged.is_none_or(|last| progress.elapsed >= last + LOGGED);
        if !due && progress.done < progress.planned {
            return;
        }
        *logged = Some(progress.elapsed);
        tracing::info!(
            planned = progress.planned,
            done = progress.done,
            reused = progress.reused,
            failed = progress.failed,
            failures = %kinds(progress),
            under_way = progress.under_way,
            waiting = progress.spend.waiting,
            rate = progress.rate(),
            spent_usd = progress.spend.usd,
            unknown_cost_calls = progress.spend.unknown_calls,
            requests = progress.spend.requests,
            retries = progress.spend.retries,
            seconds = progress.elapsed.as_secs_f64(),
            seconds_left = progress.seconds_left(),
            "progress"
        );
    }

    /// Writes to stderr beside the bar.
    pub(super) fn aside(&self, text: &str) {
        self.bar.suspend(|| tell(text));
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Bar {
    fn progress(&self, progress: &Progress) {
        self.log(progress);
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

    fn warning(&self, text: &str) {
        tracing::warn!("{text}");
        self.bar.suspend(|| tell(&format!("note: {text}\n")));
    }

    fn said(&self, hook: &'static str, text: &str) {
        tracing::info!(hook, "{text}");
        self.bar.suspend(|| tell(&format!("{hook}: {text}\n")));
    }

    fn stopping(&self, reason: StopReason, under_way: u64) {
        tracing::warn!(?reason, under_way, "no more trials are started");
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
        parts.push(format!("{} failed ({})", progress.failed, kinds(progress)));
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

/// Counts the failures by kind: `3 timed out, 1 malformed answer`.
fn kinds(progress: &Progress) -> String {
    let each = progress.failures.iter();
    let each: Vec<String> =
        each.map(|(kind, count)| format!("{count} {}", kind.words())).collect();
    each.join(", ")
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

/// Waits for the user or the system to end the run: the first Ctrl-C, SIGTERM or SIGHUP lets
/// the trials under way finish, the second drops them, the third does not wait for the
/// store. Returns only after the third, or when signals cannot be heard.
pub(super) async fn interrupts(stop: &watch::Sender<StopSignal>) -> Trouble {
    let Some(mut signals) = Signals::new() else { return std::future::pending().await };
    for signal in [StopSignal::Finish, StopSignal::AtOnce] {
        signals.next().await;
        stop.send_replace(signal);
    }
    signals.next().await;
    Trouble::Failed("ended at once; what was committed is kept".to_owned())
}

/// The signals that ask the program to end.
#[cfg(unix)]
pub(super) struct Signals([tokio::signal::unix::Signal; 3]);

#[cfg(unix)]
impl Signals {
    /// Listens from now on; `None` where signals cannot be heard.
    pub(super) fn new() -> Option<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds =
            [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let [interrupt, terminate, hangup] = kinds.map(|kind| signal(kind).ok());
        Some(Self([interrupt?, terminate?, hangup?]))
    }

    /// Waits for one that came since the last.
    pub(super) async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    /// Listens from now on; `None` where signals cannot be heard.
    pub(super) fn new() -> Option<Self> {
        Some(Self)
    }

    /// Waits for one that came since the last.
    pub(super) async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
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
