//! Sources of items.
