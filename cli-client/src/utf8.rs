//! Characters that come in pieces.

/// How many bytes at the end begin a character that may still go on.
pub(crate) fn unfinished(bytes: &[u8]) -> usize {
    let tail = &bytes[bytes.len().saturating_sub(3)..];
    let start = tail.iter().rposition(|byte| byte & 0b1100_0000 == 0b1100_0000);
    let last = start.map(|start| &tail[start..]);
    let may_go_on = |last: &&[u8]| std::str::from_utf8(last).is_err_and(|error| error.error_len().is_none());
    last.filter(may_go_on).map_or(0, <[u8]>::len)
}

#[cfg(test)]
mod tests {
    use super::unfinished;

    #[test]
    fn only_a_character_that_can_still_be_finished_is_waited_for() {
        for character in ["á", "€", "🎉"] {
            for cut in 1..character.len() {
                assert_eq!(unfinished(&character.as_bytes()[..cut]), cut, "{character} {cut}");
            }
            assert_eq!(unfinished(character.as_bytes()), 0, "{character}");
        }
        for bytes in [b"".as_slice(), b"abc", b"\xff", b"\xc3(", b"\x80\x80\x80", b"\xe2\x82("] {
            assert_eq!(unfinished(bytes), 0, "{bytes:?}");
        }
    }
}
