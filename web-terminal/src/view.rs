//! The terminal's elements. Text only ever enters them as text nodes.

mod cells;
mod input;
mod news;
mod paint;
mod parts;
mod sheet;

pub(crate) use input::{Listeners, listen};

use std::cell::RefCell;

use js_sys::{Function, Uint8Array};
use vez_browser::report;
use wasm_bindgen::JsValue;
use web_sys::HtmlElement;

use crate::screen::Screen;
use cells::Cells;
use news::News;
use parts::Parts;
use sheet::Sheet;

/// A screen, and what is seen of it. Borrowed by whoever handles an event, and by nobody while the page is told.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) screen: Screen,
    pub(crate) view: View,
}

/// The page, as the terminal knows it.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// Sends bytes to the program.
    pub(crate) send: Function,
    /// Is told the columns and rows whenever they are others.
    pub(crate) resized: Function,
    /// Is told when there is something to draw.
    pub(crate) changed: Function,
}

impl Page {
    pub(crate) fn send(&self, bytes: &[u8]) {
        if !bytes.is_empty() {
            report(self.send.call1(&JsValue::NULL, &Uint8Array::from(bytes)).map(drop));
        }
    }

    pub(crate) fn change(&self) {
        report(self.changed.call0(&JsValue::NULL).map(drop));
    }

    /// Has as many columns and rows as there is room for.
    pub(crate) fn fit(&self, shown: &RefCell<Shown>) {
        let Ok(mut shown) = shown.try_borrow_mut() else { return };
        let Some((cols, rows)) = shown.view.cells.fitting(&shown.view.parts.scroller) else { return };
        if (cols, rows) != shown.screen.size() {
            shown.screen.resize(cols, rows);
            drop(shown);
            let (cols, rows) = ((cols as f64).into(), (rows as f64).into());
            report(self.resized.call2(&JsValue::NULL, &cols, &rows).map(drop));
            self.change();
        }
    }
}

/// The terminal's elements, with what was last drawn into them.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) parts: Parts,
    pub(crate) cells: Cells,
    /// The primary screen with what scrolled out of it, and the alternate screen.
    primary: Sheet,
    alternate: Sheet,
    news: News,
    pub(crate) is_live: bool,
    /// Whether the end stays in sight.
    pub(crate) follows: bool,
}

impl View {
    fn sheet(&mut self, is_alternate: bool) -> &mut Sheet {
        if is_alternate { &mut self.alternate } else { &mut self.primary }
    }

    pub(crate) fn new(place: &HtmlElement) -> Result<Self, JsValue> {
        let parts = Parts::new(place)?;
        Ok(Self {
            cells: Cells::new(&parts.scroller)?,
            primary: Sheet::new(&parts.scroller)?,
            alternate: Sheet::new(&parts.scroller)?,
            news: News::new(&parts.root)?,
            parts,
            is_live: false,
            follows: true,
        })
    }

    /// Draws what is new; whether there is more to draw.
    pub(crate) fn draw(&mut self, screen: &mut Screen) -> Result<bool, JsValue> {
        let is_alternate = screen.is_alternate();
        self.primary.show(!is_alternate)?;
        self.alternate.show(is_alternate)?;
        if screen.take_rewritten() {
            self.primary.clear();
            self.alternate.clear();
            self.news.clear();
        }
        self.parts.set_title(screen.title());
        self.news.tell(screen)?;
        let cursor = screen.cursor().filter(|_| self.is_live);
        let is_more = self.sheet(is_alternate).draw(screen, cursor)?;
        if self.follows {
            self.parts.to_end();
        }
        if let Some((column, row)) = cursor {
            let (left, top) = self.place(column, row, screen);
            self.parts.move_field(left, top)?;
        }
        Ok(is_more)
    }

    /// Where a cell is in what scrolls, in pixels.
    fn place(&self, column: usize, row: usize, screen: &Screen) -> (f64, f64) {
        let (width, height) = self.cells.size();
        let sheet = if screen.is_alternate() { &self.alternate } else { &self.primary };
        let above = sheet.len().saturating_sub(screen.size().1);
        (column as f64 * width, (above + row) as f64 * height)
    }

    /// The cell under a point of the window, in pixels.
    pub(crate) fn cell_at(&self, left: f64, top: f64, screen: &Screen) -> (usize, usize) {
        let (width, height) = self.cells.size();
        let (_, above) = self.place(0, 0, screen);
        let bounds = self.parts.scroller.get_bounding_client_rect();
        let scrolled = f64::from(self.parts.scroller.scroll_top());
        let (cols, rows) = screen.size();
        let cell = |pixels: f64, size: f64, most: usize| ((pixels / size).max(0.0) as usize).min(most - 1);
        (cell(left - bounds.left(), width, cols), cell(top - bounds.top() + scrolled - above, height, rows))
    }

    pub(crate) fn set_live(&mut self, is_live: bool) {
        self.is_live = is_live;
        self.parts.set_live(is_live);
    }
}
