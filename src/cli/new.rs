//! `new NAME`: a starter file.

use std::io::Write;

use super::exit::{Exit, Trouble};
use super::say;

const STARTER: &str = include_str!("templates/starter.crucible");

/// Writes `NAME.crucible`; a file of that name is left alone.
pub(super) fn new(name: &str) -> Result<Exit, Trouble> {
    let plain = name.strip_suffix(".crucible").unwrap_or(name);
    let fits = plain.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && plain.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !fits {
        return Err(Trouble::Wrong(format!(
            "`{name}` is not a name: letters, digits and `_` are, with a letter first; \
             try `{}`",
            suggestion(plain)
        )));
    }
    let path = format!("{plain}.crucible");
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).open(&path).map_err(
            |error| {
                if error.kind() == std::io::ErrorKind::AlreadyExists {
                    return Trouble::Wrong(format!(
                        "{path} is there already and is left alone; choose another name"
                    ));
                }
                Trouble::Failed(format!("write {path}: {error}"))
            },
        )?;
    file.write_all(STARTER.replace("NAME", plain).as_bytes())
        .map_err(|error| Trouble::Failed(format!("write {path}: {error}")))?;
    say(&format!("{path} is written; run it with\n\n    crucible-run {path}\n"));
    Ok(Exit::Complete)
}

fn suggestion(name: &str) -> String {
    let word: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if word.starts_with(|c: char| c.is_ascii_digit()) { format!("e{word}") } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_does_not_fit_is_mended() {
        assert_eq!(suggestion("my-paper"), "my_paper");
        assert_eq!(suggestion("2nd try"), "e2nd_try");
    }
}
