//! Reads lines of bounded length.

use std::io::{self, BufRead, Read};

use super::Entry;

/// Why a line cannot be a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LineError {
    /// It is longer than any server takes.
    #[error("a linha passa do limite de {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// Its bytes are no UTF-8.
    #[error("a linha não é UTF-8")]
    NotUtf8,
}

/// Reads one line of at most `limit` bytes, its newline not counted; the rest of a longer one is skipped.
pub(super) fn read_entry(input: &mut impl BufRead, limit: usize) -> io::Result<Entry> {
    let mut line = Vec::new();
    let room = limit as u64 + "\r\n".len() as u64;
    if input.by_ref().take(room).read_until(b'\n', &mut line)? == 0 {
        return Ok(Entry::End);
    }
    let newline = line.ends_with(b"\n");
    let text = line.strip_suffix(b"\n").unwrap_or(&line);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    if text.len() > limit {
        if !newline {
            input.skip_until(b'\n')?;
        }
        return Ok(Entry::Unusable(LineError::TooLong { limit }));
    }
    let text = std::str::from_utf8(text).map(str::to_owned);
    Ok(text.map_or(Entry::Unusable(LineError::NotUtf8), Entry::Line))
}

#[cfg(test)]
mod tests {
    use super::{Entry, LineError, read_entry};

    /// Every entry of `input`, in Rust's debug form, up to its end.
    fn entries(mut input: &[u8], limit: usize) -> Vec<String> {
        let read = || match read_entry(&mut input, limit).unwrap() {
            Entry::End => None,
            entry => Some(format!("{entry:?}")),
        };
        std::iter::from_fn(read).collect()
    }

    #[test]
    fn lines_lose_their_newline_and_nothing_else() {
        assert_eq!(entries(b" a \r\n\nb", 9), [r#"Line(" a ")"#, r#"Line("")"#, r#"Line("b")"#]);
    }

    #[test]
    fn a_line_may_have_exactly_the_limit() {
        for end in ["", "\n", "\r\n"] {
            assert_eq!(entries(format!("1234{end}").as_bytes(), 4), [r#"Line("1234")"#]);
        }
    }

    #[test]
    fn a_longer_line_is_skipped_to_its_end() {
        let too_long = format!("{:?}", Entry::Unusable(LineError::TooLong { limit: 4 }));
        for long in ["12345", "12345\r", "123456", "1234567890"] {
            let input = format!("{long}\nok\n");
            assert_eq!(entries(input.as_bytes(), 4), [&too_long, r#"Line("ok")"#], "{long}");
        }
    }

    #[test]
    fn what_is_no_text_is_told() {
        assert_eq!(entries(b"\xff\nok", 4), ["Unusable(NotUtf8)", r#"Line("ok")"#]);
    }
}
