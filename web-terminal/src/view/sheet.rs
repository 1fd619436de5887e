//! A screen's lines as elements, one each: drawn once, and again where they changed.

use std::collections::VecDeque;

use avt::{Cell, Line};
use wasm_bindgen::JsValue;
use web_sys::HtmlElement;

use super::paint::paint;
use super::parts::{add, make};
use crate::screen::Screen;

/// How many lines are drawn in a frame at most, beside those of the screen.
const BATCH: usize = 300;

/// The lines of a screen.
#[derive(Debug)]
pub(super) struct Sheet {
    element: HtmlElement,
    /// The numbers of the first line that is drawn and of the one after the last, since the beginning.
    drawn: (usize, usize),
    /// The lines that may change, as they were drawn: those of the screen, the newest last.
    rows: VecDeque<Row>,
}

/// A line as it was drawn.
#[derive(Debug)]
struct Row {
    element: HtmlElement,
    cells: Vec<Cell>,
    cursor: Option<usize>,
}

impl Sheet {
    pub(super) fn new(scroller: &HtmlElement) -> Result<Self, JsValue> {
        Ok(Self { element: add(scroller, "div", "sheet")?, drawn: (0, 0), rows: VecDeque::new() })
    }

    pub(super) fn show(&self, is_shown: bool) -> Result<(), JsValue> {
        self.element.toggle_attribute_with_force("hidden", !is_shown).map(drop)
    }

    /// How many lines are drawn.
    pub(super) fn len(&self) -> usize {
        self.drawn.1 - self.drawn.0
    }

    /// Has everything drawn anew.
    pub(super) fn clear(&mut self) {
        self.element.set_text_content(None);
        self.rows.clear();
        self.drawn = (0, 0);
    }

    /// Draws what is new; whether there is more to draw.
    pub(super) fn draw(&mut self, screen: &Screen, cursor: Option<(usize, usize)>) -> Result<bool, JsValue> {
        let rows = screen.size().1;
        let (dropped, top) = (screen.dropped(), screen.dropped() + screen.history());
        if top + rows < self.drawn.1 || top > self.drawn.1 + BATCH {
            // What came between is drawn when no more comes.
            self.clear();
            self.drawn = (top, top);
        }
        let end = self.drawn.1;
        self.drop_before(dropped)?;
        // What was on the screen may have changed before it scrolled out.
        let first = self.drawn.1 - self.rows.len();
        for (line, number) in screen.lines_from(first - dropped).zip(first..) {
            let column = cursor.filter(|(_, row)| top + row == number).map(|(column, _)| column);
            self.draw_line(line, number, column)?;
        }
        self.rows.drain(..self.rows.len().saturating_sub(rows));
        let is_quiet = self.drawn.1 == end;
        Ok(self.drawn.0 > dropped && (!is_quiet || self.prepend(screen, dropped)?))
    }

    fn draw_line(&mut self, line: &Line, number: usize, cursor: Option<usize>) -> Result<(), JsValue> {
        // A line beyond the last has the cursor in its last column.
        let cursor = cursor.map(|column| column.min(line.len() - 1));
        let first = self.drawn.1 - self.rows.len();
        let row = match self.rows.get_mut(number - first) {
            Some(row) if row.cursor == cursor && row.cells == line.cells() => return Ok(()),
            Some(row) => row,
            None => {
                let element = add(&self.element, "div", "row")?;
                self.rows.push_back(Row { element, cells: Vec::new(), cursor: None });
                self.drawn.1 += 1;
                self.rows.back_mut().expect("it was pushed just now")
            }
        };
        row.cells.clear();
        row.cells.extend_from_slice(line.cells());
        row.cursor = cursor;
        paint(&row.element, line, cursor)
    }

    /// Drops the lines that are kept no more.
    fn drop_before(&mut self, first: usize) -> Result<(), JsValue> {
        while self.drawn.0 < first && self.drawn.0 < self.drawn.1 {
            self.element.first_element_child().ok_or("a line is missing")?.remove();
            self.drawn.0 += 1;
            self.rows.truncate(self.drawn.1 - self.drawn.0);
        }
        Ok(())
    }

    /// Draws some of the lines before the first; whether there are more.
    fn prepend(&mut self, screen: &Screen, dropped: usize) -> Result<bool, JsValue> {
        let first = dropped.max(self.drawn.0.saturating_sub(BATCH));
        let before = self.element.first_element_child();
        for line in screen.lines_from(first - dropped).take(self.drawn.0 - first) {
            let element: HtmlElement = make("div")?;
            element.set_class_name("row");
            paint(&element, line, None)?;
            self.element.insert_before(&element, before.as_deref())?;
        }
        self.drawn.0 = first;
        Ok(first > dropped)
    }
}
