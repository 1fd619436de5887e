//! A line in runs of characters that look alike.

use avt::{Cell, Line, Pen};

/// Characters that look alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The characters.
    pub text: String,
    /// Their colours and more.
    pub pen: Pen,
    /// How they are drawn.
    pub look: Look,
}

/// How characters are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// As they are in a font whose characters are all as wide.
    Plain,
    /// Alone in so many columns: a font that has it may have it in another width.
    Fitted(u8),
    /// The one under the cursor, in so many columns.
    Cursor(u8),
}

/// The runs of a line, with the cursor in a column or nowhere; what is blank at the end is left out.
#[must_use]
pub fn runs(line: &Line, cursor: Option<usize>) -> Vec<Run> {
    let cells = line.cells();
    let blank = cells.iter().rev().take_while(|cell| is_blank(cell)).count();
    let shown = (cells.len() - blank).max(cursor.map_or(0, |column| column + 1)).min(cells.len());
    let mut runs: Vec<Run> = Vec::new();
    for (column, cell) in cells.iter().enumerate().take(shown).filter(|(_, cell)| cell.width() > 0) {
        let width = cell.width();
        let is_cursor = cursor.is_some_and(|at| (column..column + usize::from(width)).contains(&at));
        let look = match cell.char() {
            _ if is_cursor => Look::Cursor(width),
            char if width == 1 && is_even(char) => Look::Plain,
            _ => Look::Fitted(width),
        };
        match runs.last_mut() {
            Some(last) if look == Look::Plain && last.look == look && last.pen == *cell.pen() => {
                last.text.push(cell.char());
            }
            _ => runs.push(Run { text: cell.char().into(), pen: *cell.pen(), look }),
        }
    }
    runs
}

fn is_blank(cell: &Cell) -> bool {
    *cell == Cell::default()
}

/// Whether fonts with characters of one width have this one: Latin, Greek, Cyrillic; punctuation, boxes and blocks.
fn is_even(char: char) -> bool {
    matches!(char, '\0'..='\u{2ff}' | '\u{370}'..='\u{52f}' | '\u{2010}'..='\u{2027}' | '\u{2500}'..='\u{259f}')
}
