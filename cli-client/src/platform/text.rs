//! What is no UTF-8, for what takes nothing else.

use std::io::{self, Write};

use crate::utf8;

/// Hands on UTF-8, with a sign in place of what is none.
#[derive(Debug)]
pub(super) struct TextOnly<W> {
    output: W,
    /// The beginning of a character.
    begun: Vec<u8>,
}

impl<W: Write> TextOnly<W> {
    pub(super) fn new(output: W) -> Self {
        Self { output, begun: Vec::new() }
    }
}

impl<W: Write> Write for TextOnly<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun.extend_from_slice(bytes);
        let whole = self.begun.len() - utf8::unfinished(&self.begun);
        let rest = self.begun.split_off(whole);
        let whole = std::mem::replace(&mut self.begun, rest);
        self.output.write_all(String::from_utf8_lossy(&whole).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::TextOnly;

    #[test]
    fn all_is_text_however_it_is_cut() {
        let bytes = "né 漢\u{1f600}".bytes().chain(*b"\xff\xe6x\xc3").chain("é".bytes()).collect::<Vec<_>>();
        for cut in 0..=bytes.len() {
            let mut written = Vec::new();
            let mut text = TextOnly::new(&mut written);
            text.write_all(&bytes[..cut]).unwrap();
            text.write_all(&bytes[cut..]).unwrap();
            let written = String::from_utf8(written).unwrap();
            assert_eq!(written, "né 漢\u{1f600}\u{fffd}\u{fffd}x\u{fffd}é", "cut at {cut}");
        }
    }
}
