//! Event listeners that live as long as their owner.

use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{Event, EventTarget};

/// A listener, unregistered on drop.
#[derive(Debug)]
pub struct Listener {
    target: EventTarget,
    name: &'static str,
    closure: Closure<dyn FnMut(Event)>,
}

impl Listener {
    /// Listens to the events called `name`.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn new(
        target: &EventTarget,
        name: &'static str,
        hear: impl FnMut(Event) + 'static,
    ) -> Result<Self, JsValue> {
        Self::boxed(target, name, Box::new(hear))
    }

    /// The same for all closures, so that the program holds it once.
    fn boxed(target: &EventTarget, name: &'static str, hear: Box<dyn FnMut(Event)>) -> Result<Self, JsValue> {
        let closure = Closure::wrap(hear);
        target.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref())?;
        Ok(Self { target: target.clone(), name, closure })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let callback = self.closure.as_ref().unchecked_ref();
        // Removing cannot fail: the listener was added with the same name and callback.
        _ = self.target.remove_event_listener_with_callback(self.name, callback);
    }
}
