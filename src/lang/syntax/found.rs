//! What the grammar refuses, in a reader's words: what was found and what was wanted.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "most rules and tokens cannot stand here"
)]

use pest::error::{Error, ErrorVariant, InputLocation};

use crate::base::{FileId, Span};

use super::error::SyntaxError;
use super::grammar::Rule;
use super::lex::Piece;
use super::token::{Kind, Token};

/// Returns the error for a piece that the grammar refused.
pub(super) fn explain(
    file: FileId,
    text: &str,
    piece: &Piece,
    error: &Error<Rule>,
) -> SyntaxError {
    let at = piece.start
        + match error.location {
            InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
        };
    let rules: &[Rule] = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives,
        ErrorVariant::CustomError { .. } => &[],
    };
    let place = Place::new(file, text, piece, at);
    place.special().unwrap_or_else(|| place.unexpected(rules))
}

/// The place of a mistake: the tokens around it.
struct Place<'a> {
    file: FileId,
    text: &'a str,
    /// The token that is refused, if it is not the end of the piece.
    here: Option<Token>,
    /// The tokens before it, space, comments and documentation left out.
    before: Vec<Token>,
    /// Whether `here` is the first token of its line.
    begins_line: bool,
    /// Whether no bracket is open.
    outside: bool,
    end: usize,
}

impl<'a> Place<'a> {
    fn new(file: FileId, text: &'a str, piece: &Piece, at: usize) -> Self {
        let comment = |token: &Token| matches!(token.kind, Kind::Note | Kind::LongNote);
        let index = piece.tokens.partition_point(|token| token.end <= at);
        let (earlier, later) = piece.tokens.split_at_checked(index).unwrap_or_default();
        let mut here = later.iter().find(|token| !comment(token)).copied();
        let below = later.iter().find(|token| !token.kind.is_trivia()).copied();
        let leads = below.is_some_and(|below| matches!(below.text(text), "=" | "{"));
        let ended = leads && here.is_some_and(|here| here.kind == Kind::Newline);
        if ended {
            here = below;
        }
        let previous = earlier.iter().rfind(|token| !comment(token));
        let begins_line =
            ended || previous.is_none_or(|previous| previous.kind == Kind::Newline);
        let depth = earlier.iter().fold(0_usize, |depth, token| match token.kind {
            Kind::Open => depth + 1,
            Kind::Close => depth.saturating_sub(1),
            _ => depth,
        });
        let plain = |token: &&Token| !token.kind.is_trivia() && !token.kind.is_doc();
        let before: Vec<Token> = earlier.iter().filter(plain).copied().collect();
        let end = text.get(..piece.end).map_or(piece.end, |text| text.trim_end().len());
        Self { file, text, here, before, begins_line, outside: depth == 0, end }
    }

    fn span(&self, token: Token) -> Span {
        Span::new(self.file, token.start, token.end)
    }

    /// Returns the error for a mistake that has its own words.
    fn special(&self) -> Option<SyntaxError> {
        let here = self.here?;
        let shown = here.text(self.text);
        let last = self.before.last().copied();
        if self.begins_line
            && shown.starts_with('.')
            && let Some(closure) = last.filter(|last| last.kind == Kind::Rhai)
        {
            return Some(SyntaxError::ClosureLine {
                at: self.span(here),
                closure: self.span(closure),
            });
        }
        let operator =
            here.kind == Kind::Mark && !matches!(shown, ":" | "," | "=" | "::");
        let after_value =
            last.is_some_and(|last| !matches!(last.kind, Kind::Mark | Kind::Open));
        if self.begins_line
            && (operator && after_value || shown == "=" && self.outside && last.is_some())
        {
            let operator = shown.to_owned();
            return Some(SyntaxError::LineStart { operator, at: self.span(here) });
        }
        let told = self.unfinished(here, shown).or_else(|| self.mistake(here, shown));
        let (found, wanted, help) = told?;
        let at = self.run_of_signs(here);
        Some(SyntaxError::Unexpected {
            found,
            wanted: vec![wanted],
            help: Some(help),
            at,
        })
    }

    /// Returns what was found, wanted and to be written where half of something stands: a
    /// number without the digits on one side of its dot, a claim with one `=`, a block
    /// without the brackets before it.
    fn unfinished(
        &self,
        here: Token,
        shown: &str,
    ) -> Option<(String, &'static str, String)> {
        let last = self.before.last().copied();
        let next = self.text.get(here.end..).unwrap_or("");
        let digits: String = next.chars().take_while(char::is_ascii_digit).collect();
        let free = last.is_none_or(|last| last.end < here.start);
        if let Some(whole) = self.number_with_dot(here, shown) {
            return Some((
                format!("`{whole}.`"),
                "a digit after the dot",
                format!("write `{whole}.0`, or `{whole}` without the dot"),
            ));
        }
        let word = last.filter(|last| last.kind == Kind::Word);
        match (shown, word) {
            (".", _) if free && !digits.is_empty() => Some((
                format!("`.{digits}`"),
                "a value",
                format!("a number begins with a digit: `0.{digits}`"),
            )),
            ("=", _) if !self.outside && self.ends_side_of_claim() => Some((
                "`=`".to_owned(),
                "one of `<`, `<=`, `>`, `>=`, `~=`",
                "two values are compared with `~=` and a margin: `a.x ~= b.x within 5pp`"
                    .to_owned(),
            )),
            ("{", Some(name)) if !self.begins_line && self.is_value(name) => {
                let name = name.text(self.text);
                Some((
                    "`{`".to_owned(),
                    "the end of the value, or `(`",
                    format!(
                        "a call has its brackets before its block: `{name}(…) {{ … }}`"
                    ),
                ))
            }
            _ => None,
        }
    }

    /// Returns the number that a dot without digits follows, at or just before the mistake.
    fn number_with_dot(&self, here: Token, shown: &str) -> Option<&'a str> {
        let mut back = self.before.iter().rev().copied();
        let dot = if shown == "." { here } else { back.next()? };
        let number = back.next().filter(|number| number.kind == Kind::Number)?;
        (dot.text(self.text) == "." && number.end == dot.start)
            .then(|| number.text(self.text))
    }

    /// Says whether what stands before the mistake may be one side of a claim: a sample, a
    /// number or a bracket, and not the name of a field.
    fn ends_side_of_claim(&self) -> bool {
        let mut back = self.before.iter().rev();
        let claims = self.before.iter().any(|token| token.text(self.text) == "claim");
        let last = back.next();
        let member = back.next().is_some_and(|dot| dot.text(self.text) == ".");
        claims
            && last.is_some_and(|last| {
                member || matches!(last.kind, Kind::Number | Kind::Close)
            })
    }

    /// Says whether a word stands where a value does: after an `=` or a colon, or among
    /// arguments.
    fn is_value(&self, word: Token) -> bool {
        let before = self.before.iter().rev().find(|token| token.end <= word.start);
        before.is_some_and(|before| {
            matches!(before.text(self.text), "=" | ":" | "," | "[" | "(")
        })
    }

    /// Returns the same for operators that only other languages have.
    fn foreign_operator(&self, here: Token) -> Option<(String, &'static str, String)> {
        let run = self.run_of_signs(here);
        let signs = self.text.get(run.start as usize..run.end as usize).unwrap_or("");
        let quoted = format!("`{signs}`");
        let say = |wanted, help: &str| Some((quoted.clone(), wanted, help.to_owned()));
        match signs {
            "==" => say(
                "one of `<`, `<=`, `>`, `>=`, `~=`",
                "two values are compared with `~=` and a margin: `a.x ~= b.x within 5pp`",
            ),
            "!=" | "<>" | ">>" | "<<" | ">>=" | "=>" | "=<" | "->" | "<-" | "<=>" => say(
                "one of `<`, `<=`, `>`, `>=`, `~=`",
                "a claim has one of these between its two sides",
            ),
            "&&" => say("an operator of a claim", "write `and` between claims"),
            "**" | "^" => say("a value", "there is no power; write the product out"),
            "--" => say("a value", "one sign is enough"),
            _ => None,
        }
    }

    /// Returns what was found, wanted and to be written for what other languages have.
    fn mistake(
        &self,
        here: Token,
        shown: &str,
    ) -> Option<(String, &'static str, String)> {
        if let Some(told) = self.foreign_operator(here) {
            return Some(told);
        }
        let (wanted, help) = match (here.kind, shown) {
            (Kind::Doc, _) => (
                "a `///` line above a definition or a field",
                "on a line with something else, or with nothing below it to document, write `//`",
            ),
            (Kind::FileDoc, _) => (
                "a `//!` line between definitions",
                "`//!` is about the whole file; elsewhere write `//` or `///`",
            ),
            (Kind::Unknown, ";") => {
                ("the end of the line", "a new line is enough; leave it out")
            }
            (Kind::Unknown, "'") => {
                ("a `\"`", "text stands in double quotes: `\"text\"`")
            }
            (Kind::Unknown, "`") => (
                "a `\"`",
                "backticks are for Rhai; text stands in double quotes, or over several lines in `\"\"\"`",
            ),
            (Kind::Unknown, "“" | "”" | "„" | "‘" | "’") => {
                ("a `\"`", "text stands in plain double quotes: `\"text\"`")
            }
            (Kind::Unknown, "#") => {
                ("something of the language", "a comment begins with `//`")
            }
            (Kind::Unknown, "%") => (
                "something of the language",
                "a `%` stands straight after its number: `95%`",
            ),
            (Kind::Unknown, "$") => (
                "something of the language",
                "a `$` stands straight before its number: `$0.15`",
            ),
            (Kind::Unknown, "|") => (
                "the parameters of a closure",
                "a closure is `|names| Rhai`, its names separated by commas on one line",
            ),
            (Kind::Unknown, other) => {
                let letter = other.chars().next()?;
                let help = if letter.is_whitespace()
                    || matches!(letter, '\u{200b}' | '\u{feff}')
                {
                    "write a plain space"
                } else {
                    "names are made of the letters a to z, digits and `_`; any text may stand in quotes"
                };
                let found =
                    format!("`{}` (U+{:04X})", other.escape_default(), u32::from(letter));
                let found =
                    if letter.is_alphanumeric() { format!("`{letter}`") } else { found };
                return Some((found, "something of the language", help.to_owned()));
            }
            _ => return None,
        };
        let found = match here.kind {
            Kind::Doc => "a line of documentation".to_owned(),
            Kind::FileDoc => "a line about the file".to_owned(),
            _ => format!("`{shown}`"),
        };
        Some((found, wanted, help.to_owned()))
    }

    /// Returns the span of the signs of an operator around a token: `>>` for either `>`.
    fn run_of_signs(&self, here: Token) -> Span {
        let sign = |byte: &u8| b"=<>!&*-^~".contains(byte);
        let bytes = self.text.as_bytes();
        let first = bytes.get(here.start).is_some_and(sign);
        let before = bytes.get(..here.start).unwrap_or(&[]);
        let after = bytes.get(here.end..).unwrap_or(&[]);
        if !first
            || here.text(self.text) == "-"
                && !before.ends_with(b"-")
                && !after.starts_with(b">")
        {
            return self.span(here);
        }
        let back = before.iter().rev().take_while(|byte| sign(byte)).count();
        let on = after.iter().take_while(|byte| sign(byte)).count();
        Span::new(self.file, here.start - back, here.end + on)
    }

    fn unexpected(&self, rules: &[Rule]) -> SyntaxError {
        let at = match self.here {
            Some(here) if here.kind != Kind::Newline => self.span(here),
            Some(here) => Span::new(self.file, here.start, here.start),
            None => Span::new(self.file, self.end, self.end),
        };
        let found =
            self.here.map_or_else(|| "the end".to_owned(), |here| self.name(here));
        let wanted = wanted(rules);
        SyntaxError::Unexpected { found, help: self.help(&wanted, rules), wanted, at }
    }

    fn name(&self, token: Token) -> String {
        let text = token.text(self.text);
        match token.kind {
            Kind::Newline => "the end of the line".to_owned(),
            Kind::Text | Kind::LongText => "a text".to_owned(),
            Kind::Bars | Kind::Rhai => "a closure".to_owned(),
            _ => format!("`{text}`"),
        }
    }

    /// Returns what to write instead, where the tokens before the mistake tell.
    fn help(&self, wanted: &[&'static str], rules: &[Rule]) -> Option<String> {
        let word = |index: usize| {
            let token =
                self.before.get(index).filter(|token| token.kind == Kind::Word)?;
            Some(token.text(self.text))
        };
        let here = self.here.map_or("", |here| here.text(self.text));
        let help = if self.before.is_empty() {
            "a definition begins with its kind: `model mini = …`".to_owned()
        } else if word(0) == Some("script") && self.before.len() == 1 {
            "a script has no name: `script { … }` or `script = \"file.rhai\"`".to_owned()
        } else if word(0) == Some("use") && self.before.len() == 1 {
            "write `use std::…` or `use \"file.crucible\"`".to_owned()
        } else if here == "=" && wanted.contains(&"`:`") {
            "a field or an argument has a colon: `name: value`".to_owned()
        } else if here == ":" && rules.contains(&Rule::equals) {
            "a definition has an equals sign: `kind name = value`".to_owned()
        } else if here == "{" && self.outside && self.begins_line {
            "put the `{` at the end of the line above".to_owned()
        } else if rules.contains(&Rule::rhai_body) {
            "after the bars of a closure comes an expression of Rhai".to_owned()
        } else if self.outside && rules.contains(&Rule::equals) {
            "after its name a definition has `= value` or `{ fields }`".to_owned()
        } else if wanted.contains(&"a value") && wanted.len() == 1 {
            return None;
        } else if rules.contains(&Rule::sep) {
            "elements are separated by commas or new lines".to_owned()
        } else {
            return None;
        };
        Some(help)
    }
}

/// Returns what may stand at a place, in a reader's words, the likeliest first.
fn wanted(rules: &[Rule]) -> Vec<&'static str> {
    let values = [Rule::closure, Rule::quantity, Rule::list, Rule::path];
    let value = values.iter().filter(|rule| rules.contains(rule)).count() >= 3
        || rules.contains(&Rule::expr)
        || rules.contains(&Rule::named);
    let mut wanted = Vec::new();
    if value {
        wanted.push("a value");
    }
    let mut add = |words: &'static str| {
        if !wanted.contains(&words) {
            wanted.push(words);
        }
    };
    for rule in rules {
        match rule {
            Rule::name | Rule::label | Rule::word if !value => add("a name"),
            Rule::over if !value => add("a variable of the family: `n in 1..=7`"),
            Rule::kw_in => add("`in`"),
            Rule::kind | Rule::definition | Rule::plain_def | Rule::file_doc => {
                add("a definition");
            }
            Rule::equals => add("`=`"),
            Rule::fields if !value => add("`{`"),
            Rule::rhai_braces => add("`{`"),
            Rule::colon => add("`:`"),
            Rule::field if !value => add("a field"),
            Rule::param if !value => add("a parameter"),
            Rule::string if !value => add("a text"),
            Rule::path if !value => add("a path"),
            Rule::rhai_body => add("Rhai"),
            Rule::sep => add("`,`"),
            Rule::mark_op | Rule::minus_op | Rule::word_op if !value => {
                add("an operator");
            }
            Rule::EOI => add("the end of the definition"),
            _ => {}
        }
    }
    if wanted.is_empty() {
        wanted.push("something else");
    }
    wanted
}
