//! What the page uses of the browser, each piece giving back on drop what it took.

pub(crate) mod answer;
pub(crate) mod attention;
pub(crate) mod bytes;
pub(crate) mod clipboard;
pub(crate) mod clock;
pub(crate) mod file;
pub(crate) mod listener;
pub(crate) mod ring;
pub(crate) mod size;
pub(crate) mod storage;
#[cfg(test)]
#[cfg(target_arch = "wasm32")]
mod tests;

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Element, Window};

/// The page's window.
///
/// # Errors
/// Outside a page.
pub(crate) fn window() -> Result<Window, JsValue> {
    web_sys::window().ok_or_else(|| JsValue::from_str("no window"))
}

/// Says on the console what the browser refused; the page goes on without it.
pub(crate) fn report(result: Result<(), JsValue>) {
    if let Err(error) = result {
        web_sys::console::error_1(&error);
    }
}

/// Whether the page's server is on this machine, which needs no network.
pub(crate) fn is_local() -> bool {
    let host = window().and_then(|window| window.location().hostname()).unwrap_or_default();
    host.starts_with("127.") || host == "localhost" || host == "[::1]"
}

/// The page's document.
///
/// # Errors
/// Outside a page.
pub(crate) fn document() -> Result<Document, JsValue> {
    window()?.document().ok_or_else(|| JsValue::from_str("no document"))
}

/// The element that index.html calls `id`, as the kind that it is there.
///
/// # Errors
/// When there is none.
pub(crate) fn element<T: JsCast>(id: &str) -> Result<T, JsValue> {
    find(id).map(JsCast::unchecked_into)
}

fn find(id: &str) -> Result<Element, JsValue> {
    document()?.get_element_by_id(id).ok_or_else(|| JsValue::from_str(&(String::from("no #") + id)))
}
