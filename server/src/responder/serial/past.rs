//! What a device said while nobody had the turn, and how it is shown to the next one.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::responder::answer::Said;
use crate::responder::settings::Framing;
use crate::units::Rounded;

/// Ends the past.
const END: &str = "[fim do que veio antes da sua vez]";

/// The last bytes that a device said while nobody had the turn.
#[derive(Debug)]
pub(super) struct Past {
    bytes: VecDeque<u8>,
    /// Most bytes that are kept.
    limit: usize,
    /// How many older ones were dropped.
    dropped: usize,
    /// When the last came.
    latest: Instant,
}

impl Past {
    pub(super) fn new(limit: usize) -> Self {
        Self { bytes: VecDeque::new(), limit, dropped: 0, latest: Instant::now() }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let kept = &bytes[bytes.len().saturating_sub(self.limit)..];
        let older = (self.bytes.len() + kept.len()).saturating_sub(self.limit);
        self.bytes.drain(..older);
        self.bytes.extend(kept);
        self.dropped += older + bytes.len() - kept.len();
        self.latest = Instant::now();
    }

    /// The past between its marks, and nothing where there is none; it is forgotten.
    pub(super) fn take(&mut self, framing: Framing, max_message: usize) -> VecDeque<Said> {
        let bytes = Vec::from(std::mem::take(&mut self.bytes));
        let mark = self.mark();
        self.dropped = 0;
        match framing {
            _ if bytes.is_empty() => VecDeque::new(),
            Framing::Raw => as_stream(&mark, bytes),
            Framing::Line | Framing::Length => as_lines(mark, &bytes, max_message),
        }
    }

    fn mark(&self) -> String {
        let age = Rounded(Duration::from_millis(
            u64::try_from(self.latest.elapsed().as_millis()).unwrap_or(u64::MAX),
        ));
        match self.dropped {
            0 => format!("[o que veio antes da sua vez, até há {age}]"),
            dropped => {
                format!("[o que veio antes da sua vez, até há {age}, sem {dropped} bytes mais antigos]")
            }
        }
    }
}

/// Each mark is a line of its own; between them nothing is changed.
fn as_stream(mark: &str, bytes: Vec<u8>) -> VecDeque<Said> {
    let end = if bytes.ends_with(b"\n") { "" } else { "\r\n" };
    let (first, last) = (format!("{mark}\r\n"), format!("{end}{END}\r\n"));
    [first.into(), Bytes::from(bytes), last.into()].into_iter().map(Said::Bytes).collect()
}

/// Each line is a message.
fn as_lines(mark: String, bytes: &[u8], max_message: usize) -> VecDeque<Said> {
    let lines = bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|byte| *byte == b'\n');
    let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    // An empty line is a message too.
    let pieces = lines.flat_map(|line| line.chunks(max_message).chain(line.is_empty().then_some(line)));
    let past = pieces.map(|piece| String::from_utf8_lossy(piece).into_owned());
    std::iter::once(mark).chain(past).chain([END.to_owned()]).map(|text| Said::Text(text.into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(past: &mut Past, framing: Framing) -> Vec<String> {
        let text = |said| match said {
            Said::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Said::Text(text) => text.to_string(),
            Said::End => panic!("the past does not end a conversation"),
        };
        past.take(framing, 10).into_iter().map(text).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_bytes_are_shown_once_between_marks() {
        let mut past = Past::new(8);
        assert!(shown(&mut past, Framing::Raw).is_empty());
        past.push(b"boot");
        tokio::time::advance(Duration::from_secs(125)).await;
        let mark = "[o que veio antes da sua vez, até há 2m 5s]\r\n";
        assert_eq!(shown(&mut past, Framing::Raw), [mark, "boot", &format!("\r\n{END}\r\n")]);
        assert!(shown(&mut past, Framing::Raw).is_empty());
        for bytes in [&b"0123456"[..], b"abc", b"defghijklmn\r\n", b"!\n"] {
            past.push(bytes);
            assert!(past.bytes.len() <= 8);
        }
        let mark = "[o que veio antes da sua vez, até há 0s, sem 17 bytes mais antigos]\r\n";
        assert_eq!(shown(&mut past, Framing::Raw), [mark, "klmn\r\n!\n", &format!("{END}\r\n")]);
    }

    #[tokio::test(start_paused = true)]
    async fn in_a_chat_each_line_is_a_message() {
        let mut past = Past::new(100);
        past.push(b"login:\r\n\r\n0123456789abc\nsenha");
        let mark = "[o que veio antes da sua vez, até há 0s]";
        assert_eq!(shown(&mut past, Framing::Line), [mark, "login:", "", "0123456789", "abc", "senha", END]);
    }

    #[test]
    fn without_a_limit_there_is_no_past() {
        let mut past = Past::new(0);
        past.push(b"boot");
        assert!(past.take(Framing::Raw, 10).is_empty());
    }
}
