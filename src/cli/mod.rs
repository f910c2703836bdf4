//! The command line: flags, commands, progress and exit codes.
//!
//! Everything from the world outside enters here: arguments, environment, clock, terminal.
//! Results go to stdout, the rest to stderr; nothing secret goes anywhere. Each command is
//! one file, and its first function reads as a table of contents. To add one: a variant of
//! `Command`, its word in `COMMANDS`, a file, and a line in `docs/command-line.md`.
#![expect(
    clippy::disallowed_methods,
    reason = "the program's door to arguments, environment, clock and disk"
)]

mod args;
mod batches;
mod cached;
mod carry;
mod check;
mod cite_check;
mod discordant;
mod doc;
mod environment;
mod exit;
mod explored;
mod export;
mod fmt;
mod foresee;
mod kept;
mod load;
mod lock;
mod new;
mod plan;
mod progress;
mod prospect;
mod repeat;
mod results;
mod run;
mod runs;
mod sections;
mod serve;
mod stats;
mod watch;

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::OnceLock;

use clap::Parser;

use args::{COMMANDS, Command, Line};
use exit::{Exit, Trouble};

/// Runs the program with the process's own arguments and returns its exit code.
#[must_use]
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let Some(told) = misnamed(&arguments) {
        tell(&format!("crucible-run: {told}\n"));
        return Exit::Wrong.into();
    }
    let line = match Line::try_parse_from(with_command(arguments)) {
        Ok(line) => line,
        Err(error) => {
            let told = error.print();
            let wrong = error.use_stderr() || told.is_err();
            return if wrong { Exit::Wrong } else { Exit::Complete }.into();
        }
    };
    environment::log(line.command.log());
    let exit = carry_out(line.command).unwrap_or_else(|trouble| {
        if !matches!(trouble, Trouble::Told) {
            tell(&format!("crucible-run: {trouble}\n"));
        }
        trouble.exit()
    });
    match UNSAID.get() {
        Some(error) if exit == Exit::Complete => {
            tell(&format!("crucible-run: write to stdout: {error}\n"));
            Exit::Failed.into()
        }
        Some(_) | None => exit.into(),
    }
}

/// Why something could not be written to stdout, if it could not.
static UNSAID: OnceLock<String> = OnceLock::new();

/// Says what was probably meant by a first word that is neither a command nor a file.
fn misnamed(arguments: &[OsString]) -> Option<String> {
    let first = arguments.get(1)?.to_str()?;
    let plain = first.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let there = |path: &str| std::path::Path::new(path).exists();
    let file = format!("{first}.crucible");
    if !plain || COMMANDS.contains(&first) || there(first) || there(&file) {
        return None;
    }
    let near = |command: &&&str| strsim::damerau_levenshtein(command, first) <= 2;
    let distance = |command: &&&str| strsim::damerau_levenshtein(command, first);
    let command = COMMANDS.iter().filter(near).min_by_key(distance)?;
    let file = if arguments.len() > 2 { "" } else { ", and no file" };
    Some(format!("`{first}` is no command{file}; did you mean `{command}`?"))
}

fn carry_out(command: Command) -> Result<Exit, Trouble> {
    match command {
        Command::Run(args) => run::run(&args),
        Command::Check { files, format } => check::check(&files, format),
        Command::Plan { file, choice, out, format } => {
            plan::plan(&file, &choice, &out, format)
        }
        Command::Report { run, format } => results::report(&run, format),
        Command::Show { run, discordant: Some(name), format } => {
            discordant::show(&run, &name, format)
        }
        Command::Show { run, discordant: None, format } => results::show(&run, format),
        Command::List { out, format } => runs::list(&out, format),
        Command::Export { run, to, output } => {
            export::export(&run, to, output.as_deref())
        }
        Command::CiteCheck { papers, run, out, format } => {
            cite_check::cite_check(&papers, &run, &out, format)
        }
        Command::Serve { run, address } => {
            serve::serve(&run, address.unwrap_or_default())
        }
        Command::Fmt { files, check } => fmt::fmt(&files, check),
        Command::Doc { name, all, output } => {
            doc::doc(name.as_deref(), all, output.as_deref())
        }
        Command::Explain { code } => doc::explain(&code),
        Command::Stats { what } => stats::stats(&what),
        Command::New { name } => new::new(&name),
    }
}

/// Puts `run` before a first word that is no command: `crucible-run FILE`.
fn with_command(mut arguments: Vec<OsString>) -> Vec<OsString> {
    const ALONE: &[&str] = &["-h", "--help", "-V", "--version"];
    let Some(first) = arguments.get(1).map(|word| word.to_string_lossy().into_owned())
    else {
        return arguments;
    };
    if !COMMANDS.contains(&first.as_str()) && !ALONE.contains(&first.as_str()) {
        arguments.insert(1, "run".into());
    }
    arguments
}

/// Writes to stdout; a reader that has gone away ends nothing. Any other trouble is told at
/// the end.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    if let Err(error) = written
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        UNSAID.get_or_init(|| error.to_string());
    }
}

/// Writes to stderr.
fn tell(text: &str) {
    let written = std::io::stderr().lock().write_all(text.as_bytes());
    drop(written);
}

/// Says whether stdout takes colour.
fn colour_out() -> bool {
    std::io::stdout().is_terminal() && no_color_unset()
}

/// Says whether stderr takes colour.
fn colour_err() -> bool {
    std::io::stderr().is_terminal() && no_color_unset()
}

fn no_color_unset() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Returns the columns of the terminal, or 100 where there is none.
fn columns() -> usize {
    terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(arguments: &[&str]) -> Vec<String> {
        let given = std::iter::once("crucible-run").chain(arguments.iter().copied());
        with_command(given.map(OsString::from).collect())
            .iter()
            .skip(1)
            .map(|word| word.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn a_misspelt_command_is_told_and_a_file_is_left_to_the_run() {
        let told = |words: &[&str]| {
            let given = std::iter::once("crucible-run").chain(words.iter().copied());
            misnamed(&given.map(OsString::from).collect::<Vec<_>>())
        };
        let chekc = told(&["chekc", "f"]).unwrap();
        assert_eq!(chekc, "`chekc` is no command; did you mean `check`?");
        for words in [
            &["a.crucible"][..],
            &["check", "f"],
            &["mine"],
            &["./chekc"],
            &["--help"],
            &[],
        ] {
            assert_eq!(told(words), None, "{words:?}");
        }
    }

    #[test]
    fn a_first_word_that_is_no_command_is_a_file_to_run() {
        assert_eq!(words(&["a.crucible", "--fresh"]), ["run", "a.crucible", "--fresh"]);
        assert_eq!(words(&["check", "a"]), ["check", "a"]);
        assert_eq!(words(&["./check"]), ["run", "./check"]);
        assert_eq!(words(&["--version"]), ["--version"]);
        assert_eq!(words(&["--limit", "3", "a"]), ["run", "--limit", "3", "a"]);
    }
}
