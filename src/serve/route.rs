//! What a path and its question ask for.

use crate::store::{Filter, ScoreFilter};

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Asked {
    /// The page.
    Page,
    /// The stream of states.
    Events,
    /// The results: what a report is made of.
    Results,
    /// What trials there are to look through.
    Run,
    /// The trials that pass a filter, behind a number.
    Trials(Filter, i64),
    /// How many pass it.
    Count(Filter),
    /// One trial.
    Trial(i64),
    /// An item under every condition.
    Item(u32),
}

/// Why a path leads to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Astray {
    /// There is no such path.
    Nowhere,
    /// The question behind the path is wrong.
    Question(String),
}

impl Asked {
    /// Reads a path and the question behind it.
    pub(super) fn read(path: &str, question: Option<&str>) -> Result<Self, Astray> {
        let question = Question::read(question.unwrap_or_default());
        let due = |name: &str| Astray::Question(format!("`{name}` is due"));
        match path {
            "/" => Ok(Self::Page),
            "/events" => Ok(Self::Events),
            "/results" => Ok(Self::Results),
            "/run" => Ok(Self::Run),
            "/trials" => Ok(Self::Trials(
                question.filter()?,
                question.number("after")?.unwrap_or(-1),
            )),
            "/count" => Ok(Self::Count(question.filter()?)),
            "/trial" => {
                question.number("number")?.map(Self::Trial).ok_or_else(|| due("number"))
            }
            "/item" => {
                question.number("item")?.map(Self::Item).ok_or_else(|| due("item"))
            }
            _ => Err(Astray::Nowhere),
        }
    }
}

/// The names and values behind a path.
struct Question(Vec<(String, String)>);

impl Question {
    fn read(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        Self(pairs.collect())
    }

    fn text(&self, name: &str) -> Option<&str> {
        let pair = self.0.iter().find(|(known, _)| known == name)?;
        (!pair.1.is_empty()).then_some(pair.1.as_str())
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Astray> {
        let read = |text: &str| {
            text.parse().map_err(|_| Astray::Question(format!("`{name}` is no number")))
        };
        self.text(name).map(read).transpose()
    }

    fn filter(&self) -> Result<Filter, Astray> {
        let score = match self.number("metric")? {
            None => None,
            Some(metric) => {
                let end = |name, otherwise: f64| {
                    let value = self.number(name)?.unwrap_or(otherwise);
                    if value.is_nan() {
                        return Err(Astray::Question(format!("`{name}` is no number")));
                    }
                    Ok(value)
                };
                let low = end("low", f64::MIN)?;
                let high = end("high", f64::MAX)?;
                Some(ScoreFilter { metric, low, high })
            }
        };
        let failed = match self.text("failed") {
            None => None,
            Some("yes") => Some(true),
            Some("no") => Some(false),
            Some(_) => {
                return Err(Astray::Question("`failed` is `yes` or `no`".to_owned()));
            }
        };
        let text = self.text("text").map(str::to_owned);
        Ok(Filter { condition: self.number("condition")?, failed, score, text })
    }
}

/// Undoes the escapes of an address; what is no escape stays.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let digit =
            |at: usize| behind.get(at).and_then(|&digit| char::from(digit).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.extend(u8::try_from(high * 16 + low));
                rest = behind.get(2..).unwrap_or_default();
                continue;
            }
            (b'+', _, _) => bytes.push(b' '),
            (other, _, _) => bytes.push(other),
        }
        rest = behind;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_read_as_it_was_written() {
        let question =
            "condition=2&failed=no&metric=1&low=0.5&text=a%26b+%C3%A9%2&after=41";
        let filter = Filter {
            condition: Some(2),
            failed: Some(false),
            score: Some(ScoreFilter { metric: 1, low: 0.5, high: f64::MAX }),
            text: Some("a&b é%2".to_owned()),
        };
        let asked = Asked::read("/trials", Some(question));
        assert_eq!(asked, Ok(Asked::Trials(filter, 41)));
        let all = Asked::Trials(Filter::default(), -1);
        assert_eq!(Asked::read("/trials", Some("text=&condition=")), Ok(all));
    }

    #[test]
    fn a_wrong_question_is_told_and_a_wrong_path_leads_nowhere() {
        for question in [
            "condition=x",
            "condition=-1",
            "failed=maybe",
            "metric=1&low=nan",
            "after=9999999999999999999999",
        ] {
            let asked = Asked::read("/trials", Some(question));
            assert!(matches!(asked, Err(Astray::Question(_))), "{question}");
        }
        assert!(matches!(Asked::read("/trial", None), Err(Astray::Question(_))));
        for path in ["", "/../run", "/run/", "/index.html", "/run.db", "//"] {
            assert_eq!(Asked::read(path, None), Err(Astray::Nowhere), "{path}");
        }
    }
}
