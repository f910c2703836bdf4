//! How the program ends.

use std::process::ExitCode;

use thiserror::Error;

/// The ways to end; the numbers are the contract of the manual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// All is done.
    Complete,
    /// The program or the machine failed.
    Failed,
    /// The command line is wrong or the file does not check.
    Wrong,
    /// The run is incomplete and can be gone on with.
    Incomplete,
    /// With `--strict`: a hypothesis of the family is not supported.
    NotSupported,
    /// Interrupted; can be gone on with.
    Interrupted,
}

impl Exit {
    /// Returns the number.
    #[must_use]
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Complete => 0,
            Self::Failed => 1,
            Self::Wrong => 2,
            Self::Incomplete => 3,
            Self::NotSupported => 4,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command ended before its work was done.
#[derive(Debug, Error)]
pub(super) enum Trouble {
    /// What the user asked for cannot be; the message says why and what to do.
    #[error("{0}")]
    Wrong(String),
    /// The diagnostics were printed already.
    #[error("the file does not check")]
    Told,
    /// Nothing was spent because nobody agreed to it.
    #[error("{0}")]
    NotAgreed(String),
    /// The machine or the program failed.
    #[error("{0}")]
    Failed(String),
}

impl Trouble {
    /// Returns a failure with the whole chain of its sources.
    pub(super) fn failed(error: &dyn std::error::Error) -> Self {
        Self::Failed(chain(error))
    }

    /// Returns a mistake of the command line or the file, with its sources.
    pub(super) fn wrong(error: &dyn std::error::Error) -> Self {
        Self::Wrong(chain(error))
    }

    /// Returns how the program ends for it.
    #[must_use]
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Wrong(_) | Self::Told | Self::NotAgreed(_) => Exit::Wrong,
            Self::Failed(_) => Exit::Failed,
        }
    }
}

/// Joins an error and its sources with colons, each said once.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_the_manual() {
        let codes = [
            Exit::Complete,
            Exit::Failed,
            Exit::Wrong,
            Exit::Incomplete,
            Exit::NotSupported,
            Exit::Interrupted,
        ]
        .map(Exit::code);
        assert_eq!(codes, [0, 1, 2, 3, 4, 130]);
    }
}
