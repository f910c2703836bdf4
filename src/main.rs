//! The program: everything is in [`crucible::cli`].

fn main() {}
