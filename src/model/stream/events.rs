//! Server-sent events, out of bytes that come in any pieces.

/// The data of events, as far as they came.
///
/// # Source
///
/// WHATWG, HTML Living Standard, section 9.2.6, "Interpreting an event stream". Of an event
/// only its data is kept; the last one counts although no empty line follows it, since some
/// servers leave that out.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// The bytes of a line whose end did not come yet.
    line: Vec<u8>,
    data: Option<String>,
    /// Whether the last byte was a carriage return, so that a line feed ends no other line.
    returned: bool,
    begun: bool,
}

impl Events {
    /// Takes more bytes; hands out the data of each event that is whole, until `take` says
    /// that it wants no more.
    pub(super) fn feed(&mut self, bytes: &[u8], mut take: impl FnMut(&str) -> bool) {
        for &byte in bytes {
            let after_return = std::mem::take(&mut self.returned);
            match byte {
                b'\n' if after_return => {}
                b'\r' | b'\n' => {
                    self.returned = byte == b'\r';
                    if let Some(data) = self.end_line()
                        && !take(&data)
                    {
                        return;
                    }
                }
                _ => self.line.push(byte),
            }
        }
    }

    /// Returns the data of an event that nothing ended.
    pub(super) fn rest(&mut self) -> Option<String> {
        if !self.line.is_empty() {
            drop(self.end_line());
        }
        self.data.take()
    }

    /// Takes up a line; an empty one ends the event.
    fn end_line(&mut self) -> Option<String> {
        let bytes = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&bytes);
        let mut line: &str = &line;
        if !std::mem::replace(&mut self.begun, true) {
            line = line.strip_prefix('\u{feff}').unwrap_or(line);
        }
        if line.is_empty() {
            return self.data.take();
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        if name == "data" {
            let value = value.strip_prefix(' ').unwrap_or(value);
            match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(pieces: &[&[u8]]) -> Vec<String> {
        let mut events = Events::default();
        let mut all = Vec::new();
        for piece in pieces {
            events.feed(piece, |data| {
                all.push(data.to_owned());
                true
            });
        }
        all.extend(events.rest());
        all
    }

    #[test]
    fn the_examples_of_the_standard_are_read_as_it_says() {
        let stocks = "data: YHOO\ndata: +2\ndata: 10\n\n";
        assert_eq!(read(&[stocks.as_bytes()]), ["YHOO\n+2\n10"]);
        let mixed = ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n";
        assert_eq!(
            read(&[mixed.as_bytes()]),
            ["first event", "second event", " third event"]
        );
        assert_eq!(read(&[b"data\n\ndata\ndata\n\n"]), ["", "\n"]);
        assert_eq!(read(&[b"data:test\n\ndata: test\n\n"]), ["test", "test"]);
        assert_eq!(
            read(&["\u{feff}data: a\r\n\r\ndata: b\r\rdata: c".as_bytes()]),
            ["a", "b", "c"]
        );
        assert_eq!(read(&[b"event: ping\n\n"]), Vec::<String>::new());
    }

    #[test]
    fn no_event_is_handed_out_after_the_last_that_was_wanted() {
        let mut events = Events::default();
        let mut seen = Vec::new();
        events.feed(b"data: a\n\ndata: b\n\n", |data| {
            seen.push(data.to_owned());
            false
        });
        assert_eq!(seen, ["a"]);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_in_which_pieces_the_bytes_come(
            text in "(data: ?[a-zé]{0,4}|:|id: 1|\r\n|\n|\r){0,24}",
            cuts in prop::collection::vec(0_usize..200, 0..8),
        ) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < bytes.len()).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for cut in cuts {
                pieces.push(&bytes[from..cut]);
                from = cut;
            }
            pieces.push(&bytes[from..]);
            prop_assert_eq!(read(&pieces), read(&[bytes]));
        }
    }
}
