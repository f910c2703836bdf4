//! What a running script is held by: its caps, its cancellation and its random numbers.
//!
//! One engine serves all threads; what differs from run to run lies in a thread-local that
//! the engine's progress callback and the host functions read.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rhai::Dynamic;
use tokio::time::Instant;

use crate::base::{Digest, Digester, Stream};
use crate::script::limits::Limits;

/// How a callable is to be run.
#[derive(Debug, Clone, Default)]
pub struct ScriptRun {
    /// The key of its random numbers, such as the digest of the trial and the purpose; each
    /// function draws from a stream of its own. Without a key `random()` throws.
    pub key: Option<Digest>,
    /// Set by whoever no longer wants the result: the script ends at its next operation.
    pub cancelled: Option<Arc<AtomicBool>>,
    /// Whether it is a strategy's script, which may take long.
    pub strategy: bool,
    /// Where the lines go that it logs; without it, `log(text)` throws.
    pub log: Option<Arc<Mutex<Vec<String>>>>,
}

impl ScriptRun {
    /// Returns the run of a closure whose random numbers come from this key.
    #[must_use]
    pub fn keyed(key: Digest) -> Self {
        Self { key: Some(key), ..Self::default() }
    }
}

/// Why the progress callback ended a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Too many operations: the cap.
    Operations(u64),
    /// Too much time.
    Time(Duration),
    /// Nobody wants the result.
    Cancelled,
}

#[derive(Debug)]
struct Control {
    operations: u64,
    most_operations: u64,
    time: Duration,
    deadline: Instant,
    cancelled: Option<Arc<AtomicBool>>,
    key: Option<Digest>,
    stream: Option<Stream>,
    log: Option<Arc<Mutex<Vec<String>>>>,
}

thread_local! {
    static CURRENT: RefCell<Option<Control>> = const { RefCell::new(None) };
}

/// The clock and the cancellation are looked at once in so many operations.
const LOOK_EVERY: u64 = 256;

/// Holds the script on this thread while it lives.
#[derive(Debug)]
pub(super) struct Hold {
    outermost: bool,
}

impl Drop for Hold {
    fn drop(&mut self) {
        if self.outermost {
            CURRENT.with(|current| *current.borrow_mut() = None);
        }
    }
}

/// Begins a run on this thread. A function that a script calls through the host belongs to
/// that script's run: it adds to its operations.
pub(super) fn hold(run: &ScriptRun, function: &Digest, limits: &Limits) -> Hold {
    CURRENT.with(|current| {
        let mut current = current.borrow_mut();
        if current.is_some() {
            return Hold { outermost: false };
        }
        let most_operations =
            if run.strategy { limits.strategy_operations } else { limits.operations };
        *current = Some(Control {
            operations: 0,
            most_operations,
            time: limits.time,
            deadline: Instant::now() + limits.time,
            cancelled: run.cancelled.clone(),
            key: run.key.map(|key| {
                Digester::new("script").digest(&key).digest(function).finish()
            }),
            stream: None,
            log: run.log.clone(),
        });
        Hold { outermost: true }
    })
}

/// Counts an operation and says whether the script has to end.
pub(super) fn progress() -> Option<Dynamic> {
    CURRENT.with(|current| {
        let mut current = current.borrow_mut();
        let control = current.as_mut()?;
        control.operations += 1;
        if control.operations > control.most_operations {
            return Some(Dynamic::from(Stop::Operations(control.most_operations)));
        }
        if !control.operations.is_multiple_of(LOOK_EVERY) {
            return None;
        }
        control.stop().map(Dynamic::from)
    })
}

impl Control {
    fn stop(&self) -> Option<Stop> {
        if self.cancelled.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed)) {
            return Some(Stop::Cancelled);
        }
        (Instant::now() > self.deadline).then_some(Stop::Time(self.time))
    }
}

/// Says whether nobody wants the result of the script on this thread any more.
pub(super) fn is_cancelled() -> bool {
    CURRENT.with(|current| {
        current.borrow().as_ref().is_some_and(|control| {
            control.cancelled.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed))
        })
    })
}

/// Does something that waits; the time it takes does not count as the script's.
pub(super) fn waiting<T>(wait: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let result = wait();
    let took = began.elapsed();
    CURRENT.with(|current| {
        if let Some(control) = current.borrow_mut().as_mut() {
            control.deadline += took;
        }
    });
    result
}

/// Lines that one script may log; what comes after is dropped, and said to be.
const MOST_LINES: usize = 100;

/// Characters of a line that are kept.
const LONGEST_LINE: usize = 1_000;

/// Logs a line of the script on this thread; says whether it has somewhere to go.
pub(super) fn log(text: &str) -> bool {
    let log = CURRENT.with(|current| current.borrow().as_ref()?.log.clone());
    let Some(log) = log else { return false };
    let mut lines = log.lock().unwrap_or_else(PoisonError::into_inner);
    match lines.len() {
        0..MOST_LINES => lines.push(text.chars().take(LONGEST_LINE).collect()),
        MOST_LINES => lines.push("… (the rest was not kept)".to_owned()),
        _ => {}
    }
    true
}

/// Draws from the stream of the script on this thread; `None` where it has none.
pub(super) fn draw<T>(draw: impl FnOnce(&mut Stream) -> T) -> Option<T> {
    CURRENT.with(|current| {
        let mut current = current.borrow_mut();
        let control = current.as_mut()?;
        let key = control.key?;
        Some(draw(control.stream.get_or_insert_with(|| Stream::from_digest(&key))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(run: &ScriptRun, function: &[u8]) -> Option<u64> {
        let _hold = hold(run, &Digest::of(function), &Limits::default());
        draw(Stream::bits)
    }

    #[test]
    fn draws_depend_on_the_run_and_the_function_alone() {
        let run = ScriptRun::keyed(Digest::of(b"trial"));
        assert_eq!(drawn(&run, b"f"), drawn(&run, b"f"));
        assert_ne!(drawn(&run, b"f"), drawn(&run, b"g"));
        assert_eq!(drawn(&ScriptRun::default(), b"f"), None);
    }

    #[test]
    fn an_inner_call_adds_to_the_operations_of_the_outer_one() {
        let limits = Limits { operations: 10, ..Limits::default() };
        let run = ScriptRun::default();
        let _outer = hold(&run, &Digest::default(), &limits);
        for _ in 0..10 {
            assert!(progress().is_none());
        }
        let _inner = hold(&run, &Digest::default(), &limits);
        assert_eq!(progress().unwrap().cast::<Stop>(), Stop::Operations(10));
    }

    #[test]
    fn a_cancelled_run_ends() {
        let flag = Arc::new(AtomicBool::new(true));
        let run = ScriptRun { cancelled: Some(flag), ..ScriptRun::default() };
        let _hold = hold(&run, &Digest::default(), &Limits::default());
        let stop = (0..LOOK_EVERY).find_map(|_| progress()).unwrap();
        assert_eq!(stop.cast::<Stop>(), Stop::Cancelled);
    }
}
