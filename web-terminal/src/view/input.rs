//! What is typed and pasted.

mod pointing;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use vez_browser::{Listener, SizeWatch, document, report, window};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Event, EventTarget, HtmlElement, InputEvent, KeyboardEvent};

use super::{Page, Shown};
use crate::keys::{self, Held};
use pointing::POINTING;

/// The `keyCode` of a key that an input method takes (UI Events §6.3.1).
const PROCESSED: u32 = 229;

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

/// What happens to the field.
const ON_FIELD: [(&str, Meaning); 3] = [
    ("input", |input, event| input.typed(&event.unchecked_ref::<InputEvent>().input_type())),
    ("compositionstart", |input, _| input.compose(true)),
    ("compositionend", |input, _| input.compose(false)),
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
    // Also where the focus is on text that was selected.
    add(&scroller, "keydown", |input, event| input.key_down(event.unchecked_ref()))?;
    POINTING.into_iter().try_for_each(|(name, meaning)| add(&scroller, name, meaning))?;
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
        if is_the_browsers(&name, held) {
            return;
        }
        if held.shift && matches!(&*name, "PageUp" | "PageDown") {
            event.prevent_default();
            return self.scroll_page(name == "PageUp");
        }
        self.focus();
        if held.ctrl && held.shift && name == "ArrowDown" {
            event.prevent_default();
            return report(leave());
        }
        let modes = self.shown.borrow().screen.modes();
        let held = Held { ctrl: held.ctrl || self.ctrl.get() && name.chars().count() > 1, ..held };
        if let Some(bytes) = keys::key(&name, held, modes) {
            event.prevent_default();
            self.release_ctrl();
            self.send(&bytes);
        }
    }

    /// Scrolls by a page.
    fn scroll_page(&self, is_up: bool) {
        let scroller = self.shown.borrow().view.parts.scroller.clone();
        let page = scroller.client_height();
        scroller.set_scroll_top(scroller.scroll_top() + if is_up { -page } else { page });
    }

    /// Sends what came into the field by such a way (Input Events, inputType) and is no key of its own.
    fn typed(&self, way: &str) {
        if self.composes.get() {
            return;
        }
        let field = self.shown.borrow().view.parts.field.clone();
        let text = field.value();
        field.set_value("");
        let mut chars = text.chars();
        let bytes = match (chars.next(), chars.next()) {
            (Some(char), None) if self.ctrl.get() => keys::control(char).map(|byte| vec![byte]),
            _ if way.starts_with("insertFrom") => {
                Some(keys::paste(&text, self.shown.borrow().screen.modes()))
            }
            // Keyboards on screens make a line of the return key.
            _ => Some(text.replace('\n', "\r").into_bytes()),
        };
        self.release_ctrl();
        self.send(&bytes.unwrap_or_default());
    }

    fn compose(&self, composes: bool) {
        self.composes.set(composes);
        let field = self.shown.borrow().view.parts.field.clone();
        report(field.class_list().toggle_with_force("composes", composes).map(drop));
        if !composes {
            self.typed("");
        }
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
}

/// Whether a key is the browser's: for copying what is selected, for pasting, or only held with others.
fn is_the_browsers(name: &str, held: Held) -> bool {
    match name {
        "Control" | "Shift" | "Alt" | "Meta" | "AltGraph" => true,
        "c" | "C" => held.ctrl && selection().is_some_and(|selection| !selection.is_collapsed()),
        "Insert" => held.shift || held.ctrl,
        _ => false,
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
