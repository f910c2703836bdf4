//! What a failed attempt means: whether it may be billed, and how its call tells of it.

use std::time::Duration;

use crate::model::backoff::PATIENCE;
use crate::model::contract::CallError;
use crate::model::purse::Exhausted;
use crate::record::{Answer, Failure, FailureKind};

/// Says whether an attempt that failed in this way may be billed all the same: it was sent
/// whole, and its answer was lost.
pub(super) fn may_be_billed(kind: FailureKind) -> bool {
    match kind {
        FailureKind::Timeout | FailureKind::Malformed => true,
        FailureKind::RateLimited
        | FailureKind::Server
        | FailureKind::Connection
        | FailureKind::Conflict
        | FailureKind::BadRequest
        | FailureKind::Unauthorized
        | FailureKind::NotFound
        | FailureKind::ContentFilter
        | FailureKind::ContextTooLong
        | FailureKind::Offline
        | FailureKind::NotReplayed
        | FailureKind::Budget
        | FailureKind::NotRecorded
        | FailureKind::Script
        | FailureKind::Quorum
        | FailureKind::Unreachable
        | FailureKind::Cancelled
        | FailureKind::Skipped => false,
    }
}

pub(super) fn late(limit: Duration) -> Result<Answer, CallError> {
    let message = format!("no answer within {}s", limit.as_secs_f64());
    Err(CallError::new(FailureKind::Timeout, message))
}

/// Returns the failure of a call that has no attempt left, with their number.
pub(super) fn told(error: CallError, attempts: u32) -> Failure {
    let mut failure = error.failure;
    if attempts > 1 {
        failure.message = format!("{} (after {attempts} attempts)", failure.message);
    }
    if let Some(asked) = error.retry_after.filter(|asked| *asked > PATIENCE) {
        failure.message =
            format!("{}; asked to wait {}s", failure.message, asked.as_secs());
    }
    failure
}

pub(super) fn broke(exhausted: Exhausted) -> Failure {
    let Exhausted { needed, left } = exhausted;
    let message = format!("a call may cost ${needed:.6}, and ${left:.6} are left");
    Failure::new(FailureKind::Budget, message)
}
