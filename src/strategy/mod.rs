//! Strategies: how a trial asks models.
