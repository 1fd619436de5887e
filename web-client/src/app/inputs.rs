//! What the person and the browser do: events of the state, and what needs no decision.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{EventTarget, HtmlTextAreaElement, KeyboardEvent, PageTransitionEvent};

use super::App;
use crate::browser::Listener;
use crate::browser::{document, element, is_local, report, storage, window};
use crate::state::Event;
use crate::view;

/// What an event means to the program.
type Meaning = fn(&'static App, &web_sys::Event);

/// The `keyCode` of a key that an input method takes (UI Events §6.3.1).
const PROCESSED: u32 = 229;

/// What happens to the elements, by their ids, and to the window, which has none.
const INPUTS: [(&str, &str, Meaning); 19] = [
    ("leave", "click", |app, _| app.handle(Event::LeaveAsked)),
    ("reconnect", "click", |app, _| app.handle(Event::ReconnectAsked)),
    ("clear", "click", |app, _| app.handle(Event::ClearAsked)),
    ("stay", "click", |app, _| app.handle(Event::StayAsked)),
    ("notify", "click", |app, _| report(app.ask())),
    ("sound", "click", |app, _| app.handle(Event::SoundSwitched)),
    ("language", "click", |app, _| app.handle(Event::LanguageSwitched)),
    ("save", "click", |app, _| app.save()),
    ("send", "click", |app, click| {
        // It would submit the form, which the page's policy forbids.
        click.prevent_default();
        app.handle(Event::Submitted);
    }),
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
    ("keys", "click", |app, event| {
        if let Some(byte) = view::key_byte(event) {
            app.handle(Event::Typed(vec![byte]));
        }
    }),
    ("log", "click", |app, event| {
        if let Some(index) = view::copy_index(event) {
            app.copy(index);
        }
    }),
    ("log", "keydown", |app, event| {
        if let Some((from, forward)) = view::step(event.unchecked_ref()) {
            app.step(from, forward);
        }
    }),
    ("", "online", |app, _| app.handle(Event::Online)),
    ("", "offline", |app, _| {
        // A server on this machine needs no network.
        if !is_local() {
            app.handle(Event::Offline);
        }
    }),
    ("", "pagehide", |app, _| {
        storage::note_left(true);
        app.handle(Event::PageLeft);
    }),
    ("", "pageshow", |app, event| {
        if event.unchecked_ref::<PageTransitionEvent>().persisted() {
            storage::note_left(false);
            app.handle(Event::PageReturned);
        }
    }),
    // It bubbles up from the document.
    ("", "visibilitychange", |app, _| {
        let is_hidden = document().is_ok_and(|document| document.hidden());
        app.handle(if is_hidden { Event::Hidden } else { Event::Shown });
    }),
];

/// Starts to listen to everything.
pub(super) fn listen(app: &'static App) -> Result<Vec<Listener>, JsValue> {
    let mut listeners = Vec::new();
    for (id, name, meaning) in INPUTS {
        let target: EventTarget = if id.is_empty() { window()?.into() } else { element(id)? };
        listeners.push(Listener::new(&target, name, move |event| meaning(app, &event))?);
    }
    Ok(listeners)
}

/// Whether a key sends the draft: while an input method composes, Enter belongs to it, and Safari says of the
/// Enter that confirms only that it was processed.
fn is_submitting(key: &KeyboardEvent) -> bool {
    key.key() == "Enter" && !key.shift_key() && !key.is_composing() && key.key_code() != PROCESSED
}
