//! What a call that is not in the recording is most like.

use std::sync::atomic::Ordering;

use rusqlite::params;
use serde::Deserialize;

use super::Exchanges;
use super::play::unpacked;
use crate::record::{Message, Request, Role};

/// Misses that are told with the nearest request; the search reads the whole recording.
const SHOWN: u32 = 8;

/// Requests that are compared.
const COMPARED: u32 = 500;

/// Characters that are shown before and after the place where two requests differ.
const BEFORE: usize = 24;
const AFTER: usize = 24;

/// A request of the recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Near {
    place: String,
    model: String,
    item: String,
    asked: Asked,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    system: Option<String>,
    messages: Vec<Message>,
}

impl Exchanges {
    /// Says that a call was not recorded, and what it is most like.
    pub(super) fn missed(&self, request: &Request, place: &str, model: &str) -> String {
        let item = request.item.id.as_str();
        let missed =
            format!("`{model}` was not asked this about item `{item}` at `{place}`");
        if self.shown.fetch_add(1, Ordering::Relaxed) >= SHOWN {
            return missed;
        }
        let asked =
            Asked { system: request.system.clone(), messages: request.messages.clone() };
        match self.nearest(&asked, item, place, model) {
            Some(near) => format!(
                "{missed}; the nearest recorded request, to `{}` about item `{}` at `{}`, {}",
                near.model,
                near.item,
                near.place,
                difference(&near.asked, &asked)
            ),
            None => format!("{missed}; nothing like it was recorded"),
        }
    }

    /// Finds the recorded request that is most like one: of the same model, about the same
    /// item, at the same place, in this order; among equals the one with the least that
    /// differs.
    fn nearest(
        &self,
        asked: &Asked,
        item: &str,
        place: &str,
        model: &str,
    ) -> Option<Near> {
        let candidates = self
            .reading(|reader| {
                let mut statement = reader.prepare_cached(
                    "SELECT calls.place, model, item, bytes,
                         (model = ?1) * 4 + (item = ?2) * 2 + (calls.place = ?3) AS near
                     FROM calls JOIN contents ON content = request
                     ORDER BY near DESC, call LIMIT ?4",
                )?;
                let rows = statement.query_map(
                    params![model, item, place, COMPARED],
                    |row| {
                        let packed: Vec<u8> = row.get(3)?;
                        let asked = unpacked(&packed)
                            .ok()
                            .and_then(|text| serde_json::from_slice(&text).ok());
                        let near: i64 = row.get(4)?;
                        Ok((near, row.get(0)?, row.get(1)?, row.get(2)?, asked))
                    },
                )?;
                let mut found = Vec::new();
                for row in rows {
                    let (tier, place, model, item, asked) = row?;
                    if let Some(asked) = asked {
                        found.push((tier, Near { place, model, item, asked }));
                    }
                }
                Ok(found)
            })
            .ok()?;
        let best = candidates.first()?.0;
        let wanted = asked.flat();
        candidates
            .into_iter()
            .filter(|(tier, _)| *tier == best)
            .map(|(_, near)| near)
            .min_by_key(|near| apart(&near.asked.flat(), &wanted))
    }
}

impl Asked {
    /// Returns its parts with their names, in order.
    fn parts(&self) -> Vec<(String, &str)> {
        let system = self.system.iter().map(|text| ("the system text".to_owned(), text));
        let messages = (1..).zip(&self.messages).map(|(number, message)| {
            let who = match message.role {
                Role::User => "user",
                Role::Assistant => "assistant",
            };
            (format!("message {number} ({who})"), &message.text)
        });
        system.chain(messages).map(|(name, text)| (name, text.as_str())).collect()
    }

    fn flat(&self) -> Vec<char> {
        let texts: Vec<&str> = self.parts().into_iter().map(|(_, text)| text).collect();
        texts.join("\n").chars().collect()
    }
}

/// Returns how much two texts differ: the characters of both between their common beginning
/// and their common end.
fn apart(a: &[char], b: &[char]) -> usize {
    let begin = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (a.get(begin..).unwrap_or(&[]), b.get(begin..).unwrap_or(&[]));
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    a.len() + b.len() - 2 * end
}

/// Says in words where two requests first differ.
fn difference(recorded: &Asked, now: &Asked) -> String {
    let (before, after) = (recorded.parts(), now.parts());
    for ((old_name, old), (name, new)) in before.iter().zip(&after) {
        if old_name != name {
            return format!("has {old_name} where {name} stands now");
        }
        if old != new {
            let at = old.chars().zip(new.chars()).take_while(|(a, b)| a == b).count();
            return format!(
                "differs at character {} of {name}: {} was recorded, now it is {}",
                at + 1,
                excerpt(old, at),
                excerpt(new, at)
            );
        }
    }
    if before.len() == after.len() {
        "has the same text: the seed, the item's data, the condition or the model's \
         parameters are other ones"
            .to_owned()
    } else {
        format!("has {} parts, now there are {}", before.len(), after.len())
    }
}

/// Returns a text around one of its characters, in quotes and on one line.
fn excerpt(text: &str, at: usize) -> String {
    let start = at.saturating_sub(BEFORE);
    let shown: String = text
        .chars()
        .skip(start)
        .take(at - start + AFTER)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let before = if start > 0 { "…" } else { "" };
    let after = if text.chars().nth(at + AFTER).is_some() { "…" } else { "" };
    format!("\"{before}{shown}{after}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(system: Option<&str>, texts: &[&str]) -> Asked {
        let message =
            |text: &&str| Message { role: Role::User, text: (*text).to_owned() };
        Asked {
            system: system.map(str::to_owned),
            messages: texts.iter().map(message).collect(),
        }
    }

    #[test]
    fn the_first_difference_is_shown_with_what_stands_around_it() {
        let long = format!("{} and 2 + 3 = ?", "x".repeat(40));
        let other = long.replace("2 + 3", "2 + 4");
        let told = difference(&asked(None, &[&long]), &asked(None, &[&other]));
        assert_eq!(
            told,
            "differs at character 50 of message 1 (user): \
             \"…xxxxxxxxxxxxxxx and 2 + 3 = ?\" was recorded, now it is \
             \"…xxxxxxxxxxxxxxx and 2 + 4 = ?\""
        );
        let told = difference(&asked(Some("s"), &["a"]), &asked(None, &["a"]));
        assert_eq!(told, "has the system text where message 1 (user) stands now");
        let told = difference(&asked(None, &["a"]), &asked(None, &["a", "b"]));
        assert_eq!(told, "has 1 parts, now there are 2");
        assert!(difference(&asked(None, &["a"]), &asked(None, &["a"])).contains("same"));
        let told = difference(&asked(None, &["ab"]), &asked(None, &["a\nb"]));
        assert!(told.ends_with("now it is \"a b\""), "{told}");
    }

    #[test]
    fn what_is_apart_is_what_lies_between_the_common_ends() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        for (a, b, wanted) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("abc", "axc", 2),
            ("abc", "ab", 1),
            ("aaa", "aa", 1),
            ("abc", "xyz", 6),
        ] {
            assert_eq!(apart(&chars(a), &chars(b)), wanted, "{a} {b}");
        }
    }
}
