//! A stream's bytes as text that does nothing: what is no text, or would act, is shown in hex and not done.

const DIGITS: [&str; 16] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];

/// Reads UTF-8, whose characters may come in pieces.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// The beginning of a character, or a carriage return that may begin a line's end.
    pending: Vec<u8>,
}

impl Decoder {
    /// What bytes show, with those that were pending.
    pub(super) fn decode(&mut self, bytes: &[u8]) -> String {
        let mut text = String::with_capacity(bytes.len() + 16);
        let mut joined = std::mem::take(&mut self.pending);
        let mut rest = match joined.is_empty() {
            true => bytes,
            false => {
                joined.extend_from_slice(bytes);
                &joined
            }
        };
        if let Some((b'\r', before)) = rest.split_last() {
            self.pending.push(b'\r');
            rest = before;
        }
        loop {
            let (valid, after, bad) = first_text(rest);
            show_text(valid, &mut text);
            match bad {
                // The carriage return that is pending shows that the character does not go on.
                None if self.pending.is_empty() => {
                    self.pending.extend_from_slice(after);
                    return text;
                }
                bad => {
                    let (bad, after) = after.split_at_checked(bad.unwrap_or(after.len())).unwrap_or_default();
                    show_bytes(bad, &mut text);
                    rest = after;
                }
            }
            if rest.is_empty() {
                return text;
            }
        }
    }

    /// What is pending, when nothing more comes.
    pub(super) fn finish(&mut self) -> String {
        let mut text = String::new();
        show_bytes(&std::mem::take(&mut self.pending), &mut text);
        text
    }
}

/// The text that bytes begin with, the bytes after it, and how many of these are none; `None` where they may still
/// become a character.
fn first_text(bytes: &[u8]) -> (&str, &[u8], Option<usize>) {
    match str::from_utf8(bytes) {
        Ok(text) => (text, &[], None),
        Err(error) => {
            let (valid, after) = bytes.split_at_checked(error.valid_up_to()).unwrap_or_default();
            (str::from_utf8(valid).unwrap_or_default(), after, error.error_len())
        }
    }
}

fn show_text(text: &str, shown: &mut String) {
    // Runs without control characters are copied whole.
    let mut rest = text;
    while let Some(at) = rest.find(acts) {
        let (before, after) = rest.split_at_checked(at).unwrap_or_default();
        shown.push_str(before);
        let mut chars = after.chars();
        match chars.next() {
            Some('\r') if chars.as_str().starts_with(['\n']) => {}
            Some(control) => show_bytes(control.encode_utf8(&mut [0; 4]).as_bytes(), shown),
            None => return,
        }
        rest = chars.as_str();
    }
    shown.push_str(rest);
}

/// Whether a character would do something: all controls but the line feed and the tab, and what turns the direction
/// of writing.
fn acts(char: char) -> bool {
    match char {
        '\n' | '\t' => false,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        char => char.is_control(),
    }
}

fn show_bytes(bytes: &[u8], shown: &mut String) {
    for byte in bytes {
        shown.push('‹');
        shown.push_str(DIGITS[usize::from(byte >> 4)]);
        shown.push_str(DIGITS[usize::from(byte & 15)]);
        shown.push('›');
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Decoder;

    /// What bytes show that come in these pieces, and are all.
    fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> String {
        let mut decoder = Decoder::default();
        let mut text: String = pieces.into_iter().map(|piece| decoder.decode(piece)).collect();
        text.push_str(&decoder.finish());
        text
    }

    #[rstest]
    #[case::text("olá\tmundo 😀\n".as_bytes(), "olá\tmundo 😀\n")]
    #[case::line_end(b"a\r\nb\r\n", "a\nb\n")]
    #[case::carriage_return(b"10%\r20%\r", "10%‹0d›20%‹0d›")]
    #[case::two_carriage_returns(b"a\r\r\n", "a‹0d›\n")]
    #[case::escape(b"\x1b[31mred\x07\0\x7f", "‹1b›[31mred‹07›‹00›‹7f›")]
    #[case::upper_controls("\u{85}\u{9b}".as_bytes(), "‹c2›‹85›‹c2›‹9b›")]
    #[case::directions("a\u{202e}b".as_bytes(), "a‹e2›‹80›‹ae›b")]
    #[case::no_text(b"\xff\xfe ok \xc3(", "‹ff›‹fe› ok ‹c3›(")]
    #[case::cut_at_the_end(b"ol\xc3", "ol‹c3›")]
    #[case::cut_by_a_line(b"ol\xc3\r\n\xf0\x9f\r", "ol‹c3›\n‹f0›‹9f›‹0d›")]
    #[case::surrogate(b"\xed\xa0\x80", "‹ed›‹a0›‹80›")]
    #[case::nothing(b"", "")]
    fn bytes_are_shown_however_they_are_cut(#[case] bytes: &[u8], #[case] shown: &str) {
        assert_eq!(decode([bytes]), shown, "whole");
        assert_eq!(decode(bytes.chunks(1)), shown, "byte by byte");
        for cut in 0..=bytes.len() {
            let (before, after) = bytes.split_at(cut);
            assert_eq!(decode([before, &[], after]), shown, "cut at {cut}");
        }
    }

    #[test]
    fn a_cut_character_is_shown_as_soon_as_it_is_whole() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.decode(b"ol\xc3"), "ol");
        assert_eq!(decoder.decode(b"\xa1!"), "á!");
        assert_eq!(decoder.decode(b"fim\r"), "fim");
        assert_eq!(decoder.decode(b"\n"), "\n");
    }
}
