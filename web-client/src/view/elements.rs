//! The page's elements by their names in index.html, and what is changed of them.

use wasm_bindgen::JsValue;
use web_sys::{Element, HtmlElement};

use crate::browser::{document, element, report};

/// Writes text into an element, unless it is there: what a screen reader hears must not be said again.
pub(super) fn say(id: &str, text: &str) {
    if let Some(element) = find(id)
        && element.text_content().as_deref() != Some(text)
    {
        element.set_text_content(Some(text));
    }
}

pub(super) fn show(id: &str, is_shown: bool) {
    take_away(id, "hidden", !is_shown);
}

pub(super) fn enable(id: &str, is_enabled: bool) {
    take_away(id, "disabled", !is_enabled);
}

pub(super) fn toggle(id: &str, attribute: &str, is_set: bool) {
    if let Some(element) = find(id) {
        report(element.toggle_attribute_with_force(attribute, is_set).map(drop));
    }
}

/// Hides or disables something, and takes the focus from it to the field before it falls to the body.
fn take_away(id: &str, attribute: &str, is_gone: bool) {
    if is_gone && find(id).is_some_and(|element| element.contains(focused().as_deref())) {
        report(element("message").and_then(|field: HtmlElement| field.focus()));
    }
    toggle(id, attribute, is_gone);
}

pub(super) fn set(element: &Element, attribute: &str, value: &str) {
    report(element.set_attribute(attribute, value));
}

/// The element that index.html calls `id`; its absence is reported.
pub(super) fn find(id: &str) -> Option<Element> {
    element(id).map_err(|error| report(Err(error))).ok()
}

pub(super) fn focused() -> Option<Element> {
    document().ok()?.active_element()
}

pub(super) fn make(tag: &str, class: &str) -> Result<Element, JsValue> {
    let element = document()?.create_element(tag)?;
    set(&element, "class", class);
    Ok(element)
}
