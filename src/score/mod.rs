//! Metrics: what a trial's output is worth.
