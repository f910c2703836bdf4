//! From text to an experiment.
