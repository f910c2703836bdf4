//! Claims become estimates, tests and verdicts.
