//! The page's terminal, a program of its own that the page fetches when a turn is one.
//!
//! `screen` and `keys` know no browser; `view` draws and listens.

pub mod keys;
pub mod screen;
mod view;

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Function;
use screen::Screen;
use vez_browser::report;
use view::{Listeners, Page, Shown, View};
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

/// A small allocator: every byte of the program is waited for.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// A terminal in the page, which lives as long as it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct VezTerminal {
    shown: Rc<RefCell<Shown>>,
    page: Page,
    _listeners: Listeners,
}

#[wasm_bindgen]
impl VezTerminal {
    /// A terminal in the place of `place`, before it. `send` is called with the bytes that go to the program, as a
    /// `Uint8Array`; `resized` with columns and rows whenever they are others; `changed` when there is something to
    /// draw.
    ///
    /// # Errors
    /// When the browser refuses.
    #[wasm_bindgen(constructor)]
    pub fn new(
        place: &HtmlElement,
        send: Function,
        resized: Function,
        changed: Function,
    ) -> Result<VezTerminal, JsValue> {
        let page = Page { send, resized, changed };
        let shown = Rc::new(RefCell::new(Shown { screen: Screen::new(80, 24), view: View::new(place)? }));
        let listeners = view::listen(&shown, &page)?;
        page.fit(&shown);
        Ok(Self { shown, page, _listeners: listeners })
    }

    /// Takes in what the program wrote.
    pub fn feed(&self, bytes: &[u8]) {
        let answers = self.shown.borrow_mut().screen.feed(bytes);
        self.page.send(&answers);
    }

    /// Draws what is new; whether there is more to draw.
    pub fn draw(&self) -> bool {
        let Shown { screen, view } = &mut *self.shown.borrow_mut();
        view.draw(screen).unwrap_or_else(|error| {
            report(Err(error));
            false
        })
    }

    /// Whether keys go to the program; while they do not, the terminal is a text to read.
    #[wasm_bindgen(js_name = setLive)]
    pub fn set_live(&self, is_live: bool) {
        self.shown.borrow_mut().view.set_live(is_live);
    }

    /// Has the next key go to the program.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn focus(&self) -> Result<(), JsValue> {
        let field = self.shown.borrow().view.parts.field.clone();
        field.focus()
    }

    /// Becomes what another terminal was.
    pub fn restore(&self, dump: &str) {
        self.shown.borrow_mut().screen.restore(dump);
    }

    /// What brings another terminal to where this one is.
    pub fn dump(&self) -> String {
        self.shown.borrow().screen.dump()
    }

    /// All text that is kept.
    pub fn text(&self) -> String {
        self.shown.borrow().screen.text()
    }
}
