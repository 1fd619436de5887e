//! Something that grows at its end, which stays in sight unless the reader scrolls up.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsValue;
use web_sys::{Element, HtmlElement};

use super::elements::show;
use crate::browser::Listener;
use crate::browser::SizeWatch;
use crate::browser::element;

/// How close to the end counts as being there, in pixels.
const NEAR: i32 = 48;

/// An element that scrolls, and its place.
#[derive(Debug)]
pub(super) struct Tail {
    scroller: HtmlElement,
    /// Whether the end stays in sight.
    follows: Rc<Cell<bool>>,
    _listeners: [Listener; 2],
    _sizes: SizeWatch,
}

impl Tail {
    /// Keeps the place in `scroller`, in which `content` grows.
    ///
    /// # Errors
    /// When the page lacks the button that leads to the end, or the browser refuses.
    pub(super) fn new(scroller: &HtmlElement, content: &Element) -> Result<Self, JsValue> {
        let follows = Rc::new(Cell::new(true));
        let (asked, resized, follow) = (scroller.clone(), scroller.clone(), follows.clone());
        Ok(Self {
            _listeners: [
                listen_to_scrolling(scroller, follows.clone())?,
                Listener::new(&element("newer")?, "click", move |_| to_end(&asked))?,
            ],
            // What grew gets its real size only when it comes into sight.
            _sizes: SizeWatch::new(&[scroller, content], move || {
                if follow.get() {
                    to_end(&resized);
                }
            })?,
            scroller: scroller.clone(),
            follows,
        })
    }

    /// Something new is at the end; `is_due` tells whether the reader has to see it.
    pub(super) fn grew(&self, is_due: bool) {
        if is_due {
            self.follows.set(true);
        }
        if self.follows.get() {
            to_end(&self.scroller);
        }
        show("newer", !self.follows.get());
    }
}

/// Scrolling up stops following, reaching the end follows again; growing does neither.
fn listen_to_scrolling(scroller: &HtmlElement, follows: Rc<Cell<bool>>) -> Result<Listener, JsValue> {
    let (scrolled, mut last_top) = (scroller.clone(), 0);
    Listener::new(scroller, "scroll", move |_| {
        let top = scrolled.scroll_top();
        if is_at_end(&scrolled) {
            follows.set(true);
            show("newer", false);
        } else if top < last_top {
            follows.set(false);
        }
        last_top = top;
    })
}

fn is_at_end(scroller: &HtmlElement) -> bool {
    scroller.scroll_height() - scroller.scroll_top() - scroller.client_height() < NEAR
}

fn to_end(scroller: &HtmlElement) {
    scroller.set_scroll_top(scroller.scroll_height());
}
