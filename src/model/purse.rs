//! The run's money: reserved before a request, settled after it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Room for the rounding of sums, in dollars.
const ROUNDING: f64 = 1e-9;

/// The purse that all calls of a run share.
#[derive(Debug)]
pub(super) struct Purse {
    budget: Option<f64>,
    ledger: Mutex<Ledger>,
    settled: Notify,
}

/// The state of the purse, in dollars.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Ledger {
    pub(super) spent: f64,
    /// The part of `spent` that no provider reported: requests dropped or lost on the way.
    pub(super) presumed: f64,
    pub(super) reserved: f64,
    pub(super) open: u64,
    pub(super) unknown: u64,
    pub(super) exhausted: bool,
}

/// The budget cannot hold a request, and nothing that is under way could free money.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Exhausted {
    pub(super) needed: f64,
    pub(super) left: f64,
}

impl Purse {
    pub(super) fn new(budget: Option<f64>, spent: f64) -> Self {
        let ledger = Ledger { spent, ..Ledger::default() };
        Self { budget, ledger: Mutex::new(ledger), settled: Notify::new() }
    }

    pub(super) fn budget(&self) -> Option<f64> {
        self.budget
    }

    pub(super) fn ledger(&self) -> Ledger {
        *self.lock()
    }

    /// Reserves an amount. One that does not fit waits until something settles; when nothing
    /// is open that could settle, the purse is exhausted.
    pub(super) async fn reserve(
        &self,
        amount: f64,
    ) -> Result<Reservation<'_>, Exhausted> {
        loop {
            // Made before the look at the ledger, so that no settlement slips in between.
            let settled = self.settled.notified();
            if let Some(result) = self.try_reserve(amount) {
                return result;
            }
            settled.await;
        }
    }

    /// Reserves at once, or says why not; `None` where waiting may help.
    fn try_reserve(&self, amount: f64) -> Option<Result<Reservation<'_>, Exhausted>> {
        let mut ledger = self.lock();
        if let Some(budget) = self.budget {
            let left = budget - ledger.spent - ledger.reserved;
            if amount > left + ROUNDING {
                if ledger.open > 0 {
                    return None;
                }
                ledger.exhausted = true;
                return Some(Err(Exhausted { needed: amount, left: left.max(0.0) }));
            }
        }
        ledger.reserved += amount;
        ledger.open += 1;
        Some(Ok(Reservation { purse: self, amount, risk: 0.0 }))
    }

    /// Opens a request whose money is booked already; it is settled with the difference to
    /// what was really paid.
    pub(super) fn hold(&self) -> Reservation<'_> {
        self.lock().open += 1;
        Reservation { purse: self, amount: 0.0, risk: 0.0 }
    }

    fn close(&self, amount: f64, spend: impl FnOnce(&mut Ledger)) {
        {
            let mut ledger = self.lock();
            spend(&mut ledger);
            ledger.open = ledger.open.saturating_sub(1);
            // An empty purse holds nothing back, whatever the sums were rounded to.
            ledger.reserved =
                if ledger.open == 0 { 0.0 } else { (ledger.reserved - amount).max(0.0) };
        }
        if self.budget.is_some() {
            self.settled.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Money held back for one request. Dropped without a word, it books what the request may
/// have cost so far.
#[derive(Debug)]
pub(super) struct Reservation<'a> {
    purse: &'a Purse,
    amount: f64,
    risk: f64,
}

impl Reservation<'_> {
    /// Says what is presumed spent from now on, should the request never be settled.
    pub(super) fn at_risk(&mut self, dollars: f64) {
        self.risk = dollars;
    }

    /// Settles the request with what it cost. An unknown cost is counted apart where it is
    /// `counted`.
    pub(super) fn settle(self, cost: Option<f64>, counted: bool) {
        let (purse, amount) = (self.purse, self.amount);
        std::mem::forget(self);
        purse.close(amount, |ledger| match cost {
            Some(cost) => ledger.spent += cost,
            None => ledger.unknown += u64::from(counted),
        });
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        let risk = self.risk;
        self.purse.close(self.amount, |ledger| {
            ledger.spent += risk;
            ledger.presumed += risk;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test(start_paused = true)]
    async fn a_reservation_that_does_not_fit_waits_until_another_settles() {
        let purse = Purse::new(Some(1.0), 0.0);
        let first = purse.reserve(0.7).await.unwrap();
        let late = timeout(Duration::from_secs(9), purse.reserve(0.7)).await;
        assert!(late.is_err());
        let (second, ()) = tokio::join!(purse.reserve(0.7), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            first.settle(Some(0.1), true);
        });
        second.unwrap().settle(Some(0.2), true);
        let ledger = purse.ledger();
        assert!((ledger.spent - 0.3).abs() < 1e-12);
        assert_eq!((ledger.open, ledger.exhausted), (0, false));
        assert!(ledger.reserved.abs() < 1e-12);
    }

    #[tokio::test]
    async fn with_nothing_open_a_misfit_says_that_the_budget_is_spent() {
        let purse = Purse::new(Some(1.0), 0.9);
        let refused = purse.reserve(0.2).await.unwrap_err();
        assert!((refused.left - 0.1).abs() < 1e-12);
        assert!(purse.ledger().exhausted);
        // What still fits is let through; exactly the rest fits.
        purse.reserve(0.1).await.unwrap().settle(Some(0.1), true);
    }

    #[tokio::test]
    async fn a_dropped_request_books_what_it_may_have_cost() {
        let purse = Purse::new(Some(1.0), 0.0);
        drop(purse.reserve(0.5).await.unwrap());
        assert_eq!(purse.ledger(), Ledger::default());
        let mut sent = purse.reserve(0.5).await.unwrap();
        sent.at_risk(0.2);
        drop(sent);
        let ledger = purse.ledger();
        assert!((ledger.spent - 0.2).abs() < 1e-12);
        assert!((ledger.presumed - 0.2).abs() < 1e-12);
    }

    #[tokio::test]
    async fn an_unknown_cost_is_counted_and_is_not_zero_dollars() {
        let purse = Purse::new(None, 0.0);
        purse.reserve(0.0).await.unwrap().settle(None, true);
        purse.reserve(0.0).await.unwrap().settle(None, false);
        assert_eq!(purse.ledger().unknown, 1);
    }
}
