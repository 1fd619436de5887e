//! What is pointed at, and scrolled.

use wasm_bindgen::JsCast;
use web_sys::{MouseEvent, WheelEvent};

use super::{Input, Meaning, selection};
use crate::keys::{self, Doing, Held, Pointer};
use crate::screen::Mouse;

/// How many lines the wheel goes where a program has no scrolling but by keys.
const WHEEL_LINES: usize = 3;
/// How close to the end counts as being there, in pixels.
const NEAR: i32 = 4;

/// What the mouse does to what scrolls.
pub(super) const POINTING: [(&str, Meaning); 6] = [
    ("mousedown", |input, event| input.point(event.unchecked_ref(), Doing::Press)),
    ("mouseup", |input, event| input.point(event.unchecked_ref(), Doing::Release)),
    ("mousemove", |input, event| input.moved(event.unchecked_ref())),
    ("wheel", |input, event| input.wheel(event.unchecked_ref())),
    ("contextmenu", |input, event| {
        if input.is_pointing(event.unchecked_ref()) {
            event.prevent_default();
        }
    }),
    ("scroll", |input, _| input.scrolled()),
];

impl Input {
    /// Whether the program has the mouse; with Shift, the person does.
    fn is_pointing(&self, event: &MouseEvent) -> bool {
        let shown = self.shown.borrow();
        shown.view.is_live && shown.screen.modes().mouse > Mouse::Silent && !event.shift_key()
    }

    fn point(&self, event: &MouseEvent, doing: fn(u8) -> Doing) {
        if self.is_pointing(event) {
            event.prevent_default();
            self.tell(event, doing(u8::try_from(event.button()).unwrap_or_default()));
        }
        // A click is for typing; a selection stays.
        let is_click =
            event.type_() == "mouseup" && selection().is_none_or(|selection| selection.is_collapsed());
        if is_click {
            self.focus();
        }
    }

    fn moved(&self, event: &MouseEvent) {
        if self.is_pointing(event) {
            // `buttons` has a bit for each: left, right, middle (Pointer Events §10.1.2).
            let button = [(1, 0), (4, 1), (2, 2)].into_iter().find(|(bit, _)| event.buttons() & bit != 0);
            self.tell(event, Doing::Move(button.map(|(_, button)| button)));
        }
    }

    fn wheel(&self, event: &WheelEvent) {
        let is_up = event.delta_y() < 0.0;
        if self.is_pointing(event) {
            event.prevent_default();
            self.tell(event, if is_up { Doing::WheelUp } else { Doing::WheelDown });
        } else if self.shown.borrow().screen.is_alternate() {
            event.prevent_default();
            let key = if is_up { "ArrowUp" } else { "ArrowDown" };
            let bytes = keys::key(key, Held::default(), self.shown.borrow().screen.modes());
            self.send(&bytes.unwrap_or_default().repeat(WHEEL_LINES));
        }
    }

    /// Tells the program of the mouse.
    fn tell(&self, event: &MouseEvent, doing: Doing) {
        let shown = self.shown.borrow();
        let (left, top) = (f64::from(event.client_x()), f64::from(event.client_y()));
        let (column, row) = shown.view.cell_at(left, top, &shown.screen);
        let held = Held { shift: false, alt: event.alt_key(), ctrl: event.ctrl_key() };
        let pointer = Pointer { column, row, held };
        let bytes = keys::mouse(pointer, doing, shown.screen.modes());
        drop(shown);
        self.page.send(&bytes.unwrap_or_default());
    }

    /// Scrolling up stops following, and reaching the end follows again.
    fn scrolled(&self) {
        let Ok(mut shown) = self.shown.try_borrow_mut() else { return };
        let scroller = &shown.view.parts.scroller;
        let below = scroller.scroll_height() - scroller.scroll_top() - scroller.client_height();
        shown.view.follows = below < NEAR;
    }
}
