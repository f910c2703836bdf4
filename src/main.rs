//! The program: everything is in [`crucible::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    crucible::cli::main()
}
