//! The index space of trials and its forecast.
