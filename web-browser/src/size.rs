//! Watching sizes.

use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{Element, ResizeObserver};

/// Watches the sizes of elements until it is dropped.
#[derive(Debug)]
pub struct SizeWatch {
    observer: ResizeObserver,
    _closure: Closure<dyn FnMut()>,
}

impl SizeWatch {
    /// Calls `see` whenever one of the elements has another size.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn new(elements: &[&Element], see: impl FnMut() + 'static) -> Result<Self, JsValue> {
        let closure = Closure::wrap(Box::new(see) as Box<dyn FnMut()>);
        let observer = ResizeObserver::new(closure.as_ref().unchecked_ref())?;
        for element in elements {
            observer.observe(element);
        }
        Ok(Self { observer, _closure: closure })
    }
}

impl Drop for SizeWatch {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
