//! The copy buttons by keyboard: Tab reaches the newest, the arrows the others, so that a long conversation is
//! one stop and not thousands.

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, KeyboardEvent};

/// The index of the message whose copy button an event is about.
pub(crate) fn copy_index(event: &Event) -> Option<usize> {
    event.target()?.unchecked_into::<Element>().get_attribute("data-index")?.parse().ok()
}

/// The copy button that an arrow leaves, and whether downwards.
pub(crate) fn step(key: &KeyboardEvent) -> Option<(usize, bool)> {
    let index = copy_index(key)?;
    let forward = match key.key().as_str() {
        "ArrowDown" => true,
        "ArrowUp" => false,
        _ => return None,
    };
    key.prevent_default();
    Some((index, forward))
}
