//! What is typed, pasted and pointed at.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use vez_browser::{Listener, SizeWatch, document, report, window};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    ClipboardEvent, Element, Event, EventTarget, HtmlElement, KeyboardEvent, MouseEvent, WheelEvent,
};

use super::{Page, Shown};
use crate::keys::{self, Doing, Held, Pointer};
use crate::screen::Mouse;

/// The `keyCode` of a key that an input method takes (UI Events §6.3.1).
const PROCESSED: u32 = 229;
/// How many lines the wheel goes where a program has no scrolling but by keys.
const WHEEL_LINES: usize = 3;
/// How close to the end counts as being there, in pixels.
const NEAR: i32 = 4;

/// All that listens.
#[derive(Debug)]
pub(crate) struct Listeners {
    _listeners: Vec<Listener>,
    _sizes: SizeWatch,
}

/// A terminal as its listeners have it.
#[derive(Clone)]
struct Input {
    shown: Rc<RefCell<Shown>>,
    page: Page,
    /// Whether the Ctrl of the screen's keyboard waits for a key.
    ctrl: Rc<Cell<bool>>,
    /// Whether an input method composes.
    composes: Rc<Cell<bool>>,
}

/// What an event means.
type Meaning = fn(&Input, &Event);

/// What happens to the field, and to what scrolls.
const ON_FIELD: [(&str, Meaning); 6] = [
    ("keydown", |input, event| input.key_down(event.unchecked_ref())),
    ("input", |input, _| input.typed()),
    ("compositionstart", |input, _| input.compose(true)),
    ("compositionend", |input, _| input.compose(false)),
    ("paste", |input, event| input.paste(event.unchecked_ref())),
    // Another cursor where keys go elsewhere is the style sheet's; the screen only has to be drawn.
    ("focus", |input, _| input.page.change()),
];
const ON_SCREEN: [(&str, Meaning); 6] = [
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

/// Listens to what is typed, pasted and pointed at.
pub(crate) fn listen(shown: &Rc<RefCell<Shown>>, page: &Page) -> Result<Listeners, JsValue> {
    let input =
        Input { shown: shown.clone(), page: page.clone(), ctrl: Rc::default(), composes: Rc::default() };
    let (field, scroller, keys) = {
        let parts = &shown.borrow().view.parts;
        (parts.field.clone(), parts.scroller.clone(), parts.keys.clone())
    };
    let mut listeners = Vec::new();
    let mut add = |target: &EventTarget, name, meaning: Meaning| -> Result<(), JsValue> {
        let input = input.clone();
        listeners.push(Listener::new(target, name, move |event| meaning(&input, &event))?);
        Ok(())
    };
    ON_FIELD.into_iter().try_for_each(|(name, meaning)| add(&field, name, meaning))?;
    ON_SCREEN.into_iter().try_for_each(|(name, meaning)| add(&scroller, name, meaning))?;
    add(&keys, "click", |input, event| input.touched(event))?;
    // The field keeps the focus, and the keyboard of the screen stays.
    add(&keys, "mousedown", |_, event| event.prevent_default())?;
    let sizes = SizeWatch::new(&[&scroller], move || input.page.fit(&input.shown))?;
    Ok(Listeners { _listeners: listeners, _sizes: sizes })
}

impl Input {
    fn send(&self, bytes: &[u8]) {
        let is_live = self.shown.borrow().view.is_live;
        if is_live {
            self.shown.borrow_mut().view.follows = true;
            self.page.send(bytes);
        }
    }

    fn key_down(&self, event: &KeyboardEvent) {
        let held = Held {
            shift: event.shift_key(),
            alt: event.alt_key() && !event.get_modifier_state("AltGraph"),
            ctrl: event.ctrl_key() && !event.get_modifier_state("AltGraph"),
        };
        let name = event.key();
        let is_live = self.shown.borrow().view.is_live;
        if !is_live || event.is_composing() || event.key_code() == PROCESSED || event.meta_key() {
            return;
        }
        if self.is_the_browsers(&name, held) {
            return;
        }
        if held.ctrl && held.shift && name == "ArrowDown" {
            event.prevent_default();
            return report(leave());
        }
        let modes = self.shown.borrow().screen.modes();
        let held = Held {
            ctrl: held.ctrl || name != "Control" && self.ctrl.get() && name.chars().count() > 1,
            ..held
        };
        if let Some(bytes) = keys::key(&name, held, modes) {
            event.prevent_default();
            self.release_ctrl();
            self.send(&bytes);
        }
    }

    /// Whether the browser does what a key is for: copying what is selected, pasting, looking at what scrolled away.
    fn is_the_browsers(&self, name: &str, held: Held) -> bool {
        let selects = || selection().is_some_and(|selection| !selection.is_collapsed());
        match name {
            "c" => held.ctrl && !held.shift && selects(),
            "Insert" => held.shift || held.ctrl,
            "PageUp" | "PageDown" if held.shift => {
                self.page(name == "PageUp");
                true
            }
            _ => false,
        }
    }

    /// Scrolls by a page.
    fn page(&self, is_up: bool) {
        let scroller = self.shown.borrow().view.parts.scroller.clone();
        let page = scroller.client_height();
        scroller.set_scroll_top(scroller.scroll_top() + if is_up { -page } else { page });
    }

    /// Sends what was typed and is no key of its own.
    fn typed(&self) {
        if self.composes.get() {
            return;
        }
        let field = self.shown.borrow().view.parts.field.clone();
        let text = field.value();
        field.set_value("");
        let mut chars = text.chars();
        let bytes = match (chars.next(), chars.next()) {
            (Some(char), None) if self.ctrl.get() => keys::control(char).map(|byte| vec![byte]),
            _ => None,
        };
        self.release_ctrl();
        // Keyboards on screens make a line of the return key.
        self.send(&bytes.unwrap_or_else(|| text.replace('\n', "\r").into_bytes()));
    }

    fn compose(&self, composes: bool) {
        self.composes.set(composes);
        let field = self.shown.borrow().view.parts.field.clone();
        report(field.class_list().toggle_with_force("composes", composes).map(drop));
        if !composes {
            self.typed();
        }
    }

    fn paste(&self, event: &ClipboardEvent) {
        event.prevent_default();
        let text = event.clipboard_data().and_then(|pasted| pasted.get_data("text/plain").ok());
        let modes = self.shown.borrow().screen.modes();
        self.send(&keys::paste(&text.unwrap_or_default(), modes));
    }

    /// A key of the screen's own row.
    fn touched(&self, event: &Event) {
        let Some(key) =
            event.target().and_then(|key| key.unchecked_into::<Element>().get_attribute("data-key"))
        else {
            return;
        };
        if key == "Control" {
            return self.hold_ctrl(!self.ctrl.get());
        }
        let held = Held { ctrl: self.ctrl.get(), ..Held::default() };
        let bytes = keys::key(&key, held, self.shown.borrow().screen.modes());
        self.release_ctrl();
        self.send(&bytes.unwrap_or_default());
        self.focus();
    }

    /// Puts the focus into the field, which is told at once.
    fn focus(&self) {
        let field = self.shown.borrow().view.parts.field.clone();
        report(field.focus());
    }

    fn release_ctrl(&self) {
        if self.ctrl.get() {
            self.hold_ctrl(false);
        }
    }

    fn hold_ctrl(&self, is_held: bool) {
        self.ctrl.set(is_held);
        let keys = self.shown.borrow().view.parts.keys.clone();
        let pressed = if is_held { "true" } else { "false" };
        if let Ok(Some(key)) = keys.query_selector("[data-key=Control]") {
            report(key.set_attribute("aria-pressed", pressed));
        }
    }

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

/// Takes the focus to the page's button that comes after the terminal.
fn leave() -> Result<(), JsValue> {
    match document()?.get_element_by_id("leave") {
        Some(next) => next.unchecked_into::<HtmlElement>().focus(),
        None => Ok(()),
    }
}

fn selection() -> Option<web_sys::Selection> {
    window().ok()?.get_selection().ok()?
}
