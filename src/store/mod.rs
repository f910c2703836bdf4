//! The run's database.
