//! Makes a peer's text safe to print: it must not drive a terminal or forge a line.

use std::borrow::Cow;
use std::fmt::Write;

/// Appends `text` to a line with its control characters, line separators and invisible changes of direction
/// shown as escapes (`\n`, `\x1b`, `\u202e`).
pub fn push_line(line: &mut String, text: &str) {
    push(line, text, is_unsafe);
}

/// `text` with the same escapes, but for newlines and tabs, which stay.
pub fn lines(text: &str) -> Cow<'_, str> {
    let is_unsafe = |c| is_unsafe(c) && !matches!(c, '\n' | '\t');
    if find(text, is_unsafe).is_none() {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len());
    push(&mut escaped, text, is_unsafe);
    escaped.into()
}

/// C0 and C1 controls, DEL, the line and paragraph separators, and the bidirectional controls (UAX #9).
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn push(line: &mut String, text: &str, is_unsafe: impl Fn(char) -> bool) {
    let mut rest = text;
    while let Some(at) = find(rest, &is_unsafe) {
        let (plain, from) = rest.split_at(at);
        line.push_str(plain);
        let mut chars = from.chars();
        chars.next().into_iter().for_each(|c| push_escape(line, c));
        rest = chars.as_str();
    }
    line.push_str(rest);
}

/// Where the first unsafe character begins. Text is mostly safe, and most of it is passed over in blocks.
fn find(text: &str, is_unsafe: impl Fn(char) -> bool) -> Option<usize> {
    const BLOCK: usize = 32;
    let is_unsafe_at = |at: usize| text[at..].chars().next().is_some_and(&is_unsafe);
    let find_in = |block: &[u8], start: usize| {
        let suspects = block.iter().enumerate().filter(|(_, byte)| may_begin_unsafe(**byte));
        suspects.map(|(index, _)| start + index).find(|at| is_unsafe_at(*at))
    };
    let (blocks, rest) = text.as_bytes().as_chunks::<BLOCK>();
    for (block, start) in blocks.iter().zip((0..).step_by(BLOCK)) {
        if block.iter().fold(false, |suspect, byte| suspect | may_begin_unsafe(*byte))
            && let Some(found) = find_in(block, start)
        {
            return Some(found);
        }
    }
    find_in(rest, blocks.len() * BLOCK)
}

/// Whether a character of [`is_unsafe`] may begin with `byte` in UTF-8: itself in ASCII, else its lead byte.
fn may_begin_unsafe(byte: u8) -> bool {
    // Without branches, so that the compiler compares many at once.
    (byte < 0x20) | (byte == 0x7f) | (byte == 0xc2) | (byte == 0xd8) | (byte == 0xe2)
}

fn push_escape(line: &mut String, c: char) {
    let escaped = match c {
        '\n' => line.write_str("\\n"),
        '\r' => line.write_str("\\r"),
        '\t' => line.write_str("\\t"),
        c if u32::from(c) <= 0xff => write!(line, "\\x{:02x}", u32::from(c)),
        c => write!(line, "\\u{:04x}", u32::from(c)),
    };
    escaped.expect("writing to a String does not fail");
}

#[cfg(test)]
mod tests {
    use super::{lines, push_line};

    fn line(text: &str) -> String {
        let mut line = String::new();
        push_line(&mut line, text);
        line
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        for text in ["", "Olá, tudo bem?", "C:\\x1b", "日本語 🎉", "e\u{301}"] {
            assert_eq!(line(text), text);
            assert_eq!(lines(text), text);
        }
    }

    #[test]
    fn what_could_drive_a_terminal_is_shown() {
        assert_eq!(line("\x1b[2J"), "\\x1b[2J");
        assert_eq!(line("a\nConectado por\r\t"), "a\\nConectado por\\r\\t");
        assert_eq!(line("\0\x7f\u{9b}31m"), "\\x00\\x7f\\x9b31m");
        assert_eq!(line("\u{202e}abc\u{2028}"), "\\u202eabc\\u2028");
    }

    #[test]
    fn every_unsafe_character_is_found_wherever_it_stands() {
        for c in (char::MIN..=char::MAX).filter(|c| super::is_unsafe(*c)) {
            for before in [0, 1, 62, 63, 64, 200] {
                let text = format!("{}{c}é", "ã".repeat(before));
                assert!(!line(&text).contains(c), "{c:?} after {before}");
            }
        }
    }

    #[test]
    fn neighbours_hide_no_unsafe_character() {
        for count in 1..=64 {
            assert_eq!(line(&"\x1b".repeat(count)), "\\x1b".repeat(count));
        }
    }

    #[test]
    fn of_several_lines_newlines_and_tabs_stay() {
        assert_eq!(lines("um\n\tdois\r\x1b[2J\u{2066}"), "um\n\tdois\\r\\x1b[2J\\u2066");
    }
}
