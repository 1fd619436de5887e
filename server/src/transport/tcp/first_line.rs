//! Tells a browser from a raw TCP client by the first line: no web page may talk to what stands behind raw TCP.

use memchr::memchr;

/// A request line that fills a packet of the smallest size and is not over yet is awaited: no person types so much.
const LONG: usize = 512;

/// What the first bytes of a connection are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FirstLine {
    /// An HTTP request line (RFC 9112 §3).
    Http,
    /// Anything else.
    Other,
    /// The beginning of a long line that may yet be an HTTP request line.
    Unfinished,
}

/// Judges the first bytes of a connection, of which there is at least one.
///
/// Any method will do: a page whose name was made to point here is of the same origin, and chooses it freely.
pub(super) fn judge(bytes: &[u8]) -> FirstLine {
    let method = bytes.iter().take_while(|byte| is_token(**byte)).count();
    let Some(rest) = bytes[method..].strip_prefix(b" ").filter(|_| method > 0) else {
        return FirstLine::Other;
    };
    match memchr(b'\n', rest) {
        Some(newline) if is_target_and_version(&rest[..newline]) => FirstLine::Http,
        None if rest.len() >= LONG && memchr(b' ', rest).is_none_or(|space| space + LONG > rest.len()) => {
            FirstLine::Unfinished
        }
        _ => FirstLine::Other,
    }
}

/// Whether a byte may stand in a method (RFC 9110 §5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// `/path HTTP/1.1`, the line's end excepted.
fn is_target_and_version(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let (target, version) = (words.next(), words.next());
    target.is_some() && version.is_some_and(|word| word.starts_with(b"HTTP/")) && words.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_line_is_http_and_a_message_is_not() {
        for line in ["GET / HTTP/1.1\r\n", "POST /x HTTP/1.0\nsair", "VEZ * HTTP/1.1\r\nHost: a\r\n"] {
            assert_eq!(judge(line.as_bytes()), FirstLine::Http, "{line}");
        }
        for line in [
            "GET up, stand up\n",
            "GET / HTTP/1.1",
            "GET /",
            "GET  HTTP/1.1\n",
            " / HTTP/1.1\n",
            "é / HTTP/1.1\n",
            "\n",
            "HEADS\n",
        ] {
            assert_eq!(judge(line.as_bytes()), FirstLine::Other, "{line}");
        }
    }

    #[test]
    fn a_request_line_in_many_packets_is_awaited() {
        let long = format!("GET /{}", "a".repeat(100_000));
        assert_eq!(judge(long.as_bytes()), FirstLine::Unfinished);
        assert_eq!(judge(format!("{long} HTT").as_bytes()), FirstLine::Unfinished);
        assert_eq!(judge(format!("{long} HTTP/1.1\r\n").as_bytes()), FirstLine::Http);
        assert_eq!(judge(format!("{long}\n").as_bytes()), FirstLine::Other);
    }
}
