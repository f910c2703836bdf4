//! Columns: what an author put below one another stays below one another.
//!
//! Tidy text has one space between two tokens. Where tokens of neighbouring lines began in
//! one column, and more than one space stood before one of them, they begin in one column
//! again: the first in which all of them fit. Lines of comments do not part neighbours;
//! blank lines do. Text that was aligned here is aligned already, so it stays as it is.

use std::collections::BTreeMap;

use unicode_width::UnicodeWidthChar;

/// Columns to the next stop of a tab, where an author used some.
const TAB: usize = 4;

/// Which tokens may stand below one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// A comment at the end of its line.
    Note,
    /// A sign such as `=`.
    Sign,
    /// A name, a value or what begins with a bracket.
    Value,
}

/// A token with one space before it.
#[derive(Debug)]
struct Spot {
    /// Its first byte in the tidy text.
    at: usize,
    row: usize,
    role: Role,
    /// Where the author had it, as seen on a screen.
    column: usize,
    /// Where it stands in the tidy text.
    natural: usize,
    /// Whether more than one space stood before it.
    wide: bool,
}

/// A place in a text that is moved forward only.
#[derive(Debug, Default)]
struct Cursor {
    at: usize,
    line: usize,
    column: usize,
    /// Whether a tab stands before this place on its line.
    tab: bool,
}

impl Cursor {
    fn advance(&mut self, text: &str, to: usize) {
        for c in text.get(self.at..to).unwrap_or("").chars() {
            match c {
                '\n' | '\r' => {
                    (self.line, self.column, self.tab) = (self.line + 1, 0, false);
                }
                '\t' => {
                    (self.column, self.tab) = ((self.column / TAB + 1) * TAB, true);
                }
                _ => self.column += c.width().unwrap_or(0),
            }
        }
        self.at = to;
    }
}

/// The columns of a text, noted while its tidy form is written.
#[derive(Debug, Default)]
pub(super) struct Columns {
    spots: Vec<Spot>,
    source: Cursor,
    tidy: Cursor,
    row: usize,
    /// The lines, of the source and of the tidy text, on which the row began.
    began: (usize, usize),
}

impl Columns {
    /// Begins a line of the tidy text at the token that stands at `start` in the source.
    pub(super) fn line(&mut self, text: &str, start: usize, tidy: &str, distance: usize) {
        self.source.advance(text, start);
        self.tidy.advance(tidy, tidy.len());
        self.row += distance;
        self.began = (self.source.line, self.tidy.line);
    }

    /// Notes a token that comes next in the tidy text, after a space.
    pub(super) fn token(&mut self, text: &str, start: usize, tidy: &str, role: Role) {
        self.source.advance(text, start);
        self.tidy.advance(tidy, tidy.len());
        if self.began != (self.source.line, self.tidy.line) || self.tidy.tab {
            return;
        }
        let before = text.get(..start).unwrap_or("");
        let gap = before.len() - before.trim_end_matches([' ', '\t']).len();
        self.spots.push(Spot {
            at: tidy.len(),
            row: self.row,
            role,
            column: self.source.column,
            natural: self.tidy.column,
            wide: gap > 1 || before.ends_with('\t'),
        });
    }

    /// Puts what was aligned below one another again.
    pub(super) fn align(self, tidy: &str) -> String {
        let spaces = self.spaces();
        let mut out = String::with_capacity(tidy.len());
        let mut from = 0;
        for (spot, spaces) in self.spots.iter().zip(spaces) {
            out.push_str(tidy.get(from..spot.at).unwrap_or(""));
            out.extend(std::iter::repeat_n(' ', spaces));
            from = spot.at;
        }
        out.push_str(tidy.get(from..).unwrap_or(""));
        out
    }

    /// Returns how many spaces are put before each spot.
    fn spaces(&self) -> Vec<usize> {
        let mut spaces = vec![0; self.spots.len()];
        let mut moved: BTreeMap<usize, usize> = BTreeMap::new();
        for group in self.groups() {
            let spots = || group.iter().filter_map(|&i| Some((i, self.spots.get(i)?)));
            let now = |spot: &Spot, moved: &BTreeMap<usize, usize>| {
                spot.natural + moved.get(&spot.row).copied().unwrap_or(0)
            };
            let column = spots().map(|(_, spot)| now(spot, &moved)).max().unwrap_or(0);
            for (index, spot) in spots() {
                let more = column - now(spot, &moved).min(column);
                *moved.entry(spot.row).or_default() += more;
                if let Some(spaces) = spaces.get_mut(index) {
                    *spaces = more;
                }
            }
        }
        spaces
    }

    /// Returns the spots that belong together, leftmost first.
    fn groups(&self) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut known: BTreeMap<(usize, usize, Role), usize> = BTreeMap::new();
        for (index, spot) in self.spots.iter().enumerate() {
            let above = spot.row.checked_sub(1);
            let above =
                above.and_then(|row| known.get(&(row, spot.column, spot.role)).copied());
            let group = above.unwrap_or(groups.len());
            match groups.get_mut(group) {
                Some(members) => members.push(index),
                None => groups.push(vec![index]),
            }
            known.insert((spot.row, spot.column, spot.role), group);
        }
        let is_wide = |&index: &usize| self.spots.get(index).is_some_and(|s| s.wide);
        groups.retain(|group| group.len() > 1 && group.iter().any(is_wide));
        let column = |group: &Vec<usize>| {
            group.first().and_then(|&index| self.spots.get(index)).map(|s| s.column)
        };
        groups.sort_by_key(column);
        groups
    }
}
