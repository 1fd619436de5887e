//! Makes a server's text safe for a terminal: a server must not drive it.

use std::borrow::Cow;
use std::fmt::Write;

/// `text` with its control characters and changes of direction as escapes (`\x1b`); newlines and tabs stay.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if !is_unsafe(c) => escaped.push(c),
            c if u32::from(c) <= 0xff => push(&mut escaped, format_args!("\\x{:02x}", u32::from(c))),
            c => push(&mut escaped, format_args!("\\u{:04x}", u32::from(c))),
        }
    }
    escaped.into()
}

/// C0 and C1 controls, DEL, the line and paragraph separators, and the bidirectional controls (UAX #9).
fn is_unsafe(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        c => c.is_control(),
    }
}

fn push(escaped: &mut String, escape: std::fmt::Arguments<'_>) {
    escaped.write_fmt(escape).expect("writing to a String does not fail");
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn lines_of_ordinary_text_stay_as_they_are() {
        for text in ["", "Olá,\n\ttudo bem?", "\\x1b", "日本語 🎉"] {
            assert_eq!(escape(text), text);
        }
    }

    #[test]
    fn what_could_drive_a_terminal_is_shown() {
        assert_eq!(escape("\x1b[2J\r\0"), "\\x1b[2J\\x0d\\x00");
        assert_eq!(escape("\u{9b}31m\x7f\u{202e}abc"), "\\x9b31m\\x7f\\u202eabc");
    }
}
