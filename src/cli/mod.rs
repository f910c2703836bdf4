//! Flags, commands, progress and exit codes.
