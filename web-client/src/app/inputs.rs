//! What the person and the browser do: events of the state, and what needs no decision.

use std::rc::Weak;

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{EventTarget, HtmlTextAreaElement, KeyboardEvent, PageTransitionEvent};

use super::App;
use crate::browser::listener::Listener;
use crate::browser::{document, element, is_local, report, storage, window};
use crate::state::Event;
use crate::view;

/// What something means to the program.
type Meaning = fn(&App, &web_sys::Event);

/// What a press means to it.
type Press = fn(&App);

/// The `keyCode` of a key that an input method takes (UI Events §6.3.1).
const PROCESSED: u32 = 229;

/// The buttons by their ids.
const BUTTONS: [(&str, Press); 8] = [
    ("leave", |app| app.handle(Event::LeaveAsked)),
    ("reconnect", |app| app.handle(Event::ReconnectAsked)),
    ("stay", |app| app.handle(Event::StayAsked)),
    ("notify", |app| report(app.ask())),
    ("sound", |app| app.handle(Event::SoundSwitched)),
    ("language", |app| app.handle(Event::LanguageSwitched)),
    ("save", |app| report(view::download(&app.page.borrow().0))),
    ("send", |app| app.handle(Event::Submitted)),
];

/// What happens in the field and in the conversation, by the element's id.
const ELEMENTS: [(&str, &str, Meaning); 4] = [
    ("message", "input", |app, event| {
        let field = event.target().map(JsCast::unchecked_into::<HtmlTextAreaElement>);
        app.handle(Event::Edited(field.map(|field| field.value()).unwrap_or_default()));
    }),
    ("message", "keydown", |app, event| {
        if is_submitting(event.unchecked_ref()) {
            event.prevent_default();
            app.handle(Event::Submitted);
        }
    }),
    ("log", "click", |app, event| {
        if let Some(index) = view::copy_index(event) {
            report(app.copy(index));
        }
    }),
    ("log", "keydown", |app, event| {
        if let Some((from, forward)) = view::step(event.unchecked_ref()) {
            report(app.page.borrow().1.step(from, forward));
        }
    }),
];

/// What happens to the window.
const OCCURRENCES: [(&str, Meaning); 5] = [
    ("online", |app, _| app.handle(Event::Online)),
    ("offline", |app, _| {
        // A server on this machine needs no network.
        if !is_local() {
            app.handle(Event::Offline);
        }
    }),
    ("pagehide", |app, _| {
        storage::note_left(true);
        app.handle(Event::PageLeft);
    }),
    ("pageshow", |app, event| {
        if event.unchecked_ref::<PageTransitionEvent>().persisted() {
            storage::note_left(false);
            app.handle(Event::PageReturned);
        }
    }),
    // It bubbles up from the document.
    ("visibilitychange", |app, _| {
        let is_hidden = document().is_ok_and(|document| document.hidden());
        app.handle(if is_hidden { Event::Hidden } else { Event::Shown });
    }),
];

/// Starts to listen to everything.
pub(super) fn listen(app: &Weak<App>) -> Result<Vec<Listener>, JsValue> {
    let mut listeners = Vec::new();
    for (id, meaning) in BUTTONS {
        listeners.push(listener(app, &element(id)?, "click", move |app, click| {
            // The send button would submit the form, which the page's policy forbids.
            click.prevent_default();
            meaning(app);
        })?);
    }
    for (id, name, meaning) in ELEMENTS {
        listeners.push(listener(app, &element(id)?, name, meaning)?);
    }
    for (name, meaning) in OCCURRENCES {
        listeners.push(listener(app, &window()?.into(), name, meaning)?);
    }
    Ok(listeners)
}

fn listener(
    app: &Weak<App>,
    target: &EventTarget,
    name: &'static str,
    meaning: impl Fn(&App, &web_sys::Event) + 'static,
) -> Result<Listener, JsValue> {
    let app = app.clone();
    Listener::new(target, name, move |event| {
        if let Some(app) = app.upgrade() {
            meaning(&app, &event);
        }
    })
}

/// Whether a key sends the draft: while an input method composes, Enter belongs to it, and Safari says of the
/// Enter that confirms only that it was processed.
fn is_submitting(key: &KeyboardEvent) -> bool {
    key.key() == "Enter" && !key.shift_key() && !key.is_composing() && key.key_code() != PROCESSED
}
