//! From findings to pages.
