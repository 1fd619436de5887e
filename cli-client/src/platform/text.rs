//! What is no UTF-8, for what takes nothing else.

use std::io::{self, Write};

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
        let all = std::mem::take(&mut self.begun);
        let mut chunks = all.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            self.output.write_all(chunk.valid().as_bytes())?;
            // At the end it may be a character whose rest is still to come.
            if chunks.peek().is_none()
                && std::str::from_utf8(chunk.invalid()).is_err_and(|error| error.error_len().is_none())
            {
                self.begun = chunk.invalid().to_owned();
            } else if !chunk.invalid().is_empty() {
                self.output.write_all(char::REPLACEMENT_CHARACTER.encode_utf8(&mut [0; 4]).as_bytes())?;
            }
        }
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
