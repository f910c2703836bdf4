//! What was asked, as data.
