//! What the page's programs use of the browser, each piece giving back on drop what it took.

mod listener;
mod size;

pub use listener::Listener;
pub use size::SizeWatch;

use wasm_bindgen::JsValue;
use web_sys::{Document, Window};

/// The page's window.
///
/// # Errors
/// Outside a page.
pub fn window() -> Result<Window, JsValue> {
    web_sys::window().ok_or_else(|| JsValue::from_str("no window"))
}

/// The page's document.
///
/// # Errors
/// Outside a page.
pub fn document() -> Result<Document, JsValue> {
    window()?.document().ok_or_else(|| JsValue::from_str("no document"))
}

/// Says on the console what the browser refused; the page goes on without it.
pub fn report(result: Result<(), JsValue>) {
    if let Err(error) = result {
        web_sys::console::error_1(&error);
    }
}
