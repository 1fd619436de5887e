//! Puts the texts that index.html names into a language.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::Element;

use crate::browser::document;
use crate::locale::{Sentences, Text};

/// Translates everything that has `data-text` or `data-label`.
pub(super) fn translate(words: Sentences) -> Result<(), JsValue> {
    document()?.document_element().ok_or("no root")?.set_attribute("lang", words.0.tag())?;
    let other = document()?.get_element_by_id("language").ok_or("no #language")?;
    other.set_attribute("lang", words.0.other().tag())?;
    each("data-text", |element, text| {
        element.set_text_content(Some(words.text(text)));
        Ok(())
    })?;
    each("data-label", |element, text| element.set_attribute("aria-label", words.text(text)))
}

fn each(attribute: &str, mut put: impl FnMut(&Element, Text) -> Result<(), JsValue>) -> Result<(), JsValue> {
    let found = document()?.query_selector_all(&(String::from("[") + attribute + "]"))?;
    for index in 0..found.length() {
        let Some(element) = found.item(index) else { break };
        let element: Element = element.unchecked_into();
        let name = element.get_attribute(attribute).unwrap_or_default();
        if let Some(text) = Text::named(&name) {
            put(&element, text)?;
        }
    }
    Ok(())
}
