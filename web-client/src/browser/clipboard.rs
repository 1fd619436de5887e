//! Copying text.

use js_sys::Promise;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlDocument};

use super::{document, window};

/// Copies the words of `element`; the promise tells whether it worked.
///
/// A page that did not come by a secure way has no clipboard, and copies through a selection.
///
/// # Errors
/// When the browser refuses at once.
pub(crate) fn copy(element: &Element) -> Result<Promise, JsValue> {
    let window = window()?;
    if window.is_secure_context() {
        let text = element.text_content().unwrap_or_default();
        return Ok(window.navigator().clipboard().write_text(&text));
    }
    let selection = window.get_selection()?.ok_or("no selection")?;
    selection.select_all_children(element)?;
    let document: HtmlDocument = document()?.unchecked_into();
    let copied = document.exec_command("copy");
    selection.remove_all_ranges()?;
    if copied? { Ok(Promise::resolve(&JsValue::TRUE)) } else { Err("not copied".into()) }
}
