//! What the person and the browser do, as events.

use std::rc::Rc;

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{EventTarget, HtmlTextAreaElement, KeyboardEvent, PageTransitionEvent};

use crate::browser::listener::Listener;
use crate::browser::{document, element, window};
use crate::state::Event;
use crate::view;

/// Who is told.
type Hear = Rc<dyn Fn(Event)>;

/// What a press means.
type Press = fn() -> Event;
/// What an occurrence means, if anything.
type Occurrence = fn(&web_sys::Event) -> Option<Event>;

/// The buttons by their ids.
const BUTTONS: [(&str, Press); 8] = [
    ("leave", || Event::LeaveAsked),
    ("reconnect", || Event::ReconnectAsked),
    ("stay", || Event::StayAsked),
    ("notify", || Event::NotificationsAsked),
    ("sound", || Event::SoundSwitched),
    ("language", || Event::LanguageSwitched),
    ("save", || Event::SaveAsked),
    ("send", || Event::Submitted),
];

/// Starts to tell `hear` of everything.
pub(super) fn listen(hear: &Hear) -> Result<Vec<Listener>, JsValue> {
    let mut listeners = Vec::new();
    for (id, event) in BUTTONS {
        let hear = hear.clone();
        listeners.push(Listener::new(&element(id)?, "click", move |click| {
            // The send button would submit the form, which the page's policy forbids.
            click.prevent_default();
            hear(event());
        })?);
    }
    listen_to_field(hear, &mut listeners)?;
    listen_to_log(hear, &mut listeners)?;
    listen_to_page(hear, &mut listeners)?;
    Ok(listeners)
}

fn listen_to_field(hear: &Hear, listeners: &mut Vec<Listener>) -> Result<(), JsValue> {
    let field: HtmlTextAreaElement = element("message")?;
    let (edited, submitted) = (hear.clone(), hear.clone());
    let source = field.clone();
    listeners.push(Listener::new(&field, "input", move |_| edited(Event::Edited(source.value())))?);
    listeners.push(Listener::new(&field, "keydown", move |event| {
        let key: &KeyboardEvent = event.unchecked_ref();
        // While an input method composes, Enter belongs to it.
        if key.key() == "Enter" && !key.shift_key() && !key.is_composing() {
            key.prevent_default();
            submitted(Event::Submitted);
        }
    })?);
    Ok(())
}

fn listen_to_log(hear: &Hear, listeners: &mut Vec<Listener>) -> Result<(), JsValue> {
    let log: EventTarget = element("log")?;
    let (pressed, stepped) = (hear.clone(), hear.clone());
    listeners.push(Listener::new(&log, "click", move |event| {
        if let Some(index) = view::copy_index(&event) {
            pressed(Event::CopyAsked(index));
        }
    })?);
    listeners.push(Listener::new(&log, "keydown", move |event| {
        if let Some((from, forward)) = view::step(event.unchecked_ref()) {
            stepped(Event::Stepped { from, forward });
        }
    })?);
    Ok(())
}

/// What happens to the window, and what it means.
const OCCURRENCES: [(&str, Occurrence); 5] = [
    ("online", |_| Some(Event::Online)),
    ("offline", |_| Some(Event::Offline)),
    ("pagehide", |_| Some(Event::PageLeft)),
    ("pageshow", |event| {
        let is_from_cache = event.unchecked_ref::<PageTransitionEvent>().persisted();
        is_from_cache.then_some(Event::PageReturned)
    }),
    // It bubbles up from the document.
    ("visibilitychange", |_| {
        let is_hidden = document().is_ok_and(|document| document.hidden());
        Some(if is_hidden { Event::Hidden } else { Event::Shown })
    }),
];

fn listen_to_page(hear: &Hear, listeners: &mut Vec<Listener>) -> Result<(), JsValue> {
    let target: EventTarget = window()?.into();
    for (name, meaning) in OCCURRENCES {
        let hear = hear.clone();
        listeners.push(Listener::new(&target, name, move |event| {
            if let Some(event) = meaning(&event) {
                hear(event);
            }
        })?);
    }
    Ok(())
}
