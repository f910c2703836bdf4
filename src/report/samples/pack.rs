//! JSON to text that a page may hold.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;

/// How hard it is compressed: most of what can be saved, in a third of the time.
const LEVEL: u32 = 4;

/// Compresses bytes and writes them as Base64; the same bytes give the same text.
pub(super) fn packed(bytes: &[u8]) -> io::Result<String> {
    // The head says no time and no name.
    let room = Vec::with_capacity(bytes.len() / 3 + 64);
    let mut encoder = GzEncoder::new(room, Compression::new(LEVEL));
    encoder.write_all(bytes)?;
    Ok(STANDARD.encode(encoder.finish()?))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn what_is_packed_comes_out_again_and_packs_to_the_same() {
        let text = "a — b </script> \u{202e}".repeat(1_000);
        let first = packed(text.as_bytes()).unwrap();
        assert_eq!(first, packed(text.as_bytes()).unwrap());
        assert!(first.len() < text.len() / 20);
        assert!(first.bytes().all(
            |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
        ));
        let bytes = STANDARD.decode(first).unwrap();
        let mut out = String::new();
        flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut out).unwrap();
        assert_eq!(out, text);
    }
}
