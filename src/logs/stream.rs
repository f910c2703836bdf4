//! The elements of a list deep in a JSON document, one by one.

use std::fmt;
use std::io::Read;
use std::marker::PhantomData;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess,
    SeqAccess, Visitor,
};

/// Calls `take` with each element of the list at a path of keys until it returns `false`.
pub(super) fn elements<T: DeserializeOwned>(
    reader: impl Read,
    path: &[&str],
    take: &mut dyn FnMut(T) -> bool,
) -> Result<(), serde_json::Error> {
    let mut stopped = false;
    let walk = Walk { path, take, stopped: &mut stopped, of: PhantomData };
    let mut document = serde_json::Deserializer::from_reader(reader);
    match walk.deserialize(&mut document) {
        Err(_) if stopped => Ok(()),
        other => other,
    }
}

/// Returns the keys of the object that a document is.
pub(super) fn keys(reader: impl Read) -> Result<Vec<String>, serde_json::Error> {
    let mut found = Vec::new();
    let mut document = serde_json::Deserializer::from_reader(reader);
    document.deserialize_map(Keys(&mut found))?;
    Ok(found)
}

struct Walk<'a, T> {
    path: &'a [&'a str],
    take: &'a mut dyn FnMut(T) -> bool,
    stopped: &'a mut bool,
    of: PhantomData<T>,
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Walk<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, document: D) -> Result<(), D::Error> {
        if self.path.is_empty() {
            document.deserialize_seq(self)
        } else {
            document.deserialize_map(self)
        }
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Walk<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.first() {
            Some(key) => write!(f, "an object with `{key}`"),
            None => f.write_str("a list"),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (wanted, rest) = match self.path.split_first() {
            Some((wanted, rest)) => (*wanted, rest),
            None => ("", self.path),
        };
        while let Some(key) = map.next_key::<String>()? {
            if key == wanted {
                let (take, stopped) = (&mut *self.take, &mut *self.stopped);
                map.next_value_seed(Walk { path: rest, take, stopped, of: self.of })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(element) = list.next_element()? {
            if !(self.take)(element) {
                *self.stopped = true;
                return Err(A::Error::custom("enough"));
            }
        }
        Ok(())
    }
}

struct Keys<'a>(&'a mut Vec<String>);

impl<'de> Visitor<'de> for Keys<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key()? {
            self.0.push(key);
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_taken_one_by_one_and_the_rest_is_passed_over() {
        let text = br#"{"a": [9], "r": {"b": {"c": 1}, "r": [1, 2, 3]}, "z": null}"#;
        let mut found = Vec::new();
        let mut take = |n: u64| {
            found.push(n);
            n < 2
        };
        elements(&text[..], &["r", "r"], &mut take).unwrap();
        assert_eq!(found, [1, 2]);
        assert_eq!(keys(&text[..]).unwrap(), ["a", "r", "z"]);
        assert!(elements::<u64>(&b"{\"r\": 4}"[..], &["r"], &mut |_| true).is_err());
    }
}
