//! Bytes that came from the browser.
//!
//! `js_sys` has this too, with so much around it that the program would be a twentieth larger.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = Uint8Array)]
    type View;

    #[wasm_bindgen(constructor, js_class = Uint8Array)]
    fn new(buffer: &JsValue) -> View;

    #[wasm_bindgen(method, getter)]
    fn length(this: &View) -> u32;

    /// `set` of a view on the program's own memory.
    #[wasm_bindgen(js_namespace = ["Uint8Array", "prototype", "set"], js_name = call)]
    fn copy(into: &mut [u8], from: &View);
}

/// A copy of what an `ArrayBuffer` holds.
pub(crate) fn copied(buffer: &JsValue) -> Vec<u8> {
    let view = View::new(buffer);
    let mut bytes = vec![0; view.length() as usize];
    copy(&mut bytes, &view);
    bytes
}
