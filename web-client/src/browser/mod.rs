//! What the page uses of the browser, each piece giving back on drop what it took.

pub(crate) mod answer;
pub(crate) mod attention;
pub(crate) mod bytes;
pub(crate) mod clipboard;
pub(crate) mod clock;
pub(crate) mod file;
pub(crate) mod ring;
pub(crate) mod storage;
#[cfg(test)]
#[cfg(target_arch = "wasm32")]
mod tests;

use wasm_bindgen::{JsCast, JsValue};
use web_sys::Element;

pub(crate) use vez_browser::{Listener, SizeWatch, document, report, window};

/// Whether the page's server is on this machine, which needs no network.
pub(crate) fn is_local() -> bool {
    let host = window().and_then(|window| window.location().hostname()).unwrap_or_default();
    host.starts_with("127.") || host == "localhost" || host == "[::1]"
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
