//! What the mouse sends.

use super::Held;
use crate::screen::{Modes, Mouse};

/// The largest column or row that there is a character for.
const LARGEST: usize = 223;

/// The mouse, over a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// 0 is the first column.
    pub column: usize,
    /// 0 is the first row.
    pub row: usize,
    /// The keys that are held.
    pub held: Held,
}

/// What it does there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// A button goes down: 0 is the left, 1 the middle, 2 the right.
    Press(u8),
    /// A button comes up.
    Release(u8),
    /// It goes on, with a button or none.
    Move(Option<u8>),
    /// The wheel turns away from the person.
    WheelUp,
    /// The wheel turns towards the person.
    WheelDown,
}

/// What the mouse sends, where the program wants to know.
#[must_use]
pub fn mouse(pointer: Pointer, doing: Doing, modes: Modes) -> Option<Vec<u8>> {
    let (least, button) = match doing {
        Doing::Press(button) | Doing::Release(button) => (Mouse::Buttons, button.min(2)),
        Doing::Move(Some(button)) => (Mouse::Drags, 32 + button.min(2)),
        Doing::Move(None) => (Mouse::Motion, 32 + 3),
        Doing::WheelUp => (Mouse::Buttons, 64),
        Doing::WheelDown => (Mouse::Buttons, 65),
    };
    if modes.mouse < least {
        return None;
    }
    let Pointer { column, row, held } = pointer;
    let held = 4 * (held.number() - 1);
    let is_release = matches!(doing, Doing::Release(_));
    if modes.mouse_in_decimal {
        let end = if is_release { 'm' } else { 'M' };
        return Some(format!("\x1b[<{};{};{}{end}", button + held, column + 1, row + 1).into_bytes());
    }
    // The older way does not tell which button came up.
    let button = if is_release { 3 } else { button };
    let place = |number: usize| u8::try_from(number.min(LARGEST - 1)).unwrap_or_default() + 33;
    Some(vec![0x1b, b'[', b'M', 32 + button + held, place(column), place(row)])
}
