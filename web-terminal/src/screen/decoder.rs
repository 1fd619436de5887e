//! UTF-8 that comes in pieces; what is none becomes U+FFFD, and DEL nothing, as in a VT100: avt would draw it.

use std::borrow::Cow;

/// Fills up time (ECMA-48, where it is no character).
const DEL: char = '\x7f';

/// Reads UTF-8.
#[derive(Default)]
pub(super) struct Decoder {
    /// The beginning of a character.
    pending: Vec<u8>,
}

impl Decoder {
    /// The text of bytes, with those that were pending.
    pub(super) fn decode<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, str> {
        let bytes = match std::mem::take(&mut self.pending) {
            pending if pending.is_empty() => Cow::Borrowed(bytes),
            mut pending => {
                pending.extend_from_slice(bytes);
                Cow::Owned(pending)
            }
        };
        let whole = bytes.len() - begun(&bytes);
        self.pending = bytes[whole..].to_vec();
        let text = match bytes {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(&bytes[..whole]),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes[..whole]).into_owned()),
        };
        if text.contains(DEL) { Cow::Owned(text.chars().filter(|char| *char != DEL).collect()) } else { text }
    }
}

/// How many bytes at the end begin a character that may go on.
fn begun(bytes: &[u8]) -> usize {
    let last = &bytes[bytes.len().saturating_sub(3)..];
    (0..last.len())
        .find(|start| {
            matches!(str::from_utf8(&last[*start..]), Err(error) if error.valid_up_to() == 0 && error.error_len().is_none())
        })
        .map_or(0, |start| last.len() - start)
}

#[cfg(test)]
mod tests {
    use super::Decoder;

    #[test]
    fn characters_come_in_pieces() {
        let text = "aç漢😀 fim".as_bytes();
        for size in 1..text.len() {
            let mut decoder = Decoder::default();
            let decoded: String = text.chunks(size).map(|part| decoder.decode(part).into_owned()).collect();
            assert_eq!(decoded.as_bytes(), text, "in pieces of {size}");
        }
    }

    #[test]
    fn what_is_no_text_is_seen_to_be_none_and_holds_nothing_back() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.decode(b"\xe6\xbc"), "");
        assert_eq!(decoder.decode(b"x\xff"), "\u{fffd}x\u{fffd}");
        assert_eq!(decoder.decode(b"a\x7fb"), "ab");
        assert_eq!(decoder.decode(b"\x80\x80\x80y\xf0\x9f"), "\u{fffd}\u{fffd}\u{fffd}y");
    }
}
