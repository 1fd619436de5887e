//! What keys and the mouse send: xterm's sequences (its ctlseqs, PC-Style Function Keys). Knows no browser.

mod mouse;
#[cfg(test)]
mod tests;

pub use mouse::{Doing, Pointer, mouse};

use crate::screen::Modes;

/// The keys that are held with another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Shift.
    pub shift: bool,
    /// Alt, and not AltGr, which makes characters.
    pub alt: bool,
    /// Control.
    pub ctrl: bool,
}

impl Held {
    /// xterm's number for them; 1 for none.
    fn number(self) -> u8 {
        1 + u8::from(self.shift) + 2 * u8::from(self.alt) + 4 * u8::from(self.ctrl)
    }
}

/// What a key sends, by its name (UI Events KeyboardEvent key Values); `None` where it makes text, or is the browser's.
#[must_use]
pub fn key(name: &str, held: Held, modes: Modes) -> Option<Vec<u8>> {
    if let Some(sequence) = function_key(name, held, modes) {
        return Some(sequence.into_bytes());
    }
    let byte = match name {
        "Enter" => b'\r',
        "Escape" => 0x1b,
        "Tab" if held.shift => return Some(b"\x1b[Z".to_vec()),
        "Tab" => b'\t',
        "Backspace" if held.ctrl => 0x08,
        "Backspace" => 0x7f,
        _ => return character(name, held),
    };
    Some(escaped(held.alt, &[byte]))
}

/// A character with Alt or Control; without, it is text.
fn character(name: &str, held: Held) -> Option<Vec<u8>> {
    let mut chars = name.chars();
    let (Some(char), None) = (chars.next(), chars.next()) else { return None };
    match held {
        // With Shift, browsers copy and paste.
        Held { ctrl: true, shift: true, .. } if char.is_ascii_alphabetic() => None,
        Held { ctrl: true, .. } => Some(escaped(held.alt, &[control(char)?])),
        Held { alt: true, .. } => Some(escaped(true, char.encode_utf8(&mut [0; 4]).as_bytes())),
        _ => None,
    }
}

/// What Control makes of a character.
#[must_use]
pub fn control(char: char) -> Option<u8> {
    Some(match char {
        '@'..='_' => char as u8 & 0x1f,
        'a'..='z' => char as u8 & 0x1f,
        ' ' | '2' => 0x00,
        '3'..='7' => char as u8 - b'3' + 0x1b,
        '8' | '?' => 0x7f,
        '/' | '-' => 0x1f,
        _ => return None,
    })
}

fn escaped(is_escaped: bool, bytes: &[u8]) -> Vec<u8> {
    let mut sequence = if is_escaped { vec![0x1b] } else { Vec::new() };
    sequence.extend_from_slice(bytes);
    sequence
}

fn function_key(name: &str, held: Held, modes: Modes) -> Option<String> {
    let letter = match name {
        "ArrowUp" => 'A',
        "ArrowDown" => 'B',
        "ArrowRight" => 'C',
        "ArrowLeft" => 'D',
        "Home" => 'H',
        "End" => 'F',
        "F1" => 'P',
        "F2" => 'Q',
        "F3" => 'R',
        "F4" => 'S',
        _ => return numbered_key(name, held),
    };
    let is_app = modes.app_cursor || name.starts_with('F');
    Some(match held.number() {
        1 if is_app => format!("\x1bO{letter}"),
        1 => format!("\x1b[{letter}"),
        number => format!("\x1b[1;{number}{letter}"),
    })
}

fn numbered_key(name: &str, held: Held) -> Option<String> {
    let key = match name {
        "Insert" => 2,
        "Delete" => 3,
        "PageUp" => 5,
        "PageDown" => 6,
        "F5" => 15,
        "F6" => 17,
        "F7" => 18,
        "F8" => 19,
        "F9" => 20,
        "F10" => 21,
        "F11" => 23,
        "F12" => 24,
        _ => return None,
    };
    Some(match held.number() {
        1 => format!("\x1b[{key}~"),
        number => format!("\x1b[{key};{number}~"),
    })
}

/// A text as it is pasted: lines end as the return key would end them, and nothing in it acts as a key or ends the
/// paste.
#[must_use]
pub fn paste(text: &str, modes: Modes) -> Vec<u8> {
    let (begin, end) = if modes.bracketed_paste { ("\x1b[200~", "\x1b[201~") } else { ("", "") };
    let mut pasted = String::from(begin);
    let mut before = ' ';
    for char in text.chars() {
        match char {
            '\n' if before == '\r' => {}
            '\n' => pasted.push('\r'),
            '\t' | '\r' => pasted.push(char),
            char if !char.is_control() => pasted.push(char),
            _ => {}
        }
        before = char;
    }
    pasted.push_str(end);
    pasted.into_bytes()
}
